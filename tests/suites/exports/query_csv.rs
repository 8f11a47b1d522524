//! Tables of query results: any columns, and dates in the format of the browser's culture.

use chrono::{DateTime, Utc};
use pivotwatch::detection::Failure;
use pivotwatch::entra::{Ignored, Outcome, Rejected};
use pivotwatch::input::ReadFault;
use pivotwatch_tests::facts::{SignIn, at, failed, noon};
use serde_json::json;

use crate::tools::{failures, read, read_whole};
use crate::writers::{WRITERS, defender_csv, kibana_csv, portal_csv, query_csv};

/// An export with a failure at each of these times.
fn export(times: &[&str]) -> String {
    let row = |(number, time): (usize, &&str)| format!("\"{time}\",203.0.113.7,50126,{number}\r\n");
    let rows: String = times.iter().enumerate().map(row).collect();
    format!("\u{feff}TimeGenerated [UTC],IPAddress,ResultType,Id\r\n{rows}")
}

/// The times of its failures, sorted.
fn times(export: &str) -> Vec<DateTime<Utc>> {
    let mut times: Vec<_> = failures(export.as_bytes()).iter().map(|failure| failure.time).collect();
    times.sort_unstable();
    times
}

/// As `cat` of two results gives them.
#[test]
fn a_further_table_in_the_file_has_columns_of_its_own() {
    let first = "TimeGenerated,IPAddress,ResultType,Id\n2026-03-02T12:00:00Z,203.0.113.7,50126,a\n";
    let same = first.replace(",a", ",b");
    let other = "Id,UserPrincipalName,DurationMs,ResultType,IPAddress,TimeGenerated\n\
                 c,ann@contoso.example,0,50126,203.0.113.7,2026-03-02T12:01:00Z\n";
    let marked = format!("{first}\u{feff}{other}");
    for text in [format!("{first}{other}"), format!("{first}{same}{other}{other}"), format!("{other}{first}"), marked] {
        let (received, result) = read(text.as_bytes());
        assert!(result.is_ok());
        let times: Vec<_> = received.failures().iter().map(|failure| failure.time).collect();
        let rows: Vec<_> = text.lines().filter(|line| line.contains("203.0.113.7")).collect();
        assert_eq!((times.len(), received.outcomes.len()), (rows.len(), rows.len()), "{text}");
        assert_eq!(
            rows.iter().filter(|row| row.contains("12:01")).count(),
            times.iter().filter(|time| **time == at("2026-03-02T12:01:00Z")).count()
        );
    }
}

#[test]
fn a_further_table_may_be_of_another_shape() {
    let all = failed(4, noon());
    let tables =
        [query_csv(&all, "%Y-%m-%dT%H:%M:%S%.6fZ"), portal_csv(&all, ","), defender_csv(&all), kibana_csv(&all)];
    for (first, second) in tables.iter().flat_map(|first| tables.iter().map(move |second| (first, second))) {
        let (of_first, of_second) = (failures(first.as_bytes()), failures(second.as_bytes()));
        assert_eq!((of_first.len(), of_second.len()), (4, 4));
        let both = failures(format!("{first}{second}").as_bytes());
        let identities = |failures: &[Failure]| failures.iter().map(|failure| failure.identity).collect::<Vec<_>>();
        let expected = [identities(&of_first), identities(&of_second)].concat();
        assert_eq!(identities(&both), expected, "{first}{second}");
    }
}

#[test]
fn a_further_table_may_have_another_separator_and_a_column_of_numbers() {
    let all = failed(4, noon());
    let first = portal_csv(&all, ",");
    for separator in [";", "\t"] {
        for (one, other) in [(&first, portal_csv(&all, separator)), (&portal_csv(&all, separator), first.clone())] {
            assert_eq!(failures(format!("{one}{other}").as_bytes()).len(), 8, "{separator:?}");
        }
    }
    for index in ["", "Unnamed: 0", "Column1", "_c0", "2FA"] {
        let numbered = format!(
            "{index},TimeGenerated,IPAddress,ResultType,Id\n0,2026-03-02T12:00:00Z,203.0.113.7,50126,a1\n\
             1,2026-03-02T12:01:00Z,203.0.113.7,50126,a2\n"
        );
        assert_eq!(failures(format!("{first}{numbered}").as_bytes()).len(), 6, "{index}");
    }
}

/// Read by the columns of the table before it, they would be sign-ins.
#[test]
fn rows_of_a_further_table_without_sign_ins_are_rejected_and_the_object_is_corrupt() {
    let table = "TimeGenerated,IPAddress,ResultType,Id\n2026-03-02T12:00:00Z,203.0.113.7,50126,a1\n";
    for (header, row) in [
        ("LastSeen,IPAddress,ResultType,Users", "2026-03-02T13:00:00Z,203.0.113.7,50126,12"),
        ("TimeGenerated [Local Time],IPAddress,ResultType,Id", "2026-03-02T13:00:00Z,203.0.113.7,50126,a2"),
        (
            "TimeGenerated,Category,Result,GroupName",
            "2026-03-02T13:00:00Z,AuditLogs,success,\"x\n2026-03-02T13:00:00Z,203.0.113.7,50126,a3\"",
        ),
    ] {
        let same = table.replace("a1", "a4");
        let (received, result) = read(format!("{table}{header}\n{row}\n{same}").as_bytes());
        assert!(matches!(result, Err(ReadFault::Corrupt(_))), "{header}: {result:?}");
        assert_eq!(received.failures().len(), 2, "{header}: {:?}", received.outcomes);
    }
}

#[test]
fn the_dates_of_a_table_decide_no_date_of_a_further_one() {
    let american = export(&["3/25/2026, 12:00:00 PM", "3/26/2026, 12:00:00 PM"]);
    let british = export(&["02/03/2026, 12:00:00", "04/03/2026, 12:00:00"]);
    let (received, result) = read(format!("{american}{british}").as_bytes());
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(received.failures().len(), 2);
    let ambiguous = received.outcomes.iter().filter(|one| **one == Outcome::Rejected(Rejected::AmbiguousTime)).count();
    assert_eq!(ambiguous, 2);
}

/// A user chooses the text of a cell, and a spreadsheet drops the empty cells at a row's end.
#[test]
fn lines_of_a_quoted_cell_are_no_rows_in_a_short_row_or_after_a_title() {
    let header = "TimeGenerated,IPAddress,ResultType,Id,UserAgent,Note";
    let line = "2026-03-02T12:00:00Z,203.0.113.7,50126,a1,x,y";
    let short = format!("{header}\n2026-03-02T12:00:00Z,198.51.100.1,0,b1,\"x\n{line}\n{line}\"\n");
    let whole = format!("2026-03-02T12:00:00Z,198.51.100.1,0,b1,\"x\n{line}\n{line}\",y\n");
    let titled = format!("{header}\nQuery 2: \"all sign-ins\"\n{whole}");
    for text in [short, titled] {
        let (received, result) = read(text.as_bytes());
        assert!(matches!(result, Err(ReadFault::Corrupt(_))), "{text}: {result:?}");
        assert_eq!(received.failures(), Vec::<&Failure>::new(), "{text}");
    }
}

#[test]
fn a_first_cell_of_several_lines_may_have_quotes() {
    let row = |number| format!("\"Blocked:\n\"\"Legacy\"\"\",2026-03-02T12:00:00Z,203.0.113.7,50126,a{number}\n");
    let rows: Vec<_> = (0..7).map(row).collect();
    assert_eq!(
        failures(format!("Reason,TimeGenerated,IPAddress,ResultType,Id\n{}", rows.concat()).as_bytes()).len(),
        7
    );
}

#[test]
fn a_table_after_json_is_a_fault() {
    let all = failed(4, noon());
    for json in
        WRITERS.iter().filter(|writer| (writer.write)(&all).trim_start_matches('\u{feff}').starts_with(['{', '[']))
    {
        let text = format!("{}\n{}", (json.write)(&all).trim_end(), portal_csv(&all, ","));
        let (received, result) = read(text.as_bytes());
        assert!(result.is_err(), "{} {}", json.shape, json.what);
        assert_eq!(received.failures().len(), 4, "{} {}", json.shape, json.what);
    }
}

#[test]
fn a_damaged_row_that_begins_with_a_bracket_is_no_json() {
    let row = |id: &str| format!("{id},2026-03-02T12:00:00Z,203.0.113.7,50126,x\n");
    for id in ["{0b52f1b1-f6b8-51ab-80e6-1b44cfd38d1f}", "[REDACTED]"] {
        let rows = [row(id), row(id).replace(",x", ",x,y"), row(id)].concat();
        let text = format!("Id,TimeGenerated,IPAddress,ResultType,UserAgent\n{rows}");
        assert_eq!(failures(text.as_bytes()).len(), 2, "{id}");
    }
}

#[test]
fn json_after_a_table_is_a_fault() {
    let all = failed(4, noon());
    for json in
        WRITERS.iter().filter(|writer| (writer.write)(&all).trim_start_matches('\u{feff}').starts_with(['{', '[']))
    {
        let text = format!("{}{}", portal_csv(&all, ","), (json.write)(&all));
        let (received, result) = read(text.as_bytes());
        assert!(matches!(result, Err(ReadFault::Corrupt(_))), "{}: {result:?}", json.what);
        assert_eq!(received.failures().len(), 4, "{}", json.what);
    }
}

/// A user registers applications with such names, and chooses the user agent.
#[test]
fn a_row_whose_cells_are_names_of_columns_is_no_header() {
    let header =
        "UserPrincipalName,CreatedDateTime,IPAddress,ResultType,Id,AppDisplayName,ResourceDisplayName,UserAgent";
    let names = ["ResultType", "IPAddress", "CreatedDateTime"];
    for app in names {
        for resource in names {
            let row = |number: u8, app: &str, resource: &str, agent: &str| {
                let time = format!("2026-03-02T12:0{number}:00Z");
                format!("ann@contoso.example,{time},203.0.113.7,50126,{number},{app},{resource},{agent}")
            };
            let rows = [row(1, "x", "y", "z"), row(2, app, resource, "CreatedDateTime"), row(3, "x", "y", "z")];
            assert_eq!(failures(format!("{header}\n{}\n", rows.join("\n")).as_bytes()).len(), 3, "{app} {resource}");
        }
    }
}

#[test]
fn damage_in_a_further_table_costs_its_row() {
    let first = "TimeGenerated,IPAddress,ResultType,Id\n2026-03-02T12:00:00Z,203.0.113.7,50126,a\n";
    let row = |id: &str| format!("{id},ann@contoso.example,0,50126,203.0.113.7,2026-03-02T12:01:00Z\n");
    let damaged = "b,\"ann@contoso.example,0,50126,203.0.113.7,2026-03-02T12:01:00Z\n";
    let header = "Id,UserPrincipalName,DurationMs,ResultType,IPAddress,TimeGenerated\n";
    let text = format!("{first}{header}{}{damaged}{}{}", row("c"), row("d"), row("e"));
    assert_eq!(failures(text.as_bytes()).len(), 4, "{text}");
}

#[test]
fn cells_may_have_line_breaks_and_the_file_a_byte_order_mark() {
    let export = query_csv(&failed(60, at("2026-03-13T12:00:00Z")), "%-m/%-d/%Y, %-I:%M:%S%.3f %p");
    assert!(export.lines().count() > 200);
    let (shape, outcomes) = read_whole(export.as_bytes());
    assert_eq!((shape, outcomes.len()), ("log_analytics_csv", 60));
    assert_eq!(times(&export).first(), Some(&at("2026-03-13T12:00:00Z")));
}

#[test]
fn one_date_with_a_day_above_12_decides_the_order_of_the_file() {
    let day_first = ["03/04/2025, 10:00:00.000", "21/04/2025, 09:45:54.000", "05/04/2025, 10:00:00.000"];
    assert_eq!(
        times(&export(&day_first)),
        [at("2025-04-03T10:00:00Z"), at("2025-04-05T10:00:00Z"), at("2025-04-21T09:45:54Z")]
    );
    let month_first = ["03/04/2025 10:00:00", "04/21/2025 09:45:54"];
    assert_eq!(times(&export(&month_first)), [at("2025-03-04T10:00:00Z"), at("2025-04-21T09:45:54Z")]);
}

#[test]
fn am_and_pm_in_capitals_decide_nothing() {
    let (_, outcomes) = read_whole(export(&["4/8/2021, 2:08:45.221 PM"]).as_bytes());
    assert_eq!(outcomes, [Outcome::Rejected(Rejected::AmbiguousTime)]);
    let australian = ["4/8/2021, 2:08:45.221 PM", "31/8/2021, 2:08:45.221 PM"];
    assert_eq!(times(&export(&australian)), [at("2021-08-04T14:08:45.221Z"), at("2021-08-31T14:08:45.221Z")]);
}

#[test]
fn a_padded_second_number_decides_nothing_because_scripts_pad_days_too() {
    let [padded, other] = ["2/03/2026 12:00:00 PM", "10/12/2026 12:00:01 PM"];
    let (_, outcomes) = read_whole(export(&[padded, other]).as_bytes());
    assert_eq!(outcomes, [const { Outcome::Rejected(Rejected::AmbiguousTime) }; 2]);
    let australian = export(&[padded, other, "31/03/2026 12:00:00 PM"]);
    let expected = ["2026-03-02T12:00:00Z", "2026-03-31T12:00:00Z", "2026-12-10T12:00:01Z"].map(at);
    assert_eq!(times(&australian), expected);
    assert_eq!(times(&australian.replace("PM", "pm")), times(&australian));
}

#[test]
fn a_finnish_clock_has_dots() {
    let table = "\"TimeGenerated\";\"IPAddress\";\"ResultType\";\"Id\"\n\"2.3.2026 12.00.00\";\"203.0.113.7\";\"50126\";\"a\"\n";
    assert_eq!(failures(table.as_bytes())[0].time, noon());
}

#[test]
fn a_date_of_json_decides_the_order_of_the_file_too() {
    let row = |time: &str, code: &str| json!({"CreatedDateTime": time, "IPAddress": "203.0.113.7", "ResultType": code, "Category": "SignInLogs"});
    let undecided = [row("2/3/2026 12:00:00 PM", "50126"), row("2/3/2026 12:00:01 PM", "50126")];
    for (decides, expected) in
        [("31/3/2026 1:00:00 PM", "2026-03-02T12:00:00Z"), ("3/31/2026 1:00:00 PM", "2026-02-03T12:00:00Z")]
    {
        let rows = [&undecided[..], &[row(decides, "0")], &undecided[..]].concat();
        let found = failures(json!(rows).to_string().as_bytes());
        assert_eq!((found.len(), found[0].time), (4, at(expected)), "{decides}");
    }
    let (_, outcomes) = read_whole(json!(undecided).to_string().as_bytes());
    assert_eq!(outcomes, [const { Outcome::Rejected(Rejected::AmbiguousTime) }; 2]);
}

#[test]
fn dates_that_stay_ambiguous_are_rejected_by_their_own_reason() {
    let (_, outcomes) = read_whole(export(&["03/04/2025, 10:00:00", "05/06/2025, 10:00:00"]).as_bytes());
    assert_eq!(outcomes, [const { Outcome::Rejected(Rejected::AmbiguousTime) }; 2]);
}

#[test]
fn successes_need_no_valid_date() {
    let export = export(&["03/04/2025, 10:00:00"]).replace("50126", "0");
    assert_eq!(read_whole(export.as_bytes()).1, [Outcome::Ignored(Ignored::NotAFailure)]);
}

#[test]
fn the_buffer_of_ambiguous_rows_is_bounded_and_loses_nothing() {
    let undecided = vec!["03/04/2025, 10:00:00"; 200_000];
    let (received, result) =
        read(export(&[&undecided[..], &["21/04/2025, 10:00:00", "03/04/2025, 10:00:00"]].concat()).as_bytes());
    assert!(result.is_ok());
    assert_eq!(received.outcomes.len(), 200_002);
    let rejected = received.outcomes.iter().filter(|one| **one == Outcome::Rejected(Rejected::AmbiguousTime)).count();
    assert!((1..200_000).contains(&rejected), "{rejected}");
    assert_eq!(received.failures().len(), 200_002 - rejected);
}

#[test]
fn buffered_rows_of_a_cut_file_are_returned() {
    let text = export(&["4/8/2021, 2:08:45.221 PM", "4/18/2021, 2:08:45.221 PM"]);
    let cut = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let (received, result) = read(&[&cut[..], b"junk"].concat());
    assert_eq!(result.unwrap_err().code(), "object.corrupt");
    assert_eq!(received.failures().len(), 2);
}

#[test]
fn a_query_with_the_required_columns_alone_is_enough() {
    let one = SignIn::failed("id-1", noon());
    let row = format!("{},{},{}", "2026-03-02T12:00:00Z", one.address, one.code);
    let found = failures(format!("CreatedDateTime,IPAddress,ResultType\n{row}\n").as_bytes());
    assert_eq!((found.len(), found[0].time), (1, noon()));
}

#[test]
fn a_word_for_a_status_is_no_code() {
    let export = "CreatedDateTime,UserPrincipalName,IPAddress,Status\n2026-03-02 12:00:00,ann,203.0.113.7,Failure\n";
    assert_eq!(read_whole(export.as_bytes()).1, [Outcome::Rejected(Rejected::NoCode)]);
}

#[test]
fn a_line_end_in_a_quoted_first_cell_is_part_of_the_cell() {
    let header = "UserAgent,CreatedDateTime,Id,ResultType,Category,UserPrincipalName,IPAddress";
    for (separator, text) in
        [",", ";", "\t"].into_iter().flat_map(|one| ["a\nb", "\nb", "a\n", "a\rb", "a\r\nb"].map(|text| (one, text)))
    {
        let row = |id: u32, text: &str| {
            let cells = [
                text,
                "2026-03-02T12:00:00Z",
                &id.to_string(),
                "50126",
                "SignInLogs",
                "ann@contoso.example",
                "203.0.113.7",
            ];
            cells.map(|cell| format!("\"{cell}\"")).join(separator)
        };
        let lines = [header.replace(',', separator), row(11, text), row(12, "x"), row(13, text)];
        assert_eq!(failures(lines.join("\r\n").as_bytes()).len(), 3, "{separator:?} {text:?}");
    }
}
