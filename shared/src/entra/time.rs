//! The ways in which exports write a time.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::detection::Day;

/// Written without a zone, these are UTC: Azure Monitor's American form, and the blank that forwarders put for the `T`.
const WITHOUT_ZONE: [&str; 3] = ["%m/%d/%Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];

/// Written with a zone, but not as RFC 3339 has it.
const WITH_ZONE: [&str; 2] = ["%m/%d/%Y %I:%M:%S %p %:z", "%Y-%m-%d %H:%M:%S%.f%:z"];

/// Reads a time, or `None` when the text is no time or one that no sign-in can have.
///
/// The American form is decided by its AM or PM; a form whose day and month cannot be told apart is not read.
pub(super) fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
        .or_else(|| {
            WITHOUT_ZONE
                .iter()
                .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
                .map(|time| time.and_utc())
        })
        .or_else(|| {
            WITH_ZONE.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()).map(|time| time.to_utc())
        })
        .filter(|time| Day::is_plausible(*time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_time_that_was_seen_is_read() {
        for (text, expected) in [
            ("2022-01-24T05:10:14.1875602Z", "2022-01-24T05:10:14.187560200Z"),
            ("2022-01-24T05:10:14.1875602+00:00", "2022-01-24T05:10:14.187560200Z"),
            ("2022-01-24T05:10:14Z", "2022-01-24T05:10:14Z"),
            ("2019-10-18T04:45:48.0729893-05:00", "2019-10-18T09:45:48.072989300Z"),
            ("2023-07-26T22:58:30.983201900Z", "2023-07-26T22:58:30.983201900Z"),
            ("2023-07-26 22:58:30.983201900", "2023-07-26T22:58:30.983201900Z"),
            ("2023-07-26T22:58:30", "2023-07-26T22:58:30Z"),
            ("11/14/2025 1:48:53 AM", "2025-11-14T01:48:53Z"),
            ("12/12/2025 3:03:58 PM", "2025-12-12T15:03:58Z"),
            ("1/9/2007 10:41:00 AM +01:00", "2007-01-09T09:41:00Z"),
        ] {
            let expected = DateTime::parse_from_rfc3339(expected).unwrap().to_utc();
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_cannot_be_decided_is_not_read() {
        for text in
            ["", "yesterday", "03/04/2025 10:00:00", "2025-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "1700000000"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
