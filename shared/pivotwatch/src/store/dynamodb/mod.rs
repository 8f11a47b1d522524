//! The store in DynamoDB: one table, partitioned by address. One strongly consistent query returns the records of an
//! address, day and kind.

#[cfg(test)]
mod golden;
mod item;
mod logins_state;
mod numbers;
mod references_state;
mod tally_state;

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{TimeDelta, Utc};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Activity, Announcement, IncidentKey, ListedIncident, Loaded, LoginPage, Operation, Store, StoreError,
    StoredIncident, StoredIncidents, UnreadableRecord, Version, Versioned, WriteOutcome, record_name,
};
use crate::detection::ledger::Ledger;
use crate::detection::tally::TallyKey;
use crate::detection::{Address, Day, Login, Tallies, Tally};
use crate::error_chain::error_chain;
use item::Item;

/// Days of an address that are queried at the same time.
const CONCURRENT_DAYS: usize = 3;

/// Shards of the index by day that are queried at the same time.
const CONCURRENT_SHARDS: usize = 8;

/// The index that lists a day's incidents.
const BY_DAY: &str = "by_day";

/// The index that lists the incidents that are still to be reported.
const UNREPORTED: &str = "unreported";

/// The store in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoDb {
    client: Client,
    table: String,
    retention: TimeDelta,
    list_above: u32,
    tuning_table: Option<String>,
}

impl DynamoDb {
    /// A store in `table`. Records expire `retention` after their day, or after they are written if that is later.
    /// Tallies with more than `list_above` failures are listed in the index by day.
    #[must_use]
    pub fn new(client: Client, table: String, retention: TimeDelta, list_above: u32) -> Self {
        Self { client, table, retention, list_above, tuning_table: None }
    }

    /// The store with the tuning entries of another table.
    #[must_use]
    pub fn with_tuning_table(self, tuning_table: Option<String>) -> Self {
        Self { tuning_table, ..self }
    }

    /// The expiry of a record of `day` that is written now, in seconds since the epoch.
    fn expiry(&self, day: Day) -> i64 {
        (day.after(1).start().max(Utc::now()) + self.retention).timestamp()
    }

    async fn get(&self, ip: impl ToString, record: &str, operation: Operation) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(item::IP, AttributeValue::S(ip.to_string()))
            .key(item::RECORD, AttributeValue::S(record.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable(operation, &error))?;
        Ok(answer.item)
    }

    /// A query for the records of an address in a range of names, without expired ones.
    fn query(&self, address: Address, (from, to): (String, String)) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("ip = :ip AND #record BETWEEN :from AND :to")
            .filter_expression("expires_at > :now")
            .expression_attribute_names("#record", item::RECORD)
            .expression_attribute_values(":ip", AttributeValue::S(address.to_string()))
            .expression_attribute_values(":from", AttributeValue::S(from))
            .expression_attribute_values(":to", AttributeValue::S(to))
            .expression_attribute_values(":now", AttributeValue::N(Utc::now().timestamp().to_string()))
            .consistent_read(true)
    }

    async fn tallies_of_day(&self, address: Address, day: Day) -> Result<Loaded<Tallies>, StoreError> {
        let parse = |item: Item| {
            let kind = record_name::tally_kind(&item::record(&item), day).ok_or("its name is not that of a tally")?;
            Ok((kind, item::tally(&item)?))
        };
        let mut items = self.query(address, record_name::tallies(day)).into_paginator().items().send();
        let mut found = Loaded { records: Tallies::new(), unreadable: Vec::new() };
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| unavailable(Operation::LoadTallies, &error))?;
            parse_into(&mut found, item, parse, |tallies, (kind, tally)| {
                tallies.insert((day, kind), tally);
            });
        }
        Ok(found)
    }

    /// The incidents in a shard of the index by day.
    async fn incidents_of_shard(&self, day: Day, shard: String) -> Result<Vec<ListedIncident>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_DAY)
            .key_condition_expression("listed = :listed")
            .projection_expression("ip, #record, published_at")
            .expression_attribute_names("#record", item::RECORD)
            .expression_attribute_values(":listed", AttributeValue::S(shard));
        let mut items = query.into_paginator().items().send();
        let mut listed = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| unavailable(Operation::ListIncidents, &error))?;
            // A record that another program wrote is no incident.
            listed.extend(item::listed_incident(&item, day));
        }
        Ok(listed)
    }

    /// The incidents in a shard of the index of unreported incidents.
    async fn unreported_of_shard(&self, shard: u64) -> Result<Vec<IncidentKey>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(UNREPORTED)
            .key_condition_expression("unreported = :unreported")
            .expression_attribute_values(":unreported", AttributeValue::S(record_name::unreported(shard)));
        let mut items = query.into_paginator().items().send();
        let mut listed = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| unavailable(Operation::ListUnreported, &error))?;
            // A record that another program wrote is no incident.
            listed.extend(item::unreported_incident(&item));
        }
        Ok(listed)
    }

    /// Loads a record about the deployment. One that does not exist is empty.
    async fn load_of_deployment<T: Default + DeserializeOwned>(
        &self,
        record: &str,
        operation: Operation,
    ) -> Result<Versioned<T>, StoreError> {
        let Some(found) = self.get(record_name::DEPLOYMENT, record, operation).await? else {
            return Ok(Versioned { value: T::default(), version: Version::NONE });
        };
        item::deployment(found).map_err(|cause| StoreError::Unreadable { record: record.to_owned(), cause })
    }

    async fn write_of_deployment(
        &self,
        record: &str,
        value: &impl Serialize,
        replaces: Version,
        operation: Operation,
    ) -> Result<WriteOutcome, StoreError> {
        let item = item::of_deployment(record, value, replaces.next())
            .map_err(|cause| StoreError::Unencodable { record: record.to_owned(), cause })?;
        self.replace(item, replaces, operation).await
    }

    /// A put, to which the caller adds its condition.
    fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client.put_item().table_name(&self.table).set_item(Some(item))
    }

    /// Writes an item, on the condition that the stored version is the one that it `replaces`.
    async fn replace(&self, item: Item, replaces: Version, operation: Operation) -> Result<WriteOutcome, StoreError> {
        let put = self.put(item);
        let put = if replaces == Version::NONE {
            put.condition_expression("attribute_not_exists(ip)")
        } else {
            put.condition_expression("version = :replaces")
                .expression_attribute_values(":replaces", AttributeValue::N(replaces.0.to_string()))
        };
        send(put, operation).await
    }
}

/// Sends a conditional put, and returns its outcome.
async fn send(put: PutItemFluentBuilder, operation: Operation) -> Result<WriteOutcome, StoreError> {
    match put.send().await {
        Ok(_) => Ok(WriteOutcome::Done),
        Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
            Ok(WriteOutcome::Conflict)
        }
        Err(error) => Err(unavailable(operation, &error)),
    }
}

fn unavailable<E, R>(operation: Operation, error: &SdkError<E, R>) -> StoreError
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    StoreError::Unavailable { operation, cause: error_chain(error) }
}

impl Store for DynamoDb {
    async fn load_tally(&self, key: &TallyKey) -> Result<Option<Versioned<Tally>>, StoreError> {
        let record = record_name::tally(key);
        let Some(found) = self.get(key.address, &record, Operation::LoadTally).await? else { return Ok(None) };
        let parse = || {
            let version = item::version(&found)?;
            // DynamoDB deletes expired items days later. Until then the item counts as empty, but its version must be
            // replaced.
            let value = if item::is_expired(&found, Utc::now()) { Tally::default() } else { item::tally(&found)? };
            Ok(Versioned { value, version })
        };
        parse().map(Some).map_err(|cause| StoreError::Unreadable { record, cause })
    }

    async fn write_tally(&self, key: &TallyKey, tally: &Tally, replaces: Version) -> Result<WriteOutcome, StoreError> {
        let item = item::of_tally(key, tally, replaces.next(), self.expiry(key.day), self.list_above)
            .map_err(|cause| StoreError::Unencodable { record: record_name::tally(key), cause })?;
        self.replace(item, replaces, Operation::WriteTally).await
    }

    async fn write_login(&self, address: Address, login: &Login) -> Result<WriteOutcome, StoreError> {
        let item = item::of_login(address, login, self.expiry(login.day()))
            .map_err(|cause| StoreError::Unencodable { record: record_name::login(login), cause })?;
        let put = self
            .put(item)
            .condition_expression("attribute_not_exists(ip) OR expires_at <= :now")
            .expression_attribute_values(":now", AttributeValue::N(Utc::now().timestamp().to_string()));
        send(put, Operation::WriteLogin).await
    }

    async fn load_tallies(&self, address: Address, days: &BTreeSet<Day>) -> Result<Loaded<Tallies>, StoreError> {
        let of_days = stream::iter(days.clone()).map(|day| self.tallies_of_day(address, day)).buffered(CONCURRENT_DAYS);
        let mut all = Loaded { records: Tallies::new(), unreadable: Vec::new() };
        of_days
            .try_for_each(|found| {
                all.records.extend(found.records);
                all.unreadable.extend(found.unreadable);
                std::future::ready(Ok(()))
            })
            .await?;
        Ok(all)
    }

    async fn load_logins(
        &self,
        address: Address,
        day: Day,
        after: Option<String>,
    ) -> Result<Loaded<LoginPage>, StoreError> {
        let key = |record| {
            HashMap::from([
                (item::IP.to_owned(), AttributeValue::S(address.to_string())),
                (item::RECORD.to_owned(), AttributeValue::S(record)),
            ])
        };
        let page = self
            .query(address, record_name::logins(day))
            .set_exclusive_start_key(after.map(key))
            .send()
            .await
            .map_err(|error| unavailable(Operation::LoadLogins, &error))?;
        let mut found = Loaded { records: LoginPage::default(), unreadable: Vec::new() };
        found.records.next = page.last_evaluated_key.map(|key| item::record(&key));
        for item in page.items.unwrap_or_default() {
            parse_into(&mut found, item, item::login, |page, login| page.logins.push(login));
        }
        Ok(found)
    }

    async fn load_incidents(
        &self,
        address: Address,
        day: Day,
        wanted: &BTreeSet<Uuid>,
    ) -> Result<Loaded<StoredIncidents>, StoreError> {
        let mut items = self.query(address, record_name::incidents(day)).into_paginator().items().send();
        let mut found = Loaded { records: StoredIncidents::new(), unreadable: Vec::new() };
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| unavailable(Operation::LoadIncidents, &error))?;
            parse_into(&mut found, item, versioned_incident, |incidents, stored| {
                if wanted.contains(&stored.value.incident.id) {
                    incidents.insert(stored.value.incident.id, stored);
                }
            });
        }
        Ok(found)
    }

    async fn load_incident(&self, key: &IncidentKey) -> Result<Option<Versioned<StoredIncident>>, StoreError> {
        let record = record_name::incident(key);
        let Some(found) = self.get(key.address, &record, Operation::LoadIncident).await? else { return Ok(None) };
        versioned_incident(found).map(Some).map_err(|cause| StoreError::Unreadable { record, cause })
    }

    async fn list_incidents(&self, day: Day) -> Result<Vec<ListedIncident>, StoreError> {
        let shards = stream::iter(record_name::listed_incidents(day));
        let listed = shards.map(|shard| self.incidents_of_shard(day, shard)).buffered(CONCURRENT_SHARDS);
        Ok(listed.try_collect::<Vec<_>>().await?.concat())
    }

    async fn list_unreported(&self) -> Result<Vec<IncidentKey>, StoreError> {
        let shards = stream::iter(0..record_name::SHARDS);
        let listed = shards.map(|shard| self.unreported_of_shard(shard)).buffered(CONCURRENT_SHARDS);
        Ok(listed.try_collect::<Vec<_>>().await?.concat())
    }

    async fn write_incident(&self, stored: &StoredIncident, replaces: Version) -> Result<WriteOutcome, StoreError> {
        let key = IncidentKey::of(&stored.incident);
        let item = item::of_incident(stored, replaces.next(), self.expiry(key.day))
            .map_err(|cause| StoreError::Unencodable { record: record_name::incident(&key), cause })?;
        self.replace(item, replaces, Operation::WriteIncident).await
    }

    fn has_tuning_table(&self) -> bool {
        self.tuning_table.is_some()
    }

    async fn load_tuning_entries(&self) -> Result<Vec<Value>, StoreError> {
        let Some(table) = &self.tuning_table else { return Ok(Vec::new()) };
        let entries = tuning_entries(&self.client, table).await?;
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    async fn load_announcements(&self) -> Result<Loaded<Vec<Versioned<Announcement>>>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("ip = :ip")
            .expression_attribute_values(":ip", AttributeValue::S(record_name::ANNOUNCEMENTS.to_owned()))
            .consistent_read(true);
        let mut items = query.into_paginator().items().send();
        let mut found = Loaded { records: Vec::new(), unreadable: Vec::new() };
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| unavailable(Operation::LoadAnnouncements, &error))?;
            parse_into(&mut found, item, item::announcement, Vec::push);
        }
        Ok(found)
    }

    async fn write_announcement(
        &self,
        announcement: &Announcement,
        replaces: Version,
    ) -> Result<WriteOutcome, StoreError> {
        let expires_at = (Utc::now() + self.retention).timestamp();
        let item = item::of_announcement(announcement, replaces.next(), expires_at)
            .map_err(|cause| StoreError::Unencodable { record: record_name::announcement(&announcement.id), cause })?;
        self.replace(item, replaces, Operation::WriteAnnouncement).await
    }

    async fn load_ledger(&self) -> Result<Versioned<Ledger>, StoreError> {
        self.load_of_deployment(record_name::LEDGER, Operation::LoadLedger).await
    }

    async fn write_ledger(&self, ledger: &Ledger, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.write_of_deployment(record_name::LEDGER, ledger, replaces, Operation::WriteLedger).await
    }

    async fn load_activity(&self) -> Result<Versioned<Activity>, StoreError> {
        self.load_of_deployment(record_name::ACTIVITY, Operation::LoadActivity).await
    }

    async fn write_activity(&self, activity: &Activity, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.write_of_deployment(record_name::ACTIVITY, activity, replaces, Operation::WriteActivity).await
    }
}

/// Loads all entries of a tuning table, in no order, each with its key. An item that is no JSON becomes null.
///
/// # Errors
/// [`StoreError::Unavailable`] when the table cannot be read.
pub async fn tuning_entries(client: &Client, table: &str) -> Result<Vec<(Option<String>, Value)>, StoreError> {
    let mut items = client.scan().table_name(table).consistent_read(true).into_paginator().items().send();
    let mut entries = Vec::new();
    while let Some(item) = items.next().await {
        let item = item.map_err(|error| unavailable(Operation::LoadTuningEntries, &error))?;
        let id = item.get("id").and_then(|id| id.as_s().ok()).cloned();
        entries.push((id, serde_dynamo::from_item(item).unwrap_or_default()));
    }
    Ok(entries)
}

/// The incident of an item, with its version.
fn versioned_incident(item: Item) -> Result<Versioned<StoredIncident>, String> {
    Ok(Versioned { version: item::version(&item)?, value: item::incident(item)? })
}

/// Parses an item with `parse`, and adds the result to `found`, or the reason why the item is unreadable.
fn parse_into<T, R>(
    found: &mut Loaded<T>,
    item: Item,
    parse: impl FnOnce(Item) -> Result<R, String>,
    add: impl FnOnce(&mut T, R),
) {
    let record = item::record(&item);
    match parse(item) {
        Ok(parsed) => add(&mut found.records, parsed),
        Err(cause) => found.unreadable.push(UnreadableRecord { record, cause }),
    }
}
