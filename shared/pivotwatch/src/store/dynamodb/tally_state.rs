//! Encodes the merge state of a tally: a format version, then the tally in postcard's encoding
//! (<https://postcard.jamesmunns.com>). A failure takes about 12 bytes, and 32 in a saturated hour. Each text is there
//! once.

use std::collections::BTreeMap;

use litemap::LiteMap;
use serde::{Deserialize, Serialize};

use super::numbers::{Codes, Texts, text};
use super::references_state::{self, ReferencesState};
use crate::detection::Tally;
use crate::detection::bounded_set::Member;
use crate::detection::failure::Code;
use crate::detection::hour::{Earliest, Ends, Hour, Latest, Moment, Moments, Occurrence};
use crate::detection::name_set::NameSet;
use crate::detection::profile::{Profile, ProfileHash, Profiles, TEXTS};
use crate::detection::sample::Sample;

/// The first byte. An unknown format is an error.
const FORMAT: u8 = 4;

const SECONDS_AN_HOUR: u32 = 3600;

#[derive(Serialize, Deserialize)]
struct TallyState {
    /// Each code once; failures refer to it by number.
    codes: Vec<Code>,
    /// The users, the applications, the tenants, and the other texts to which profiles and references refer by number.
    texts: Vec<String>,
    hours: Vec<HourState>,
    users: NamesState,
    apps: NamesState,
    profiles: ProfilesState,
    references: ReferencesState,
    tenants: NamesState,
    successes: SuccessesState,
}

#[derive(Serialize, Deserialize)]
struct HourState {
    hour: u8,
    saturated: bool,
    failures: Vec<FailureState>,
    /// The first and the last failures; `None` if the sample has all failures.
    ends: Option<EndsState>,
}

#[derive(Serialize, Deserialize)]
struct EndsState {
    earliest: Vec<MomentState>,
    latest: Vec<MomentState>,
}

#[derive(Serialize, Deserialize)]
struct MomentState {
    identity: [u8; 8],
    second_of_the_hour: u16,
}

#[derive(Serialize, Deserialize)]
struct FailureState {
    /// Eight bytes: postcard's encoding of variable length would take ten for a hash.
    identity: [u8; 8],
    second_of_the_hour: u16,
    code: u16,
    /// The number of its profile, from 1; 0 if the profile was dropped.
    profile: u16,
}

#[derive(Serialize, Deserialize)]
struct NamesState {
    /// The smallest hash that was dropped.
    cut: Option<[u8; 8]>,
    /// The number of names.
    names: u32,
}

#[derive(Serialize, Deserialize)]
struct ProfilesState {
    /// The smallest hash that was dropped.
    cut: Option<[u8; 8]>,
    profiles: Vec<[u32; TEXTS]>,
}

#[derive(Serialize, Deserialize)]
struct SuccessesState {
    /// Users by hash, with the second of the day.
    users: Vec<([u8; 8], u32)>,
    /// Whether users were dropped.
    dropped: bool,
}

/// The bytes of a tally.
pub(super) fn encode(tally: &Tally) -> Result<Vec<u8>, String> {
    let (mut codes, mut texts) = (Codes::default(), Texts::default());
    let numbers: BTreeMap<_, _> = tally.profiles.entries().map(|(hash, _)| ProfileHash(hash)).zip(1..).collect();
    let hours = tally.hours.iter().map(|(number, hour)| hour_state(*number, hour, &mut codes, &numbers)).collect();
    let users = names_state(&tally.users, &mut texts);
    let apps = names_state(&tally.apps, &mut texts);
    let tenants = names_state(tally.references.tenants(), &mut texts);
    let of_profile = |(_, profile): (u64, &Profile)| profile.texts().map(|text| texts.number(text));
    let profiles = tally.profiles.entries().map(of_profile).collect();
    let profiles = ProfilesState { cut: tally.profiles.cut().map(u64::to_be_bytes), profiles };
    let references = references_state::encode(&tally.references, &mut codes, &mut texts);
    let successes = tally.successes.entries().map(|(hash, second)| (hash.to_be_bytes(), *second)).collect();
    let successes = SuccessesState { users: successes, dropped: tally.successes.is_saturated() };
    let state = TallyState {
        codes: codes.codes,
        texts: texts.texts,
        hours,
        users,
        apps,
        profiles,
        references,
        tenants,
        successes,
    };
    postcard::to_extend(&state, vec![FORMAT]).map_err(|error| error.to_string())
}

/// The tally of some bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Tally, String> {
    let (format, rest) = bytes.split_first().ok_or("its state is empty")?;
    if *format != FORMAT {
        return Err(format!("its state has the format {format}, and this version reads {FORMAT}"));
    }
    let state: TallyState = postcard::from_bytes(rest).map_err(|error| format!("its state is damaged: {error}"))?;
    let (profiles, hashes) = profiles(state.profiles, &state.texts)?;
    let mut hours = LiteMap::new();
    for hour in state.hours {
        hours.insert(hour.hour, restored(hour, &state.codes, &hashes)?);
    }
    let mut of_sets = state.texts.iter().cloned();
    let (users, apps) = (names(&state.users, &mut of_sets)?, names(&state.apps, &mut of_sets)?);
    let tenants = names(&state.tenants, &mut of_sets)?;
    let references = references_state::decode(state.references, tenants, &state.codes, &state.texts)?;
    let successes = state.successes.users.into_iter().map(|(hash, second)| (u64::from_be_bytes(hash), second));
    let successes = Sample::restore(successes, state.successes.dropped);
    Ok(Tally { hours, users, apps, profiles, references, successes })
}

fn hour_state(number: u8, hour: &Hour, codes: &mut Codes, profiles: &BTreeMap<ProfileHash, u16>) -> HourState {
    let failures = hour.sample.entries().map(|(identity, occurrence)| FailureState {
        identity: identity.to_be_bytes(),
        second_of_the_hour: second_of_the_hour(occurrence.second),
        code: codes.number(occurrence.code),
        profile: profiles.get(&occurrence.profile).copied().unwrap_or(0),
    });
    let failures = failures.collect();
    let moments = |moments: &Moments| moments.keys().map(moment_state).collect();
    let ends = hour
        .ends
        .as_ref()
        .map(|ends| EndsState { earliest: moments(&ends.earliest.0), latest: moments(&ends.latest.0) });
    HourState { hour: number, saturated: hour.sample.is_saturated(), failures, ends }
}

fn restored(state: HourState, codes: &[Code], profiles: &[ProfileHash]) -> Result<Hour, String> {
    let HourState { hour, saturated, failures, ends } = state;
    if hour >= 24 {
        return Err(format!("its state has an hour {hour}"));
    }
    let mut entries = Vec::with_capacity(failures.len());
    for FailureState { identity, second_of_the_hour, code, profile } in failures {
        let code = codes.get(usize::from(code)).ok_or("its state refers to a code that it does not have")?;
        let profile = match usize::from(profile).checked_sub(1) {
            None => ProfileHash::DROPPED,
            Some(index) => *profiles.get(index).ok_or("its state refers to a profile that it does not have")?,
        };
        let occurrence = Occurrence { second: second_of_the_day(hour, second_of_the_hour), code: *code, profile };
        entries.push((u64::from_be_bytes(identity), occurrence));
    }
    let moments = |states: Vec<MomentState>| states.iter().map(|state| (moment(hour, state), ())).collect();
    let sample = Sample::restore(entries, saturated);
    let ends = match ends {
        Some(EndsState { earliest, latest }) => {
            Some(Ends { earliest: Earliest(moments(earliest)), latest: Latest(moments(latest)) })
        }
        // Every version writes the ends of a saturated hour, so this item was edited. The sample has some of them.
        None if saturated => Some(Ends::of(&sample)),
        None => None,
    };
    Ok(Hour { sample, ends: ends.map(Box::new) })
}

fn moment_state((second, identity): &Moment) -> MomentState {
    MomentState { identity: identity.to_be_bytes(), second_of_the_hour: second_of_the_hour(*second) }
}

fn moment(hour: u8, state: &MomentState) -> Moment {
    (second_of_the_day(hour, state.second_of_the_hour), u64::from_be_bytes(state.identity))
}

fn second_of_the_hour(second: u32) -> u16 {
    u16::try_from(second % SECONDS_AN_HOUR).unwrap_or(u16::MAX)
}

fn second_of_the_day(hour: u8, second_of_the_hour: u16) -> u32 {
    u32::from(hour) * SECONDS_AN_HOUR + u32::from(second_of_the_hour).min(SECONDS_AN_HOUR - 1)
}

fn names_state<const BYTES: usize>(names: &NameSet<BYTES>, texts: &mut Texts) -> NamesState {
    let numbers = names.iter().map(|name| texts.add(name));
    NamesState { cut: names.cut().map(u64::to_be_bytes), names: u32::try_from(numbers.count()).unwrap_or(u32::MAX) }
}

/// The names that are next among the texts.
fn names<const BYTES: usize>(
    state: &NamesState,
    texts: &mut impl Iterator<Item = String>,
) -> Result<NameSet<BYTES>, String> {
    let number = usize::try_from(state.names).unwrap_or(usize::MAX);
    let names: Vec<_> = texts.take(number).collect();
    if names.len() < number {
        return Err("its state refers to a text that it does not have".to_owned());
    }
    Ok(NameSet::restore(names, state.cut.map(u64::from_be_bytes)))
}

/// The profiles, and the hash of each in the order of the state.
fn profiles(state: ProfilesState, texts: &[String]) -> Result<(Profiles, Vec<ProfileHash>), String> {
    let mut profiles = Vec::with_capacity(state.profiles.len());
    for numbers in state.profiles {
        let mut of_profile = [""; TEXTS];
        for (own, number) in of_profile.iter_mut().zip(numbers) {
            *own = text(texts, number)?;
        }
        profiles.push(Profile::of(of_profile));
    }
    let hashes = profiles.iter().map(|profile| ProfileHash(profile.hash())).collect();
    Ok((Profiles::restore(profiles, state.cut.map(u64::from_be_bytes)), hashes))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::detection::failure::Trace;
    use crate::detection::{Address, Failure, Source};

    fn tally(failures: &[(u64, u32, u8)]) -> Tally {
        let mut tally = Tally::default();
        for (identity, second, code) in failures {
            tally.add(&Failure {
                address: Address::from(std::net::IpAddr::from([203, 0, 113, 7])),
                source: Source::Interactive,
                time: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(i64::from(*second)),
                code: format!("5012{code}").parse().unwrap(),
                identity: *identity,
                user: format!("user{}@contoso.example", identity % 100),
                app: "Azure Portal".to_owned(),
                client_app: "Browser".to_owned(),
                operation: "Sign-in activity".to_owned(),
                user_agent: "Mozilla/5.0".to_owned(),
                trace: Trace::default(),
            });
        }
        tally
    }

    proptest! {
        #[test]
        fn an_encoded_tally_is_decoded_unchanged(failures in vec((any::<u64>(), 0..86_400_u32, 0..9_u8), 0..400)) {
            let tally = tally(&failures);
            prop_assert_eq!(decode(&encode(&tally).unwrap()), Ok(tally));
        }

        #[test]
        fn no_bytes_make_decoding_panic(bytes in vec(any::<u8>(), 0..200)) {
            drop(decode(&bytes));
        }
    }

    #[test]
    fn a_failure_takes_12_bytes_and_a_full_hour_32_times_256() {
        for (number, a_failure) in [(256, 12), (5000, 32)] {
            let failures: Vec<_> =
                (0..number).map(|number: u64| (number.wrapping_mul(0x9e37_79b9_7f4a_7c15), 60, 6)).collect();
            let tally = tally(&failures);
            let bytes = encode(&tally).unwrap();
            assert_eq!(decode(&bytes), Ok(tally));
            let of_names = 100 * 40;
            assert!(bytes.len() < 256 * a_failure + of_names, "{} bytes", bytes.len());
        }
    }

    #[test]
    fn an_unknown_format_is_an_error_that_names_it() {
        let mut bytes = encode(&tally(&[(1, 2, 3)])).unwrap();
        bytes[0] = 1;
        assert_eq!(decode(&bytes).unwrap_err(), "its state has the format 1, and this version reads 4");
        assert_eq!(decode(&[]).unwrap_err(), "its state is empty");
    }

    #[test]
    fn each_code_is_stored_once() {
        let failures: Vec<_> = (0..100).map(|number| (number << 32, 60, u8::from(number % 2 == 0))).collect();
        let bytes = encode(&tally(&failures)).unwrap();
        for code in [b"50120", b"50121"] {
            assert_eq!(bytes.windows(code.len()).filter(|bytes| bytes == code).count(), 1);
        }
    }

    fn bytes_of(hour: HourState) -> Vec<u8> {
        let names = || NamesState { cut: None, names: 0 };
        let state = TallyState {
            codes: vec!["50126".parse().unwrap()],
            texts: Vec::new(),
            hours: vec![hour],
            users: names(),
            apps: names(),
            profiles: ProfilesState { cut: None, profiles: Vec::new() },
            references: references_state::encode(
                &Tally::default().references,
                &mut Codes::default(),
                &mut Texts::default(),
            ),
            tenants: names(),
            successes: SuccessesState { users: Vec::new(), dropped: false },
        };
        postcard::to_extend(&state, vec![FORMAT]).unwrap()
    }

    fn hour_of(number: u8, second_of_the_hour: u16, code: u16) -> HourState {
        let failures = vec![FailureState { identity: [7; 8], second_of_the_hour, code, profile: 0 }];
        HourState { hour: number, saturated: false, failures, ends: None }
    }

    #[test]
    fn a_second_stays_within_its_hour_whatever_the_bytes_say() {
        for (written, read) in [(0, 7200), (3599, 10_799), (3600, 10_799), (u16::MAX, 10_799)] {
            let tally = decode(&bytes_of(hour_of(2, written, 0))).unwrap();
            assert_eq!(tally.seconds().collect::<Vec<_>>(), [read], "{written}");
        }
    }

    #[test]
    fn an_hour_or_a_code_that_there_is_not_is_refused() {
        assert!(decode(&bytes_of(hour_of(23, 0, 0))).is_ok());
        assert_eq!(decode(&bytes_of(hour_of(24, 0, 0))).unwrap_err(), "its state has an hour 24");
        let error = decode(&bytes_of(hour_of(0, 0, 1))).unwrap_err();
        assert_eq!(error, "its state refers to a code that it does not have");
    }

    #[test]
    fn a_saturated_hour_without_its_first_and_last_failures_has_those_of_its_sample() {
        let state = HourState { saturated: true, ..hour_of(2, 5, 0) };
        let mut restored = decode(&bytes_of(state)).unwrap();
        restored.merge(&tally(&[(1, 7201, 6)]));
        assert_eq!(restored.seconds().collect::<Vec<_>>(), [7201, 7205], "what comes next joins them");
        let ends = restored.hours.values().next().and_then(|hour| hour.ends.as_ref()).unwrap();
        assert_eq!((ends.earliest.0.len(), ends.latest.0.len()), (2, 2));
    }
}
