//! Shared by the tests of exports.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::{Failure, Rule};
use pivotwatch::entra::{self, Outcome};
use pivotwatch::input::{Limits, ReadFault};
use pivotwatch::pipeline::object_reader::{self, ObjectFormat};

#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) outcomes: Vec<Outcome>,
    /// The CloudTrail records beside the sign-ins.
    pub(crate) trail: Vec<TrailOutcome>,
}

impl entra::Receiver for Received {
    fn receive(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }
}

impl TrailReceiver for Received {
    fn receive_record(&mut self, outcome: TrailOutcome) {
        self.trail.push(outcome);
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

/// Bytes in pieces of these sizes.
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

/// The outcomes and the shape's name of a valid export.
pub(crate) fn read_whole(bytes: &[u8]) -> (&'static str, Vec<Outcome>) {
    let (received, result) = read(bytes);
    assert_eq!(received.trail, [], "the export has sign-ins only");
    (result.unwrap().shape, received.outcomes)
}

/// The failures of a valid export.
pub(crate) fn failures(bytes: &[u8]) -> Vec<Failure> {
    let (received, result) = read(bytes);
    result.unwrap();
    received.failures().into_iter().cloned().collect()
}
