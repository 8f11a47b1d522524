//! Decides whether an object around CloudTrail records is one of AWS.
//!
//! A visitor can post a login to an application, which logs it or sends it to an event bus of its own. So an object
//! with the keys of a log line, or whose source or service is another than one of AWS, is none of CloudTrail.

use std::collections::BTreeMap;

use json_records::{Key, parse_or_repair};
use serde_json::value::RawValue;

use crate::input::sniff::{APPLICATION_KEYS, NO_SLOT};

/// Keys with the name of an application or of a service of AWS.
const ORIGIN_KEYS: [&str; 4] = ["source", "service", "ddsource", "sourcetype"];

/// All keys that decide. An object with one is framed whole, even if it has a batch's array.
pub(super) const ENVELOPE_KEYS: [(&str, Key); ORIGIN_KEYS.len() + APPLICATION_KEYS.len()] = {
    let mut keys = [("", Key::Record(NO_SLOT)); ORIGIN_KEYS.len() + APPLICATION_KEYS.len()];
    let mut index = 0;
    while index < keys.len() {
        let origins = ORIGIN_KEYS.len();
        keys[index].0 = if index < origins { ORIGIN_KEYS[index] } else { APPLICATION_KEYS[index - origins] };
        index += 1;
    }
    keys
};

/// Whether an object around records is one of another application.
pub(super) fn is_of_application(object: &[u8]) -> bool {
    let is_of_application = |object: &[u8]| {
        let members = serde_json::from_slice::<BTreeMap<String, &RawValue>>(object).ok()?;
        let is_other = |name: &&str| members.get(*name).is_some_and(|origin| !is_of_aws(origin.get()));
        Some(ORIGIN_KEYS.iter().any(is_other) || APPLICATION_KEYS.iter().any(|name| members.contains_key(*name)))
    };
    parse_or_repair(object, is_of_application).unwrap_or(false)
}

fn is_of_aws(origin: &str) -> bool {
    let words = origin.to_ascii_lowercase();
    words.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "aws" | "cloudtrail"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_around_records_is_of_aws_or_of_an_application() {
        for (object, expected) in [
            (json!({"Records": []}), false),
            (json!({"version": "0", "detail-type": "x", "source": "aws.signin", "detail": {}}), false),
            (json!({"service": "cloudtrail", "Records": []}), false),
            (json!({"sourcetype": "aws:cloudtrail", "detail": {}}), false),
            (json!({"detail": {"source": "com.shop", "level": "info"}}), false),
            (json!({"version": "0", "detail-type": "LoginForm", "source": "com.shop.web", "detail": {}}), true),
            (json!({"service": "shop", "Records": []}), true),
            (json!({"service": {"name": "shop"}, "Records": []}), true),
            (json!({"app": "aws", "Records": []}), true),
            (json!({"source": "lawsuits", "Records": []}), true),
        ] {
            assert_eq!(is_of_application(object.to_string().as_bytes()), expected, "{object}");
        }
    }
}
