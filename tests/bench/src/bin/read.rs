//! The cost of reading: `read FILE` reads a file as ingest does, and folds its failures into tallies.
//!
//! Prints the numbers of records and of failures, and the failures of each address, day and source.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use chrono::{DateTime, Utc};
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Rule, Tally};
use pivotwatch::entra::{self, Newest, Outcome, TimeCollector};
use pivotwatch::input::Limits;
use pivotwatch::pipeline::object_reader;
use pivotwatch_bench::findings;

struct Folded {
    records: u64,
    failures: u64,
    /// Unused here, but ingest computes it too.
    newest: Newest,
    /// Boxed, as ingest has them.
    tallies: BTreeMap<TallyKey, Box<Tally>>,
}

impl entra::Receiver for Folded {
    fn receive(&mut self, outcome: Outcome) {
        self.records += 1;
        if let Outcome::Failure(failure) = outcome {
            self.failures += 1;
            self.tallies.entry(TallyKey::of(&failure)).or_default().add(&failure);
        }
    }

    fn times(&mut self) -> TimeCollector<'_> {
        TimeCollector::Newest(&mut self.newest)
    }
}

impl TrailReceiver for Folded {
    fn receive_record(&mut self, _: TrailOutcome) {
        self.records += 1;
    }
}

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).expect("a file is named");
    let newest = Newest::up_to(DateTime::<Utc>::MAX_UTC);
    let mut folded = Folded { records: 0, failures: 0, newest, tallies: BTreeMap::new() };
    object_reader::read(File::open(&path)?, &path, &Rule::default(), Limits::default(), &mut folded)
        .expect("a whole file");

    let tallies = folded.tallies.iter().map(|(key, tally)| (*key, tally.failures()));
    findings::print(folded.records, folded.failures, tallies)
}
