//! Decides whether the text in a forwarder's document comes from the log that it looks like: Entra's sign-ins, or
//! CloudTrail.
//!
//! Only members that a forwarder or its configuration fills count: the data set, the service, the topic. No visitor of
//! an application can fill them. A subject that names another application outweighs a topic or a tag, because an
//! application on Azure can have those too.
//!
//! Three predicates ask whether another application wrote something. `aws::envelope` has the same three for CloudTrail.
//!
//! - [`is_of_another`]: a record.
//! - [`is_within_another`]: a document around a record.
//! - `pages::is_log_line`: an object around an array of records.

use std::sync::LazyLock;

use json_records::parse_or_repair;
use memchr::memmem::Finder;
use serde_json::Value;
use serde_json::value::RawValue;

use super::claim::{CarriedLog, Claim, claim};
use super::members::{at, members, number_of};
use crate::input::log_line::{APPLICATION_KEYS, LOGGER_KEYS};

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
        values.flat_map(texts).map(|text| claim(&text, log, of == Purpose::Label)).collect()
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
