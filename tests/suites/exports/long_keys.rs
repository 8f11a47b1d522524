//! Keys of many prefixes and suffixes, as forwarders and tables add them: each costs its record.

use pivotwatch_tests::facts::{SignIn, noon};

use crate::tools::read;

/// Keys of this many bytes that repeat what forwarders add to names, or nest below them.
fn keys(bytes: usize) -> Vec<String> {
    let of = |first: &str, part: &str, last: &str| format!("{first}{}{last}", part.repeat(bytes / part.len()));
    vec![
        of("x", "_d", ""),
        of("x", "_s", ""),
        of("", "_source.", "x"),
        of("", "event.", "x"),
        of("", "properties_", "x"),
        of("", "properties.", "x"),
        of("", "azure.signinlogs.", "x"),
        of("", ".", ""),
        of("", " ", ""),
    ]
}

/// Exports with a failure, beside a record or in a table with this key.
fn exports(key: &str) -> Vec<String> {
    let record = SignIn::failed("id-1", noon()).record().to_string();
    let other = format!("{{\"m\":1,\"{key}\":1}}");
    vec![
        format!("{record}\n{other}\n"),
        format!("{{\"records\":[{record},{other}]}}"),
        format!("[{record},{other}]"),
        format!("{record}\n{{\"event\":{other}}}\n"),
        format!("createdDateTime,ResultType,IPAddress,Id,{key}\n2026-03-02T12:00:00Z,50126,203.0.113.7,a,1\n"),
    ]
}

#[test]
fn a_key_of_any_length_costs_no_other_record() {
    for key in keys(500_000) {
        for export in exports(&key) {
            let (received, _) = read(export.as_bytes());
            assert_eq!(received.failures().len(), 1, "{}", &export[..200]);
        }
    }
}
