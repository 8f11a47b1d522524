//! The reader's work for each record: `cargo bench -p pivotwatch-bench`, with `-- lines` for benchmarks with that name
//! only.
//!
//! The parts of the reader are private, so each is measured from outside, by exports that need one part more each. They
//! have records that are cut and rejected, records of other logs, successes, failures, and folded failures.

use std::collections::BTreeMap;
use std::hint::black_box;

use chrono::{DateTime, Utc};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pivotwatch::aws::{TrailOutcome, TrailReceiver};
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Failure, Rule, Tally};
use pivotwatch::entra::{self, Outcome};
use pivotwatch::input::Limits;
use pivotwatch::pipeline::object_reader;
use pivotwatch_bench::{Order, SignIns, write_record};

const BEGIN: DateTime<Utc> = DateTime::from_timestamp_secs(1_772_409_600).expect("it is a time");

const RECORDS: u32 = 1_000;

#[derive(Default)]
struct Failures(Vec<Failure>);

impl entra::Receiver for Failures {
    fn receive(&mut self, outcome: Outcome) {
        if let Outcome::Failure(failure) = outcome {
            self.0.push(failure);
        }
    }
}

impl TrailReceiver for Failures {
    fn receive_record(&mut self, _: TrailOutcome) {}
}

fn read(export: &[u8]) -> Vec<Failure> {
    let mut failures = Failures::default();
    object_reader::read(black_box(export), "", &Rule::default(), Limits::default(), &mut failures).expect("an export");
    failures.0
}

/// An export of records in some order, on one line or one a line.
fn export(order: Order, is_batch: bool, keeps: fn(code: &str) -> bool) -> Vec<u8> {
    let mut export = if is_batch { b"{\"records\":[".to_vec() } else { Vec::new() };
    let sign_ins = SignIns::new(1, BEGIN, 20 * RECORDS).filter(|sign_in| keeps(sign_in.code)).take(RECORDS as usize);
    for (position, sign_in) in sign_ins.enumerate() {
        if is_batch && position > 0 {
            export.push(b',');
        }
        write_record(&sign_in, order, &mut export);
        if !is_batch {
            export.push(b'\n');
        }
    }
    if is_batch {
        export.extend_from_slice(b"]}");
    }
    export
}

fn reading_records(criterion: &mut Criterion) {
    let lines = export(Order::Azure, false, |_| true);
    // Damage at the end of each record: the record is validated, cut, and validated again to explain the damage.
    let damaged: Vec<u8> = [
        &lines[..],
        &lines
            .split(|byte| *byte == b'\n')
            .map(|line| [&line[..line.len().saturating_sub(1)], b"\n"].concat())
            .collect::<Vec<_>>()
            .concat(),
    ]
    .concat();
    let exports = [
        ("lines", lines),
        ("batch", export(Order::Azure, true, |_| true)),
        ("lines, sorted", export(Order::Sorted, false, |_| true)),
        ("lines, in any order", export(Order::Any, false, |_| true)),
        ("lines, successes", export(Order::Azure, false, |code| code == "0")),
        ("lines, failures", export(Order::Azure, false, |code| code != "0")),
        ("lines, half of them damaged", damaged),
    ];
    let mut group = criterion.benchmark_group("read");
    for (name, export) in exports {
        group.throughput(Throughput::Bytes(export.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| read(&export)));
    }
    group.finish();
}

fn folding(criterion: &mut Criterion) {
    let failures = read(&export(Order::Azure, false, |code| code != "0"));
    let mut group = criterion.benchmark_group("fold");
    group.throughput(Throughput::Elements(failures.len() as u64));
    group.bench_function("failures", |bencher| {
        bencher.iter(|| {
            let mut tallies = BTreeMap::<TallyKey, Box<Tally>>::new();
            for failure in black_box(&failures) {
                tallies.entry(TallyKey::of(failure)).or_default().add(failure);
            }
            tallies
        });
    });
    group.finish();
}

criterion_group!(benches, reading_records, folding);
criterion_main!(benches);
