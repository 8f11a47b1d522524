//! Entries in a DynamoDB table. Every write is conditional, so that two commands cannot overwrite each other's entry.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use pivotwatch::error_chain::error_chain;
use pivotwatch::store::record_name::written;
use pivotwatch::store::tuning_entries;

use super::entries_fault::{EntriesFault, EntryTableFault};
use super::new_entry::NewEntry;
use super::stored_entry::StoredEntry;
use crate::stored_evidence::TableFault;

/// A table of entries.
pub(super) struct EntryTable {
    pub(super) client: Client,
    pub(super) name: String,
}

/// The partition key.
const ID: &str = "id";

impl EntryTable {
    pub(super) async fn load(&self) -> Result<Vec<StoredEntry>, TableFault> {
        let entries = tuning_entries(&self.client, &self.name).await;
        let entries = entries.map_err(|fault| TableFault { table: self.name.clone(), fault })?;
        Ok(entries.into_iter().map(|(id, value)| StoredEntry { id, value }).collect())
    }

    pub(super) async fn add(&self, entry: &NewEntry) -> Result<(), EntriesFault> {
        const OPERATION: &str = "adding an entry";
        let item = serde_dynamo::to_item(entry).map_err(|error| self.fault(OPERATION, &error))?;
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(id)").send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Err(EntriesFault::Exists(entry.id.clone()))
            }
            Err(error) => Err(self.fault(OPERATION, &error).into()),
        }
    }

    pub(super) async fn remove(&self, id: &str, removed_at: DateTime<Utc>) -> Result<(), EntriesFault> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key(ID, text(id))
            .update_expression("SET removed_at = :removed_at")
            .condition_expression(
                "attribute_exists(id) AND (attribute_not_exists(removed_at) OR attribute_type(removed_at, :null))",
            )
            .expression_attribute_values(":removed_at", text(&written(removed_at)))
            .expression_attribute_values(":null", text("NULL"));
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Err(EntriesFault::NotRemovable(id.to_owned()))
            }
            Err(error) => Err(self.fault("removing an entry", &error).into()),
        }
    }

    fn fault(&self, operation: &'static str, error: &dyn std::error::Error) -> EntryTableFault {
        EntryTableFault { operation, table: self.name.clone(), cause: error_chain(error) }
    }
}
