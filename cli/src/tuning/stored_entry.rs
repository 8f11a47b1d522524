//! An entry as it is stored, before it is validated.

use serde_json::Value;

/// An entry, valid or not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StoredEntry {
    /// Its id, if it has one.
    pub(super) id: Option<String>,
    /// Null if it cannot be JSON.
    pub(super) value: Value,
}

impl StoredEntry {
    pub(super) fn of(value: Value) -> Self {
        Self { id: value.get("id").and_then(Value::as_str).map(str::to_owned), value }
    }
}
