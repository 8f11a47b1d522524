//! The answer of Log Analytics' query API: `{"tables":[{"name":"PrimaryResult","columns":[...],"rows":[[...]]}]}`.
//!
//! A row is an array, which says nothing without the columns before it, so an answer is read from its beginning to its end
//! as one document. Where it is damaged the rest is lost; the API gives whole answers or none.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::record::Rejected;
use super::super::row::{Field, Row};
use super::super::tolerant::Words;
use super::{Shape, Sink, log_analytics, table};
use crate::input::{Input, ReadFault};

pub(super) const SHAPE: Shape = Shape { name: "api_answer", recognises: |head| head.has(&["tables"]), read };

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    let limit = input.limits.record;
    let left = Cell::new(limit);
    let mut json = serde_json::Deserializer::from_reader(Bounded { input, left: &left });
    let mut answer = Answer { sink, columns: None, left: &left, limit };
    let part = Part { answer: &mut answer, place: Place::Document };
    part.deserialize(&mut json).and_then(|()| json.end()).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => ReadFault::Truncated("a JSON document"),
        serde_json::error::Category::Io => io::Error::from(error).into(),
        _ => ReadFault::Corrupt(error.to_string()),
    })
}

/// Bytes up to a limit, which is set anew with each row: whatever lies between two rows must not fill the memory.
struct Bounded<'b, 'i, 'a> {
    input: &'i mut Input<'a>,
    left: &'b Cell<usize>,
}

impl Read for Bounded<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        let left = self.left.get().checked_sub(read);
        self.left.set(left.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "a row of its tables is longer than a record may be")
        })?);
        Ok(read)
    }
}

/// An answer that is being read.
struct Answer<'r, 's, 'a> {
    sink: &'r mut Sink<'a>,
    /// What the columns of the table are for; `None` for a table that has no sign-ins.
    columns: Option<Vec<Field>>,
    left: &'s Cell<usize>,
    limit: usize,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Clone, Copy)]
enum Place {
    Document,
    Tables,
    Table,
    Rows,
    Row,
}

/// A part of an answer.
struct Part<'p, 'r, 's, 'a> {
    answer: &'p mut Answer<'r, 's, 'a>,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Part<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.place {
            Place::Document | Place::Table => deserializer.deserialize_map(self),
            Place::Tables | Place::Rows | Place::Row => deserializer.deserialize_seq(self),
        }
    }
}

impl<'de> Visitor<'de> for Part<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.place {
            Place::Document => "an answer of the query API",
            Place::Tables => "its tables",
            Place::Table => "a table",
            Place::Rows => "its rows",
            Place::Row => "a row",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let place = match (self.place, name.as_str()) {
                (Place::Document, "tables") => Place::Tables,
                (Place::Table, "rows") => Place::Rows,
                (Place::Table, "columns") => {
                    let columns: Vec<Column> = map.next_value()?;
                    let names = columns.into_iter().map(|column| column.name).collect();
                    self.answer.columns = table::fields(names, log_analytics::vocabulary);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            map.next_value_seed(Part { answer: self.answer, place })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let place = match self.place {
            Place::Tables => Place::Table,
            Place::Row => return self.answer.row(sequence),
            _ => Place::Row,
        };
        while sequence.next_element_seed(Part { answer: self.answer, place })?.is_some() {
            self.answer.left.set(self.answer.limit);
        }
        Ok(())
    }
}

impl Answer<'_, '_, '_> {
    fn row<'de, A: SeqAccess<'de>>(&mut self, mut cells: A) -> Result<(), A::Error> {
        let mut row = Row::default();
        let mut number = 0;
        let fields = self.columns.as_deref().unwrap_or_default();
        while let Some(Words(text)) = cells.next_element()? {
            row.put_text(fields.get(number).copied().unwrap_or(Field::Other), text);
            number += 1;
        }
        match &self.columns {
            None => self.sink.other_category(),
            Some(fields) if fields.len() != number => self.sink.reject(Rejected::Malformed),
            Some(_) => self.sink.row(row),
        }
        Ok(())
    }
}
