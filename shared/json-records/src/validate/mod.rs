//! Going over a JSON object once: every byte of it is checked, and the few values that are asked for are noted on the way.
//!
//! An object is taken exactly when it is JSON as RFC 8259 has it: what `serde_json` ignores without complaint, this goes
//! over, and the other way round. So any depth will do, for nothing here recurses; names may come twice, numbers may be too
//! large for any type, and escapes may be halves of surrogate pairs. Whether what is asked for can be had from it without a
//! closer look is another question, and [`Walked::is_plain`] answers it.
//!
//! Sixty-four bytes are checked at a time, by operations on a bit for each (the method of Langdale and Lemire, "Parsing
//! gigabytes of JSON per second", 2019, taken a step further: not only where tokens begin is found so, but also whether
//! each may stand where it does). What remains to be gone to one by one is brackets, numbers and words.

#![expect(
    clippy::inline_always,
    reason = "code for a processor's vectors must be compiled together, or it is slower than none"
)]

use fearless_simd::{Level, Simd, dispatch};

use super::marks::{BLOCK, Marks, below, escaped, ones, parity};
use super::members::{Member, Members};
use super::scalar::{self, Scalar};

/// An object that was gone over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Walked<const N: usize> {
    /// The object's length.
    pub(crate) length: usize,
    /// Whether the values that were noted are all there is to know of what was asked for: no name comes twice or can have
    /// been written in escapes, what should be an object is none or one, and no number is too large to be read.
    pub(crate) is_plain: bool,
    /// Whether it was found to be UTF-8; otherwise nobody looked.
    pub(crate) is_utf8: bool,
    /// By the number of each value that was asked for, where its name ends; 0 for what is not there.
    pub(super) names: [usize; N],
}

/// Why an object was not gone over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The text ends before the object does.
    Unfinished,
    /// It is no JSON.
    Malformed,
}

impl<const N: usize> Default for Walked<N> {
    fn default() -> Self {
        Self { length: 0, is_plain: false, is_utf8: false, names: [0; N] }
    }
}

impl<const N: usize> Walked<N> {
    /// Where the names end of the values that are there, and their numbers.
    pub(super) fn names(&self) -> impl Iterator<Item = (usize, usize)> {
        self.names.iter().enumerate().filter(|(_, end)| **end > 0).map(|(number, end)| (*end, number))
    }

    /// The value with this number, of the text that was gone over.
    pub(crate) fn value<'t>(&self, text: &'t [u8], number: usize) -> scalar::Value<'t> {
        scalar::behind_name(self.behind(text, number))
    }

    /// What stands behind the name of the value with this number; nothing if there is none.
    pub(crate) fn behind<'t>(&self, text: &'t [u8], number: usize) -> &'t [u8] {
        match self.names.get(number) {
            None | Some(0) => b"",
            Some(end) => text.get(*end..).unwrap_or_default(),
        }
    }
}

/// Goes over the object that `text` begins with, or the array if nothing is asked for. Whether it is UTF-8 is not looked
/// at. With `in_line`, it may have no line end in it; deeper than `depth`, nothing may lie in it.
pub(super) fn walk<const N: usize>(
    text: &[u8],
    in_line: bool,
    depth: usize,
    members: Option<&'static Members>,
) -> Result<Walked<N>, Fault> {
    match text.first() {
        Some(b'{') => {}
        Some(b'[') if members.is_none() => {}
        _ => return Err(Fault::Malformed),
    }
    let mut walk = Walk::<N>::new(text, in_line, depth, members);
    walk.blocks(Level::new())
}

struct Walk<'t, const N: usize> {
    text: &'t [u8],
    in_line: bool,
    depth: usize,
    carry: Carry,
    open: Open,
    /// Whether, directly in an object, a colon comes before a comma.
    colon_is_next: bool,
    looking: Looking<N>,
}

/// What of one block matters in the next. Each is a single bit or, where it says so, all of them.
#[derive(Default)]
struct Carry {
    /// All of them within a string.
    inside: u64,
    /// Behind a backslash.
    escaped: u64,
    /// Behind a byte of a number or word.
    scalar: u64,
    /// Behind these, when nothing but white space followed.
    quote: u64,
    value: u64,
    separator: u64,
}

/// Blocks that are told apart at once.
const AT_ONCE: usize = 8;

/// A block, told apart.
#[derive(Clone, Copy, Default)]
struct Block {
    open: u64,
    close: u64,
    colon: u64,
    comma: u64,
    /// Where numbers and words begin.
    scalars: u64,
    /// Where strings begin.
    strings: u64,
    /// Behind a value.
    behind_value: u64,
    /// What stands where it may not.
    misplaced: u64,
    /// Where the number of colons and commas up to here is odd.
    turns: u64,
    /// Control characters in strings, and among white space.
    control: u64,
    inside: u64,
    /// Escaped, and neither quotes nor backslashes: those are nearly all, of JSON within a string, and may be.
    escaped: u64,
}

impl<'t, const N: usize> Walk<'t, N> {
    fn new(text: &'t [u8], in_line: bool, depth: usize, members: Option<&'static Members>) -> Self {
        let (carry, open, looking) = (Carry::default(), Open::default(), Looking::new(members));
        Self { text, in_line, depth, carry, open, colon_is_next: false, looking }
    }

    fn blocks(&mut self, level: Level) -> Result<Walked<N>, Fault> {
        let mut blocks = [Block::default(); AT_ONCE];
        for (number, bytes) in self.text.chunks(AT_ONCE * BLOCK).enumerate() {
            // First what takes no decision, then what does: a processor that guesses wrong has little to do again.
            let many = dispatch!(level, simd => self.carry.tell_all_apart(simd, bytes, &mut blocks));
            for (block, at) in blocks[..many].iter().zip((number * AT_ONCE * BLOCK..).step_by(BLOCK)) {
                if let Some(end) = self.block(block, at)? {
                    return Ok(self.walked(end));
                }
            }
        }
        Err(Fault::Unfinished)
    }

    fn walked(&self, length: usize) -> Walked<N> {
        Walked { length, is_plain: self.looking.is_plain, is_utf8: false, names: self.looking.names }
    }

    /// Goes over a block, and returns where the object ended if it did.
    #[inline(always)]
    fn block(&mut self, block: &Block, at: usize) -> Result<Option<usize>, Fault> {
        let mut from = 0;
        let mut end = None;
        for position in ones(block.open | block.close) {
            let is_sound =
                self.members(block, below(position) & !below(from), from, at) && self.bracket(block, position, at);
            if !is_sound {
                return Err(Fault::Malformed);
            }
            from = position + 1;
            if self.open.depth == 0 {
                end = Some(from);
                break;
            }
        }
        if end.is_none() && !self.members(block, !below(from), from, at) {
            return Err(Fault::Malformed);
        }
        let within = end.map_or(u64::MAX, below);
        let is_damaged = block.misplaced & within != 0
            || (block.control | block.escaped) & within != 0 && !self.are_sound(block, within, at)
            || !self.scalars(block.scalars & within, at);
        match end {
            _ if is_damaged => Err(Fault::Malformed),
            Some(end) => Ok(Some(at + end as usize)),
            None => Ok(None),
        }
    }

    /// Checks what stands between two brackets, of which `between` is the bits and `from` the first: in an array no colon,
    /// in an object colons and commas in turns.
    #[inline(always)]
    fn members(&mut self, block: &Block, between: u64, from: u32, at: usize) -> bool {
        if !self.open.is_object() {
            return block.colon & between == 0;
        }
        let turns = block.turns;
        let separators = (block.colon | block.comma) & between;
        // Whether an odd number of separators was before, so that turns are the other way round here.
        let odd_before = turns & below(from) & (1_u64 << from.saturating_sub(1)) != 0;
        let colons = if odd_before == self.colon_is_next { !turns } else { turns };
        self.colon_is_next ^= separators.count_ones() & 1 == 1;
        if let Some(members) = self.looking.here {
            for position in ones(block.strings & between & !colons) {
                self.looking.name(members, self.text, at + position as usize + 1);
            }
        }
        (block.colon ^ colons) & separators == 0
    }

    #[inline(always)]
    fn bracket(&mut self, block: &Block, position: u32, at: usize) -> bool {
        let byte = self.text[at + position as usize];
        if block.open >> position & 1 == 1 {
            let may_stand = !(self.open.is_object() && self.colon_is_next) && self.open.depth < self.depth;
            self.looking.enter(self.open.depth, byte == b'{');
            self.open.push(byte == b'{');
            self.colon_is_next = true;
            may_stand
        } else {
            let is_object = self.open.is_object();
            let is_empty = block.behind_value >> position & 1 == 0;
            let may_stand =
                byte == if is_object { b'}' } else { b']' } && (!is_object || is_empty || !self.colon_is_next);
            // What was closed was a value; in an object a comma comes next.
            self.colon_is_next = false;
            self.open.pop();
            self.looking.leave(self.open.depth);
            may_stand
        }
    }

    /// Checks numbers and words.
    #[inline(always)]
    fn scalars(&mut self, starts: u64, at: usize) -> bool {
        ones(starts).all(|position| match scalar::scalar(&self.text[at + position as usize..]) {
            Scalar::Plain(_) => true,
            Scalar::Large => {
                self.looking.is_plain = false;
                true
            }
            Scalar::Damaged => false,
        })
    }

    /// Control characters may not stand in strings, and outside of them only as white space. Behind a backslash, few
    /// characters may.
    #[cold]
    fn are_sound(&mut self, block: &Block, within: u64, at: usize) -> bool {
        let behind = |position: u32| self.text.get(at + position as usize..).unwrap_or_default();
        let is_blank = |position| match behind(position).first() {
            Some(b'\n') => !self.in_line,
            byte => matches!(byte, Some(b'\t' | b'\r')),
        };
        self.looking.is_plain &=
            !ones(block.escaped & within).any(|position| scalar::is_escaped_letter(behind(position)));
        block.control & within & block.inside == 0
            && ones(block.control & within).all(is_blank)
            && ones(block.escaped & within).all(|position| scalar::is_escape(behind(position)))
    }
}

impl Carry {
    /// Tells some blocks apart, and returns how many.
    #[inline(always)]
    fn tell_all_apart<S: Simd>(&mut self, simd: S, bytes: &[u8], blocks: &mut [Block; AT_ONCE]) -> usize {
        let (whole, rest) = bytes.as_chunks::<BLOCK>();
        for (bytes, block) in whole.iter().zip(&mut *blocks) {
            *block = self.tell_apart(&Marks::of(simd, bytes));
        }
        if let Some(block) = blocks.get_mut(whole.len()).filter(|_| !rest.is_empty()) {
            let mut last = [b' '; BLOCK];
            last[..rest.len()].copy_from_slice(rest);
            *block = self.tell_apart(&Marks::of(simd, &last));
        }
        bytes.len().div_ceil(BLOCK)
    }

    #[inline(always)]
    fn tell_apart(&mut self, marks: &Marks) -> Block {
        let escaped = escaped(marks.backslash, &mut self.escaped);
        let quotes = marks.quote & !escaped;
        // From the quote that begins a string to the byte before the one that ends it.
        let inside = parity(quotes) ^ self.inside;
        self.inside = 0_u64.wrapping_sub(inside >> (BLOCK - 1));

        let outside = !(inside | quotes);
        let space = (marks.space | marks.control) & outside;
        let (open, close) = (marks.open & outside, marks.close & outside);
        let (colon, comma) = (marks.colon & outside, marks.comma & outside);
        let scalar = outside & !(open | close | colon | comma | space);
        let scalars = scalar & !(scalar << 1 | self.scalar);
        self.scalar = scalar >> (BLOCK - 1);
        let (begins, ends) = (quotes & inside, quotes & !inside);

        let behind_quote = behind(ends, space, &mut self.quote);
        let behind_value = behind_quote | behind(close | scalar, space, &mut self.value);
        let behind_separator = behind(colon | comma, space, &mut self.separator);
        // What stands behind neither a value nor a separator stands behind a bracket that opens, or at the beginning.
        let misplaced = colon & !behind_quote
            | comma & !behind_value
            | (begins | open | scalars) & behind_value
            | close & behind_separator;
        Block {
            open,
            close,
            colon,
            comma,
            scalars,
            strings: begins,
            behind_value,
            misplaced,
            turns: parity(colon | comma),
            control: marks.control,
            inside,
            escaped: escaped & !marks.quote & !marks.backslash,
        }
    }
}

/// The first bytes that are no white space behind these.
#[inline(always)]
fn behind(these: u64, space: u64, carry: &mut u64) -> u64 {
    let next = these << 1 | *carry;
    *carry = these >> (BLOCK - 1);
    if space == 0 {
        return next;
    }
    // A run of white space, added to the bit that it begins with, gives the bit behind its end.
    let (past, is_longer) = space.overflowing_add(next & space);
    *carry |= u64::from(is_longer);
    (past | next) & !space
}

/// The kinds of all that is open: a bit each, a one for an object.
#[derive(Default)]
struct Open {
    top: u64,
    depth: usize,
    /// Sixty-four each that are further out.
    outer: Vec<u64>,
}

impl Open {
    #[inline(always)]
    fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.top);
        }
        self.top = self.top << 1 | u64::from(is_object);
        self.depth += 1;
    }

    #[inline(always)]
    fn pop(&mut self) {
        self.depth -= 1;
        self.top >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.top = self.outer.pop().unwrap_or_default();
        }
    }

    /// Whether the innermost is an object; nothing is none.
    #[inline(always)]
    fn is_object(&self) -> bool {
        self.top & 1 == 1
    }
}

/// Objects that are asked for lie within one another no deeper than this.
const DEEPEST: usize = 4;

/// What is being looked for.
struct Looking<const N: usize> {
    /// In the innermost object.
    here: Option<&'static Members>,
    /// In it and those around it.
    around: [Option<&'static Members>; DEEPEST],
    /// In the value of the last name.
    next: Option<&'static Members>,
    is_plain: bool,
    names: [usize; N],
}

impl<const N: usize> Looking<N> {
    fn new(members: Option<&'static Members>) -> Self {
        Self { here: None, around: [None; DEEPEST], next: members, is_plain: true, names: [0; N] }
    }

    #[inline(always)]
    fn enter(&mut self, depth: usize, is_object: bool) {
        if !is_object {
            self.is_plain &= self.next.is_none();
        }
        self.here = self.next.take().filter(|_| is_object);
        if let Some(around) = self.around.get_mut(depth) {
            *around = self.here;
        }
    }

    #[inline(always)]
    fn leave(&mut self, depth: usize) {
        self.is_plain &= self.next.is_none();
        self.next = None;
        self.here = depth.checked_sub(1).and_then(|depth| self.around.get(depth).copied().flatten());
    }

    /// Notes the name that begins at `start`, if it is asked for.
    #[inline(always)]
    fn name(&mut self, members: &'static Members, text: &[u8], start: usize) {
        // The member before should have been an object.
        self.is_plain &= self.next.is_none();
        self.next = None;
        match members.find(&text[start..]) {
            None => {}
            Some((length, member)) => {
                let number = match member {
                    Member::Value(number) => number,
                    Member::Object(number, members) => {
                        self.next = Some(members);
                        number
                    }
                };
                self.is_plain &= self.names[number] == 0;
                self.names[number] = start + length + 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde::de::IgnoredAny;
    use serde_json::{Value, json};

    use super::super::scalar::Value as Found;
    use super::*;

    static INNER: Members = Members::new(&[("code", Member::Value(2))]);
    static OUTER: Members =
        Members::new(&[("id", Member::Value(0)), ("inner", Member::Object(3, &INNER)), ("category", Member::Value(1))]);

    fn walked(text: &[u8]) -> Result<Walked<4>, Fault> {
        walk(text, false, usize::MAX, Some(&OUTER))
    }

    fn is_taken(text: &[u8]) -> bool {
        walked(text).is_ok_and(|walked| walked.length == text.len())
    }

    /// `serde_json` reads over whatever nobody asks for, as JSON's grammar has it and to any depth.
    fn is_json_object(text: &[u8]) -> bool {
        text.first() == Some(&b'{') && text.last() == Some(&b'}') && serde_json::from_slice::<IgnoredAny>(text).is_ok()
    }

    /// Names that nobody asks for: what is said twice is another test's business.
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

    /// A document in one of the ways in which it can be written.
    fn written(document: &Value, way: u8) -> String {
        let compact = document.to_string();
        match way {
            0 => compact,
            1 => serde_json::to_string_pretty(document).unwrap(),
            2 => serde_json::to_string_pretty(document).unwrap().replace('\n', "\r\n\t  "),
            _ => serde_json::to_string_pretty(document).unwrap().replace('\n', &" ".repeat(70)),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn every_document_is_taken_however_it_is_written(document in documents(), way in 0..4_u8) {
            let text = written(&document, way);
            prop_assert!(is_taken(text.as_bytes()), "{}", text);
        }

        #[test]
        fn a_damaged_document_is_taken_exactly_when_it_is_json_all_the_same(
            document in documents(),
            way in 0..4_u8,
            places in vec(any::<prop::sample::Index>(), 1..4),
            marks in vec(prop::sample::select(&b"{}[]\",:\\ \n\x01\x1f0123456789-+.eEtrufalsn/b\x7f\x80\xc3"[..]), 1..4),
            removes in any::<bool>(),
        ) {
            let mut text = written(&document, way).into_bytes();
            for (place, mark) in places.iter().zip(&marks) {
                let place = place.index(text.len());
                if removes { text[place] = *mark } else { text.insert(place, *mark) }
            }
            prop_assert_eq!(is_taken(&text), is_json_object(&text), "{}", String::from_utf8_lossy(&text));
        }

        #[test]
        fn any_marks_are_taken_exactly_when_they_are_json(
            tokens in vec(prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"a\"", "\"\"", "1", "-0.5e+7", "true", "null", "false", " ", "\n", "\"\\\"\"", "\\", "x",
            ]), 0..14),
        ) {
            let text = format!("{{\"a\":{}}}", tokens.concat());
            prop_assert_eq!(is_taken(text.as_bytes()), is_json_object(text.as_bytes()), "{}", text);
            let text = format!("{{{}}}", tokens.concat());
            prop_assert_eq!(is_taken(text.as_bytes()), is_json_object(text.as_bytes()), "{}", text);
        }

        #[test]
        fn a_document_that_is_cut_is_unfinished(document in documents(), way in 0..4_u8, place in any::<prop::sample::Index>()) {
            let text = written(&document, way);
            let cut = place.index(text.len() - 1) + 1;
            prop_assert!(walked(&text.as_bytes()[..cut]).is_err());
        }

        #[test]
        fn what_follows_does_not_matter(document in documents(), rest in vec(any::<u8>(), 0..200)) {
            let text = document.to_string();
            let length = walked(&[text.as_bytes(), &rest].concat()).map(|walked| walked.length);
            prop_assert_eq!(length, Ok(text.len()));
        }

        #[test]
        fn what_is_asked_for_is_found_wherever_it_stands(
            others in prop::collection::btree_map("[a-z\\\\\"]{0,70}_", documents(), 0..4),
            id in ".{0,20}",
            code in any::<i64>(),
            way in 0..4_u8,
            shift in 0..130_usize,
        ) {
            let mut document = json!({"a": "x".repeat(shift), "category": 7, "id": id, "inner": {"b": {"code": 1}, "code": code}});
            document.as_object_mut().unwrap().extend(others);
            let text = written(&document, way);
            let walked = walked(text.as_bytes()).unwrap();
            let text = text.as_bytes();
            let (id, code) = (Value::from(id).to_string(), code.to_string());
            let within = &id.as_bytes()[1..id.len() - 1];
            let expected = if id.contains('\\') { Found::Escaped(id.as_bytes()) } else { Found::Text(within) };
            prop_assert_eq!(walked.value(text, 0), expected);
            prop_assert_eq!(walked.value(text, 1), Found::Word(b"7"));
            prop_assert_eq!(walked.value(text, 2), Found::Word(code.as_bytes()));
        }
    }

    #[test]
    fn what_needs_a_closer_look_is_not_plain() {
        for (text, is_plain) in [
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
            assert_eq!(walked(text.as_bytes()).map(|walked| walked.is_plain), Ok(is_plain), "{text}");
        }
    }

    #[test]
    fn only_a_value_itself_is_found_and_nothing_within_it() {
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
            assert_eq!(walked(text).unwrap().value(text, 2), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn numbers_of_any_size_and_halves_of_surrogate_pairs_are_json() {
        for text in [
            r#"{"a":1e400}"#,
            r#"{"a":-123456789012345678901234567890}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"\udc00":"\uD83D\u0041"}"#,
        ] {
            assert!(is_taken(text.as_bytes()), "{text}");
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
            assert!(!is_taken(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_line_ends_where_it_ends() {
        let text = b"{\"a\":\n1}";
        assert!(walk::<4>(text, false, usize::MAX, Some(&OUTER)).is_ok());
        assert_eq!(walk::<4>(text, true, usize::MAX, Some(&OUTER)), Err(Fault::Malformed));
    }

    #[test]
    fn millions_of_brackets_overflow_nothing() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
            let text = format!("{{\"a\":{}1{}}}", open.repeat(1_000_000), close.repeat(1_000_000));
            assert!(is_taken(text.as_bytes()));
            let one_less = text.replacen(close, "", 1);
            assert!(walked(one_less.as_bytes()).is_err());
        }
    }
}
