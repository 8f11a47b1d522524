//! What is special to the tables that Kibana exports from Discover.

use pivotwatch::entra::Outcome;
use pivotwatch_tests::facts::{SignIn, USER, noon};

use crate::tools::{failures, read_whole};
use crate::writers::{elastic, kibana_csv};

#[test]
fn a_row_is_the_failure_of_its_document() {
    for code in ["50126", "500121", "7000222", "16000"] {
        let one = SignIn { code: code.to_owned(), ..SignIn::failed("id-1", noon()) };
        let mut expected = failures(elastic(&one).to_string().as_bytes());
        assert_eq!(expected.len(), 1);
        // The table has no such column.
        expected[0].trace.correlation_id = String::new();
        assert_eq!(failures(kibana_csv(&[one]).as_bytes()), expected, "{code}");
    }
}

#[test]
fn a_dash_is_a_missing_value() {
    let table = kibana_csv(&[SignIn::failed("id-1", noon())]).replace(USER, "-");
    let (shape, outcomes) = read_whole(table.as_bytes());
    assert_eq!(shape, "elastic_csv");
    assert!(matches!(&outcomes[..], [Outcome::Failure(failure)] if failure.user.is_empty()), "{outcomes:?}");
}
