//! Answers of query APIs: rows as arrays of cells in the order of the answer's columns, or documents that a search
//! wraps.
//!
//! | answer | of |
//! |---|---|
//! | `{"tables":[{"name":"PrimaryResult","columns":[...],"rows":[[...]]}]}` | Log Analytics |
//! | `{"Tables":[{"TableName":"Table_0","Columns":[...],"Rows":[[...]]}]}` | Kusto, version 1 |
//! | `[{"FrameType":"DataTable","Columns":[...],"Rows":[[...]]}]` | Kusto, version 2 |
//! | `{"hits":{"hits":[{"_source":{...}}]}}`, `{"columns":[...],"values":[[...]]}` | Elasticsearch |
//! | `{"body":{"value":[{...}]}}` | Logic Apps |
//! | `{"responses":[{"body":{"value":[{...}]}}]}` | Microsoft Graph's `$batch` |
//!
//! A row is an array and needs the columns of its table, so an answer is parsed as one document. Damage to its brackets
//! costs the rest of it, but an API returns an answer whole or not at all. Answers whose rows
//! are objects under one name (`Results`, `value`) are batches, and are cut record by record instead.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::fields::{Field, Fields};
use super::super::lenient::LenientWords;
use super::super::outcome::Rejected;
use super::batches::BATCHES;
use super::forwarded::is_of_cloud_trail;
use super::pages::{self, is_log_line};
use super::preview::{Preview, document_length};
use super::{RECORDS, Recognition, Shape, Sink, any_record, mixed, table, table_field_maps};
use crate::input::sniff::{KeySample, Keys, RESPONSES, ignore_scalars};
use crate::input::{Foreign, Input, LONGEST_MAGIC, ReadFault};

pub(super) const SHAPE: Shape = Shape { name: "api_answer", recognition: Recognition::Preview(recognises), read };

/// Keys of lists of tables, or of lists of answers, in lower case.
const TABLES: [&str; 2] = ["tables", RESPONSES];
/// Keys of lists of columns, in lower case.
const COLUMNS: [&str; 3] = ["columns", "schema", "columndescriptors"];
/// Keys of lists of rows or of objects around such lists, in lower case.
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

/// A table decides, since no log has its keys. The keys of other answers are those of many logs, so each record must
/// have them.
fn recognises(preview: &Preview<'_>) -> bool {
    let mut records = preview.records().peekable();
    let has_records = records.peek().is_some();
    has_records
        && (preview.records().any(is_table) || records.all(is_answer))
        && !preview.records().any(is_of_cloud_trail)
}

fn has(record: &Keys, name: &str) -> bool {
    record.iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn is_table(record: &Keys) -> bool {
    ["tables", "FrameType", "hits.hits"].iter().any(|name| has(record, name))
        || has(record, "responses.body")
        || has(record, "properties.columns") && has(record, "properties.rows")
        || has(record, "columns") && ["rows", "values", "results", "data", "value"].iter().any(|rows| has(record, rows))
}

/// Whether these are the keys of an answer. Records of other logs can have them, too.
pub(super) fn is_answer(record: &Keys) -> bool {
    let is_wrapped = |outer: &str| ROWS.iter().any(|inner| has(record, &format!("{outer}.{inner}")));
    is_table(record)
        || has(record, "rows")
        || ["hits", "body", "data", "result", "results", "response"].into_iter().any(is_wrapped)
}

/// Parses an answer among other records. Returns `false` if the object is none: it has no rows, or the keys of a log
/// line. Then the sink has received nothing.
pub(super) fn parse(object: &[u8], sink: &mut Sink<'_>) -> bool {
    if is_log_line(object) {
        return false;
    }
    let records = sink.records();
    if read_answers(&mut Input::of_text(object.to_vec(), sink.limits), sink, false).is_err() {
        sink.reject(Rejected::Malformed);
    }
    sink.records() > records
}

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    read_answers(input, sink, true)
}

/// Reads answers, and other records between them if `with_others`.
fn read_answers(input: &mut Input<'_>, sink: &mut Sink<'_>, with_others: bool) -> Result<(), ReadFault> {
    let limit = input.limits.record;
    while let Some(byte) = input.skip_white_space()? {
        input.look_ahead(LONGEST_MAGIC)?;
        if input.begins_compressed() {
            return Err(ReadFault::compressed_part());
        }
        if byte == b',' {
            input.advance(1);
            continue;
        }
        if with_others && let Some(record) = next_other(input)? {
            parse_other(&record, sink);
            continue;
        }
        let row = RowLength { limit, bytes: Cell::new(0), is_shortened: Cell::new(false) };
        let state = StringState::default();
        let mut json = serde_json::Deserializer::from_reader(BoundedText {
            input,
            valid: 0,
            state,
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

/// The next document, if it is whole within the limit of a record, and has records that are no answers.
fn next_other(input: &mut Input<'_>) -> io::Result<Option<Vec<u8>>> {
    input.look_ahead(input.limits.record)?;
    let Some(length) = document_length(input.ahead()) else { return Ok(None) };
    let document = input.ahead()[..length].to_vec();
    let records = KeySample::of(&document, &BATCHES, 1).records;
    let is_table = document.starts_with(b"{") && records.iter().any(is_table);
    if records.is_empty() || is_table || records.iter().all(is_answer) {
        return Ok(None);
    }
    input.advance(length);
    Ok(Some(document))
}

/// Parses a document beside answers: a record, a page, or an array of any of these.
fn parse_other(document: &[u8], sink: &mut Sink<'_>) {
    let is_parsed =
        pages::parse_line(document, sink, mixed::parse_element) || mixed::parse_element(document, sink).is_ok();
    if !is_parsed {
        sink.reject(Rejected::Malformed);
    }
}

/// The length of the current row. Also bounds the text between two rows.
struct RowLength {
    /// Bytes of the longest row.
    limit: usize,
    /// Kept bytes since the last row.
    bytes: Cell<usize>,
    /// Whether a string since the last row was shortened.
    is_shortened: Cell<bool>,
}

impl RowLength {
    fn begin(&self) {
        self.bytes.set(0);
        self.is_shortened.set(false);
    }

    /// Whether the row `text` was longer than the limit.
    fn is_exceeded(&self, text: &str) -> bool {
        self.is_shortened.get() || text.len() > self.limit
    }
}

/// Whether a position in JSON is in a string and in an escape.
#[derive(Default)]
struct StringState {
    in_string: bool,
    /// Bytes of the escape that still follow. The last digit after `\u` is no `u`, so it cannot start another escape.
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

/// The text of an answer, bounded and valid for the parser.
///
/// Beyond the limit of a row its strings are truncated, so a long row costs itself and no memory. A question mark
/// replaces invalid UTF-8, where the parser would stop. Otherwise a user could hide the rest of the answer.
struct BoundedText<'b, 'i, 'a> {
    input: &'i mut Input<'a>,
    /// Bytes ahead that are known to be UTF-8.
    valid: usize,
    state: StringState,
    /// Whether the rest of the current string is omitted.
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

/// Bytes of the longest character.
const CHARACTER: usize = 4;

impl BoundedText<'_, '_, '_> {
    /// Removes the omitted parts of strings from `text`, and returns its new length.
    fn shortened(&mut self, text: &mut [u8]) -> usize {
        let mut kept = 0;
        for index in 0..text.len() {
            let byte = text[index];
            let is_within = self.state.in_string && self.state.of_escape == 0 && byte != b'"';
            // A character of several bytes is kept or omitted whole.
            let begins_character = byte & 0xc0 != 0x80;
            let is_beyond = self.row.bytes.get() + kept > self.row.limit;
            if is_beyond && is_within && begins_character {
                self.is_skipping = true;
                self.row.is_shortened.set(true);
            }
            self.state.advance(byte);
            self.is_skipping &= self.state.in_string;
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
        // Outside of strings a control character is white space or damage. In strings JSON requires an escape, and some
        // writers do not escape.
        buffer[..read].iter_mut().filter(|byte| **byte < b' ').for_each(|byte| *byte = b' ');
        self.valid -= read;
        Ok(read)
    }
}

/// The state of an answer's parse.
struct Answer<'r, 's, 'a> {
    sink: &'r mut Sink<'a>,
    table: AnswerTable,
    row: &'s RowLength,
}

/// The current table of an answer.
#[derive(Default)]
struct AnswerTable {
    /// The field of each column, or the kind of a table without sign-ins; `None` before the columns.
    columns: Option<Result<Vec<Field>, Foreign>>,
    /// Rows before the columns, at most `MOST_HELD` bytes.
    held: Vec<Box<RawValue>>,
    held_bytes: usize,
}

/// Bytes of rows that wait for their columns. A row beyond them is rejected.
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

/// Visits a part of an answer.
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
            } else if name == "error" && matches!(self.position, Position::Rows) {
                // One of several requests failed, so its rows are missing.
                map.next_value::<IgnoredAny>()?;
                self.answer.sink.reject(Rejected::Malformed);
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
    /// Sets the columns of the table, and parses the rows that waited for them.
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
            // A table in a list of rows counts as a record without a sign-in.
            return any_record::parse(text.as_bytes(), RECORDS, self.sink);
        }
        match &self.table.columns {
            Some(Ok(columns)) => match cells(text, columns) {
                Some(fields) => self.sink.fields(fields),
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

    /// Ends the table. Rejects the rows that still wait for columns.
    fn end_table(&mut self) {
        for _ in std::mem::take(&mut self.table).held {
            self.sink.reject(Rejected::NoColumns);
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
