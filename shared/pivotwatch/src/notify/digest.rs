//! The digest: incidents that are reported together, because a message for each would be too many or too late.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::message::{Message, SUBJECT_LENGTH};
use super::{Deployment, escape};
use crate::detection::reporting::Deferral;
use crate::detection::signal::{Severity, Signal};
use crate::detection::{Address, Incident, Rule};

/// The largest number of addresses in a digest. All incidents of an address are in one digest.
pub const DIGEST_ADDRESSES: usize = 200;

/// Incidents that are reported together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The incidents of an address beside each other, addresses with an incident of severity High first.
    pub entries: Vec<DigestEntry>,
    /// The number of this digest among those of the same time, from 1 on.
    pub part: u32,
    /// The number of digests of the same time.
    pub parts: u32,
}

/// An incident in a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestEntry {
    /// The incident.
    pub incident: Incident,
    /// Its severity.
    pub severity: Severity,
    /// Its signals.
    pub signals: BTreeSet<Signal>,
    /// Why it has no message of its own.
    pub deferral: Deferral,
    /// Whether it was reported before.
    pub is_update: bool,
}

/// Divides incidents into digests. Every incident is in one of them.
#[must_use]
pub fn digests(entries: Vec<DigestEntry>) -> Vec<Digest> {
    let mut by_address = BTreeMap::<Address, Vec<DigestEntry>>::new();
    for entry in entries {
        by_address.entry(entry.incident.columns.source_ip_address).or_default().push(entry);
    }
    let mut addresses: Vec<_> = by_address.into_values().collect();
    for entries in &mut addresses {
        entries.sort_by_key(|entry| (entry.incident.start_time, entry.incident.id));
    }
    // The most severe first; the sort keeps the order of addresses otherwise.
    addresses.sort_by_key(|entries| std::cmp::Reverse(entries.iter().map(|entry| entry.severity).max()));
    let parts = u32::try_from(addresses.len().div_ceil(DIGEST_ADDRESSES)).unwrap_or(u32::MAX);
    let mut digests = Vec::new();
    let mut addresses = addresses.into_iter().peekable();
    for part in 1..=parts {
        let entries = addresses.by_ref().take(DIGEST_ADDRESSES).flatten().collect();
        digests.push(Digest { entries, part, parts });
    }
    digests
}

/// The message of a digest.
#[must_use]
pub fn digest_message(digest: &Digest, _now: DateTime<Utc>, _rule: &Rule, deployment: &Deployment) -> Message {
    let subject = format!("[pivotwatch] Digest: {} incidents", digest.entries.len());
    let mut text = String::new();
    for entry in &digest.entries {
        let _ = writeln!(text, "{}", entry.incident.columns.source_ip_address);
    }
    Message {
        subject: escape::ascii(&subject, SUBJECT_LENGTH),
        text,
        chat: json!({}),
        finding: json!({}),
        https: deployment.https,
        attributes: [("kind", "digest".to_owned())].into(),
        lists: BTreeMap::new(),
    }
}
