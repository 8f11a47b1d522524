//! The fast path for records of diagnostic settings: decides from the index of a record, without a full parse.
//!
//! Nine of ten sign-ins succeed, and two values of a record prove a success. The fast path has exactly the result of
//! [`diagnostic::parse_record`](super::diagnostic), or declines. It declines a value in another form than Azure's. A
//! property compares the two.

use std::borrow::Cow;

use json_records::{IndexedRecord, Value};

use super::super::fields::FieldId;
use super::super::missing::{is_missing, is_missing_id, is_placeholder};
use super::super::outcome::Ignored;
use super::super::record::{self, NotCounted, Record, is_code};
use super::super::source::{Origin, of_log};
use super::super::time::When;
use super::super::{Outcome, SuccessTexts};
use super::defender;
use super::diagnostic::{IN_PROPERTIES, SLOTS, STATED};
use super::sink::Sink;
use crate::detection::Source;

/// The fast path, with a cache of the values of earlier successes.
#[derive(Default)]
pub(super) struct FastPath {
    /// Nearly all records have one of a few pairs.
    successes: Vec<KnownSuccess>,
}

/// A pair of values that proves that a sign-in did not fail.
struct KnownSuccess {
    /// The texts from the colon after the keys `category` and `resultType` to the value's end.
    texts: [Vec<u8>; 2],
    /// Whether it succeeded, and was not interrupted.
    has_succeeded: bool,
}

/// The most pairs in the cache.
const MOST_SUCCESSES: usize = 8;

impl FastPath {
    /// Gives the outcome of a record to the sink. `None` if it declines; then the sink has received nothing.
    pub(super) fn judge(&mut self, record: &IndexedRecord<'_, SLOTS>, sink: &mut Sink<'_>) -> Option<()> {
        let fields = IndexedFields(record);
        let [category, result] = [FieldId::Category, FieldId::Code].map(|id| record.after_key(id as usize));
        let is_known =
            |known: &&KnownSuccess| category.starts_with(&known.texts[0]) && result.starts_with(&known.texts[1]);
        if let Some(known) = self.successes.iter().find(is_known) {
            let when = fields.when()?;
            if known.has_succeeded {
                fields.succeeded(when, sink)?;
            }
            sink.judged(Outcome::Ignored(Ignored::NotAFailure), when);
            return Some(());
        }
        let category = fields.ascii(FieldId::Category)?;
        match of_log(category)? {
            Origin::Source(source) => {
                if fields.sign_in(source, sink)? && self.successes.len() < MOST_SUCCESSES {
                    self.successes.extend(fields.success());
                }
            }
            Origin::UnknownSignIns => sink.unknown_sign_in(),
            Origin::OtherLog if defender::is_category(category) => return None,
            // It can be a row to which an analyst added a category.
            Origin::OtherLog if record.after_key(IN_PROPERTIES).is_empty() => return None,
            Origin::OtherLog => sink.other_category(),
        }
        Some(())
    }
}

/// The fields of a record, by its index. Methods return `None` where only a full parse can decide.
struct IndexedFields<'r, 'a>(&'r IndexedRecord<'a, SLOTS>);

impl<'a> IndexedFields<'_, 'a> {
    fn value(&self, id: FieldId) -> Value<'a> {
        self.0.value(id as usize)
    }

    /// The text of a field; empty if it is absent or a placeholder.
    fn text(&self, id: FieldId) -> Option<Cow<'a, str>> {
        match self.value(id) {
            Value::Escaped(text) => {
                let text: String = serde_json::from_slice(text).ok()?;
                Some(Cow::Owned(if is_missing(&text) { String::new() } else { text }))
            }
            value => plain(value).map(Cow::Borrowed),
        }
    }

    /// Like `text`, but a placeholder is a text.
    fn unchecked(&self, id: FieldId) -> Option<Cow<'a, [u8]>> {
        match self.value(id) {
            Value::Escaped(text) => Some(Cow::Owned(serde_json::from_slice::<String>(text).ok()?.into_bytes())),
            value => written(value).map(Cow::Borrowed),
        }
    }

    /// Like `text`, for a text without escapes.
    fn plain(&self, id: FieldId) -> Option<&'a str> {
        plain(self.value(id))
    }

    /// Like `text`, for ASCII without escapes. Trimmed.
    fn ascii(&self, id: FieldId) -> Option<&'a [u8]> {
        let text = written(self.value(id)).filter(|text| text.is_ascii())?.trim_ascii();
        Some(if is_placeholder(text) { b"" } else { text })
    }

    /// The time of the sign-in. Without one, the full parse may find it under another name.
    fn when(&self) -> Option<When<'a>> {
        let created = self.ascii(FieldId::Time).filter(|created| !created.is_empty())?;
        let when = When::by_itself(created);
        // The full parse handles a date that is evidence for others.
        when.is_no_evidence().then_some(when)
    }

    /// The address of the sign-in. Without one, the full parse may find it under another name.
    fn address(&self) -> Option<Cow<'a, str>> {
        self.text(FieldId::Address).filter(|address| !address.trim().is_empty())
    }

    /// Gives a successful sign-in to the sink, if that has a use for it.
    fn succeeded(&self, when: When<'_>, sink: &mut Sink<'_>) -> Option<()> {
        if !sink.wants_successes() {
            return Some(());
        }
        // Another application can log a success that a visitor posted.
        if !self.0.after_key(STATED).is_empty() {
            return None;
        }
        let address = self.unchecked(FieldId::Address).filter(|address| !is_placeholder(address.trim_ascii()))?;
        let addresses = [address, self.unchecked(FieldId::CallerAddress)?];
        let users = [self.unchecked(FieldId::User)?, self.unchecked(FieldId::ServicePrincipal)?];
        sink.succeeded(&SuccessTexts {
            addresses: addresses.each_ref().map(|text| &**text),
            users: users.each_ref().map(|text| &**text),
            time: when.text(),
        });
        Some(())
    }

    /// The pair for [`FastPath::successes`], if both values are texts without white space around the colon.
    fn success(&self) -> Option<KnownSuccess> {
        let written = |id| match self.value(id) {
            Value::Text(text) => {
                let after_key = self.0.after_key(id as usize);
                Some([b":\"", text, b"\""].concat()).filter(|written| after_key.starts_with(written))
            }
            _ => None,
        };
        let texts = [written(FieldId::Category)?, written(FieldId::Code)?];
        Some(KnownSuccess { texts, has_succeeded: record::is_success([self.plain(FieldId::Code)?, ""]) })
    }

    /// Gives a sign-in to the sink, and returns whether its result code alone made it a success.
    fn sign_in(&self, source: Source, sink: &mut Sink<'_>) -> Option<bool> {
        let when = self.when()?;
        let result = self.plain(FieldId::Code)?;
        let codes = [result, if is_code(result) { "" } else { self.plain(FieldId::StatusCode)? }];
        if let Err(outcome) = record::failure_code(sink.rule, source, codes) {
            let is_no_failure = outcome == NotCounted::Ignored(Ignored::NotAFailure);
            if is_no_failure && record::is_success(codes) {
                self.succeeded(when, sink)?;
            }
            sink.judged(outcome.into(), when);
            return Some(is_no_failure && is_code(result));
        }
        // Another application can log a failure that a visitor posted.
        if !self.0.after_key(STATED).is_empty() {
            return None;
        }
        let id = self.text(FieldId::Id)?;
        sink.sign_in(&Record {
            source,
            times: [self.text(FieldId::Time)?, Cow::Borrowed(""), self.text(FieldId::LoggedAt)?],
            addresses: [self.address()?, self.text(FieldId::CallerAddress)?],
            codes: codes.map(Cow::Borrowed),
            user: self.either(FieldId::User, FieldId::ServicePrincipal)?,
            app: self.either(FieldId::App, FieldId::Resource)?,
            client_app: self.text(FieldId::ClientApp)?,
            operation: self.text(FieldId::Operation)?,
            user_agent: self.text(FieldId::UserAgent)?,
            correlation_id: self.either(FieldId::CorrelationId, FieldId::EnvelopeCorrelationId)?,
            tenant: self.text(FieldId::Tenant)?,
            id: if is_missing_id(&id) { Cow::default() } else { id },
        });
        Some(false)
    }

    fn either(&self, first: FieldId, second: FieldId) -> Option<Cow<'a, str>> {
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
        // A whole number that fits a type is its own text. Others need a full parse.
        Value::Word(word @ ([b'0'] | [b'1'..=b'9', ..])) if word.len() < 19 && word.iter().all(u8::is_ascii_digit) => {
            word
        }
        Value::None | Value::Word(b"null" | b"true" | b"false") => b"",
        Value::Nested | Value::Escaped(_) | Value::Word(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use json_records::{Framing, Indexer};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};

    use super::super::SinkState;
    use super::super::diagnostic::{self, KEYS};
    use super::*;
    use crate::detection::Rule;
    use crate::entra::{Outcome, Receiver, TimeCollector, TimeRange};
    use crate::input::{Input, Limits};

    #[derive(Debug, PartialEq)]
    struct Outcomes {
        received: Vec<Outcome>,
        /// The user, the address and the time of each success.
        successes: Vec<String>,
        times: TimeRange,
    }

    impl Outcomes {
        fn nothing() -> Self {
            Self {
                received: Vec::new(),
                successes: Vec::new(),
                times: TimeRange::with_horizon(DateTime::<Utc>::MAX_UTC),
            }
        }
    }

    impl Receiver for Outcomes {
        fn receive(&mut self, outcome: Outcome) {
            self.received.push(outcome);
        }

        fn wants_successes(&self) -> bool {
            true
        }

        fn succeeded(&mut self, success: &SuccessTexts<'_>) {
            let parsed = success.address().and_then(|address| success.from(address));
            self.successes.push(format!("{parsed:?}"));
        }

        fn times(&mut self) -> TimeCollector<'_> {
            TimeCollector::Range(&mut self.times)
        }
    }

    fn received(read: impl FnOnce(&mut Sink<'_>)) -> Outcomes {
        let mut received = Outcomes::nothing();
        let rule = Rule::default();
        read(&mut Sink::new("", Framing::Lines, &rule, &mut SinkState::default(), &mut received));
        received
    }

    /// The result for a record.
    #[derive(Debug, PartialEq)]
    enum Fast {
        /// The fast path decided it. It has this length.
        Taken(usize),
        /// It is valid, and the fast path declined it.
        Declined,
        /// It is not one valid record.
        Invalid,
    }

    /// The fast path, and the templates of earlier records.
    struct Path {
        indexer: Indexer<SLOTS>,
        fast_path: FastPath,
    }

    impl Path {
        fn new() -> Self {
            Self { indexer: Indexer::new(&KEYS, Limits::default().depth), fast_path: FastPath::default() }
        }

        /// Reads the first record of a text that is framed as lines or as an array.
        fn read(&mut self, text: &[u8], framing: Framing) -> (Fast, Outcomes) {
            let text = if framing == Framing::Lines { text.to_vec() } else { [b"[", text, b"]"].concat() };
            let mut input = Input::of_text(text, Limits::default());
            let mut reader = input.records(framing, &mut self.indexer);
            let mut fast = Fast::Invalid;
            let received = received(|sink| match reader.next() {
                Ok(Some(json_records::Record::Indexed(record))) => {
                    let is_taken = self.fast_path.judge(&record, sink).is_some();
                    fast = if is_taken { Fast::Taken(record.text().len()) } else { Fast::Declined };
                }
                Ok(Some(json_records::Record::Raw(_))) => fast = Fast::Declined,
                _ => {}
            });
            (fast, received)
        }
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

    /// Values in another form than Azure's.
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
            "{\"$numberInt\":\"50140\"}",
            "{\"$date\":\"2026-03-02T13:00:00Z\"}",
            "{\"$date\":\"2026-03-02T13:00:00Z\",\"x\":0}",
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

    const NAMES: [&str; 21] = [
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
        "level",
        "logger",
        "properties.createdDateTime",
        "properties_ipAddress",
        "result\\u0054ype",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn the_fast_path_returns_what_a_full_parse_returns_or_declines(
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
            let framing = if in_line { Framing::Lines } else { Framing::Values };
            let line = [&text, &b"\n"[..]].concat();
            let (fast, taken) = Path::new().read(&line, framing);
            let expected = if let Fast::Taken(length) = fast {
                // Damage before the record, such as white space, is skipped.
                let start = text.iter().position(|byte| *byte == b'{').unwrap_or_default();
                received(|sink| assert!(diagnostic::parse_record(&text[start..start + length], sink).is_ok()))
            } else {
                Outcomes::nothing()
            };
            prop_assert_eq!(&taken, &expected);

            let mut path = Path::new();
            for before in [success().as_bytes(), record().to_string().as_bytes(), &line, success().as_bytes()] {
                path.read(before, framing);
            }
            let (fast_after, taken_after) = path.read(&line, framing);
            prop_assert_eq!(fast_after, fast);
            prop_assert_eq!(&taken_after, &expected);
            prop_assert_eq!(path.indexer.template_mismatches(), 0);
        }
    }

    #[test]
    fn a_value_that_begins_like_a_cached_one_is_not_taken_for_it() {
        let success = success();
        for (there, here, expected) in [
            ("\"SignInLogs\"", "\"NonInteractiveUserSignInLogs\"", Outcome::Ignored(Ignored::NotAFailure)),
            ("\"SignInLogs\"", "\"SignInLogs2\"", Outcome::Ignored(Ignored::OtherCategory)),
            ("\"SignInLogs\"", "\"AuditLogs\"", Outcome::Ignored(Ignored::OtherCategory)),
            ("\"resultType\":\"0\"", "\"resultType\":\"\"", Outcome::Ignored(Ignored::NotAFailure)),
            ("\"resultType\":\"0\"", "\"resultType\":\"Failure\"", Outcome::Ignored(Ignored::NotAFailure)),
        ] {
            let mut path = Path::new();
            for _ in 0..2 {
                path.read(success.as_bytes(), Framing::Lines);
            }
            assert_eq!(path.fast_path.successes.len(), 1);
            let text = success.replace(there, here);
            let (_, received) = path.read(text.as_bytes(), Framing::Lines);
            assert_eq!(received.received[0], expected, "{text}");
        }
        let mut path = Path::new();
        path.read(success.as_bytes(), Framing::Lines);
        let failure = success.replace("\"resultType\":\"0\"", "\"resultType\":\"00\"");
        let (_, received) = path.read(failure.as_bytes(), Framing::Lines);
        assert!(matches!(received.received[0], Outcome::Failure(_)), "{received:?}");
    }

    #[test]
    fn the_cache_of_successes_is_bounded_for_invented_pairs() {
        let mut path = Path::new();
        for number in 0..100 {
            let text = success().replace("\"SignInLogs\"", &format!("\"{}SignInLogs\"", " ".repeat(number)));
            path.read(text.as_bytes(), Framing::Lines);
        }
        assert_eq!(path.fast_path.successes.len(), MOST_SUCCESSES);
    }

    #[test]
    fn a_record_with_a_number_too_large_for_a_type_is_declined() {
        let mut success = record();
        success["resultType"] = json!("0");
        for record in [record(), success] {
            let text = record.to_string().replace("\"2026-03-02T12:02:00Z\"", "1e400");
            let text = format!("{text}\n");
            assert_eq!(Path::new().read(text.as_bytes(), Framing::Lines), (Fast::Declined, Outcomes::nothing()));
        }
    }

    /// A tool can have flattened it.
    #[test]
    fn a_record_whose_address_can_have_another_name_is_declined() {
        for record in [record().to_string(), success().trim_end().to_owned()] {
            let text = record.replacen("\"ipAddress\":\"203.0.113.7\"", "\"ipAddress\":\"\"", 1);
            assert_ne!(text, record);
            let text = format!("{text}\n");
            assert_eq!(Path::new().read(text.as_bytes(), Framing::Lines), (Fast::Declined, Outcomes::nothing()));
        }
    }

    #[test]
    fn records_as_azure_writes_them_take_the_fast_path() {
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
            let line = format!("{text}\r\n");
            assert_eq!(Path::new().read(line.as_bytes(), Framing::Lines).0, Fast::Taken(text.len()), "{text}");
            for framing in [Framing::Values, Framing::Lines] {
                assert_eq!(Path::new().read(text.as_bytes(), framing).0, Fast::Taken(text.len()), "{text}");
            }
        }
    }

    #[test]
    fn a_record_that_is_damaged_or_not_alone_on_its_line_does_not_take_the_fast_path() {
        let text = record().to_string();
        for (text, expected) in [
            (format!("{text} trailing\n"), Fast::Declined),
            (format!("{text}{text}\n"), Fast::Declined),
            (text[..100].to_owned(), Fast::Invalid),
            (format!("{}\n{text}\n", &text[..100]), Fast::Invalid),
            (text.replace("it's", "it\u{1b}"), Fast::Declined),
            (text.replace("it's", "it\\x"), Fast::Invalid),
        ] {
            let found = Path::new().read(text.as_bytes(), Framing::Lines);
            assert_eq!(found, (expected, Outcomes::nothing()), "{text}");
        }
    }
}
