//! Tuning entries of worlds, and what they hide: a reference implementation without patterns, networks and tallies.

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::Source;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::facts::at;
use crate::worlds::TrailRecord;

/// An entry with what every entry needs, and these members.
///
/// # Panics
/// If `members` is no object.
#[must_use]
pub fn entry(id: &str, members: &Value) -> Value {
    let mut entry = json!({"id": id, "reason": "a test", "author": "ann", "permanent": true});
    for (name, value) in members.as_object().expect("an object") {
        entry[name] = value.clone();
    }
    entry
}

/// An entry, by what it does to the facts of a world.
#[derive(Clone, Debug)]
pub struct WorldEntry {
    /// The id.
    pub id: String,
    effect: WorldEffect,
    /// The first moment of its period, and the first after it.
    period: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

#[derive(Clone, Debug)]
enum WorldEffect {
    Failures { user: Option<&'static str>, code: Option<&'static str>, source: Option<Source> },
    Logins { region: Option<&'static str>, user_agent: Option<&'static str> },
    Threshold { threshold: u32, source: Option<Source> },
}

/// Generates entries that apply to every address of a world.
pub fn entries() -> impl Strategy<Value = Vec<WorldEntry>> {
    let sources = || option::of(select(vec![Source::Interactive, Source::NonInteractive]));
    let users = option::of(select(vec!["ann@contoso.example", "bob@contoso.example"]));
    let codes = option::of(select(vec!["50126", "50074"]));
    let failures =
        (users, codes, sources()).prop_map(|(user, code, source)| WorldEffect::Failures { user, code, source });
    let thresholds = (6..9_u32, sources()).prop_map(|(threshold, source)| WorldEffect::Threshold { threshold, source });
    let logins = (option::of(Just("eu-north-1")), option::of(Just("Mozilla/5.0")))
        .prop_map(|(region, user_agent)| WorldEffect::Logins { region, user_agent });
    let periods = option::of((0..72_i64, 1..48_i64)).prop_map(|period| {
        period.map(|(start, hours)| {
            let start = at("2026-03-01T00:00:00Z") + TimeDelta::hours(start);
            (start, start + TimeDelta::hours(hours))
        })
    });
    let effects = prop_oneof![3 => failures, 2 => thresholds, 1 => logins];
    vec((effects, periods), 0..3).prop_map(|all| {
        (0..)
            .zip(all)
            .map(|(number, (effect, period))| WorldEntry { id: format!("entry-{number}"), effect, period })
            .collect()
    })
}

impl WorldEntry {
    /// The entry as it is written.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut when = json!({"cidr": ["0.0.0.0/0", "::/0"]});
        let mut entry = json!({"id": self.id, "reason": "a test", "author": "ann", "force": true});
        let name_source = |when: &mut Value, source: Option<Source>| {
            if let Some(source) = source {
                when["source"] = json!([source.name()]);
            }
        };
        match &self.effect {
            WorldEffect::Failures { user, code, source } => {
                entry["exclude"] = json!("failures");
                if let Some(user) = user {
                    when["user"] = json!([user.to_uppercase()]);
                }
                if let Some(code) = code {
                    when["code"] = json!([code]);
                }
                name_source(&mut when, *source);
            }
            WorldEffect::Logins { region, user_agent } => {
                entry["exclude"] = json!("logins");
                for (name, text) in [("region", region), ("user_agent", user_agent)] {
                    if let Some(text) = text {
                        when[name] = json!([format!("{}*", &text[..4])]);
                    }
                }
            }
            WorldEffect::Threshold { threshold, source } => {
                entry["threshold"] = json!(threshold);
                name_source(&mut when, *source);
            }
        }
        entry["when"] = when;
        match self.period {
            Some((start, end)) => {
                entry["starts_at"] = json!(start.to_rfc3339());
                entry["expires_at"] = json!(end.to_rfc3339());
            }
            None => entry["permanent"] = json!(true),
        }
        entry
    }

    fn applies_at(&self, time: DateTime<Utc>) -> bool {
        self.period.is_none_or(|(start, end)| start <= time && time < end)
    }

    /// Whether the entry excludes a failure.
    #[must_use]
    pub fn excludes_failure(&self, time: DateTime<Utc>, of_user: &str, of_code: &str, of_source: Source) -> bool {
        matches!(&self.effect, WorldEffect::Failures { user, code, source }
            if user.is_none_or(|user| user == of_user)
                && code.is_none_or(|code| code == of_code)
                && source.is_none_or(|source| source == of_source))
            && self.applies_at(time)
    }

    /// Whether the entry excludes a login.
    #[must_use]
    pub fn excludes_login(&self, login: &TrailRecord) -> bool {
        matches!(&self.effect, WorldEffect::Logins { region, user_agent }
            if region.is_none_or(|region| region == login.region)
                && user_agent.is_none_or(|user_agent| user_agent == login.user_agent))
            && self.applies_at(login.time)
    }

    /// The threshold that the entry sets for a login and a source.
    #[must_use]
    pub fn threshold(&self, login: &TrailRecord, of_source: Source) -> Option<u32> {
        match &self.effect {
            WorldEffect::Threshold { threshold, source }
                if source.is_none_or(|source| source == of_source) && self.applies_at(login.time) =>
            {
                Some(*threshold)
            }
            _ => None,
        }
    }
}
