//! CloudTrail records in the documents of log forwarders, under the members that can hold sign-ins.
//!
//! A visitor can post a login to an application, as JSON or as a text. So the document must prove its origin as it
//! must for sign-ins. An object under `event`, `attributes` or `_source` counts unless the document names another
//! application, or has a key of log lines and names nobody. Any other member counts only if the document names
//! CloudTrail or AWS, or has only the received text.

use json_records::parse_or_repair;

use super::claim::CarriedLog;
use super::forwarded::{OBJECT_KEYS, SEARCH_SOURCE, TRAIL_KEYS, begins_as_records, decoded, is_whole_text, original};
use super::members::members;
use super::provenance::{Provenance, provenance};
use super::sink::Sink;
use crate::input::sniff::TEXT_KEYS;

/// Gives the CloudTrail records that a valid document carries to the receiver, or counts a document whose records can
/// be another application's. Returns `false` if it carries none. Then the sink has received nothing.
pub(super) fn take(document: &[u8], sink: &mut Sink<'_>) -> bool {
    let origin = provenance(document, CarriedLog::CloudTrail);
    let [searched] = members(document, [SEARCH_SOURCE]).unwrap_or_default();
    let searched = searched.map(|searched| searched.get().as_bytes());
    let of_searched = searched.map(|searched| (searched, provenance(searched, CarriedLog::CloudTrail)));
    let is_another = origin.is_another(document);
    let mut is_unproven = false;
    for (document, own) in std::iter::once((document, origin)).chain(of_searched) {
        for Content { text, is_proven } in contents(document, own) {
            if is_proven && !is_another {
                if sink.take_other_log(text.as_bytes()) {
                    return true;
                }
            } else {
                is_unproven |= parse_or_repair(text.as_bytes(), is_record) == Some(true);
            }
        }
    }
    if is_unproven {
        sink.unproven();
    }
    is_unproven
}

/// The content of a member.
struct Content {
    text: String,
    /// Whether the document states enough of its origin for it.
    is_proven: bool,
}

/// The contents that can be CloudTrail records in a document of this origin.
fn contents(document: &[u8], origin: Provenance) -> impl Iterator<Item = Content> {
    let objects = members(document, OBJECT_KEYS).unwrap_or_default().into_iter().flatten();
    let objects = objects.filter(|object| begins_as_records(object.get()));
    let is_another = origin.is_another(document);
    let objects = objects.map(|object| (object.get().to_owned(), !is_another));
    let texts = TEXT_KEYS.into_iter().zip(members(document, TEXT_KEYS).unwrap_or_default());
    let texts = texts.chain([("event.original", original(document))]);
    let texts = texts.filter_map(|(name, member)| Some((name, member?)));
    let texts = texts.map(|(name, member)| {
        let is_proven = match origin {
            Provenance::Stated => true,
            Provenance::Silent => is_whole_text(name, document),
            Provenance::Sensor | Provenance::Other => false,
        };
        (decoded(member).unwrap_or_else(|| member.get().to_owned()), is_proven)
    });
    let contents: Vec<_> = objects.chain(texts).collect();
    contents
        .into_iter()
        .filter(|(text, _)| begins_as_records(text))
        .map(|(text, is_proven)| Content { text, is_proven })
}

/// Whether an object has the keys of a CloudTrail record. `None` if the text is no object.
fn is_record(text: &[u8]) -> Option<bool> {
    Some(members(text, TRAIL_KEYS)?.into_iter().all(|member| member.is_some()))
}
