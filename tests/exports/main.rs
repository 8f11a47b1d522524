//! Reading sign-in exports: what each record comes to, and which objects are refused.

use std::io::{self, Read as _, Write};

use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use pivotwatch::aws::{self, Reading};
use pivotwatch::detection::{Failure, Rule, Source};
use pivotwatch::entra::{self, Ignored, Outcome, Rejected};
use pivotwatch::input::{Interrupted, Limits, ReadFault};
use pivotwatch::pipeline::reading::{self, Read};
use pivotwatch_tests::facts::{self, SignIn, at, failed, lines, noon};
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Default)]
struct Received {
    outcomes: Vec<Outcome>,
    times: Vec<DateTime<Utc>>,
}

impl entra::Receiver for Received {
    fn receive(&mut self, outcome: Outcome, time: Option<DateTime<Utc>>) {
        self.outcomes.push(outcome);
        self.times.extend(time);
    }
}

impl aws::Receiver for Received {
    fn receive_record(&mut self, reading: Reading) {
        panic!("{reading:?} is in no sign-in export");
    }
}

impl Received {
    fn failures(&self) -> Vec<&Failure> {
        self.outcomes
            .iter()
            .filter_map(|outcome| if let Outcome::Failure(failure) = outcome { Some(failure) } else { None })
            .collect()
    }
}

fn read_with(bytes: impl io::Read + Send, limits: Limits) -> (Received, Result<Read, ReadFault>) {
    let mut received = Received::default();
    let result = reading::read(bytes, "", &Rule::default(), limits, &mut received);
    (received, result)
}

fn read(bytes: &[u8]) -> (Received, Result<Read, ReadFault>) {
    read_with(bytes, Limits::default())
}

/// What a single record comes to, in an export with a good one before it.
fn outcome(record: &Value) -> Outcome {
    let good = SignIn::failed("good", noon()).record();
    let (received, result) = read(format!("{good}\n{record}\n").as_bytes());
    assert_eq!(result.unwrap().shape, "diagnostic");
    received.outcomes[1].clone()
}

fn failure(record: &Value) -> Failure {
    match outcome(record) {
        Outcome::Failure(failure) => failure,
        other => panic!("{other:?} for {record}"),
    }
}

fn record() -> Value {
    SignIn::failed("id", noon()).record()
}

fn with(path: &str, value: impl Into<Value>) -> Value {
    let mut record = record();
    let (parent, key) = path.rsplit_once('/').unwrap();
    record.pointer_mut(parent).unwrap()[key] = value.into();
    record
}

fn without(path: &str) -> Value {
    let mut record = record();
    let (parent, key) = path.rsplit_once('/').unwrap();
    record.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
    record
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_failed_sign_in_is_read_with_the_time_at_which_it_happened() {
    let failure = failure(&record());
    assert_eq!(failure.time, noon(), "and not the envelope's, which is later");
    assert_eq!(failure.source, Source::Interactive);
    assert_eq!((failure.code.as_str(), failure.user.as_str()), ("50126", facts::USER));
    assert_eq!((failure.address.to_string().as_str(), failure.app.as_str()), (facts::ADDRESS, "Azure Portal"));
}

#[test]
fn success_and_the_two_interrupts_are_not_counted() {
    for code in ["0", "50125", "50140", " 0 "] {
        assert_eq!(outcome(&with("/resultType", code)), Outcome::Ignored(Ignored::NotAFailure), "{code:?}");
    }
}

#[test]
fn a_code_is_the_same_as_number_and_as_text() {
    assert_eq!(failure(&with("/resultType", 50126)), failure(&with("/resultType", "50126")));
    assert_eq!(outcome(&with("/resultType", 0)), Outcome::Ignored(Ignored::NotAFailure));
}

#[test]
fn where_the_code_is_a_word_or_missing_the_status_has_it() {
    assert_eq!(failure(&with("/resultType", "Failure")).code, "50126");
    assert_eq!(failure(&without("/resultType")).code, "50126");
    let mut success = with("/resultType", "Success");
    success["properties"]["status"]["errorCode"] = json!(0);
    assert_eq!(outcome(&success), Outcome::Ignored(Ignored::NotAFailure));
}

#[test]
fn loopback_is_not_counted() {
    for address in ["127.0.0.1", "::1"] {
        assert_eq!(outcome(&with("/properties/ipAddress", address)), Outcome::Ignored(Ignored::Loopback));
    }
}

#[test]
fn each_category_is_a_source_and_only_the_rules_two_are_counted() {
    assert_eq!(failure(&with("/category", "SignInLogs")).source, Source::Interactive);
    assert_eq!(failure(&with("/category", "signinlogs")).source, Source::Interactive);
    assert_eq!(failure(&with("/category", "NonInteractiveUserSignInLogs")).source, Source::NonInteractive);
    for (category, reason) in [
        ("ServicePrincipalSignInLogs", Ignored::SourceNotCounted(Source::ServicePrincipal)),
        ("ManagedIdentitySignInLogs", Ignored::SourceNotCounted(Source::ManagedIdentity)),
        ("ADFSSignInLogs", Ignored::SourceNotCounted(Source::Adfs)),
        ("MicrosoftServicePrincipalSignInLogs", Ignored::UnknownSignInCategory),
        ("AuditLogs", Ignored::OtherCategory),
    ] {
        assert_eq!(outcome(&with("/category", category)), Outcome::Ignored(reason), "{category}");
    }
}

#[test]
fn the_address_is_the_sign_ins_and_in_want_of_it_the_callers() {
    assert_eq!(failure(&with("/callerIpAddress", "198.51.100.1")).address.to_string(), facts::ADDRESS);
    assert_eq!(failure(&with("/properties/ipAddress", "")).address.to_string(), facts::ADDRESS);
    assert_eq!(failure(&without("/properties/ipAddress")).address.to_string(), facts::ADDRESS);
    assert_eq!(failure(&with("/properties/ipAddress", "[2001:db8::7]:443")).address.to_string(), "2001:db8::7");
}

#[test]
fn a_record_that_cannot_be_used_is_rejected_by_its_reason() {
    let mut no_address = without("/properties/ipAddress");
    no_address["callerIpAddress"] = json!("");
    let mut no_time = without("/properties/createdDateTime");
    no_time.as_object_mut().unwrap().remove("time");
    let mut no_code = without("/resultType");
    no_code["properties"]["status"] = json!({});
    for (record, reason) in [
        (no_address, Rejected::NoAddress),
        (with("/properties/ipAddress", "203.0.113.XXX"), Rejected::RedactedAddress),
        (with("/properties/ipAddress", "not an address"), Rejected::BadAddress),
        (no_time, Rejected::NoTime),
        (with("/properties/createdDateTime", "yesterday"), Rejected::BadTime),
        (with("/properties/createdDateTime", "03/04/2026 10:00:00"), Rejected::AmbiguousTime),
        (no_code, Rejected::NoCode),
        (without("/category"), Rejected::NoCategory),
        (json!("a text"), Rejected::Malformed),
        (json!([1, 2]), Rejected::Malformed),
        (json!(7), Rejected::Malformed),
    ] {
        assert_eq!(outcome(&record), Outcome::Rejected(reason), "{record}");
    }
}

#[test]
fn without_the_time_of_the_sign_in_the_time_of_its_logging_will_do() {
    assert_eq!(failure(&without("/properties/createdDateTime")).time, noon() + TimeDelta::minutes(2));
}

#[test]
fn fields_of_another_type_than_expected_cost_nothing_but_themselves() {
    for (path, value) in [
        ("/properties/appDisplayName", json!(null)),
        ("/properties/userPrincipalName", json!({"name": "ann"})),
        ("/properties/conditionsSatisfied", json!(1)),
        ("/correlationId", json!([1])),
        ("/properties/status", json!("text")),
        ("/Level", json!(1e300)),
    ] {
        failure(&with(path, value));
    }
}

#[test]
fn one_sign_in_told_twice_has_one_identity_and_two_results_of_it_have_two() {
    let again = with("/time", "2026-03-02T12:09:00Z");
    assert_eq!(failure(&record()).identity, failure(&again).identity);
    assert_ne!(failure(&record()).identity, failure(&with("/resultType", "50053")).identity);
}

#[test]
fn a_bad_line_costs_that_line() {
    let mut export = b"{\"category\":\"SignInLogs\",\"broken\n\x00\xff\n".to_vec();
    export.extend(lines(&failed(2, noon())));
    export.extend(b"} trailing\n");
    let (received, result) = read(&export);
    assert_eq!(result.unwrap().shape, "diagnostic");
    assert_eq!(received.failures().len(), 2);
    assert_eq!(received.outcomes.len(), 5);
}

#[test]
fn a_record_cut_in_its_middle_is_never_taken_for_a_success() {
    let success = with("/resultType", "0").to_string();
    for length in 1..success.len() {
        let export = format!("{}\n{}", record(), &success[..length]);
        let (received, _) = read(export.as_bytes());
        assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::Malformed), "cut to {length}");
    }
}

#[test]
fn a_line_that_is_too_long_costs_that_line() {
    let long = with("/properties/padding", "x".repeat(5000));
    let export = format!("{}\n{long}\n{}\n", record(), record());
    let (received, result) = read_with(export.as_bytes(), Limits { record: 4000, ..Limits::default() });
    assert!(result.is_ok());
    assert_eq!(received.outcomes[1], Outcome::Rejected(Rejected::TooLong));
    assert_eq!(received.failures().len(), 2);
}

#[test]
fn a_nesting_that_would_overflow_a_stack_costs_that_line() {
    let deep = format!(
        "{{\"category\":\"SignInLogs\",\"properties\":{{\"id\":{}1{}}}}}",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let export = format!("{}\n{deep}\n{}\n", record(), record());
    let (received, _) = read(export.as_bytes());
    assert_eq!(received.failures().len(), 2);
    assert_eq!(received.outcomes.len(), 3);
}

#[test]
fn batches_are_read_however_they_are_written() {
    let records: Vec<Value> = failed(3, noon()).iter().map(SignIn::record).collect();
    let batch = json!({"records": records});
    let pretty = serde_json::to_string_pretty(&batch).unwrap();
    for (export, expected) in [
        (batch.to_string(), 3),
        (pretty.clone(), 3),
        (format!("\u{feff}{batch}"), 3),
        (format!("{batch}\n{batch}\r\n"), 6),
        (format!("{batch}{pretty}"), 6),
        (format!("{batch}\n{}\n{batch}", records[0]), 7),
        (json!({"records": []}).to_string(), 0),
    ] {
        let (received, result) = read(export.as_bytes());
        assert_eq!(result.unwrap().shape, "event_hub", "{export}");
        assert_eq!(received.failures().len(), expected, "{export}");
    }
}

#[test]
fn a_batch_may_have_more_fields_behind_its_records() {
    let export = format!(r#"{{"records":[{}], "count": 1, "of": {{"a":[1,2]}}, "text": "]}}"}}"#, record());
    let (received, result) = read(export.as_bytes());
    assert!(result.is_ok());
    assert_eq!(received.outcomes.len(), 1);
}

#[test]
fn a_batch_that_is_cut_off_gives_the_records_before_the_cut_and_says_so() {
    let batch = json!({"records": failed(3, noon()).iter().map(SignIn::record).collect::<Vec<_>>()}).to_string();
    let (received, result) = read(&batch.as_bytes()[..batch.len() - 100]);
    assert!(matches!(result, Err(ReadFault::Truncated(_))));
    assert_eq!(received.failures().len(), 2);
}

#[test]
fn gzip_is_told_by_content_and_may_have_several_members() {
    let export = lines(&failed(6, noon()));
    let half = export.len() / 2;
    let members = [gzip(&export[..half]), gzip(&export[half..])].concat();
    for compressed in [gzip(&export), members] {
        let (received, result) = read(&compressed);
        assert!(result.is_ok());
        assert_eq!(received.failures().len(), 6);
    }
}

#[test]
fn half_a_gzip_gives_the_records_before_the_cut_and_says_so() {
    let many: Vec<SignIn> = failed(5000, noon() - TimeDelta::days(5));
    let compressed = gzip(&lines(&many));
    let (received, result) = read(&compressed[..compressed.len() / 2]);
    assert!(matches!(result, Err(ReadFault::Truncated(_))), "{result:?}");
    assert!((1000..4000).contains(&received.failures().len()));
}

#[test]
fn a_damaged_gzip_is_told_from_a_lost_connection() {
    let mut damaged = gzip(&lines(&failed(2000, noon() - TimeDelta::days(2))));
    let middle = damaged.len() / 2;
    for byte in &mut damaged[middle..middle + 50] {
        *byte ^= 0x55;
    }
    let (_, result) = read(&damaged);
    assert!(matches!(result, Err(ReadFault::Corrupt(_))), "{result:?}");

    let lost = lines(&failed(3, noon()));
    let (received, result) = read_with(lost.as_slice().chain(Lost), Limits::default());
    assert!(matches!(result, Err(ReadFault::Transfer(_))), "{result:?}");
    assert_eq!(received.failures().len(), 0, "the beginning had not even been recognised");
}

struct Lost;

impl io::Read for Lost {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(Interrupted("connection reset".to_owned()).into())
    }
}

#[test]
fn what_is_no_export_is_refused_as_a_whole() {
    for (what, bytes) in [
        ("a picture", &b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"[..]),
        ("text", b"hello\nworld\n"),
        ("a table", b"Date (UTC),Request ID\n2026-03-02T12:00:00Z,1\n"),
        ("other JSON", br#"{"hello":"world"}"#),
        ("a CloudTrail file", br#"{"Records":[{"eventName":"ConsoleLogin"}]}"#),
        ("another log", br#"{"category":"AuditLogs","properties":{}}"#),
    ] {
        let (received, result) = read(bytes);
        assert!(matches!(result, Err(ReadFault::NotAnExport(_))), "{what}: {result:?}");
        assert!(received.failures().is_empty());
        let (_, result) = read(&gzip(bytes));
        assert!(matches!(result, Err(ReadFault::NotAnExport(_))), "{what}, compressed: {result:?}");
    }
}

#[test]
fn an_empty_object_is_called_empty() {
    for bytes in [&b""[..], b" \n\n", b"\xef\xbb\xbf", &gzip(b"")] {
        let (_, result) = read(bytes);
        assert!(matches!(result, Err(ReadFault::Empty)), "{result:?}");
    }
}

#[test]
fn other_spellings_of_a_time_are_read() {
    for (text, expected) in [
        ("2026-03-02T07:00:00-05:00", at("2026-03-02T12:00:00Z")),
        ("2026-03-02 12:00:00.983201900", at("2026-03-02T12:00:00.983201900Z")),
        ("3/2/2026 1:48:53 PM", at("2026-03-02T13:48:53Z")),
    ] {
        assert_eq!(failure(&with("/properties/createdDateTime", text)).time, expected, "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic_or_hang(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_damage_makes_the_reader_panic_or_hang(
        position in any::<prop::sample::Index>(),
        damage in prop::collection::vec(prop::sample::select(&b"{}[]\",:\\\n 0a"[..]), 1..4),
        as_batch in any::<bool>(),
    ) {
        let records = failed(3, noon());
        let mut export = if as_batch {
            json!({"records": records.iter().map(SignIn::record).collect::<Vec<_>>()}).to_string().into_bytes()
        } else {
            lines(&records)
        };
        let position = position.index(export.len());
        export.splice(position..position, damage);
        let (received, _) = read(&export);
        prop_assert!(received.failures().len() <= 3);
    }

    #[test]
    fn where_the_blocks_of_the_transfer_fall_does_not_matter(sizes in prop::collection::vec(1..5000_usize, 1..30)) {
        let export = lines(&failed(40, noon()));
        let (received, result) = read_with(Pieces { rest: &export, sizes: sizes.iter().cycle().copied() }, Limits::default());
        prop_assert!(result.is_ok());
        prop_assert_eq!(received.failures().len(), 40);
    }
}

struct Pieces<'a, I> {
    rest: &'a [u8],
    sizes: I,
}

impl<I: Iterator<Item = usize>> io::Read for Pieces<'_, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.next().unwrap_or(1).min(self.rest.len()).min(buffer.len());
        buffer[..size].copy_from_slice(&self.rest[..size]);
        self.rest = &self.rest[size..];
        Ok(size)
    }
}
