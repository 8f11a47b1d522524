//! Parses S3's notifications: which objects were written.
//!
//! S3 notifies a function directly, or through a queue (SQS), a topic (SNS), a topic and a queue, or EventBridge. Each
//! has its own envelope around the same fields, and a queue can deliver several kinds at once. The event is therefore
//! searched part by part. A part that is not recognised does not affect the others. Forms:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html> and
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>.

use serde_json::Value;

use super::ObjectAddress;

/// The largest number of nested envelopes. A notification in a topic's message in a queue's message has three.
const MOST_ENVELOPES: usize = 6;

/// A notification that an object was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The object.
    pub object: ObjectAddress,
    /// The id of the queue's message, if a queue delivered the notification. The answer to the queue names it if it
    /// failed.
    pub message: Option<String>,
}

/// The contents of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notifications {
    /// Objects that were written.
    pub written: Vec<Notification>,
    /// The reasons of valid parts without a written object: S3's test event, a deletion, a folder.
    pub ignored: Vec<&'static str>,
    /// Parts that were not recognised, truncated.
    pub unrecognised: Vec<String>,
}

/// Searches an event for notifications.
#[must_use]
pub fn notifications(event: &Value) -> Notifications {
    let mut found = Notifications::default();
    search(event, None, 0, &mut found);
    found
}

fn search(piece: &Value, message: Option<&str>, envelopes: usize, found: &mut Notifications) {
    if envelopes > MOST_ENVELOPES {
        return unrecognised(piece, found);
    }
    let inside = |text: &str, message: Option<&str>, found: &mut Notifications| match serde_json::from_str(text) {
        Ok(inner) => search(&inner, message, envelopes + 1, found),
        Err(_) => unrecognised(piece, found),
    };
    if let Some(records) = piece.get("Records").and_then(Value::as_array) {
        for record in records {
            search(record, message, envelopes + 1, found);
        }
    } else if let Some(body) = text(piece, "/body").filter(|_| text(piece, "/eventSource") == Some("aws:sqs")) {
        inside(body, text(piece, "/messageId"), found);
    } else if let Some(content) = text(piece, "/Sns/Message").or_else(|| text(piece, "/Message")) {
        inside(content, message, found);
    } else if text(piece, "/Event") == Some("s3:TestEvent") {
        found.ignored.push("s3_test_event");
    } else if let (Some(bucket), Some(key)) = (text(piece, "/s3/bucket/name"), text(piece, "/s3/object/key")) {
        let is_written = text(piece, "/eventName").is_some_and(|name| name.contains("ObjectCreated:"));
        let (version, region) = (text(piece, "/s3/object/versionId"), text(piece, "/awsRegion"));
        found.add(is_written, object(bucket, &form_decoded(key), version, region), message);
    } else if let (Some(bucket), Some(key)) = (text(piece, "/detail/bucket/name"), text(piece, "/detail/object/key")) {
        let is_written = text(piece, "/detail-type") == Some("Object Created");
        let (version, region) = (text(piece, "/detail/object/version-id"), text(piece, "/region"));
        // EventBridge, unlike the others, does not encode the key.
        found.add(is_written, object(bucket, key, version, region), message);
    } else {
        unrecognised(piece, found);
    }
}

impl Notifications {
    fn add(&mut self, is_written: bool, object: ObjectAddress, message: Option<&str>) {
        if !is_written {
            self.ignored.push("s3_other_event");
        } else if object.key.ends_with('/') {
            self.ignored.push("s3_folder");
        } else {
            self.written.push(Notification { object, message: message.map(str::to_owned) });
        }
    }
}

fn object(bucket: &str, key: &str, version: Option<&str>, region: Option<&str>) -> ObjectAddress {
    ObjectAddress {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        version: version.filter(|version| !version.is_empty()).map(str::to_owned),
        region: region.filter(|region| is_region(region)).map(str::to_owned),
    }
}

/// Whether a text can be a region. The region becomes a part of a host name, and events are not trusted with that.
fn is_region(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn unrecognised(piece: &Value, found: &mut Notifications) {
    let mut shown = piece.to_string();
    shown.truncate(shown.floor_char_boundary(500));
    found.unrecognised.push(shown);
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// Decodes the form encoding (<https://url.spec.whatwg.org/#urlencoded-parsing>) of S3's keys: `+` is a blank, and the
/// `=` of an Azure export's path arrives as `%3D`.
fn form_decoded(key: &str) -> String {
    percent_encoding::percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn direct(key: &str) -> Value {
        json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "awsRegion": "eu-west-1",
            "s3": {"bucket": {"name": "exports"}, "object": {"key": key, "size": 1, "versionId": "v1"}},
        })
    }

    fn of_bridge(key: &str) -> Value {
        json!({
            "detail-type": "Object Created",
            "source": "aws.s3",
            "region": "eu-west-1",
            "detail": {"bucket": {"name": "exports"}, "object": {"key": key, "version-id": "v1"}},
        })
    }

    fn queued(id: &str, body: &Value) -> Value {
        json!({"messageId": id, "eventSource": "aws:sqs", "body": body.to_string()})
    }

    fn expected(key: &str, message: Option<&str>) -> Notification {
        let [bucket, key] = ["exports", key].map(str::to_owned);
        let [version, region] = ["v1", "eu-west-1"].map(|text| Some(text.to_owned()));
        let object = ObjectAddress { bucket, key, version, region };
        Notification { object, message: message.map(str::to_owned) }
    }

    #[test]
    fn an_object_is_found_in_every_envelope() {
        let direct = json!({"Records": [direct("a.json")]});
        let topic = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": direct.to_string()}}]});
        let topic_in_queue = json!({"Type": "Notification", "Message": direct.to_string()});
        for (event, message) in [
            (direct.clone(), None),
            (topic, None),
            (of_bridge("a.json"), None),
            (json!({"Records": [queued("m", &direct)]}), Some("m")),
            (json!({"Records": [queued("m", &topic_in_queue)]}), Some("m")),
            (json!({"Records": [queued("m", &of_bridge("a.json"))]}), Some("m")),
        ] {
            let found = notifications(&event);
            let only = Notifications { written: vec![expected("a.json", message)], ..Notifications::default() };
            assert_eq!(found, only, "{event}");
        }
    }

    #[test]
    fn keys_are_decoded_by_form_rules_except_from_eventbridge() {
        for (encoded, key) in [
            ("tenantId%3D1/y%3D2026/m%3D03/PT1H.json", "tenantId=1/y=2026/m=03/PT1H.json"),
            ("a+b.json", "a b.json"),
            ("a%2Bb.json", "a+b.json"),
            ("caf%C3%A9%26%25.json", "café&%.json"),
        ] {
            let found = notifications(&json!({"Records": [direct(encoded)]}));
            assert_eq!(found.written, [expected(key, None)]);
            assert_eq!(notifications(&of_bridge(key)).written, [expected(key, None)]);
        }
    }

    #[test]
    fn a_notification_without_a_written_object_is_ignored_by_reason() {
        let mut removed = direct("a.json");
        removed["eventName"] = json!("ObjectRemoved:Delete");
        let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "exports"});
        for (event, reason) in [
            (test.clone(), "s3_test_event"),
            (json!({"Records": [queued("m", &test)]}), "s3_test_event"),
            (json!({"Records": [removed]}), "s3_other_event"),
            (json!({"Records": [direct("folder/")]}), "s3_folder"),
        ] {
            assert_eq!(notifications(&event), Notifications { ignored: vec![reason], ..Default::default() }, "{event}");
        }
    }

    #[test]
    fn a_part_that_is_not_recognised_does_not_affect_others() {
        let event = json!({"Records": [
            queued("bad", &json!({"hello": "world"})),
            {"messageId": "worse", "eventSource": "aws:sqs", "body": "not JSON"},
            queued("good", &json!({"Records": [direct("a.json")]})),
        ]});
        let found = notifications(&event);
        assert_eq!(found.written, [expected("a.json", Some("good"))]);
        assert_eq!(found.unrecognised.len(), 2);
    }

    #[test]
    fn a_text_that_cannot_be_a_region_is_dropped() {
        for region in ["", "eu-west-1.attacker.example/", "EU-WEST-1", "eu west 1", &"a".repeat(33)] {
            let (mut direct, mut of_bridge) = (direct("a.json"), of_bridge("a.json"));
            direct["awsRegion"] = json!(region);
            of_bridge["region"] = json!(region);
            for event in [json!({"Records": [direct]}), of_bridge] {
                let found = notifications(&event);
                assert_eq!(found.written.len(), 1, "{event}");
                assert_eq!(found.written[0].object.region, None, "{event}");
            }
        }
    }

    #[test]
    fn endless_envelopes_are_not_followed() {
        let mut event = json!({"Records": [direct("a.json")]});
        for _ in 0..20 {
            event = json!({"Message": event.to_string()});
        }
        assert_eq!(notifications(&event).unrecognised.len(), 1);
    }
}
