//! The names of records: the sort keys of an address's facts and incidents.
//!
//! Names sort by day, so that one query, simple enough to type, returns the evidence of some days. Within a day they
//! sort by kind, so that tallies are loaded without logins.

use chrono::{DateTime, SecondsFormat, Utc};

use super::IncidentKey;
use crate::detection::tally::{TallyKey, TallyKind};
use crate::detection::{Day, Login};

/// The name of a tally: `2026-11-24#failures#interactive`.
#[must_use]
pub fn tally(key: &TallyKey) -> String {
    format!("{}#failures#{}", key.day, key.kind.name())
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

/// The partition of the announcements of tuning entries. No address has this name.
pub const ANNOUNCEMENTS: &str = "tuning";

/// The name of the announcement of a tuning entry: `entry#office-oslo`.
#[must_use]
pub fn announcement(id: &str) -> String {
    format!("entry#{id}")
}

/// The partition of the records about the deployment. No address has this name.
pub const DEPLOYMENT: &str = "deployment";

/// The name of the ledger of messages.
pub const LEDGER: &str = "ledger";

/// The name of what the deployment received.
pub const ACTIVITY: &str = "activity";

/// The range of the names of `day`'s tallies.
#[must_use]
pub fn tallies(day: Day) -> (String, String) {
    between(day, "failures")
}

/// The range of the names of `day`'s logins.
#[must_use]
pub fn logins(day: Day) -> (String, String) {
    between(day, "login")
}

/// The range of the names of `day`'s incidents.
#[must_use]
pub fn incidents(day: Day) -> (String, String) {
    between(day, "incident")
}

/// Partitions of the index by day, for each day and kind. A partition accepts 1,000 write units a second, and an index
/// that is throttled throttles its table. In a single partition, a spray over many addresses would delay all writers.
pub const SHARDS: u64 = 16;

/// The partition key of a shard of the index by day: `2026-11-24#incident#0` to `2026-11-24#incident#f`.
#[must_use]
pub fn listed(day: Day, kind: &str, shard: u64) -> String {
    format!("{day}#{kind}#{shard:x}")
}

/// The partition keys under which the index by day lists the incidents of `day`.
pub fn listed_incidents(day: Day) -> impl Iterator<Item = String> {
    (0..SHARDS).map(move |shard| listed(day, "incident", shard))
}

/// The partition key of a shard of the index of unreported incidents: `unreported#0` to `unreported#f`.
#[must_use]
pub fn unreported(shard: u64) -> String {
    format!("unreported#{shard:x}")
}

fn between(day: Day, kind: &str) -> (String, String) {
    // `$` follows `#` in ASCII, so every name that begins with the kind is in the range, with any event id.
    (format!("{day}#{kind}#"), format!("{day}#{kind}$"))
}

/// The text of a time in records, in whole seconds.
#[must_use]
pub fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The kind of the tally with the name `record`, or `None` if that is not the name of a tally of `day`.
#[must_use]
pub fn tally_kind(record: &str, day: Day) -> Option<TallyKind> {
    TallyKind::named(record.strip_prefix(&format!("{day}#failures#"))?)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;
    use crate::detection::Source;

    fn day(text: &str) -> Day {
        Day::from_str(text).unwrap()
    }

    #[test]
    fn a_tallys_kind_is_parsed_from_its_name() {
        for (record, expected) in [
            ("2026-11-24#failures#non_interactive", Some(Source::NonInteractive.into())),
            ("2026-11-24#failures#console_login", Some(TallyKind::ConsoleLogins)),
            ("2026-11-23#failures#non_interactive", None),
            ("2026-11-24#failures#somewhere", None),
            ("2026-11-24#login#2026-11-24T08:01:02Z#8a8c", None),
            ("note", None),
        ] {
            assert_eq!(tally_kind(record, day("2026-11-24")), expected, "{record}");
        }
    }

    #[test]
    fn the_range_of_a_kind_and_day_has_their_names_and_no_others() {
        for (record, kind) in [
            ("2026-11-23#login#2026-11-23T23:59:59Z#z", ""),
            ("2026-11-24#failures#interactive", "failures"),
            ("2026-11-24#login#2026-11-24T00:00:00Z#", "login"),
            ("2026-11-24#login#2026-11-24T23:59:59Z#~\u{ffff}", "login"),
            ("2026-11-24#incident#8a8c", "incident"),
            ("2026-11-24#note", ""),
            ("2026-11-25#failures#interactive", ""),
        ] {
            let day = day("2026-11-24");
            for (of, (from, to)) in [("failures", tallies(day)), ("login", logins(day)), ("incident", incidents(day))] {
                assert_eq!((from.as_str()..=to.as_str()).contains(&record), of == kind, "{record} among {of}");
            }
        }
    }
}
