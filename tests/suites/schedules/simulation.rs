//! The simulation: the state that concurrent invocations share, and its runner.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use pivotwatch::detection::reporting::ReportingPolicy;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Day, Evidence, Rule};
use pivotwatch::notify::InMemoryNotifier;
use pivotwatch::store::{InMemoryStore, Store, StoreError, StoredIncident, Version};
use pivotwatch_tests::facts::noon;
use pivotwatch_tests::judge::Finding;
use pivotwatch_tests::store_contents;
use serde_json::Value;
use shuttle::scheduler::Scheduler;
use shuttle::{Config, FailurePersistence, Runner, future, thread};

use super::deliveries::{Delivery, Notice, Step};
use super::invocation::deliver;
use super::schedule::TimeLast;

/// The state that concurrent invocations share.
pub struct Simulation {
    pub rule: Rule,
    pub policy: ReportingPolicy,
    pub store: Arc<InMemoryStore>,
    pub notifier: Arc<InMemoryNotifier>,
    /// The current objects by key.
    pub bucket: Mutex<BTreeMap<String, Vec<u8>>>,
    pub clock: Clock,
    /// The steps in their order.
    pub journal: Mutex<Vec<String>>,
    /// Number of random numbers drawn.
    pub random_draws: AtomicU64,
    /// Number of injected faults.
    pub faults: AtomicUsize,
    /// `true` if reads that commute with everything are steps too: those of each day, and those of an object.
    pub every_read_is_a_step: bool,
    /// `true` if invocations read tuning entries, which is a step then.
    pub has_tuning: bool,
    unfinished: AtomicUsize,
}

/// A clock that advances only to the end of the next wait.
pub struct Clock {
    now: Mutex<DateTime<Utc>>,
    waiting: Mutex<BTreeMap<(DateTime<Utc>, u64), Waker>>,
    waits: AtomicU64,
}

impl Clock {
    pub fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    pub async fn wait(&self, duration: TimeDelta) {
        let (until, number) = (self.now() + duration, self.waits.fetch_add(1, Ordering::Relaxed));
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            self.waiting.lock().unwrap().insert((until, number), context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Advances to the end of the first wait. Returns `false` if there is none.
    fn advance(&self) -> bool {
        let mut waiting = self.waiting.lock().unwrap();
        let Some(((until, _), _)) = waiting.first_key_value() else { return false };
        let now = self.now().max(*until);
        *self.now.lock().unwrap() = now;
        let later = waiting.split_off(&(now, u64::MAX));
        for waker in std::mem::replace(&mut *waiting, later).into_values() {
            waker.wake();
        }
        true
    }
}

impl Simulation {
    fn new(rule: Rule, policy: ReportingPolicy, every_read_is_a_step: bool, has_tuning: bool) -> Self {
        Self {
            rule,
            policy,
            every_read_is_a_step,
            has_tuning,
            store: Arc::default(),
            notifier: Arc::default(),
            bucket: Mutex::default(),
            clock: Clock { now: Mutex::new(noon()), waiting: Mutex::default(), waits: AtomicU64::new(0) },
            journal: Mutex::default(),
            random_draws: AtomicU64::new(1),
            faults: AtomicUsize::new(0),
            unfinished: AtomicUsize::new(0),
        }
    }

    async fn store_evidence(&self, evidence: &Evidence) -> Result<(), StoreError> {
        for ((day, kind), tally) in &evidence.tallies {
            let key = TallyKey { address: evidence.address, day: *day, kind: *kind };
            self.store.write_tally(&key, tally, Version::NONE).await?;
        }
        for login in &evidence.logins {
            self.store.write_login(evidence.address, login).await?;
        }
        Ok(())
    }

    fn finding(&self, stored: &StoredIncident) -> Finding {
        let day = stored.incident.day;
        let days = (0..=8).map(|later| day.before(4).after(later)).collect();
        let address = stored.incident.columns.source_ip_address;
        let tallies = self
            .store
            .load_tallies(address, &days)
            .now_or_never()
            .expect("the in-memory store answers at once")
            .unwrap();
        store_contents::finding(stored, &tallies.records, &self.rule)
    }

    /// The days of a read of tallies, grouped by step.
    pub fn reads_of(&self, days: &BTreeSet<Day>) -> Vec<BTreeSet<Day>> {
        if self.every_read_is_a_step {
            days.iter().map(|day| BTreeSet::from([*day])).collect()
        } else {
            vec![days.clone()]
        }
    }

    pub fn log(&self, line: String) {
        self.journal.lock().unwrap().push(line);
    }

    /// Runs `work` as a task that must end before the simulation does.
    pub fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + 'static) {
        let simulation = Arc::clone(self);
        simulation.unfinished.fetch_add(1, Ordering::Relaxed);
        future::spawn_local(async move {
            work.await;
            simulation.unfinished.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Starts a sender. It waits for the clock, so that all senders exist before the first step.
    fn start(self: &Arc<Self>, delivery: Delivery) {
        self.spawn(send(Arc::clone(self), delivery));
        thread::yield_now();
    }

    /// Advances the clock whenever no task can run, until all tasks have ended.
    fn run_to_the_end(&self) {
        while self.unfinished.load(Ordering::Relaxed) > 0 {
            assert!(
                self.clock.advance(),
                "deadlock: no task can run and none waits for the clock: {:#?}",
                self.journal.lock().unwrap()
            );
            thread::yield_now();
        }
    }
}

/// Deliveries, and the rule for their incidents.
#[derive(Clone)]
pub struct Scenario {
    pub rule: Rule,
    /// `true` if reads that commute with everything are steps, which multiplies the schedules.
    pub every_read_is_a_step: bool,
    /// Evidence that is stored before.
    pub stored: Vec<Evidence>,
    /// The limits on messages.
    pub policy: ReportingPolicy,
    /// The tuning entries at the beginning; `None` if no invocation reads them.
    pub tuning: Option<Vec<Value>>,
    /// Concurrent deliveries.
    pub deliveries: Vec<Delivery>,
    /// A delivery after all others have ended.
    pub afterwards: Delivery,
}

/// The state after the last step.
#[derive(Clone, Default)]
pub struct Outcome {
    pub incidents: Vec<StoredIncident>,
    /// The incidents as the judge has them.
    pub findings: Vec<Finding>,
    /// Number of messages by incident.
    pub messages: BTreeMap<String, usize>,
    /// Subjects of the messages about tuning entries.
    pub announcements: Vec<String>,
    /// Number of injected faults.
    pub faults: usize,
    pub journal: Vec<String>,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (stored, finding) in self.incidents.iter().zip(&self.findings) {
            let id = stored.incident.id.to_string();
            writeln!(f, "{id}: {finding:?}")?;
            writeln!(f, "    published {:?}, leased {:?}, ", stored.published_at, stored.lease)?;
            writeln!(f, "    hidden by {:?}, held by {:?}", stored.hidden_by, stored.held_by)?;
        }
        writeln!(
            f,
            "messages {:?}, announcements {:?}, after {} faults\njournal:",
            self.messages, self.announcements, self.faults
        )?;
        self.journal.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// Runs one schedule.
pub fn run(scenario: Scenario, scheduler: impl Scheduler + 'static) -> Outcome {
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let into = Arc::clone(&outcome);
    run_each(scenario, scheduler, move |outcome| *into.lock().unwrap() = outcome);
    Arc::try_unwrap(outcome).expect("the run has ended").into_inner().unwrap()
}

/// Runs each of the scheduler's schedules. Returns their number.
pub fn run_each(
    scenario: Scenario,
    scheduler: impl Scheduler + 'static,
    ended: impl Fn(Outcome) + Send + Sync + 'static,
) -> usize {
    let mut config = Config::new();
    // The stack holds the pipeline's unoptimised futures and a JSON parser.
    config.stack_size = 1024 * 1024;
    config.failure_persistence = FailurePersistence::None;
    Runner::new(TimeLast(scheduler), config).run(move || {
        let Scenario { rule, every_read_is_a_step, stored, policy, tuning, deliveries, afterwards } = scenario.clone();
        let simulation = Arc::new(Simulation::new(rule, policy, every_read_is_a_step, tuning.is_some()));
        if let Some(entries) = tuning {
            simulation.store.set_tuning_entries(entries);
        }
        for evidence in stored {
            simulation.store_evidence(&evidence).now_or_never().expect("the in-memory store answers at once").unwrap();
        }
        for delivery in deliveries {
            simulation.start(delivery);
        }
        simulation.run_to_the_end();
        if !afterwards.is_empty() {
            simulation.start(afterwards);
            simulation.run_to_the_end();
        }
        // Reports what was deferred. The leases of the dead have expired by then.
        simulation.start(vec![Step::Wait(TimeDelta::minutes(3)), Step::Deliver(Notice::of_a_sweep())]);
        simulation.run_to_the_end();
        let (mut messages, mut announcements) = (BTreeMap::new(), Vec::new());
        for message in simulation.notifier.messages() {
            match message.attributes.get("incident_id") {
                Some(id) => *messages.entry(id.clone()).or_default() += 1,
                None => announcements.push(message.subject),
            }
        }
        let incidents = simulation.store.all_incidents();
        ended(Outcome {
            findings: incidents.iter().map(|stored| simulation.finding(stored)).collect(),
            incidents,
            messages,
            announcements,
            faults: simulation.faults.load(Ordering::Relaxed),
            journal: std::mem::take(&mut simulation.journal.lock().unwrap()),
        });
    })
}

/// Takes the steps of a sender, without waiting for the invocations.
async fn send(simulation: Arc<Simulation>, delivery: Delivery) {
    simulation.clock.wait(TimeDelta::milliseconds(1)).await;
    let last = delivery.len() - 1;
    for (number, step) in delivery.into_iter().enumerate() {
        match step {
            Step::Write(key, bytes) => {
                simulation.log(format!("{key} is written with {} bytes", bytes.len()));
                simulation.bucket.lock().unwrap().insert(key, bytes);
            }
            Step::Tune(entries) => {
                simulation.log(format!("the tuning entries become {entries:?}"));
                simulation.store.set_tuning_entries(entries);
            }
            Step::Wait(duration) => simulation.clock.wait(duration).await,
            // A task of its own would double the number of equivalent schedules.
            Step::Deliver(notice) if number == last => deliver(&simulation, &notice).await,
            Step::Deliver(notice) => {
                let there = Arc::clone(&simulation);
                simulation.spawn(async move { deliver(&there, &notice).await });
                future::yield_now().await;
            }
        }
    }
}
