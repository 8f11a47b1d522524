//! The settings: environment variables, parsed and validated once.

mod account_names;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::detection::parameters::{Threshold, Window};
use crate::detection::reporting::{Observation, ReportingPolicy};
use crate::detection::{Rule, Source};
use crate::input::Limits;
use crate::notify::HttpsForm;

pub use account_names::account_names;

/// The validated settings. `docs/RUNBOOK.md` lists the variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `PIVOTWATCH_TABLE`: the name of the table *evidence*.
    pub table: String,
    /// `PIVOTWATCH_TOPIC_ARN`: the topic to which incidents are published.
    pub topic: Topic,
    /// `PIVOTWATCH_THRESHOLD`, `PIVOTWATCH_WINDOW`, `PIVOTWATCH_ORDER`, `PIVOTWATCH_SOURCES` and
    /// `PIVOTWATCH_IPV6_NETWORK`.
    pub rule: Rule,
    /// `PIVOTWATCH_TUNING_TABLE`: the name of the table *tuning*, if there is one.
    pub tuning_table: Option<String>,
    /// `PIVOTWATCH_TUNING`: tuning entries, a JSON array. An invalid entry is ignored and reported.
    pub tuning_entries: Vec<Value>,
    /// `PIVOTWATCH_RETENTION_DAYS`: how long records are kept.
    pub retention: TimeDelta,
    /// `PIVOTWATCH_RECORD_LIMIT` and `PIVOTWATCH_OBJECT_LIMIT` (bytes), `PIVOTWATCH_RATIO_LIMIT` and
    /// `PIVOTWATCH_DEPTH_LIMIT`: the limits when an object is read.
    pub limits: Limits,
    /// `PIVOTWATCH_ADDRESS_LIMIT`, `PIVOTWATCH_HOUR_LIMIT`, `PIVOTWATCH_MODE` and `PIVOTWATCH_OBSERVE_UNTIL`: how many
    /// messages are sent, and whether any.
    pub reporting: ReportingPolicy,
    /// `PIVOTWATCH_ACCOUNT_NAMES`: the names of AWS accounts in messages, by id.
    pub account_names: BTreeMap<String, String>,
    /// `PIVOTWATCH_HTTPS_FORM`: the form of messages to subscribers by HTTPS.
    pub https: HttpsForm,
    /// `PIVOTWATCH_RUNBOOK_URL`: where responders read the runbook; `None` if messages name its file.
    pub runbook: Option<String>,
}

/// An SNS topic. Its ARN also gives the region and the account of the deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    /// The whole ARN.
    pub arn: String,
    /// The ARN's region.
    pub region: String,
    /// The ARN's account.
    pub account: String,
}

impl FromStr for Topic {
    type Err = String;

    /// Parses an ARN: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>.
    fn from_str(arn: &str) -> Result<Self, String> {
        match arn.split(':').collect::<Vec<_>>()[..] {
            ["arn", _, "sns", region, account, name] if ![region, account, name].contains(&"") => {
                Ok(Self { arn: arn.to_owned(), region: region.to_owned(), account: account.to_owned() })
            }
            _ => Err(format!("{arn:?} is not the ARN of an SNS topic")),
        }
    }
}

/// All faults of the environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct SettingsFaults(Vec<String>);

impl SettingsFaults {
    /// The stable code for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "settings.invalid"
    }
}

impl fmt::Display for SettingsFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function's environment is wrong: {}", self.0.join("; "))
    }
}

/// The range of the retention in days. It exceeds the longest window, since failures must not expire before a login can
/// match them.
const RETENTION: std::ops::RangeInclusive<i64> = 8..=3650;

/// The range of a record's limit in bytes. Real records fit into the minimum, and a function's memory fits several
/// records of the maximum.
const RECORD_LIMITS: std::ops::RangeInclusive<usize> = 64 * 1024..=64 * 1024 * 1024;

/// The range of an object's limit in bytes, after decompression. Real exports are far smaller than the maximum.
const OBJECT_LIMITS: std::ops::RangeInclusive<u64> = 1024 * 1024..=50 * 1024 * 1024 * 1024 * 1024;

/// The range of the limit on decompressed bytes for each compressed byte. Real logs never reach the maximum.
const RATIO_LIMITS: std::ops::RangeInclusive<u64> = 10..=1_000_000;

/// The range of the limit on nested objects and arrays. Real records have a depth of six.
const DEPTH_LIMITS: std::ops::RangeInclusive<usize> = 16..=1_000_000;

/// The range of messages about an address in a day. An address's first message is always sent.
const ADDRESS_LIMITS: std::ops::RangeInclusive<u32> = 1..=100;

/// The range of messages in an hour. The ledger, an item of at most 400 KB, has each address with a message that day.
/// With 250 an hour these are at most 6,000, which take some 300 KB.
const HOUR_LIMITS: std::ops::RangeInclusive<u32> = 1..=250;

/// The longest address of the runbook.
const LONGEST_URL: usize = 200;

impl Settings {
    /// Parses the process's environment.
    ///
    /// # Errors
    /// [`SettingsFaults`] with all faults, not only the first.
    pub fn from_environment() -> Result<Self, SettingsFaults> {
        Self::parse(|name| std::env::var(name).ok())
    }

    /// Parses the values that `variable` returns by name. An empty value counts as not set.
    ///
    /// # Errors
    /// [`SettingsFaults`] with all faults, not only the first.
    pub fn parse(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsFaults> {
        let mut parser = Parser { variable, faults: Vec::new() };
        let standard = Rule::default();
        let limits = Limits::default();
        let reporting = ReportingPolicy::default();
        let settings = Self {
            table: parser.required("PIVOTWATCH_TABLE", |name| Ok(name.to_owned())),
            topic: parser.required("PIVOTWATCH_TOPIC_ARN", str::parse),
            rule: Rule {
                threshold: parser
                    .optional("PIVOTWATCH_THRESHOLD", standard.threshold, |text| text.parse().map(Threshold::get)),
                window: parser.optional("PIVOTWATCH_WINDOW", standard.window, |text| text.parse().map(Window::length)),
                order: parser.optional("PIVOTWATCH_ORDER", standard.order, str::parse),
                sources: parser.optional("PIVOTWATCH_SOURCES", standard.sources, sources),
                ipv6_network: parser.optional("PIVOTWATCH_IPV6_NETWORK", standard.ipv6_network, str::parse),
                counts_successes: parser.optional("PIVOTWATCH_SUCCESSES", standard.counts_successes, counts_successes),
            },
            tuning_table: parser
                .optional("PIVOTWATCH_TUNING_TABLE", None, |name| Ok::<_, String>(Some(name.to_owned()))),
            tuning_entries: parser
                .optional("PIVOTWATCH_TUNING", Vec::new(), |text| Ok::<_, String>(tuning_entries(text))),
            retention: parser.optional("PIVOTWATCH_RETENTION_DAYS", TimeDelta::days(90), retention),
            limits: Limits {
                record: parser.optional("PIVOTWATCH_RECORD_LIMIT", limits.record, |text| {
                    parse_in_range(text, RECORD_LIMITS, "a number of bytes")
                }),
                object: parser.optional("PIVOTWATCH_OBJECT_LIMIT", limits.object, |text| {
                    parse_in_range(text, OBJECT_LIMITS, "a number of bytes")
                }),
                ratio: parser.optional("PIVOTWATCH_RATIO_LIMIT", limits.ratio, |text| {
                    parse_in_range(text, RATIO_LIMITS, "a ratio")
                }),
                depth: parser.optional("PIVOTWATCH_DEPTH_LIMIT", limits.depth, |text| {
                    parse_in_range(text, DEPTH_LIMITS, "a depth")
                }),
            },
            reporting: ReportingPolicy {
                address_limit: parser.optional("PIVOTWATCH_ADDRESS_LIMIT", reporting.address_limit, |text| {
                    parse_in_range(text, ADDRESS_LIMITS, "a number of messages")
                }),
                hour_limit: parser.optional("PIVOTWATCH_HOUR_LIMIT", reporting.hour_limit, |text| {
                    parse_in_range(text, HOUR_LIMITS, "a number of messages")
                }),
                observation: parser.observation(),
            },
            account_names: parser.optional("PIVOTWATCH_ACCOUNT_NAMES", BTreeMap::new(), account_names),
            https: parser.optional("PIVOTWATCH_HTTPS_FORM", HttpsForm::default(), str::parse),
            runbook: parser.optional("PIVOTWATCH_RUNBOOK_URL", None, |text| runbook_url(text).map(Some)),
        };
        if parser.faults.is_empty() { Ok(settings) } else { Err(SettingsFaults(parser.faults)) }
    }
}

struct Parser<F> {
    variable: F,
    faults: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Parser<F> {
    fn value(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn required<T: Default>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let value = self.value(name).map_or_else(
            || Err(format!("{name} is not set")),
            |value| parse(&value).map_err(|fault| format!("{name}: {fault}")),
        );
        value.unwrap_or_else(|fault| {
            self.faults.push(fault);
            T::default()
        })
    }

    fn optional<T, E: fmt::Display>(&mut self, name: &str, standard: T, parse: impl Fn(&str) -> Result<T, E>) -> T {
        match self.value(name).map(|value| parse(&value)) {
            None => standard,
            Some(Ok(value)) => value,
            Some(Err(fault)) => {
                self.faults.push(format!("{name}: {fault}"));
                standard
            }
        }
    }

    /// Parses `PIVOTWATCH_MODE` and `PIVOTWATCH_OBSERVE_UNTIL`.
    fn observation(&mut self) -> Observation {
        const UNTIL: &str = "PIVOTWATCH_OBSERVE_UNTIL";
        let observes = self.optional("PIVOTWATCH_MODE", false, observes);
        let until = self.optional(UNTIL, None, |text| time(text).map(Some));
        match (observes, until) {
            (true, None) => Observation::On,
            (true, Some(end)) => Observation::Until(end),
            (false, None) => Observation::Off,
            (false, Some(_)) => {
                self.faults.push(format!("{UNTIL} is of use only together with PIVOTWATCH_MODE=observe"));
                Observation::Off
            }
        }
    }
}

/// Parses what to do with successful sign-ins: whether they are counted.
fn counts_successes(text: &str) -> Result<bool, String> {
    match text {
        "count" => Ok(true),
        "ignore" => Ok(false),
        _ => Err(format!("{text:?} is neither count nor ignore")),
    }
}

/// Parses a mode: whether the deployment observes.
fn observes(text: &str) -> Result<bool, String> {
    match text {
        "publish" => Ok(false),
        "observe" => Ok(true),
        _ => Err(format!("{text:?} is not a mode; the modes are publish and observe")),
    }
}

/// Parses a time of RFC 3339.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|time| time.to_utc()).map_err(|_| format!("{text:?} is not a time, such as 2026-03-09T00:00:00Z"))
}

/// Parses a list of tuning entries. A text that is no JSON array is a single entry, which is invalid: tuning must not
/// keep a function from starting.
fn tuning_entries(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_else(|_| vec![Value::String(text.to_owned())])
}

/// Parses a retention in days.
///
/// # Errors
/// The message for a number out of range.
pub fn retention(text: &str) -> Result<TimeDelta, String> {
    parse_in_range(text, RETENTION, "a number of days").map(TimeDelta::days)
}

/// Parses the address of the runbook, which messages have as it is.
///
/// # Errors
/// The message for a text that is no HTTPS address of at most 200 characters.
pub fn runbook_url(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\'' | '`' | '|');
    let is_address = text.len() <= LONGEST_URL && text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
    if is_address && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err(format!("{text:?} is no address that begins with https:// and has at most {LONGEST_URL} plain characters"))
}

fn parse_in_range<T>(text: &str, range: std::ops::RangeInclusive<T>, what: &str) -> Result<T, String>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    let fault = || format!("{text:?} is not {what}, a whole number from {} to {}", range.start(), range.end());
    text.parse().ok().filter(|value| range.contains(value)).ok_or_else(fault)
}

/// Parses a list of sources, separated by commas.
///
/// # Errors
/// The message for an unknown source, which lists the valid ones.
pub fn sources(text: &str) -> Result<BTreeSet<Source>, String> {
    text.split(',').map(|source| source.trim().parse::<Source>().map_err(|unknown| unknown.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::parameters::Ipv6Network;
    use crate::detection::parameters::Order;

    fn parse(variables: &[(&str, &str)]) -> Result<Settings, SettingsFaults> {
        Settings::parse(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    const REQUIRED: [(&str, &str); 2] =
        [("PIVOTWATCH_TABLE", "evidence"), ("PIVOTWATCH_TOPIC_ARN", "arn:aws:sns:eu-north-1:111122223333:incidents")];

    #[test]
    fn the_defaults_are_those_of_the_published_rule() {
        let settings = parse(&REQUIRED).unwrap();
        assert_eq!(settings.rule, Rule::default());
        assert_eq!(settings.retention, TimeDelta::days(90));
        assert_eq!((settings.table.as_str(), settings.limits), ("evidence", Limits::default()));
        assert_eq!((settings.reporting, settings.account_names), (ReportingPolicy::default(), BTreeMap::new()));
        assert_eq!(settings.https, HttpsForm::Chat);
    }

    #[test]
    fn every_setting_can_be_set() {
        let set = [
            ("PIVOTWATCH_THRESHOLD", "10"),
            ("PIVOTWATCH_WINDOW", "2d"),
            ("PIVOTWATCH_ORDER", "failures_first"),
            ("PIVOTWATCH_SOURCES", "interactive, adfs"),
            ("PIVOTWATCH_IPV6_NETWORK", "none"),
            ("PIVOTWATCH_SUCCESSES", "ignore"),
            ("PIVOTWATCH_TUNING_TABLE", "tuning"),
            ("PIVOTWATCH_TUNING", r#"[{"id": "office"}]"#),
            ("PIVOTWATCH_RETENTION_DAYS", "30"),
            ("PIVOTWATCH_RECORD_LIMIT", "2000000"),
            ("PIVOTWATCH_OBJECT_LIMIT", "3000000000"),
            ("PIVOTWATCH_RATIO_LIMIT", "50"),
            ("PIVOTWATCH_DEPTH_LIMIT", "20"),
            ("PIVOTWATCH_ADDRESS_LIMIT", "1"),
            ("PIVOTWATCH_HOUR_LIMIT", "250"),
            ("PIVOTWATCH_MODE", "observe"),
            ("PIVOTWATCH_OBSERVE_UNTIL", "2026-03-09T01:00:00+01:00"),
            ("PIVOTWATCH_ACCOUNT_NAMES", r#"{"111122223333": "payments-prod"}"#),
            ("PIVOTWATCH_HTTPS_FORM", "finding"),
            ("PIVOTWATCH_RUNBOOK_URL", "https://wiki.example/pivotwatch?page=1#contain"),
        ];
        let settings = parse(&[&REQUIRED[..], &set].concat()).unwrap();
        let rule = Rule {
            threshold: 10,
            window: TimeDelta::hours(48),
            order: Order::FailuresFirst,
            sources: BTreeSet::from([Source::Interactive, Source::Adfs]),
            ipv6_network: Ipv6Network::NONE,
            counts_successes: false,
        };
        assert_eq!(settings.tuning_table.as_deref(), Some("tuning"));
        assert_eq!(settings.tuning_entries, [serde_json::json!({"id": "office"})]);
        assert_eq!((settings.rule, settings.retention), (rule, TimeDelta::days(30)));
        assert_eq!(settings.limits, Limits { record: 2_000_000, object: 3_000_000_000, ratio: 50, depth: 20 });
        assert_eq!(settings.https, HttpsForm::Finding);
        assert_eq!(settings.runbook.as_deref(), Some("https://wiki.example/pivotwatch?page=1#contain"));
        let until = Observation::Until("2026-03-09T00:00:00Z".parse().unwrap());
        assert_eq!(settings.reporting, ReportingPolicy { address_limit: 1, hour_limit: 250, observation: until });
        assert_eq!(settings.account_names, BTreeMap::from([("111122223333".to_owned(), "payments-prod".to_owned())]));
    }

    #[test]
    fn a_deployment_observes_without_an_end_and_has_no_end_without_observing() {
        let observation = |set: &[(&str, &str)]| {
            let settings = parse(&[&REQUIRED, set].concat());
            settings.map(|settings| settings.reporting.observation)
        };
        let until = ("PIVOTWATCH_OBSERVE_UNTIL", "2026-03-09T00:00:00Z");
        assert_eq!(observation(&[("PIVOTWATCH_MODE", "observe")]), Ok(Observation::On));
        assert_eq!(observation(&[("PIVOTWATCH_MODE", "publish")]), Ok(Observation::Off));
        for set in [&[until][..], &[("PIVOTWATCH_MODE", "publish"), until]] {
            let faults = observation(set).unwrap_err().to_string();
            assert!(faults.contains("only together with PIVOTWATCH_MODE=observe"), "{faults}");
        }
    }

    #[test]
    fn the_topics_arn_gives_region_and_account() {
        let topic = parse(&REQUIRED).unwrap().topic;
        assert_eq!((topic.region.as_str(), topic.account.as_str()), ("eu-north-1", "111122223333"));
        for arn in
            ["incidents", "arn:aws:sns:eu-north-1:111122223333:", "arn:aws:sqs:eu-north-1:111122223333:incidents"]
        {
            assert!(parse(&[REQUIRED[0], ("PIVOTWATCH_TOPIC_ARN", arn)]).is_err(), "{arn}");
        }
    }

    #[test]
    fn tuning_entries_that_are_no_list_are_one_invalid_entry_and_no_fault() {
        let settings = parse(&[&REQUIRED[..], &[("PIVOTWATCH_TUNING", "[{]")]].concat()).unwrap();
        assert_eq!(settings.tuning_entries, [serde_json::json!("[{]")]);
        assert_eq!(parse(&REQUIRED).unwrap().tuning_entries, [Value::Null; 0]);
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let faults = parse(&[
            ("PIVOTWATCH_TABLE", " "),
            ("PIVOTWATCH_THRESHOLD", "many"),
            ("PIVOTWATCH_WINDOW", "long"),
            ("PIVOTWATCH_ORDER", "random"),
            ("PIVOTWATCH_SOURCES", "interactive,carrier_pigeon"),
            ("PIVOTWATCH_RETENTION_DAYS", "0"),
            ("PIVOTWATCH_RECORD_LIMIT", "1"),
            ("PIVOTWATCH_OBJECT_LIMIT", "all"),
            ("PIVOTWATCH_RATIO_LIMIT", "0"),
            ("PIVOTWATCH_DEPTH_LIMIT", "1"),
            ("PIVOTWATCH_ADDRESS_LIMIT", "0"),
            ("PIVOTWATCH_HOUR_LIMIT", "1001"),
            ("PIVOTWATCH_MODE", "silent"),
            ("PIVOTWATCH_OBSERVE_UNTIL", "tomorrow"),
            ("PIVOTWATCH_ACCOUNT_NAMES", r#"{"payments-prod": "111122223333"}"#),
            ("PIVOTWATCH_HTTPS_FORM", "xml"),
            ("PIVOTWATCH_RUNBOOK_URL", "http://wiki.example"),
        ]);
        insta::assert_snapshot!(faults.unwrap_err().to_string().replace("; PIVOTWATCH", ";\nPIVOTWATCH"));
    }
}
