//! Answers of query APIs whose rows need the answer around them: arrays of cells in the order of the answer's columns, or
//! documents that a search wraps.
//!
//! | answer | of |
//! |---|---|
//! | `{"tables":[{"name":"PrimaryResult","columns":[...],"rows":[[...]]}]}` | Log Analytics |
//! | `{"Tables":[{"TableName":"Table_0","Columns":[...],"Rows":[[...]]}]}` | Kusto, version 1 |
//! | `[{"FrameType":"DataTable","Columns":[...],"Rows":[[...]]}]` | Kusto, version 2 |
//! | `{"hits":{"hits":[{"_source":{...}}]}}`, `{"columns":[...],"values":[[...]]}` | Elasticsearch |
//! | `{"body":{"value":[{...}]}}` | Logic Apps |
//!
//! A row is an array, which says nothing without the columns beside it, so an answer is read from its beginning to its end
//! as one document. Where its brackets are damaged the rest is lost; the API gives whole answers or none. Answers whose rows
//! are objects under one name (`Results`, `value`) are batches, and are cut record by record instead.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::fields::{Field, Fields};
use super::super::lenient::LenientWords;
use super::super::record::Rejected;
use super::preview::Preview;
use super::{RECORDS, Recognition, Shape, Sink, any_record, table, table_field_maps};
use crate::input::sniff::ignore_scalars;
use crate::input::{Foreign, Input, LONGEST_MAGIC, ReadFault};

pub(super) const SHAPE: Shape = Shape { name: "api_answer", recognition: Recognition::Preview(recognises), read };

/// Names of tables' lists, in lower case.
const TABLES: [&str; 1] = ["tables"];
/// Names of the columns' lists, likewise.
const COLUMNS: [&str; 3] = ["columns", "schema", "columndescriptors"];
/// Names of rows' lists, or of objects around them, likewise.
const ROWS: [&str; 14] = [
    "rows",
    "results",
    "result",
    "value",
    "values",
    "data",
    "items",
    "primaryresults",
    "primary_results",
    "hits",
    "records",
    "body",
    "response",
    "properties",
];

fn recognises(preview: &Preview<'_>) -> bool {
    let is_wrapped = |outer: &str| ROWS.iter().any(|inner| preview.has_in_any_case(&[&format!("{outer}.{inner}")]));
    ["tables", "rows", "FrameType"].iter().any(|name| preview.has_in_any_case(&[name]))
        || ["values", "results", "data", "value"].iter().any(|rows| preview.has_in_any_case(&["columns", rows]))
        || ["hits", "body", "data", "result", "results", "response"].into_iter().any(is_wrapped)
}

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    let limit = input.limits.record;
    while input.skip_white_space()?.is_some() {
        input.look_ahead(LONGEST_MAGIC)?;
        if input.begins_compressed() {
            return Err(ReadFault::compressed_part());
        }
        let row = RowLength { limit, bytes: Cell::new(0), is_shortened: Cell::new(false) };
        let place = StringState::default();
        let mut json = serde_json::Deserializer::from_reader(BoundedText {
            input,
            valid: 0,
            place,
            is_skipping: false,
            row: &row,
        });
        let mut answer = Answer { sink, table: AnswerTable::default(), row: &row };
        let result = AnswerVisitor { answer: &mut answer, position: Position::Document }.deserialize(&mut json);
        answer.end_table();
        result.map_err(|error| match error.classify() {
            serde_json::error::Category::Eof => ReadFault::Truncated("a JSON document"),
            serde_json::error::Category::Io => io::Error::from(error).into(),
            _ => ReadFault::Corrupt(error.to_string()),
        })?;
    }
    Ok(())
}

/// The length of the row that is being read: what lies between two rows must not fill the memory.
struct RowLength {
    /// Bytes of the longest row.
    limit: usize,
    /// Bytes since the last row, without what was left out.
    bytes: Cell<usize>,
    /// Whether a string was shortened since then.
    is_shortened: Cell<bool>,
}

impl RowLength {
    fn begin(&self) {
        self.bytes.set(0);
        self.is_shortened.set(false);
    }

    /// Whether the row `text` was longer than a record may be.
    fn is_exceeded(&self, text: &str) -> bool {
        self.is_shortened.get() || text.len() > self.limit
    }
}

/// Where in JSON a byte stands.
#[derive(Default)]
struct StringState {
    in_string: bool,
    /// Bytes that an escape still has; the digits after `\u` end with one that is no `u`.
    of_escape: usize,
}

impl StringState {
    fn advance(&mut self, byte: u8) {
        match (self.of_escape, byte) {
            // `\u` has four digits.
            (1, b'u') => self.of_escape = 4,
            (1.., _) => self.of_escape -= 1,
            (0, b'"') => self.in_string = !self.in_string,
            (0, b'\\') => self.of_escape = usize::from(self.in_string),
            (0, _) => {}
        }
    }
}

/// The text of an answer. Strings end early once a row is longer than a record may be, so that it costs itself and no memory.
/// What is no character is a question mark, for the parser would stop there: who signs in could hide the rest of the answer so.
struct BoundedText<'b, 'i, 'a> {
    input: &'i mut Input<'a>,
    /// How many bytes ahead are known to be characters.
    valid: usize,
    place: StringState,
    /// Whether the rest of a string is left out.
    is_skipping: bool,
    row: &'b RowLength,
}

impl Read for BoundedText<'_, '_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.characters(buffer)?;
            let kept = self.shortened(&mut buffer[..read]);
            let bytes = self.row.bytes.get() + kept;
            self.row.bytes.set(bytes);
            if bytes > self.row.limit.saturating_add(MOST_HELD) {
                let message = "a row of its tables is longer than a record may be";
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

/// The longest character has so many bytes.
const CHARACTER: usize = 4;

impl BoundedText<'_, '_, '_> {
    /// The length of `text` without what is left out of its strings.
    fn shortened(&mut self, text: &mut [u8]) -> usize {
        let mut kept = 0;
        for index in 0..text.len() {
            let byte = text[index];
            let is_within = self.place.in_string && self.place.of_escape == 0 && byte != b'"';
            // A character of several bytes is kept or left out whole.
            let begins_character = byte & 0xc0 != 0x80;
            let is_beyond = self.row.bytes.get() + kept > self.row.limit;
            if is_beyond && is_within && begins_character {
                self.is_skipping = true;
                self.row.is_shortened.set(true);
            }
            self.place.advance(byte);
            self.is_skipping &= self.place.in_string;
            if !self.is_skipping {
                text[kept] = byte;
                kept += 1;
            }
        }
        kept
    }

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
    table: AnswerTable,
    row: &'s RowLength,
}

/// A table of it.
#[derive(Default)]
struct AnswerTable {
    /// What its columns are for, or what it is instead of sign-ins; `None` before they are known.
    columns: Option<Result<Vec<Field>, Foreign>>,
    /// Rows that came before the columns, at most `MOST_HELD` bytes of them.
    held: Vec<Box<RawValue>>,
    held_bytes: usize,
}

/// Bytes of rows that wait for their columns. A row beyond is rejected.
const MOST_HELD: usize = 16 * 1024 * 1024;

#[derive(Clone, Copy)]
enum Position {
    /// An answer or a table.
    Document,
    /// A list of tables.
    Tables,
    /// A list of rows, or an object around one.
    Rows,
}

/// A part of an answer.
struct AnswerVisitor<'p, 'r, 's, 'a> {
    answer: &'p mut Answer<'r, 's, 'a>,
    position: Position,
}

impl<'de> DeserializeSeed<'de> for AnswerVisitor<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnswerVisitor<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of a query API")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let name = name.to_ascii_lowercase();
            let is_one_of = |names: &[&str]| names.contains(&name.as_str());
            if is_one_of(&COLUMNS) {
                let columns: Box<RawValue> = map.next_value()?;
                self.answer.columns(columns.get());
            } else if is_one_of(&TABLES) {
                map.next_value_seed(AnswerVisitor { answer: self.answer, position: Position::Tables })?;
            } else if is_one_of(&ROWS) {
                map.next_value_seed(AnswerVisitor { answer: self.answer, position: Position::Rows })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let AnswerVisitor { answer, position } = self;
        if matches!(position, Position::Rows) {
            answer.row.begin();
            while let Some(row) = sequence.next_element::<Box<RawValue>>()? {
                if answer.row.is_exceeded(row.get()) {
                    answer.sink.reject(Rejected::TooLong);
                } else {
                    answer.row(row);
                }
                answer.row.begin();
            }
            return Ok(());
        }
        loop {
            answer.end_table();
            answer.row.begin();
            if sequence.next_element_seed(AnswerVisitor { answer, position: Position::Document })?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    ignore_scalars!();
}

impl Answer<'_, '_, '_> {
    /// Takes the columns of a table, and the rows that came before them.
    fn columns(&mut self, text: &str) {
        let Some(names) = names(text) else { return };
        let columns = table::fields(names, &table_field_maps());
        if let Err(foreign) = columns {
            self.sink.foreign_table(foreign);
        }
        self.table.columns = Some(columns);
        self.table.held_bytes = 0;
        for row in std::mem::take(&mut self.table.held) {
            self.row(row);
        }
    }

    fn row(&mut self, row: Box<RawValue>) {
        let text = row.get();
        if text.starts_with('{') {
            // A table that stands where rows stand is none of a sign-in, and is counted as such.
            return any_record::read(text.as_bytes(), RECORDS, self.sink);
        }
        match &self.table.columns {
            Some(Ok(fields)) => match cells(text, fields) {
                Some(row) => self.sink.fields(row),
                None => self.sink.reject(Rejected::Malformed),
            },
            Some(Err(_)) => self.sink.other_category(),
            None if self.table.held_bytes + text.len() <= MOST_HELD => {
                self.table.held_bytes += text.len();
                self.table.held.push(row);
            }
            None => self.sink.reject(Rejected::NoColumns),
        }
    }

    /// Rejects the rows whose columns never came, and forgets the columns.
    fn end_table(&mut self) {
        for _ in std::mem::take(&mut self.table).held {
            self.sink.reject(Rejected::NoColumns);
        }
    }
}

/// The names of columns, each a text or an object with a name; `None` where the text is no list.
fn names(text: &str) -> Option<Vec<String>> {
    let columns: Vec<serde_json::Value> = serde_json::from_str(text).ok()?;
    let name = |column: &serde_json::Value| {
        let named = ["name", "Name", "ColumnName", "columnName"].iter().find_map(|name| column.get(name)?.as_str());
        column.as_str().or(named).unwrap_or_default().to_owned()
    };
    Some(columns.iter().map(name).collect())
}

/// The row of these columns, if it is one, and what is needed of it can be read.
fn cells(text: &str, fields: &[Field]) -> Option<Fields<'static>> {
    let cells: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    if cells.len() != fields.len() {
        return None;
    }
    let mut row = Fields::default();
    for (field, cell) in fields.iter().zip(cells).filter(|(field, _)| !matches!(field, Field::Other)) {
        let text = cell.get();
        // An object is its text.
        if matches!(field, Field::Object(_)) && text.starts_with('{') {
            row.put_text(*field, Cow::Borrowed(text));
            continue;
        }
        let words = |json: &[u8]| serde_json::from_slice(json).ok().map(|LenientWords(text)| text.into_owned());
        row.put_text(*field, Cow::Owned(json_records::parse_or_repair(text.as_bytes(), words)?));
    }
    Some(row.into_owned())
}
