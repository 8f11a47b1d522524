//! Compares a match with the validator, for texts that differ from earlier ones in any way.

use fearless_simd::Level;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index as Place, select};
use serde_json::{Value, json};

use super::*;
use crate::key_set::Key;
use crate::levels;

static INNER: KeySet = KeySet::new(&[("code", Key::Value(2))]);
static OUTER: KeySet = KeySet::with_batches(
    &[("id", Key::Value(0)), ("inner", Key::Object(3, &INNER)), ("category", Key::Record(1))],
    &["more"],
);

/// Some documents are deeper.
const DEPTH: usize = 6;

/// A cache and the SIMD instructions that it uses.
struct Cached {
    cache: TemplateCache<4>,
    validation: Validation,
    index: Index<4>,
}

impl Cached {
    fn new(level: Level) -> Self {
        let validation = Validation { level, in_line: true, depth: DEPTH };
        Self { cache: TemplateCache::new(&OUTER), validation, index: Index::default() }
    }

    /// Validates `text` after others, and checks that those make no difference. Returns whether a template matched.
    fn is_matched(&mut self, text: &[u8]) -> Result<bool, TestCaseError> {
        let alone = validate::<4>(text, self.validation, Some(&OUTER));
        let result = self.cache.validate(text, self.validation, &mut self.index);
        match (&alone, &result) {
            (Ok(alone), Ok(())) => {
                let index = &self.index;
                let is_same = if index.is_utf8 { agrees(index, &Ok(copy(alone)), text) } else { index == alone };
                prop_assert!(is_same, "{index:?} and {alone:?}: {}", text.escape_ascii());
            }
            // At the end of a text, malformed and incomplete can be confused.
            (Err(_), Err(_)) => {}
            _ => prop_assert!(false, "{alone:?} and {result:?}: {}", text.escape_ascii()),
        }
        prop_assert_eq!(self.cache.mismatches(), 0);
        Ok(result.is_ok() && self.index.is_utf8)
    }
}

fn copy(index: &Index<4>) -> Index<4> {
    Index { slots: index.slots, ..*index }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(vec![
            json!(null),
            json!(true),
            json!(0),
            json!(-12.5),
            json!(50126),
            json!(1e300),
            json!([]),
            json!({})
        ]),
        any::<i64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
        "[a-f0-9]{8}".prop_map(Value::from),
        select(vec!["\\", "\"", "é", "São", "€", "\u{1}", "{\"a\":[1,2]}", "", "A"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let name = select(vec!["a", "b", "c", "code", "id", "inner"]).prop_map(str::to_owned);
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            inner
                .clone()
                .prop_flat_map(|value| (1..4_usize).prop_map(move |times| Value::from(vec![value.clone(); times]))),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn records() -> impl Strategy<Value = Value> {
    (values(), values(), "[a-z]{0,9}", any::<u16>()).prop_map(|(before, after, id, code)| {
        json!({"a": before, "category": "SignIns", "id": id, "inner": {"a": 1, "code": code, "x": "why"}, "z": after})
    })
}

#[derive(Clone, Debug)]
enum Edit {
    Replace(Value),
    /// Drop the last element or member.
    Shorten,
    /// Drop the first.
    Behead,
    /// Repeat the last element, or add a member.
    Lengthen,
}

fn edits() -> impl Strategy<Value = Vec<(Place, Edit)>> {
    let edit =
        prop_oneof![values().prop_map(Edit::Replace), Just(Edit::Shorten), Just(Edit::Behead), Just(Edit::Lengthen)];
    vec((any::<Place>(), edit), 0..4)
}

/// The value with this number, counting nested values; the number of values if there are fewer.
fn find(value: &mut Value, number: usize) -> Result<&mut Value, usize> {
    if number == 0 {
        return Ok(value);
    }
    let mut passed = 1;
    let within: Vec<&mut Value> = match value {
        Value::Array(elements) => elements.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    for value in within {
        match find(value, number - passed) {
            Ok(found) => return Ok(found),
            Err(more) => passed += more,
        }
        if passed > number {
            break;
        }
    }
    Err(passed)
}

fn edited(record: &Value, edits: &[(Place, Edit)]) -> Value {
    let mut record = record.clone();
    for (place, edit) in edits {
        let Err(many) = find(&mut record, usize::MAX) else { unreachable!("there are not so many") };
        let Ok(value) = find(&mut record, place.index(many - 1) + 1) else { continue };
        match (edit, value) {
            (Edit::Replace(other), value) => *value = other.clone(),
            (Edit::Shorten, Value::Array(elements)) => drop(elements.pop()),
            (Edit::Shorten, Value::Object(members)) => {
                let last = members.keys().next_back().cloned();
                last.map(|last| members.remove(&last));
            }
            (Edit::Behead, Value::Array(elements)) if !elements.is_empty() => drop(elements.remove(0)),
            (Edit::Behead, Value::Object(members)) => {
                let first = members.keys().next().cloned();
                first.map(|first| members.remove(&first));
            }
            (Edit::Lengthen, Value::Array(elements)) => elements.extend(elements.last().cloned()),
            (Edit::Lengthen, Value::Object(members)) => drop(members.insert("longer".to_owned(), json!([1, "é"]))),
            _ => {}
        }
    }
    record
}

/// Members to insert, which can duplicate members of the record.
fn members() -> impl Strategy<Value = Vec<(Place, &'static str, Value)>> {
    vec((any::<Place>(), select(vec!["inner", "id", "code", "a", "more"]), values()), 0..2)
}

fn with_members(mut text: String, members: &[(Place, &str, Value)]) -> String {
    for (place, name, value) in members {
        let places: Vec<_> = text.match_indices("{\"").map(|(place, _)| place + 1).collect();
        text.insert_str(places[place.index(places.len())], &format!("\"{name}\":{value},"));
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn earlier_records_make_no_difference(
        record in records(),
        others in vec((edits(), members()), 1..8),
        damage in vec((any::<Place>(), select(&b"{}[]\",:\\ \n\x01\x1f019-.eEtrufalsn/\x7f\x80\xc3\xe2"[..]), any::<bool>()), 0..3),
        cut in prop::option::of(any::<Place>()),
        rest in vec(any::<u8>(), 0..100),
    ) {
        let mut caches: Vec<_> = levels().into_iter().map(Cached::new).collect();
        for (edits, members) in &others {
            let text = with_members(edited(&record, edits).to_string(), members);
            for cached in &mut caches {
                // Bytes after the record do not matter.
                cached.is_matched(&[text.as_bytes(), b",", &rest].concat())?;
            }
        }
        let (edits, members) = others.last().unwrap();
        let mut text = with_members(edited(&record, edits).to_string(), members).into_bytes();
        for (place, mark, replaces) in damage {
            let place = place.index(text.len());
            if replaces { text[place] = mark } else { text.insert(place, mark) }
        }
        text.truncate(cut.map_or(text.len(), |cut| cut.index(text.len())));
        for cached in &mut caches {
            cached.is_matched(&[&text[..], &rest].concat())?;
        }
    }
}

/// Whether a text matches the templates of others, at the end of the buffer and before it, at every SIMD level.
fn is_matched(others: &[&str], text: &str) -> bool {
    let mut matches = levels().into_iter().flat_map(|level| {
        ["", &" ".repeat(1_000)].map(|rest| {
            let mut cached = Cached::new(level);
            for other in others {
                cached.is_matched(format!("{other}{rest}").as_bytes()).unwrap();
            }
            cached.is_matched(format!("{text}{rest}").as_bytes()).unwrap()
        })
    });
    let first = matches.next().unwrap();
    assert!(matches.all(|is_matched| is_matched == first), "{text}");
    first
}

#[test]
fn similar_records_match() {
    let record = r#"{"category":"SignIns","id":"a1","inner":{"code":0,"x":"why"},"list":[{"k":1},{"k":2}],"few":[],"y":{"n":7,"o":true}}"#;
    for (there, here) in [
        ("a1", "b2"),
        ("a1", "a much longer one, of more than sixty-four bytes, and with an \\\"escape\\\" and é € in it"),
        ("\"a1\"", "null"),
        ("0", "50126"),
        ("0", "-1.25"),
        (r#","x":"why""#, ""),
        ("2}]", "2},{\"k\":-3},{\"k\":4}]"),
        (",{\"k\":2}]", "]"),
        ("[{\"k\":1},{\"k\":2}]", "[]"),
        ("[]", "[1,[2]]"),
        (",\"o\":true", ""),
        ("\"n\":7,", ""),
        (",\"list\":[{\"k\":1},{\"k\":2}],\"few\":[]", ""),
        ("{\"n\":7,\"o\":true}", "\"none\""),
        ("7", "{\"p\":[]}"),
    ] {
        let text = record.replacen(there, here, 1);
        assert_ne!(text, record, "{there}");
        assert!(is_matched(&[record], &text), "{text}");
        assert!(is_matched(&[record, &text, record], &text), "{text}");
    }
}

#[test]
fn dissimilar_records_do_not_match() {
    let record = r#"{"category":"SignIns","id":"a1","inner":{"code":0},"y":{"n":7}}"#;
    for text in [
        r#"{"id":"a1","category":"SignIns","inner":{"code":0},"y":{"n":7}}"#,
        r#"{"category":"SignIns","inner":{"code":0},"y":{"n":7}}"#,
        r#"{"category":"SignIns","id":"a1","inner":null,"y":{"n":7}}"#,
        r#"{"category":"SignIns","id":"a1","inner":{"code":1e400},"y":{"n":7}}"#,
        r#"{"category":"SignIns","id":"\u0061","inner":{"code":0},"y":{"n":7}}"#,
        r#"{"category":"SignIns","id":"a1","inner":{"code":0,"code":1},"y":{"n":7}}"#,
        r#"{"category":"SignIns","id":"a1","inner":{"code":0}"#,
        r#"{"category":"SignIns","id":"a1","inner":{"code":0},"y":[1,]}"#,
        r#"{"category":"SignIns","id":"a1","inner":{"code":0},"y":[1"#,
        r#"{"category":"SignIns","id":"a1"x,"inner":{"code":0},"y":{"n":7}}"#,
        r#"{"category":"SignIns","id":["a1"}5,"inner":{"code":0},"y":{"n":7}}"#,
    ] {
        let list = r#"{"category":"SignIns","id":"a1","inner":{"code":0},"y":[1]}"#;
        assert!(!is_matched(&[record], text), "{text}");
        assert!(!is_matched(&[list], text), "{text}");
    }
}

#[test]
fn a_known_difference_is_accepted_only_where_json_allows_it() {
    let with = |list: &str| format!(r#"{{"id":"a","list":{list},"inner":{{"code":1}}}}"#);
    let known = ["[1]", "[]", "[1,1]", "[]"].map(with);
    let known = known.each_ref().map(String::as_str);
    for (list, is_json) in [
        ("[1,1,1]", true),
        ("[1,]", false),
        ("[1,1,]", false),
        ("[", false),
        ("[1", false),
        ("[,1]", false),
        ("[]]", false),
    ] {
        assert_eq!(is_matched(&known, &with(list)), is_json, "{list}");
    }
}

#[test]
fn additional_elements_may_each_differ_in_another_way() {
    let pad = "x".repeat(1_000);
    let with = |list: &str| format!(r#"{{"id":"a","list":[{list}],"inner":{{"code":1}},"pad":"{pad}"}}"#);
    let [element, longer, other] = [
        r#"{"o":{"a":1,"b":2},"k":1,"z":"x"}"#,
        r#"{"o":{"a":1,"b":2},"k":222,"z":"x"}"#,
        r#"{"o":{"c":3,"a":1},"k":1,"z":""}"#,
    ];
    let (one, two) = (with(element), with(&[element, element].join(",")));
    for first in [element, longer, other] {
        // As many as the rescan budget allows, none of them twice.
        let elements = [first, other, longer, other, element, other, longer, other, other, other].join(",");
        assert!(is_matched(&[&one, &two], &with(&elements)), "{elements}");
    }
}

#[test]
fn a_record_with_a_duplicate_object_is_no_template() {
    for (there, here) in [
        (
            r#""inner":{},"pad":"xxxxxxxxxx","inner":{"code":1}"#,
            r#""inner":{"code":7},"pad":"xxxxxxxxxx","inner":{"y":1}"#,
        ),
        (
            r#""inner":{"code":1},"pad":"xxxxxxxxxx","inner":{"x":1}"#,
            r#""inner":{"code":1},"pad":"xxxxxxxxxx","inner":{"code":2}"#,
        ),
        (
            r#""inner":{"x":1},"pad":"xxxxxxxxxx","inner":{"code":1}"#,
            r#""inner":{"code":5},"pad":"xxxxxxxxxx","inner":{"code":1}"#,
        ),
    ] {
        let (there, here) = (format!("{{{there}}}"), format!("{{{here}}}"));
        assert!(!is_matched(&[&there, &there], &here), "{here}");
    }
}

#[test]
fn memory_does_not_grow_with_a_record() {
    let mut cached = Cached::new(Level::new());
    for list in ["1,2".to_owned(), "1,3".to_owned(), "3,".repeat(100_000) + "3"] {
        cached.is_matched(format!(r#"{{"id":1,"list":[{list}]}}"#).as_bytes()).unwrap();
    }
    assert!(cached.cache.sync_points.capacity() < 1_000);
}

#[test]
fn several_templates_are_kept_and_dissimilar_records_start_the_backoff() {
    let kinds: Vec<_> =
        (0..MOST_TEMPLATES).map(|kind| format!(r#"{{"k{kind}":1,"id":"a","inner":{{"code":1}}}}"#)).collect();
    let mut cached = Cached::new(Level::new());
    for round in 0..3 {
        for kind in &kinds {
            assert_eq!(cached.is_matched(kind.as_bytes()).unwrap(), round > 0);
        }
    }
    for number in 0..=BUILD_BUDGET / BUILD_COST {
        cached.is_matched(format!(r#"{{"n{number}":1}}"#).as_bytes()).unwrap();
    }
    assert!(cached.cache.backoff_records > 0 && cached.cache.templates.len() == MOST_TEMPLATES);
}

#[test]
fn deep_nesting_is_not_validated_once_for_each_level() {
    let nested =
        |member: &str| format!(r#"{{"id":1,"a":{}1{}}}"#, "{\"a\":".repeat(1_000), format!("{member}}}").repeat(1_000));
    let (record, other) = (nested(""), nested(",\"b\":2"));
    let mut cached = Cached::new(Level::new());
    cached.is_matched(record.as_bytes()).unwrap();
    assert!(!cached.is_matched(other.as_bytes()).unwrap());
}

const RECORD: &[u8] = br#"{"category":"SignIns","id":"a1"}"#;

/// A cache whose last record matched.
fn matched() -> Cached {
    let mut cached = Cached::new(Level::new());
    cached.is_matched(RECORD).unwrap();
    assert!(cached.is_matched(RECORD).unwrap());
    cached
}

#[test]
fn a_match_that_the_validator_confirms_stays() {
    let mut cached = matched();
    let right = copy(&cached.index);
    let validated = validate(RECORD, cached.validation, Some(&OUTER));
    cached.cache.correct(RECORD, &mut cached.index, validated).unwrap();
    assert_eq!((cached.cache.mismatches(), &cached.index), (0, &right));
    assert!(cached.is_matched(RECORD).unwrap());
}

#[test]
fn the_validator_corrects_an_index_that_is_wrong_in_anything_and_ends_the_use_of_templates() {
    let right = matched().index;
    for wrong in [
        Index { length: 5, ..copy(&right) },
        Index { is_trusted: false, ..copy(&right) },
        Index { is_batch: true, ..copy(&right) },
        Index { slots: [0; 4], ..copy(&right) },
    ] {
        let mut cached = matched();
        cached.index = wrong;
        let validated = || validate::<4>(RECORD, cached.validation, Some(&OUTER));
        cached.cache.correct(RECORD, &mut cached.index, validated()).unwrap();
        assert_eq!((cached.cache.mismatches(), &cached.index), (1, &validated().unwrap()));
        for _ in 0..3 {
            cached.cache.validate(RECORD, cached.validation, &mut cached.index).unwrap();
            assert!(!cached.index.is_utf8, "no template was used");
        }
        assert_eq!(cached.cache.mismatches(), 1);
    }
}

#[test]
fn a_match_of_a_text_that_the_validator_refuses_is_refused() {
    let mut cached = matched();
    let corrected = cached.cache.correct(RECORD, &mut cached.index, Err(Invalid::Malformed));
    assert_eq!((corrected, cached.cache.mismatches()), (Err(Invalid::Malformed), 1));
}

#[test]
fn a_match_that_is_not_utf8_is_a_mismatch() {
    let mut cached = matched();
    let text = b"{\"category\":\"SignIns\",\"id\":\"\xff1\"}";
    let validated = validate(text, cached.validation, Some(&OUTER));
    cached.cache.correct(text, &mut cached.index, validated).unwrap();
    assert_eq!((cached.cache.mismatches(), cached.index.is_utf8), (1, false));
}
