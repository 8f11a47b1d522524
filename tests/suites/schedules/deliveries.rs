//! Splits a world into deliveries: exports that overlap, grow under their key and are notified twice; logins by
//! EventBridge, in log files, or both.

use std::fmt;

use chrono::TimeDelta;
use pivotwatch::detection::reporting::ReportingPolicy;
use pivotwatch_tests::facts::{SignIn, batch, console_login, gzip, lines, log_file, noon};
use pivotwatch_tests::pipeline::Event;
use pivotwatch_tests::worlds::{TrailRecord, World, source_of};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::invocation::Fault;
use super::simulation::Scenario;

/// The steps of one sender, in order.
pub type Delivery = Vec<Step>;

#[derive(Clone, Debug)]
pub enum Step {
    /// Writes an object, replacing the one under this key.
    Write(String, Vec<u8>),
    /// Delivers an event.
    Deliver(Notice),
    /// Replaces all tuning entries.
    Tune(Vec<Value>),
    /// Waits.
    Wait(TimeDelta),
}

/// An event, and the faults of its invocations.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its name in the journal.
    pub name: String,
    pub event: Event,
    /// The faults of the first and the second invocation, each with the number of its step.
    pub faults: [Option<(usize, Fault)>; 2],
}

impl Notice {
    pub fn of_object(key: &str) -> Self {
        Self { name: key.to_owned(), event: Event::Objects(vec![key.to_owned()]), faults: [None; 2] }
    }

    pub fn of_record(record: &TrailRecord) -> Self {
        Self { name: record.event_id.clone(), event: Event::Record(record.record()), faults: [None; 2] }
    }

    /// The schedule is due.
    pub fn of_a_sweep() -> Self {
        Self { name: "a sweep".to_owned(), event: Event::Sweep, faults: [None; 2] }
    }

    /// A login from an address that no world has.
    pub fn of_a_stranger() -> Self {
        let mut login = console_login("a stranger", noon());
        login["sourceIPAddress"] = "192.0.2.250".into();
        Self { name: "a stranger".to_owned(), event: Event::Record(login), faults: [None; 2] }
    }
}

/// How a world is split into deliveries.
#[derive(Clone)]
pub struct Cut {
    /// The export of each row; rows beyond the list are in the first export.
    home: Vec<usize>,
    /// Rows that are in a second export, and that export.
    also: Vec<(usize, usize)>,
    exports: Vec<Export>,
    /// The path of each trail record; records beyond the list come by EventBridge.
    paths: Vec<Path>,
    log_file: Export,
    faults: Vec<PlannedFault>,
    /// Number of sweeps beside the deliveries.
    sweeps: usize,
}

/// How an object is written.
#[derive(Clone, Copy, Debug)]
struct Export {
    in_batches: bool,
    compressed: bool,
    /// Number of writes, each longer, until the object is complete.
    versions: usize,
    /// Number of notifications of each write.
    notified: usize,
}

/// How a trail record is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    Bridge,
    BridgeTwice,
    LogFile,
    BridgeAndLogFile,
}

/// A fault at a step of an event's first or second invocation. `event` is taken modulo the number of events.
#[derive(Clone, Copy, Debug)]
pub struct PlannedFault {
    event: usize,
    delivery: usize,
    step: usize,
    fault: Fault,
}

/// Maximum number of exports.
const EXPORTS: usize = 3;

/// Generates cuts. Most objects and events are delivered once, because a second delivery repairs an earlier fault and
/// so hides it.
pub fn deliveries() -> impl Strategy<Value = Cut> {
    let paths = prop_oneof![
        3 => Just(Path::Bridge),
        2 => select(vec![Path::BridgeTwice, Path::LogFile, Path::BridgeAndLogFile]),
    ];
    (vec(0..EXPORTS, 0..32), vec((0..32_usize, 0..EXPORTS), 0..6), vec(exports(), EXPORTS), vec(paths, 0..5), exports())
        .prop_map(|(home, also, exports, paths, log_file)| Cut {
            home,
            also,
            exports,
            paths,
            log_file,
            faults: Vec::new(),
            sweeps: 0,
        })
}

fn exports() -> impl Strategy<Value = Export> {
    let versions = prop_oneof![3 => Just(1), 1 => 2..=3_usize];
    let notified = prop_oneof![3 => Just(1), 1 => Just(2_usize)];
    (any::<bool>(), any::<bool>(), versions, notified).prop_map(|(in_batches, compressed, versions, notified)| Export {
        in_batches,
        compressed,
        versions,
        notified,
    })
}

/// Generates faults.
pub fn faults() -> impl Strategy<Value = Vec<PlannedFault>> {
    let deliveries = prop_oneof![3 => Just(0), 1 => Just(1_usize)];
    let one = (0..16_usize, deliveries, 0..8_usize, select(&Fault::ALL[..]))
        .prop_map(|(event, delivery, step, fault)| PlannedFault { event, delivery, step, fault });
    vec(one, 1..8)
}

impl Cut {
    /// The same cut, with faults.
    pub fn with(self, faults: Vec<PlannedFault>) -> Self {
        Self { faults, ..self }
    }

    /// The same cut, with sweeps beside its deliveries.
    pub fn with_sweeps(self, sweeps: usize) -> Self {
        Self { sweeps, ..self }
    }

    /// The scenario that delivers this world.
    pub fn of(&self, world: &World) -> Scenario {
        let mut deliveries = Vec::new();
        for (number, export) in self.exports.iter().enumerate() {
            let stands_in = |row: &usize| {
                self.home.get(*row).copied().unwrap_or_default() == number || self.also.contains(&(*row, number))
            };
            let rows = (0..world.rows.len()).filter(stands_in).map(|row| world.rows[row].sign_in.clone());
            let mut rows: Vec<SignIn> = rows.collect();
            if !rows.is_empty() {
                // The first version of a growing export has only some of them, or only some of the failures.
                let place = if number % 2 == 0 { 0 } else { rows.len() };
                rows.splice(place..place, successes(world));
            }
            let write = if export.in_batches { batch } else { lines };
            deliveries.extend(export.delivery(&format!("export-{number}"), &rows, write));
        }
        let path = |number: usize| self.paths.get(number).copied().unwrap_or(Path::Bridge);
        let trail = || world.trail.iter().enumerate();
        let in_log_file: Vec<_> = trail()
            .filter(|(number, _)| matches!(path(*number), Path::LogFile | Path::BridgeAndLogFile))
            .map(|(_, record)| record.record())
            .collect();
        deliveries.extend(self.log_file.delivery("AWSLogs/111122223333/CloudTrail/log-file", &in_log_file, log_file));
        for (number, record) in trail() {
            let times = match path(number) {
                Path::Bridge | Path::BridgeAndLogFile => 1,
                Path::BridgeTwice => 2,
                Path::LogFile => 0,
            };
            let notice = Notice::of_record(record);
            deliveries.extend((0..times).map(|_| vec![Step::Deliver(notice.clone())]));
        }
        deliveries.extend((0..self.sweeps).map(|_| vec![Step::Deliver(Notice::of_a_sweep())]));
        self.inject_faults(&mut deliveries);
        Scenario {
            rule: world.rule.clone(),
            every_read_is_a_step: true,
            stored: Vec::new(),
            policy: ReportingPolicy::default(),
            tuning: None,
            deliveries,
            afterwards: Vec::new(),
        }
    }

    fn inject_faults(&self, deliveries: &mut [Delivery]) {
        let mut events: Vec<&mut Notice> = deliveries
            .iter_mut()
            .flatten()
            .filter_map(|step| if let Step::Deliver(notice) = step { Some(notice) } else { None })
            .collect();
        let number = events.len();
        for PlannedFault { event, delivery, step, fault } in &self.faults {
            if number > 0 {
                events[event % number].faults[*delivery] = Some((*step, *fault));
            }
        }
    }
}

/// The categories of the sources that worlds have.
const CATEGORIES: [&str; 2] = ["SignInLogs", "NonInteractiveUserSignInLogs"];

/// The successes of a world. Each export has all of them, so that the ones with failures in it are beside these.
fn successes(world: &World) -> impl Iterator<Item = SignIn> {
    (0..).zip(&world.successes).map(|(number, success)| SignIn {
        address: success.address.to_string(),
        code: "0".to_owned(),
        category: CATEGORIES.into_iter().find(|name| source_of(name) == Some(success.source)).unwrap().to_owned(),
        user: success.user.clone(),
        ..SignIn::failed(&format!("success-{number}"), success.time)
    })
}

impl Export {
    fn delivery<T>(&self, key: &str, records: &[T], write: fn(&[T]) -> Vec<u8>) -> Option<Delivery> {
        let mut steps = Vec::new();
        for version in 1..=self.versions.min(records.len()) {
            let whole = write(&records[..records.len() * version / self.versions.min(records.len())]);
            steps.push(Step::Write(key.to_owned(), if self.compressed { gzip(&whole) } else { whole }));
            steps.extend((0..self.notified).map(|_| Step::Deliver(Notice::of_object(key))));
        }
        (!steps.is_empty()).then_some(steps)
    }
}

impl fmt::Debug for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rows in exports {:?}, also {:?}", self.home, self.also)?;
        for export in &self.exports {
            writeln!(f, "  {export:?}")?;
        }
        writeln!(f, "  records by {:?}, the log file {:?}", self.paths, self.log_file)?;
        for planned in &self.faults {
            writeln!(f, "  {planned:?}")?;
        }
        Ok(())
    }
}
