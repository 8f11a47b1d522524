//! Encodes records as items. Everything that people read has plain attributes: numbers, texts, ISO 8601 times.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{logins_state, tally_state};
use crate::detection::context::{Context, ReferencedFailure};
use crate::detection::incident::{Columns, LoginReference};
use crate::detection::matched_by::MatchedBy;
use crate::detection::name_set::NameSet;
use crate::detection::reporting::{Deferral, Reported};
use crate::detection::result_code::CodeClass;
use crate::detection::sample::hash;
use crate::detection::signal::{Severity, Signal};
use crate::detection::tally::TallyKey;
use crate::detection::tuning::{Announced, EntryState};
use crate::detection::{Address, Day, Incident, Login, Source, Tally};
use crate::store::record_name::{self, written};
use crate::store::{
    Announcement, IncidentKey, Lease, ListedIncident, Resettlement, StoredIncident, Version, Versioned,
};

/// An item's attributes.
pub(super) type Item = HashMap<String, AttributeValue>;

/// The partition key.
pub(super) const IP: &str = "ip";
/// The sort key.
pub(super) const RECORD: &str = "record";

const VERSION: &str = "version";
const EXPIRES_AT: &str = "expires_at";
const STATE: &str = "state";

/// User names, and application names, in an item's readable attributes.
const NAMES_SHOWN: usize = 64;

/// References in an item's readable attributes.
const REFERENCES_SHOWN: usize = 4;

/// The keys of the index by day: what is listed, and its rank.
const LISTED: &str = "listed";
const RANK: &str = "rank";

/// The partition key of the index of unreported incidents.
const UNREPORTED: &str = "unreported";

/// The name of a record.
pub(super) fn record(item: &Item) -> String {
    item.get(RECORD).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// The version of a record.
pub(super) fn version(item: &Item) -> Result<Version, String> {
    let version = number(item, VERSION).and_then(|version| u64::try_from(version).ok()).filter(|version| *version > 0);
    version.map(Version).ok_or_else(|| format!("it has no {VERSION}, so another program wrote it"))
}

/// Whether the item is expired, so that DynamoDB may delete it.
pub(super) fn is_expired(item: &Item, now: DateTime<Utc>) -> bool {
    number(item, EXPIRES_AT).is_some_and(|expires_at| expires_at <= now.timestamp())
}

fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok())
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
    users_by_class: BTreeMap<CodeClass, Vec<String>>,
    users_succeeded: u64,
    tenants: BTreeSet<String>,
    references: Vec<ReferencedFailure>,
}

/// The item of a tally.
pub(super) fn of_tally(
    key: &TallyKey,
    tally: &Tally,
    version: Version,
    expires_at: i64,
    list_above: u32,
) -> Result<Item, String> {
    let Context { users_by_class, users_succeeded, tenants, mut references, .. } = Context::of_tally(key.day, tally);
    references.truncate(REFERENCES_SHOWN);
    let mut item = plain(&TallyItem {
        ip: key.address.to_string(),
        record: record_name::tally(key),
        version: version.0,
        expires_at,
        failures: tally.failures(),
        estimated: tally.is_saturated(),
        first_failure: tally.first_failure(key.day).map(written),
        last_failure: tally.last_failure(key.day).map(written),
        by_hour: tally.by_hour().into_iter().map(|(hour, number)| (format!("{hour:02}"), number)).collect(),
        error_codes: tally.error_codes(),
        users: shown(tally.users()),
        users_total: tally.users_total(),
        apps: shown(tally.apps()),
        apps_total: tally.apps_total(),
        users_by_class,
        users_succeeded,
        tenants,
        references,
    })?;
    item.insert(STATE.to_owned(), AttributeValue::B(tally_state::encode(tally)?.into()));
    if tally.failures() > u64::from(list_above) {
        list(&mut item, key.day, "failures", key.address, tally.failures());
    }
    Ok(item)
}

/// The tally of an item.
pub(super) fn tally(item: &Item) -> Result<Tally, String> {
    let bytes = item.get(STATE).and_then(|value| value.as_b().ok()).ok_or("it has no state")?;
    tally_state::decode(bytes.as_ref())
}

/// The item of a login.
pub(super) fn of_login(address: Address, login: &Login, expires_at: i64) -> Result<Item, String> {
    let mut item = plain(login)?;
    item.insert(IP.to_owned(), text(address.to_string()));
    item.insert(RECORD.to_owned(), text(record_name::login(login)));
    item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(expires_at.to_string()));
    Ok(item)
}

/// The login of an item.
pub(super) fn login(item: Item) -> Result<Login, String> {
    serde_dynamo::from_item(item).map_err(|error| format!("it is no login: {error}"))
}

/// An incident's attributes, except for its keys, its version and its state.
#[derive(Serialize, Deserialize)]
struct IncidentItem {
    id: Uuid,
    day: Day,
    #[serde(flatten)]
    columns: Columns,
    account_id: String,
    user_identity_arn: String,
    /// Derived from the columns, for people who read `mfa_used`, which has no meaning for federated users.
    is_federated: bool,
    matched_by: MatchedBy,
    start_time: DateTime<Utc>,
    end_time: DateTime<Utc>,
    logins: BTreeSet<LoginReference>,
    logins_total: u64,
    logins_estimated: bool,
    exceeded: BTreeSet<Source>,
    signals: BTreeSet<Signal>,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    reported: Option<Reported>,
    #[serde(default, skip_serializing_if = "is_zero")]
    updates: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferral: Option<Deferral>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    hidden_by: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    held_by: BTreeSet<Uuid>,
}

/// The item of an incident.
pub(super) fn of_incident(stored: &StoredIncident, version: Version, expires_at: i64) -> Result<Item, String> {
    let incident = &stored.incident;
    let mut item = plain(&IncidentItem {
        id: incident.id,
        day: incident.day,
        columns: incident.columns.clone(),
        account_id: incident.account_id.clone(),
        user_identity_arn: incident.user_identity_arn.clone(),
        is_federated: incident.is_federated(),
        matched_by: incident.matched_by(),
        start_time: incident.start_time,
        end_time: incident.end_time,
        logins: incident.logins.listed().clone(),
        logins_total: incident.logins.total(),
        logins_estimated: incident.logins.is_estimated(),
        exceeded: incident.exceeded.clone(),
        signals: stored.signals.clone(),
        severity: stored.severity(),
        published_at: stored.published_at,
        reported: stored.reported.clone(),
        updates: stored.updates,
        digest: stored.digest.clone(),
        deferral: stored.deferral,
        lease_owner: stored.lease.as_ref().map(|lease| lease.owner.clone()),
        lease_until: stored.lease.as_ref().map(|lease| lease.until),
        hidden_by: stored.hidden_by.clone(),
        held_by: stored.held_by.clone(),
    })?;
    let address = incident.columns.source_ip_address;
    item.insert(IP.to_owned(), text(address.to_string()));
    item.insert(RECORD.to_owned(), text(record_name::incident(&IncidentKey::of(incident))));
    item.insert(VERSION.to_owned(), AttributeValue::N(version.0.to_string()));
    item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(expires_at.to_string()));
    if let Some(state) = logins_state::encode(&incident.logins)? {
        item.insert(STATE.to_owned(), AttributeValue::B(state.into()));
    }
    let start = u64::try_from(incident.start_time.timestamp()).unwrap_or_default();
    list(&mut item, incident.day, "incident", address, start);
    if stored.is_unreported() {
        item.insert(UNREPORTED.to_owned(), text(record_name::unreported(shard(address))));
    }
    Ok(item)
}

/// The incident of an item.
pub(super) fn incident(item: Item) -> Result<StoredIncident, String> {
    let state = item.get(STATE).and_then(|value| value.as_b().ok()).map(|state| state.as_ref().to_vec());
    let found: IncidentItem = serde_dynamo::from_item(item).map_err(|error| format!("it is no incident: {error}"))?;
    // What cannot be parsed of a flattened field is missing, and the incident would be mailed again.
    if found.published_at.is_some() && found.reported.is_none() {
        return Err("it is published, and what was reported cannot be parsed".to_owned());
    }
    Ok(StoredIncident {
        incident: Incident {
            id: found.id,
            day: found.day,
            columns: found.columns,
            account_id: found.account_id,
            user_identity_arn: found.user_identity_arn,
            start_time: found.start_time,
            end_time: found.end_time,
            logins: logins_state::decode(found.logins, state.as_deref())?,
            exceeded: found.exceeded,
        },
        signals: found.signals,
        published_at: found.published_at,
        reported: found.reported,
        updates: found.updates,
        digest: found.digest,
        deferral: found.deferral,
        lease: found.lease_owner.zip(found.lease_until).map(|(owner, until)| Lease { owner, until }),
        hidden_by: found.hidden_by,
        held_by: found.held_by,
    })
}

/// The incident of an item of the index by day, `None` if the item is no incident.
pub(super) fn listed_incident(item: &Item, day: Day) -> Option<ListedIncident> {
    let address = item.get(IP)?.as_s().ok()?.parse().ok()?;
    let id = record(item).rsplit('#').next()?.parse().ok()?;
    Some(ListedIncident { key: IncidentKey { address, day, id }, is_published: item.contains_key("published_at") })
}

/// The key of an incident of the index of unreported incidents, `None` if the item is no incident.
pub(super) fn unreported_incident(item: &Item) -> Option<IncidentKey> {
    let day = record(item).split('#').next()?.parse().ok()?;
    listed_incident(item, day).map(|listed| listed.key)
}

/// The item of a record about the deployment. It does not expire.
pub(super) fn of_deployment(record: &str, value: &impl Serialize, version: Version) -> Result<Item, String> {
    let mut item = plain(value)?;
    item.insert(IP.to_owned(), text(record_name::DEPLOYMENT));
    item.insert(RECORD.to_owned(), text(record));
    item.insert(VERSION.to_owned(), AttributeValue::N(version.0.to_string()));
    Ok(item)
}

/// The record about the deployment of an item, with its version.
pub(super) fn deployment<T: DeserializeOwned>(item: Item) -> Result<Versioned<T>, String> {
    let version = version(&item)?;
    let value = serde_dynamo::from_item(item).map_err(|error| format!("it has another form: {error}"))?;
    Ok(Versioned { value, version })
}

/// An announcement's attributes, except for its keys, its version and its expiry.
#[derive(Serialize, Deserialize)]
struct AnnouncementItem {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    announced: Option<EntryState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_until: Option<DateTime<Utc>>,
    #[serde(flatten)]
    resettlement: Option<Resettlement>,
}

/// The item of an announcement. It expires only after its entry vanished. Otherwise an entry that is still there would
/// be announced again.
pub(super) fn of_announcement(announcement: &Announcement, version: Version, expires_at: i64) -> Result<Item, String> {
    let announced = announcement.announced.as_ref();
    let mut item = plain(&AnnouncementItem {
        id: announcement.id.clone(),
        entry: announced.map(|announced| announced.written.clone()),
        announced: announced.map(|announced| announced.state),
        lease_owner: announcement.lease.as_ref().map(|lease| lease.owner.clone()),
        lease_until: announcement.lease.as_ref().map(|lease| lease.until),
        resettlement: announcement.resettlement,
    })?;
    item.insert(IP.to_owned(), text(record_name::ANNOUNCEMENTS));
    item.insert(RECORD.to_owned(), text(record_name::announcement(&announcement.id)));
    item.insert(VERSION.to_owned(), AttributeValue::N(version.0.to_string()));
    if announced.is_some_and(|announced| announced.state == EntryState::Vanished) {
        item.insert(EXPIRES_AT.to_owned(), AttributeValue::N(expires_at.to_string()));
    }
    Ok(item)
}

/// The announcement of an item, with its version.
pub(super) fn announcement(item: Item) -> Result<Versioned<Announcement>, String> {
    let version = version(&item)?;
    let found: AnnouncementItem =
        serde_dynamo::from_item(item).map_err(|error| format!("it is no announcement: {error}"))?;
    let announced = found.entry.zip(found.announced).map(|(written, state)| Announced { written, state });
    let lease = found.lease_owner.zip(found.lease_until).map(|(owner, until)| Lease { owner, until });
    let AnnouncementItem { id, resettlement, .. } = found;
    Ok(Versioned { value: Announcement { id, announced, lease, resettlement }, version })
}

/// Lists an item in the index by day, in one of the shards `2026-11-24#incident#0` to `2026-11-24#incident#f`, by
/// address.
fn list(item: &mut Item, day: Day, kind: &str, address: Address, rank: u64) {
    item.insert(LISTED.to_owned(), text(record_name::listed(day, kind, shard(address))));
    item.insert(RANK.to_owned(), AttributeValue::N(rank.to_string()));
}

/// The shard of an address in both indexes.
fn shard(address: Address) -> u64 {
    hash(&[&address.to_string()]) % record_name::SHARDS
}

/// Whether a number is left out of an item.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// The attributes of a record.
fn plain(record: &impl Serialize) -> Result<Item, String> {
    serde_dynamo::to_item(record).map_err(|error| error.to_string())
}

/// The names in a tally's readable attributes, in alphabetical order. Its state has all names.
fn shown<const BYTES: usize>(names: &NameSet<BYTES>) -> Vec<String> {
    let mut names: Vec<_> = names.iter().take(NAMES_SHOWN).map(str::to_owned).collect();
    names.sort_unstable();
    names
}
