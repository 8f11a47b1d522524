//! Where concurrent invocations meet: what they share, and the running of it all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Day, Evidence, Rule};
use pivotwatch::notify::InMemoryNotifier;
use pivotwatch::store::{InMemoryStore, Store, StoreError, StoredIncident, Version};
use pivotwatch_tests::facts::noon;
use pivotwatch_tests::judge::Finding;
use pivotwatch_tests::known;
use shuttle::scheduler::Scheduler;
use shuttle::{Config, FailurePersistence, Runner, future, thread};

use super::deliveries::{Delivery, Step};
use super::invocation::deliver;
use super::scheduling::TimeLast;

/// What concurrent invocations share.
pub struct Arena {
    pub rule: Rule,
    pub store: Arc<InMemoryStore>,
    pub outbox: Arc<InMemoryNotifier>,
    /// Objects by key, as they are now.
    pub bucket: Mutex<BTreeMap<String, Vec<u8>>>,
    pub clock: Clock,
    /// What was done, step by step.
    pub journal: Mutex<Vec<String>>,
    /// How many random numbers were drawn.
    pub drawn: AtomicU64,
    /// How many things went wrong.
    pub mishaps: AtomicUsize,
    /// Whether reads that commute with everything are steps: those of each day, and those of an object.
    pub every_read_is_a_step: bool,
    unfinished: AtomicUsize,
}

/// Time, which passes only from one waiting to the end of the next.
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

    /// Goes on to when the first wait ends, and tells whether there was one.
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

impl Arena {
    fn new(rule: Rule, every_read_is_a_step: bool) -> Self {
        Self {
            rule,
            every_read_is_a_step,
            store: Arc::default(),
            outbox: Arc::default(),
            bucket: Mutex::default(),
            clock: Clock { now: Mutex::new(noon()), waiting: Mutex::default(), waits: AtomicU64::new(0) },
            journal: Mutex::default(),
            drawn: AtomicU64::new(1),
            mishaps: AtomicUsize::new(0),
            unfinished: AtomicUsize::new(0),
        }
    }

    async fn remember(&self, known: &Evidence) -> Result<(), StoreError> {
        for ((day, source), tally) in &known.tallies {
            let key = TallyKey { address: known.address, day: *day, source: *source };
            self.store.write_tally(&key, tally, Version::NONE).await?;
        }
        for login in &known.logins {
            self.store.write_login(login).await?;
        }
        Ok(())
    }

    fn finding(&self, stored: &StoredIncident) -> Finding {
        let day = stored.incident.day;
        let days = (0..=8).map(|later| day.before(4).after(later)).collect();
        let address = stored.incident.columns.source_ip_address;
        let tallies =
            self.store.load_tallies(address, &days).now_or_never().expect("memory keeps nobody waiting").unwrap();
        known::finding(stored, &tallies.records, &self.rule)
    }

    /// The days of a read of tallies, by step.
    pub fn reads_of(&self, days: &BTreeSet<Day>) -> Vec<BTreeSet<Day>> {
        if self.every_read_is_a_step {
            days.iter().map(|day| BTreeSet::from([*day])).collect()
        } else {
            vec![days.clone()]
        }
    }

    pub fn note(&self, line: String) {
        self.journal.lock().unwrap().push(line);
    }

    /// Runs something beside everything else, and does not end before it.
    pub fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + 'static) {
        let arena = Arc::clone(self);
        arena.unfinished.fetch_add(1, Ordering::Relaxed);
        future::spawn_local(async move {
            work.await;
            arena.unfinished.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Lets a sender in, who waits until time passes: so nobody starts before everybody is there.
    fn enter(self: &Arc<Self>, delivery: Delivery) {
        self.spawn(send(Arc::clone(self), delivery));
        thread::yield_now();
    }

    /// Lets time pass whenever nobody can go on without, until everything is done.
    fn pass_the_time(&self) {
        while self.unfinished.load(Ordering::Relaxed) > 0 {
            assert!(self.clock.advance(), "nobody can go on, nor will with time: {:#?}", self.journal.lock().unwrap());
            thread::yield_now();
        }
    }
}

/// What is delivered, and by which rule it is judged.
#[derive(Clone)]
pub struct Scene {
    pub rule: Rule,
    /// Whether reads that commute with everything are steps, which multiplies the orders.
    pub every_read_is_a_step: bool,
    /// What is known already.
    pub known: Vec<Evidence>,
    /// What meets.
    pub deliveries: Vec<Delivery>,
}

/// What came of it.
#[derive(Clone, Default)]
pub struct Outcome {
    pub incidents: Vec<StoredIncident>,
    /// The incidents as they are judged.
    pub findings: Vec<Finding>,
    /// Messages by the incident that they tell of.
    pub messages: BTreeMap<String, usize>,
    /// How many things went wrong.
    pub mishaps: usize,
    pub journal: Vec<String>,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (stored, finding) in self.incidents.iter().zip(&self.findings) {
            let id = stored.incident.id.to_string();
            writeln!(f, "{id}: {finding:?}")?;
            writeln!(f, "    published {:?}, leased {:?}, ", stored.published_at, stored.lease)?;
        }
        writeln!(f, "messages {:?}, after {} mishaps\njournal:", self.messages, self.mishaps)?;
        self.journal.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// Delivers everything in one schedule.
pub fn run(scene: Scene, scheduler: impl Scheduler + 'static) -> Outcome {
    let outcome = Arc::new(Mutex::new(Outcome::default()));
    let into = Arc::clone(&outcome);
    run_each(scene, scheduler, move |outcome| *into.lock().unwrap() = outcome);
    Arc::try_unwrap(outcome).expect("nobody else has it any more").into_inner().unwrap()
}

/// Delivers everything in each of the scheduler's schedules, and tells how many they were.
pub fn run_each(
    scene: Scene,
    scheduler: impl Scheduler + 'static,
    ended: impl Fn(Outcome) + Send + Sync + 'static,
) -> usize {
    let mut config = Config::new();
    // The pipeline's futures, unoptimised, with a JSON parser on top.
    config.stack_size = 1024 * 1024;
    config.failure_persistence = FailurePersistence::None;
    Runner::new(TimeLast(scheduler), config).run(move || {
        let Scene { rule, every_read_is_a_step, known, deliveries } = scene.clone();
        let arena = Arc::new(Arena::new(rule, every_read_is_a_step));
        for evidence in known {
            arena.remember(&evidence).now_or_never().expect("memory keeps nobody waiting").unwrap();
        }
        for delivery in deliveries {
            arena.enter(delivery);
        }
        arena.pass_the_time();
        let mut messages = BTreeMap::new();
        for message in arena.outbox.messages() {
            *messages.entry(message.attributes["incident_id"].clone()).or_default() += 1;
        }
        let incidents = arena.store.all_incidents();
        ended(Outcome {
            findings: incidents.iter().map(|stored| arena.finding(stored)).collect(),
            incidents,
            messages,
            mishaps: arena.mishaps.load(Ordering::Relaxed),
            journal: std::mem::take(&mut arena.journal.lock().unwrap()),
        });
    })
}

/// Takes a sender's steps, without waiting for what becomes of them.
async fn send(arena: Arc<Arena>, delivery: Delivery) {
    arena.clock.wait(TimeDelta::milliseconds(1)).await;
    let last = delivery.len() - 1;
    for (number, step) in delivery.into_iter().enumerate() {
        match step {
            Step::Write(key, bytes) => {
                arena.note(format!("{key} is written with {} bytes", bytes.len()));
                arena.bucket.lock().unwrap().insert(key, bytes);
            }
            // Not in a task of its own, which would double the schedules of what is the same.
            Step::Deliver(notice) if number == last => deliver(&arena, &notice).await,
            Step::Deliver(notice) => {
                let there = Arc::clone(&arena);
                arena.spawn(async move { deliver(&there, &notice).await });
                future::yield_now().await;
            }
        }
    }
}
