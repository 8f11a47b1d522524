//! Prints a summary as one log line, which CloudWatch turns into metrics.
//!
//! The line is a document in CloudWatch's embedded metric format
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//! CloudWatch extracts the metrics, and operators see the same numbers in the log. The names of metrics contain
//! reasons, which are names of closed enums. The author of an export therefore cannot create metrics.
//!
//! CloudWatch silently drops metrics that exceed a limit of the format:
//!
//! | limit | why it holds |
//! |---|---|
//! | 100 metrics in a directive | further metrics go into a further directive of the same line |
//! | 1 MB a line | 3,000 metrics with names of 64 bytes fit, and there are fewer than 100 today |
//! | names of 1 to 255 ASCII characters, each once | names are constants, each group of reasons has its prefix |
//! | 30 dimensions, each a string of at most 1,024 characters | the only dimension is the function's name |
//! | finite numbers of at most 2^360 | numbers are `u64` |
//! | a timestamp in milliseconds, at most 14 days old | the timestamp is the end of the invocation |

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::pipeline::{Reasons, Summary};

/// The namespace of the metrics.
const NAMESPACE: &str = "pivotwatch";

/// The only dimension of the metrics: the function's name.
const FUNCTION: &str = "Function";

/// Metrics that one directive may define.
const METRICS_PER_DIRECTIVE: usize = 100;

/// Prints the line to standard output, which Lambda sends to CloudWatch Logs.
pub fn print(summary: &Summary, function: &'static str, now: DateTime<Utc>) {
    if let Err(error) = write(summary, function, now, &mut io::stdout().lock()) {
        tracing::error!(code = "telemetry.unwritable", "the summary could not be written: {error}");
    }
}

/// Writes the line and its line feed. `now` is the timestamp of the metrics, and the reference for the ages of the
/// newest records.
///
/// # Errors
/// The error of `out`.
pub fn write(summary: &Summary, function: &'static str, now: DateTime<Utc>, out: &mut impl Write) -> io::Result<()> {
    let metrics = metrics(summary, now);
    let definitions: Vec<_> = metrics.iter().map(|(name, _)| Definition { name }).collect();
    let directive = |metrics| Directive { namespace: NAMESPACE, dimensions: [[FUNCTION]], metrics };
    let metadata = Metadata {
        timestamp: now.timestamp_millis(),
        directives: definitions.chunks(METRICS_PER_DIRECTIVE).map(directive).collect(),
    };
    let mut members: Map<_, _> = metrics.iter().map(|(name, number)| (name.clone(), Value::from(*number))).collect();
    members.insert(FUNCTION.to_owned(), function.into());
    let mut line = serde_json::to_vec(&Document { metadata, members })?;
    line.push(b'\n');
    // One write, so that no other line is interleaved.
    out.write_all(&line)
}

/// The metrics: names and values.
fn metrics(summary: &Summary, now: DateTime<Utc>) -> Vec<(String, u64)> {
    let total = |reasons: &Reasons| reasons.values().sum::<u64>();
    let mut metrics: Vec<(String, u64)> = [
        ("Objects", summary.objects),
        ("ObjectsRefused", total(&summary.refused)),
        ("Failed", total(&summary.failed)),
        ("UnusableExports", total(&summary.unusable)),
        ("RecordsRead", summary.records),
        ("SignIns", summary.kinds.sign_ins),
        ("TrailRecords", summary.kinds.trail_records),
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
        ("FailedLogins", summary.failed_logins),
        ("Incidents", summary.incidents),
        ("IncidentsHidden", summary.hidden),
        ("Publishes", summary.publishes),
        ("Updates", summary.updates),
        ("Deferred", total(&summary.deferred)),
        ("Digests", summary.digests),
        ("Digested", summary.digested),
        ("Sweeps", summary.sweeps),
        ("TuningAnnouncements", summary.announcements),
        ("TuningInvalid", summary.tuning_invalid),
        ("TuningUnavailable", summary.tuning_unavailable),
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
        ("Deferred", &summary.deferred),
    ] {
        metrics.extend(reasons.iter().map(|(reason, number)| (format!("{prefix}.{reason}"), *number)));
    }
    for (name, number) in [("Unreported", summary.unreported), ("ConfirmedSubscribers", summary.confirmed_subscribers)]
    {
        metrics.extend(number.map(|number| (name.to_owned(), number)));
    }
    for (name, newest) in [("NewestSignInAge", summary.newest_sign_in), ("NewestLoginAge", summary.newest_login)] {
        if let Some(newest) = newest {
            // A record from the future, whose clock is ahead, has the age 0.
            metrics.push((name.to_owned(), u64::try_from((now - newest).num_seconds()).unwrap_or(0)));
        }
    }
    metrics
}

/// A line in embedded metric format.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "_aws")]
    metadata: Metadata<'a>,
    /// The values of all metrics and dimensions, by name.
    #[serde(flatten)]
    members: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    /// Milliseconds since the epoch.
    timestamp: i64,
    #[serde(rename = "CloudWatchMetrics")]
    directives: Vec<Directive<'a>>,
}

/// Defines which members of the document are metrics.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'static str,
    dimensions: [[&'static str; 1]; 1],
    /// At most [`METRICS_PER_DIRECTIVE`].
    metrics: &'a [Definition<'a>],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition<'a> {
    name: &'a str,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    /// A second and a half after the epoch, so that milliseconds differ from seconds.
    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_500)
    }

    fn written(summary: &Summary, now: DateTime<Utc>) -> (String, Value) {
        let mut line = Vec::new();
        write(summary, "ingest", now, &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line.find('\n'), Some(line.len() - 1), "{line}");
        let document = serde_json::from_str(&line).unwrap();
        (line, document)
    }

    #[test]
    fn a_summary_is_one_line_of_metrics() {
        let summary = Summary {
            objects: 2,
            records: 10,
            failures: 6,
            refused: Reasons::from([("object.empty", 1)]),
            ignored: Reasons::from([("not_a_failure", 3)]),
            rejected: Reasons::from([("malformed", 1)]),
            newest_sign_in: Some(DateTime::UNIX_EPOCH),
            ..Summary::default()
        };
        let (_, document) = written(&summary, DateTime::UNIX_EPOCH + TimeDelta::seconds(90));
        insta::assert_json_snapshot!(document);
    }

    #[test]
    fn a_record_from_the_future_has_the_age_zero() {
        let newest = Some(now() + TimeDelta::hours(1));
        let (_, document) = written(&Summary { newest_login: newest, ..Summary::default() }, now());
        assert_eq!(document["NewestLoginAge"], 0);
        assert_eq!(document["_aws"]["Timestamp"], 1_500);
        assert_eq!(document.get("NewestSignInAge"), None);
    }

    /// A summary with the largest counts, and with the same `number` reasons of `length` bytes in each group.
    fn summary(number: usize, length: usize) -> Summary {
        let name = |reason| -> &'static str { format!("{reason:0length$}").leak() };
        let reasons: Reasons = (0..number).map(|reason| (name(reason), u64::MAX / 10_000)).collect();
        Summary {
            refused: reasons.clone(),
            failed: reasons.clone(),
            unusable: reasons.clone(),
            ignored: reasons.clone(),
            rejected: reasons.clone(),
            warnings: reasons,
            objects: u64::MAX,
            newest_sign_in: Some(DateTime::<Utc>::MIN_UTC),
            newest_login: Some(DateTime::<Utc>::MIN_UTC),
            ..Summary::default()
        }
    }

    #[test]
    fn three_thousand_metrics_fit_into_a_line() {
        let (line, _) = written(&summary(500, 64), now());
        assert!(line.len() <= 1_000_000, "{} bytes", line.len());
    }

    #[test]
    fn a_writer_that_fails_is_an_error() {
        let mut full = [0; 10];
        assert_eq!(
            write(&Summary::default(), "detect", now(), &mut &mut full[..]).unwrap_err().kind(),
            io::ErrorKind::WriteZero
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_summary_exceeds_a_limit_of_the_format(number in 0usize..60, length in 2usize..200) {
            let summary = summary(number, length);
            let (_, document) = written(&summary, now());
            let directives = document["_aws"]["CloudWatchMetrics"].as_array().unwrap();
            let mut names = BTreeSet::new();
            for directive in directives {
                prop_assert_eq!(&directive["Namespace"], NAMESPACE);
                prop_assert_eq!(&directive["Dimensions"], &serde_json::json!([["Function"]]));
                let metrics = directive["Metrics"].as_array().unwrap();
                prop_assert!((1..=100).contains(&metrics.len()), "{} metrics", metrics.len());
                for metric in metrics {
                    let name = metric["Name"].as_str().unwrap();
                    prop_assert!(name.is_ascii() && (1..=255).contains(&name.len()), "{}", name);
                    prop_assert!(document[name].is_u64(), "{}: {}", name, document[name]);
                    prop_assert!(names.insert(name), "{} is defined twice", name);
                }
            }
            // Every member is a metric, the dimension or the metadata.
            let members: BTreeSet<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
            let others = BTreeSet::from(["Function", "_aws"]);
            prop_assert_eq!(&members - &names, others);
            prop_assert_eq!(names.len(), 26 + 6 * number);
        }
    }
}
