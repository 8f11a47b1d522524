//! The store in DynamoDB: one table, partitioned by address, so that everything known of an address over some days is
//! one strongly consistent query.

mod item;
mod state;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{TimeDelta, Utc};

use super::record::{self, Kind};
use super::{IncidentKey, Known, Operation, Store, StoreError, StoredIncident, Version, Versioned, Write};
use crate::causes::causes;
use crate::detection::tally::TallyKey;
use crate::detection::{Address, Day, Evidence, Login, Tally};
use item::Item;

/// The store in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoDb {
    client: Client,
    table: String,
    retention: TimeDelta,
    list_above: u32,
}

impl DynamoDb {
    /// A store in `table`. Records expire `retention` after the later of their day and the moment of writing. Tallies
    /// with more than `list_above` failures are listed in the index of their day's worst addresses.
    #[must_use]
    pub fn new(client: Client, table: String, retention: TimeDelta, list_above: u32) -> Self {
        Self { client, table, retention, list_above }
    }

    /// When a record of `day` that is written now expires: in seconds since the epoch, as DynamoDB wants it.
    fn expiry(&self, day: Day) -> i64 {
        (day.after(1).start().max(Utc::now()) + self.retention).timestamp()
    }

    async fn get(&self, address: Address, record: &str, operation: Operation) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(item::IP, AttributeValue::S(address.to_string()))
            .key(item::RECORD, AttributeValue::S(record.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable(operation, &error))?;
        Ok(answer.item)
    }

    /// A put on which further conditions can be laid.
    fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client.put_item().table_name(&self.table).set_item(Some(item))
    }

    /// Writes an item in place of the version that it replaces.
    async fn replace(&self, item: Item, replaces: Version, operation: Operation) -> Result<Write, StoreError> {
        let put = self.put(item);
        let put = if replaces == Version::NONE {
            put.condition_expression("attribute_not_exists(ip)")
        } else {
            put.condition_expression("version = :replaces")
                .expression_attribute_values(":replaces", AttributeValue::N(replaces.0.to_string()))
        };
        ended(put, operation).await
    }
}

/// Sends a conditional put and tells how it ended.
async fn ended(put: PutItemFluentBuilder, operation: Operation) -> Result<Write, StoreError> {
    match put.send().await {
        Ok(_) => Ok(Write::Done),
        Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
            Ok(Write::Conflict)
        }
        Err(error) => Err(unavailable(operation, &error)),
    }
}

fn unavailable<E, R>(operation: Operation, error: &SdkError<E, R>) -> StoreError
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    StoreError::Unavailable { operation, cause: causes(error) }
}

impl Store for DynamoDb {
    async fn tally(&self, key: &TallyKey) -> Result<Option<Versioned<Tally>>, StoreError> {
        let record = record::tally(key);
        let Some(found) = self.get(key.address, &record, Operation::ReadTally).await? else { return Ok(None) };
        let version = item::version(&found);
        // DynamoDB deletes expired items days later. Until then one is still there to be replaced, but holds nothing.
        let value = if item::is_expired(&found, Utc::now()) {
            Tally::default()
        } else {
            item::tally(&found).map_err(|cause| StoreError::Unreadable { record, cause })?
        };
        Ok(Some(Versioned { value, version }))
    }

    async fn write_tally(&self, key: &TallyKey, tally: &Tally, replaces: Version) -> Result<Write, StoreError> {
        let item = item::of_tally(key, tally, replaces.next(), self.expiry(key.day), self.list_above);
        self.replace(item, replaces, Operation::WriteTally).await
    }

    async fn write_login(&self, login: &Login) -> Result<Write, StoreError> {
        let put = self
            .put(item::of_login(login, self.expiry(login.day())))
            .condition_expression("attribute_not_exists(ip) OR expires_at <= :now")
            .expression_attribute_values(":now", AttributeValue::N(Utc::now().timestamp().to_string()));
        ended(put, Operation::WriteLogin).await
    }

    async fn known(&self, address: Address, days: RangeInclusive<Day>) -> Result<Known, StoreError> {
        let (from, to) = record::range(*days.start(), *days.end());
        let mut found = self
            .client
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
            .into_paginator()
            .items()
            .send();
        let mut known = Known { evidence: Evidence::none(address), incidents: BTreeMap::new(), unreadable: Vec::new() };
        while let Some(item) = found.next().await {
            let item = item.map_err(|error| unavailable(Operation::ReadKnown, &error))?;
            if let Err(cause) = add(&mut known, &item) {
                known.unreadable.push((item::record(&item), cause));
            }
        }
        Ok(known)
    }

    async fn incident(&self, key: &IncidentKey) -> Result<Option<Versioned<StoredIncident>>, StoreError> {
        let record = record::incident(key);
        let Some(found) = self.get(key.address, &record, Operation::ReadIncident).await? else { return Ok(None) };
        let value = item::incident(&found).map_err(|cause| StoreError::Unreadable { record, cause })?;
        Ok(Some(Versioned { value, version: item::version(&found) }))
    }

    async fn write_incident(&self, stored: &StoredIncident, replaces: Version) -> Result<Write, StoreError> {
        let item = item::of_incident(stored, replaces.next(), self.expiry(stored.incident.day));
        self.replace(item, replaces, Operation::WriteIncident).await
    }
}

/// Files an item under what its name says it is.
fn add(known: &mut Known, item: &Item) -> Result<(), String> {
    match record::kind(&item::record(item)).ok_or("no kind of record has such a name")? {
        Kind::Tally(day, source) => {
            known.evidence.tallies.insert((day, source), item::tally(item)?);
        }
        Kind::Login => known.evidence.logins.push(item::login(item)?),
        Kind::Incident => {
            let value = item::incident(item)?;
            let id = value.incident.id;
            known.incidents.insert(id, Versioned { value, version: item::version(item) });
        }
    }
    Ok(())
}
