//! What the tests of exports have in common.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use flate2::write::GzEncoder;
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::{Failure, Rule};
use pivotwatch::entra::{self, Outcome, When};
use pivotwatch::input::{Limits, ReadFault};
use pivotwatch::pipeline::object_reader::{self, ObjectFormat};

#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) times: Vec<DateTime<Utc>>,
}

impl entra::Receiver for Received {
    fn receive(&mut self, outcome: Outcome, when: When<'_>) {
        self.outcomes.push(outcome);
        self.times.extend(when.read());
    }
}

impl TrailReceiver for Received {
    fn receive_record(&mut self, outcome: TrailOutcome) {
        panic!("{outcome:?} is in no sign-in export");
    }
}

impl Received {
    pub(crate) fn failures(&self) -> Vec<&Failure> {
        self.outcomes
            .iter()
            .filter_map(|outcome| if let Outcome::Failure(failure) = outcome { Some(failure) } else { None })
            .collect()
    }
}

pub(crate) fn read_with(bytes: impl io::Read + Send, limits: Limits) -> (Received, Result<ObjectFormat, ReadFault>) {
    read_named("", bytes, limits)
}

pub(crate) fn read_named(
    name: &str,
    bytes: impl io::Read + Send,
    limits: Limits,
) -> (Received, Result<ObjectFormat, ReadFault>) {
    let mut received = Received::default();
    let result = object_reader::read(bytes, name, &Rule::default(), limits, &mut received);
    (received, result)
}

pub(crate) fn read(bytes: &[u8]) -> (Received, Result<ObjectFormat, ReadFault>) {
    read_with(bytes, Limits::default())
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that come in pieces of these sizes.
pub(crate) struct Pieces<'a, I> {
    pub(crate) rest: &'a [u8],
    pub(crate) sizes: I,
}

impl<I: Iterator<Item = usize>> io::Read for Pieces<'_, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.next().unwrap_or(1).min(self.rest.len()).min(buffer.len());
        buffer[..size].copy_from_slice(&self.rest[..size]);
        self.rest = &self.rest[size..];
        Ok(size)
    }
}

/// The outcomes of an export that must be readable, and the name of its shape.
pub(crate) fn read_whole(bytes: &[u8]) -> (&'static str, Vec<Outcome>) {
    let (received, result) = read(bytes);
    (result.unwrap().shape, received.outcomes)
}

/// The failures of an export that must be readable.
pub(crate) fn failures(bytes: &[u8]) -> Vec<Failure> {
    let (received, result) = read(bytes);
    result.unwrap();
    received.failures().into_iter().cloned().collect()
}
