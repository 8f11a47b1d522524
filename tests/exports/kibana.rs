//! The tables that Kibana exports from Discover, in its own notation of times, numbers and missing values.

use chrono::{SubsecRound, TimeDelta};
use pivotwatch::entra::Outcome;
use pivotwatch_tests::facts::{SignIn, USER, noon};
use proptest::prelude::*;

use crate::tools::{failures, read_whole};
use crate::writers::elastic;

const COLUMNS: &str = "\"@timestamp\",\"azure.signinlogs.category\",\"azure.signinlogs.properties.app_display_name\",\"azure.signinlogs.properties.created_at\",\"azure.signinlogs.properties.id\",\"azure.signinlogs.properties.status.error_code\",\"azure.signinlogs.properties.user_principal_name\",\"azure.signinlogs.result_type\",\"source.ip\"";

/// A number with its digits in groups of three.
fn grouped(digits: &str) -> String {
    let start = |position: usize| position > 0 && (digits.len() - position).is_multiple_of(3);
    let group = |(position, digit)| if start(position) { format!(",{digit}") } else { format!("{digit}") };
    digits.chars().enumerate().map(group).collect()
}

fn row(one: &SignIn) -> String {
    let time = one.time.format("%b %-d, %Y @ %H:%M:%S%.3f").to_string();
    let later = (one.time + TimeDelta::minutes(2)).format("%b %-d, %Y @ %H:%M:%S%.3f").to_string();
    let code = grouped(&one.code);
    let cells =
        [&later, &one.category, "Azure Portal", &time, &one.id, &code, &one.user, "-", &one.address].map(|cell| {
            let is_plain = cell.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if is_plain { cell.to_owned() } else { format!("\"{cell}\"") }
        });
    cells.join(",")
}

proptest! {
    #[test]
    fn a_row_is_the_failure_of_its_document(
        id in "[a-z1-9]{9,35}",
        milliseconds in 0..10_000_000_000_i64,
        code in prop::sample::select(&["50126", "50053", "500121", "7000222", "16000", "530032"][..]),
        category in prop::sample::select(&["SignInLogs", "NonInteractiveUserSignInLogs"][..]),
    ) {
        let time = (noon() - TimeDelta::milliseconds(milliseconds)).trunc_subsecs(3);
        let one = SignIn { code: code.to_owned(), category: category.to_owned(), ..SignIn::failed(&id, time) };
        let table = format!("{COLUMNS}\n{}\n", row(&one));
        prop_assert_eq!(read_whole(table.as_bytes()).0, "elastic_csv");
        let expected = failures(elastic(&one).to_string().as_bytes());
        prop_assert_eq!(expected.len(), 1);
        prop_assert_eq!(failures(table.as_bytes()), expected);
    }
}

#[test]
fn a_dash_is_a_missing_value() {
    let row = row(&SignIn::failed("id", noon())).replace(&format!("\"{USER}\""), "\"-\"");
    let (_, outcomes) = read_whole(format!("{COLUMNS}\n{row}\n").as_bytes());
    assert!(matches!(&outcomes[..], [Outcome::Failure(failure)] if failure.user.is_empty()), "{outcomes:?}");
}
