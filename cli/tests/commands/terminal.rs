//! Hostile names and files: control characters for the terminal, and special files that never end.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use pivotwatch_tests::facts::{console_login, log_file, noon};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{facts, hunt, objects, pivotwatch, text};

/// Runs a line of bash. Its status is 124 if it does not end within a minute.
fn bash(folder: &Path, line: &str) -> (Option<i32>, String) {
    let output = Command::new("timeout")
        .args(["60", "bash", "-c", line])
        .env("PIVOTWATCH", env!("CARGO_BIN_EXE_pivotwatch"))
        .current_dir(folder)
        .output()
        .unwrap();
    (output.status.code(), text(&output.stderr))
}

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

const HUNT: &str = "\"$PIVOTWATCH\" hunt --entra entra --cloudtrail cloudtrail";

#[test]
fn special_files_in_folders_are_skipped() {
    let folder = facts("special");
    mkfifo(&folder.join("entra/pipe.json"));
    symlink(folder.join("entra/pipe.json"), folder.join("cloudtrail/link.json")).unwrap();
    symlink("/dev/zero", folder.join("entra/zero.json")).unwrap();
    let _listener = UnixListener::bind(folder.join("entra/s")).unwrap();
    let (status, said) = bash(&folder, HUNT);
    assert_eq!(status, Some(10), "{said}");
    for (name, kind) in [("pipe.json", "fifo"), ("link.json", "fifo"), ("zero.json", "device"), ("entra/s", "socket")] {
        let line = said.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {said}"));
        assert!(line.contains(kind), "{line}");
    }
    assert!(said.contains("4 more files skipped (device 1, fifo 2, socket 1)"), "{said}");

    let output = pivotwatch(&folder, &["inspect", "--format", "json", "entra"]);
    assert_eq!(output.status.code(), Some(0));
    let skipped: Vec<_> =
        objects(&output).iter().filter_map(|file| file["passed_over"].as_str().map(str::to_owned)).collect();
    assert_eq!(skipped, ["fifo", "socket", "device"]);
}

#[test]
fn a_pipe_given_as_an_argument_is_read() {
    let folder = facts("pipes");
    mkfifo(&folder.join("named"));
    for line in [
        "\"$PIVOTWATCH\" hunt --entra entra --cloudtrail <(cat cloudtrail/log.json)",
        "\"$PIVOTWATCH\" hunt --entra <(cat entra/PT1H.json) <(cat entra/later/PT1H.json) --cloudtrail cloudtrail",
        "cat cloudtrail/log.json | \"$PIVOTWATCH\" hunt --entra entra --cloudtrail /dev/stdin",
        "\"$PIVOTWATCH\" hunt --entra entra --cloudtrail /dev/stdin < cloudtrail/log.json",
        "cat cloudtrail/log.json > named & \"$PIVOTWATCH\" hunt --entra entra --cloudtrail named",
    ] {
        let (status, said) = bash(&folder, line);
        assert_eq!(status, Some(10), "{line}: {said}");
    }
    let (status, said) = bash(&folder, "\"$PIVOTWATCH\" inspect <(cat entra/PT1H.json)");
    assert_eq!(status, Some(0), "{said}");
}

/// Names that would clear the screen, set the title, forge a line or reverse the text.
pub(crate) const NAMES: [&str; 5] =
    ["a\u{1b}[2Jb", "\u{1b}]0;title\u{7}x", "x\npivotwatch: 0 incidents", "\u{202e}nosj.a", "\u{9b}2J"];

pub(crate) fn is_harmless(text: &str) -> bool {
    text.chars().all(|character| matches!(character, '\n' | '─' | '…' | ' '..='~' | '\u{c0}'..='\u{24f}'))
}

#[test]
fn names_of_files_are_escaped() {
    let folder = facts("names");
    for name in NAMES {
        fs::write(folder.join("entra").join(name), b"\x89PNG\r\n").unwrap();
        symlink("/nonexistent", folder.join("cloudtrail").join(name)).unwrap();
        mkfifo(&folder.join("entra").join(format!("{name}.pipe")));
    }
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\x1b[2J.json");
    fs::write(folder.join("entra").join(bytes), "[]").unwrap();
    for arguments in
        [&["hunt", "--entra", "entra", "--cloudtrail", "cloudtrail"][..], &["inspect", "entra", "cloudtrail"]]
    {
        let output = pivotwatch(&folder, arguments);
        assert_eq!(output.status.code(), Some(1));
        let (printed, said) = (text(&output.stdout), text(&output.stderr));
        assert!(is_harmless(&printed) && is_harmless(&said), "{printed:?} {said:?}");
        assert!(!said.lines().any(|line| line == "pivotwatch: 0 incidents"), "{said}");
        assert!(said.contains(r"\u{1b}[2Jb"), "{said}");
    }
    for name in NAMES {
        let output = pivotwatch(&folder, &["hunt", "--entra", "entra", "--cloudtrail", &format!("missing{name}")]);
        let said = text(&output.stderr);
        assert!(is_harmless(&said), "{said:?}");
    }
}

/// Runs the command with arguments that may not be UTF-8, and returns its status and output.
fn run(arguments: &[&OsStr]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_pivotwatch")).args(arguments).output().unwrap();
    assert_eq!(text(&output.stdout), "");
    (output.status.code(), text(&output.stderr))
}

#[test]
fn wrong_arguments_are_escaped() {
    for name in NAMES {
        for line in [
            &["inspect", &format!("--{name}")][..],
            &["inspect", "x", &format!("--format={name}")],
            &["inspect", "x", &format!("-{name}")],
            &["inspect", &format!("--format{name}"), "x"],
            &[name],
            &[&format!("hunt{name}")],
            &["hunt", "--entra", "x", "--cloudtrail", "y", "--threshold", name],
            &["hunt", "--entra", "x", "--cloudtrail", "y", "--window", name],
            &["hunt", "--entra", "x", "--cloudtrail", "y", "--order", name],
            &["hunt", "--entra", "x", "--cloudtrail", "y", "--sources", name],
            &["hunt", "--entra", "x", &format!("--entra-{name}")],
            &["explain", name],
            &["explain", "50126", &format!("AADSTS{name}")],
            &["explain", "50126", &format!("--format={name}")],
        ] {
            let line: Vec<_> = line.iter().map(OsStr::new).collect();
            let (status, said) = run(&line);
            assert_eq!(status, Some(2), "{line:?}");
            assert!(is_harmless(&said), "{line:?}: {said:?}");
            assert!(!said.lines().any(|line| line == "pivotwatch: 0 incidents"), "{said}");
            // The message shows only the first character of a short option.
            assert!(said.contains(r"\u{") || said.contains("'-"), "the argument is shown: {said}");
        }
    }
    let bytes = OsStr::from_bytes(b"--\xff\x1b[2J");
    for line in [&[OsStr::new("inspect"), bytes][..], &[bytes], &[OsStr::new("inspect"), OsStr::new("--format"), bytes]]
    {
        let (status, said) = run(line);
        assert_eq!(status, Some(2), "{said}");
        assert!(is_harmless(&said), "{said:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_arguments_are_escaped(
        command in prop::sample::select(vec!["hunt", "inspect", "explain", ""]),
        arguments in prop::collection::vec("(--?)?(format|entra|threshold)?=?[\\x01-\u{9f}\u{2028}\u{202e}a-z]{0,4}", 1..4),
    ) {
        let command = [command].into_iter().filter(|command| !command.is_empty());
        let arguments: Vec<_> = command.chain(arguments.iter().map(String::as_str)).map(OsStr::new).collect();
        let output = Command::new(env!("CARGO_BIN_EXE_pivotwatch")).args(&arguments).output().unwrap();
        let said = text(&output.stderr);
        prop_assert!(is_harmless(&said), "{:?}: {:?}", arguments, said);
    }
}

#[test]
fn help_and_version_are_printed() {
    for (arguments, words) in [(["--version"], "pivotwatch "), (["--help"], "hunt"), (["help"], "Usage: pivotwatch")] {
        let output = Command::new(env!("CARGO_BIN_EXE_pivotwatch")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains(words), "{}", text(&output.stdout));
    }
    let output = Command::new(env!("CARGO_BIN_EXE_pivotwatch")).arg0("\u{1b}[2J").arg("hunt").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(is_harmless(&text(&output.stderr)), "{:?}", text(&output.stderr));
}

#[test]
fn json_is_printable_and_parses_to_the_same_values() {
    let folder = facts("json");
    let agent = "\u{9b}2J\u{202e}x\u{7f}\u{2028}\u{ad}\u{e0041}é";
    let mut login = console_login("hostile", noon());
    login["userAgent"] = json!(agent);
    fs::write(folder.join("cloudtrail/hostile.json"), log_file(&[login])).unwrap();
    let output = hunt(&folder, &["--format", "json"]);
    assert_eq!(output.status.code(), Some(10));
    assert!(is_harmless(&text(&output.stdout)), "{}", text(&output.stdout));
    assert!(objects(&output).iter().any(|incident| incident["user_agent"] == agent));

    fs::write(folder.join("entra").join(NAMES[4]), b"\x89PNG\r\n").unwrap();
    let output = pivotwatch(&folder, &["inspect", "--format", "json", "entra"]);
    assert!(is_harmless(&text(&output.stdout)), "{}", text(&output.stdout));
    let expected = Value::from(format!("entra/{}", NAMES[4]));
    assert!(objects(&output).iter().any(|file| file["file"] == expected));
}
