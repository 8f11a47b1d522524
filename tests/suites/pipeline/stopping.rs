//! Invocations that stop before Lambda's timeout, and readers that panic: an error code, a summary, and no loss.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::objects::{Body, InMemoryObjects, ObjectAddress, Objects, OpenFault};
use pivotwatch::pipeline::{Deadline, Invocation, Runtime, UnsettledDays};
use pivotwatch::store::InMemoryStore;
use pivotwatch_tests::facts::{SignIn, console_login, event, failed, lines, noon, written};
use pivotwatch_tests::pipeline::pipeline;
use serde_json::{Value, json};

use super::{World, log_in_at};

type SharedWorld = Arc<World<InMemoryStore>>;

fn world() -> SharedWorld {
    Arc::new(pipeline(InMemoryStore::default()))
}

/// An invocation that begins now, with this number of seconds.
fn within(world: &SharedWorld, seconds: i64) -> Invocation<'static> {
    let now = world.runtime.now();
    Invocation { deadline: Deadline::before(now + TimeDelta::seconds(seconds), now), ..Invocation::LOCAL }
}

/// Slow objects: from the piece at `late_from` on, each piece takes a minute.
struct Slow {
    world: SharedWorld,
    bytes: Vec<u8>,
    late_from: usize,
    /// `true` if opening takes an hour.
    opens_slowly: AtomicBool,
}

impl Slow {
    fn of(world: &SharedWorld, sign_ins: &[SignIn], late_from: usize) -> Self {
        let (world, bytes) = (Arc::clone(world), lines(sign_ins));
        Self { world, bytes, late_from, opens_slowly: AtomicBool::new(false) }
    }
}

impl Objects for Slow {
    async fn open(&self, _: &ObjectAddress) -> Result<Body, OpenFault> {
        if self.opens_slowly.load(Ordering::Relaxed) {
            self.world.runtime.pass(TimeDelta::hours(1));
            std::future::pending::<()>().await;
        }
        let world = Arc::clone(&self.world);
        let (bytes, late_from) = (Cursor::new(self.bytes.clone()), self.late_from);
        Ok(Body::of(SlowBytes { world, bytes, late_from }))
    }
}

struct SlowBytes {
    world: SharedWorld,
    bytes: Cursor<Vec<u8>>,
    late_from: usize,
}

impl Read for SlowBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let position = usize::try_from(self.bytes.position()).unwrap();
        if position >= self.late_from {
            self.world.runtime.pass(TimeDelta::minutes(1));
            // Yields, so that the invocation checks its clock.
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let length = buffer.len().min(4096);
        self.bytes.read(&mut buffer[..length])
    }
}

fn queued(keys: &[&str]) -> Value {
    let messages = keys.iter().map(|key| {
        json!({"messageId": format!("message of {key}"), "eventSource": "aws:sqs", "body": written(&[key]).to_string()})
    });
    json!({"Records": messages.collect::<Vec<_>>()})
}

#[tokio::test]
async fn an_object_that_takes_too_long_is_stopped_with_its_code_and_delivered_again() {
    let world = world();
    let objects = Slow::of(&world, &failed(1000, noon() - TimeDelta::hours(20)), 200_000);
    let invocation = within(&world, 300);
    let (summary, answer) = world.ingest_in(invocation, &objects, &written(&["slow.json"])).await;
    assert_eq!(answer.unwrap_err().code(), "object.too_slow");
    assert_eq!(summary.failed.into_iter().collect::<Vec<_>>(), [("object.too_slow", 1)], "and no other fault");
    assert_eq!((summary.objects, summary.refused.len()), (1, 0));
}

#[tokio::test]
async fn an_object_that_does_not_open_is_stopped_too() {
    let world = world();
    let objects = Slow::of(&world, &failed(6, noon()), usize::MAX);
    objects.opens_slowly.store(true, Ordering::Relaxed);
    let (_, answer) = world.ingest_in(within(&world, 300), &objects, &written(&["slow.json"])).await;
    assert_eq!(answer.unwrap_err().code(), "object.too_slow");
}

#[tokio::test]
async fn objects_after_the_stop_are_redelivered_and_those_before_are_not() {
    let world = world();
    let mut objects = InMemoryObjects::default();
    for key in ["a.json", "b.json"] {
        objects.put(key, lines(&failed(6, noon())));
    }
    let invocation = within(&world, 300);
    let (_, answer) = world.ingest_in(invocation, &objects, &queued(&["a.json"])).await;
    assert_eq!(answer.unwrap(), json!({"batchItemFailures": []}));

    world.runtime.pass(TimeDelta::seconds(290));
    let (summary, answer) = world.ingest_in(invocation, &objects, &queued(&["a.json", "b.json"])).await;
    let both = json!([{"itemIdentifier": "message of a.json"}, {"itemIdentifier": "message of b.json"}]);
    assert_eq!(answer.unwrap(), json!({"batchItemFailures": both}));
    assert_eq!(summary.failed["deadline.exceeded"], 2);
    assert_eq!(summary.objects, 0);
}

#[tokio::test]
async fn recorded_facts_that_are_not_settled_are_settled_by_the_redelivery() {
    let world = world();
    log_in_at(&world, noon()).await;
    let mut objects = InMemoryObjects::default();
    objects.put("export.json", lines(&failed(6, noon())));
    let address = ObjectAddress { key: "export.json".to_owned(), ..ObjectAddress::default() };
    let (summary, result) = world.record_object(&objects, &address, &mut UnsettledDays::default()).await;
    result.unwrap();
    assert_eq!((summary.writes, world.notifier.messages().len()), (1, 0), "recorded, and not settled");

    let (again, _) = world.ingest(&objects, &written(&["export.json"])).await;
    assert_eq!((again.duplicates, again.incidents), (6, 1), "nothing new, and settled all the same");
    assert_eq!(world.notifier.messages().len(), 1);
}

#[tokio::test]
async fn a_login_that_takes_too_long_is_stopped_with_its_code_and_delivered_again() {
    let world = world();
    super::export(&world, &failed(6, noon())).await;
    // The topic takes the message, but its response comes an hour later.
    world.notifier.silences.store(1, Ordering::Relaxed);
    let login = event(&console_login("one", noon()));
    let invocation = within(&world, 120);
    let later = async {
        world.notifier.unanswered.notified().await;
        world.runtime.pass(TimeDelta::hours(1));
    };
    let ((summary, result), ()) = tokio::join!(world.detect_in(invocation, &login), later);
    assert_eq!(result.unwrap_err().code(), "deadline.exceeded");
    assert_eq!((summary.failed["deadline.exceeded"], summary.logins), (1, 1), "what was done is counted");

    let (_, result) = world.detect(&login).await;
    result.unwrap();
    assert_eq!(world.notifier.messages().len(), 2, "published again, for the answer was lost");
}

#[tokio::test]
async fn work_within_its_deadline_is_not_affected_by_it() {
    let world = world();
    let mut objects = InMemoryObjects::default();
    objects.put("export.json", lines(&failed(6, noon())));
    let (_, answer) = world.ingest_in(within(&world, 300), &objects, &written(&["export.json"])).await;
    answer.unwrap();
    let (_, result) = world.detect_in(within(&world, 120), &event(&console_login("one", noon()))).await;
    result.unwrap();
    assert_eq!(world.notifier.messages().len(), 1);
}

/// Objects, one of which makes its reader panic after some records.
struct Trap(InMemoryObjects);

struct Panicking(usize);

impl Read for Panicking {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("index {} out of range", self.0)
    }
}

impl Objects for Trap {
    async fn open(&self, address: &ObjectAddress) -> Result<Body, OpenFault> {
        let body = self.0.open(address).await?;
        Ok(if address.key == "trap.json" { Body::of(body.chain(Panicking(7))) } else { body })
    }
}

#[tokio::test]
async fn a_reader_that_panics_costs_only_its_object() {
    let world = world();
    let mut objects = InMemoryObjects::default();
    objects.put("trap.json", lines(&failed(3, noon())));
    objects.put("good.json", lines(&failed(6, noon())));
    let (summary, answer) = world.ingest(&Trap(objects), &written(&["trap.json", "good.json"])).await;
    assert_eq!(summary.refused.iter().collect::<Vec<_>>(), [(&"object.internal", &1)]);
    assert!(answer.is_ok(), "the same bytes would make it panic again");
    log_in_at(&world, noon()).await;
    assert_eq!(world.notifier.messages().len(), 1);
}

#[tokio::test]
async fn a_deadline_in_the_past_leaves_no_time() {
    let world = world();
    let now: DateTime<Utc> = world.runtime.now();
    let deadline = Deadline::before(now - TimeDelta::seconds(1), now);
    let invocation = Invocation { deadline, ..Invocation::LOCAL };
    let (_, answer) = world.ingest_in(invocation, &InMemoryObjects::default(), &written(&["a.json"])).await;
    assert_eq!(answer.unwrap_err().code(), "deadline.exceeded");
    let (summary, result) = world.detect_in(invocation, &event(&console_login("one", noon()))).await;
    assert_eq!(result.unwrap_err().code(), "deadline.exceeded");
    assert_eq!((summary.failed["deadline.exceeded"], summary.logins), (1, 0));
}
