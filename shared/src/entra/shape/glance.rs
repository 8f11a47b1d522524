//! Records of diagnostic settings in one go: gone over once, and decided by the few values that were noted on the way.
//!
//! Nine of ten sign-ins succeed, and nearly all of a record does not matter then. What a record is worth here is exactly
//! what [`diagnostic::read_record`](super::diagnostic) makes of it; what that would not find at a glance (names that come
//! twice or are written in escapes, an object as its text, damage) is left to it. One test holds the two against each other.

use std::borrow::Cow;

use super::super::missing::{is_missing, is_missing_id, is_placeholder};
use super::super::record::{self, Ignored, Record, is_code};
use super::super::source::{Origin, of_log};
use super::super::time::{Orders, When};
use super::{Outcome, Sink, defender};
use crate::detection::Source;
use crate::input::json::{Glance, Place};
use crate::input::members::{Member, Members};
use crate::input::scalar::Value;
use crate::input::walk::{Fault, Walked};
use crate::input::{Limits, likeness};

static ENVELOPE: Members = Members::new(&[
    ("category", Member::Value(CATEGORY)),
    ("time", Member::Value(TIME)),
    ("resultType", Member::Value(RESULT_TYPE)),
    ("callerIpAddress", Member::Value(CALLER_IP_ADDRESS)),
    ("correlationId", Member::Value(CORRELATION_ID)),
    ("properties", Member::Object(IN_PROPERTIES, &PROPERTIES)),
]);

static PROPERTIES: Members = Members::new(&[
    ("id", Member::Value(ID)),
    ("createdDateTime", Member::Value(CREATED_DATE_TIME)),
    ("ipAddress", Member::Value(IP_ADDRESS)),
    ("status", Member::Object(IN_STATUS, &STATUS)),
    ("userPrincipalName", Member::Value(USER_PRINCIPAL_NAME)),
    ("servicePrincipalName", Member::Value(SERVICE_PRINCIPAL_NAME)),
    ("appDisplayName", Member::Value(APP_DISPLAY_NAME)),
    ("resourceDisplayName", Member::Value(RESOURCE_DISPLAY_NAME)),
    ("correlationId", Member::Value(PROPERTIES_CORRELATION_ID)),
]);

static STATUS: Members = Members::new(&[("errorCode", Member::Value(ERROR_CODE))]);

const CATEGORY: usize = 0;
const TIME: usize = 1;
const RESULT_TYPE: usize = 2;
const CALLER_IP_ADDRESS: usize = 3;
const CORRELATION_ID: usize = 4;
const ID: usize = 5;
const CREATED_DATE_TIME: usize = 6;
const IP_ADDRESS: usize = 7;
const USER_PRINCIPAL_NAME: usize = 8;
const SERVICE_PRINCIPAL_NAME: usize = 9;
const APP_DISPLAY_NAME: usize = 10;
const RESOURCE_DISPLAY_NAME: usize = 11;
const PROPERTIES_CORRELATION_ID: usize = 12;
const ERROR_CODE: usize = 13;
const IN_PROPERTIES: usize = 14;
const IN_STATUS: usize = 15;
/// How many these are.
const VALUES: usize = 16;

/// What is known of the records of an object.
pub(super) struct Precedents {
    alike: likeness::Precedents<VALUES>,
    /// Category and result, as they are written behind their names, of records that were successes by these alone. Nearly all
    /// records have the same few.
    successes: Vec<[Vec<u8>; 2]>,
}

/// How many of them are remembered.
const SUCCESSES: usize = 8;

/// Before the first, of an object whose records may be so deep.
pub(super) fn no_precedents(limits: Limits) -> Precedents {
    Precedents { alike: likeness::Precedents::new(&ENVELOPE, limits.depth), successes: Vec::new() }
}

/// Takes the record that `text` begins with, if it is one of the usual kind.
pub(super) fn glance(text: &[u8], place: Place, precedents: &mut Precedents, sink: &mut Sink<'_>) -> Glance {
    let walked = match precedents.alike.walk(text, place == Place::Line) {
        Ok(walked) => walked,
        Err(Fault::Unfinished) => return Glance::Unfinished,
        Err(Fault::Malformed) => return Glance::Left,
    };
    let length = walked.length;
    if place == Place::Line {
        match text[length..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')) {
            Some(b'\n') => {}
            Some(_) => return Glance::Left,
            None => return Glance::Unfinished,
        }
    }
    let text = &text[..length];
    let is_sound = walked.is_plain && (walked.is_utf8 || simdutf8::basic::from_utf8(text).is_ok());
    if is_sound && take(&Found { text, walked }, &mut precedents.successes, sink).is_some() {
        Glance::Taken(length)
    } else {
        Glance::Left
    }
}

/// `None` when it is better left.
fn take(found: &Found<'_>, successes: &mut Vec<[Vec<u8>; 2]>, sink: &mut Sink<'_>) -> Option<()> {
    let [category, result] = [CATEGORY, RESULT_TYPE].map(|number| found.walked.behind(found.text, number));
    if successes.iter().any(|known| category.starts_with(&known[0]) && result.starts_with(&known[1])) {
        sink.judged(Outcome::Ignored(Ignored::NotAFailure), found.when()?);
        return Some(());
    }
    let category = found.ascii(CATEGORY)?;
    match of_log(category)? {
        Origin::Source(source) => {
            if found.sign_in(source, sink)? && successes.len() < SUCCESSES {
                successes.extend(found.success());
            }
        }
        Origin::UnknownSignIns => sink.unknown_sign_in(),
        Origin::OtherLog if defender::is_category(category) => return None,
        Origin::OtherLog => sink.other_category(),
    }
    Some(())
}

/// A record that is JSON.
struct Found<'a> {
    text: &'a [u8],
    walked: &'a Walked<VALUES>,
}

impl<'a> Found<'a> {
    /// The value with this number as a text, empty where it is none or a placeholder; `None` when that cannot be told at a
    /// glance.
    fn text(&self, number: usize) -> Option<Cow<'a, str>> {
        match self.walked.value(self.text, number) {
            Value::Escaped(text) => {
                let text: String = serde_json::from_slice(text).ok()?;
                Some(Cow::Owned(if is_missing(&text) { String::new() } else { text }))
            }
            value => plain(value).map(Cow::Borrowed),
        }
    }

    /// The same, and `None` also when it is written with escapes.
    fn plain(&self, number: usize) -> Option<&'a str> {
        plain(self.walked.value(self.text, number))
    }

    /// The same, trimmed, and `None` also when it is not ASCII.
    fn ascii(&self, number: usize) -> Option<&'a [u8]> {
        let text = written(self.walked.value(self.text, number)).filter(|text| text.is_ascii())?.trim_ascii();
        Some(if is_placeholder(text) { b"" } else { text })
    }

    /// When it happened, and only for want of that when it was logged, which is minutes later.
    fn when(&self) -> Option<When<'a>> {
        let created = self.ascii(CREATED_DATE_TIME)?;
        let when = When::new(if created.is_empty() { self.ascii(TIME)? } else { created }, Orders::ANY);
        // A date that is evidence for others is left to the complete reader.
        when.is_no_evidence().then_some(when)
    }

    /// The category and the result of a success, where these are texts and written without white space before them.
    fn success(&self) -> Option<[Vec<u8>; 2]> {
        let written = |number| match self.walked.value(self.text, number) {
            Value::Text(text) => {
                let behind = self.walked.behind(self.text, number);
                Some([b":\"", text, b"\""].concat()).filter(|written| behind.starts_with(written))
            }
            _ => None,
        };
        Some([written(CATEGORY)?, written(RESULT_TYPE)?])
    }

    /// Takes a sign-in, and tells whether it was a success by its result.
    fn sign_in(&self, source: Source, sink: &mut Sink<'_>) -> Option<bool> {
        let when = self.when()?;
        let result = self.plain(RESULT_TYPE)?;
        let codes = [result, if is_code(result) { "" } else { self.plain(ERROR_CODE)? }];
        if let Err(outcome) = record::failed(sink.rule, source, codes) {
            let is_success = is_code(result) && outcome == Outcome::Ignored(Ignored::NotAFailure);
            sink.judged(outcome, when);
            return Some(is_success);
        }
        let none = const { Cow::Borrowed("") };
        let id = self.text(ID)?;
        // Only where there is none the correlation id says which sign-in it was.
        let has_id = !is_missing_id(&id);
        sink.sign_in(&Record {
            source,
            times: [self.text(CREATED_DATE_TIME)?, Cow::Borrowed(""), self.text(TIME)?],
            addresses: [self.text(IP_ADDRESS)?, self.text(CALLER_IP_ADDRESS)?],
            codes: codes.map(Cow::Borrowed),
            user: self.either(USER_PRINCIPAL_NAME, SERVICE_PRINCIPAL_NAME)?,
            app: self.either(APP_DISPLAY_NAME, RESOURCE_DISPLAY_NAME)?,
            correlation_id: if has_id { none } else { self.either(PROPERTIES_CORRELATION_ID, CORRELATION_ID)? },
            id: if has_id { id } else { Cow::default() },
        });
        Some(false)
    }

    fn either(&self, first: usize, second: usize) -> Option<Cow<'a, str>> {
        let text = self.text(first)?;
        if text.trim().is_empty() { self.text(second) } else { Some(text) }
    }
}

fn plain(value: Value<'_>) -> Option<&str> {
    let text = std::str::from_utf8(written(value)?).ok()?;
    Some(if is_missing(text) { "" } else { text })
}

fn written(value: Value<'_>) -> Option<&[u8]> {
    Some(match value {
        Value::Text(text) => text,
        // As a number is written back when it is whole and fits; anything else would have to be looked at.
        Value::Word(word @ ([b'0'] | [b'1'..=b'9', ..])) if word.len() < 19 && word.iter().all(u8::is_ascii_digit) => {
            word
        }
        Value::None | Value::Word(b"null" | b"true" | b"false") => b"",
        Value::Array | Value::Escaped(_) | Value::Word(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};

    use super::super::{Framing, diagnostic};
    use super::*;
    use crate::detection::Rule;
    use crate::entra::{Outcome, Receiver};

    #[derive(Debug, Default, PartialEq)]
    struct Received(Vec<(Outcome, Option<DateTime<Utc>>)>);

    impl Receiver for Received {
        fn receive(&mut self, outcome: Outcome, when: When<'_>) {
            self.0.push((outcome, when.read()));
        }
    }

    fn received(read: impl FnOnce(&mut Sink<'_>)) -> Received {
        let mut received = Received::default();
        let rule = Rule::default();
        read(&mut Sink::new("", Framing::Lines, &rule, &mut received));
        received
    }

    fn at_a_glance(text: &[u8], place: Place) -> (Glance, Received) {
        at_a_glance_behind(&mut no_precedents(Limits::default()), text, place)
    }

    fn at_a_glance_behind(precedents: &mut Precedents, text: &[u8], place: Place) -> (Glance, Received) {
        let mut seen = Glance::Left;
        let received = received(|sink| seen = glance(text, place, precedents, sink));
        (seen, received)
    }

    fn record() -> Value {
        json!({
            "time": "2026-03-02T12:02:00Z", "category": "SignInLogs", "resultType": "50126", "callerIpAddress": "203.0.113.7",
            "correlationId": "c", "Level": 4, "location": "SE",
            "properties": {
                "id": "a", "createdDateTime": "2026-03-02T12:00:00.1234567+00:00", "userPrincipalName": "ann@contoso.example",
                "appDisplayName": "Azure Portal", "ipAddress": "203.0.113.7", "status": {"errorCode": 50126, "failureReason": "it's"},
                "deviceDetail": {"id": "not this", "status": {"errorCode": 0}}, "policies": [{"id": "nor this"}, []],
            },
        })
    }

    fn success() -> String {
        let mut success = record();
        (success["resultType"], success["properties"]["status"]["errorCode"]) = (json!("0"), json!(0));
        success.to_string() + "\n"
    }

    /// Values that stand where another was expected, or none, or two.
    fn values() -> impl Strategy<Value = String> {
        let texts = [
            "\"0\"",
            "0",
            "50126",
            "\" 50140 \"",
            "\"Failure\"",
            "\"\"",
            "null",
            "true",
            "-1",
            "1e400",
            "0.5",
            "[1]",
            "{}",
            "{\"errorCode\":7}",
            "\"{\\\"errorCode\\\":7}\"",
            "\"\\ud800\"",
            "\"\\u0041\"",
            "\"NonInteractiveUserSignInLogs\"",
            "\"AuditLogs\"",
            "\"-\"",
            "\" <null> \"",
            "\"\\u003cnull\\u003e\"",
            "\"\u{a0}N/A\"",
            "\"00000000-0000-0000-0000-000000000000\"",
            "\"203.0.113.XXX\"",
            "\"203.0.113.8\"",
            "\"System.Object\"",
            "\"50126.0\"",
            "[\"50126\"]",
            "[\"203.0.113.8\"]",
            "[]",
            "\"yesterday\"",
            "\"MySignInLogs\"",
            "\"AdvancedHunting-EntraIdSignInEvents\"",
            "\"::1\"",
            "\"2001:db8::7\"",
            "\"2026-03-02 13:00:00\"",
            "123456789012345678901234567890",
            "\"a\\\"b\\\\\"",
        ];
        select(texts.map(str::to_owned).to_vec())
    }

    const NAMES: [&str; 17] = [
        "time",
        "category",
        "resultType",
        "callerIpAddress",
        "correlationId",
        "properties",
        "id",
        "createdDateTime",
        "ipAddress",
        "status",
        "userPrincipalName",
        "servicePrincipalName",
        "appDisplayName",
        "resourceDisplayName",
        "errorCode",
        "x",
        "result\\u0054ype",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_record_taken_at_a_glance_comes_to_what_it_would_have_come_to(
            changes in vec((select(&NAMES[..]), values(), any::<Index>(), any::<bool>()), 0..4),
            damage in prop::option::of((any::<Index>(), select(&b"{}[]\",:\\\n 0a\x80"[..]))),
            in_line in any::<bool>(),
        ) {
            let mut text = record().to_string();
            for (name, value, place, replaces) in &changes {
                let member = format!("\"{name}\":");
                match text.find(&member) {
                    Some(position) if *replaces => {
                        let end = position + member.len();
                        let rest = text[end..].find([',', '}']).map_or(text.len(), |length| end + length);
                        text.replace_range(end..rest, value);
                    }
                    _ => {
                        let opens: Vec<usize> = text.match_indices("{\"").map(|(position, _)| position + 1).collect();
                        text.insert_str(opens[place.index(opens.len())], &format!("{member}{value},"));
                    }
                }
            }
            let mut text = text.into_bytes();
            if let Some((place, byte)) = damage {
                let place = place.index(text.len());
                text.insert(place, byte);
            }
            let place = if in_line { Place::Line } else { Place::Array };
            let line = [&text, &b"\n"[..]].concat();
            let (seen, received_at_once) = at_a_glance(&line, place);
            let expected = if let Glance::Taken(length) = seen {
                received(|sink| assert!(diagnostic::read_record(&text[..length], sink).is_ok()))
            } else {
                Received::default()
            };
            prop_assert_eq!(&received_at_once, &expected);

            let mut precedents = no_precedents(Limits::default());
            for before in [success().as_bytes(), record().to_string().as_bytes(), &line, success().as_bytes()] {
                at_a_glance_behind(&mut precedents, before, place);
            }
            let (seen_behind, received_behind) = at_a_glance_behind(&mut precedents, &line, place);
            prop_assert_eq!(seen_behind == Glance::Left, seen == Glance::Left);
            prop_assert_eq!(&received_behind, &expected);
        }
    }

    #[test]
    fn what_begins_as_a_success_did_is_no_success_for_that() {
        let success = success();
        for (there, here, expected) in [
            ("\"SignInLogs\"", "\"NonInteractiveUserSignInLogs\"", Outcome::Ignored(Ignored::NotAFailure)),
            ("\"SignInLogs\"", "\"SignInLogs2\"", Outcome::Ignored(Ignored::OtherCategory)),
            ("\"SignInLogs\"", "\"AuditLogs\"", Outcome::Ignored(Ignored::OtherCategory)),
            ("\"resultType\":\"0\"", "\"resultType\":\"\"", Outcome::Ignored(Ignored::NotAFailure)),
            ("\"resultType\":\"0\"", "\"resultType\":\"Failure\"", Outcome::Ignored(Ignored::NotAFailure)),
        ] {
            let mut precedents = no_precedents(Limits::default());
            for _ in 0..2 {
                at_a_glance_behind(&mut precedents, success.as_bytes(), Place::Line);
            }
            assert_eq!(precedents.successes.len(), 1);
            let text = success.replace(there, here);
            let (_, received) = at_a_glance_behind(&mut precedents, text.as_bytes(), Place::Line);
            assert_eq!(received.0[0].0, expected, "{text}");
        }
        let mut precedents = no_precedents(Limits::default());
        at_a_glance_behind(&mut precedents, success.as_bytes(), Place::Line);
        let failure = success.replace("\"resultType\":\"0\"", "\"resultType\":\"00\"");
        let (_, received) = at_a_glance_behind(&mut precedents, failure.as_bytes(), Place::Line);
        assert!(matches!(received.0[0].0, Outcome::Failure(_)), "{received:?}");
    }

    #[test]
    fn of_invented_successes_few_are_remembered() {
        let mut precedents = no_precedents(Limits::default());
        for number in 0..100 {
            let text = success().replace("\"SignInLogs\"", &format!("\"{}SignInLogs\"", " ".repeat(number)));
            at_a_glance_behind(&mut precedents, text.as_bytes(), Place::Line);
        }
        assert_eq!(precedents.successes.len(), SUCCESSES);
    }

    #[test]
    fn a_number_too_large_to_parse_is_left_wherever_it_stands() {
        let mut success = record();
        success["resultType"] = json!("0");
        for record in [record(), success] {
            let text = record.to_string().replace("\"2026-03-02T12:02:00Z\"", "1e400");
            assert_eq!(at_a_glance(format!("{text}\n").as_bytes(), Place::Line), (Glance::Left, Received::default()));
        }
    }

    #[test]
    fn records_as_azure_writes_them_are_taken_at_a_glance() {
        let mut success = record();
        success["resultType"] = json!("0");
        let text = record().to_string();
        for text in [
            text.clone(),
            success.to_string(),
            text.replace("it's", "it\\u0027s \\u00a0 \\\"so\\\""),
            text.replace("Azure Portal", "Öresund"),
            format!("{{ {}", &text[1..]),
            text.replace("\"50126\"", "50126"),
        ] {
            assert_eq!(
                at_a_glance(format!("{text}\r\n").as_bytes(), Place::Line).0,
                Glance::Taken(text.len()),
                "{text}"
            );
            assert_eq!(at_a_glance(format!("{text},").as_bytes(), Place::Array).0, Glance::Taken(text.len()), "{text}");
        }
    }

    #[test]
    fn what_is_damaged_or_not_alone_is_left_and_what_may_go_on_is_not_decided() {
        let text = record().to_string();
        for (text, expected) in [
            (format!("{text} trailing\n"), Glance::Left),
            (format!("{text}{text}\n"), Glance::Left),
            (text.clone(), Glance::Unfinished),
            (text[..100].to_owned(), Glance::Unfinished),
            (format!("{}\n{text}\n", &text[..100]), Glance::Left),
            (text.replace("it's", "it\n"), Glance::Left),
            (text.replace("it's", "it\\x"), Glance::Left),
        ] {
            assert_eq!(at_a_glance(text.as_bytes(), Place::Line), (expected, Received::default()), "{text}");
        }
    }
}
