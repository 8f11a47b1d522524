//! The published samples of each shape, in `tests/fixtures`. Beside them, `expected.csv` has the outcome of each
//! record, written from the sample by hand. So a belief that the reader and [`crate::writers`] share does not pass for
//! a fact.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pivotwatch::detection::failure::{Particulars, identity};
use pivotwatch::detection::{Address, Failure};
use pivotwatch::entra::{self, Outcome};
use pivotwatch::input::Limits;
use pivotwatch_tests::facts::at;

use crate::published_logins;
use crate::tools::read_named;

/// The files of a fixture that are no sample.
const EXPECTED: &str = "expected.csv";
const SOURCE: &str = "SOURCE.md";

/// The columns of [`EXPECTED`]. Only a failure has others than the first two.
const COLUMNS: [&str; 9] = ["file", "outcome", "time", "address", "user", "app", "code", "source", "id"];

type ExpectedRow = [String; COLUMNS.len()];

/// The folders of the fixtures: one for each shape, named for it.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The samples of a fixture.
pub(crate) fn samples(fixture: &str) -> BTreeSet<String> {
    let mut names = names_in(&fixtures().join(fixture));
    names.retain(|name| ![EXPECTED, SOURCE].contains(&name.as_str()));
    names
}

fn shapes() -> BTreeSet<String> {
    entra::shapes().map(str::to_owned).collect()
}

/// The rows of a fixture: one for each record of its samples, in the order of the records. A refused object has one
/// row, with its fault.
fn rows(shape: &str) -> Vec<ExpectedRow> {
    let path = fixtures().join(shape).join(EXPECTED);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cells =
        |line: &str| -> ExpectedRow { line.split(',').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap() };
    let mut rows: Vec<_> = text.lines().map(cells).collect();
    assert_eq!(rows.remove(0), COLUMNS.map(str::to_owned), "{shape}");
    rows
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Failure(_) => "failure",
        Outcome::Ignored(reason) => reason.name(),
        Outcome::Rejected(reason) => reason.name(),
    }
}

/// A failure without its identity, in the order of [`COLUMNS`].
fn cells(failure: &Failure) -> [String; 6] {
    let Failure { time, address, user, app, code, source, .. } = failure;
    [at_full(time), address.to_string(), user.clone(), app.clone(), code.to_string(), source.name().to_owned()]
}

fn at_full(time: &chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true)
}

/// The identity that the id of a row gives its failure. The other particulars count only without an id.
fn identity_of([_, _, time, address, user, app, code, _, id]: &ExpectedRow) -> u64 {
    let (time, address) = (at(time), Address::parse(address).unwrap());
    identity(id, code, &Particulars { time, address, user, app, correlation_id: "" })
}

#[test]
fn each_record_of_a_published_sample_comes_to_what_is_written_in_it() {
    for shape in shapes() {
        let rows = rows(&shape);
        for sample in samples(&shape) {
            let name = format!("{shape}/{sample}");
            let bytes = fs::read(fixtures().join(&name)).unwrap();
            let (received, result) = read_named(&name, &bytes[..], Limits::default());
            let expected: Vec<_> = rows.iter().filter(|row| row[0] == sample).collect();
            let mut outcomes: Vec<_> = received.outcomes.iter().map(outcome).collect();
            match result {
                Ok(read) => assert_eq!(read.shape, shape, "{name}"),
                Err(fault) => outcomes.push(fault.code()),
            }
            assert_eq!(outcomes, expected.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), "{name}");
            let expected = expected.into_iter().filter(|row| row[1] == "failure");
            for (failure, row) in received.failures().into_iter().zip(expected) {
                let [_, _, time, rest @ .., _] = row;
                let expected: Vec<_> = std::iter::once(at_full(&at(time))).chain(rest.iter().cloned()).collect();
                assert_eq!(cells(failure).as_slice(), expected, "{name}");
                assert_eq!(failure.identity, identity_of(row), "{name}: {row:?}");
            }
        }
    }
}

#[test]
fn every_shape_has_a_published_sample_and_every_sample_is_read() {
    let mut folders = shapes();
    folders.insert(published_logins::FIXTURE.to_owned());
    assert_eq!(names_in(&fixtures()), folders);
    for shape in shapes() {
        let expected: BTreeSet<_> = rows(&shape).into_iter().map(|[file, ..]| file).collect();
        assert_eq!(samples(&shape), expected, "{shape}");
        assert!(!expected.is_empty(), "{shape}");
    }
}

#[test]
fn every_fixture_names_its_source() {
    for fixture in names_in(&fixtures()) {
        let source = fs::read_to_string(fixtures().join(&fixture).join(SOURCE)).unwrap_or_default();
        for sample in samples(&fixture) {
            let section = source.split("\n## ").find(|section| section.starts_with(&format!("{sample}\n")));
            let section = section.unwrap_or_else(|| panic!("{SOURCE} of {fixture} says nothing of {sample}"));
            for part in ["<https://", "Date: ", "Kept: ", "Replaced: "] {
                assert!(section.contains(part), "{SOURCE} of {fixture} has no {part:?} for {sample}");
            }
        }
    }
}
