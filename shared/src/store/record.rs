//! The names of records: the sort key under which a fact or an incident of an address is stored.
//!
//! All of one day sort together, and the days in order, so that a range of days is one query, and one that a person can
//! write by hand.

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};

use super::IncidentKey;
use crate::detection::tally::TallyKey;
use crate::detection::{Day, Login, Source};

/// The name of a tally: `2026-11-24#failures#interactive`.
#[must_use]
pub fn tally(key: &TallyKey) -> String {
    format!("{}#failures#{}", key.day, key.source)
}

/// The name of a login: `2026-11-24#login#2026-11-24T08:01:02Z#<event id>`.
#[must_use]
pub fn login(login: &Login) -> String {
    format!("{}#login#{}#{}", login.day(), written(login.time), login.event_id)
}

/// The name of an incident: `2026-11-24#incident#<id>`.
#[must_use]
pub fn incident(key: &IncidentKey) -> String {
    format!("{}#incident#{}", key.day, key.id)
}

/// The names between which all records of the days from `first` to `last` lie.
#[must_use]
pub fn range(first: Day, last: Day) -> (String, String) {
    // `~` sorts behind every character that a name has.
    (format!("{first}#"), format!("{last}#~"))
}

/// A time as records show it.
#[must_use]
pub fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What a record is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The failures of a day and a source.
    Tally(Day, Source),
    /// A login.
    Login,
    /// An incident.
    Incident,
}

/// Tells what a record is, or `None` when its name is none of the above.
#[must_use]
pub fn kind(record: &str) -> Option<Kind> {
    let mut parts = record.split('#');
    let day = Day::from_str(parts.next()?).ok()?;
    match parts.next()? {
        "failures" => Source::from_str(parts.next()?).ok().map(|source| Kind::Tally(day, source)),
        "login" => Some(Kind::Login),
        "incident" => Some(Kind::Incident),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_by_its_name() {
        let day = Day::from_str("2026-11-24").unwrap();
        for (record, expected) in [
            ("2026-11-24#failures#non_interactive", Some(Kind::Tally(day, Source::NonInteractive))),
            ("2026-11-24#login#2026-11-24T08:01:02Z#8a8c", Some(Kind::Login)),
            ("2026-11-24#incident#8a8c", Some(Kind::Incident)),
            ("2026-11-24#failures#somewhere", None),
            ("2026-11-24#note", None),
            ("note", None),
        ] {
            assert_eq!(kind(record), expected, "{record}");
        }
    }

    #[test]
    fn a_range_of_days_holds_their_records_and_no_others() {
        let (first, last) = (Day::from_str("2026-11-23").unwrap(), Day::from_str("2026-11-24").unwrap());
        let (from, to) = range(first, last);
        for (record, within) in [
            ("2026-11-22#login#2026-11-22T23:59:59Z#z", false),
            ("2026-11-23#failures#interactive", true),
            ("2026-11-24#login#2026-11-24T23:59:59Z#z", true),
            ("2026-11-25#failures#interactive", false),
        ] {
            assert_eq!((from.as_str()..=to.as_str()).contains(&record), within, "{record}");
        }
    }
}
