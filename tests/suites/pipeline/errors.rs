//! Errors of the store: each is counted, and none hides another.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use pivotwatch::detection::ledger::Ledger;
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Address, Day, Login, Tallies, Tally};
use pivotwatch::objects::InMemoryObjects;
use pivotwatch::pipeline::{FailedObjects, Pipeline, Summary};
use pivotwatch::store::{
    Activity, Announcement, InMemoryStore, IncidentKey, ListedIncident, Loaded, LoginPage, Operation, Store,
    StoreError, StoredIncident, StoredIncidents, Version, Versioned, WriteOutcome,
};
use pivotwatch_tests::facts::{SignIn, console_login, failed, lines, log_file, noon, written};
use pivotwatch_tests::pipeline::{Topic, VirtualRuntime, pipeline};
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

/// A store that fails to write the tallies of some addresses and to load those of others.
#[derive(Default)]
pub(super) struct Partly {
    pub(super) store: InMemoryStore,
    unreadable: Vec<Address>,
    unavailable: Vec<Address>,
    has_no_tuning: AtomicBool,
    pub(super) has_unreadable_ledger: AtomicBool,
    /// The address whose incidents cannot be parsed.
    pub(super) unreadable_incidents: Mutex<Option<Address>>,
}

impl Partly {
    /// From now on, loading the tuning entries fails.
    pub(super) fn break_tuning(&self) {
        self.has_no_tuning.store(true, Ordering::Relaxed);
    }
}

impl Store for Partly {
    async fn load_tally(&self, key: &TallyKey) -> Result<Option<Versioned<Tally>>, StoreError> {
        if self.unreadable.contains(&key.address) {
            let [record, cause] = ["a tally", "somebody edited it"].map(str::to_owned);
            return Err(StoreError::Unreadable { record, cause });
        }
        self.store.load_tally(key).await
    }

    async fn write_tally(&self, key: &TallyKey, tally: &Tally, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.store.write_tally(key, tally, replaces).await
    }

    async fn write_login(&self, address: Address, login: &Login) -> Result<WriteOutcome, StoreError> {
        self.store.write_login(address, login).await
    }

    async fn load_tallies(&self, address: Address, days: &BTreeSet<Day>) -> Result<Loaded<Tallies>, StoreError> {
        if self.unavailable.contains(&address) {
            return Err(StoreError::Unavailable { operation: Operation::LoadTallies, cause: "throttled".to_owned() });
        }
        self.store.load_tallies(address, days).await
    }

    async fn load_logins(
        &self,
        address: Address,
        day: Day,
        after: Option<String>,
    ) -> Result<Loaded<LoginPage>, StoreError> {
        self.store.load_logins(address, day, after).await
    }

    async fn load_incidents(
        &self,
        address: Address,
        day: Day,
        wanted: &BTreeSet<Uuid>,
    ) -> Result<Loaded<StoredIncidents>, StoreError> {
        self.store.load_incidents(address, day, wanted).await
    }

    async fn load_incident(&self, key: &IncidentKey) -> Result<Option<Versioned<StoredIncident>>, StoreError> {
        if *self.unreadable_incidents.lock().unwrap() == Some(key.address) {
            let [record, cause] = ["an incident", "somebody edited it"].map(str::to_owned);
            return Err(StoreError::Unreadable { record, cause });
        }
        self.store.load_incident(key).await
    }

    async fn list_incidents(&self, day: Day) -> Result<Vec<ListedIncident>, StoreError> {
        self.store.list_incidents(day).await
    }

    async fn list_unreported(&self) -> Result<Vec<IncidentKey>, StoreError> {
        self.store.list_unreported().await
    }

    async fn load_activity(&self) -> Result<Versioned<Activity>, StoreError> {
        self.store.load_activity().await
    }

    async fn write_activity(&self, activity: &Activity, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.store.write_activity(activity, replaces).await
    }

    async fn load_ledger(&self) -> Result<Versioned<Ledger>, StoreError> {
        if self.has_unreadable_ledger.load(Ordering::Relaxed) {
            let [record, cause] = ["ledger", "somebody edited it"].map(str::to_owned);
            return Err(StoreError::Unreadable { record, cause });
        }
        self.store.load_ledger().await
    }

    async fn write_ledger(&self, ledger: &Ledger, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.store.write_ledger(ledger, replaces).await
    }

    async fn write_incident(&self, stored: &StoredIncident, replaces: Version) -> Result<WriteOutcome, StoreError> {
        self.store.write_incident(stored, replaces).await
    }

    fn has_tuning_table(&self) -> bool {
        self.store.has_tuning_table()
    }

    async fn load_tuning_entries(&self) -> Result<Vec<Value>, StoreError> {
        if self.has_no_tuning.load(Ordering::Relaxed) {
            let (operation, cause) = (Operation::LoadTuningEntries, "throttled".to_owned());
            return Err(StoreError::Unavailable { operation, cause });
        }
        self.store.load_tuning_entries().await
    }

    async fn load_announcements(&self) -> Result<Loaded<Vec<Versioned<Announcement>>>, StoreError> {
        self.store.load_announcements().await
    }

    async fn write_announcement(
        &self,
        announcement: &Announcement,
        replaces: Version,
    ) -> Result<WriteOutcome, StoreError> {
        self.store.write_announcement(announcement, replaces).await
    }
}

fn address(number: usize) -> String {
    format!("10.0.0.{number}")
}

async fn ingest(
    world: &Pipeline<Partly, Topic, VirtualRuntime>,
    addresses: usize,
) -> (Summary, Result<Value, FailedObjects>) {
    let mut sign_ins = Vec::new();
    for number in 0..addresses {
        for mut sign_in in failed(6, noon()) {
            (sign_in.id, sign_in.address) = (format!("{number}-{}", sign_in.id), address(number));
            sign_ins.push(sign_in);
        }
    }
    let mut objects = InMemoryObjects::default();
    objects.put("export.json", lines(&sign_ins));
    world.ingest(&objects, &written(&["export.json"])).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn each_error_is_counted_and_the_event_fails_after_all_of_them(
        kinds in proptest::collection::vec(0..3_usize, 1..40),
    ) {
        let of_kind = |kind| {
            let numbers = kinds.iter().enumerate().filter(move |(_, known)| **known == kind);
            numbers.map(|(number, _)| Address::parse(&address(number)).unwrap()).collect::<Vec<_>>()
        };
        let store = Partly { store: InMemoryStore::default(), unreadable: of_kind(1), unavailable: of_kind(2), ..Partly::default() };
        let (unreadable, unavailable) = (store.unreadable.len() as u64, store.unavailable.len() as u64);
        let world = pipeline(store);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (summary, answer) = runtime.block_on(ingest(&world, kinds.len()));
        let failed = |code| summary.failed.get(code).copied().unwrap_or_default();
        prop_assert_eq!(failed("store.unreadable"), unreadable);
        prop_assert_eq!(failed("store.unavailable"), unavailable);
        prop_assert_eq!(summary.failed.values().sum::<u64>(), unreadable + unavailable);
        prop_assert_eq!(answer.is_err(), unreadable + unavailable > 0);
    }
}

#[tokio::test]
async fn a_cut_object_whose_facts_are_not_recorded_reports_both() {
    let broken = Address::parse(&address(0)).unwrap();
    let world = pipeline(Partly { unreadable: vec![broken], ..Partly::default() });
    let mut sign_ins = failed(6, noon());
    for sign_in in &mut sign_ins {
        sign_in.address = address(0);
    }
    let mut objects = InMemoryObjects::default();
    let mut cut = pivotwatch_tests::facts::batch(&sign_ins);
    cut.truncate(cut.len() - 10);
    objects.put("cut.json", cut);
    let (summary, answer) = world.ingest(&objects, &written(&["cut.json"])).await;
    assert_eq!(summary.failed["store.unreadable"], 1);
    assert_eq!(summary.refused["object.truncated"], 1);
    assert_eq!(answer.unwrap_err().code(), "store.unreadable");
}

#[tokio::test]
async fn an_object_without_a_usable_record_is_counted_by_its_reason() {
    let bad_times = lines(&failed(3, noon())).into_iter().map(char::from).collect::<String>();
    let bad_times = bad_times.replace("2026-03-02T", "02 of March ");
    let one_good = format!("{bad_times}{}", String::from_utf8(lines(&failed(1, noon()))).unwrap());
    let quiet = log_file(&[]);
    let api_call =
        serde_json::json!({"eventName": "ListBuckets", "eventTime": "2026-03-02T12:00:00Z", "userIdentity": {}});
    let mut undated = console_login("undated", noon());
    undated["eventTime"] = serde_json::json!("2 March");
    let mut without_result = console_login("without", noon());
    without_result["responseElements"] = serde_json::Value::Null;
    // Six failures are changed, and the success is not.
    let six_with_a_success = |change: &dyn Fn(&mut serde_json::Value)| {
        let success = SignIn { code: "0".to_owned(), ..SignIn::failed("success", noon()) };
        let mut records: Vec<_> = failed(6, noon()).iter().map(SignIn::record).collect();
        for record in &mut records {
            let properties = record["properties"].as_object_mut().unwrap();
            properties.remove("createdDateTime");
            properties.remove("ipAddress");
            change(record);
        }
        records.push(success.record());
        records.iter().map(Value::to_string).collect::<Vec<_>>().join("\n").into_bytes()
    };
    for (bytes, reason) in [
        (bad_times.into_bytes(), Some("no_usable_record")),
        (b"{\"records\":[]}".to_vec(), Some("no_record")),
        (one_good.into_bytes(), None),
        (quiet, None),
        (log_file(std::slice::from_ref(&api_call)), None),
        (log_file(&[console_login("one", noon())]), None),
        (log_file(&[undated.clone()]), Some("no_usable_record")),
        (log_file(&[undated.clone(), console_login("one", noon())]), None),
        (six_with_a_success(&|record| record["time"] = "2 March".into()), Some("no_usable_failure")),
        (six_with_a_success(&|record| record["source"] = "shop".into()), Some("no_usable_failure")),
        // Microsoft redacts it in every export.
        (six_with_a_success(&|record| record["callerIpAddress"] = "203.0.113.XXX".into()), None),
        (log_file(&[undated, api_call.clone()]), Some("no_usable_login")),
        (log_file(&[without_result, api_call]), None),
    ] {
        let world = pipeline(InMemoryStore::default());
        let mut objects = InMemoryObjects::default();
        let shown = String::from_utf8_lossy(&bytes).chars().take(200).collect::<String>();
        objects.put("export.json", bytes);
        let (summary, _) = world.ingest(&objects, &written(&["export.json"])).await;
        assert_eq!(summary.refused.len(), 0, "{shown}: {:?}", summary.refused);
        let expected: Vec<_> = reason.into_iter().map(|reason| (reason, 1)).collect();
        assert_eq!(summary.unusable.into_iter().collect::<Vec<_>>(), expected, "{shown}");
    }
}

#[tokio::test]
async fn sign_ins_and_records_of_a_trail_are_counted_apart() {
    let world = pipeline(InMemoryStore::default());
    let mut objects = InMemoryObjects::default();
    objects.put("export.json", lines(&failed(6, noon())));
    let mut refused = console_login("two", noon());
    refused["responseElements"]["ConsoleLogin"] = serde_json::json!("Failure");
    objects.put("trail.json", log_file(&[console_login("one", noon()), refused]));
    let (summary, _) = world.ingest(&objects, &written(&["export.json", "trail.json"])).await;
    let kinds = summary.kinds;
    assert_eq!((kinds.sign_ins, kinds.usable_sign_ins), (6, 6));
    assert_eq!((kinds.trail_records, kinds.usable_trail_records), (2, 2));
}
