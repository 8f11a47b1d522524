//! A failed sign-in, and its identity, by which duplicates are recognised.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrayvec::ArrayString;
use chrono::{DateTime, SecondsFormat, Utc};

use super::address::Address;
use super::sample::hash;
use super::source::Source;

/// Entra's result code, at most ten digits. The longest codes have seven, such as 7000215.
pub type Code = ArrayString<10>;

/// A failed sign-in that the rule counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The address of the client.
    pub address: Address,
    /// The log that has the record.
    pub source: Source,
    /// The time. Tallies truncate it to seconds.
    pub time: DateTime<Utc>,
    /// The result code.
    pub code: Code,
    /// Equal in all records of the same failure, in any export: see [`identity`].
    pub identity: u64,
    /// The user's name in lower case; empty if the record has none.
    pub user: String,
    /// The application; empty if the record has none.
    pub app: String,
    /// The client application, such as `Browser`; empty if the record has none.
    pub client_app: String,
    /// The operation, such as `Sign-in activity`; empty if the record has none.
    pub operation: String,
    /// The user agent, which the client chooses; empty if the record has none.
    pub user_agent: String,
    /// What finds the record again.
    pub trace: Trace,
}

/// What finds a record in Entra's log, and in the bucket. A missing text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Entra's request id, which is the record's id.
    pub request_id: String,
    /// Entra's correlation id.
    pub correlation_id: String,
    /// The id of the tenant.
    pub tenant: String,
    /// The name of the object that has the record.
    pub export: Arc<str>,
}

/// The fields that identify a failure whose record has no id.
#[derive(Clone, Copy, Debug)]
pub struct Particulars<'a> {
    /// The time.
    pub time: DateTime<Utc>,
    /// The address of the client.
    pub address: Address,
    /// The user's name in lower case.
    pub user: &'a str,
    /// The application.
    pub app: &'a str,
    /// Entra's correlation id.
    pub correlation_id: &'a str,
}

/// Whether a text identifies a record: it has a digit, as each UUID has, and is no nil UUID. What a tool writes over
/// ids has none (`[REDACTED]`, `hidden`).
#[must_use]
pub fn is_id(text: &str) -> bool {
    let is_of_nil = |byte: u8| matches!(byte, b'0' | b'-' | b'{' | b'}');
    text.bytes().any(|byte| byte.is_ascii_digit()) && !text.bytes().all(is_of_nil)
}

/// The identity of a sign-in: the hash of record id and result code, or without an id the hash of its particulars.
///
/// The code is a part of it because Entra logs interim and final results of one sign-in under the same id. The rule
/// counts them as separate rows.
#[must_use]
pub fn identity(record_id: &str, code: &str, particulars: &Particulars<'_>) -> u64 {
    if is_id(record_id) {
        let is_lower_case = !record_id.bytes().any(|byte| byte.is_ascii_uppercase());
        let id = if is_lower_case { Cow::Borrowed(record_id) } else { Cow::Owned(record_id.to_ascii_lowercase()) };
        return hash(&["id", &id, code]);
    }
    let Particulars { time, address, user, app, correlation_id } = particulars;
    // Azure writes up to seven digits of a second, tables of its portal three.
    let time = time.to_rfc3339_opts(SecondsFormat::Millis, false);
    hash(&["particulars", &time, &address.to_string(), user, app, code, correlation_id])
}

/// Distinct failures without an id that are numbered in an object, in at most 4 MB.
const NUMBERED: usize = 100_000;

/// Numbers equal records without an id in one object, so that each of them is a failure of its own.
///
/// The number is a part of the identity. Two copies of an object therefore have the same failures, and an object that
/// grows has those of its longest version. The order of the records does not matter. Beyond 100,000
/// distinct failures, equal records count as one failure.
#[derive(Debug, Default)]
pub struct Ordinals {
    /// The number of records by source and identity. Sources are separate, since their tallies are.
    seen: HashMap<(Source, u64), u32>,
    is_uncounted: bool,
}

impl Ordinals {
    /// The identity of the object's next record: [`identity`], extended by the number of an equal record.
    pub fn identity(&mut self, source: Source, record_id: &str, code: &str, particulars: &Particulars<'_>) -> u64 {
        let identity = identity(record_id, code, particulars);
        if is_id(record_id) {
            return identity;
        }
        let has_room = self.seen.len() < NUMBERED;
        match self.seen.entry((source, identity)) {
            Entry::Occupied(mut seen) => {
                *seen.get_mut() = seen.get().saturating_add(1);
                hash(&["ordinal", &identity.to_string(), &seen.get().to_string()])
            }
            Entry::Vacant(place) => {
                if has_room {
                    place.insert(1);
                }
                self.is_uncounted = !has_room;
                identity
            }
        }
    }

    /// Returns whether the last record was not numbered, because there are too many, and resets that.
    pub fn take_uncounted(&mut self) -> bool {
        std::mem::take(&mut self.is_uncounted)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn particulars(user: &str) -> Particulars<'_> {
        Particulars {
            time: DateTime::UNIX_EPOCH,
            address: Address::from(std::net::IpAddr::from([203, 0, 113, 7])),
            user,
            app: "Azure Portal",
            correlation_id: "c",
        }
    }

    #[test]
    fn the_record_id_alone_identifies_a_record_that_has_one() {
        let one = identity("A1", "50126", &particulars("ann"));
        assert_eq!(one, identity("a1", "50126", &particulars("bob")));
        assert_ne!(one, identity("a2", "50126", &particulars("ann")));
    }

    #[test]
    fn an_empty_text_a_nil_uuid_and_a_mask_identify_no_record() {
        let nil = Uuid::nil();
        for text in ["", "0", &nil.to_string(), &nil.simple().to_string(), &nil.braced().to_string()] {
            assert!(!is_id(text), "{text:?}");
        }
        for text in ["[REDACTED]", "unknown", "NotSet", "n.a.", "#VALUE!", "System.Object[]", "***", "xxxxxxxx-xxxx"] {
            assert!(!is_id(text), "{text:?}");
        }
        for text in ["1", "a1", "00000000-0000-0000-0000-000000000001", "{00000000-0000-0000-0000-00000000001f}"] {
            assert!(is_id(text), "{text:?}");
        }
    }

    #[test]
    fn two_results_of_one_sign_in_are_two_failures() {
        assert_ne!(identity("a1", "50074", &particulars("ann")), identity("a1", "50126", &particulars("ann")));
    }

    /// Stored tallies have these numbers. Another number for the same record would count the record again.
    #[test]
    fn an_identity_is_stored_and_never_changes() {
        let (id, particulars) = ("0a0a0a0a-0000-4000-8000-00000000000A", particulars("ann"));
        let mut ordinals = Ordinals::default();
        let mut next = |id: &str| ordinals.identity(Source::Interactive, id, "50126", &particulars);
        let expected = [
            15_631_487_196_895_618_301,
            2_218_944_910_294_066_979,
            9_243_694_764_334_915_061,
            10_176_588_483_625_332_438,
        ];
        assert_eq!([next(id), next(""), next(""), next("")], expected);
    }

    #[test]
    fn equal_records_without_an_id_are_numbered_in_each_object_and_source() {
        let number =
            |source, id: &str, ordinals: &mut Ordinals| ordinals.identity(source, id, "50126", &particulars("ann"));
        let object = || {
            let mut ordinals = Ordinals::default();
            [(); 3].map(|()| number(Source::Interactive, "", &mut ordinals))
        };
        let [first, second, third] = object();
        assert!(first != second && second != third && first != third);
        assert_eq!(object(), [first, second, third], "a copy of the object has the same failures");

        let mut ordinals = Ordinals::default();
        assert_eq!(number(Source::Interactive, "", &mut ordinals), first);
        assert_eq!(number(Source::NonInteractive, "", &mut ordinals), first, "each source has its own numbers");
        assert_eq!(number(Source::Interactive, "", &mut ordinals), second);
        let with_id = number(Source::Interactive, "a1", &mut ordinals);
        assert_eq!(number(Source::Interactive, "a1", &mut ordinals), with_id, "an id needs no number");
        assert!(!ordinals.take_uncounted());
    }

    #[test]
    fn equal_records_beyond_the_bound_have_no_number_and_say_so() {
        let mut ordinals = Ordinals::default();
        let mut numbered = |user: &str| {
            let identity = ordinals.identity(Source::Interactive, "", "50126", &particulars(user));
            (identity, ordinals.take_uncounted())
        };
        let first = numbered("0");
        for user in 1..NUMBERED {
            assert!(!numbered(&user.to_string()).1, "{user}");
        }
        let beyond = numbered("one more");
        assert!(beyond.1);
        assert_eq!(numbered("one more"), beyond, "an equal record beyond the bound counts once");
        let again = numbered("0");
        assert!(again.0 != first.0 && !again.1, "a record within the bound still has its number");
    }

    #[test]
    fn without_an_id_the_particulars_decide() {
        assert_eq!(identity("", "50126", &particulars("ann")), identity("", "50126", &particulars("ann")));
        assert_ne!(identity("", "50126", &particulars("ann")), identity("", "50126", &particulars("bob")));
    }
}
