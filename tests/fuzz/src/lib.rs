//! What the fuzz targets share: reading an object, and what must hold whatever it is.

use chrono::{DateTime, Utc};
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::Rule;
use pivotwatch::entra::{self, Outcome, When};
use pivotwatch::input::Limits;
use pivotwatch::pipeline::object_reader;

/// Small, so that a fuzzer reaches them.
const LIMITS: Limits = Limits { record: 16 * 1024, object: 1024 * 1024, ratio: 100, depth: 32 };

#[derive(Default)]
struct Received {
    records: usize,
    outcomes: Vec<(Outcome, Option<DateTime<Utc>>)>,
}

impl entra::Receiver for Received {
    fn receive(&mut self, outcome: Outcome, when: When<'_>) {
        self.records += 1;
        if let Outcome::Failure(failure) = &outcome {
            assert!(Rule::is_failure(&failure.code) && !failure.address.is_loopback(), "{failure:?}");
        }
        self.outcomes.push((outcome, when.read()));
    }
}

impl TrailReceiver for Received {
    fn receive_record(&mut self, _: TrailOutcome) {
        self.records += 1;
    }
}

/// Reads an object. It may be refused or break off; it must not panic, hang or make records of nothing.
pub fn read(object: &[u8]) {
    let mut received = Received::default();
    let read = object_reader::read(object, "object", &Rule::default(), LIMITS, &mut received);
    let is_plain = read.is_ok_and(|read| read.compression.name() == "none");
    assert!(!is_plain || received.records <= object.len(), "{} records of {} bytes", received.records, object.len());
}

/// A text with something put in the place of some of its bytes.
pub fn spliced(text: &[u8], position: u16, removed: u8, damage: &[u8]) -> Vec<u8> {
    let position = usize::from(position) % (text.len() + 1);
    let behind = (position + usize::from(removed)).min(text.len());
    [&text[..position], damage, &text[behind..]].concat()
}

/// What the sign-ins of an object came to, as far as it could be read.
pub fn outcomes(object: &[u8]) -> Vec<(Outcome, Option<DateTime<Utc>>)> {
    let mut received = Received::default();
    // How it ended can tell the position of a fault, which is not the same when there is more white space.
    let _ = object_reader::read(object, "object", &Rule::default(), LIMITS, &mut received);
    received.outcomes
}
