//! The weekly message that the deployment works: its absence is the alarm.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Deployment;
use super::message::Message;

/// What the deployment did in a period. Numbers are lower bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alive {
    /// The beginning of the period.
    pub since: DateTime<Utc>,
    /// The end of the period.
    pub until: DateTime<Utc>,
    /// Exports that were read.
    pub exports: u64,
    /// Sign-ins in these exports.
    pub sign_ins: u64,
    /// Console logins that were recorded.
    pub logins: u64,
    /// The regions that recorded the logins.
    pub regions: BTreeSet<String>,
    /// The accounts of the logins.
    pub accounts: BTreeSet<String>,
    /// The time of the last export; `None` if none is known.
    pub last_export: Option<DateTime<Utc>>,
    /// The time of the last login; `None` if none is known.
    pub last_login: Option<DateTime<Utc>>,
    /// Incidents that were found; `None` if they were not counted.
    pub incidents: Option<u64>,
    /// Confirmed subscribers; `None` if they are unknown.
    pub subscribers: Option<u64>,
    /// Tuning entries that end soon, with their ends.
    pub ending: Vec<(String, DateTime<Utc>)>,
}

/// The message that the deployment works.
#[must_use]
pub fn alive_message(alive: &Alive, _now: DateTime<Utc>, deployment: &Deployment) -> Message {
    Message {
        subject: "[pivotwatch] Alive".to_owned(),
        text: format!("{} exports", alive.exports),
        chat: json!({}),
        finding: json!({}),
        https: deployment.https,
        attributes: [("kind", "alive".to_owned())].into(),
        lists: BTreeMap::new(),
    }
}
