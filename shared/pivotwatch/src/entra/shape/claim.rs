//! Decides what a text such as `azure.signinlogs` claims about the origin of its document.
//!
//! Its words are compared with lists: names of the log and of its platform, and words that can accompany them. A word
//! of no list names another application.

/// A log whose records forwarders carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CarriedLog {
    /// Entra's logs of sign-ins.
    SignIns,
    /// AWS CloudTrail.
    CloudTrail,
}

/// The statement of a text about the origin of its document, compared with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
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

/// The claim of a text, compared with a log. A label is any text of a configuration, such as a path or a tag.
pub(super) fn claim(text: &str, log: CarriedLog, is_label: bool) -> Claim {
    let text = text.to_ascii_lowercase();
    let words = words_of(&text);
    // An application that uses Entra has it in its name: `oauth2-proxy-entra`. So a part of a label must name the log
    // alone, such as a folder of a path.
    let names_log = |part: &str| log.is_named(&words_of(part)) && log.is_all_that_is_named(&words_of(part));
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
