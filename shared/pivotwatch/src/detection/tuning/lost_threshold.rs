//! What holds in place of a threshold whose entry is invalid.
//!
//! A narrow threshold limits what a wide one hides. Without it the wide one would apply, and hide more. So the rule's
//! own threshold holds in its place, and a fault of an entry never hides an incident.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::network::{self, Networks};
use crate::detection::address::Address;

/// The networks, at least one, of an invalid entry that may have been a threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostThreshold(Networks);

impl LostThreshold {
    /// The threshold that an invalid entry may have been. `None` for an exclusion, which only hides, for a removed
    /// entry, and for one without a network.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let has = |name: &str| value.get(name).is_some_and(|member| !member.is_null());
        let is_time = |text: &str| text.parse::<DateTime<Utc>>().is_ok();
        let is_removed = value.get("removed_at").and_then(Value::as_str).is_some_and(is_time);
        if is_removed || has("exclude") && !has("threshold") {
            return None;
        }
        let cidr = value.get("when")?.get("cidr")?;
        let texts = cidr.as_array().map_or_else(|| std::slice::from_ref(cidr), Vec::as_slice);
        let networks = texts.iter().filter_map(|text| network::with_host_bits(text.as_str()?.trim()));
        let networks: Vec<_> = networks.collect();
        (!networks.is_empty()).then(|| Self(Networks::of(networks)))
    }

    /// The length of the longest of its prefixes that the address has. By it the rule's own threshold competes with the
    /// thresholds of valid entries.
    pub(super) fn longest_prefix(&self, address: Address) -> Option<u8> {
        self.0.longest_prefix(address)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::json;

    use super::*;
    use crate::detection::evidence::{Evidence, incidents};
    use crate::detection::fixtures::{address, after_noon, failure, login, noon, tallies};
    use crate::detection::{Rule, Tuning};

    fn entry(id: &str, members: &Value) -> Value {
        let mut entry = json!({"id": id, "reason": "a test", "author": "ann", "permanent": true});
        entry.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        entry
    }

    /// Whether so many failures and a login of 203.0.113.7 are mailed.
    fn is_mailed(failures: i64, entries: &[Value]) -> bool {
        let failures = (0..failures).map(|number| failure(number, after_noon(-number)));
        let evidence =
            Evidence { tallies: tallies(failures), logins: vec![login("one", noon())], ..Evidence::none(address()) };
        let tuning = Tuning::parse(entries.iter().cloned(), &Rule::default());
        incidents(&evidence, &Rule::default(), &tuning).iter().all(|report| report.hidden_by.is_empty())
    }

    fn threshold(id: &str, threshold: u32, cidr: &str) -> Value {
        entry(id, &json!({"threshold": threshold, "when": {"cidr": [cidr]}}))
    }

    #[test]
    fn the_rules_threshold_holds_in_place_of_an_invalid_one() {
        let wide = threshold("wide", 200, "203.0.0.0/16");
        let narrow = threshold("narrow", 7, "203.0.113.0/24");
        assert!(!is_mailed(7, &[wide.clone(), narrow.clone()]));
        for damage in [
            json!({"colour": "red"}),
            json!({"threshold": 3}),
            json!({"threshold": "7"}),
            json!({"reason": ""}),
            json!({"permanent": false}),
            json!({"exclude": "failures"}),
            json!({"when": {"cidr": "203.0.113.0/24"}}),
            json!({"when": {"cidr": ["203.0.113.1/24"]}}),
            json!({"when": {"cidr": ["198.51.100.0", "203.0.113.0/24", "office"]}}),
            json!({"when": {"cidr": ["203.0.113.0/24"], "colour": ["red"]}}),
            json!({"removed_at": "yesterday"}),
        ] {
            let mut damaged = narrow.clone();
            damaged.as_object_mut().unwrap().extend(damage.as_object().unwrap().clone());
            assert!(is_mailed(6, &[wide.clone(), damaged]), "{damage}");
        }
    }

    #[test]
    fn an_invalid_entry_changes_no_threshold_that_it_would_not_have_replaced() {
        let narrow = threshold("narrow", 50, "203.0.113.0/24");
        for other in [
            threshold("wide", 3, "203.0.0.0/16"),
            threshold("elsewhere", 3, "198.51.100.0/24"),
            entry("exclusion", &json!({"exclude": "failures", "when": {"cidr": ["203.0.113.7"]}, "colour": "red"})),
            entry("exclusion", &json!({"exclude": "failures", "when": {"cidr": ["203.0.113"]}})),
            entry(
                "removed",
                &json!({"threshold": 3, "when": {"cidr": ["203.0.113.7"]}, "removed_at": "2026-03-01T00:00:00Z"}),
            ),
            entry("unknown-network", &json!({"threshold": 3, "when": {"cidr": ["office"]}})),
            json!({"id": "bad", "threshold": 1}),
            Value::Null,
        ] {
            assert!(!is_mailed(6, &[narrow.clone(), other.clone()]), "{other}");
        }
    }

    fn tables() -> impl Strategy<Value = Vec<Value>> {
        let cidr = select(vec![
            json!(["203.0.0.0/16"]),
            json!(["203.0.113.0/24"]),
            json!(["203.0.113.7", "198.51.100.0/24"]),
            json!(["198.51.100.0/24"]),
        ]);
        let sources = select(vec![json!(["interactive"]), json!(["interactive", "non_interactive"])]);
        let one = (cidr, sources, 6..16_u32, 0..3_u8).prop_map(|(cidr, source, threshold, kind)| match kind {
            0 => json!({
                "exclude": "failures", "when": {"cidr": cidr}, "expires_at": noon().to_rfc3339(), "permanent": false,
            }),
            _ => json!({"threshold": threshold, "when": {"cidr": cidr, "source": source}}),
        });
        vec(one, 1..4).prop_map(|all| {
            (0..).zip(all).map(|(number, members): (u32, _)| entry(&format!("e{number}"), &members)).collect()
        })
    }

    /// Makes an entry invalid, and leaves its networks.
    fn damage(entry: &mut Value, kind: usize) {
        let effect = if entry.get("threshold").is_some() { "threshold" } else { "exclude" };
        let (name, value) = match kind {
            0 => ("colour", json!("red")),
            1 => (effect, json!(-1)),
            2 => (effect, json!("x")),
            3 => (effect, Value::Null),
            4 => ("author", Value::Null),
            5 => ("id", json!("No id")),
            6 => ("removed_at", json!("today")),
            7 => ("exclude", json!("all")),
            8 => ("starts_at", json!("soon")),
            9 => ("permanent", json!("yes")),
            _ => {
                entry["when"]["source"] = json!(["web"]);
                return;
            }
        };
        entry[name] = value;
    }

    proptest! {
        #[test]
        fn damaging_an_entry_never_hides_an_incident(
            table in tables(),
            which: Index,
            kind in 0..11_usize,
            failures in 6..18_i64,
        ) {
            let mut damaged = table.clone();
            damage(&mut damaged[which.index(table.len())], kind);
            if is_mailed(failures, &table) {
                prop_assert!(is_mailed(failures, &damaged), "{damaged:?}");
            }
        }
    }
}
