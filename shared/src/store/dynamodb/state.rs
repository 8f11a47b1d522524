//! The merge state of a tally as bytes: a format version, then the tally in postcard's encoding
//! (<https://postcard.jamesmunns.com>), about 11 bytes a failure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detection::Tally;
use crate::detection::sample::Sample;
use crate::detection::tally::{Hour, Names, Occurrence};

/// The first byte. A reader refuses what it does not know rather than guess.
const FORMAT: u8 = 1;

const SECONDS_AN_HOUR: u32 = 3600;

#[derive(Serialize, Deserialize)]
struct State {
    /// Each code once; failures refer to it by number.
    codes: Vec<String>,
    hours: Vec<HourState>,
    users: NamesState,
    apps: NamesState,
}

#[derive(Serialize, Deserialize)]
struct HourState {
    hour: u8,
    saturated: bool,
    failures: Vec<FailureState>,
}

#[derive(Serialize, Deserialize)]
struct FailureState {
    /// As bytes: a hash uses all of its bits, for which an encoding of variable length would take ten.
    identity: [u8; 8],
    second_of_the_hour: u16,
    code: u16,
}

#[derive(Serialize, Deserialize)]
struct NamesState {
    saturated: bool,
    names: Vec<([u8; 8], String)>,
}

/// The bytes of a tally.
pub(super) fn encode(tally: &Tally) -> Vec<u8> {
    let mut codes = Vec::<String>::new();
    let mut numbers = BTreeMap::<&str, u16>::new();
    let mut hours = Vec::new();
    for (hour, sample) in &tally.hours {
        let mut failures = Vec::with_capacity(sample.len());
        for (identity, occurrence) in sample.entries() {
            let code = *numbers.entry(&occurrence.code).or_insert_with(|| {
                codes.push(occurrence.code.clone());
                // There are at most 24 × 256 failures in a tally, so codes cannot outgrow the number.
                u16::try_from(codes.len() - 1).unwrap_or(u16::MAX)
            });
            let second_of_the_hour = u16::try_from(occurrence.second % SECONDS_AN_HOUR).unwrap_or(u16::MAX);
            failures.push(FailureState { identity: identity.to_be_bytes(), second_of_the_hour, code });
        }
        hours.push(HourState { hour: *hour, saturated: sample.is_saturated(), failures });
    }
    let state = State { codes, hours, users: names_state(&tally.users), apps: names_state(&tally.apps) };
    // Serialising plain vectors into a growing vector cannot fail; an empty state would be refused when read.
    let mut bytes = vec![FORMAT];
    bytes.extend(postcard::to_allocvec(&state).unwrap_or_default());
    bytes
}

/// The tally of some bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Tally, String> {
    let (format, rest) = bytes.split_first().ok_or("its state is empty")?;
    if *format != FORMAT {
        return Err(format!("its state has the format {format}, and this version reads {FORMAT}"));
    }
    let state: State = postcard::from_bytes(rest).map_err(|error| format!("its state is damaged: {error}"))?;
    let mut hours = BTreeMap::new();
    for HourState { hour, saturated, failures } in state.hours {
        if hour >= 24 {
            return Err(format!("its state has an hour {hour}"));
        }
        let mut entries = Vec::with_capacity(failures.len());
        for FailureState { identity, second_of_the_hour, code } in failures {
            let code = state.codes.get(usize::from(code)).ok_or("its state refers to a code that it does not have")?;
            let second = u32::from(hour) * SECONDS_AN_HOUR + u32::from(second_of_the_hour).min(SECONDS_AN_HOUR - 1);
            entries.push((u64::from_be_bytes(identity), Occurrence { second, code: code.clone() }));
        }
        hours.insert(hour, Hour::restore(entries, saturated));
    }
    Ok(Tally { hours, users: names(state.users), apps: names(state.apps) })
}

fn names_state(names: &Names) -> NamesState {
    NamesState {
        saturated: names.is_saturated(),
        names: names.entries().map(|(hash, name)| (hash.to_be_bytes(), name.clone())).collect(),
    }
}

fn names(state: NamesState) -> Names {
    let entries = state.names.into_iter().map(|(hash, name)| (u64::from_be_bytes(hash), name));
    Sample::restore(entries, state.saturated)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::detection::{Address, Failure, Source};

    fn tally(failures: &[(u64, u32, u8)]) -> Tally {
        let mut tally = Tally::default();
        for (identity, second, code) in failures {
            tally.add(&Failure {
                address: Address::from(std::net::IpAddr::from([203, 0, 113, 7])),
                source: Source::Interactive,
                time: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(i64::from(*second)),
                code: format!("5012{code}"),
                identity: *identity,
                user: format!("user{}@contoso.example", identity % 100),
                app: "Azure Portal".to_owned(),
            });
        }
        tally
    }

    proptest! {
        #[test]
        fn a_tally_comes_back_as_it_went(failures in vec((any::<u64>(), 0..86_400_u32, 0..9_u8), 0..400)) {
            let tally = tally(&failures);
            prop_assert_eq!(decode(&encode(&tally)), Ok(tally));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
            drop(decode(&bytes));
        }
    }

    #[test]
    fn a_full_hour_comes_back_saturated_and_a_failure_takes_11_bytes() {
        let failures: Vec<_> =
            (0..5000_u64).map(|number| (number.wrapping_mul(0x9e37_79b9_7f4a_7c15), 60, 6)).collect();
        let tally = tally(&failures);
        let bytes = encode(&tally);
        assert_eq!(decode(&bytes), Ok(tally));
        let of_names = 2 * 64 * 40;
        assert!(bytes.len() < 256 * 11 + of_names, "{} bytes", bytes.len());
    }

    #[test]
    fn another_format_is_refused_and_named() {
        let mut bytes = encode(&tally(&[(1, 2, 3)]));
        bytes[0] = 2;
        assert_eq!(decode(&bytes).unwrap_err(), "its state has the format 2, and this version reads 1");
        assert!(decode(&[]).is_err());
    }
}
