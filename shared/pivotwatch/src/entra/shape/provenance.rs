//! Whether a forwarder's document says that its text comes from Entra.
//!
//! Only members count that a forwarder or its configuration fills, and that no visitor of an application can: the data set,
//! the service, the topic. Some name what the text is about. One that names another application outweighs a topic or a tag,
//! because an application that runs on Azure can have those as well.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Where a document says that it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provenance {
    /// From Entra.
    Entra,
    /// It says nothing.
    Silent,
    /// From elsewhere, or from Azure without a word of Entra.
    Other,
}

/// What a member is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It names what a document is about.
    Subject,
    /// It names the way on which it came.
    Way,
    /// It is a label of any kind.
    Label,
}

/// The members that are looked at, by their paths. Documents have them nested or flat.
const EVIDENCE: [(&str, Use); 26] = [
    ("source", Use::Subject),
    ("ddsource", Use::Subject),
    ("sourcetype", Use::Subject),
    ("service", Use::Subject),
    ("service.name", Use::Subject),
    ("service.type", Use::Subject),
    ("event.dataset", Use::Subject),
    ("event.module", Use::Subject),
    ("data_stream.dataset", Use::Subject),
    ("fileset.module", Use::Subject),
    ("routing.hostname", Use::Subject),
    ("source_type", Use::Way),
    ("input.type", Use::Way),
    ("topic", Use::Way),
    ("kafka.topic", Use::Way),
    ("azure.eventhub", Use::Way),
    ("azure.storage.container.name", Use::Way),
    ("azure.storage.blob.name", Use::Way),
    ("log.file.path", Use::Label),
    ("file", Use::Label),
    ("type", Use::Label),
    ("tag", Use::Label),
    ("tags", Use::Label),
    ("ddtags", Use::Label),
    ("fields.type", Use::Label),
    ("fields.log_type", Use::Label),
];

/// The first part of each path in [`EVIDENCE`], where it has more than one.
const OBJECTS: [&str; 10] =
    ["service", "event", "data_stream", "fileset", "routing", "input", "kafka", "azure", "log", "fields"];

/// Bytes of the longest member that is looked at.
const LONGEST: usize = 4096;

/// What a text says of where a document comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// Entra, or its sign-in logs.
    Entra,
    /// Azure, and no service of it.
    Azure,
    /// Nothing but a way of transport.
    Nothing,
    /// Something else.
    Other,
}

/// Where the document `text` says that it comes from.
pub(super) fn provenance(text: &[u8]) -> Provenance {
    let paths = EVIDENCE.map(|(path, _)| path);
    let Some((flat, objects)) = members(text, paths).zip(members(text, OBJECTS)) else { return Provenance::Silent };
    let objects = objects.map(|member| within(member?).and_then(|json| serde_json::from_str::<Value>(json).ok()));
    let mut said = Vec::new();
    for ((path, purpose), flat) in EVIDENCE.into_iter().zip(flat) {
        let nested = || {
            let (object, rest) = path.split_once('.')?;
            let object = OBJECTS.iter().position(|known| *known == object)?;
            objects[object].as_ref()?.pointer(&format!("/{}", rest.replace('.', "/"))).cloned()
        };
        let flat = flat.and_then(within).and_then(|json| serde_json::from_str(json).ok());
        for text in texts(flat.or_else(nested)) {
            said.push((purpose, says(&text)));
        }
    }
    let has = |purpose: Use, what: Says| said.contains(&(purpose, what));
    if has(Use::Subject, Says::Entra) {
        Provenance::Entra
    } else if has(Use::Subject, Says::Other) {
        Provenance::Other
    } else if has(Use::Subject, Says::Azure)
        || has(Use::Way, Says::Entra)
        || has(Use::Way, Says::Azure)
        || has(Use::Label, Says::Entra)
    {
        Provenance::Entra
    } else {
        Provenance::Silent
    }
}

/// A text, or the texts of a list.
fn texts(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(texts)) => texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn within(member: &RawValue) -> Option<&str> {
    Some(member.get()).filter(|json| json.len() <= LONGEST)
}

/// Names of Entra, of its earlier names, and of its logs.
const ENTRA: [&str; 8] =
    ["entra", "entraid", "aad", "aadiam", "azuread", "activedirectory", "azureactivedirectory", "signinlogs"];

/// Words that go with Azure's name and say no more.
const OF_AZURE: [&str; 18] = [
    "azure",
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

/// Words that name a way of transport.
const TRANSPORT: [&str; 14] = [
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
];

fn says(text: &str) -> Says {
    let text = text.to_ascii_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_azure = words.contains(&"azure");
    let names_entra = |word: &&str| ENTRA.contains(word) || word.ends_with("signinlogs");
    let is_directory = words.contains(&"directory") || words.contains(&"ad") || words.contains(&"signin");
    if words.iter().any(names_entra) || is_azure && is_directory {
        Says::Entra
    } else if is_azure && words.iter().all(|word| OF_AZURE.contains(word)) {
        Says::Azure
    } else if words.iter().all(|word| TRANSPORT.contains(word)) {
        Says::Nothing
    } else {
        Says::Other
    }
}

/// The members of these names of a JSON object, the last of each; `None` when the text is no object.
pub(super) fn members<'t, const N: usize>(text: &'t [u8], names: [&str; N]) -> Option<[Option<&'t RawValue>; N]> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let found = json.deserialize_map(Requested(names)).ok()?;
    json.end().ok()?;
    Some(found)
}

/// Collects the members of these names.
struct Requested<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Requested<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(name) = map.next_key::<String>()? {
            match self.0.iter().position(|requested| *requested == name) {
                Some(index) => found[index] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}
