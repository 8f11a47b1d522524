//! The answer of Log Analytics' query API: `{"tables":[{"name":"PrimaryResult","columns":[...],"rows":[[...]]}]}`.
//!
//! A row is an array, which says nothing without the columns before it, so an answer is read from its beginning to its end
//! as one document. Where its brackets are damaged the rest is lost; the API gives whole answers or none.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::record::Rejected;
use super::super::row::{Field, Row};
use super::super::tolerant::Words;
use super::{Shape, Sink, log_analytics, table};
use crate::input::{Input, ReadFault, read_or_repair};

pub(super) const SHAPE: Shape = Shape { name: "api_answer", recognises: |head| head.has(&["tables"]), read };

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    let limit = input.limits.record;
    while input.skip_white_space()?.is_some() {
        let left = Cell::new(limit);
        let mut json = serde_json::Deserializer::from_reader(Bounded { input, valid: 0, left: &left });
        let mut answer = Answer { sink, columns: None, left: &left, limit };
        let part = Part { answer: &mut answer, place: Place::Document };
        part.deserialize(&mut json).map_err(|error| match error.classify() {
            serde_json::error::Category::Eof => ReadFault::Truncated("a JSON document"),
            serde_json::error::Category::Io => io::Error::from(error).into(),
            _ => ReadFault::Corrupt(error.to_string()),
        })?;
    }
    Ok(())
}

/// Bytes up to a limit, which is set anew with each row: whatever lies between two rows must not fill the memory. What is no
/// character is a question mark, for the parser would stop there: who signs in could hide the rest of the answer so.
struct Bounded<'b, 'i, 'a> {
    input: &'i mut Input<'a>,
    /// How many bytes ahead are known to be characters.
    valid: usize,
    left: &'b Cell<usize>,
}

impl Read for Bounded<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.characters(buffer)?;
        let left = self.left.get().checked_sub(read);
        self.left.set(left.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "a row of its tables is longer than a record may be")
        })?);
        Ok(read)
    }
}

/// The longest character has so many bytes.
const CHARACTER: usize = 4;

impl Bounded<'_, '_, '_> {
    fn characters(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.valid == 0 {
            self.input.look_ahead(CHARACTER)?;
            let ahead = self.input.fill_buf()?;
            self.valid = match std::str::from_utf8(ahead) {
                Ok(text) => text.len(),
                Err(fault) if fault.valid_up_to() == 0 => {
                    let length = fault.error_len().unwrap_or(ahead.len());
                    self.input.consume(length);
                    return (&b"?"[..]).read(buffer);
                }
                Err(fault) => fault.valid_up_to(),
            };
        }
        let most = self.valid.min(buffer.len());
        let read = self.input.read(&mut buffer[..most])?;
        // Around strings a control character is white space or damage; within, JSON has it escaped, and some writers do not.
        buffer[..read].iter_mut().filter(|byte| **byte < b' ').for_each(|byte| *byte = b' ');
        self.valid -= read;
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
            Place::Tables | Place::Rows => deserializer.deserialize_seq(self),
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
        let Part { answer, place } = self;
        if matches!(place, Place::Rows) {
            while let Some(row) = sequence.next_element::<Box<RawValue>>()? {
                answer.row(row.get());
                answer.left.set(answer.limit);
            }
            return Ok(());
        }
        while sequence.next_element_seed(Part { answer, place: Place::Table })?.is_some() {
            answer.left.set(answer.limit);
        }
        Ok(())
    }
}

impl Answer<'_, '_, '_> {
    fn row(&mut self, text: &str) {
        let Some(fields) = &self.columns else { return self.sink.other_category() };
        match row(text, fields) {
            Some(row) => self.sink.row(row),
            None => self.sink.reject(Rejected::Malformed),
        }
    }
}

/// The row of these columns, if it is one, and what is needed of it can be read.
fn row(text: &str, fields: &[Field]) -> Option<Row<'static>> {
    let cells: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    if cells.len() != fields.len() {
        return None;
    }
    let mut row = Row::default();
    for (field, cell) in fields.iter().zip(cells).filter(|(field, _)| !matches!(field, Field::Other)) {
        let words = |json: &[u8]| serde_json::from_slice(json).ok().map(|Words(text)| text.into_owned());
        row.put_text(*field, Cow::Owned(read_or_repair(cell.get().as_bytes(), words)?));
    }
    Some(row)
}
