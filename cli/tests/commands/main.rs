//! The commands: what they print, and their exit status.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod evidence;
mod explain;
mod reporting;
mod streams;
mod terminal;
mod tuned;
mod tuning;
mod tuning_dry_run;
mod tuning_evidence;
mod tuning_table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chrono::TimeDelta;
use pivotwatch_tests::facts::{console_login, event, failed, lines, noon};
use serde_json::{Value, json};

/// An empty folder for one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("entra")).unwrap();
    fs::create_dir_all(folder.join("cloudtrail")).unwrap();
    folder
}

fn pivotwatch(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pivotwatch")).args(arguments).current_dir(folder).output().unwrap()
}

fn hunt(folder: &Path, more: &[&str]) -> Output {
    pivotwatch(folder, &[&["hunt", "--entra", "entra", "--cloudtrail", "cloudtrail"], more].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn objects(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Six failures and two logins of the same kind, in common forms of files.
fn facts(test: &str) -> PathBuf {
    let folder = folder(test);
    let six = failed(6, noon());
    fs::write(folder.join("entra/PT1H.json"), lines(&six[..4])).unwrap();
    fs::create_dir(folder.join("entra/later")).unwrap();
    fs::write(folder.join("entra/later/PT1H.json"), lines(&six[2..])).unwrap();
    let logins = [5, 30].map(|minutes| console_login(&format!("{minutes}"), noon() + TimeDelta::minutes(minutes)));
    fs::write(folder.join("cloudtrail/log.json"), json!({"Records": [logins[0]]}).to_string()).unwrap();
    fs::write(folder.join("cloudtrail/event.json"), event(&logins[1]).to_string()).unwrap();
    folder
}

#[test]
fn a_hunt_prints_the_incident_and_exits_with_10() {
    let output = hunt(&facts("found"), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(10));
    insta::assert_json_snapshot!(objects(&output));
    insta::assert_snapshot!(text(&output.stderr));
}

#[test]
fn an_incident_in_json_says_why_it_is_high() {
    let folder = folder("why-high");
    fs::write(folder.join("entra/PT1H.json"), lines(&failed(6, noon()))).unwrap();
    let mut login = console_login("one", noon());
    login["additionalEventData"]["MFAUsed"] = json!("No");
    fs::write(folder.join("cloudtrail/log.json"), json!({"Records": [login]}).to_string()).unwrap();
    let incident = objects(&hunt(&folder, &["--format", "json"])).remove(0);
    assert_eq!((&incident["severity"], &incident["points"]), (&json!("High"), &json!(3)));
    let details = incident["signal_details"].as_array().unwrap();
    assert_eq!(details.iter().map(|signal| signal["points"].as_i64().unwrap()).sum::<i64>(), 3);
    assert_eq!(json!(details.iter().map(|signal| signal["name"].clone()).collect::<Vec<_>>()), incident["signals"]);
    assert!(details.iter().all(|signal| !signal["explanation"].as_str().unwrap().is_empty()));
}

#[test]
fn a_hunt_shows_the_context_of_an_incident_in_the_table() {
    let folder = folder("context");
    let mut sign_ins = failed(8, noon());
    for (number, sign_in) in sign_ins.iter_mut().enumerate() {
        sign_in.user = format!("user{}@contoso.example", number % 5);
        sign_in.code = if number == 7 { "50074" } else { "50126" }.to_owned();
    }
    fs::write(folder.join("entra/PT1H.json"), lines(&sign_ins)).unwrap();
    let [mut failure, login] = [10, 20].map(|minute| console_login("one", noon() + TimeDelta::minutes(minute)));
    failure["eventID"] = json!("failed");
    failure["responseElements"]["ConsoleLogin"] = json!("Failure");
    fs::write(folder.join("cloudtrail/log.json"), json!({"Records": [failure, login]}).to_string()).unwrap();
    insta::assert_snapshot!(text(&hunt(&folder, &[]).stdout));
}

#[test]
fn a_hunt_prints_a_table_by_default() {
    insta::assert_snapshot!(text(&hunt(&facts("table"), &[]).stdout));
}

#[test]
fn an_estimate_is_marked() {
    let folder = folder("estimate");
    let login = console_login("one", noon() + TimeDelta::minutes(59));
    fs::write(folder.join("cloudtrail/event.json"), event(&login).to_string()).unwrap();
    for (number, shown, is_estimated) in [(256, "interactive 256", false), (600, "interactive about ", true)] {
        let mut sign_ins = failed(number, noon());
        for (second, sign_in) in (0..).zip(&mut sign_ins) {
            sign_in.time = noon() + TimeDelta::seconds(second);
        }
        fs::write(folder.join("entra/PT1H.json"), lines(&sign_ins)).unwrap();
        let table = text(&hunt(&folder, &[]).stdout);
        assert!(table.contains(shown), "{table}");
        let incident = objects(&hunt(&folder, &["--format", "json"])).remove(0);
        let failures = &incident["failures"]["interactive"];
        assert_eq!((&failures["count_estimated"], &failures["users_estimated"]), (&json!(is_estimated), &json!(false)));
    }
}

#[test]
fn a_hunt_without_an_incident_prints_nothing_and_exits_with_0() {
    let folder = facts("quiet");
    for quiet in [
        &["--threshold", "6"][..],
        &["--sources", "adfs"],
        &["--order", "failures_first", "--window", "1h", "--threshold", "200"],
    ] {
        let output = hunt(&folder, quiet);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), String::new()), "{quiet:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_trouble_and_hides_no_incident() {
    let folder = facts("trouble");
    fs::write(folder.join("entra/picture.json"), b"\x89PNG\r\n").unwrap();
    let output = hunt(&folder, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(objects(&output).len(), 1);
    assert!(text(&output.stderr).contains("picture.json"), "{}", text(&output.stderr));

    let output = pivotwatch(&folder, &["hunt", "--entra", "missing", "--cloudtrail", "cloudtrail"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("missing"));
}

#[test]
fn the_message_for_wrong_arguments_has_the_valid_ones() {
    let folder = facts("arguments");
    for (arguments, right) in [
        (&["--threshold", "0"][..], "from 1 to 255"),
        (&["--window", "tomorrow"], "such as 24h"),
        (&["--sources", "carrier_pigeon"], "non_interactive"),
    ] {
        let output = hunt(&folder, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(right), "{}", text(&output.stderr));
    }
}

#[test]
fn other_objects_of_a_trails_bucket_are_skipped() {
    let folder = facts("trail");
    let digest = folder.join("cloudtrail/AWSLogs/111122223333/CloudTrail-Digest");
    fs::create_dir_all(&digest).unwrap();
    fs::write(digest.join("digest.json"), "{}").unwrap();
    let output = hunt(&folder, &[]);
    assert_eq!(output.status.code(), Some(10));
    assert!(text(&output.stderr).contains("trail_digest 1"), "{}", text(&output.stderr));
}

#[test]
fn a_file_given_as_an_argument_is_read_in_any_folder() {
    let folder = facts("named");
    let other = folder.join("AWSLogs/111122223333/Config");
    fs::create_dir_all(&other).unwrap();
    for file in fs::read_dir(folder.join("cloudtrail")).unwrap() {
        let file = file.unwrap();
        fs::rename(file.path(), other.join(file.file_name())).unwrap();
    }
    let hunted = |path: &str| pivotwatch(&folder, &["hunt", "--entra", "entra", "--cloudtrail", path]);
    let output = hunted("AWSLogs");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("skipped (trail_other"), "{}", text(&output.stderr));
    let named: Vec<_> = fs::read_dir(&other).unwrap().map(|file| file.unwrap().path()).collect();
    let found = named.iter().any(|path| hunted(&path.to_string_lossy()).status.code() == Some(10));
    assert!(found);
}

/// Asserts that no line of a summary has a number with a noun of the wrong number.
fn assert_numbers_agree(said: &str) {
    let nouns = ["file", "record", "failure", "login", "incident"];
    for line in said.lines().filter(|line| !line.starts_with("pivotwatch:")) {
        let line = line.split([';', '(']).next().unwrap();
        for part in line.split(',').filter(|part| !part.contains(" of the ")) {
            let mut words = part.split_whitespace();
            let number: u64 = words.next().unwrap().parse().unwrap();
            for word in words {
                let is_plural = nouns.iter().any(|noun| word.strip_suffix('s') == Some(noun));
                assert!(!(is_plural && number == 1), "{line}");
                assert!(!(nouns.contains(&word) && number != 1), "{line}");
            }
        }
        assert!(!line.contains(" 1 of the failures and logins were"), "{line}");
    }
}

#[test]
fn numbers_and_their_nouns_agree() {
    let folder = folder("plurals");
    let (sign_ins, login) = (failed(6, noon()), console_login("one", noon()));
    let digest = folder.join("cloudtrail/AWSLogs/111122223333/CloudTrail-Digest");
    for number in 0..3 {
        fs::write(folder.join("entra/PT1H.json"), lines(&sign_ins[..number])).unwrap();
        fs::write(folder.join("entra/again.json"), lines(&sign_ins[..number.min(1)])).unwrap();
        let logins = (0..number).map(|_| event(&login)).collect::<Vec<_>>();
        fs::write(folder.join("cloudtrail/log.json"), json!(logins).to_string()).unwrap();
        if number > 0 {
            fs::create_dir_all(&digest).unwrap();
            fs::write(digest.join(format!("{number}.json")), "{}").unwrap();
        }
        assert_numbers_agree(&text(&hunt(&folder, &["--threshold", "1"]).stderr));
        let one_file = ["hunt", "--entra", "entra/PT1H.json", "--cloudtrail", "entra/PT1H.json"];
        assert_numbers_agree(&text(&pivotwatch(&folder, &one_file).stderr));
    }
    let said = text(&hunt(&folder, &["--threshold", "1"]).stderr);
    assert!(said.contains("2 more files skipped") && said.ends_with("1 incident\n"), "{said}");
}

#[test]
fn a_hunt_without_any_record_reports_it() {
    let folder = facts("nothing");
    fs::create_dir_all(folder.join("none")).unwrap();
    let output = pivotwatch(&folder, &["hunt", "--entra", "none", "--cloudtrail", "none"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no record"), "{}", text(&output.stderr));
}

#[test]
fn an_inspection_shows_how_ingest_would_read_each_file() {
    let folder = facts("inspect");
    fs::write(folder.join("entra/empty.json"), "").unwrap();
    let output = pivotwatch(&folder, &["inspect", "--format", "json", "entra", "cloudtrail"]);
    assert_eq!(output.status.code(), Some(1), "one was refused");
    let files = objects(&output);
    for file in &files {
        let number = |name: &str| file[name].as_u64().unwrap();
        let total =
            |name: &str| file[name].as_object().unwrap().values().map(|value| value.as_u64().unwrap()).sum::<u64>();
        let sum = number("failures") + number("logins") + total("ignored") + total("rejected");
        assert_eq!(number("records"), sum, "{file}");
    }
    insta::assert_json_snapshot!(files);

    let output = pivotwatch(&folder, &["inspect", "entra/PT1H.json"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(text(&output.stdout));
}
