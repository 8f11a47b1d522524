//! CloudTrail records in the documents of forwarders and of AWS's own services.

use pivotwatch::aws::{TrailOutcome, TrailRejected};
use pivotwatch::entra::{Ignored, Outcome};
use pivotwatch::input::{Foreign, ReadFault};
use pivotwatch_tests::facts::{SignIn, failed, noon};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::strangers::login;
use crate::tools::{Received, read};
use crate::writers::graph;

fn text() -> String {
    login().to_string()
}

fn batch() -> Value {
    json!({"Records": [login()]})
}

/// Documents with one login each.
fn documents() -> Vec<Value> {
    vec![
        json!({"message": text(), "source_type": "aws_s3", "bucket": "b", "timestamp": "2026-03-02T12:35:00Z"}),
        json!({"message": login(), "source_type": "aws_sqs", "timestamp": "2026-03-02T12:35:00Z"}),
        json!({"message": batch().to_string(), "source_type": "aws_kinesis_firehose"}),
        json!({"message": json!([login()]).to_string(), "source_type": "aws_s3"}),
        json!({"@timestamp": "x", "message": text(), "input": {"type": "aws-s3"}, "agent": {}, "event": {"kind": "event"}}),
        json!({"@timestamp": "x", "message": text(), "event": {"dataset": "aws.cloudtrail"}, "log": {"offset": 1}}),
        json!({"@timestamp": "x", "event": {"original": text(), "module": "aws", "dataset": "aws.cloudtrail"}}),
        json!({"_index": "x", "_source": {"event": {"original": text()}, "data_stream": {"dataset": "aws.cloudtrail"}}}),
        json!({"_index": "x", "_source": {"message": text(), "fileset": {"module": "aws"}}}),
        json!({"_index": "x", "_source": login()}),
        json!({"_raw": text(), "_time": 1, "cribl_pipe": "main"}),
        json!({"_raw": batch().to_string(), "_time": 1}),
        json!({"_raw": text(), "_sourceCategory": "prod/x"}),
        json!({"_raw": text(), "sourcetype": "aws:cloudtrail", "host": "x", "index": "main"}),
        json!({"event": login(), "sourcetype": "aws:cloudtrail", "time": 1}),
        json!({"event": text(), "sourcetype": "aws:cloudtrail", "time": 1}),
        json!({"event": batch(), "source": "http:trail", "sourcetype": "aws:cloudtrail"}),
        json!({"event": login(), "routing": {"hostname": "cloudtrail"}}),
        json!({"attributes": login(), "ddsource": "cloudtrail", "service": "cloudtrail", "message": text()}),
        json!({"log": text(), "tag": "aws.cloudtrail"}),
        json!({
            "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "trail", "subscriptionFilters": ["x"],
            "logStream": "111122223333_CloudTrail_us-east-1", "logEvents": [{"id": "1", "timestamp": 1, "message": text()}],
        }),
        json!({
            "events": [{"logStreamName": "111122223333_CloudTrail_us-east-1", "timestamp": 1, "message": text(), "eventId": "1"}],
            "searchedLogStreams": [],
        }),
        json!({"logStreamName": "111122223333_CloudTrail_us-east-1_2", "timestamp": 1, "message": text(), "eventId": "1"}),
        json!({"Events": [{"EventId": "x", "EventName": "ConsoleLogin", "CloudTrailEvent": text()}]}),
        json!({"$metadata": {}, "Events": [{"EventName": "ConsoleLogin", "CloudTrailEvent": text()}], "NextToken": "x"}),
        json!({"events": [{"eventName": "ConsoleLogin", "cloudTrailEvent": text()}], "nextToken": "x"}),
    ]
}

fn logins(received: &Received) -> usize {
    received.trail.iter().filter(|outcome| matches!(outcome, TrailOutcome::Login(_))).count()
}

#[test]
fn logins_in_documents_are_read_alone_and_beside_other_records() {
    for document in documents() {
        let sign_in = SignIn::failed("one", noon());
        for (other, failures) in [
            (None, 0),
            (Some(sign_in.record()), 1),
            (Some(graph(&sign_in)), 1),
            (Some(json!({"message": sign_in.record().to_string(), "source_type": "azure_event_hubs"})), 1),
            (Some(login()), 0),
        ] {
            let own = usize::from(other == Some(login()));
            let other = other.map(|other| format!("{other}\n")).unwrap_or_default();
            for file in
                [format!("{other}{document}\n"), format!("{document}\n{other}"), format!("{other}{other}{document}")]
            {
                let (received, result) = read(file.as_bytes());
                assert!(result.is_ok(), "{file}: {result:?}");
                let others = file.lines().count() - 1;
                assert_eq!(
                    (logins(&received), received.failures().len()),
                    (1 + own * others, failures * others),
                    "{file}"
                );
                assert_eq!(
                    received.outcomes.len() + received.trail.len(),
                    1 + others,
                    "{file}: {:?}",
                    received.outcomes
                );
            }
        }
    }
}

/// A subscription of CloudWatch Logs through Firehose writes its messages one after another.
#[test]
fn documents_without_a_delimiter_are_read() {
    for document in documents() {
        let (received, result) = read(format!("{document}{document}{document}").as_bytes());
        assert!(result.is_ok(), "{document}: {result:?}");
        assert_eq!(logins(&received), 3, "{document}");
    }
}

/// A visitor can post a login to an application, which logs it.
#[test]
fn what_another_application_logged_is_no_login() {
    for document in [
        json!({"message": text(), "host": "x", "level": "info"}),
        json!({"message": text(), "source_type": "http_server", "path": "/cloudtrail"}),
        json!({"message": login(), "host": "shop"}),
        json!({"message": text(), "service": "shop", "source": "aws"}),
        json!({"message": text(), "event": {"dataset": "nginx.access"}, "tags": ["aws"]}),
        json!({"@timestamp": "x", "event": {"original": text(), "dataset": "nginx.access"}}),
        json!({"event": login(), "sourcetype": "shop"}),
        json!({"event": text(), "routing": {"hostname": "shop"}}),
        json!({"attributes": login(), "service": "shop", "source": "nodejs"}),
        json!({"_source": login(), "service": {"name": "shop"}}),
        json!({"_index": "x", "_source": {"message": text(), "service": {"name": "shop"}}}),
        json!({"_index": "x", "_source": {"event": login(), "service": {"name": "shop"}}}),
        json!({"_raw": text(), "_time": 1, "host": "shop"}),
        json!({"log": text(), "stream": "stdout", "kubernetes": {"pod_name": "shop"}}),
    ] {
        let (received, result) = read(format!("{document}\n").as_bytes());
        let expected = matches!(result, Err(ReadFault::NotAnExport(Foreign::UnprovenTexts)));
        assert!(expected && received.trail.is_empty(), "{document}: {result:?}");
        let record = SignIn::failed("one", noon()).record();
        let (received, _) = read(format!("{record}\n{document}\n").as_bytes());
        assert!(received.trail.is_empty(), "{document}");
        assert_eq!(received.outcomes[1..], [Outcome::Ignored(Ignored::OtherCategory)], "{document}");
    }
    let message = json!({
        "messageType": "DATA_MESSAGE", "logGroup": "/aws/lambda/shop", "logStream": "2026/03/02/[$LATEST]x",
        "logEvents": [{"message": text()}],
    });
    let found = json!({"logStreamName": "2026/03/02/[$LATEST]x", "message": text()});
    for document in [message, json!({"events": [found]}), found] {
        let (received, _) = read(format!("{document}\n{document}\n").as_bytes());
        assert_eq!(logins(&received), 0, "{document}");
    }
}

/// A visitor can post a login to an application, which logs it or sends it to an event bus of its own. Its keys can
/// have any names, before or after the login.
#[test]
fn a_login_in_an_object_of_another_application_is_rejected() {
    let loggers = [
        r#""service":"shop""#,
        r#""app":"shop""#,
        r#""level":"info","msg":"x""#,
        r#""level":30,"pid":1"#,
        r#""levelname":"INFO","name":"shop""#,
        r#""log.level":"info","service.name":"shop""#,
        r#""@t":"x","@mt":"posted""#,
        r#""LogLevel":"Information","Category":"Shop""#,
        r#""httpMethod":"POST","path":"/""#,
        r#""timestamp":"x","message":"posted""#,
        r#""detail-type":"LoginForm","source":"com.shop.web""#,
        r#""source":"shop.aws""#,
    ];
    let posted = [
        format!("\"detail\":{}", login()),
        format!("\"Records\":[{}]", login()),
        format!("\"Events\":[{{\"CloudTrailEvent\":{}}}]", json!(text())),
        format!("\"CloudTrailEvent\":{}", json!(text())),
    ];
    for (logger, posted) in loggers.iter().flat_map(|logger| posted.iter().map(move |posted| (logger, posted))) {
        for object in [format!("{{{logger},{posted}}}"), format!("{{{posted},{logger}}}")] {
            let value: Value = serde_json::from_str(&object).unwrap();
            let record = SignIn::failed("one", noon()).record();
            for (text, own) in [
                (format!("{object}\n"), 0),
                (format!("{value:#}"), 0),
                (format!("[{object}]"), 0),
                (format!("{}\n{object}\n", login()), 1),
                (format!("{}\n{object}", login()), 1),
                (format!("[{object},{}]", login()), 1),
                (format!("{record}\n{object}\n"), 0),
                (format!("{record}\n{object}"), 0),
            ] {
                let (received, _) = read(text.as_bytes());
                assert_eq!(logins(&received), own, "{text}");
                let rejected = TrailOutcome::Rejected(TrailRejected::OtherSource);
                let is_rejected = received.trail.contains(&rejected);
                assert!(is_rejected || received.outcomes.is_empty() && own == 0, "{text}: {:?}", received.trail);
            }
        }
    }
}

/// The neighbours of such a batch decide nothing, and no member of an SDK costs its logins.
#[test]
fn a_batch_with_unknown_members_counts_in_every_file() {
    let record = SignIn::failed("one", noon()).record();
    for own in [r#""custom":1"#, r#""ContentLength":5,"HttpStatusCode":200"#, r#""sdkResponseMetadata":{}"#] {
        for batch in
            [format!("\"Records\":[{}]", login()), format!("\"Events\":[{{\"CloudTrailEvent\":{}}}]", json!(text()))]
        {
            let object = format!("{{{batch},{own}}}");
            for (text, others) in [
                (object.clone(), 0),
                (format!("{}\n{object}\n", login()), 1),
                (format!("[{object},{}]", login()), 1),
                (format!("{record}\n{object}\n"), 0),
            ] {
                assert_eq!(logins(&read(text.as_bytes()).0), 1 + others, "{text}");
            }
        }
    }
}

#[test]
fn a_login_in_a_message_of_another_source_is_rejected() {
    let message = json!({
        "messageType": "DATA_MESSAGE", "logGroup": "trail", "logStream": "1_CloudTrail_x", "logEvents": [{"message": text()}],
        "hostname": "h",
    });
    for text in [format!("{message}\n{message}\n"), format!("{}\n{message}\n", login())] {
        let (received, _) = read(text.as_bytes());
        assert!(received.trail.contains(&TrailOutcome::Rejected(TrailRejected::OtherSource)), "{text}");
    }
}

/// Such a batch is entered before the keys after its array are known. Those before it count.
#[test]
fn a_login_in_a_long_batch_of_another_application_is_none() {
    let mut long = login();
    long["userAgent"] = "x".repeat(600_000).into();
    for name in ["Records", "Events", "events", "records", "value"] {
        for own in [r#""level":"info""#, r#""source":"shop""#, r#""message":"x""#] {
            let object = format!("{{{own},{name:?}:[{long},{long}]}}");
            for text in [object.clone(), format!("{object}\n{object}\n"), format!("{}\n{object}", batch())] {
                assert!(logins(&read(text.as_bytes()).0) <= 1, "{name} {own}");
            }
            assert_eq!(logins(&read(object.as_bytes()).0), 0, "{name} {own}");
        }
        let of_aws = format!("{{\"source_type\":\"aws_s3\",\"timestamp\":\"x\",{name:?}:[{long},{long}]}}");
        assert_eq!(logins(&read(of_aws.as_bytes()).0), 2, "{name}");
        if name.ends_with("ecords") {
            assert_eq!(logins(&read(format!("{{{name:?}:[{long},{long}]}}").as_bytes()).0), 2, "{name}");
        }
    }
}

/// A subscription's message has up to 1 MiB of events before their quotes are escaped.
#[test]
fn a_message_longer_than_a_record_is_read() {
    let call = json!({"eventName": "ListBuckets", "eventTime": "2026-03-02T12:00:00Z", "userIdentity": {}}).to_string();
    let events: Vec<_> = [vec![call; 15_000], vec![text()]].concat();
    let events: Vec<_> = events.iter().map(|event| json!({"id": "x", "message": event})).collect();
    let message = json!({
        "messageType": "DATA_MESSAGE", "logGroup": "trail", "logStream": "1_CloudTrail_x", "logEvents": events,
    });
    let message = message.to_string();
    assert!(message.len() > 1024 * 1024);
    let (received, result) = read(message.as_bytes());
    assert!(result.is_ok());
    assert_eq!((logins(&received), received.trail.len()), (1, 15_001));

    // Beside records on lines and batches as long, which are read as ever.
    let looked_up = json!({"Events": vec![json!({"CloudTrailEvent": text()}); 4000]}).to_string();
    let mut long = login();
    long["userAgent"] = "x".repeat(1024 * 1024).into();
    assert!(looked_up.len() > 1024 * 1024);
    let (received, result) = read(format!("{}\n{message}\n{looked_up}\n{long}\n", login()).as_bytes());
    assert!(result.is_ok());
    assert_eq!((logins(&received), received.trail.len()), (4002, 19_003));
    assert_eq!(received.trail.last(), Some(&TrailOutcome::Rejected(TrailRejected::TooLong)));
}

#[test]
fn a_login_in_an_object_of_aws_is_read() {
    for object in [
        json!({"version": "0", "detail-type": "AWS Console Sign In via CloudTrail", "source": "aws.signin", "detail": login()}),
        json!({"detail": login()}),
        json!({"service": "cloudtrail", "Records": [login()]}),
    ] {
        for text in [format!("{object}\n"), json!([object]).to_string()] {
            assert_eq!(logins(&read(text.as_bytes()).0), 1, "{text}");
        }
    }
}

/// Some pipelines write objects within a record as their JSON text.
#[test]
fn a_result_in_a_text_is_read() {
    for (result, expected) in [("Success", 1), ("Failure", 0)] {
        let mut record = login();
        record["responseElements"] = json!({"ConsoleLogin": result}).to_string().into();
        let (received, _) = read(json!({"Records": [record]}).to_string().as_bytes());
        assert_eq!((logins(&received), received.trail.len()), (expected, 1), "{record}");
    }
}

proptest! {
    /// Beside any sign-ins, and with any damage to one document, the other documents keep their logins.
    #[test]
    fn damage_to_a_document_costs_its_login_only(
        position in 0..24_usize,
        cut in any::<prop::sample::Index>(),
        byte in prop::sample::select(&b"\"{}[]:,\\\0\xff"[..]),
    ) {
        let documents = documents();
        let mut lines: Vec<Vec<u8>> = documents.iter().map(|document| document.to_string().into_bytes()).collect();
        lines.extend(failed(3, noon()).iter().map(|one| one.record().to_string().into_bytes()));
        let at = cut.index(lines[position].len());
        lines[position][at] = byte;
        let (received, result) = read(&lines.join(&b'\n'));
        prop_assert!(result.is_ok(), "{result:?}");
        prop_assert!(logins(&received) >= documents.len() - 1);
        prop_assert_eq!(received.failures().len(), 3);
    }
}
