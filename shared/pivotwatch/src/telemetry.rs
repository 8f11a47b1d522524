//! What an invocation did, in one line of log that is also its metrics.
//!
//! The line is in CloudWatch's Embedded Metric Format
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>):
//! CloudWatch makes metrics of it, and people read the same numbers in the log. Everything that came in is in it,
//! counted or lost, each loss under its reason; reasons come from closed enumerations, so that nobody who writes to a
//! log can invent metrics.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use metrique_writer::format::Format;
use metrique_writer::{Entry, EntryWriter};
use metrique_writer_format_emf::Emf;

/// The namespace of the metrics.
const NAMESPACE: &str = "pivotwatch";

/// The one dimension of the metrics: which function.
const FUNCTION: &str = "Function";

/// Numbers by reason.
pub type Reasons = BTreeMap<&'static str, u64>;

/// What an invocation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Objects that events told of.
    pub objects: u64,
    /// Objects that cannot be used, by reason. They stay in the bucket, and the log names them.
    pub refused: Reasons,
    /// Failures of objects, of events, and of records and addresses in them, by error code. The event is tried again.
    pub failed: Reasons,
    /// Records of objects: failures, logins, ignored and rejected ones together.
    pub records: u64,
    /// What kinds of record those are.
    pub seen: Seen,
    /// Objects that were read to their end and have nothing that can be used, by reason.
    pub unusable: Reasons,
    /// Failures that the rule counts, however often they came.
    pub failures: u64,
    /// Records and events in order that are not counted, by reason.
    pub ignored: Reasons,
    /// Records that cannot be used, by reason.
    pub rejected: Reasons,
    /// Sign-ins and logins that deserve attention, by reason. They are counted as all others.
    pub warnings: Reasons,
    /// Events, or pieces of events, that were not understood.
    pub unrecognised: u64,
    /// Failures and logins that were known already.
    pub duplicates: u64,
    /// Writes to the store that took effect.
    pub writes: u64,
    /// Writes that had to be repeated because somebody else had written meanwhile.
    pub conflicts: u64,
    /// Stored records that could not be read and were left out.
    pub unreadable: u64,
    /// Successful console logins.
    pub logins: u64,
    /// Incidents found for the first time.
    pub incidents: u64,
    /// Messages sent.
    pub publishes: u64,
    /// The time of the newest sign-in seen.
    pub newest_sign_in: Option<DateTime<Utc>>,
    /// The time of the newest login seen.
    pub newest_login: Option<DateTime<Utc>>,
}

/// Numbers of records by kind, whatever became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Records of sign-in exports, without those of other logs.
    pub sign_ins: u64,
    /// Those of them that are not rejected, at most `sign_ins`.
    pub usable_sign_ins: u64,
    /// CloudTrail records of log files: every kind of event.
    pub trail_records: u64,
    /// Those of them that are not rejected, at most `trail_records`.
    pub usable_trail_records: u64,
}

impl Summary {
    /// Adds what another part of the invocation did.
    pub fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.records += other.records;
        self.seen.sign_ins += other.seen.sign_ins;
        self.seen.usable_sign_ins += other.seen.usable_sign_ins;
        self.seen.trail_records += other.seen.trail_records;
        self.seen.usable_trail_records += other.seen.usable_trail_records;
        self.failures += other.failures;
        self.unrecognised += other.unrecognised;
        self.duplicates += other.duplicates;
        self.writes += other.writes;
        self.conflicts += other.conflicts;
        self.unreadable += other.unreadable;
        self.logins += other.logins;
        self.incidents += other.incidents;
        self.publishes += other.publishes;
        for (ours, theirs) in [
            (&mut self.refused, other.refused),
            (&mut self.failed, other.failed),
            (&mut self.unusable, other.unusable),
            (&mut self.ignored, other.ignored),
            (&mut self.rejected, other.rejected),
            (&mut self.warnings, other.warnings),
        ] {
            for (reason, number) in theirs {
                *ours.entry(reason).or_default() += number;
            }
        }
        self.newest_sign_in = self.newest_sign_in.max(other.newest_sign_in);
        self.newest_login = self.newest_login.max(other.newest_login);
    }

    /// Prints the line, which for a Lambda is to log it.
    pub fn print(&self, function: &'static str, now: DateTime<Utc>) {
        if let Err(error) = self.write(function, now, &mut io::stdout().lock()) {
            tracing::error!(code = "telemetry.unwritable", "the summary could not be written: {error}");
        }
    }

    /// Writes the line. `now` tells how old the newest record is.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn write(&self, function: &'static str, now: DateTime<Utc>, out: &mut impl Write) -> io::Result<()> {
        let mut format = Emf::all_validations(NAMESPACE.to_owned(), vec![vec![FUNCTION.to_owned()]]);
        let mut line = Vec::new();
        let entry = Line::of(self, function, now);
        // Names are unique and valid by construction, which the test below proves.
        format.format(&entry, &mut line).map_err(io::Error::other)?;
        out.write_all(&line)
    }
}

/// Counts one more of `reason`.
pub fn count(reasons: &mut Reasons, reason: &'static str) {
    *reasons.entry(reason).or_default() += 1;
}

/// A summary as metrics.
struct Line {
    function: &'static str,
    now: DateTime<Utc>,
    metrics: Vec<(String, u64)>,
}

impl Line {
    fn of(summary: &Summary, function: &'static str, now: DateTime<Utc>) -> Self {
        let total = |reasons: &Reasons| reasons.values().sum::<u64>();
        let mut metrics: Vec<(String, u64)> = [
            ("Objects", summary.objects),
            ("ObjectsRefused", total(&summary.refused)),
            ("Failed", total(&summary.failed)),
            ("UnusableExports", total(&summary.unusable)),
            ("RecordsRead", summary.records),
            ("SignIns", summary.seen.sign_ins),
            ("TrailRecords", summary.seen.trail_records),
            ("Failures", summary.failures),
            ("RecordsIgnored", total(&summary.ignored)),
            ("RecordsRejected", total(&summary.rejected)),
            ("Warnings", total(&summary.warnings)),
            ("EventsUnrecognised", summary.unrecognised),
            ("Duplicates", summary.duplicates),
            ("Writes", summary.writes),
            ("Conflicts", summary.conflicts),
            ("Unreadable", summary.unreadable),
            ("Logins", summary.logins),
            ("Incidents", summary.incidents),
            ("Publishes", summary.publishes),
        ]
        .map(|(name, number)| (name.to_owned(), number))
        .to_vec();
        for (prefix, reasons) in [
            ("Refused", &summary.refused),
            ("Failed", &summary.failed),
            ("Unusable", &summary.unusable),
            ("Ignored", &summary.ignored),
            ("Rejected", &summary.rejected),
            ("Warnings", &summary.warnings),
        ] {
            metrics.extend(reasons.iter().map(|(reason, number)| (format!("{prefix}.{reason}"), *number)));
        }
        for (name, newest) in [("NewestSignInAge", summary.newest_sign_in), ("NewestLoginAge", summary.newest_login)] {
            if let Some(newest) = newest {
                // A clock that is ahead makes no record younger than new.
                let age = u64::try_from((now - newest).num_seconds()).unwrap_or(0);
                metrics.push((name.to_owned(), age));
            }
        }
        Self { function, now, metrics }
    }
}

impl Entry for Line {
    fn write<'a>(&'a self, writer: &mut impl EntryWriter<'a>) {
        writer.timestamp(self.now.into());
        writer.value(FUNCTION, self.function);
        for (name, number) in &self.metrics {
            writer.value(name.as_str(), number);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn some() -> Summary {
        Summary {
            objects: 2,
            records: 10,
            failures: 6,
            refused: Reasons::from([("object.empty", 1)]),
            ignored: Reasons::from([("not_a_failure", 3)]),
            rejected: Reasons::from([("malformed", 1)]),
            newest_sign_in: Some(DateTime::UNIX_EPOCH),
            ..Summary::default()
        }
    }

    #[test]
    fn a_summary_is_one_line_of_metrics() {
        let mut line = Vec::new();
        some().write("ingest", DateTime::UNIX_EPOCH + TimeDelta::seconds(90), &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line.lines().count(), 1);
        assert!(line.ends_with('\n'));
        insta::assert_json_snapshot!(serde_json::from_str::<serde_json::Value>(&line).unwrap());
    }

    #[test]
    fn the_parts_of_an_invocation_add_up() {
        let mut sum = some();
        let newer = DateTime::UNIX_EPOCH + TimeDelta::seconds(1);
        sum.add(Summary { newest_sign_in: Some(newer), ..some() });
        assert_eq!((sum.objects, sum.records, sum.failures), (4, 20, 12));
        assert_eq!(sum.ignored, Reasons::from([("not_a_failure", 6)]));
        assert_eq!(sum.newest_sign_in, Some(newer));
    }
}
