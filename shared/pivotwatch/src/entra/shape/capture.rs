//! Event Hubs Capture: Avro files. The `Body` of each record is a message of an event hub, as bytes.
//!
//! Schema: <https://learn.microsoft.com/azure/event-hubs/explore-captured-avro-files>; container:
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::DeflateDecoder;
use json_records::{Framing, batch_start};

use super::super::outcome::Rejected;
use super::avro::{Schema, ValueBudget, Values, bytes, count, damaged, exactly, number, text};
use super::diagnostic_reader::DiagnosticReader;
use super::{Recognition, Shape, Sink};
use crate::input::{Expansion, Foreign, Input, Limits, ReadFault};

const MAGIC: &[u8] = b"Obj\x01";

pub(super) const SHAPE: Shape = Shape {
    name: "capture",
    recognition: Recognition::Preview(|preview| preview.text.starts_with(MAGIC)),
    read: |input, sink| read(input, sink),
};

/// A message of an event hub has at most 1 MiB, in the dedicated tier 20 MiB.
const LONGEST_BODY: u64 = 20 * 1024 * 1024;

/// Bytes of the longest header. A header holds little more than the schema.
const LONGEST_HEADER: u64 = 64 * 1024;

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    let limits = input.limits;
    input.consume(MAGIC.len());
    let header = header(input).map_err(fault)?;
    let capture = Capture::of(&header).map_err(ReadFault::NotAnExport)?;
    let mark: [u8; 16] = exactly(input).map_err(fault)?;
    let mut state = CaptureState { expansion: Expansion::new(limits), budget: ValueBudget::default(), limits, sink };
    while !input.fill_buf()?.is_empty() {
        capture.block(input, &mark, &mut state).map_err(fault)?;
    }
    Ok(())
}

/// The metadata of the header, by key.
fn header(input: &mut Input<'_>) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut header = input.by_ref().take(LONGEST_HEADER);
    let mut members = BTreeMap::new();
    while let Some(count) = count(&mut header)? {
        for _ in 0..count {
            members.insert(text(&mut header, LONGEST_HEADER)?, bytes(&mut header, LONGEST_HEADER)?);
        }
    }
    Ok(members)
}

/// A capture, by its header.
struct Capture {
    is_deflated: bool,
    /// The fields of an event before its body.
    before: Vec<Schema>,
    body: Schema,
    /// The fields of an event after its body.
    after: Vec<Schema>,
}

impl Capture {
    fn of(header: &BTreeMap<String, Vec<u8>>) -> Result<Self, Foreign> {
        let is_deflated = match header.get("avro.codec").map_or(&b"null"[..], Vec::as_slice) {
            b"null" => false,
            b"deflate" => true,
            _ => return Err(Foreign::OtherAvroCodec),
        };
        let schema = header.get("avro.schema").map_or(&b""[..], Vec::as_slice);
        let mut before = Schema::fields(schema).ok_or(Foreign::OtherAvro)?;
        let position = before.iter().position(|(name, _)| name == "Body").ok_or(Foreign::OtherAvro)?;
        let after = before.split_off(position + 1);
        let (_, body) = before.pop().ok_or(Foreign::OtherAvro)?;
        let schemas = |fields: Vec<(String, Schema)>| fields.into_iter().map(|(_, schema)| schema).collect();
        Ok(Self { is_deflated, before: schemas(before), body, after: schemas(after) })
    }

    /// Reads a block: the number of its events, its size in bytes, the events, and the sync marker.
    fn block(&self, input: &mut Input<'_>, mark: &[u8; 16], state: &mut CaptureState<'_, '_>) -> io::Result<()> {
        let mut length = || u64::try_from(number(input)?).map_err(|_| damaged("a block has a negative length"));
        let (events, size) = (length()?, length()?);
        let mut block = input.by_ref().take(size);
        if self.is_deflated {
            let decoder = DeflateDecoder::new(BufReader::new(state.expansion.metered(&mut block)));
            let plain = state.expansion.limited(decoder);
            self.events(BufReader::new(plain), events, state)?;
        } else {
            self.events(&mut block, events, state)?;
        }
        io::copy(&mut block, &mut io::sink())?;
        if &exactly(input)? == mark { Ok(()) } else { Err(damaged("a block does not end where it says")) }
    }

    /// Reads the events of a block. Their number is an untrusted claim: the block's bytes and the budget bound the
    /// number of events. Bytes after the last event are damage, because events could hide in them.
    fn events(&self, mut block: impl BufRead, events: u64, state: &mut CaptureState<'_, '_>) -> io::Result<()> {
        let CaptureState { budget, limits, sink, .. } = state;
        let mut values = Values::new(&mut block, budget);
        let mut reader = DiagnosticReader::new(*limits);
        for _ in 0..events {
            self.before.iter().try_for_each(|schema| schema.skip(&mut values))?;
            let body = self.body.read_bytes(&mut values, LONGEST_BODY)?;
            self.after.iter().try_for_each(|schema| schema.skip(&mut values))?;
            read_body(body, *limits, &mut reader, sink);
        }
        if block.fill_buf()?.is_empty() { Ok(()) } else { Err(damaged("a block has bytes after its last event")) }
    }
}

/// The state across the blocks of a capture.
struct CaptureState<'r, 'a> {
    expansion: Expansion,
    budget: ValueBudget,
    limits: Limits,
    sink: &'r mut Sink<'a>,
}

/// Reads a message like a file. A damaged message counts as one malformed record, an empty one as none.
fn read_body(body: Vec<u8>, limits: Limits, reader: &mut DiagnosticReader, sink: &mut Sink<'_>) {
    if body.is_empty() {
        return;
    }
    let is_batch = batch_start(body.trim_ascii_start(), "records").is_some();
    let framing = if is_batch { Framing::BatchLines } else { Framing::Values };
    let mut input = Input::of_text(body, limits);
    if reader.read(&mut input, framing, sink).is_err() {
        sink.reject(Rejected::Malformed);
    }
}

fn fault(error: io::Error) -> ReadFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadFault::Truncated("an Avro container"),
        _ => error.into(),
    }
}
