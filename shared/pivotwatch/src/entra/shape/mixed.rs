//! Records of another shape than their file's: archives and event hubs mix logs.
//!
//! The file's shape is that of some record near its beginning, which a stranger may have written. So the shape decides only
//! how a record is parsed first. A record that has none of the shape's fields is parsed by its own keys.

use super::super::fields::{FieldId, FieldMap, Fields};
use super::forwarded::{self, Forwarded};
use super::provenance::{Provenance, provenance};
use super::sink::Sink;
use super::{defender, diagnostic, elastic, log_analytics};

/// Parses a record by its own keys. Returns `false` if it is no sign-in of any shape, and no record of another log.
pub(super) fn parse(text: &[u8], sink: &mut Sink<'_>) -> bool {
    matches!(forwarded::parse(text, sink), Ok(Forwarded::Parsed)) || parse_unwrapped(text, sink)
}

/// Like [`parse`], for a text that is known to be no forwarder's document.
pub(super) fn parse_unwrapped(text: &[u8], sink: &mut Sink<'_>) -> bool {
    // Another application can log an object that a visitor posted.
    if matches!(provenance(text), Provenance::Other) {
        return false;
    }
    let field_maps: [FieldMap; 3] = [log_analytics::field_map, defender::field_map, elastic::field_map];
    let mut fields = field_maps.into_iter().filter_map(|field_map| Fields::of_json(text, field_map));
    if let Some(fields) = fields.find(is_sign_in) {
        sink.fields(fields);
        return true;
    }
    let mut has_category = true;
    let parsed = diagnostic::parse(text, sink, |_, _| {
        has_category = false;
        Ok(())
    });
    parsed.is_ok() && has_category
}

/// Whether the fields have a time, an address and a result code: the least that a sign-in has.
fn is_sign_in(fields: &Fields<'_>) -> bool {
    fields.has_any(&[FieldId::Time, FieldId::LoggedAt])
        && fields.has_any(&[FieldId::Address, FieldId::CallerAddress])
        && fields.has_code()
}
