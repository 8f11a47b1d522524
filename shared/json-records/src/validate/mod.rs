//! Validates one object in a single pass, and indexes its requested keys.
//!
//! Accepts exactly the objects of RFC 8259, which are those that `serde_json` ignores without complaint. Among them are
//! nesting of any depth (nothing recurses), duplicate keys, numbers too large for any type, and unpaired surrogates.
//! Whether a caller can use the index without a full parse is a second question, which [`Index::is_trusted`] answers.
//!
//! A block of sixty-four bytes is classified at a time, by operations on one bit for each byte. The method is that of
//! Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019. It goes one step further: the bitmaps find not
//! only the tokens, but also the tokens that the grammar does not allow where they are. Only brackets, numbers and
//! words are visited one by one.

#![expect(
    clippy::inline_always,
    reason = "SIMD code must be inlined into one function with the target feature, or each call costs more than it saves"
)]

pub(crate) mod bitmaps;
mod key_indexer;
mod nesting;

use fearless_simd::{Level, Simd, dispatch};

use self::bitmaps::{BLOCK, Bitmaps, below, escaped, ones, parity};
use self::key_indexer::KeyIndexer;
use self::nesting::Nesting;
use crate::index::{Index, Invalid};
use crate::key_set::KeySet;
use crate::scalar::{self, Scalar};

/// How a text is validated.
#[derive(Clone, Copy)]
pub(crate) struct Validation {
    /// The SIMD instructions to use.
    pub(crate) level: Level,
    /// `true` if the object must not contain a line feed.
    pub(crate) in_line: bool,
    /// The deepest nesting of objects and arrays, the object itself included.
    pub(crate) depth: usize,
}

/// Validates the object that `text` begins with, or the array if no keys are requested. Does not check UTF-8.
pub(crate) fn validate<const N: usize>(
    text: &[u8],
    validation: Validation,
    keys: Option<&'static KeySet>,
) -> Result<Index<N>, Invalid> {
    match text.first() {
        Some(b'{') => {}
        Some(b'[') if keys.is_none() => {}
        _ => return Err(Invalid::Malformed),
    }
    let Validation { level, in_line, depth } = validation;
    let (carry, nesting, indexer) = (Carry::default(), Nesting::default(), KeyIndexer::new(keys));
    Validator::<N> { text, in_line, depth, carry, nesting, colon_is_next: false, indexer }.blocks(level)
}

struct Validator<'t, const N: usize> {
    text: &'t [u8],
    in_line: bool,
    depth: usize,
    carry: Carry,
    nesting: Nesting,
    /// Of the innermost object: `true` if its next separator must be a colon, `false` if a comma.
    colon_is_next: bool,
    indexer: KeyIndexer<N>,
}

/// State from one block to the next. Each field is the lowest bit or, where stated, all bits.
#[derive(Default)]
struct Carry {
    /// All bits: the block begins in a string.
    inside: u64,
    /// The first byte is escaped.
    escaped: u64,
    /// The first byte follows a byte of a number or word.
    scalar: u64,
    /// Only white space since the end of a string.
    quote: u64,
    /// Only white space since the end of another value.
    value: u64,
    /// Only white space since a colon or comma.
    separator: u64,
}

/// Blocks that are classified before the first of them is validated.
const AT_ONCE: usize = 8;

/// The bitmaps of a classified block.
#[derive(Clone, Copy, Default)]
struct Block {
    open: u64,
    close: u64,
    colon: u64,
    comma: u64,
    /// The first bytes of numbers and words.
    scalars: u64,
    /// The opening quotes of strings.
    strings: u64,
    /// The first byte after each value that is not white space; also the bytes within a number or word.
    after_value: u64,
    /// Tokens that the grammar does not allow after the token before them.
    grammar_errors: u64,
    /// Bytes up to which the number of colons and commas in the block is odd.
    separator_parity: u64,
    /// Control characters, in strings and as white space.
    control: u64,
    /// Bytes of strings, from the opening quote to the byte before the closing one.
    inside: u64,
    /// Escaped bytes, except quotes and backslashes: those are always valid, and are nearly all in JSON within a
    /// string.
    escaped: u64,
}

impl<const N: usize> Validator<'_, N> {
    fn blocks(mut self, level: Level) -> Result<Index<N>, Invalid> {
        let mut blocks = [Block::default(); AT_ONCE];
        for (number, bytes) in self.text.chunks(AT_ONCE * BLOCK).enumerate() {
            // Branch-free work first, then the branches: a misprediction then discards little.
            let count = dispatch!(level, simd => self.carry.classify_all(simd, bytes, &mut blocks));
            for (block, at) in blocks[..count].iter().zip((number * AT_ONCE * BLOCK..).step_by(BLOCK)) {
                if let Some(end) = self.block(block, at)? {
                    return Ok(self.indexer.index(end));
                }
            }
        }
        Err(Invalid::Incomplete)
    }

    /// Validates a block, and returns the object's length if it ends in the block.
    #[inline(always)]
    fn block(&mut self, block: &Block, at: usize) -> Result<Option<usize>, Invalid> {
        let mut from = 0;
        let mut end = None;
        for position in ones(block.open | block.close) {
            let is_valid =
                self.members(block, below(position) & !below(from), from, at) && self.bracket(block, position, at);
            if !is_valid {
                return Err(Invalid::Malformed);
            }
            from = position + 1;
            if self.nesting.depth == 0 {
                end = Some(from);
                break;
            }
        }
        if end.is_none() && !self.members(block, !below(from), from, at) {
            return Err(Invalid::Malformed);
        }
        let within = end.map_or(u64::MAX, below);
        let is_malformed = block.grammar_errors & within != 0
            || (block.control | block.escaped) & within != 0 && !self.are_characters_valid(block, within, at)
            || !self.scalars(block.scalars & within, at);
        match end {
            _ if is_malformed => Err(Invalid::Malformed),
            Some(end) => Ok(Some(at + end as usize)),
            None => Ok(None),
        }
    }

    /// Validates the separators between two brackets, and indexes the keys there. `between` are the bits between the
    /// brackets, `from` is the first of them. An array has no colon; in an object colons and commas alternate.
    #[inline(always)]
    fn members(&mut self, block: &Block, between: u64, from: u32, at: usize) -> bool {
        if !self.nesting.is_object() {
            return block.colon & between == 0;
        }
        let parity = block.separator_parity;
        let separators = (block.colon | block.comma) & between;
        // An odd number of separators before `from` inverts the parity after it.
        let is_inverted = parity & below(from) & (1_u64 << from.saturating_sub(1)) != 0;
        let colons = if is_inverted == self.colon_is_next { !parity } else { parity };
        self.colon_is_next ^= separators.count_ones() & 1 == 1;
        if let Some(keys) = self.indexer.requested() {
            for position in ones(block.strings & between & !colons) {
                self.indexer.key(keys, self.text, at + position as usize + 1);
            }
        }
        (block.colon ^ colons) & separators == 0
    }

    /// Validates a bracket, and enters or leaves its array or object.
    #[inline(always)]
    fn bracket(&mut self, block: &Block, position: u32, at: usize) -> bool {
        let byte = self.text[at + position as usize];
        if block.open >> position & 1 == 1 {
            let is_valid = !(self.nesting.is_object() && self.colon_is_next) && self.nesting.depth < self.depth;
            self.indexer.enter(self.nesting.depth, byte == b'{');
            self.nesting.push(byte == b'{');
            self.colon_is_next = true;
            is_valid
        } else {
            let is_object = self.nesting.is_object();
            let is_empty = block.after_value >> position & 1 == 0;
            let is_valid =
                byte == if is_object { b'}' } else { b']' } && (!is_object || is_empty || !self.colon_is_next);
            // The closed array or object was a value: in the object around it a comma is next.
            self.colon_is_next = false;
            self.nesting.pop();
            self.indexer.leave(self.nesting.depth);
            is_valid
        }
    }

    /// Validates the numbers and words with these first bytes.
    #[inline(always)]
    fn scalars(&mut self, starts: u64, at: usize) -> bool {
        ones(starts).all(|position| match scalar::scalar(&self.text[at + position as usize..]) {
            Scalar::Plain(_) => true,
            Scalar::Large => {
                self.indexer.distrust();
                true
            }
            Scalar::Malformed => false,
        })
    }

    /// Whether control characters are white space outside of strings, and every escape is one of JSON's.
    #[cold]
    fn are_characters_valid(&mut self, block: &Block, within: u64, at: usize) -> bool {
        let from = |position: u32| self.text.get(at + position as usize..).unwrap_or_default();
        let is_blank = |position| match from(position).first() {
            Some(b'\n') => !self.in_line,
            byte => matches!(byte, Some(b'\t' | b'\r')),
        };
        if ones(block.escaped & within).any(|position| scalar::is_escaped_letter(from(position))) {
            self.indexer.distrust();
        }
        block.control & within & block.inside == 0
            && ones(block.control & within).all(is_blank)
            && ones(block.escaped & within).all(|position| scalar::is_escape(from(position)))
    }
}

impl Carry {
    /// Classifies some blocks, and returns their number.
    #[inline(always)]
    fn classify_all<S: Simd>(&mut self, simd: S, bytes: &[u8], blocks: &mut [Block; AT_ONCE]) -> usize {
        let (whole, rest) = bytes.as_chunks::<BLOCK>();
        for (bytes, block) in whole.iter().zip(&mut *blocks) {
            *block = self.classify(&Bitmaps::of(simd, bytes));
        }
        if let Some(block) = blocks.get_mut(whole.len()).filter(|_| !rest.is_empty()) {
            let mut last = [b' '; BLOCK];
            last[..rest.len()].copy_from_slice(rest);
            *block = self.classify(&Bitmaps::of(simd, &last));
        }
        bytes.len().div_ceil(BLOCK)
    }

    #[inline(always)]
    fn classify(&mut self, bitmaps: &Bitmaps) -> Block {
        let escaped = escaped(bitmaps.backslash, &mut self.escaped);
        let quotes = bitmaps.quote & !escaped;
        let inside = parity(quotes) ^ self.inside;
        self.inside = 0_u64.wrapping_sub(inside >> (BLOCK - 1));

        let outside = !(inside | quotes);
        let space = (bitmaps.space | bitmaps.control) & outside;
        let (open, close) = (bitmaps.open & outside, bitmaps.close & outside);
        let (colon, comma) = (bitmaps.colon & outside, bitmaps.comma & outside);
        let scalar = outside & !(open | close | colon | comma | space);
        let scalars = scalar & !(scalar << 1 | self.scalar);
        self.scalar = scalar >> (BLOCK - 1);
        let (begins, ends) = (quotes & inside, quotes & !inside);

        let after_string = after(ends, space, &mut self.quote);
        let after_value = after_string | after(close | scalar, space, &mut self.value);
        let after_separator = after(colon | comma, space, &mut self.separator);
        // A token after neither a value nor a separator is the first of the text, or follows an opening bracket.
        let grammar_errors = colon & !after_string
            | comma & !after_value
            | (begins | open | scalars) & after_value
            | close & after_separator;
        Block {
            open,
            close,
            colon,
            comma,
            scalars,
            strings: begins,
            after_value,
            grammar_errors,
            separator_parity: parity(colon | comma),
            control: bitmaps.control,
            inside,
            escaped: escaped & !bitmaps.quote & !bitmaps.backslash,
        }
    }
}

/// The first byte after each of `these` that is not white space.
#[inline(always)]
fn after(these: u64, space: u64, carry: &mut u64) -> u64 {
    let next = these << 1 | *carry;
    *carry = these >> (BLOCK - 1);
    if space == 0 {
        return next;
    }
    // A run of white space plus its first bit carries into the bit after its end.
    let (past, is_longer) = space.overflowing_add(next & space);
    *carry |= u64::from(is_longer);
    (past | next) & !space
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;
    use serde_json::{Value, json};

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
            (r#"{"inner":{"code":{"code":1}}}"#, Found::None),
            (r#"{"inner":{"code":[1]}}"#, Found::Array),
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
}
