//! Closed and full streams: neither changes the result of a hunt.

use std::path::Path;
use std::process::Command;

use super::{facts, folder};

/// Runs a line of bash in which `$PIVOTWATCH` is the command. Returns the status of the first command of its last pipe,
/// and what was captured.
fn bash(folder: &Path, line: &str) -> (i32, String) {
    let script = format!("{line}\necho \"status ${{PIPESTATUS[0]}}\"");
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("PIVOTWATCH", env!("CARGO_BIN_EXE_pivotwatch"))
        .current_dir(folder)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let (rest, status) = printed.trim_end().rsplit_once("status ").unwrap_or_else(|| panic!("{line}: {printed}"));
    (status.parse().unwrap(), rest.to_owned())
}

const HUNT: &str = "\"$PIVOTWATCH\" hunt --format json --entra entra --cloudtrail cloudtrail";

#[test]
fn a_full_log_does_not_end_a_hunt() {
    let folder = facts("log");
    for log in ["2>&-", "2>/dev/full", "2> >(true)", "2> >(head -c 1 > /dev/null)", "2>/dev/null"] {
        let (status, printed) = bash(&folder, &format!("{HUNT} {log}"));
        assert_eq!(status, 10, "{log}");
        assert_eq!(printed.lines().count(), 1, "{log}");

        let (status, printed) = bash(&folder, &format!("{HUNT} missing {log}"));
        assert_eq!(status, 1, "{log}");
        assert_eq!(printed.lines().count(), 1, "{log}");
    }
}

#[test]
fn a_closed_log_does_not_end_a_hunt() {
    let folder = facts("faults");
    for number in 0..400 {
        std::fs::write(folder.join(format!("entra/bad-{number}.json")), b"\x89PNG\r\n").unwrap();
    }
    let (status, printed) = bash(&folder, &format!("{HUNT} 2> >(head -c 1 > /dev/null)"));
    assert_eq!((status, printed.lines().count()), (1, 1));
}

#[test]
fn a_closed_standard_output_does_not_hide_incidents() {
    let folder = facts("reader");
    for format in ["table", "json"] {
        for reader in ["| head -c 0", "| true", "| (exec <&-; sleep 0.2)"] {
            let hunt = format!("{} {reader}", HUNT.replace("json", format));
            // The pipe may close late, after everything was written.
            assert_eq!(bash(&folder, &hunt).0, 10, "{hunt}");
        }
    }
    let (status, _) = bash(&folder, &format!("{HUNT} >&-"));
    assert_eq!(status, 10);
    let (status, _) = bash(&folder, &format!("{HUNT} >&- 2>&-"));
    assert_eq!(status, 10);
}

#[test]
fn findings_that_cannot_be_written_are_trouble() {
    let folder = facts("full");
    for format in ["table", "json"] {
        let (status, said) = bash(&folder, &format!("{} 2>&1 >/dev/full", HUNT.replace("json", format)));
        assert_eq!(status, 1);
        assert!(said.contains("could not be printed"), "{said}");
        let (status, _) = bash(&folder, &format!("{} 2>/dev/full >/dev/full", HUNT.replace("json", format)));
        assert_eq!(status, 1);
    }
    // Without an incident, nothing is printed.
    assert_eq!(bash(&folder, &format!("{HUNT} --threshold 20 >/dev/full")).0, 0);
}

#[test]
fn an_inspection_whose_output_is_closed_exits_with_141() {
    let folder = folder("inspection");
    for number in 0..2000 {
        std::fs::write(folder.join(format!("entra/{number}.json")), "{}").unwrap();
    }
    for format in ["json", "table"] {
        let inspect = format!("\"$PIVOTWATCH\" inspect --format {format} entra 2>/dev/null");
        assert_eq!(bash(&folder, &format!("{inspect} | head -c 1")).0, 141, "{format}");
        assert_eq!(bash(&folder, &format!("{inspect} > /dev/full")).0, 1, "{format}");
        assert_eq!(bash(&folder, &format!("{inspect} 2>&- | cat > /dev/null")).0, 1, "{format}");
    }
}
