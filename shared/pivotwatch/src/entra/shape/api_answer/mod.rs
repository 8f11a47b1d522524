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

mod bounded_text;
mod document;
mod table;

use std::io;

use serde::de::DeserializeSeed;

use self::bounded_text::{BoundedText, RowLength};
use self::document::{Answer, AnswerVisitor, Position};
use self::table::AnswerTable;
use super::super::outcome::Rejected;
use super::batches::BATCHES;
use super::forwarded::is_of_cloud_trail;
use super::preview::{Preview, document_length};
use super::table::begins_table;
use super::{Recognition, Shape, Sink, mixed, pages, table_field_maps};
use crate::input::sniff::{KeySample, Keys, RESPONSES};
use crate::input::{Input, PART_BEGINNING, ReadFault};

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
    PROPERTIES,
];
/// The key of an answer in the form of Azure Resource Manager.
const PROPERTIES: &str = "properties";

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

/// Bytes of rows that wait for the end of their document, or for their columns.
const MOST_HELD: usize = 16 * 1024 * 1024;
/// Bytes of such a row in memory without its text.
const PART_OVERHEAD: usize = 64;

/// Parses an answer among other records. Returns `false` if the object is none: it has no rows. Then the sink has
/// received nothing.
pub(super) fn parse(object: &[u8], sink: &mut Sink<'_>) -> bool {
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
    let mut rows = AnswerTable::default();
    while let Some(byte) = input.skip_white_space()? {
        input.look_ahead(PART_BEGINNING)?;
        let is_table = || begins_table(first_line(input.ahead()), &table_field_maps());
        if input.begins_unreadable_part() || byte == b'"' && is_table() {
            rows.end(sink);
            return Err(ReadFault::unreadable_part());
        }
        if byte == b',' {
            input.advance(1);
            continue;
        }
        if with_others && let Some(record) = next_other(input)? {
            parse_other(&record, sink);
            continue;
        }
        let row = RowLength::new(limit);
        let mut json = serde_json::Deserializer::from_reader(BoundedText::new(input, &row));
        let mut answer = Answer::new(sink, &row, rows, !with_others);
        let result = AnswerVisitor { answer: &mut answer, position: Position::Root }.deserialize(&mut json);
        answer.end_document();
        rows = answer.table;
        if let Err(error) = result {
            rows.end(sink);
            return Err(match error.classify() {
                serde_json::error::Category::Eof => ReadFault::Truncated("a JSON document"),
                serde_json::error::Category::Io => io::Error::from(error).into(),
                _ => ReadFault::Corrupt(error.to_string()),
            });
        }
    }
    rows.end(sink);
    Ok(())
}

/// The first line of a text, at most 16 KiB.
fn first_line(text: &[u8]) -> &[u8] {
    let text = &text[..text.len().min(16 * 1024)];
    text.split(|byte| *byte == b'\n').next().unwrap_or_default()
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
