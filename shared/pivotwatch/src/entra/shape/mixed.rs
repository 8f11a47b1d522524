//! Records of another shape than their file's: archives and event hubs mix logs.
//!
//! The file's shape is that of some record near its beginning, which a visitor may have written. So the shape decides
//! only how a record is parsed first. A record that has none of the shape's fields is parsed by its own keys.

use super::super::fields::{FieldId, Fields};
use super::claim::CarriedLog;
use super::forwarded::{self, Forwarded};
use super::parse_record::NotJson;
use super::provenance::{Provenance, provenance};
use super::sink::Sink;
use super::{ROWS, api_answer, diagnostic, log_analytics, pages};

/// Parses a record by its own keys. Returns `false` if it is a record of no known log.
pub(super) fn parse(text: &[u8], sink: &mut Sink<'_>) -> bool {
    let is_forwarded = |sink: &mut Sink<'_>| matches!(forwarded::parse(text, sink), Ok(Forwarded::Parsed));
    sink.take_other_log(text) || is_forwarded(sink) || parse_unwrapped(text, sink)
}

/// Like [`parse`], for a text that is known to be no forwarder's document.
pub(super) fn parse_other_than_forwarded(text: &[u8], sink: &mut Sink<'_>) -> bool {
    sink.take_other_log(text) || parse_unwrapped(text, sink)
}

fn parse_unwrapped(text: &[u8], sink: &mut Sink<'_>) -> bool {
    parse_by_rows(text, sink)
        || pages::parse(text, sink, parse_element)
        || api_answer::parse(text, sink)
        || forwarded::parse_original(text, sink)
}

/// Parses an element of a page or an array.
pub(super) fn parse_element(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    log_analytics::parse_mixed(text, sink)
}

/// Parses a row of any shape of rows. Returns `false` if it is none with a sign-in.
pub(super) fn parse_row(text: &[u8], sink: &mut Sink<'_>) -> bool {
    let mut fields = ROWS.iter().filter_map(|field_map| Fields::of_json(text, *field_map));
    let found = fields.find(is_sign_in);
    let is_row = found.is_some();
    if let Some(fields) = found {
        sink.fields_of(text, fields);
    }
    is_row
}

/// Parses a record that is not wrapped.
fn parse_by_rows(text: &[u8], sink: &mut Sink<'_>) -> bool {
    if parse_row(text, sink) {
        return true;
    }
    let mut has_category = true;
    let parsed = diagnostic::parse(text, sink, |_, _| {
        has_category = false;
        Ok(())
    });
    if parsed.is_ok() && has_category {
        return true;
    }
    let is_of_another = provenance(text, CarriedLog::SignIns) == Provenance::Other;
    if is_of_another {
        sink.other_category();
    }
    is_of_another
}

/// Whether the fields have a time, an address and a result code: the least that a sign-in has.
pub(super) fn is_sign_in(fields: &Fields<'_>) -> bool {
    fields.has_any(&[FieldId::Time, FieldId::LoggedAt])
        && fields.has_any(&[FieldId::Address, FieldId::CallerAddress])
        && fields.has_code()
}
