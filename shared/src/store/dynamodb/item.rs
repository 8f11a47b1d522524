//! Records as items. What a person reads is plain attributes: numbers, texts, ISO 8601 times.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::state;
use crate::detection::tally::{Names, TallyKey, rounded};
use crate::detection::{Incident, Login, Tally};
use crate::store::record::{self, written};
use crate::store::{IncidentKey, Lease, StoredIncident, Version};

/// An item's attributes.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The partition key.
pub(super) const IP: &str = "ip";
/// The sort key.
pub(super) const RECORD: &str = "record";

const VERSION: &str = "version";
const EXPIRES_AT: &str = "expires_at";
const STATE: &str = "state";
const PUBLISHED_AT: &str = "published_at";
const LEASE_OWNER: &str = "lease_owner";
const LEASE_UNTIL: &str = "lease_until";

/// The index by day: what is listed, and in which order.
const LISTED: &str = "listed";
const RANK: &str = "rank";

/// The name of a record.
pub(super) fn record(item: &Item) -> String {
    item.get(RECORD).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// The version of a record. An item without one was not written by pivotwatch; it counts as never written, so that no
/// condition on its version holds and it is not overwritten.
pub(super) fn version(item: &Item) -> Version {
    Version(number(item, VERSION).and_then(|version| u64::try_from(version).ok()).unwrap_or_default())
}

/// Whether DynamoDB is free to delete the item.
pub(super) fn is_expired(item: &Item, now: DateTime<Utc>) -> bool {
    number(item, EXPIRES_AT).is_some_and(|expires_at| expires_at <= now.timestamp())
}

fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok())
}

fn time(item: &Item, name: &str) -> Option<DateTime<Utc>> {
    let text = item.get(name).and_then(|value| value.as_s().ok())?;
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

#[derive(Serialize)]
struct TallyItem {
    ip: String,
    record: String,
    version: u64,
    expires_at: i64,
    failures: u64,
    estimated: bool,
    first_failure: Option<String>,
    last_failure: Option<String>,
    by_hour: BTreeMap<String, u64>,
    error_codes: BTreeMap<String, u64>,
    users: Vec<String>,
    users_total: u64,
    apps: Vec<String>,
    apps_total: u64,
}

/// The item of a tally.
pub(super) fn of_tally(key: &TallyKey, tally: &Tally, version: Version, expires_at: i64, list_above: u32) -> Item {
    let mut item = plain(&TallyItem {
        ip: key.address.to_string(),
        record: record::tally(key),
        version: version.0,
        expires_at,
        failures: tally.failures(),
        estimated: tally.is_saturated(),
        first_failure: tally.first_failure(key.day).map(written),
        last_failure: tally.last_failure(key.day).map(written),
        by_hour: tally.by_hour().into_iter().map(|(hour, number)| (format!("{hour:02}"), number)).collect(),
        error_codes: tally.error_codes(),
        users: listed(tally.users()),
        users_total: rounded(tally.users().estimate()),
        apps: listed(tally.apps()),
        apps_total: rounded(tally.apps().estimate()),
    });
    item.insert(STATE.to_owned(), AttributeValue::B(state::encode(tally).into()));
    if tally.failures() > u64::from(list_above) {
        list(&mut item, format!("{}#failures", key.day), tally.failures());
    }
    item
}

/// The tally of an item.
pub(super) fn tally(item: &Item) -> Result<Tally, String> {
    let bytes = item.get(STATE).and_then(|value| value.as_b().ok()).ok_or("it has no state")?;
    state::decode(bytes.as_ref())
}

/// The item of a login.
pub(super) fn of_login(login: &Login, expires_at: i64) -> Item {
    let mut item = plain(login);
    item.insert(IP.to_owned(), text(login.source_ip_address.to_string()));
    item.insert(RECORD.to_owned(), text(record::login(login)));
    item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(expires_at.to_string()));
    item
}

/// The login of an item.
pub(super) fn login(item: &Item) -> Result<Login, String> {
    serde_dynamo::from_item(item.clone()).map_err(|error| format!("it is no login: {error}"))
}

/// The item of an incident. Its columns stand beside the rest, where a person looks for them.
pub(super) fn of_incident(stored: &StoredIncident, version: Version, expires_at: i64) -> Item {
    let incident = &stored.incident;
    let mut item = plain(incident);
    if let Some(AttributeValue::M(columns)) = item.remove("columns") {
        item.extend(columns);
    }
    item.insert(IP.to_owned(), text(incident.columns.source_ip_address.to_string()));
    item.insert(RECORD.to_owned(), text(record::incident(&IncidentKey::of(incident))));
    item.insert(VERSION.to_owned(), AttributeValue::N(version.0.to_string()));
    item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(expires_at.to_string()));
    item.insert("severity".to_owned(), text(incident.severity().name()));
    if let Some(published_at) = stored.published_at {
        item.insert(PUBLISHED_AT.to_owned(), text(written(published_at)));
    }
    if let Some(lease) = &stored.lease {
        item.insert(LEASE_OWNER.to_owned(), text(&lease.owner));
        item.insert(LEASE_UNTIL.to_owned(), text(lease.until.to_rfc3339()));
    }
    let start = u64::try_from(incident.start_time.timestamp()).unwrap_or_default();
    list(&mut item, format!("{}#incident", incident.day), start);
    item
}

/// The incident of an item.
pub(super) fn incident(item: &Item) -> Result<StoredIncident, String> {
    let mut nested = item.clone();
    nested.insert("columns".to_owned(), AttributeValue::M(item.clone()));
    let incident: Incident = serde_dynamo::from_item(nested).map_err(|error| format!("it is no incident: {error}"))?;
    let owner = item.get(LEASE_OWNER).and_then(|value| value.as_s().ok()).cloned();
    let lease = owner.zip(time(item, LEASE_UNTIL)).map(|(owner, until)| Lease { owner, until });
    Ok(StoredIncident { incident, published_at: time(item, PUBLISHED_AT), lease })
}

fn list(item: &mut Item, listed: String, rank: u64) {
    item.insert(LISTED.to_owned(), text(listed));
    item.insert(RANK.to_owned(), AttributeValue::N(rank.to_string()));
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A struct's fields as attributes. The structs that are given to it are maps of texts, numbers and lists with text for
/// keys, for which serialising cannot fail; an item without its keys would be refused by DynamoDB.
fn plain(record: &impl Serialize) -> Item {
    serde_dynamo::to_item(record).unwrap_or_default()
}

fn listed(names: &Names) -> Vec<String> {
    let mut names: Vec<_> = names.entries().map(|(_, name)| name.clone()).collect();
    names.sort_unstable();
    names
}
