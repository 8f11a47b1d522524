//! Names and files that are made to do harm: to the terminal, or by never ending.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use pivotwatch_tests::facts::{console_login, log_file, noon};
use serde_json::{Value, json};

use super::{facts, hunt, objects, pivotwatch, text};

/// Runs a line of bash. Its status is 124 where it does not end within a minute.
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
fn what_never_ends_is_skipped_by_its_name() {
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
    assert!(said.contains("4 more files passed over (device 1, fifo 2, socket 1)"), "{said}");

    let output = pivotwatch(&folder, &["inspect", "--format", "json", "entra"]);
    assert_eq!(output.status.code(), Some(0));
    let skipped: Vec<_> =
        objects(&output).iter().filter_map(|file| file["passed_over"].as_str().map(str::to_owned)).collect();
    assert_eq!(skipped, ["fifo", "socket", "device"]);
}

#[test]
fn a_pipe_that_is_named_is_read() {
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

/// Names that would clear the screen, set the title, forge a line or turn the text round.
const NAMES: [&str; 5] =
    ["a\u{1b}[2Jb", "\u{1b}]0;title\u{7}x", "x\npivotwatch: 0 incidents", "\u{202e}nosj.a", "\u{9b}2J"];

fn is_harmless(text: &str) -> bool {
    text.chars().all(|character| character == '\n' || character == '─' || matches!(character, ' '..='~'))
}

#[test]
fn names_of_files_do_nothing_to_the_terminal() {
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

#[test]
fn json_is_printable_and_means_the_same() {
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
