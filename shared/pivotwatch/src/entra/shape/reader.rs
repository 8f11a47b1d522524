//! Reads JSON exports.

use json_records::{Framing, Indexer};

use super::batches::BATCHES;
use super::framed::read_framed;
use super::pages;
use super::parse_record::ParseRecord;
use super::sink::Sink;
use crate::input::{Input, ReadFault};

/// Reads an export's records of one shape, each by a full parse.
pub(super) fn read_json(
    input: &mut Input<'_>,
    sink: &mut Sink<'_>,
    parse_record: ParseRecord,
) -> Result<(), ReadFault> {
    let framing = sink.framing;
    let mut indexer = Indexer::<0>::new(&BATCHES, input.limits.depth);
    let is_on_line = framing != Framing::Values;
    let parse_damaged = |text: &[u8], sink: &mut Sink<'_>| is_on_line && pages::parse_line(text, sink, parse_record);
    read_framed(input.records(framing, &mut indexer), sink, |_, _| false, parse_record, parse_damaged)
}
