//! The current table of an answer: its columns, and the rows that wait for them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::super::fields::{Field, Fields};
use super::super::super::lenient::LenientWords;
use super::super::super::outcome::Rejected;
use super::super::{Sink, table, table_field_maps};
use super::{MOST_HELD, PART_OVERHEAD};
use crate::input::Foreign;

#[derive(Default)]
pub(super) struct AnswerTable {
    /// The field of each column, or the kind of a table without sign-ins; `None` before the columns.
    columns: Option<Result<Vec<Field>, Foreign>>,
    /// Rows before the columns, at most `MOST_HELD` bytes.
    held: Vec<Box<RawValue>>,
    held_bytes: usize,
}

impl AnswerTable {
    /// Sets the columns, and parses the rows that waited for them.
    pub(super) fn set_columns(&mut self, text: &str, sink: &mut Sink<'_>) {
        let Some(names) = names(text) else { return };
        let columns = table::fields(names, &table_field_maps());
        if let Err(foreign) = columns {
            sink.foreign_table(foreign);
        }
        self.columns = Some(columns);
        self.held_bytes = 0;
        for row in std::mem::take(&mut self.held) {
            self.row(row, sink);
        }
    }

    /// Parses a row of cells, or keeps it until the columns are known.
    pub(super) fn row(&mut self, row: Box<RawValue>, sink: &mut Sink<'_>) {
        let text = row.get();
        match &self.columns {
            Some(Ok(columns)) => match cells(text, columns) {
                Some(fields) => sink.fields(fields),
                None => sink.reject(Rejected::Malformed),
            },
            Some(Err(_)) => sink.other_category(),
            None if self.held_bytes + text.len() + PART_OVERHEAD <= MOST_HELD => {
                self.held_bytes += text.len() + PART_OVERHEAD;
                self.held.push(row);
            }
            None => sink.reject(Rejected::NoColumns),
        }
    }

    /// Ends the table. Rejects the rows that still wait for columns.
    pub(super) fn end(&mut self, sink: &mut Sink<'_>) {
        for _ in std::mem::take(self).held {
            sink.reject(Rejected::NoColumns);
        }
    }
}

/// The names of columns, each a text or an object with a name; `None` if the text is not a list.
fn names(text: &str) -> Option<Vec<String>> {
    let columns: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let name = |column: &serde_json::Value| {
        let named = ["name", "Name", "ColumnName", "columnName"].iter().find_map(|name| column.get(name)?.as_str());
        column.as_str().or(named).unwrap_or_default().to_owned()
    };
    Some(columns.iter().map(name).collect())
}

/// The fields of a row; `None` if it has another number of cells or a required cell cannot be parsed.
fn cells(text: &str, columns: &[Field]) -> Option<Fields<'static>> {
    let cells: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    if cells.len() != columns.len() {
        return None;
    }
    let mut fields = Fields::default();
    for (column, cell) in columns.iter().zip(cells).filter(|(column, _)| !matches!(column, Field::Other)) {
        let text = cell.get();
        // An object is its text.
        if matches!(column, Field::Object(_)) && text.starts_with('{') {
            fields.put_text(*column, Cow::Borrowed(text));
            continue;
        }
        let words = |json: &[u8]| serde_json::from_slice(json).ok().map(|LenientWords(text)| text.into_owned());
        fields.put_text(*column, Cow::Owned(json_records::parse_or_repair(text.as_bytes(), words)?));
    }
    Some(fields.into_owned())
}
