//! The stored incidents. Reads the table of evidence only.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use aws_sdk_dynamodb::Client;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use pivotwatch::detection::{Day, Rule};
use pivotwatch::store::{DynamoDb, IncidentKey, Loaded, Store, StoreError, StoredIncident, UnreadableRecord};
use uuid::Uuid;

use crate::ExitStatus;
use crate::incident_name::IncidentName;
use crate::log::{Log, shown_path};

/// Requests at the same time.
pub(crate) const CONCURRENT_REQUESTS: usize = 8;

/// A table cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{table}: {fault}", table = shown_path(table))]
pub(crate) struct TableFault {
    pub(crate) table: String,
    pub(crate) fault: StoreError,
}

/// There is no incident with an id.
#[derive(Debug, thiserror::Error)]
#[error("there is no stored incident {0} in these days; --days looks further back, and so does its record's name")]
pub(crate) struct UnknownIncident(pub(crate) Uuid);

/// The table of evidence.
pub(crate) struct StoredEvidence {
    table: String,
    pub(crate) store: DynamoDb,
    pub(crate) rule: Rule,
    days: Vec<Day>,
}

impl StoredEvidence {
    /// The evidence of the last `days` UTC days, that of `now` included.
    pub(crate) fn of(client: Client, table: String, rule: Rule, days: u64, now: DateTime<Utc>) -> Self {
        let days = (0..days).rev().map(|earlier| Day::of(now).before(earlier)).collect();
        // Retention applies to writes, and nothing is written.
        let store = DynamoDb::new(client, table.clone(), TimeDelta::zero(), rule.threshold);
        Self { table, store, rule, days }
    }

    /// The incidents of the days.
    pub(crate) async fn incidents(&self) -> Result<Loaded<Vec<StoredIncident>>, TableFault> {
        self.load(self.keys(&self.days).await?).await
    }

    /// The incidents of all days that are still to be reported.
    pub(crate) async fn unreported(&self) -> Result<Loaded<Vec<StoredIncident>>, TableFault> {
        let keys = self.store.list_unreported().await.map_err(|fault| self.fault(fault))?;
        let mut loaded = self.load(keys).await?;
        // The index can lag by seconds.
        loaded.records.retain(StoredIncident::is_unreported);
        Ok(loaded)
    }

    async fn load(&self, keys: Vec<IncidentKey>) -> Result<Loaded<Vec<StoredIncident>>, TableFault> {
        let mut groups = BTreeMap::<_, BTreeSet<Uuid>>::new();
        for IncidentKey { address, day, id } in keys {
            groups.entry((address, day)).or_default().insert(id);
        }
        let load = async |((address, day), ids)| self.store.load_incidents(address, day, &ids).await;
        let loaded = stream::iter(groups).map(load).buffered(CONCURRENT_REQUESTS);
        let loaded: Vec<_> = loaded.map_err(|fault| self.fault(fault)).try_collect().await?;
        let mut all = Loaded { records: Vec::new(), unreadable: Vec::new() };
        for Loaded { records, unreadable } in loaded {
            all.records.extend(records.into_values().map(|stored| stored.value));
            all.unreadable.extend(unreadable);
        }
        Ok(all)
    }

    /// The incident with a name: of its day, or else of the days of this evidence.
    pub(crate) async fn incident(&self, name: IncidentName) -> Result<Option<StoredIncident>, TableFault> {
        let Some(key) = self.key(name).await? else { return Ok(None) };
        let stored = self.store.load_incident(&key).await.map_err(|fault| self.fault(fault))?;
        Ok(stored.map(|stored| stored.value))
    }

    /// The key of the incident with a name.
    pub(crate) async fn key(&self, name: IncidentName) -> Result<Option<IncidentKey>, TableFault> {
        let keys = self.keys(name.day.as_ref().map_or(&self.days, std::slice::from_ref)).await?;
        Ok(keys.into_iter().find(|key| key.id == name.id))
    }

    /// The keys of the incidents of some days.
    async fn keys(&self, days: &[Day]) -> Result<Vec<IncidentKey>, TableFault> {
        let load = |day| self.store.list_incidents(day);
        let listed = stream::iter(days.iter().copied()).then(load);
        let listed: Vec<_> = listed.map_err(|fault| self.fault(fault)).try_collect().await?;
        Ok(listed.concat().into_iter().map(|listed| listed.key).collect())
    }

    pub(crate) fn fault(&self, fault: StoreError) -> TableFault {
        TableFault { table: self.table.clone(), fault }
    }
}

/// Logs records that were ignored.
pub(crate) fn report_unreadable(unreadable: &[UnreadableRecord], status: &mut ExitStatus, log: &mut Log<impl Write>) {
    for UnreadableRecord { record, cause } in unreadable {
        log.say(format_args!("the record {record} was ignored, since it cannot be parsed: {cause}"));
        *status = ExitStatus::Trouble;
    }
}
