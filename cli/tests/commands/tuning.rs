//! `tuning` on a file of entries.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::terminal::{NAMES, is_harmless};
use super::{folder, objects, pivotwatch, text};

const FILE: &str = "tuning.json";

fn tuning(folder: &Path, action: &str, more: &[&str]) -> Output {
    pivotwatch(folder, &[&["tuning", action, "--file", FILE], more].concat())
}

/// Adds an entry that is valid with the conditions `more`.
fn add(folder: &Path, id: &str, more: &[&str]) -> Output {
    tuning(folder, "add", &[&["--id", id, "--reason", "a test", "--author", "ann"], more].concat())
}

fn add_office(folder: &Path) -> Output {
    add(folder, "office", &["--threshold", "50", "--cidr", "192.0.2.0/24", "--cidr", "2001:db8:7::/48", "--permanent"])
}

fn written(folder: &Path) -> String {
    fs::read_to_string(folder.join(FILE)).unwrap()
}

/// The entries in the file, without the time at which they were created.
fn entries(folder: &Path) -> Vec<Value> {
    let lines = written(folder);
    let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let without_creation = |mut entry: Value| {
        let time = entry.as_object_mut().unwrap().remove("created_at").unwrap();
        assert!(time.as_str().unwrap().ends_with('Z'));
        entry
    };
    entries.map(without_creation).collect()
}

fn states(folder: &Path) -> Vec<(String, String)> {
    let lines = objects(&tuning(folder, "list", &["--format", "json"]));
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    lines.iter().map(|line| (text(&line["id"]), text(&line["state"]))).collect()
}

#[test]
fn an_added_entry_is_in_the_one_format_of_entries() {
    let folder = folder("tuning-add");
    assert_eq!(add_office(&folder).status.code(), Some(0));
    let backup = ["--exclude", "failures", "--cidr", "198.51.100.0/24", "--app", "Veeam*", "--code", "50126"];
    let until = ["--starts-at", "2026-01-01T00:00:00Z", "--expires-at", "2027-01-31T00:00:00Z"];
    assert_eq!(add(&folder, "backup", &[&backup[..], &until].concat()).status.code(), Some(0));
    let pentest = ["--exclude", "logins", "--principal", "arn:aws:iam::111122223333:user/pentest-*"];
    let more = ["--login-region", "eu-*", "--starts-at", "2026-05-01T00:00:00Z", "--for", "36h"];
    assert_eq!(add(&folder, "pentest", &[&pentest[..], &more].concat()).status.code(), Some(0));
    let expected = [
        json!({
            "id": "office", "threshold": 50, "when": {"cidr": ["192.0.2.0/24", "2001:db8:7::/48"]}, "reason": "a test",
            "author": "ann", "permanent": true,
        }),
        json!({
            "id": "backup", "exclude": "failures",
            "when": {"app": ["Veeam*"], "cidr": ["198.51.100.0/24"], "code": ["50126"]}, "reason": "a test",
            "author": "ann", "starts_at": "2026-01-01T00:00:00Z", "expires_at": "2027-01-31T00:00:00Z",
        }),
        json!({
            "id": "pentest", "exclude": "logins",
            "when": {"principal": ["arn:aws:iam::111122223333:user/pentest-*"], "region": ["eu-*"]}, "reason": "a test",
            "author": "ann", "starts_at": "2026-05-01T00:00:00Z", "expires_at": "2026-05-02T12:00:00Z",
        }),
    ];
    assert_eq!(entries(&folder), expected);
}

/// Editors on Windows write a byte order mark.
#[test]
fn a_byte_order_mark_before_the_entries_changes_nothing() {
    let entry = json!({"id": "one", "threshold": 50, "when": {"cidr": ["192.0.2.0/24"]}, "reason": "x", "author": "ann",
        "permanent": true});
    for text in [entry.to_string(), format!("[{entry}]")] {
        let folder = folder("tuning-bom");
        fs::write(folder.join(FILE), format!("\u{feff}{text}")).unwrap();
        assert_eq!(states(&folder), [("one".to_owned(), "active".to_owned())]);
        assert_eq!(add_office(&folder).status.code(), Some(0));
        assert_eq!(states(&folder).len(), 2);
    }
}

#[test]
fn a_removed_entry_is_kept_and_cannot_be_removed_or_added_again() {
    let folder = folder("tuning-remove");
    add_office(&folder);
    assert_eq!(states(&folder), [("office".to_owned(), "active".to_owned())]);
    let output = tuning(&folder, "remove", &["office", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let removal = objects(&output).remove(0);
    assert_eq!((&removal["id"], &removal["unhides"]), (&json!("office"), &Value::Null));
    let kept = entries(&folder);
    assert_eq!((&kept[0]["removed_at"], &kept[0]["threshold"]), (&removal["removed_at"], &json!(50)));
    assert_eq!(states(&folder), [("office".to_owned(), "removed".to_owned())]);

    let before = written(&folder);
    for (output, said) in [
        (tuning(&folder, "remove", &["office"]), "was removed before"),
        (tuning(&folder, "remove", &["other"]), "there is no entry with the id other"),
        (tuning(&folder, "show", &["other"]), "there is no entry with the id other"),
        (add_office(&folder), "there is an entry with the id office"),
    ] {
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
    }
    assert_eq!(written(&folder), before);
}

#[test]
fn arguments_that_make_no_valid_entry_write_nothing() {
    let folder = folder("tuning-invalid");
    let network = ["--cidr", "192.0.2.0/24"];
    for (arguments, said) in [
        (&["--threshold", "5", "--permanent"][..], "not a number above the rule's threshold 5"),
        (&["--threshold", "256", "--permanent"], "up to 255"),
        (&["--threshold", "50", "--rule-threshold", "50", "--permanent"], "above the rule's threshold 50"),
        (&["--threshold", "50", "--user", "ann", "--permanent"], "\"user\" does not go with \"threshold\""),
        (&["--exclude", "failures", "--principal", "ann", "--permanent"], "does not go with"),
        (&["--exclude", "logins", "--app", "Veeam*", "--permanent"], "does not go with"),
        (&["--exclude", "failures", "--cidr", "192.0.2.9/24", "--permanent"], "is no network"),
        (&["--exclude", "failures", "--code-class", "nonsense", "--permanent"], "nonsense"),
        (&["--exclude", "failures"], "it needs either \"expires_at\""),
        (&["--exclude", "failures", "--permanent", "--for", "1h"], "cannot be used with"),
        (&["--exclude", "failures", "--for", "0h"], "not a duration"),
        (&["--exclude", "failures", "--for", "4294967295m", "--starts-at", "+262142-01-01T00:00:00Z"], "calendar"),
        (&["--exclude", "failures", "--threshold", "50", "--permanent"], "cannot be used with"),
        (&["--permanent"], "--exclude"),
        (&["--exclude", "logins", "--permanent", "--from", "a7ca9da7-ef6e-5482-b9ae-05cc7b6b9d10"], "cannot be used"),
    ] {
        let output = add(&folder, "one", &[arguments, &network].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(said), "{arguments:?} {}", text(&output.stderr));
    }
    let output = add(&folder, "Office", &["--threshold", "50", "--cidr", "192.0.2.0/24", "--permanent"]);
    assert_eq!(output.status.code(), Some(2), "an id has small letters");
    assert!(!folder.join(FILE).exists() && !folder.join("tuning.json.new").exists());
}

#[test]
fn an_entry_that_applies_to_too_much_needs_force_and_no_other_entry_gets_it() {
    let folder = folder("tuning-wide");
    let wide = ["--exclude", "logins", "--cidr", "10.0.0.0/8", "--permanent"];
    let output = add(&folder, "wide", &wide);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("it applies to too much"), "{}", text(&output.stderr));
    assert_eq!(add(&folder, "wide", &[&wide[..], &["--force"]].concat()).status.code(), Some(0));
    let narrow = ["--exclude", "logins", "--cidr", "10.0.0.0/16", "--permanent", "--force"];
    assert_eq!(add(&folder, "narrow", &narrow).status.code(), Some(0));
    let forced: Vec<_> = entries(&folder).iter().map(|entry| entry["force"].clone()).collect();
    assert_eq!(forced, [json!(true), Value::Null]);
}

#[test]
fn the_author_is_the_login_name_by_default() {
    let folder = folder("tuning-author");
    let arguments = ["--id", "one", "--threshold", "50", "--cidr", "192.0.2.9", "--reason", "a test", "--permanent"];
    let run = |name: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pivotwatch"));
        command.args(["tuning", "add", "--file", FILE]).args(arguments).current_dir(&folder);
        command.env("LOGNAME", "").env_remove("USER").envs(name.map(|name| ("USER", name)));
        command.output().unwrap()
    };
    let output = run(None);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--author"));
    assert_eq!(run(Some("berit")).status.code(), Some(0));
    assert_eq!(entries(&folder)[0]["author"], "berit");
}

/// Entries in each state, at any present time.
fn in_each_state() -> [Value; 7] {
    let entry = |id: &str, members: Value| {
        let mut entry = json!({
            "id": id, "exclude": "failures", "when": {"cidr": ["192.0.2.0/24"], "code": [50126]}, "reason": "a test",
            "author": "ann", "expires_at": "2199-01-01T00:00:00Z",
        });
        for (name, value) in members.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry
    };
    [
        entry("e-active", json!({"starts_at": "2026-01-01T00:00:00Z"})),
        entry("d-later", json!({"starts_at": "2198-01-01T00:00:00Z"})),
        entry("c-over", json!({"expires_at": "2026-01-01T00:00:00Z"})),
        entry("b-removed", json!({"removed_at": "2026-01-01T00:00:00Z"})),
        entry("a-invalid", json!({"when": {"colour": ["red"]}, "threshold": 3})),
        entry("e-active", json!({"permanent": true, "expires_at": null})),
        json!("office"),
    ]
}

#[test]
fn entries_are_listed_with_their_states() {
    let folder = folder("tuning-list");
    fs::write(folder.join(FILE), json!(in_each_state()).to_string()).unwrap();
    let expected = [
        ("none", "invalid"),
        ("a-invalid", "invalid"),
        ("b-removed", "removed"),
        ("c-over", "expired"),
        ("d-later", "not_begun"),
        ("e-active", "active"),
        ("e-active", "invalid"),
    ];
    assert_eq!(states(&folder), expected.map(|(id, state)| (id.to_owned(), state.to_owned())));
    let output = tuning(&folder, "list", &[]);
    assert_eq!(output.status.code(), Some(1), "some are invalid");
    insta::assert_snapshot!(text(&output.stdout));
    insta::assert_snapshot!(text(&output.stderr));
}

#[test]
fn an_entry_is_shown_in_words() {
    let folder = folder("tuning-show");
    let invalid = json!({"id": "invalid", "threshold": 3, "when": {"colour": ["red"], "cidr": []}});
    fs::write(folder.join(FILE), invalid.to_string()).unwrap();
    add_office(&folder);
    add(&folder, "backup", &["--exclude", "failures", "--cidr", "198.51.100.9", "--app", "Veeam*", "--for", "1h"]);
    add(&folder, "pentest", &["--exclude", "logins", "--principal", "pentest-*", "--permanent"]);
    let mut shown = String::new();
    for id in ["office", "backup", "pentest", "invalid"] {
        let output = tuning(&folder, "show", &[id]);
        assert_eq!(output.status.code(), Some(i32::from(id == "invalid")));
        shown = format!("{shown}{}\n", text(&output.stdout));
    }
    insta::assert_snapshot!(without_times(&shown));
}

/// The text with the word TIME in place of every time.
fn without_times(text: &str) -> String {
    let is_time = |word: &str| word.len() == 20 && word.starts_with("20") && word.ends_with('Z');
    let mut shown = text.to_owned();
    for word in text.split(|c: char| c.is_whitespace() || c == '"').filter(|word| is_time(word)) {
        shown = shown.replace(word, "TIME");
    }
    shown
}

#[test]
fn a_change_keeps_the_text_of_other_entries_and_the_form_of_the_file() {
    let folder = folder("tuning-text");
    let odd = "{ \"id\":\"odd\",\n    \"threshold\" : 5e1, \"note\": \"\\u00e9\" }";
    for (before, added, after) in [
        (format!("[{odd}]"), "[\n  ", "\n]\n"),
        (format!("[\n{odd}\n\n]"), "[\n  ", "\n]\n"),
        (odd.to_owned(), "", "\n"),
        (format!("\n{odd} {{\"id\":\"x\"}}"), "", "\n"),
        ("[]".to_owned(), "[\n  ", "\n]\n"),
        (String::new(), "", "\n"),
    ] {
        fs::write(folder.join(FILE), &before).unwrap();
        assert_eq!(add_office(&folder).status.code(), Some(0), "{before}");
        let text = written(&folder);
        assert!(text.starts_with(added) && text.ends_with(after), "{text}");
        assert_eq!(before.contains(odd), text.contains(odd), "{text}");
        assert_eq!(tuning(&folder, "remove", &["office"]).status.code(), Some(0));
        assert_eq!(before.contains(odd), written(&folder).contains(odd));
    }
}

#[test]
fn a_change_keeps_the_permissions_and_the_link_and_leaves_no_other_file() {
    let folder = folder("tuning-link");
    let real = folder.join("entra/real.json");
    fs::write(&real, "").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, folder.join(FILE)).unwrap();
    assert_eq!(add_office(&folder).status.code(), Some(0));
    assert!(fs::symlink_metadata(folder.join(FILE)).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("office"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.join("entra")).unwrap().count(), 1);
}

#[test]
fn a_file_that_cannot_be_used_is_trouble_and_stays_as_it_is() {
    let folder = folder("tuning-unusable");
    for text in ["[{]", "{\"id\": ", "[1] [2"] {
        fs::write(folder.join(FILE), text).unwrap();
        for output in [add_office(&folder), tuning(&folder, "list", &[]), tuning(&folder, "remove", &["office"])] {
            assert_eq!(output.status.code(), Some(1), "{text}");
        }
        assert_eq!(written(&folder), text);
    }
    fs::write(folder.join(FILE), "").unwrap();
    fs::write(folder.join("tuning.json.new"), "").unwrap();
    let output = add_office(&folder);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("tuning.json.new exists: another command"), "{}", text(&output.stderr));
    assert!(folder.join("tuning.json.new").exists(), "it belongs to the other command");

    fs::remove_file(folder.join(FILE)).unwrap();
    fs::create_dir(folder.join(FILE)).unwrap();
    assert_eq!(add_office(&folder).status.code(), Some(1));
    let output = pivotwatch(&folder, &["tuning", "list", "--file", "absent.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("absent.json"));
}

#[test]
fn of_concurrent_additions_none_is_lost() {
    let folder = folder("tuning-concurrent");
    let ids: Vec<_> = (0..12).map(|number| format!("entry-{number}")).collect();
    let spawn = |id: &String| {
        let arguments = ["--threshold", "50", "--cidr", "192.0.2.9", "--reason", "a test", "--author", "ann"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_pivotwatch"));
        command.args(["tuning", "add", "--file", FILE, "--permanent", "--id", id]).args(arguments);
        command.current_dir(&folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut children: Vec<_> = ids.iter().map(|id| (id, spawn(id))).collect();
    let added = children.iter_mut().filter_map(|(id, child)| child.wait().unwrap().success().then_some((*id).clone()));
    let mut added: Vec<_> = added.collect();
    let mut stored: Vec<_> = states(&folder).into_iter().map(|(id, _)| id).collect();
    added.sort();
    stored.sort();
    assert!(!added.is_empty());
    assert_eq!(stored, added);
}

#[test]
fn hostile_texts_of_entries_are_escaped() {
    let folder = folder("tuning-hostile");
    for name in NAMES {
        let entry = json!({
            "id": name, "exclude": name, "threshold": name, "when": {"cidr": [name], "user": name, name: [name]},
            "reason": name, "author": name, "starts_at": name, "expires_at": name, "removed_at": {name: name}, name: name,
        });
        let valid = json!({
            "id": "valid", "exclude": "logins", "when": {"principal": [name]}, "reason": name, "author": name,
            "permanent": true,
        });
        fs::write(folder.join(FILE), format!("{entry}\n{valid}\n")).unwrap();
        for arguments in [
            &["list"][..],
            &["list", "--format", "json"],
            &["show", name],
            &["show", "valid"],
            &["show", "valid", "--format", "json"],
            &["show", &format!("{name}absent")],
            &["remove", name],
            &["remove", &format!("{name}absent")],
        ] {
            let output = tuning(&folder, arguments[0], &arguments[1..]);
            let (printed, said) = (text(&output.stdout), text(&output.stderr));
            assert!(is_harmless(&printed) && is_harmless(&said), "{arguments:?} {printed:?} {said:?}");
            assert!(!said.lines().any(|line| line == "pivotwatch: 0 incidents"), "{said}");
        }
    }
}

fn any_conditions() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let text = prop_oneof!["[a-z*@ -]{0,8}", "\\PC{0,6}", Just("192.0.2.0/24".to_owned()), Just("50126".to_owned())];
    let name = prop::sample::select(vec![
        "cidr",
        "user",
        "app",
        "operation",
        "client-app",
        "user-agent",
        "code",
        "code-class",
        "source",
        "principal",
        "account",
        "login-region",
    ]);
    prop::collection::vec((name, text), 0..4)
}

proptest! {
    #![proptest_config(pivotwatch_tests::cases(24))]
    /// `add` writes an entry that the functions accept, and no other.
    #[test]
    fn an_entry_is_written_if_and_only_if_it_is_valid(
        conditions in any_conditions(),
        effect in prop::sample::select(vec![["--exclude", "failures"], ["--exclude", "logins"], ["--threshold", "50"]]),
    ) {
        let folder = folder("tuning-any");
        let conditions: Vec<_> = conditions.iter().map(|(name, text)| format!("--{name}={text}")).collect();
        let mut arguments: Vec<_> = conditions.iter().map(String::as_str).collect();
        arguments.extend(effect);
        arguments.push("--permanent");
        let output = add(&folder, "one", &arguments);
        prop_assert!(is_harmless(&text(&output.stderr)), "{}", text(&output.stderr));
        match output.status.code() {
            Some(0) => prop_assert_eq!(states(&folder), [("one".to_owned(), "active".to_owned())]),
            status => {
                prop_assert_eq!(status, Some(2));
                prop_assert!(!folder.join(FILE).exists());
            }
        }
    }
}
