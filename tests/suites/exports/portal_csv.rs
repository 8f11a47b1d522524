//! The portal's tables.

use pivotwatch::detection::Source;
use pivotwatch::entra::{Ignored, Outcome, Rejected};
use pivotwatch::input::Limits;
use pivotwatch_tests::facts::{self, SignIn, failed, noon};

use crate::tools::{read_named, read_whole};
use crate::writers::{PORTAL_COLUMNS, portal_cell, table};

fn export(columns: &str, all: &[SignIn]) -> String {
    table(columns, ",", all.iter().map(|one| columns.split(',').map(|column| portal_cell(one, column)).collect()))
}

fn without(names: &[&str]) -> String {
    let is_kept = |column: &&str| !names.contains(&column.trim_matches('"'));
    PORTAL_COLUMNS.split(',').filter(is_kept).collect::<Vec<_>>().join(",")
}

#[test]
fn the_columns_of_every_version_are_found_by_name() {
    let without_owners = ["App owner tenant ID", "Resource owner tenant ID"];
    let of_2024 = without(&[&without_owners[..], &["Session ID"]].concat());
    let turned = PORTAL_COLUMNS.split(',').rev().collect::<Vec<_>>().join(",");
    for (columns, number) in
        [(of_2024, 54), (without(&without_owners), 55), (PORTAL_COLUMNS.to_owned(), 57), (turned, 57)]
    {
        assert_eq!(columns.split(',').count(), number);
        let export = export(&columns, &failed(3, noon()));
        let (shape, outcomes) = read_whole(export.as_bytes());
        assert_eq!((shape, outcomes.len()), ("portal_csv", 3));
        for outcome in outcomes {
            let Outcome::Failure(failure) = outcome else { panic!("{outcome:?}") };
            assert_eq!((failure.user.as_str(), failure.app.as_str()), (facts::USER, "Azure Portal"));
            assert_eq!(failure.address.to_string(), facts::ADDRESS, "and none of the other two addresses");
        }
    }
}

#[test]
fn a_success_may_have_any_empty_code_and_a_failure_without_a_code_is_rejected() {
    let columns = "Date (UTC),Request ID,IP address,Status,Sign-in error code";
    for (status, code, expected) in [
        ("Success", "0", Outcome::Ignored(Ignored::NotAFailure)),
        ("Success", "None", Outcome::Ignored(Ignored::NotAFailure)),
        ("Success", "", Outcome::Ignored(Ignored::NotAFailure)),
        ("Failure", "None", Outcome::Rejected(Rejected::NoCode)),
        ("Interrupted", "", Outcome::Rejected(Rejected::NoCode)),
    ] {
        let row = ["2026-03-02T12:00:00Z", "1", "203.0.113.7", status, code].map(str::to_owned).to_vec();
        let (_, outcomes) = read_whole(table(columns, ",", [row].into_iter()).as_bytes());
        assert_eq!(outcomes, [expected], "{status} {code:?}");
    }
}

#[test]
fn the_source_is_that_of_the_file_name_or_else_interactive() {
    let export = export(PORTAL_COLUMNS, &failed(1, noon()));
    for (name, source) in [
        ("in/InteractiveSignIns_2026-03-01_2026-03-08.csv", Source::Interactive),
        ("in/NonInteractiveSignIns_2026-03-01_2026-03-08.csv", Source::NonInteractive),
        ("in/of-march.csv", Source::Interactive),
    ] {
        let (received, _) = read_named(name, export.as_bytes(), Limits::default());
        assert_eq!(received.failures()[0].source, source, "{name}");
    }
}

#[test]
fn the_table_of_applications_is_recognised_by_its_columns() {
    let columns = "Date (UTC),Request ID,Correlation ID,Service principal ID,Service principal name,Application,Application ID ,IP address,Status,Sign-in error code";
    let row = ["2026-03-02T12:00:00Z", "1", "c", "s", "Backup", "Backup", "a", "203.0.113.7", "Failure", "7000215"];
    let export = table(columns, ",", [row.map(str::to_owned).to_vec()].into_iter());
    let ignored = |source| [Outcome::Ignored(Ignored::SourceNotCounted(source))];
    assert_eq!(read_whole(export.as_bytes()).1, ignored(Source::ServicePrincipal));
    let (received, _) = read_named("MSISignIns_x.csv", export.as_bytes(), Limits::default());
    assert_eq!(received.outcomes, ignored(Source::ManagedIdentity));
}

#[test]
fn a_row_with_a_wrong_number_of_cells_costs_that_row() {
    let columns = "Date (UTC),Request ID,IP address,Status,Sign-in error code";
    let export = format!(
        "{columns}\n{}\n{}\n{}\n{}",
        "2026-03-02T12:00:00Z,1,203.0.113.7,Failure,50126",
        "2026-03-02T12:00:00Z,2,203.0.113.7,Success",
        "2026-03-02, 12:00:00,3,203.0.113.7,Failure,50126",
        "2026-03-02T12:00:00Z,4,203.0.113.7,Failure,\"5012",
    );
    let (_, outcomes) = read_whole(export.as_bytes());
    assert_eq!(outcomes.len(), 4);
    assert!(matches!(outcomes[0], Outcome::Failure(_)));
    assert_eq!(outcomes[1..], [const { Outcome::Rejected(Rejected::Malformed) }; 3]);
}

#[test]
fn a_table_without_rows_is_an_empty_export() {
    let (shape, outcomes) = read_whole(PORTAL_COLUMNS.as_bytes());
    assert_eq!((shape, outcomes.len()), ("portal_csv", 0));
}
