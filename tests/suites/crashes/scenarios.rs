//! The scenarios, and what must hold after each fault.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::config::SharedHttpClient;
use chrono::TimeDelta;
use pivotwatch::detection::reporting::ReportingPolicy;
use pivotwatch::detection::{Day, Evidence, Rule, Tuning, incidents};
use pivotwatch::input::Limits;
use pivotwatch::notify::{Deployment, Sns};
use pivotwatch::objects::S3;
use pivotwatch::pipeline::{ActivityLog, Pipeline, TuningCache};
use pivotwatch::store::{DynamoDb, StoredIncident};
use pivotwatch_tests::dynamodb;
use pivotwatch_tests::facts::{ADDRESS, SignIn, batch, failed, gzip, lines, log_file, noon};
use pivotwatch_tests::judge::{Finding, verdicts};
use pivotwatch_tests::pipeline::{Event, VirtualRuntime};
use pivotwatch_tests::store_contents::{self, StoreContents, store_contents};
use pivotwatch_tests::worlds::{TrailRecord, World};
use serde_json::{Value, json};

use super::aws::{Aws, Call, Clients, QUERY_OF_INDEX, Service};
use super::faults::{Ending, Fault};

/// A scenario: the events before, and the event into whose invocation faults are injected.
struct Scenario {
    world: World,
    objects: BTreeMap<String, Vec<u8>>,
    before: Vec<Event>,
    event: Event,
    /// The operations of the event's invocation without a fault.
    calls: Vec<&'static str>,
    /// Tuning entries, which hide all incidents of the events before.
    entries: Vec<Value>,
    /// What happens to them after these events, so that they hide nothing any more.
    change: Option<Change>,
}

/// A change of tuning entries.
#[derive(Clone, Copy)]
enum Change {
    Removed,
    /// Their items are deleted.
    Deleted,
    /// They apply to another network.
    Moved,
}

/// The pipeline over the simulated AWS.
struct Function {
    pipeline: Pipeline<DynamoDb, Sns, VirtualRuntime>,
    objects: S3,
}

/// The records in the end.
#[derive(Debug)]
struct Stored {
    evidence: Vec<Evidence>,
    /// Each incident, as the judge has it.
    incidents: Vec<(Finding, StoredIncident)>,
}

impl Function {
    fn new(clients: Clients, rule: Rule) -> Self {
        let pipeline = Pipeline {
            store: clients.store,
            notifier: clients.notifier,
            runtime: VirtualRuntime::at(noon()),
            rule,
            tuning: TuningCache::default(),
            limits: Limits::default(),
            activity: ActivityLog::off(),
            policy: ReportingPolicy::default(),
            deployment: Deployment::default(),
        };
        Self { pipeline, objects: clients.objects }
    }

    async fn invoke(&self, event: &Event) -> Result<(), String> {
        event.invoke(&self.pipeline, &self.objects).await
    }

    /// The records of the world's addresses and networks.
    async fn stored(&self, world: &World) -> Stored {
        let (store, rule) = (&self.pipeline.store, &self.pipeline.rule);
        let days = Day::of(noon()).before(3)..=Day::of(noon()).after(3);
        let mut stored = Stored { evidence: Vec::new(), incidents: Vec::new() };
        for address in world.evidence().into_iter().map(|evidence| evidence.address) {
            let StoreContents { evidence, unreadable } = store_contents(store, address, days.clone()).await;
            assert!(unreadable.is_empty());
            let reports = incidents(&evidence, rule, &Tuning::default());
            let wanted = reports.into_iter().map(|report| report.incident.id).collect();
            let found = store_contents::incidents(store, address, days.clone(), &wanted).await;
            let judged = |incident| (store_contents::finding(&incident, &evidence.tallies, rule), incident);
            stored.incidents.extend(found.into_iter().map(judged));
            stored.evidence.push(evidence);
        }
        stored
    }
}

impl Scenario {
    async fn start(&self, http: &SharedHttpClient) -> (std::sync::Arc<Aws>, Function) {
        let (aws, clients) = Aws::start(http.clone(), self.objects.clone(), &self.entries).await;
        let table = clients.table.clone();
        let function = Function::new(clients, self.world.rule.clone());
        for event in &self.before {
            function.invoke(event).await.unwrap();
        }
        if let Some(change) = self.change {
            for entry in &self.entries {
                let mut changed = entry.clone();
                match change {
                    Change::Removed => changed["removed_at"] = json!(noon().to_rfc3339()),
                    Change::Moved => changed["when"]["cidr"] = json!(["192.0.2.0/24"]),
                    Change::Deleted => {
                        dynamodb::delete_tuning_entry(&table, entry).await;
                        continue;
                    }
                }
                dynamodb::put_tuning_entry(&table, &changed).await;
            }
            function.pipeline.runtime.pass(TimeDelta::minutes(1));
        }
        (aws, function)
    }

    /// Runs each fault at each call of [`targets`], each with an AWS of its own. Equal faults are one.
    async fn with_every_fault_at_every_call(self) {
        self.with_every_fault_within(1..=usize::MAX).await;
    }

    /// The same at these calls, numbered from 1.
    async fn with_every_fault_within(self, range: RangeInclusive<usize>) {
        let http = pivotwatch::clients::http_client();
        let (aws, function) = self.start(&http).await;
        let (ended, calls) = aws.invoke(None, function.invoke(&self.event)).await;
        assert_eq!(ended, Ending::Succeeds);
        assert_eq!(calls.iter().map(|call| call.operation.as_str()).collect::<Vec<_>>(), self.calls);
        let undisturbed = function.stored(&self.world).await;
        self.judge(&undisturbed, &aws, 0);

        let mut injected = BTreeSet::new();
        let targets = targets(&calls).into_iter().filter(|at| range.contains(at));
        for fault in targets.flat_map(|at| Fault::all_at(at, &calls[at - 1])) {
            if injected.contains(&(fault.at, fault.kind, fault.scope)) {
                continue;
            }
            let context = format!("{fault:?}");
            let (aws, function) = self.start(&http).await;
            let (ended, disturbed) = aws.invoke(Some(fault), function.invoke(&self.event)).await;
            assert!(disturbed.len() >= fault.at, "{context} was not reached by {disturbed:#?}");
            assert_eq!(disturbed[fault.at - 1].operation, self.calls[fault.at - 1], "{context}");
            injected.extend(fault.alike(&disturbed[fault.at - 1..]).map(|(kind, scope)| (fault.at, kind, scope)));
            assert!(disturbed.len() <= 3 * (calls.len() + 3), "{context} led to {} calls", disturbed.len());
            // Without the answer to an announcement, or to the reading of the entries, an invocation goes on.
            let may_go_on = !self.entries.is_empty() && ended == Ending::Succeeds;
            assert!(may_go_on || ended == fault.ending(), "{context}: {disturbed:#?}");
            if ended != Ending::Succeeds {
                // Lambda waits a minute before it retries.
                function.pipeline.runtime.pass(TimeDelta::minutes(1));
                let (ended, again) = aws.invoke(None, function.invoke(&self.event)).await;
                assert_eq!(ended, Ending::Succeeds, "{context}");
                assert!(again.len() <= 2 * calls.len(), "{context} led to {again:#?}");
            }
            if matches!(self.event, Event::Sweep) {
                // Reports what the fault kept from that.
                function.pipeline.runtime.pass(TimeDelta::minutes(15));
                function.invoke(&self.event).await.unwrap();
            }
            if !self.entries.is_empty() {
                // Announces and settles what the fault kept from that.
                function.pipeline.runtime.pass(TimeDelta::minutes(2));
                function.invoke(&self.event).await.unwrap();
            }
            let stored = function.stored(&self.world).await;
            assert_eq!(stored.evidence, undisturbed.evidence, "{context}");
            self.judge(&stored, &aws, allowed_duplicates(&disturbed));
        }
    }

    /// Compares the stored and published incidents with those of the rule.
    fn judge(&self, stored: &Stored, aws: &Aws, allowed_duplicates: usize) {
        let verdicts = verdicts(&self.world, &[]);
        let found: BTreeSet<_> = stored.incidents.iter().map(|(finding, _)| finding).collect();
        assert_eq!(found, verdicts.keys().collect());
        let ids: BTreeSet<_> = self.entries.iter().filter_map(|entry| Some(entry["id"].as_str()?.to_owned())).collect();
        for id in &ids {
            let messages = aws.messages();
            let announced = messages.iter().filter(|message| message.values().any(|value| value == id)).count();
            let expected = 1 + usize::from(self.change.is_some());
            assert!(
                (expected..=expected + allowed_duplicates).contains(&announced),
                "{announced} announcements of {id}"
            );
        }
        let hiding = if self.change.is_some() { BTreeSet::new() } else { ids };
        for (finding, stored_incident) in &stored.incidents {
            let StoredIncident { incident, published_at, lease, hidden_by, held_by, digest, .. } = stored_incident;
            let verdict = &verdicts[finding];
            if !verdict.may_be_mailed {
                assert!(published_at.is_none() && lease.is_none() && *held_by == verdict.held_by, "{stored:#?}");
                continue;
            }
            assert!(verdict.is_mailed && held_by.is_empty(), "{stored:#?}");
            if !hiding.is_empty() {
                assert!(published_at.is_none() && lease.is_none() && *hidden_by == hiding, "{stored:#?}");
                continue;
            }
            assert!(published_at.is_some() && lease.is_none(), "{stored:#?}");
            let id = incident.id.to_string();
            let reported = if digest.is_some() { "digest" } else { &id };
            let messages =
                aws.messages().iter().filter(|message| message.values().any(|value| value == reported)).count();
            assert!((1..=1 + allowed_duplicates).contains(&messages), "{messages} messages of {id}");
        }
    }
}

/// The numbers of the calls that get faults, from 1. One function queries the shards of the index, so a fault in the
/// first, the middle or the last query is enough. Every other call gets every fault.
fn targets(calls: &[Call]) -> BTreeSet<usize> {
    let is_query_of_index = |call: &Call| call.operation == QUERY_OF_INDEX;
    let runs = calls.chunk_by(|one, next| is_query_of_index(one) && is_query_of_index(next));
    let mut before = 0;
    let of_run = |run: &[Call]| {
        let targets = [before + 1, before + run.len().div_ceil(2), before + run.len()];
        before += run.len();
        targets
    };
    runs.flat_map(of_run).collect()
}

/// The number of duplicates that an incident's message may have. Each message whose response was lost allows one. A
/// last message that was not marked as published allows one more.
fn allowed_duplicates(calls: &[Call]) -> usize {
    let is_sent = |call: &Call| call.service == Service::Sns && call.took_effect;
    let unanswered = calls.iter().filter(|call| is_sent(call) && !call.was_answered).count();
    let last_sent = calls.iter().rposition(is_sent);
    let is_unmarked =
        last_sent.is_some_and(|last| !calls[last..].iter().any(|call| call.operation == "PutItem" && call.took_effect));
    unanswered + usize::from(is_unmarked)
}

fn objects<const N: usize>(objects: [(&str, Vec<u8>); N]) -> BTreeMap<String, Vec<u8>> {
    objects.into_iter().map(|(key, bytes)| (key.to_owned(), bytes)).collect()
}

fn written<const N: usize>(keys: [&str; N]) -> Event {
    Event::Objects(keys.map(str::to_owned).to_vec())
}

/// The failures of an object are recorded in a tally.
const RECORDED: [&str; 3] = ["GetObject", "GetItem", "PutItem"];

/// A query for each day of a login's window.
const TALLIES_AROUND_A_LOGIN: [&str; 3] = ["Query"; 3];

/// A query for each day of the windows of logins on the three days that new failures concern.
const TALLIES_AROUND_FAILURES: [&str; 5] = ["Query"; 5];

/// The logins of these three days.
const LOGINS: [&str; 3] = ["Query"; 3];

/// An incident is stored with a lease, gets a slot of the ledger, is published, and marked as published.
const PUBLISHED: [&str; 5] = ["PutItem", "GetItem", "PutItem", "Publish", "PutItem"];

#[tokio::test]
async fn a_login_after_its_failures() {
    let six = failed(6, noon());
    let world = World::plain(&six, &[noon()]);
    let scenario = Scenario {
        objects: objects([("six", lines(&six))]),
        before: vec![written(["six"])],
        event: Event::Record(world.trail[0].record()),
        world,
        entries: Vec::new(),
        change: None,
        calls: [&["PutItem"][..], &TALLIES_AROUND_A_LOGIN, &["GetItem"], &PUBLISHED, &TALLIES_AROUND_A_LOGIN].concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

#[tokio::test]
async fn first_failures_after_the_login() {
    let six = failed(6, noon());
    let world = World::plain(&six, &[noon()]);
    let scenario = Scenario {
        objects: objects([("six", lines(&six))]),
        before: vec![Event::Record(world.trail[0].record())],
        event: written(["six"]),
        world,
        entries: Vec::new(),
        change: None,
        calls: [&RECORDED[..], &TALLIES_AROUND_FAILURES, &LOGINS, &["GetItem"], &PUBLISHED, &TALLIES_AROUND_FAILURES]
            .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

#[tokio::test]
async fn failures_that_overlap_stored_ones() {
    let seven = failed(7, noon());
    let world = World::plain(&seven, &[noon()]);
    let scenario = Scenario {
        objects: objects([("first", lines(&seven[..4])), ("last", gzip(&lines(&seven[2..])))]),
        before: vec![Event::Record(world.trail[0].record()), written(["first"])],
        event: written(["last"]),
        world,
        entries: Vec::new(),
        change: None,
        calls: [&RECORDED[..], &TALLIES_AROUND_FAILURES, &LOGINS, &["GetItem"], &PUBLISHED, &TALLIES_AROUND_FAILURES]
            .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

#[tokio::test]
async fn failures_of_a_published_incident() {
    let eight = failed(8, noon());
    let world = World::plain(&eight, &[noon()]);
    let scenario = Scenario {
        objects: objects([("six", lines(&eight[..6])), ("two", batch(&eight[6..]))]),
        before: vec![written(["six"]), Event::Record(world.trail[0].record())],
        event: written(["two"]),
        world,
        entries: Vec::new(),
        change: None,
        calls: [&RECORDED[..], &TALLIES_AROUND_FAILURES, &LOGINS, &["GetItem"]].concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

#[tokio::test]
async fn a_log_file_with_logins_of_two_incidents() {
    let six = failed(6, noon());
    let mut world = World::plain(&six, &[noon(), noon() + TimeDelta::minutes(1)]);
    world.trail[1].region = "us-east-1";
    let records: Vec<_> = world.trail.iter().map(TrailRecord::record).collect();
    let scenario = Scenario {
        objects: objects([("six", lines(&six)), ("AWSLogs/111122223333/CloudTrail/x", gzip(&log_file(&records)))]),
        before: vec![written(["six"])],
        event: written(["AWSLogs/111122223333/CloudTrail/x"]),
        world,
        entries: Vec::new(),
        change: None,
        calls: [
            &["GetObject", "PutItem", "PutItem"][..],
            &TALLIES_AROUND_A_LOGIN,
            &["Query"],
            &PUBLISHED,
            &PUBLISHED,
            &TALLIES_AROUND_A_LOGIN,
        ]
        .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

#[tokio::test]
async fn two_objects_of_one_event() {
    let mut both = failed(8, noon());
    both[7].category = "NonInteractiveUserSignInLogs".to_owned();
    let world = World::plain(&both, &[noon()]);
    let scenario = Scenario {
        objects: objects([("first", lines(&both[..3])), ("last", batch(&both[3..]))]),
        before: vec![Event::Record(world.trail[0].record())],
        event: written(["first", "last"]),
        world,
        entries: Vec::new(),
        change: None,
        calls: [
            &RECORDED[..],
            &TALLIES_AROUND_FAILURES,
            &["GetObject", "GetItem", "GetItem", "PutItem", "PutItem"],
            &TALLIES_AROUND_FAILURES,
            &LOGINS,
            &["GetItem"],
            &PUBLISHED,
            &TALLIES_AROUND_FAILURES,
        ]
        .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

/// The announcements and the tuning entries, read before an incident is settled.
const ENTRIES: [&str; 2] = ["Query", "Scan"];

/// The announcement of a new entry, in the end: whether anybody listens, a lease, a slot of the ledger, and the rest.
const ANNOUNCED: [&str; 6] = ["GetItem", "PutItem", "GetItem", "PutItem", "Publish", "PutItem"];

/// The shards of three days in the index.
const LISTED: [&str; 3 * 16] = [QUERY_OF_INDEX; 3 * 16];

/// The incident of one address, and the logins of its day.
const LISTED_INCIDENT: [&str; 2] = ["Query"; 2];

fn office() -> Value {
    json!({
        "id": "office", "threshold": 50, "when": {"cidr": [ADDRESS]}, "reason": "many users", "author": "ann",
        "permanent": true,
    })
}

#[tokio::test]
async fn failures_whose_incident_an_entry_hides() {
    let six = failed(6, noon());
    let world = World::plain(&six, &[noon()]);
    let scenario = Scenario {
        objects: objects([
            ("AWSLogs/111122223333/CloudTrail/x", gzip(&log_file(&[world.trail[0].record()]))),
            ("six", lines(&six)),
        ]),
        before: Vec::new(),
        event: written(["AWSLogs/111122223333/CloudTrail/x", "six"]),
        world,
        entries: vec![office()],
        change: None,
        calls: [
            &["GetObject", "PutItem"][..],
            &TALLIES_AROUND_A_LOGIN,
            &RECORDED,
            &TALLIES_AROUND_FAILURES,
            &ENTRIES,
            &LOGINS,
            // The logins of the incident's day once more, to judge all of them.
            &["GetItem", "Query", "PutItem"],
            &TALLIES_AROUND_FAILURES,
            &ANNOUNCED,
            // The lease on settling what an entry hid.
            &["PutItem"],
            &LISTED,
            &LISTED_INCIDENT,
            &TALLIES_AROUND_A_LOGIN,
            &["GetItem", "Query"],
            &["PutItem"],
        ]
        .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

/// The calls of a login of another address that read the entries, announce a change, and lease its settlement.
const OF_THE_CHANGE: RangeInclusive<usize> = 5..=13;

/// Nothing new happens to the address of the incident, which is settled again.
fn an_incident_that_an_entry_hid(change: Change) -> Scenario {
    let six = failed(6, noon());
    let world = World::plain(&six, &[noon()]);
    let mut stranger = world.trail[0].record();
    stranger["sourceIPAddress"] = json!("192.0.2.250");
    Scenario {
        objects: objects([("six", lines(&six))]),
        before: vec![written(["six"]), Event::Record(world.trail[0].record())],
        event: Event::Record(stranger),
        world,
        entries: vec![office()],
        change: Some(change),
        calls: [
            &["PutItem"][..],
            &TALLIES_AROUND_A_LOGIN,
            &ENTRIES,
            &ANNOUNCED,
            // The lease on settling what an entry hid.
            &["PutItem"],
            &LISTED,
            &LISTED_INCIDENT,
            &TALLIES_AROUND_A_LOGIN,
            &["GetItem"],
            &PUBLISHED,
            &TALLIES_AROUND_A_LOGIN,
            &["PutItem"],
        ]
        .concat(),
    }
}

#[tokio::test]
async fn an_entry_that_is_removed() {
    an_incident_that_an_entry_hid(Change::Removed).with_every_fault_at_every_call().await;
}

#[tokio::test]
async fn an_entry_whose_item_is_deleted() {
    an_incident_that_an_entry_hid(Change::Deleted).with_every_fault_within(OF_THE_CHANGE).await;
}

#[tokio::test]
async fn an_entry_whose_text_changes() {
    an_incident_that_an_entry_hid(Change::Moved).with_every_fault_within(OF_THE_CHANGE).await;
}

/// Within the minute after the entries were read, an invocation has no request for them.
#[tokio::test]
async fn a_quiet_login_while_the_copy_of_the_entries_is_fresh() {
    let five = failed(5, noon());
    let world = World::plain(&five, &[noon(), noon() + TimeDelta::minutes(1)]);
    let scenario = Scenario {
        objects: objects([("five", lines(&five))]),
        before: vec![written(["five"]), Event::Record(world.trail[0].record())],
        event: Event::Record(world.trail[1].record()),
        world,
        entries: vec![office()],
        change: None,
        calls: [&["PutItem"][..], &TALLIES_AROUND_A_LOGIN].concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

/// Moves all facts to an address.
fn move_to(world: &mut World, address: &str) {
    for row in &mut world.rows {
        address.clone_into(&mut row.sign_in.address);
        row.address = address.parse().ok();
    }
    for record in &mut world.trail {
        address.clone_into(&mut record.source_ip_address);
        record.address = address.parse().ok();
    }
}

/// Six failures and a login of one IPv6 address, whose incident holds that of its network.
fn of_ipv6() -> World {
    let mut world = World::plain(&failed(6, noon()), &[noon()]);
    move_to(&mut world, "2001:db8::1");
    world
}

fn sign_ins(world: &World) -> Vec<SignIn> {
    world.rows.iter().map(|row| row.sign_in.clone()).collect()
}

#[tokio::test]
async fn a_login_of_an_ipv6_address_after_its_failures() {
    let world = of_ipv6();
    let scenario = Scenario {
        objects: objects([("six", lines(&sign_ins(&world)))]),
        before: vec![written(["six"])],
        event: Event::Record(world.trail[0].record()),
        world,
        entries: Vec::new(),
        change: None,
        calls: [
            &["PutItem", "PutItem"][..],
            // The network.
            &TALLIES_AROUND_A_LOGIN,
            &HELD,
            &TALLIES_AROUND_A_LOGIN,
            // The address.
            &TALLIES_AROUND_A_LOGIN,
            &["GetItem"],
            &PUBLISHED,
            &TALLIES_AROUND_A_LOGIN,
        ]
        .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

/// The incident, the logins of its day, the tallies of the login's own address, and the incident that these hold.
const HELD: [&str; 6] = ["GetItem", "Query", "Query", "Query", "Query", "PutItem"];

#[tokio::test]
async fn a_failed_login_after_a_login() {
    let six = failed(6, noon());
    let mut world = World::plain(&six, &[noon(), noon() + TimeDelta::minutes(1)]);
    world.trail[0].result = "Failure";
    let scenario = Scenario {
        objects: objects([("six", lines(&six))]),
        before: vec![Event::Record(world.trail[1].record()), written(["six"])],
        event: Event::Record(world.trail[0].record()),
        world,
        entries: Vec::new(),
        change: None,
        calls: [
            &["GetItem", "PutItem"][..],
            &TALLIES_AROUND_FAILURES,
            &LOGINS,
            &["GetItem", "PutItem"],
            &TALLIES_AROUND_FAILURES,
        ]
        .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

#[tokio::test]
async fn failures_of_an_ipv6_address_after_its_login() {
    let world = of_ipv6();
    let scenario = Scenario {
        objects: objects([("six", lines(&sign_ins(&world)))]),
        before: vec![Event::Record(world.trail[0].record())],
        event: written(["six"]),
        world,
        entries: Vec::new(),
        change: None,
        calls: [
            &["GetObject", "GetItem", "PutItem", "GetItem", "PutItem"][..],
            // The network and the address, at the same time.
            &TALLIES_AROUND_FAILURES,
            &TALLIES_AROUND_FAILURES,
            &LOGINS,
            &LOGINS,
            &["GetItem", "GetItem", "Query", "PutItem", "Query", "Query", "Query", "GetItem", "PutItem", "PutItem"],
            &["Query", "Query", "Query", "Publish", "Query", "Query", "PutItem"],
            &TALLIES_AROUND_FAILURES,
        ]
        .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}

/// A sweep begins with a slot for itself, and ends with the number of what is left.
const SWEPT: [&str; 5] = ["GetItem", "PutItem", "GetTopicAttributes", "GetItem", "PutItem"];

#[tokio::test]
async fn a_sweep_that_reports_an_old_incident() {
    let then = noon() - TimeDelta::days(2);
    let six = failed(6, then);
    let world = World::plain(&six, &[then]);
    let scenario = Scenario {
        objects: objects([("six", lines(&six))]),
        before: vec![written(["six"]), Event::Record(world.trail[0].record())],
        event: Event::Sweep,
        world,
        entries: Vec::new(),
        change: None,
        calls: [
            &SWEPT[..],
            &[QUERY_OF_INDEX; 16],
            &["GetItem"],
            // A second for the digest.
            &["GetItem", "PutItem", "Publish"],
            // The mark.
            &["GetItem", "PutItem"],
            // The end.
            &["GetItem", "PutItem"],
        ]
        .concat(),
    };
    scenario.with_every_fault_at_every_call().await;
}
