//! An entry in words: what it excludes, what it does not, until when, and how wide it is. The words come from the JSON
//! of the entry, so an invalid entry has words too.

use std::net::IpAddr;

use pivotwatch::notify::escape_for_display;
use serde_json::Value;

/// Characters of a text that are shown.
const SHOWN: usize = 200;

/// The conditions, each with its words.
const CONDITIONS: [(&str, &str); 12] = [
    ("cidr", "the address is in"),
    ("user", "the user is like"),
    ("app", "the application is like"),
    ("operation", "the operation is like"),
    ("client_app", "the client application is like"),
    ("user_agent", "the user agent is like"),
    ("code", "the result code is"),
    ("code_class", "the result code is of the class"),
    ("source", "the source is"),
    ("principal", "the principal is like"),
    ("account", "the account is like"),
    ("region", "the region is like"),
];

/// What an entry does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    ExcludesFailures,
    ExcludesLogins,
    SetsThreshold,
    Unknown,
}

fn kind(entry: &Value) -> Kind {
    match (entry["exclude"].as_str(), &entry["threshold"]) {
        (Some("failures"), Value::Null) => Kind::ExcludesFailures,
        (Some("logins"), Value::Null) => Kind::ExcludesLogins,
        (None, Value::Number(_)) => Kind::SetsThreshold,
        _ => Kind::Unknown,
    }
}

/// The effect in a few words.
pub(super) fn effect(entry: &Value) -> String {
    match kind(entry) {
        Kind::ExcludesFailures => "excludes failures".to_owned(),
        Kind::ExcludesLogins => "excludes logins".to_owned(),
        Kind::SetsThreshold => format!("threshold {}", entry["threshold"]),
        Kind::Unknown => "unknown".to_owned(),
    }
}

/// The effect in a sentence.
pub(super) fn effect_sentence(entry: &Value) -> String {
    match kind(entry) {
        Kind::ExcludesFailures => "Failures that meet every condition do not count.".to_owned(),
        Kind::ExcludesLogins => "Logins that meet every condition do not match.".to_owned(),
        Kind::SetsThreshold => {
            let threshold = &entry["threshold"];
            format!("Logins that meet every condition match only with more than {threshold} failures of a source.")
        }
        Kind::Unknown => NONE.to_owned(),
    }
}

/// What the entry does not do.
pub(super) fn remainder(entry: &Value) -> &'static str {
    match kind(entry) {
        Kind::ExcludesFailures => "Other failures count as before, also from the same address. It excludes no login.",
        Kind::ExcludesLogins => "Other logins match as before, also from the same address. All failures count.",
        Kind::SetsThreshold => "More failures than that match as before. It excludes no failure and no login.",
        Kind::Unknown => "All failures and logins count.",
    }
}

/// The effect of an invalid entry.
pub(super) const NONE: &str = "None: the functions ignore the entry.";

/// Where hidden incidents are.
pub(super) const STORED: &str = "Incidents that it hides are stored and listed, and not mailed.";

/// The conditions, one a line, joined by "and".
pub(super) fn conditions(entry: &Value) -> String {
    let Some(when) = entry["when"].as_object() else { return "none".to_owned() };
    let known = CONDITIONS.iter().filter_map(|(name, words)| Some(condition(words, when.get(*name)?)));
    let is_known = |name: &str| CONDITIONS.iter().any(|(known, _)| *known == name);
    let unknown = when.iter().filter(|(name, _)| !is_known(name));
    let unknown = unknown.map(|(name, values)| condition(&format!("{} (unknown) is", shown(name)), values));
    let all: Vec<_> = known.chain(unknown).collect();
    if all.is_empty() { "none".to_owned() } else { all.join("\nand ") }
}

fn condition(words: &str, values: &Value) -> String {
    let values: Vec<_> = match values {
        Value::Array(values) => values.iter().map(plain).collect(),
        value => vec![plain(value)],
    };
    format!("{words} {}", if values.is_empty() { "nothing".to_owned() } else { values.join(" or ") })
}

/// The period in which the events must lie.
pub(super) fn period(entry: &Value) -> String {
    let time = |name: &str| Some(&entry[name]).filter(|time| !time.is_null()).map(plain);
    match (time("starts_at"), time("expires_at")) {
        (None, None) => "always".to_owned(),
        (Some(start), None) => format!("from {start}"),
        (None, Some(end)) => format!("until {end}"),
        (Some(start), Some(end)) => format!("from {start}\nuntil {end}"),
    }
}

/// How many addresses the entry applies to, one network a line.
pub(super) fn width(entry: &Value) -> String {
    let Some(networks) = entry["when"]["cidr"].as_array() else { return "every address".to_owned() };
    let width = |network: &Value| {
        let addresses = addresses(network.as_str().unwrap_or_default());
        format!("{}: {}", plain(network), addresses.unwrap_or_else(|| "no network".to_owned()))
    };
    let widths: Vec<_> = networks.iter().map(width).collect();
    if widths.is_empty() { "no address".to_owned() } else { widths.join("\n") }
}

/// The number of addresses of a network.
fn addresses(network: &str) -> Option<String> {
    let (address, prefix) = network.trim().split_once('/').unwrap_or((network.trim(), ""));
    let bits: u32 = if address.parse::<IpAddr>().ok()?.is_ipv4() { 32 } else { 128 };
    let prefix = if prefix.is_empty() { bits } else { prefix.parse().ok()? };
    match bits.checked_sub(prefix)? {
        0 => Some("1 address".to_owned()),
        free @ 1..=24 => Some(format!("{} addresses", 1_u32 << free)),
        free => Some(format!("2^{free} addresses")),
    }
}

/// A member's text for display, or its JSON if it is no text.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| shown(&value.to_string()), shown)
}

fn shown(text: &str) -> String {
    escape_for_display(text, SHOWN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_width_of_a_network_is_its_number_of_addresses() {
        for (network, expected) in [
            ("192.0.2.0/24", Some("256 addresses")),
            ("192.0.2.9", Some("1 address")),
            ("192.0.2.9/32", Some("1 address")),
            ("10.0.0.0/8", Some("16777216 addresses")),
            ("0.0.0.0/0", Some("2^32 addresses")),
            ("2001:db8:7::/48", Some("2^80 addresses")),
            ("2001:db8::1", Some("1 address")),
            ("192.0.2.0/33", None),
            ("office", None),
        ] {
            assert_eq!(addresses(network).as_deref(), expected, "{network}");
        }
        assert_eq!(width(&json!({"when": {"user": ["ann"]}})), "every address");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>().prop_map(Value::from),
            prop::sample::select(vec!["failures", "192.0.2.0/24", "\u{1b}[2J"]).prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            Just(Value::Null),
        ];
        text.prop_recursive(3, 24, 4, |inner| {
            let name = prop::sample::select(vec![
                "exclude",
                "threshold",
                "when",
                "cidr",
                "app",
                "code",
                "expires_at",
                "starts_at",
                "\u{202e}x",
            ]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name, inner, 0..6)
                    .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_json_has_words_without_control_characters(entry in any_json()) {
            let words = [
                effect(&entry), effect_sentence(&entry), remainder(&entry).to_owned(), conditions(&entry), period(&entry),
                width(&entry),
            ];
            for text in words {
                prop_assert!(!text.is_empty());
                let is_plain = |c: char| matches!(c, '\n' | '…' | ' '..='~' | '\u{c0}'..='\u{24f}');
                prop_assert!(text.chars().all(is_plain), "{text:?}");
            }
        }
    }
}
