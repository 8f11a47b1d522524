//! The result "no incident" requires input: a usable sign-in and a usable CloudTrail record.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use chrono::{TimeDelta, Utc};
use pivotwatch_tests::facts::{SignIn, console_login, event, failed, lines, log_file, noon};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{folder, hunt, objects, pivotwatch, text};

fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Sign-ins that a hunt cannot use.
fn rejected() -> String {
    String::from_utf8(lines(&failed(6, noon()))).unwrap().replace("2026-03-02T", "02 of March ")
}

fn refused_login() -> Value {
    let mut login = console_login("refused", noon());
    login["responseElements"]["ConsoleLogin"] = json!("Failure");
    login
}

/// Another sign-in event than a console login.
fn switch_of_role() -> Value {
    let mut login = console_login("switch", noon());
    login["eventName"] = json!("SwitchRole");
    login
}

fn api_call() -> Value {
    json!({
        "eventName": "ListBuckets", "eventTime": "2026-03-02T12:00:00Z", "eventSource": "s3.amazonaws.com",
        "userIdentity": {"type": "IAMUser"}, "sourceIPAddress": "198.51.100.1",
    })
}

/// A login that a hunt cannot use.
fn login_without_time() -> Value {
    let mut login = console_login("undated", noon());
    login["eventTime"] = json!("2 March");
    login
}

fn assert_ends(output: &Output, status: i32, words: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(words), "{said}");
}

#[test]
fn sign_ins_without_a_usable_one_are_trouble() {
    let folder = folder("rejected");
    put(&folder, "entra/PT1H.json", rejected());
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", noon())]));
    assert_ends(&hunt(&folder, &[]), 1, "PT1H.json: none of its records can be used, 6 rejected (bad_time 6)");
    assert_ends(&hunt(&folder, &[]), 1, "no sign-in in any file that was read can be used");

    // A usable file next to it still gives its incident.
    put(&folder, "entra/good.json", lines(&failed(6, noon())));
    let output = hunt(&folder, &["--format", "json"]);
    assert_ends(&output, 1, "none of its records can be used");
    assert_eq!(objects(&output).len(), 1);

    // A rejected record in a file with a usable one is only counted.
    put(&folder, "entra/PT1H.json", [rejected().as_bytes(), &lines(&failed(1, noon()))].concat());
    assert_ends(&hunt(&folder, &[]), 10, "6 rejected");
}

/// A success is usable, but matches nothing.
#[test]
fn failures_without_a_usable_one_are_trouble_beside_successes() {
    let folder = folder("rejected-failures");
    let success = SignIn { code: "0".to_owned(), ..SignIn::failed("success", noon()) };
    put(&folder, "entra/PT1H.json", [rejected().as_bytes(), &lines(&[success])].concat());
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", noon())]));
    assert_ends(&hunt(&folder, &[]), 1, "PT1H.json: none of its failed sign-ins can be used, 6 rejected (bad_time 6)");
    assert_ends(&pivotwatch(&folder, &["inspect", "entra"]), 1, "no_usable_failure");
}

#[test]
fn sign_ins_of_sources_that_the_rule_does_not_count_are_trouble() {
    let folder = folder("other-sources");
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", noon())]));
    let mut principals = failed(6, noon());
    for one in &mut principals {
        "ServicePrincipalSignInLogs".clone_into(&mut one.category);
    }
    put(&folder, "entra/PT1H.json", lines(&principals));
    let words = "the rule does not count the source of any sign-in that was read";
    assert_ends(&hunt(&folder, &[]), 1, words);

    // Who chooses the sources knows what is not counted.
    assert_ends(&hunt(&folder, &["--sources", "adfs"]), 0, "source_service_principal 6");

    // One sign-in of a counted source is enough.
    put(&folder, "entra/PT1H.json", lines(&[principals, failed(1, noon())].concat()));
    assert_ends(&hunt(&folder, &[]), 0, "source_service_principal 6");
}

#[test]
fn a_hunt_without_a_sign_in_is_trouble() {
    let folder = folder("no-sign-in");
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", noon())]));
    put(&folder, "entra/log.json", log_file(&[console_login("two", noon())]));
    assert_ends(&hunt(&folder, &[]), 1, "there is no sign-in in any file");
    let output = pivotwatch(&folder, &["hunt", "--entra", "cloudtrail", "--cloudtrail", "cloudtrail"]);
    assert_ends(&output, 1, "there is no sign-in in any file");
}

#[test]
fn a_hunt_without_a_record_of_cloudtrail_is_trouble() {
    let folder = folder("no-trail");
    put(&folder, "entra/PT1H.json", lines(&failed(6, noon())));
    for (name, bytes) in [
        ("PT1H.json", lines(&failed(6, noon()))),
        ("quiet.json", log_file(&[])),
        ("cut.json", log_file(&[console_login("one", noon())])[..400].to_vec()),
        ("AWSLogs/111122223333/CloudTrail-Digest/digest.json", b"{}".to_vec()),
    ] {
        put(&folder, &format!("given/{name}"), bytes);
        let output = pivotwatch(&folder, &["hunt", "--entra", "entra", "--cloudtrail", "given"]);
        assert_ends(&output, 1, "there is no CloudTrail record in any file");
        fs::remove_dir_all(folder.join("given")).unwrap();
    }
}

#[test]
fn every_event_of_cloudtrail_counts_as_a_record_of_cloudtrail() {
    let folder = folder("seen-trail");
    put(&folder, "entra/PT1H.json", lines(&failed(6, noon())));
    for (name, record) in [("refused", refused_login()), ("switch", switch_of_role()), ("call", api_call())] {
        for bytes in [log_file(std::slice::from_ref(&record)), event(&record).to_string().into_bytes()] {
            put(&folder, "cloudtrail/log.json", bytes);
            assert_ends(&hunt(&folder, &[]), 0, "0 incidents");
            let shown = text(&hunt(&folder, &[]).stderr);
            assert!(!shown.contains("pivotwatch:"), "{name}: {shown}");
        }
    }
}

#[test]
fn logins_without_a_usable_one_are_trouble() {
    let folder = folder("undated");
    put(&folder, "entra/PT1H.json", lines(&failed(6, noon())));
    for records in [vec![login_without_time()], vec![login_without_time(); 3]] {
        put(&folder, "cloudtrail/log.json", log_file(&records));
        let output = hunt(&folder, &[]);
        assert_ends(&output, 1, "log.json: none of its records can be used");
        assert_ends(&output, 1, "no CloudTrail record in any file that was read can be used");
        let output = pivotwatch(&folder, &["inspect", "cloudtrail"]);
        assert_ends(&output, 1, "no_usable_record");
    }
    // In a file with a valid record, only the rejected record is lost.
    put(&folder, "cloudtrail/log.json", log_file(&[login_without_time(), refused_login()]));
    assert_ends(&hunt(&folder, &[]), 0, "1 rejected (login_without_time 1)");
}

/// Nobody knows how many sign-ins a partial answer lacks.
#[test]
fn a_partial_answer_is_trouble_although_its_rows_are_read() {
    let folder = folder("partial");
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", noon())]));
    let hits: Vec<Value> = failed(2, noon()).iter().map(|one| json!({"_source": one.record()})).collect();
    let answer = |timed_out| json!({"took": 1, "timed_out": timed_out, "hits": {"hits": hits}}).to_string();
    put(&folder, "entra/answer.json", answer(false));
    assert_ends(&hunt(&folder, &[]), 0, "0 incidents");
    put(&folder, "entra/answer.json", answer(true));
    assert_ends(&hunt(&folder, &[]), 1, "answer.json: it has 1 partial answer of an API; repeat the query");
    let text = json!({"responses": [{"id": "1", "body": {"value": []}}, {"id": "2", "body": "eyJ2YWx1ZSI6W119"}]});
    put(&folder, "entra/answer.json", text.to_string());
    assert_ends(&hunt(&folder, &[]), 1, "it has 1 partial answer of an API");
}

#[test]
fn a_hunt_reports_that_no_record_is_a_console_login() {
    let folder = folder("no-login");
    put(&folder, "entra/PT1H.json", lines(&failed(6, noon())));
    let words = "0 successful console logins; no CloudTrail record is a console login";
    for records in [vec![api_call()], vec![api_call(), switch_of_role()]] {
        put(&folder, "cloudtrail/log.json", log_file(&records));
        assert_ends(&hunt(&folder, &[]), 0, words);
    }
    // A login that failed shows that the logs have logins.
    for other in [refused_login(), console_login("one", noon())] {
        put(&folder, "cloudtrail/log.json", log_file(&[api_call(), other]));
        let said = text(&hunt(&folder, &[]).stderr);
        assert!(!said.contains("is a console login"), "{said}");
    }
}

#[test]
fn an_inspection_of_a_file_that_cannot_be_used_is_trouble() {
    let folder = folder("inspect-unusable");
    for (bytes, reason) in [
        (rejected(), "no_usable_record"),
        (json!({"records": []}).to_string(), "no_record"),
        (String::from_utf8(log_file(&[login_without_time()])).unwrap(), "no_usable_record"),
    ] {
        put(&folder, "entra/bad.json", bytes);
        assert_ends(&pivotwatch(&folder, &["inspect", "entra"]), 1, &format!("({reason})"));
        let output = pivotwatch(&folder, &["inspect", "--format", "json", "entra"]);
        assert_ends(&output, 1, "");
        assert_eq!(objects(&output)[0]["unusable"], reason);
        // A usable file next to it does not change the status.
        put(&folder, "other/PT1H.json", lines(&failed(6, noon())));
        assert_ends(&pivotwatch(&folder, &["inspect", "entra", "other"]), 1, &format!("({reason})"));
    }
    put(&folder, "quiet/log.json", log_file(&[]));
    assert_ends(&pivotwatch(&folder, &["inspect", "quiet", "other"]), 0, "");
}

#[test]
fn warnings_are_reported_and_are_no_trouble() {
    let folder = folder("warnings");
    let ahead = |minutes| Utc::now() + TimeDelta::minutes(minutes);
    put(&folder, "entra/PT1H.json", lines(&failed(6, ahead(120))));
    put(&folder, "entra/near.json", lines(&failed(2, ahead(30))));
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", ahead(130)), console_login("two", noon())]));

    let output = pivotwatch(&folder, &["inspect", "entra", "cloudtrail"]);
    assert_ends(&output, 0, "PT1H.json: 6 warnings of future_time: the time is more than an hour ahead of the clock");
    assert_ends(&output, 0, "log.json: 1 warning of future_time: the time is more than an hour ahead of the clock");
    assert!(!text(&output.stderr).contains("near.json"), "{}", text(&output.stderr));
    let output = pivotwatch(&folder, &["inspect", "--format", "json", "entra", "cloudtrail"]);
    let warnings: Vec<_> = objects(&output).iter().map(|file| file["warnings"].clone()).collect();
    assert_eq!(warnings, [json!({"future_time": 1}), json!({"future_time": 6}), json!({})]);

    assert_ends(&hunt(&folder, &[]), 10, "7 warnings of future_time");
}

#[test]
fn a_table_with_too_many_rows_without_an_id_is_reported() {
    let folder = folder("repeats");
    let row = |number| format!("2026-03-02T12:00:00Z,203.0.113.9,50126,{number}\n");
    let rows: String = (0..100_004).map(row).collect();
    put(&folder, "entra/table.csv", format!("TimeGenerated,IPAddress,ResultType,UserPrincipalName\n{rows}"));
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", noon())]));
    let words = "4 warnings of repeats_uncounted: the object has more records without an id than are numbered, so equal \
                 ones count once, and there may be more failures";
    assert_ends(&pivotwatch(&folder, &["inspect", "entra"]), 0, words);
    assert_ends(&hunt(&folder, &[]), 0, words);
}

#[test]
fn valid_sign_ins_that_do_not_count_are_no_trouble() {
    let folder = folder("in-order");
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", noon())]));
    let mut sign_ins = failed(6, noon());
    for sign_in in &mut sign_ins {
        "0".clone_into(&mut sign_in.code);
    }
    put(&folder, "entra/PT1H.json", lines(&sign_ins));
    assert_ends(&hunt(&folder, &[]), 0, "6 ignored (not_a_failure 6)");
    assert_ends(&hunt(&folder, &["--sources", "adfs"]), 0, "6 ignored (source_interactive 6)");
}

#[test]
fn a_file_without_a_record_is_trouble() {
    let folder = folder("no-record");
    put(&folder, "entra/PT1H.json", lines(&failed(6, noon())));
    put(&folder, "cloudtrail/log.json", log_file(&[console_login("one", noon())]));
    assert_ends(&hunt(&folder, &[]), 10, "1 incident");
    for empty in ["", " \n", "{\"records\":[]}", "{\"value\":[]}", "category,resultType\n"] {
        put(&folder, "entra/empty.json", empty);
        let output = hunt(&folder, &["--format", "json"]);
        assert_ends(&output, 1, "empty.json");
        assert_eq!(objects(&output).len(), 1, "{empty:?}");
    }
    // A trail writes such a file after five minutes without an event.
    fs::remove_file(folder.join("entra/empty.json")).unwrap();
    put(&folder, "cloudtrail/quiet.json", log_file(&[]));
    assert_ends(&hunt(&folder, &[]), 10, "1 incident");
}

#[test]
fn either_option_accepts_both_kinds_of_file() {
    let folder = folder("both-kinds");
    put(&folder, "both/PT1H.json", lines(&failed(6, noon())));
    put(&folder, "both/log.json", log_file(&[console_login("one", noon())]));
    for (entra, cloudtrail) in [("both", "both"), ("both/log.json", "both/PT1H.json"), ("both", "both/log.json")] {
        let output = pivotwatch(&folder, &["hunt", "--entra", entra, "--cloudtrail", cloudtrail]);
        assert_ends(&output, 10, "2 files, 7 records");
    }
}

#[test]
fn a_log_file_is_read_below_any_folders() {
    let folder = folder("below");
    put(&folder, "entra/PT1H.json", lines(&failed(6, noon())));
    for path in
        ["o-a1b2c3d4e5/AWSLogs/o-a1b2c3d4e5/111122223333", "AWSLogs/team-a/111122223333", "AWSLogs/111122223333/a"]
    {
        let name = format!("cloudtrail/{path}/CloudTrail/us-east-1/2026/03/02/log.json");
        put(&folder, &name, log_file(&[console_login("one", noon())]));
        assert_ends(&hunt(&folder, &[]), 10, "2 files");
        fs::remove_dir_all(folder.join("cloudtrail")).unwrap();
    }
}

/// Puts facts into files with names in this order, and returns the result of a hunt.
fn hunted(folder: &Path, files: &[Vec<u8>], order: &[usize]) -> (Option<i32>, String, String) {
    let _ = fs::remove_dir_all(folder.join("given"));
    for (position, number) in order.iter().enumerate() {
        put(folder, &format!("given/{position}.json"), &files[*number]);
    }
    let output = pivotwatch(folder, &["hunt", "--format", "json", "--entra", "given", "--cloudtrail", "given"]);
    // References name the files, which are named by their order.
    let mut incidents = objects(&output);
    for incident in &mut incidents {
        for reference in incident["references"].as_array_mut().into_iter().flatten() {
            reference["export"] = json!("");
        }
    }
    (output.status.code(), format!("{incidents:?}"), text(&output.stderr))
}

/// Files with failures and logins of three days, some of them in several files.
fn files() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for day in 0..3 {
        let first = noon() + TimeDelta::hours(20 * day);
        let mut sign_ins = failed(8, first);
        for sign_in in &mut sign_ins {
            sign_in.id = format!("{day}-{}", sign_in.id);
            sign_in.user = format!("{}-{day}@contoso.example", sign_in.id);
        }
        files.push(lines(&sign_ins[..5]));
        files.push(lines(&sign_ins[3..]));
        files.push(log_file(&[console_login(&format!("login-{day}"), first + TimeDelta::minutes(30))]));
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_hunt_does_not_depend_on_the_order_of_files(order in Just((0..9).collect::<Vec<_>>()).prop_shuffle()) {
        let folder: PathBuf = folder("any-order");
        let files = files();
        let in_order: Vec<_> = (0..files.len()).collect();
        prop_assert_eq!(hunted(&folder, &files, &order), hunted(&folder, &files, &in_order));
    }
}

#[test]
fn a_hunt_does_not_depend_on_the_order_of_its_arguments() {
    let folder = folder("arguments-in-order");
    for (number, bytes) in files().iter().enumerate() {
        put(&folder, &format!("{number}.json"), bytes);
    }
    put(&folder, "bad.json", b"\x89PNG\r\n");
    let names: Vec<_> = (0..9).map(|number| format!("{number}.json")).chain(["bad.json".to_owned()]).collect();
    let run = |names: &[&str], split: usize| {
        let (entra, cloudtrail) = names.split_at(split);
        let arguments = [&["hunt", "--format", "json", "--cloudtrail"], cloudtrail, &["--entra"], entra].concat();
        let output = pivotwatch(&folder, &arguments);
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let expected = run(&names, 3);
    assert_eq!(expected.0, Some(1));
    let reversed: Vec<_> = names.iter().rev().copied().collect();
    for split in [1, 5, 9] {
        assert_eq!(run(&names, split), expected);
        assert_eq!(run(&reversed, split), expected);
    }
}
