//! A new entry, in the format of tables and files.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use clap::ValueEnum;
use pivotwatch::detection::Rule;
use pivotwatch::detection::tuning::{Entry, EntryFault, InvalidEntry};
use pivotwatch::store::record_name::written;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A new entry. Its members are in the order in which people read them.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct NewEntry {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exclude: Option<Excluded>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) threshold: Option<u32>,
    /// Conditions by name, each with at least one value.
    pub(super) when: BTreeMap<&'static str, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<String>,
    #[serde(serialize_with = "time")]
    pub(super) created_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time")]
    pub(super) starts_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time")]
    pub(super) expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) permanent: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) force: bool,
}

/// What an entry excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Excluded {
    /// Failures that meet the conditions do not count.
    Failures,
    /// Logins that meet the conditions do not match.
    Logins,
}

/// Why an entry of some arguments is invalid.
#[derive(Debug, thiserror::Error)]
pub(super) enum NewEntryFault {
    #[error("the entry is invalid: {explanation}{hint}", explanation = .0.explanation(), hint = hint(.0))]
    Invalid(InvalidEntry),
    #[error("the entry cannot be encoded: {0}")]
    Unencodable(#[from] serde_json::Error),
}

fn hint(invalid: &InvalidEntry) -> &'static str {
    if invalid.faults == [EntryFault::TooWide] { "; --force says so" } else { "" }
}

impl NewEntry {
    /// Validates the entry as the functions do. `force` allows an entry that applies to too much.
    pub(super) fn validate(&mut self, rule: &Rule, force: bool) -> Result<Value, NewEntryFault> {
        let value = serde_json::to_value(&*self)?;
        match Entry::parse(&value, rule) {
            Ok(_) => Ok(value),
            Err(invalid) if force && !self.force && invalid.faults == [EntryFault::TooWide] => {
                self.force = true;
                self.validate(rule, force)
            }
            Err(invalid) => Err(NewEntryFault::Invalid(invalid)),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn time<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(written).serialize(serializer)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
const fn is_false(value: &bool) -> bool {
    !*value
}
