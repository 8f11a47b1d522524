//! Shared by the fuzz targets: reading an object, and its invariants.

use chrono::{DateTime, Utc};
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::Rule;
use pivotwatch::entra::{self, Outcome, SuccessTexts, TimeCollector, TimeRange};
use pivotwatch::input::Limits;
use pivotwatch::pipeline::object_reader;

/// Small limits, so that a fuzzer reaches them.
const LIMITS: Limits = Limits { record: 16 * 1024, object: 1024 * 1024, ratio: 100, depth: 32 };

struct Received {
    records: usize,
    outcomes: Vec<Outcome>,
    times: TimeRange,
}

impl Received {
    fn nothing() -> Self {
        Self { records: 0, outcomes: Vec::new(), times: TimeRange::with_horizon(DateTime::<Utc>::MAX_UTC) }
    }
}

impl entra::Receiver for Received {
    fn receive(&mut self, outcome: Outcome) {
        self.records += 1;
        if let Outcome::Failure(failure) = &outcome {
            assert!(Rule::is_failure(&failure.code) && !failure.address.is_loopback(), "{failure:?}");
        }
        self.outcomes.push(outcome);
    }

    fn wants_successes(&self) -> bool {
        true
    }

    fn succeeded(&mut self, success: &SuccessTexts<'_>) {
        let _ = success.address().and_then(|address| success.from(address));
    }

    fn times(&mut self) -> TimeCollector<'_> {
        TimeCollector::Range(&mut self.times)
    }
}

impl TrailReceiver for Received {
    fn receive_record(&mut self, _: TrailOutcome) {
        self.records += 1;
    }
}

/// Reads an object. Errors are allowed; panics, endless loops and records from nothing are not.
pub fn read(object: &[u8]) {
    let mut received = Received::nothing();
    let read = object_reader::read(object, "object", &Rule::default(), LIMITS, &mut received);
    let is_plain = read.is_ok_and(|read| read.compression.name() == "none");
    assert!(!is_plain || received.records <= object.len(), "{} records of {} bytes", received.records, object.len());
}

/// A text with some of its bytes replaced.
pub fn spliced(text: &[u8], position: u16, removed: u8, damage: &[u8]) -> Vec<u8> {
    let position = usize::from(position) % (text.len() + 1);
    let after = (position + usize::from(removed)).min(text.len());
    [&text[..position], damage, &text[after..]].concat()
}

/// The outcomes of an object's sign-ins and the range of their times, as far as it could be read.
pub fn outcomes(object: &[u8]) -> (Vec<Outcome>, TimeRange) {
    let mut received = Received::nothing();
    // The error may name the offset of a fault, which depends on white space.
    let _ = object_reader::read(object, "object", &Rule::default(), LIMITS, &mut received);
    (received.outcomes, received.times)
}
