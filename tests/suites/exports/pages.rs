//! Pages and arrays of records beside records, one a line.

use pivotwatch::aws::TrailOutcome;
use pivotwatch::entra::{Outcome, Rejected};
use pivotwatch_tests::facts::{SignIn, failed, noon};
use serde_json::{Value, json};

use crate::strangers::login;
use crate::tools::read;
use crate::writers::{array, graph};

fn page(records: &Value) -> Value {
    json!({"@odata.context": "x", "value": records})
}

#[test]
fn a_record_before_pages_and_arrays_hides_none_of_them() {
    let all: Vec<Value> = failed(9, noon()).iter().map(graph).collect();
    let (first, rest) = all.split_first().unwrap();
    for pages in [page(&json!(rest)), json!(rest), json!([rest]), json!({"code": 0, "message": "OK", "data": rest})] {
        let (received, _) = read(format!("{first}\n{pages}\n{{\"value\":[]}}\n{first}\n").as_bytes());
        assert_eq!(received.failures().len(), 10, "{}", &pages.to_string()[..40]);
        assert!(!received.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Rejected(_))));
    }
}

/// Longer than a record may be.
#[test]
fn a_long_page_or_array_after_a_record_is_read_by_its_records() {
    let all = array(&failed(4000, noon()), graph);
    for pages in [page(&all), all.clone()] {
        assert!(pages.to_string().len() > 1024 * 1024);
        let (received, result) = read(format!("{}\n{pages}\n{pages}\n", all[0]).as_bytes());
        assert!(result.is_ok());
        assert_eq!(received.failures().len(), 8001);
    }
}

#[test]
fn damage_in_the_first_page_or_array_costs_a_record() {
    for form in [|some: &Value| page(some).to_string(), |some: &Value| some.to_string()] {
        let pages: Vec<_> = failed(9, noon()).chunks(3).map(|some| form(&array(some, graph))).collect();
        for (whole, damaged) in
            [("\"ipAddress\":", "\"ipAddress\""), ("{\"errorCode\"", "{{\"errorCode\""), ("]}", "}")]
        {
            let text = pages.join("\n").replacen(whole, damaged, 1);
            let (received, result) = read(text.as_bytes());
            assert!(result.is_ok(), "{damaged}: {result:?}");
            assert!(received.failures().len() >= 8, "{damaged}: {}", received.failures().len());
        }
    }
}

#[test]
fn a_note_before_pages_and_documents_of_many_lines_refuses_none() {
    let all = array(&failed(4, noon()), graph);
    let batch = json!({"records": array(&failed(4, noon()), SignIn::record)});
    let pretty = serde_json::to_string_pretty(&page(&all)).unwrap();
    let objects = all.as_array().unwrap().iter().map(|one| serde_json::to_string_pretty(one).unwrap());
    let objects = objects.collect::<Vec<_>>().join("\n");
    for text in [page(&all).to_string(), batch.to_string(), all.to_string(), pretty, objects] {
        let (received, result) = read(format!("{{\"note\":\"x\"}}\n{text}\n{text}\n").as_bytes());
        assert!(result.is_ok(), "{text}: {result:?}");
        assert_eq!(received.failures().len(), 8, "{text}");
    }
}

#[test]
fn a_cut_page_of_another_application_adds_no_failure() {
    let all = array(&failed(3, noon()), graph);
    let posted = json!({"data": all, "z": "x"}).to_string();
    let whole = format!("{}\n", all[0]);
    for (cut, failures) in [
        (format!("{{\"service\":\"shop\",{}", &posted[1..posted.len() - 20]), 1),
        (format!("{{\"msg\":\"x\",{}", &posted[1..posted.len() - 20]), 1),
        (posted[..posted.len() - 20].to_owned(), 3),
    ] {
        let (received, _) = read(format!("{whole}{cut}\n").as_bytes());
        assert!(received.outcomes.contains(&Outcome::Rejected(Rejected::Malformed)), "{cut}");
        assert!(received.failures().len() <= failures, "{cut}: {:?}", received.outcomes);
    }
}

#[test]
fn logins_and_sign_ins_of_one_file_are_both_read() {
    let records: Vec<Value> = failed(3, noon()).iter().map(graph).collect();
    let event = json!({"source": "aws.signin", "detail-type": "AWS Console Sign In via CloudTrail", "detail": login()});
    for logins in [login(), event, json!({"Records": [login()]}), json!([login()])] {
        // The first records decide how the file is read.
        for lines in
            [[records[0].clone(), logins.clone(), records[1].clone()], [logins.clone(), logins.clone(), logins]]
        {
            let most = 1_000;
            let many = std::iter::repeat_n(&lines, most).flatten().chain(&records);
            let text = many.map(Value::to_string).collect::<Vec<_>>().join("\n");
            let expected = text.matches("\"eventName\"").count();
            let (received, result) = read(text.as_bytes());
            assert!(result.is_ok(), "{result:?}");
            let found = received.trail.iter().filter(|outcome| matches!(outcome, TrailOutcome::Login(_))).count();
            assert_eq!(found, expected, "{}", lines[1]);
            assert_eq!(received.failures().len(), text.matches("\"userPrincipalName\"").count(), "{}", lines[0]);
            assert_eq!(received.outcomes.len() + received.trail.len(), received.failures().len() + expected);
        }
    }
}

#[test]
fn a_record_under_a_key_that_is_there_twice_is_in_some_count() {
    let record = graph(&SignIn::failed("one", noon()));
    for twice in [format!("{{\"value\":[{record}],\"value\":[]}}"), format!("{{\"value\":[],\"value\":[{record}]}}")] {
        let (received, _) = read(format!("{record}\n{twice}\n").as_bytes());
        assert_eq!(received.outcomes.len(), 2, "{twice}: {:?}", received.outcomes);
    }
}

/// Equal records without an id are numbered, and dates decide each other, in the whole file.
#[test]
fn any_number_of_logins_before_sign_ins_changes_no_outcome() {
    let row = |time: &str| {
        json!({
            "TimeGenerated": time, "Type": "SigninLogs", "ResultType": "50126", "IPAddress": "203.0.113.7",
            "UserPrincipalName": "ann@contoso.example",
        })
    };
    let ambiguous = "3/4/2026, 1:00:00.000 PM";
    let times = ["2026-03-02T12:00:00Z", "2026-03-02T12:00:00Z", ambiguous, ambiguous, "3/25/2026, 1:00:00.000 PM"];
    let lines = |records: &[Value]| records.iter().map(Value::to_string).collect::<Vec<_>>().join("\n") + "\n";
    let sign_ins = lines(&times.map(row));
    let (alone, _) = read(sign_ins.as_bytes());
    assert_eq!(alone.failures().len(), 5, "{:?}", alone.outcomes);
    for number in [1, 3_000] {
        let logins = lines(&[login()]).repeat(number);
        let (received, result) = read(format!("{logins}{sign_ins}").as_bytes());
        assert!(result.is_ok());
        let sorted = |outcomes: &[Outcome]| {
            let mut shown: Vec<_> = outcomes.iter().map(|outcome| format!("{outcome:?}")).collect();
            shown.sort_unstable();
            shown
        };
        assert_eq!((sorted(&received.outcomes), received.trail.len()), (sorted(&alone.outcomes), number));
    }
}

/// Longer than a record may be.
#[test]
fn a_long_batch_of_one_log_among_records_of_the_other_is_read_by_its_records() {
    let logins = json!({"Records": vec![login(); 5000]});
    let looked_up = json!({"Events": vec![json!({"CloudTrailEvent": login().to_string()}); 5000]});
    let sign_ins = failed(4000, noon());
    for record in [SignIn::record, graph] {
        let one = record(&SignIn::failed("one", noon()));
        for logins in [&logins, &looked_up] {
            assert!(logins.to_string().len() > 1024 * 1024);
            let (received, result) = read(format!("{one}\n{logins}\n{one}\n{logins}\n").as_bytes());
            assert!(result.is_ok());
            assert_eq!((received.trail.len(), received.failures().len()), (10_000, 2));
        }
        for sign_ins in [page(&array(&sign_ins, record)), json!({"records": array(&sign_ins, record)})] {
            let (received, result) = read(format!("{}\n{sign_ins}\n{}\n", login(), login()).as_bytes());
            assert!(result.is_ok());
            assert_eq!((received.trail.len(), received.failures().len()), (2, 4000));
        }
    }
}

#[test]
fn documents_of_many_lines_are_read_after_any_delimiter() {
    let documents: Vec<_> = failed(4, noon()).iter().map(SignIn::record).collect();
    let pretty = documents.iter().map(|document| serde_json::to_string_pretty(document).unwrap());
    for delimiter in ["\n", "\n\u{feff}", ",\n", "\r\n", "\n\n"] {
        let text = std::iter::once("{\"note\":1}".to_owned()).chain(pretty.clone()).collect::<Vec<_>>().join(delimiter);
        let (received, result) = read(text.as_bytes());
        assert!(result.is_ok(), "{delimiter:?}: {result:?}");
        assert_eq!(received.failures().len(), 4, "{delimiter:?}");
    }
}
