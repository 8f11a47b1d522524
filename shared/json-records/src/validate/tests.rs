//! Compares the validator with `serde_json`, and its index with the parsed object.

use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::bitmaps::{Bitmaps, escaped};
use super::*;
use crate::key_set::Key;
use crate::levels;
use crate::scalar::Value as Found;

static INNER: KeySet = KeySet::new(&[("code", Key::Value(2))]);
static OUTER: KeySet =
    KeySet::new(&[("id", Key::Value(0)), ("inner", Key::Object(3, &INNER)), ("category", Key::Value(1))]);

/// The index of a text, which is the same at every SIMD level.
fn indexed(text: &[u8]) -> Result<Index<4>, Invalid> {
    let [first, others @ ..] = &levels()[..] else { panic!("there is a level") };
    let index = |level| validate(text, Validation { level, in_line: false, depth: usize::MAX }, Some(&OUTER));
    let expected = index(*first);
    for level in others {
        assert_eq!(index(*level), expected, "{level:?}: {}", text.escape_ascii());
    }
    expected
}

fn is_valid(text: &[u8]) -> bool {
    indexed(text).is_ok_and(|index| index.length == text.len())
}

/// `serde_json` ignores values by JSON's grammar, and to any depth.
fn is_json_object(text: &[u8]) -> bool {
    text.first() == Some(&b'{') && text.last() == Some(&b'}') && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Documents without requested keys: duplicates are another test's subject.
fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
        prop::sample::select(vec!["\\", "\"", "\\\\\\\"", "\u{1}\n", "{\"a\":[1,2]}", ""]).prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[^\"\\\\]{0,12}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-z\\\\\"]{0,70}_", value, 0..6)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// A document in one of four styles of white space.
fn written(document: &Value, style: u8) -> String {
    let compact = document.to_string();
    match style {
        0 => compact,
        1 => serde_json::to_string_pretty(document).unwrap(),
        2 => serde_json::to_string_pretty(document).unwrap().replace('\n', "\r\n\t  "),
        _ => serde_json::to_string_pretty(document).unwrap().replace('\n', &" ".repeat(70)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_document_is_valid_with_any_white_space(document in documents(), style in 0..4_u8) {
        let text = written(&document, style);
        prop_assert!(is_valid(text.as_bytes()), "{}", text);
    }

    #[test]
    fn a_damaged_document_is_valid_exactly_if_serde_json_accepts_it(
        document in documents(),
        style in 0..4_u8,
        places in vec(any::<prop::sample::Index>(), 1..4),
        marks in vec(prop::sample::select(&b"{}[]\",:\\ \n\x01\x1f0123456789-+.eEtrufalsn/b\x7f\x80\xc3"[..]), 1..4),
        removes in any::<bool>(),
    ) {
        let mut text = written(&document, style).into_bytes();
        for (place, mark) in places.iter().zip(&marks) {
            let place = place.index(text.len());
            if removes { text[place] = *mark } else { text.insert(place, *mark) }
        }
        prop_assert_eq!(is_valid(&text), is_json_object(&text), "{}", String::from_utf8_lossy(&text));
    }

    #[test]
    fn any_tokens_are_valid_exactly_if_serde_json_accepts_them(
        tokens in vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"\"", "1", "-0.5e+7", "true", "null", "false", " ", "\n", "\"\\\"\"", "\\", "x",
        ]), 0..14),
    ) {
        let text = format!("{{\"a\":{}}}", tokens.concat());
        prop_assert_eq!(is_valid(text.as_bytes()), is_json_object(text.as_bytes()), "{}", text);
        let text = format!("{{{}}}", tokens.concat());
        prop_assert_eq!(is_valid(text.as_bytes()), is_json_object(text.as_bytes()), "{}", text);
    }

    #[test]
    fn a_truncated_document_is_not_valid(document in documents(), style in 0..4_u8, place in any::<prop::sample::Index>()) {
        let text = written(&document, style);
        let cut = place.index(text.len() - 1) + 1;
        prop_assert!(indexed(&text.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn bytes_after_the_document_do_not_matter(document in documents(), rest in vec(any::<u8>(), 0..200)) {
        let text = document.to_string();
        let length = indexed(&[text.as_bytes(), &rest].concat()).map(|index| index.length);
        prop_assert_eq!(length, Ok(text.len()));
    }

    #[test]
    fn requested_keys_are_found_at_any_position(
        others in prop::collection::btree_map("[a-z\\\\\"]{0,70}_", documents(), 0..4),
        id in ".{0,20}",
        code in any::<i64>(),
        style in 0..4_u8,
        shift in 0..130_usize,
    ) {
        let mut document = json!({"a": "x".repeat(shift), "category": 7, "id": id, "inner": {"b": {"code": 1}, "code": code}});
        document.as_object_mut().unwrap().extend(others);
        let text = written(&document, style);
        let index = indexed(text.as_bytes()).unwrap();
        let text = text.as_bytes();
        let value = |slot| scalar::after_key(index.after_key(text, slot));
        let (id, code) = (Value::from(id).to_string(), code.to_string());
        let within = &id.as_bytes()[1..id.len() - 1];
        let expected = if id.contains('\\') { Found::Escaped(id.as_bytes()) } else { Found::Text(within) };
        prop_assert_eq!(value(0), expected);
        prop_assert_eq!(value(1), Found::Word(b"7"));
        prop_assert_eq!(value(2), Found::Word(code.as_bytes()));
    }
}

#[test]
fn an_index_that_needs_a_full_parse_is_not_trusted() {
    for (text, is_trusted) in [
        (r#"{"id":1,"id":2}"#, false),
        (r#"{"inner":{"code":1},"inner":{"code":1}}"#, false),
        (r#"{"inner":{"x":1},"inner":{"code":1}}"#, false),
        (r#"{"inner":{},"x":{},"inner":{}}"#, false),
        (r#"{"inner":"{}"}"#, false),
        (r#"{"inner":[{"code":1}]}"#, false),
        (r#"{"x":1e5}"#, false),
        (r#"{"inner":null,"x":1}"#, false),
        (r#"{"i\u0064":1}"#, false),
        (r#"{"x":"\u0041"}"#, false),
        (r#"{"x":"it\u0027s \u00e5","inner":{"x":"\"code\""}}"#, true),
        (r#"{"id":1,"x":{"id":2},"inner":{"id":3}}"#, true),
        (r#"{"x":1,"x":2,"id_":1,"id_":2,"i":1,"i":2}"#, true),
    ] {
        assert_eq!(indexed(text.as_bytes()).map(|index| index.is_trusted), Ok(is_trusted), "{text}");
    }
}

#[test]
fn only_a_value_itself_is_found_and_nothing_nested_in_it() {
    for (text, expected) in [
        (r#"{"inner":[{"code":1}]}"#, Found::None),
        (r#"{"inner":"{\"code\":1}"}"#, Found::None),
        (r#"{"inner":{"x":{"code":1}}}"#, Found::None),
        (r#"{"inner":{"code":{"code":1}}}"#, Found::Nested),
        (r#"{"inner":{"code":[1]}}"#, Found::Nested),
        (r#"{"code":1}"#, Found::None),
        (r#"{"inner":{"code":1}}"#, Found::Word(b"1")),
        (r#"{"inner":{"code":""}}"#, Found::Text(b"")),
        (r#"{"inner":{"x":{"code":1},"code" :	"a\"b" }}"#, Found::Escaped(br#""a\"b""#)),
    ] {
        let text = text.as_bytes();
        let found = scalar::after_key(indexed(text).unwrap().after_key(text, 2));
        assert_eq!(found, expected, "{}", text.escape_ascii());
    }
}

#[test]
fn numbers_of_any_size_and_unpaired_surrogates_are_valid() {
    for text in [
        r#"{"a":1e400}"#,
        r#"{"a":-123456789012345678901234567890}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"\udc00":"\uD83D\u0041"}"#,
    ] {
        assert!(is_valid(text.as_bytes()), "{text}");
    }
    for text in [
        r#"{"a":"\ud80"}"#,
        r#"{"a":"\ux000"}"#,
        r#"{"a":01}"#,
        r#"{"a":.5}"#,
        r#"{"a":1.}"#,
        r#"{"a":-}"#,
        r#"{"a":+1}"#,
        r#"{"a":nul}"#,
    ] {
        assert!(!is_valid(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_record_on_a_line_has_no_line_feed() {
    let text = b"{\"a\":\n1}";
    let validation = |in_line| Validation { level: Level::new(), in_line, depth: usize::MAX };
    assert!(validate::<4>(text, validation(false), Some(&OUTER)).is_ok());
    assert_eq!(validate::<4>(text, validation(true), Some(&OUTER)), Err(Invalid::Malformed));
}

#[test]
fn millions_of_brackets_overflow_nothing() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let text = format!("{{\"a\":{}1{}}}", open.repeat(1_000_000), close.repeat(1_000_000));
        assert!(is_valid(text.as_bytes()));
        let one_less = text.replacen(close, "", 1);
        assert!(indexed(one_less.as_bytes()).is_err());
    }
}

#[test]
fn the_readme_shows_the_bitmaps_as_they_are() {
    let text = br#"{"id" : "a\"b","n":[1,20]}"#;
    let mut bytes = [b' '; BLOCK];
    bytes[..text.len()].copy_from_slice(text);
    let mut blocks = [Block::default(); AT_ONCE];
    dispatch!(Level::new(), simd => Carry::default().classify_all(simd, &bytes, &mut blocks));
    let bitmaps = dispatch!(Level::new(), simd => Bitmaps::of(simd, &bytes));
    let block = &blocks[0];
    let readme = include_str!("../../README.md");
    let mut rows = Vec::new();
    assert!(readme.contains(&format!("{:<18} {}\n", "text", String::from_utf8_lossy(text))));
    for (name, bits) in [
        ("quote", bitmaps.quote),
        ("backslash", bitmaps.backslash),
        ("escaped", escaped(bitmaps.backslash, &mut 0)),
        ("inside", block.inside),
        ("open, close", block.open | block.close),
        ("colon, comma", block.colon | block.comma),
        ("scalars", block.scalars),
        ("after_value", block.after_value),
        ("separator_parity", block.separator_parity),
        ("grammar_errors", block.grammar_errors),
    ] {
        let row: String = (0..text.len()).map(|bit| if bits >> bit & 1 == 1 { '1' } else { '.' }).collect();
        rows.push(format!("{name:<18} {row}"));
    }
    for row in &rows {
        assert!(readme.contains(row), "{row}\nof:\n{}", rows.join("\n"));
    }
}
