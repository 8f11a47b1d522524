//! The tokens of JSON that are validated byte by byte: numbers, words, escapes; and the values after requested keys.

use memchr::memchr2;

/// A number or a word (`true`, `false`, `null`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// One that fits a standard type, of this length in bytes.
    Plain(usize),
    /// A number that may be too large for every type.
    Large,
    /// Neither a number nor a word.
    Malformed,
}

/// The largest `f64` has 309 digits.
const MANY_DIGITS: usize = 300;

/// The number or word that `text` begins with, with the delimiter that must follow it.
#[inline]
pub(crate) fn scalar(text: &[u8]) -> Scalar {
    let (length, is_large) = match text {
        [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => (4, false),
        [b'f', b'a', b'l', b's', b'e', ..] => (5, false),
        _ => match number(text) {
            Some((length, has_exponent)) => (length, has_exponent || length > MANY_DIGITS),
            None => return Scalar::Malformed,
        },
    };
    match text.get(length) {
        Some(byte) if !ends(*byte) => Scalar::Malformed,
        _ if is_large => Scalar::Large,
        _ => Scalar::Plain(length),
    }
}

/// Whether a number or a word can begin with this byte.
#[cfg(feature = "templates")]
#[inline]
pub(crate) fn begins(byte: u8) -> bool {
    matches!(byte, b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

/// Whether this byte delimits a number or a word.
#[inline]
pub(crate) fn ends(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')
}

/// The length of the number or word that `text` begins with, which is valid JSON.
pub(crate) fn word(text: &[u8]) -> usize {
    text.iter().position(|byte| ends(*byte)).unwrap_or(text.len())
}

/// The length of the number that `text` begins with, and whether it has an exponent.
#[inline]
fn number(text: &[u8]) -> Option<(usize, bool)> {
    let digits =
        |from: usize| text.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = usize::from(text.first() == Some(&b'-'));
    end += match (text.get(end)?, digits(end)) {
        (_, 0) => return None,
        (b'0', _) => 1,
        (_, many) => many,
    };
    if text.get(end) == Some(&b'.') {
        match digits(end + 1) {
            0 => return None,
            many => end += 1 + many,
        }
    }
    let has_exponent = matches!(text.get(end), Some(b'e' | b'E'));
    if has_exponent {
        end += 1 + usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        match digits(end) {
            0 => return None,
            many => end += many,
        }
    }
    Some((end, has_exponent))
}

/// Whether this is valid after a backslash. RFC 8259 allows unpaired surrogates; only a reader of the text can reject
/// them.
pub(crate) fn is_escape(text: &[u8]) -> bool {
    match text.first() {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
        Some(b'u') => text.get(1..5).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => false,
    }
}

/// Whether this, after a backslash, is an ASCII letter. No exporter escapes letters, but a key can be hidden so.
pub(crate) fn is_escaped_letter(text: &[u8]) -> bool {
    text.first_chunk().is_some_and(|[u, zero, nought, high, _]: &[u8; 5]| {
        *u == b'u' && *zero == b'0' && *nought == b'0' && matches!(high, b'4'..=b'7')
    })
}

/// A value as the text has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'t> {
    /// No value.
    None,
    /// An array or an object.
    Nested,
    /// A string without escapes, without its quotes.
    Text(&'t [u8]),
    /// A string with escapes, including its quotes.
    Escaped(&'t [u8]),
    /// A number or a word.
    Word(&'t [u8]),
}

/// The value after a key's closing quote, of valid JSON.
pub(crate) fn after_key(text: &[u8]) -> Value<'_> {
    let Some(text) = text.trim_ascii_start().strip_prefix(b":") else { return Value::None };
    match text.trim_ascii_start() {
        [] => Value::None,
        [b'[' | b'{', ..] => Value::Nested,
        text @ [b'"', within @ ..] => match memchr2(b'"', b'\\', within) {
            Some(end) if within[end] == b'"' => Value::Text(&within[..end]),
            _ => Value::Escaped(&text[..string(text)]),
        },
        text => Value::Word(&text[..word(text)]),
    }
}

/// The length of the string that `text` begins with, including its quotes, of valid JSON.
pub(crate) fn string(text: &[u8]) -> usize {
    let mut end = 1;
    loop {
        match text.get(end..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            None => return text.len(),
            Some(length) if text[end + length] == b'"' => return end + length + 1,
            Some(length) => end += length + 2,
        }
    }
}
