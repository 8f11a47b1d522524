//! Pages and arrays of records where a record may be: on a line, in an array, or in another document.

use std::collections::BTreeMap;

use memchr::memmem;
use serde_json::value::RawValue;

use super::super::outcome::Rejected;
use super::batches::{BATCH_NAMES, LOG_KEYS, STATING_KEYS};
use super::claim::CarriedLog;
use super::framed::read_values;
use super::members::members;
use super::parse_record::ParseRecord;
use super::provenance::{Provenance, provenance};
use super::sink::Sink;
use crate::input::Input;

/// Pages within each other that are entered.
const DEEPEST: usize = 2;

/// Parses the records of a page by `parse_record`. Returns `false` if the object is no page: it has no array of
/// objects, or is a log line. A visitor can post any array to the application that wrote such a line.
pub(super) fn parse(object: &[u8], sink: &mut Sink<'_>, parse_record: ParseRecord) -> bool {
    let arrays = members(object, BATCH_NAMES).unwrap_or([None; BATCH_NAMES.len()]);
    let mut arrays =
        arrays.into_iter().flatten().map(RawValue::get).filter(|array| is_array_of_records(array.as_bytes()));
    if is_empty(object) {
        return true;
    }
    let Some(first) = arrays.next().filter(|_| sink.pages < DEEPEST && !is_log_line(object)) else { return false };
    std::iter::once(first).chain(arrays).for_each(|array| parse_elements(array.as_bytes(), sink, parse_record));
    true
}

/// Whether an object is a log line of another application, or no valid object. A forwarder's document that states Entra
/// as its origin is none.
pub(super) fn is_log_line(object: &[u8]) -> bool {
    match provenance(object, CarriedLog::SignIns) {
        Provenance::Other => true,
        Provenance::Stated => false,
        Provenance::Silent | Provenance::Sensor => {
            members(object, LOG_KEYS).is_none_or(|members| members.into_iter().any(|member| member.is_some()))
        }
    }
}

/// Parses the records of a line that is no object: an array, or a damaged page. Returns `false` if it is neither.
pub(super) fn parse_line(line: &[u8], sink: &mut Sink<'_>, parse_record: ParseRecord) -> bool {
    let is_page = is_array_of_records(line) || line.trim_ascii_start().starts_with(b"{") && is_damaged_page(line);
    let is_entered = is_page && sink.pages < DEEPEST;
    if is_entered {
        parse_elements(line, sink, parse_record);
    }
    is_entered
}

fn parse_elements(text: &[u8], sink: &mut Sink<'_>, parse_record: ParseRecord) {
    let mut input = Input::of_text(text.to_vec(), sink.limits);
    sink.pages += 1;
    if read_values(&mut input, sink, parse_record).is_err() {
        sink.reject(Rejected::Malformed);
    }
    sink.pages -= 1;
}

/// Whether an object is a page without records: it has only empty arrays of records, and `OData`'s own members.
fn is_empty(page: &[u8]) -> bool {
    let members = serde_json::from_slice::<BTreeMap<&str, &RawValue>>(page).unwrap_or_default();
    let is_empty = |array: &RawValue| array.get().strip_prefix('[').is_some_and(|rest| rest.trim_start() == "]");
    let is_page = members.iter().any(|(name, array)| BATCH_NAMES.contains(name) && is_empty(array));
    // Of a key that is there twice, only the last is a member.
    let has_object = memchr::memchr_iter(b'{', page).nth(1).is_some();
    is_page
        && !has_object
        && members
            .iter()
            .all(|(name, array)| name.starts_with("@odata.") || BATCH_NAMES.contains(name) && is_empty(array))
}

/// Whether a text begins as an array of objects or arrays.
fn is_array_of_records(text: &[u8]) -> bool {
    let rest = text.trim_ascii_start().strip_prefix(b"[");
    rest.is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{") || rest.trim_ascii_start().starts_with(b"["))
}

/// Whether a damaged object has an array of records, and no key of a log line or a record before it.
fn is_damaged_page(text: &[u8]) -> bool {
    let has_array =
        |position: usize| text[position..].trim_ascii_start().strip_prefix(b":").is_some_and(is_array_of_records);
    let array_under = |name: &&str| {
        let key = format!("\"{name}\"");
        memmem::find_iter(text, &key).find(|position| has_array(position + key.len()))
    };
    let Some(array) = BATCH_NAMES.iter().filter_map(array_under).min() else { return false };
    let has = |name: &&str| memmem::find(&text[..array], format!("\"{name}\"").as_bytes()).is_some();
    !LOG_KEYS.iter().chain(&STATING_KEYS).any(has)
}
