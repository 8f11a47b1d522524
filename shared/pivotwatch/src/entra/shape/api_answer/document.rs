//! Visits an answer, and gives its rows to the sink once the document around them is known.
//!
//! A visitor can post an answer to an application, which logs it. The keys that show this can follow the rows. So the
//! rows are held until their document ends, up to [`MOST_HELD`] bytes. Beyond, the keys before the rows decide.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::super::fields::Fields;
use super::super::super::outcome::Rejected;
use super::super::members::members;
use super::super::pages::is_log_line;
use super::super::{RECORDS, ROWS as SIGN_IN_FIELDS, Sink, any_record, forwarded, mixed};
use super::bounded_text::RowLength;
use super::table::AnswerTable;
use super::{COLUMNS, MOST_HELD, PART_OVERHEAD, PROPERTIES, ROWS, TABLES};
use crate::input::sniff::ignore_scalars;

/// The state of an answer's parse.
pub(super) struct Answer<'r, 's, 'a> {
    pub(super) sink: &'r mut Sink<'a>,
    pub(super) row: &'s RowLength,
    /// Whether the answer is one of other records, which may be no answer at all.
    pub(super) is_among_others: bool,
    /// The columns of a fragmented answer, whose rows are documents of their own.
    pub(super) table: AnswerTable,
    /// The parts of the document so far, until it is known to be an answer.
    held: Vec<Part>,
    held_bytes: usize,
    /// `None` while parts are held.
    is_of_another: Option<bool>,
    /// Whether the document counted as one of another application.
    is_counted: bool,
    /// The members of the open objects as JSON, without rows.
    open: Vec<String>,
    so_far: Counts,
}

/// The numbers of parts of a document.
#[derive(Clone, Copy, Default)]
struct Counts {
    /// Lists of rows and tables, and records in place of lists.
    lists: usize,
    /// Statements that rows are missing.
    partial: usize,
}

/// A part of a document that the sink needs.
enum Part {
    Columns(Box<RawValue>),
    Row(Box<RawValue>),
    Rejected(Rejected),
    TableEnd,
}

/// Objects within each other that are entered. Each is parsed again with those around it.
const DEEPEST: usize = 6;

impl<'r, 's, 'a> Answer<'r, 's, 'a> {
    pub(super) fn new(sink: &'r mut Sink<'a>, row: &'s RowLength, table: AnswerTable, is_among_others: bool) -> Self {
        Self {
            sink,
            row,
            is_among_others,
            table,
            held: Vec::new(),
            held_bytes: 0,
            is_of_another: None,
            is_counted: false,
            open: Vec::new(),
            so_far: Counts::default(),
        }
    }

    fn part(&mut self, part: Part) {
        self.held_bytes += PART_OVERHEAD
            + match &part {
                Part::Columns(text) | Part::Row(text) => text.get().len(),
                Part::Rejected(_) | Part::TableEnd => 0,
            };
        self.held.push(part);
        if self.is_of_another.is_some() || self.held_bytes > MOST_HELD {
            self.release();
        }
    }

    /// Passes the held parts on. A document that another application logged counts once.
    fn release(&mut self) {
        let is_log_line = |members: &String| is_log_line(object(members).as_bytes());
        let is_of_another = self.is_of_another.unwrap_or_else(|| self.open.iter().any(is_log_line));
        self.is_of_another = Some(is_of_another);
        self.held_bytes = 0;
        for part in std::mem::take(&mut self.held) {
            match part {
                Part::Row(_) | Part::Rejected(_) if is_of_another => {
                    if !std::mem::replace(&mut self.is_counted, true) {
                        self.sink.unproven();
                    }
                }
                _ if is_of_another => {}
                Part::Columns(names) => self.table.set_columns(names.get(), self.sink),
                Part::Row(row) if row.get().starts_with('{') => {
                    // A table in a list of rows counts as a record without a sign-in.
                    any_record::parse(row.get().as_bytes(), RECORDS, self.sink);
                }
                Part::Row(row) => self.table.row(row, self.sink),
                Part::Rejected(reason) => self.sink.reject(reason),
                Part::TableEnd => self.table.end(self.sink),
            }
        }
    }

    /// Ends a document, also one that is truncated.
    pub(super) fn end_document(&mut self) {
        self.release();
        self.open.clear();
        self.is_of_another = None;
        self.is_counted = false;
    }

    fn record(&mut self, record: String) {
        match RawValue::from_string(record) {
            Ok(record) if !self.row.is_exceeded(record.get()) => self.part(Part::Row(record)),
            _ => self.part(Part::Rejected(Rejected::TooLong)),
        }
    }

    /// Ends an object with these objects and texts in place of rows; `before` is of its beginning. Returns its text if
    /// it has no list, and something around it can be a record.
    fn end_object(&mut self, position: Position, before: Counts, in_place_of_rows: Vec<String>) -> Option<String> {
        let has_list = self.so_far.lists > before.lists;
        let own = self.open.last().map(|members| object(members)).unwrap_or_default();
        let is_uncertain = self.is_among_others && self.open.len() == 1;
        if !has_list && !is_uncertain && is_record(&own) {
            self.open.pop();
            if position == Position::Rows {
                return Some(own);
            }
            self.record(own);
            return None;
        }
        let (records, others): (Vec<String>, Vec<String>) =
            in_place_of_rows.into_iter().partition(|value| is_record(value));
        let has_records = !records.is_empty();
        for record in records {
            self.so_far.lists += 1;
            self.record(record);
        }
        let is_incomplete = (has_list || has_records || !is_uncertain) && is_incomplete(own.as_bytes());
        // An error can be in the status of an answer and in its body.
        if is_incomplete && self.so_far.partial == before.partial {
            self.so_far.partial += 1;
            self.part(Part::Rejected(Rejected::PartialAnswer));
        }
        let is_empty = !has_list && !has_records && self.so_far.partial == before.partial;
        if is_empty && position == Position::Rows {
            self.open.pop();
            return Some(own);
        }
        if is_empty && !is_uncertain && others.iter().any(|value| !matches!(value.as_str(), "{}" | "\"\"")) {
            self.part(Part::Rejected(Rejected::NoRows));
        }
        self.close(own.as_bytes());
        None
    }

    /// Closes an object of the document. One of another application makes the whole document one.
    fn close(&mut self, own: &[u8]) {
        if self.is_of_another.is_none() && is_log_line(own) {
            self.release();
        }
        self.open.pop();
    }
}

fn object(members: &str) -> String {
    format!("{{{}}}", members.strip_suffix(',').unwrap_or(members))
}

/// Whether an object is a sign-in, or a record of a log with them.
fn is_record(text: &str) -> bool {
    let has_fields =
        |field_map| Fields::of_json(text.as_bytes(), field_map).is_some_and(|fields| mixed::is_sign_in(&fields));
    text.starts_with('{')
        && (forwarded::is_record(text.as_bytes()) || SIGN_IN_FIELDS.iter().any(|map| has_fields(*map)))
}

/// Whether the members of an answer say that it lacks rows: an error, a status of one, a timeout, or a failed shard.
fn is_incomplete(own: &[u8]) -> bool {
    const SIGNS: [&str; 8] =
        ["error", "Exceptions", "HasErrors", "timed_out", "terminated_early", "is_partial", "status", "_shards"];
    const NOTHING: [&str; 7] = ["null", "false", "0", "\"\"", "[]", "{}", "\"false\""];
    let is_something = |value: &RawValue| !NOTHING.contains(&value.get());
    let Some([signs @ .., status, shards]) = members(own, SIGNS) else { return false };
    let failed = shards.and_then(|shards| members(shards.get().as_bytes(), ["failed"])?[0]);
    let is_error = status.and_then(|status| status.get().parse::<u16>().ok()).is_some_and(|status| status >= 400);
    is_error || signs.into_iter().flatten().chain(failed).any(is_something)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// A document, or an array of documents.
    Root,
    /// An answer or a table within a document.
    Document,
    /// A list of tables.
    Tables,
    /// A list of rows, or an object around one.
    Rows,
}

/// Visits a part of an answer. Returns the JSON text of an object without a list and of a text.
pub(super) struct AnswerVisitor<'p, 'r, 's, 'a> {
    pub(super) answer: &'p mut Answer<'r, 's, 'a>,
    pub(super) position: Position,
}

impl<'de> DeserializeSeed<'de> for AnswerVisitor<'_, '_, '_, '_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnswerVisitor<'_, '_, '_, '_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of a query API")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let AnswerVisitor { answer, position } = self;
        answer.open.push(String::new());
        let before = answer.so_far;
        let is_deepest = answer.open.len() >= DEEPEST;
        let mut in_place_of_rows = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let key = name.to_ascii_lowercase();
            let is_one_of = |names: &[&str]| !is_deepest && names.contains(&key.as_str());
            if is_one_of(&COLUMNS) {
                answer.part(Part::Columns(map.next_value()?));
                continue;
            }
            let value = if is_one_of(&TABLES) {
                map.next_value_seed(AnswerVisitor { answer, position: Position::Tables })?
            } else if is_one_of(&ROWS) {
                let value = map.next_value_seed(AnswerVisitor { answer, position: Position::Rows })?;
                // `properties` of a document are a part of it.
                in_place_of_rows.extend(value.clone().filter(|_| key != PROPERTIES || position != Position::Root));
                value
            } else {
                Some(map.next_value::<Box<RawValue>>()?.get().to_owned())
            };
            if let (Some(value), Some(members)) = (value, answer.open.last_mut()) {
                let name = serde_json::Value::String(name).to_string();
                members.extend([&*name, ":", &*value, ","]);
            }
        }
        if position != Position::Root {
            return Ok(answer.end_object(position, before, in_place_of_rows));
        }
        // The rows of a fragmented table follow its columns as documents of their own.
        let frame = answer.open.last().and_then(|members| frame_type(object(members).as_bytes()));
        answer.end_object(position, before, in_place_of_rows);
        if !matches!(frame.as_deref(), Some("TableHeader" | "TableFragment" | "TableProgress")) {
            answer.part(Part::TableEnd);
        }
        answer.end_document();
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let AnswerVisitor { answer, position } = self;
        answer.so_far.lists += 1;
        if position == Position::Rows {
            answer.row.begin();
            while let Some(row) = sequence.next_element::<Box<RawValue>>()? {
                if answer.row.is_exceeded(row.get()) {
                    answer.part(Part::Rejected(Rejected::TooLong));
                } else {
                    answer.part(Part::Row(row));
                }
                answer.row.begin();
            }
            return Ok(None);
        }
        let of_element = if position == Position::Root { Position::Root } else { Position::Document };
        loop {
            answer.row.begin();
            if sequence.next_element_seed(AnswerVisitor { answer, position: of_element })?.is_none() {
                return Ok(None);
            }
            if of_element == Position::Document {
                answer.part(Part::TableEnd);
            }
        }
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(serde_json::Value::from(text).to_string()))
    }

    ignore_scalars!(None);
}

/// The kind of a frame in an answer of Kusto.
fn frame_type(document: &[u8]) -> Option<String> {
    let [frame] = members(document, ["FrameType"])?;
    serde_json::from_str(frame?.get()).ok()
}
