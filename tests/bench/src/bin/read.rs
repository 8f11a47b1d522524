//! The cost of reading: `read FILE` reads a file as ingest does, and folds its failures and successes into tallies.
//! `read --plain FILE` leaves out successes and networks.
//!
//! Prints the numbers of records and of failures, and the failures of each address, day and source.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use chrono::{DateTime, Utc};
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::parameters::Ipv6Network;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Rule, Tally};
use pivotwatch::entra::{self, Newest, Outcome, SuccessTexts, TimeCollector};
use pivotwatch::input::Limits;
use pivotwatch::pipeline::{SuccessCollector, add_networks, object_reader};
use pivotwatch_bench::findings;

struct Folded {
    records: u64,
    failures: u64,
    /// Unused here, but ingest computes it too.
    newest: Newest,
    /// Boxed, as ingest has them.
    tallies: BTreeMap<TallyKey, Box<Tally>>,
    /// `None` to measure what successes cost.
    successes: Option<SuccessCollector>,
}

impl entra::Receiver for Folded {
    fn receive(&mut self, outcome: Outcome) {
        self.records += 1;
        if let Outcome::Failure(failure) = outcome {
            self.failures += 1;
            self.tallies.entry(TallyKey::of(&failure)).or_default().add(&failure);
        }
    }

    fn wants_successes(&self) -> bool {
        self.successes.is_some()
    }

    fn succeeded(&mut self, success: &SuccessTexts<'_>) {
        if let Some(successes) = &mut self.successes {
            successes.add(success);
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
    let mut arguments: Vec<_> = std::env::args().skip(1).collect();
    let is_plain = arguments.first().is_some_and(|first| first == "--plain");
    let path = arguments.pop().expect("a file is named");
    let rule = if is_plain { Rule { ipv6_network: Ipv6Network::NONE, ..Rule::default() } } else { Rule::default() };
    let mut folded = Folded {
        records: 0,
        failures: 0,
        newest: Newest::up_to(DateTime::<Utc>::MAX_UTC),
        tallies: BTreeMap::new(),
        successes: (!is_plain).then(SuccessCollector::default),
    };
    object_reader::read(File::open(&path)?, &path, &rule, Limits::default(), &mut folded).expect("a whole file");
    let mut tallies = folded.tallies;
    add_networks(&mut tallies, &rule);
    if let Some(mut successes) = folded.successes {
        for key in tallies.keys() {
            successes.add_tally(*key);
        }
        for (key, successes) in successes.take(&rule) {
            tallies.entry(key).or_default().add_successes(&successes);
        }
    }

    let of_addresses = tallies.iter().filter(|(key, _)| !key.address.is_network());
    findings::print(folded.records, folded.failures, of_addresses.map(|(key, tally)| (*key, tally.failures())))
}
