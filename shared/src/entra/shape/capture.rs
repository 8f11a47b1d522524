//! Event Hubs Capture: Avro files whose records hold the messages of an event hub, as bytes under `Body`.
//!
//! Schema: <https://learn.microsoft.com/azure/event-hubs/explore-captured-avro-files>; container:
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::DeflateDecoder;

use super::super::record::Rejected;
use super::avro::{Schema, bytes, count, damaged, exactly, number, text};
use super::glance::{Precedents, no_precedents};
use super::{BATCHES, Reader, Shape, Sink};
use crate::input::{Expansion, Foreign, Input, Limits, ReadFault, json};

const MAGIC: &[u8] = b"Obj\x01";

pub(super) const SHAPE: Shape =
    Shape { name: "capture", recognises: |head| head.text.starts_with(MAGIC), read: |input, sink| read(input, sink) };

/// A message of an event hub has a MiB at most, in the dearest tier 20.
const LONGEST_BODY: u64 = 20 * 1024 * 1024;

/// The header of the container holds little more than the schema.
const LONGEST_HEADER: u64 = 64 * 1024;

fn read(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), ReadFault> {
    let limits = input.limits;
    input.consume(MAGIC.len());
    let header = header(input).map_err(fault)?;
    let capture = Capture::of(&header).map_err(ReadFault::NotAnExport)?;
    let mark: [u8; 16] = exactly(input).map_err(fault)?;
    let expansion = Expansion::new(limits);
    while !input.fill_buf()?.is_empty() {
        capture.block(input, &mark, &expansion, limits, sink).map_err(fault)?;
    }
    Ok(())
}

/// What the header tells, by its names.
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

/// A capture whose header was read.
struct Capture {
    is_deflated: bool,
    /// What an event has before its body, its body, and what it has behind it.
    before: Vec<Schema>,
    body: Schema,
    behind: Vec<Schema>,
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
        let behind = before.split_off(position + 1);
        let (_, body) = before.pop().ok_or(Foreign::OtherAvro)?;
        let schemas = |fields: Vec<(String, Schema)>| fields.into_iter().map(|(_, schema)| schema).collect();
        Ok(Self { is_deflated, before: schemas(before), body, behind: schemas(behind) })
    }

    /// Reads a block, which is so many events in so many bytes, and the mark behind it.
    fn block(
        &self,
        input: &mut Input<'_>,
        mark: &[u8; 16],
        expansion: &Expansion,
        limits: Limits,
        sink: &mut Sink<'_>,
    ) -> io::Result<()> {
        let mut length = || u64::try_from(number(input)?).map_err(|_| damaged("a block has a negative length"));
        let (events, size) = (length()?, length()?);
        // Of a schema that was made for it, no bytes at all would be events without end.
        if events > size.saturating_mul(limits.ratio) {
            return Err(damaged("a block has too few bytes for its events"));
        }
        let mut block = input.by_ref().take(size);
        if self.is_deflated {
            let decoder = DeflateDecoder::new(BufReader::new(expansion.metered(&mut block)));
            self.events(&mut BufReader::new(expansion.limited(decoder)), events, limits, sink)?;
        } else {
            self.events(&mut block, events, limits, sink)?;
        }
        io::copy(&mut block, &mut io::sink())?;
        if &exactly(input)? == mark { Ok(()) } else { Err(damaged("a block does not end where it says")) }
    }

    fn events(&self, block: &mut impl BufRead, events: u64, limits: Limits, sink: &mut Sink<'_>) -> io::Result<()> {
        let mut precedents = no_precedents(limits);
        for _ in 0..events {
            self.before.iter().try_for_each(|schema| schema.skip(block))?;
            let body = self.body.read_bytes(block, LONGEST_BODY)?;
            self.behind.iter().try_for_each(|schema| schema.skip(block))?;
            read_body(body, limits, &mut precedents, sink);
        }
        Ok(())
    }
}

/// Reads a message as it would be read as a file. One that is damaged costs itself.
fn read_body(body: Vec<u8>, limits: Limits, precedents: &mut Precedents, sink: &mut Sink<'_>) {
    let mut input = Input::new(Box::new(io::Cursor::new(body)), limits);
    if input.head().is_err() {
        // It is empty.
        return;
    }
    if json::values(&mut input, BATCHES, &mut Reader::of_diagnostic(sink, precedents)).is_err() {
        sink.reject(Rejected::Malformed);
    }
}

fn fault(error: io::Error) -> ReadFault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadFault::Truncated("an Avro container"),
        _ => error.into(),
    }
}
