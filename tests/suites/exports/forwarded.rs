//! Records in the wrappings of forwarders.

use pivotwatch::entra::{Ignored, Outcome, Rejected};
use pivotwatch::input::{Foreign, ReadFault};
use pivotwatch_tests::facts::{SignIn, failed, noon};
use serde_json::{Value, json};

use crate::tools::{read, read_whole};
use crate::writers::{array, elastic, graph};

#[test]
fn wrapped_and_bare_records_may_stand_in_one_file() {
    let record = SignIn::failed("id-1", noon()).record();
    let export =
        format!("{}\n{record}\n{}\nbroken\n", json!({"event": record, "routing": {}}), json!({"message": "started"}));
    let (_, outcomes) = read_whole(export.as_bytes());
    assert!(matches!(outcomes[0], Outcome::Failure(_)) && outcomes[0] == outcomes[1]);
    assert_eq!(outcomes[2..], [Outcome::Ignored(Ignored::OtherCategory), Outcome::Rejected(Rejected::Malformed)]);
}

#[test]
fn another_log_in_a_wrapping_is_another_log() {
    let export = format!(
        "{}\n{}\n",
        json!({"event": SignIn::failed("id-1", noon()).record()}),
        json!({"event": {"category": "AuditLogs"}}),
    );
    assert_eq!(read_whole(export.as_bytes()).1[1], Outcome::Ignored(Ignored::OtherCategory));
}

#[test]
fn a_wrapping_with_invalid_utf_8_does_not_hide_its_record() {
    let text = json!({"event": SignIn::failed("id-1", noon()).record()}).to_string();
    let (before, after) = text.split_once("ann@").unwrap();
    let bytes = [before.as_bytes(), b"\xff@", after.as_bytes()].concat();
    let (received, result) = read(&bytes);
    assert_eq!(result.unwrap().shape, "forwarded");
    assert_eq!(received.failures().len(), 1);
}

#[test]
fn a_forwarders_own_members_are_not_taken_for_the_record() {
    let record = SignIn::failed("id-1", noon()).record();
    let lone = record.to_string().replace("ann@", "\\ud800@");
    for wrapping in [
        json!({"event": {"dataset": "azure.signinlogs"}, "message": record.to_string()}),
        json!({"event": {"kind": "event"}, "attributes": record}),
        json!({"_raw": lone, "source": "azure:eventhub"}),
    ] {
        let (shape, outcomes) = read_whole(wrapping.to_string().as_bytes());
        assert_eq!(shape, "forwarded");
        assert!(matches!(outcomes[..], [Outcome::Failure(_)]), "{wrapping}");
    }
}

fn batch() -> Value {
    json!({"records": failed(7, noon()).iter().map(SignIn::record).collect::<Vec<_>>()})
}

#[test]
fn a_whole_batch_is_read_as_object_and_as_text() {
    let text = batch().to_string();
    for document in [
        json!({"event": batch(), "routing": {"event_type": "json"}}),
        json!({"attributes": batch(), "service": "azure"}),
        json!({"message": text, "kafka": {"topic": "insights-logs-signinlogs"}, "event": {"dataset": "azure.events"}}),
        json!({"message": text, "kafka.topic": "insights-logs-signinlogs"}),
        json!({"message": text, "source_type": "azure_event_hubs"}),
        json!({"message": text, "source_type": "kafka", "topic": "insights-logs-noninteractiveusersigninlogs"}),
        json!({"message": text, "input": {"type": "azure-eventhub"}, "azure": {"eventhub": "logs"}}),
        json!({"log": text, "tag": "azure.signin"}),
        json!({"message": text, "ddsource": "azure.activedirectory", "service": "corp", "attributes": {}}),
        json!({"event": text, "data_stream": {"dataset": "azure.signinlogs"}}),
        json!({"_raw": text, "_time": 1, "cribl_pipe": "main"}),
        json!({"_raw": text, "sourcetype": "azure:aad:signin"}),
        json!({"_index": "x", "_source": {"message": text, "event": {"module": "azure"}}}),
        json!({"_index": "x", "_source": {"event": batch()}}),
        json!({"@timestamp": "x", "event": {"original": text, "dataset": "azure.signinlogs"}}),
        json!({"_index": "x", "_source": {"event": {"original": text}, "fileset": {"module": "azure"}}}),
        json!({"message": text, "_sourceCategory": "azure/aad", "_messagetime": 1}),
        json!({"message": text, "_sourceCategory": "security/azuread"}),
        json!({"message": text, "log": {"file": {"path": "/var/log/entra/signins.json"}}}),
        json!({"log": text, "tag": "azure_ad_signin_interactive"}),
        json!({"message": text, "ddtags": "env:prod,service:entra,team:sec"}),
    ] {
        let (shape, outcomes) = read_whole(format!("{document}\n{document}\n").as_bytes());
        assert_eq!((shape, outcomes.len()), ("forwarded", 14), "{document}");
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failure(_))), "{document}: {outcomes:?}");
    }
}

/// A text that looks like a sign-in, in documents of applications that log their visitors' input.
#[test]
fn what_another_application_logged_is_another_log() {
    let said = SignIn::failed("invented", noon()).record().to_string();
    let true_one =
        json!({"service": "azure", "source": "azure", "attributes": SignIn::failed("id-1", noon()).record()});
    for document in [
        json!({"service": "shop", "source": "nodejs", "message": said, "attributes": {"http": {"url": "/feedback"}}}),
        json!({"service": "shop", "source": "azure", "message": said}),
        json!({"service": "shop", "source": "azure.web", "message": said, "tags": ["aad_tenant:x"]}),
        json!({"source": "azure", "message": said, "attributes": {"http": {"url": "/feedback"}}}),
        json!({"message": said}),
        json!({"message": said, "source_type": "http_server", "path": "/insights-logs-signinlogs"}),
        json!({"message": said, "event": {"dataset": "nginx.access"}, "tags": ["azure"]}),
        json!({"log": said, "tag": "kube.shop"}),
        json!({"@timestamp": "x", "event": {"original": said, "dataset": "nginx.access"}}),
        json!({"message": said, "_sourceCategory": "azure/aad", "service": "shop"}),
        json!({"event": said, "routing": {"hostname": "shop"}}),
        json!({"attributes": said, "service": "shop"}),
        json!({"_raw": said, "sourcetype": "shop"}),
        json!({"_source": {"message": said, "service": {"name": "shop"}}}),
        json!({"message": json!({"records": [serde_json::from_str::<Value>(&said).unwrap()]}).to_string(), "service": "shop"}),
        json!({"service": "shop", "message": "started"}),
        json!({"log": said, "tag": "kube.oauth2-proxy-entra_prod"}),
        json!({"message": said, "tags": ["aad-pod-identity"]}),
        json!({"message": said, "log": {"file": {"path": "/var/log/shop-entra/app.log"}}}),
        json!({"message": said, "fields": {"type": "entra-login-page"}}),
    ] {
        for text in [format!("{true_one}\n{document}\n"), format!("{document}\n{true_one}\n")] {
            let (shape, mut outcomes) = read_whole(text.as_bytes());
            outcomes.sort_by_key(|outcome| matches!(outcome, Outcome::Failure(_)));
            assert_eq!(shape, "forwarded");
            assert_eq!(outcomes[0], Outcome::Ignored(Ignored::OtherCategory), "{document}");
            assert!(matches!(&outcomes[1..], [Outcome::Failure(_)]), "{document}: {outcomes:?}");
        }
        let (received, result) = read(format!("{document}\n").as_bytes());
        assert!(matches!(result, Err(ReadFault::NotAnExport(_))), "{document}: {result:?}");
        assert!(received.failures().is_empty());
    }
}

/// A structured logger writes what a visitor posted as an object. A forwarder that adds such keys names its source.
#[test]
fn an_object_in_a_line_of_a_structured_logger_is_another_log() {
    let record = SignIn::failed("id-1", noon()).record();
    let batch = json!({"records": [record]});
    for own in [
        json!({"level": "info", "logger": "shop", "timestamp": "x"}),
        json!({"level": 30, "pid": 1, "hostname": "h", "msg": "login", "time": 1}),
        json!({"severity": "INFO", "logger": "com.shop", "thread": "main", "message": "login"}),
        json!({"app": "shop", "time": "x"}),
        json!({"levelname": "INFO", "asctime": "x"}),
        json!({"@t": "x", "@mt": "posted"}),
    ] {
        for (place, content) in
            ["event", "attributes", "_source"].into_iter().flat_map(|place| [(place, &record), (place, &batch)])
        {
            let mut line = own.clone();
            line[place] = content.clone();
            let bare = json!({"event": record}).to_string();
            let (received, _) = read(format!("{bare}\n{line}\n").as_bytes());
            assert_eq!(received.outcomes[1..], [Outcome::Ignored(Ignored::OtherCategory)], "{line}");
            line["source"] = json!("azure");
            let (received, _) = read(format!("{bare}\n{line}\n").as_bytes());
            assert_eq!(received.failures().len(), 2, "{line}");
        }
    }
}

/// A logger adds its keys to the members of what a visitor posted. One such key can be a forwarder's.
#[test]
fn a_record_with_two_keys_of_log_lines_is_of_another_source() {
    let good = SignIn::failed("good", noon()).record();
    for record in [SignIn::failed("id-1", noon()).record(), graph(&SignIn::failed("id-1", noon()))] {
        for (own, is_counted) in [
            (json!({"level": "info"}), true),
            (json!({"hostname": "h"}), true),
            (json!({"level": "info", "logger": "shop"}), false),
            (json!({"level": 30, "pid": 1, "hostname": "h", "msg": "login"}), false),
            (json!({"level": "info", "logger": "x", "source": "azure"}), true),
        ] {
            let mut line = record.clone();
            line.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
            let (received, _) = read(format!("{good}\n{line}\n").as_bytes());
            assert_eq!(received.failures().len(), if is_counted { 2 } else { 1 }, "{line}");
            let is_rejected = received.outcomes[1] == Outcome::Rejected(Rejected::OtherSource);
            assert_eq!(is_rejected, !is_counted, "{line}");
        }
    }
}

#[test]
fn an_archive_of_all_logs_may_begin_with_many_records_of_others() {
    let shop = json!({"service": "shop", "message": "{\"a\":1}", "attributes": {"http": {"url": "/"}}});
    let sign_in = json!({"service": "azure", "attributes": SignIn::failed("id-1", noon()).record()});
    let archive = format!("{}{sign_in}\n", format!("{shop}\n").repeat(900));
    let (shape, outcomes) = read_whole(archive.as_bytes());
    assert_eq!((shape, outcomes.len()), ("forwarded", 901));
    assert!(matches!(outcomes[900], Outcome::Failure(_)));
}

#[test]
fn texts_without_a_source_are_refused_with_an_explanation() {
    let document = json!({"message": SignIn::failed("id-1", noon()).record().to_string(), "host": "x"});
    let (_, result) = read(document.to_string().as_bytes());
    assert!(matches!(result, Err(ReadFault::NotAnExport(Foreign::UnprovenTexts))), "{result:?}");
}

#[test]
fn a_document_that_is_a_record_is_read_whatever_its_texts_contain() {
    let said = SignIn::failed("invented", noon()).record().to_string();
    let mut record = SignIn::failed("id-1", noon()).record();
    record["message"] = json!(said);
    record["source"] = json!("azure");
    let (_, outcomes) = read_whole(record.to_string().as_bytes());
    assert!(
        matches!(&outcomes[..], [Outcome::Failure(failure)] if failure.identity == expected_identity()),
        "{outcomes:?}"
    );
}

fn expected_identity() -> u64 {
    let record = SignIn::failed("id-1", noon()).record().to_string();
    match &read_whole(record.as_bytes()).1[..] {
        [Outcome::Failure(failure)] => failure.identity,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_cut_text_with_a_known_source_is_damaged() {
    let good = json!({"message": batch().to_string(), "topic": "insights-logs-signinlogs"});
    let cut = json!({"message": &batch().to_string()[..200], "topic": "insights-logs-signinlogs"});
    let (received, _) = read(format!("{good}\n{cut}\n").as_bytes());
    assert_eq!(received.failures().len(), 7);
    assert_eq!(received.outcomes[7..], [Outcome::Rejected(Rejected::Malformed)]);
}

#[test]
fn a_message_of_the_longest_length_is_read_as_text() {
    let mut records: Vec<Value> = failed(1000, noon()).iter().map(SignIn::record).collect();
    while json!({"records": records}).to_string().len() > 1024 * 1024 {
        records.pop();
    }
    let text = json!({"records": records}).to_string();
    let document = json!({"message": text, "topic": "insights-logs-signinlogs"}).to_string();
    assert!(document.len() > 1024 * 1024 || records.len() == 1000);
    assert_eq!(read_whole(document.as_bytes()).1.len(), records.len());
}

/// Sign-ins after any number of lines of other applications, in the documents of each forwarder.
#[test]
fn any_number_of_other_logs_may_precede_the_first_sign_in() {
    let record = SignIn::failed("id-1", noon()).record();
    for (other, sign_in) in [
        (
            json!({"message": "GET / 200", "source_type": "http_server", "host": "shop"}),
            json!({"message": record.to_string(), "source_type": "azure_event_hubs"}),
        ),
        (
            json!({"@timestamp": "x", "message": "started", "agent": {"type": "filebeat"}, "event": {"dataset": "nginx.access"}}),
            json!({"@timestamp": "x", "message": record.to_string(), "agent": {"type": "filebeat"}, "event": {"dataset": "azure.signinlogs"}}),
        ),
        (
            json!({"date": 1.5, "log": "[info] started"}),
            json!({"date": 1.5, "log": record.to_string(), "tag": "azure.signin"}),
        ),
        (json!({"_time": 1, "_raw": "started"}), json!({"_time": 1, "_raw": record.to_string()})),
        (json!({"service": "shop", "message": "x"}), json!({"service": "azure", "attributes": record})),
        (
            json!({"routing": {"event_type": "NEW_PROCESS"}, "event": {"PID": 1}}),
            json!({"routing": {}, "event": record}),
        ),
        (json!({"@timestamp": "x", "message": "x", "ecs": {"version": "8"}}), elastic(&SignIn::failed("id-1", noon()))),
        (
            json!({"_index": "nginx", "_source": {"message": "x"}}),
            json!({"_index": "azure", "_source": elastic(&SignIn::failed("id-1", noon()))}),
        ),
    ] {
        let other = format!("{other}\n");
        // The last of these is beyond the bytes that are examined to recognise a shape.
        let is_looked_beyond = other.contains("http_server") || other.contains("ecs");
        let most = if is_looked_beyond { 17 * 1024 * 1024 } else { 0 };
        for bytes in [0, 1000 * other.len(), 2000 * other.len(), most] {
            // One long line of another log takes less time than many lines.
            let many = other.repeat((bytes / other.len()).min(2000));
            let padding = " ".repeat(bytes.saturating_sub(many.len()));
            let text = format!("{many}{padding}{other}{sign_in}\n");
            let (received, result) = read(text.as_bytes());
            assert!(result.is_ok(), "{bytes} of {other}: {result:?}");
            assert_eq!(received.failures().len(), 1, "{bytes} of {other}");
            assert!(
                received.outcomes.iter().filter(|one| **one != Outcome::Ignored(Ignored::OtherCategory)).count() == 1
            );
        }
    }
}

#[test]
fn a_forwarders_file_without_a_sign_in_is_refused_at_its_end() {
    let lines = format!("{}\n", json!({"message": "GET / 200", "source_type": "http_server"})).repeat(20);
    let (received, result) = read(lines.as_bytes());
    assert!(matches!(result, Err(ReadFault::NotAnExport(Foreign::OtherLogs))), "{result:?}");
    assert_eq!(received.outcomes.len(), 20);
}

#[test]
fn a_batch_is_read_under_every_name_and_as_an_array() {
    let records: Vec<Value> = failed(3, noon()).iter().map(SignIn::record).collect();
    let of_graph = array(&failed(3, noon()), graph);
    let contents = [
        json!(records),
        json!({"records": records}),
        json!({"value": of_graph}),
        json!({"@odata.context": "x", "value": of_graph}),
        json!({"Results": records}),
        json!([{"records": records}]),
        json!([{"records": records[..1]}, {"records": records[1..]}]),
        json!([[records[0]], [records[1], records[2]]]),
    ];
    for content in contents {
        let text = content.to_string();
        for document in [
            json!({"event": content}),
            json!({"event": content, "routing": {"event_type": "json", "hostname": "shop"}}),
            json!({"attributes": content, "service": "azure"}),
            json!({"event": text}),
            json!({"event": text, "routing": {"event_type": "json"}}),
            json!({"event": text, "routing": {"hostname": "entra-adapter"}}),
            json!({"_raw": text, "_time": 1}),
            json!({"_raw": content, "_time": 1}),
            json!({"message": text, "topic": "insights-logs-signinlogs"}),
            json!({"message": content, "topic": "insights-logs-signinlogs"}),
            json!({"log": text, "tag": "azure.signin"}),
            json!({"_source": {"event": content}}),
            json!({"_source": {"message": text, "event": {"module": "azure"}}}),
        ] {
            for text in [format!("{document}\n"), json!([document]).to_string()] {
                let (shape, outcomes) = read_whole(text.as_bytes());
                assert_eq!((shape, outcomes.len()), ("forwarded", 3), "{text}");
                assert!(outcomes.iter().all(|one| matches!(one, Outcome::Failure(_))), "{text}: {outcomes:?}");
            }
        }
    }
}

/// A visitor's input, which an application logged as text or as an object.
#[test]
fn a_batch_that_another_application_logged_is_another_log() {
    let true_one = json!({"service": "azure", "attributes": SignIn::failed("id-1", noon()).record()});
    let records: Vec<Value> = failed(3, noon()).iter().map(SignIn::record).collect();
    for content in [json!(records), json!({"records": records}), json!({"value": records}), records[0].clone()] {
        let text = content.to_string();
        for document in [
            json!({"event": text, "time": 1, "host": "shop"}),
            json!({"event": text, "sourcetype": "shop"}),
            json!({"event": text, "routing": {"hostname": "shop"}}),
            json!({"message": text}),
            json!({"message": content}),
            json!({"log": content, "tag": "kube.shop"}),
            json!({"_raw": content, "sourcetype": "shop"}),
            json!({"_raw": text, "sourcetype": "shop"}),
            json!({"attributes": text, "service": "shop"}),
        ] {
            let (received, _) = read(format!("{true_one}\n{document}\n").as_bytes());
            assert_eq!(received.failures().len(), 1, "{document}");
            assert_eq!(received.outcomes[1..], [Outcome::Ignored(Ignored::OtherCategory)], "{document}");
        }
    }
}

#[test]
fn a_record_too_long_costs_no_other_record_of_its_batch() {
    let mut records: Vec<Value> = failed(5, noon()).iter().map(SignIn::record).collect();
    records[2]["properties"]["userAgent"] = json!("\"".repeat(1024 * 1024));
    let batch = json!({"records": records});
    for document in
        [json!({"event": batch}), json!({"message": batch.to_string(), "topic": "insights-logs-signinlogs"})]
    {
        let (_, outcomes) = read_whole(document.to_string().as_bytes());
        assert_eq!(outcomes.len(), 5);
        assert_eq!(outcomes[2], Outcome::Rejected(Rejected::TooLong));
    }
}

/// A forwarder can add members to a batch. If they name Entra, a batch of any length is read.
#[test]
fn a_batch_in_a_document_that_names_entra_is_read() {
    let statements = [
        json!({"source_type": "kafka", "topic": "insights-logs-signinlogs", "timestamp": "x"}),
        json!({"source_type": "azure_event_hubs", "host": "h", "timestamp": "x"}),
        json!({"@timestamp": "x", "event": {"dataset": "azure.signinlogs"}}),
        json!({"@timestamp": "x", "data_stream": {"dataset": "azure.signinlogs"}, "agent": {"type": "filebeat"}}),
        json!({"@timestamp": "x", "input": {"type": "azure-eventhub"}}),
        json!({"@timestamp": "x", "topic": "insights-logs-signinlogs"}),
    ];
    for (statement, length) in statements.into_iter().flat_map(|own| [0, 200_000].map(|length| (own.clone(), length))) {
        let mut all = failed(7, noon());
        for one in &mut all {
            one.user.push_str(&"x".repeat(length));
        }
        let records: Vec<Value> = all.iter().map(SignIn::record).collect();
        let statement = statement.as_object().unwrap().clone();
        let batch = json!({"records": records}).as_object().unwrap().clone();
        for document in [
            statement.clone().into_iter().chain(batch.clone()).collect::<Vec<_>>(),
            batch.into_iter().chain(statement).collect(),
        ] {
            let members: Vec<String> =
                document.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
            let document = format!("{{{}}}", members.join(","));
            for text in [document.clone(), format!("{document}\n{document}\n"), format!("{}\n{document}", records[0])] {
                let (received, result) = read(text.as_bytes());
                let what = format!("{length}: {}", text.replace(&"x".repeat(length.max(1)), "x"));
                assert!(result.is_ok(), "{what}: {result:?}");
                // A line longer than a record cannot be read where its statement comes first.
                let is_known = |outcome: &Outcome| {
                    let is_long = length > 0 && text != document && *outcome == Outcome::Rejected(Rejected::TooLong);
                    is_long || matches!(outcome, Outcome::Failure(_))
                };
                assert!(received.outcomes.iter().all(is_known), "{what}: {:?}", received.outcomes.last());
                let has_long = received.outcomes.contains(&Outcome::Rejected(Rejected::TooLong));
                assert!(has_long || [7, 8, 14].contains(&received.failures().len()), "{what}");
            }
        }
    }
}

/// The loss has the name of what it is.
#[test]
fn a_page_in_a_document_that_names_nobody_is_another_log() {
    let page = |own: &Value| {
        let mut page = json!({"value": failed(7, noon()).iter().map(graph).collect::<Vec<_>>()});
        page.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        page
    };
    for own in
        [json!({"@timestamp": "x", "host": "h"}), json!({"level": "info", "msg": "x"}), json!({"stream": "stdout"})]
    {
        let (received, result) = read(page(&own).to_string().as_bytes());
        assert!(matches!(result, Err(ReadFault::NotAnExport(Foreign::UnprovenTexts))), "{own}: {result:?}");
        assert_eq!(received.outcomes, [Outcome::Ignored(Ignored::OtherCategory)], "{own}");
    }
}
