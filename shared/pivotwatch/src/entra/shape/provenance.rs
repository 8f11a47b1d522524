//! Decides whether the text in a forwarder's document comes from the log that it looks like: Entra's sign-ins, or
//! CloudTrail.
//!
//! Only members that a forwarder or its configuration fills count: the data set, the service, the topic. No visitor of
//! an application can fill them. A subject that names another application outweighs a topic or a tag, because an
//! application on Azure can have those too.

use std::fmt;
use std::sync::LazyLock;

use json_records::parse_or_repair;
use memchr::memmem::Finder;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::lenient::LenientText;
use crate::input::sniff::{APPLICATION_KEYS, LOGGER_KEYS};

/// A log whose records forwarders carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CarriedLog {
    /// Entra's logs of sign-ins.
    SignIns,
    /// AWS CloudTrail.
    CloudTrail,
}

/// The origin that a document states, compared with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provenance {
    /// The log, or its platform.
    Stated,
    /// None.
    Silent,
    /// A sensor whose name people chose. Not enough to trust a text, nor to distrust an object, which a sensor parsed.
    Sensor,
    /// Another application, or another service of the platform.
    Other,
}

impl Provenance {
    /// [`is_within_another`], for the document `text` of this origin.
    pub(super) fn is_another(self, text: &[u8]) -> bool {
        match self {
            Self::Other => true,
            Self::Silent => number_of(APPLICATION_KEYS, text) + number_of(LOGGER_KEYS, text) > 0,
            Self::Stated | Self::Sensor => false,
        }
    }
}

/// The purpose of a member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Names the application or data set of a document.
    Subject,
    /// Names the sensor that sent a document.
    Sensor,
    /// Names the transport of a document.
    Route,
    /// Names the program that received a document, a route too.
    Receiver,
    /// Any label.
    Label,
}

/// The members that count, by their paths. Documents have them nested or flat.
const EVIDENCE: [(&str, Purpose); 28] = [
    ("source", Purpose::Subject),
    ("ddsource", Purpose::Subject),
    ("sourcetype", Purpose::Subject),
    ("service", Purpose::Subject),
    ("service.name", Purpose::Subject),
    ("service.type", Purpose::Subject),
    ("event.dataset", Purpose::Subject),
    ("event.module", Purpose::Subject),
    ("data_stream.dataset", Purpose::Subject),
    ("fileset.module", Purpose::Subject),
    ("routing.hostname", Purpose::Sensor),
    ("source_type", Purpose::Receiver),
    ("input.type", Purpose::Receiver),
    ("topic", Purpose::Route),
    ("kafka.topic", Purpose::Route),
    ("azure.eventhub", Purpose::Route),
    ("azure.storage.container.name", Purpose::Route),
    ("azure.storage.blob.name", Purpose::Route),
    ("log.file.path", Purpose::Label),
    ("_sourceCategory", Purpose::Label),
    ("file", Purpose::Label),
    ("type", Purpose::Label),
    ("tag", Purpose::Label),
    ("tags", Purpose::Label),
    ("ddtags", Purpose::Label),
    ("logStreamName", Purpose::Label),
    ("fields.type", Purpose::Label),
    ("fields.log_type", Purpose::Label),
];

/// The first part of each path in [`EVIDENCE`], where it has more than one.
const OBJECTS: [&str; 10] =
    ["service", "event", "data_stream", "fileset", "routing", "input", "kafka", "azure", "log", "fields"];

/// The paths of [`EVIDENCE`], then [`OBJECTS`], then the member with the document in a search's result.
const NAMES: [&str; EVIDENCE.len() + OBJECTS.len() + 1] = {
    let mut names = ["_source"; EVIDENCE.len() + OBJECTS.len() + 1];
    let mut index = 0;
    while index < names.len() - 1 {
        names[index] = if index < EVIDENCE.len() { EVIDENCE[index].0 } else { OBJECTS[index - EVIDENCE.len()] };
        index += 1;
    }
    names
};

/// Bytes of the longest member that is parsed.
const LONGEST: usize = 4096;

/// The statement of a text about the origin of its document, compared with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// The log: Entra, or CloudTrail.
    Log,
    /// The platform without a service: Azure, or AWS.
    Platform,
    /// Only a transport.
    Nothing,
    /// A receiver of HTTP requests, to which anybody can post.
    Posted,
    /// Another application.
    Other,
}

/// The origin that the document `text` states, or another application that the document in a search's result states.
pub(super) fn provenance(text: &[u8], log: CarriedLog) -> Provenance {
    let of_both = |text: &[u8]| {
        let (own, searched) = of_document(text, log)?;
        let of_searched = searched.and_then(|document| of_document(document.get().as_bytes(), log));
        let of_searched = of_searched.map(|(origin, _)| origin);
        Some(if own == Provenance::Silent && of_searched == Some(Provenance::Other) { Provenance::Other } else { own })
    };
    parse_or_repair(text, of_both).unwrap_or(Provenance::Silent)
}

/// The origin that a document states, and the document in a search's result. `None` if the text is no JSON object.
/// Members are parsed once the ones before do not decide: a route can lie in an object as large as the document.
fn of_document(text: &[u8], log: CarriedLog) -> Option<(Provenance, Option<&RawValue>)> {
    let found = members(text, NAMES)?;
    let searched = found[NAMES.len() - 1];
    let claims = |of: Purpose| -> Vec<Claim> {
        let members = EVIDENCE.into_iter().zip(found).filter(|((_, purpose), _)| *purpose == of);
        let values = members.filter_map(|((path, _), flat)| {
            let nested = || {
                let (object, rest) = path.split_once('.')?;
                let object = NAMES.iter().position(|known| *known == object)?;
                at(found[object]?, rest)
            };
            serde_json::from_str(short_json(flat.or_else(nested)?)?).ok()
        });
        values.flat_map(texts).map(|text| claim(&text, log, of)).collect()
    };
    let [receivers, subjects, sensors] = [Purpose::Receiver, Purpose::Subject, Purpose::Sensor].map(claims);
    let is_platform = |claims: &[Claim]| claims.contains(&Claim::Log) || claims.contains(&Claim::Platform);
    let is_other = |claims: &[Claim]| claims.contains(&Claim::Other) || claims.contains(&Claim::Posted);
    // A visitor can post every other member to a receiver of HTTP requests.
    let origin = if receivers.contains(&Claim::Posted) {
        Provenance::Other
    } else if subjects.contains(&Claim::Log) || sensors.contains(&Claim::Log) {
        Provenance::Stated
    } else if is_other(&subjects) {
        Provenance::Other
    } else if is_other(&sensors) {
        Provenance::Sensor
    } else if [&subjects, &sensors, &receivers].into_iter().any(|claims| is_platform(claims))
        || is_platform(&claims(Purpose::Route))
        || claims(Purpose::Label).contains(&Claim::Log)
    {
        Provenance::Stated
    } else {
        Provenance::Silent
    };
    Some((origin, searched))
}

/// Whether another application wrote the record `text`: it names one, or it names nobody and has several keys of log
/// lines. A logger adds such keys to the members of what a visitor posted. Faster than [`provenance`] where a record
/// names nobody.
pub(super) fn is_of_another(text: &[u8]) -> bool {
    let names_somebody = || FINDERS.iter().any(|name| name.find(text).is_some());
    let has_log_line_keys = || LOG_LINE_FINDERS.iter().filter(|name| name.find(text).is_some()).count() > 1;
    (names_somebody() || has_log_line_keys())
        && match provenance(text, CarriedLog::SignIns) {
            Provenance::Other => true,
            Provenance::Silent => number_of(APPLICATION_KEYS, text) > 1,
            Provenance::Stated | Provenance::Sensor => false,
        }
}

/// Whether another application wrote the document `text` around a record: it names one, or it names nobody and has a
/// key of log lines.
pub(super) fn is_within_another(text: &[u8], log: CarriedLog) -> bool {
    provenance(text, log).is_another(text)
}

/// The number of these keys that an object has.
pub(super) fn number_of<const N: usize>(keys: [&str; N], text: &[u8]) -> usize {
    let count = |text: &[u8]| members(text, keys).map(|found| found.into_iter().flatten().count());
    parse_or_repair(text, count).unwrap_or_default()
}

static FINDERS: LazyLock<[Finder<'static>; STATING.len()]> = LazyLock::new(|| STATING.map(Finder::new));

static LOG_LINE_FINDERS: LazyLock<[Finder<'static>; APPLICATION_KEYS.len()]> =
    LazyLock::new(|| APPLICATION_KEYS.map(|key| Finder::new(&format!("\"{key}\"")).into_owned()));

/// The beginnings of the members that can state another application.
const STATING: [&str; 12] = [
    "\"source\"",
    "\"source_type\"",
    "\"sourcetype\"",
    "\"ddsource\"",
    "\"service\"",
    "\"service.",
    "\"event\"",
    "\"event.",
    "\"data_stream",
    "\"fileset",
    "\"input",
    "\"routing",
];

/// The member at this path within an object.
fn at<'t>(object: &'t RawValue, path: &str) -> Option<&'t RawValue> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let [member] = members(object.get().as_bytes(), [name])?;
    match rest {
        Some(rest) => at(member?, rest),
        None => member,
    }
}

/// A text, or the texts of a list.
fn texts(value: Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn short_json(member: &RawValue) -> Option<&str> {
    Some(member.get()).filter(|json| json.len() <= LONGEST && !json.starts_with('{'))
}

/// Names of Entra, of its earlier names, and of its logs.
const ENTRA: [&str; 8] =
    ["entra", "entraid", "aad", "aadiam", "azuread", "activedirectory", "azureactivedirectory", "signinlogs"];

/// Words that accompany Azure's name and add no service.
const OF_AZURE: [&str; 17] = [
    "microsoft",
    "ms",
    "mscs",
    "event",
    "events",
    "hub",
    "hubs",
    "eventhub",
    "eventhubs",
    "monitor",
    "log",
    "logs",
    "insights",
    "diagnostic",
    "diagnostics",
    "blob",
    "storage",
];

/// Words that accompany Entra's names and add no service.
const OF_ENTRA: [&str; 16] = [
    "azure",
    "ad",
    "active",
    "directory",
    "id",
    "signin",
    "sign",
    "in",
    "ins",
    "interactive",
    "noninteractive",
    "non",
    "user",
    "users",
    "service",
    "env",
];

/// Names of AWS.
const AWS: [&str; 3] = ["aws", "amazon", "amazonaws"];

/// Words that accompany AWS's name and add no service, or the transport or the sign-in service of its logs.
const OF_AWS: [&str; 16] = [
    "com",
    "cloudwatch",
    "event",
    "eventbridge",
    "events",
    "firehose",
    "kinesis",
    "log",
    "logs",
    "s3",
    "signin",
    "sns",
    "sqs",
    "stream",
    "streams",
    "data",
];

/// Words that name a transport, a collector of logs, or Microsoft without a service.
const TRANSPORT: [&str; 29] = [
    "kafka",
    "json",
    "log",
    "logs",
    "events",
    "filebeat",
    "logstash",
    "vector",
    "fluentd",
    "fluentbit",
    "generic",
    "elastic",
    "agent",
    "eventhub",
    "cribl",
    "export",
    "graph",
    "m365",
    "microsoft",
    "msgraph",
    "o365",
    "365",
    "office365",
    "prod",
    "sentinel",
    "siem",
    "splunk",
    "syslog",
    "signins",
];

/// Words that name a receiver of HTTP requests.
const POSTED: [&str; 5] = ["http", "https", "server", "endpoint", "webhook"];

impl CarriedLog {
    /// Whether these words name the log.
    fn is_named(self, words: &[&str]) -> bool {
        match self {
            Self::SignIns => {
                let is_directory = ["directory", "ad", "signin"].iter().any(|word| words.contains(word));
                words.iter().any(|word| ENTRA.contains(word) || word.ends_with("signinlogs"))
                    || words.contains(&"azure") && is_directory
            }
            Self::CloudTrail => words.iter().any(|word| word.ends_with("cloudtrail")),
        }
    }

    /// Whether these words name nothing else than the log, or name it in full.
    fn is_all_that_is_named(self, words: &[&str]) -> bool {
        let is_in_full = |word: &&str| word.ends_with("signinlogs") || word.ends_with("cloudtrail");
        let is_known = |word: &&str| {
            let lists: [&[&str]; 4] = [&ENTRA, &OF_ENTRA, &OF_AZURE, &TRANSPORT];
            lists.iter().any(|list| list.contains(word))
        };
        self == Self::CloudTrail || words.iter().any(is_in_full) || words.iter().all(is_known)
    }

    /// Whether these words name the log's platform, and nothing else.
    fn is_of_platform(self, words: &[&str]) -> bool {
        let (names, others): (&[&str], &[&str]) = match self {
            Self::SignIns => (&["azure"], &OF_AZURE),
            Self::CloudTrail => (&AWS, &OF_AWS),
        };
        words.iter().any(|word| names.contains(word))
            && words.iter().all(|word| names.contains(word) || others.contains(word))
    }
}

fn words_of(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

fn claim(text: &str, log: CarriedLog, purpose: Purpose) -> Claim {
    let text = text.to_ascii_lowercase();
    let words = words_of(&text);
    // An application that uses Entra has it in its name: `oauth2-proxy-entra`. So a part of a label must name the log
    // alone, such as a folder of a path.
    let names_log = |part: &str| log.is_named(&words_of(part)) && log.is_all_that_is_named(&words_of(part));
    let is_label = purpose == Purpose::Label;
    if log.is_named(&words) && (!is_label || text.split(['/', '\\', ',', ';', ' ']).any(names_log)) {
        Claim::Log
    } else if log.is_of_platform(&words) {
        Claim::Platform
    } else if words.iter().all(|word| TRANSPORT.contains(word)) {
        Claim::Nothing
    } else if words.iter().all(|word| POSTED.contains(word)) {
        Claim::Posted
    } else {
        Claim::Other
    }
}

/// The members of these names of a JSON object, the last of each; `None` if the text is not an object.
pub(super) fn members<'t, const N: usize>(text: &'t [u8], names: [&str; N]) -> Option<[Option<&'t RawValue>; N]> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let found = json.deserialize_map(MembersVisitor(names)).ok()?;
    json.end().ok()?;
    Some(found)
}

/// Collects the members of these names.
struct MembersVisitor<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for MembersVisitor<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(LenientText(name)) = map.next_key()? {
            match self.0.iter().position(|requested| *requested == name) {
                Some(index) => found[index] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::batches::STATING_KEYS;
    use super::*;

    /// The fast path declines a failure with one of these keys.
    #[test]
    fn every_member_that_can_state_another_application_is_a_stating_key() {
        let stating = |(_, purpose): &&(&str, Purpose)| !matches!(purpose, Purpose::Route | Purpose::Label);
        for (path, _) in EVIDENCE.iter().filter(stating) {
            for key in [*path, path.split('.').next().unwrap_or(path)] {
                assert!(STATING_KEYS.contains(&key), "{key}");
            }
        }
    }
}
