//! Finds the end of a string or a number, sixty-four bytes at a time, and validates it.

#![expect(
    clippy::inline_always,
    reason = "SIMD code must be inlined into one function with the target feature, or each call costs more than it saves"
)]

use fearless_simd::{Level, Simd, SimdBase, SimdMask, dispatch, u8x64};

use super::compare::block;
use crate::index::Invalid;
use crate::scalar::{self, Scalar};
use crate::validate::bitmaps::{BLOCK, escaped, ones};

/// The quotes of a block, and the bytes that end a run of plain ASCII in a string. These are quotes, backslashes,
/// control characters and bytes that are not ASCII.
#[inline(always)]
fn stops<S: Simd>(simd: S, block: &[u8; BLOCK]) -> (u64, u64) {
    let bytes = u8x64::from_slice(simd, block);
    let is = |byte| bytes.simd_eq(u8x64::splat(simd, byte));
    // A byte below the space wraps around.
    let is_other = (bytes - u8x64::splat(simd, b' ')).simd_ge(u8x64::splat(simd, 0x80 - b' '));
    (is(b'"').to_bitmask(), (is(b'"') | is(b'\\') | is_other).to_bitmask())
}

/// Whether the text begins with a string of this length, including its quotes, of ASCII without escapes. It does not
/// search for the end, so the processor can speculate past the string.
#[inline(always)]
pub(super) fn is_fixed_string<S: Simd>(simd: S, text: &[u8], length: usize) -> bool {
    let Some(block) = block(text, 1) else { return false };
    let (quotes, stops) = stops(simd, block);
    let beyond = BLOCK + 1 - length;
    stops << beyond == 1 << (BLOCK - 1) && quotes << beyond == 1 << (BLOCK - 1)
}

/// The longest string, including its quotes, that [`is_fixed_string`] accepts.
pub(super) const LONGEST_FIXED: usize = BLOCK + 1;

/// The length of the string, number or word that `text` begins with. Returns `Malformed` also for what makes an index
/// untrusted: a string with escaped letters, a number that may be too large.
pub(super) fn value_end(level: Level, text: &[u8]) -> Result<usize, Invalid> {
    if text.first() == Some(&b'"') {
        return dispatch!(level, simd => string_end(simd, level, text));
    }
    match scalar::scalar(text) {
        Scalar::Plain(length) => Ok(length),
        Scalar::Large | Scalar::Malformed => Err(Invalid::Malformed),
    }
}

/// The same for a string.
#[inline(always)]
pub(super) fn string_end<S: Simd>(simd: S, level: Level, text: &[u8]) -> Result<usize, Invalid> {
    let mut from = 1;
    while let Some(block) = block(text, from) {
        let (quotes, stops) = stops(simd, block);
        if stops == 0 {
            from += BLOCK;
            continue;
        }
        let stop = from + stops.trailing_zeros() as usize;
        return if stops & stops.wrapping_neg() & quotes != 0 {
            Ok(stop + 1)
        } else {
            unusual_string_end(level, text, stop)
        };
    }
    unusual_string_end(level, text, from)
}

/// Like `string_end`, for a string with only plain ASCII before `from`. Not inlined, which keeps the usual path short.
#[inline(never)]
fn unusual_string_end(level: Level, text: &[u8], from: usize) -> Result<usize, Invalid> {
    dispatch!(level, simd => string_end_from(simd, text, from))
}

#[inline(always)]
fn string_end_from<S: Simd>(simd: S, text: &[u8], mut from: usize) -> Result<usize, Invalid> {
    let (mut carry, mut is_utf8) = (0, true);
    while let Some(block) = block(text, from) {
        let bytes = u8x64::from_slice(simd, block);
        let is = |byte| bytes.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
        let (backslashes, quotes) = (is(b'\\'), is(b'"'));
        let escaped = escaped(backslashes, &mut carry);
        let ends = quotes & !escaped;
        // All bits up to the closing quote.
        let within = ends ^ ends.wrapping_sub(1);
        let controls = bytes.simd_lt(u8x64::splat(simd, b' ')).to_bitmask();
        let is_valid = |position: u32| may_be_escaped(&text[from + position as usize..]);
        if controls & within != 0 || !ones(escaped & within & !quotes & !backslashes).all(is_valid) {
            return Err(Invalid::Malformed);
        }
        is_utf8 &= is_latin(simd, block, within);
        if ends != 0 {
            let end = from + ends.trailing_zeros() as usize + 1;
            return if is_utf8 { Ok(end) } else { in_utf8(text, end) };
        }
        from += BLOCK;
    }
    // Restart at a last backslash whose escaped byte is in the next block.
    in_utf8(text, escaped_string_end(text, from - usize::from(carry > 0))?)
}

/// Whether these bytes of a block are UTF-8, with characters of one or two bytes only.
#[inline(always)]
fn is_latin<S: Simd>(simd: S, block: &[u8; BLOCK], within: u64) -> bool {
    let bytes = u8x64::from_slice(simd, block);
    let from = |byte| bytes.simd_ge(u8x64::splat(simd, byte)).to_bitmask() & within;
    let (high, first, longer) = (from(0x80), from(0xc2), from(0xe0));
    let second = high & !from(0xc0);
    longer == 0 && high == first | second && first << 1 == second && first >> (BLOCK - 1) == 0
}

#[cold]
fn in_utf8(text: &[u8], end: usize) -> Result<usize, Invalid> {
    std::str::from_utf8(&text[..end]).map(|_| end).map_err(|_| Invalid::Malformed)
}

/// The length of the string. The bytes before `from` are valid.
#[cold]
fn escaped_string_end(text: &[u8], mut from: usize) -> Result<usize, Invalid> {
    loop {
        match text.get(from).ok_or(Invalid::Incomplete)? {
            b'"' => return Ok(from + 1),
            b'\\' => {
                let escaped = &text[from + 1..];
                if escaped.is_empty() || escaped[0] == b'u' && escaped.len() < 5 {
                    return Err(Invalid::Incomplete);
                }
                if !may_be_escaped(escaped) {
                    return Err(Invalid::Malformed);
                }
                from += 2;
            }
            0..0x20 => return Err(Invalid::Malformed),
            _ => from += 1,
        }
    }
}

/// Whether this is valid after a backslash, and does not hide a letter of a key.
fn may_be_escaped(text: &[u8]) -> bool {
    scalar::is_escape(text) && !scalar::is_escaped_letter(text)
}

/// The length of the number that `text` begins with, if it is a usual one: valid, without an exponent, shorter than a
/// block.
#[inline(always)]
pub(super) fn number<S: Simd>(simd: S, text: &[u8]) -> Option<usize> {
    let block = block(text, 0)?;
    let bytes = u8x64::from_slice(simd, block);
    let digits = (bytes - u8x64::splat(simd, b'0')).simd_lt(u8x64::splat(simd, 10)).to_bitmask();
    let sign = usize::from(block[0] == b'-');
    let whole = (digits >> sign).trailing_ones() as usize;
    if whole == 0 || whole > 1 && block[sign] == b'0' {
        return None;
    }
    let mut end = sign + whole;
    if block.get(end) == Some(&b'.') {
        match (digits >> end >> 1).trailing_ones() as usize {
            0 => return None,
            fraction => end += 1 + fraction,
        }
    }
    block.get(end).filter(|byte| scalar::ends(**byte)).map(|_| end)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::levels;

    /// Bytes that matter in a string or in UTF-8, and bytes near those.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let pieces: [&[u8]; 21] = [
            b"a",
            b"0123456789abcdef",
            b"\\n",
            b"\\\"",
            b"\\u00e9",
            b"\\u0041",
            b"\\x",
            b"\\",
            b"\x1f",
            b"\x7f",
            "é".as_bytes(),
            "ÿ".as_bytes(),
            "€".as_bytes(),
            "😀".as_bytes(),
            b"\x80",
            b"\xbf",
            b"\xc3",
            b"\xc0\x80",
            b"\xc1",
            b"\xed\xa0\x80",
            b"\xe2\x82",
        ];
        vec(select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn an_escape_may_span_two_blocks() {
        for length in 0..2 * BLOCK {
            for room in [0, 2 * BLOCK] {
                let string = format!("\"\\n{}\\\"\\\\é\"", "x".repeat(length));
                let text = string.clone() + &"x".repeat(room);
                for level in levels() {
                    assert_eq!(value_end(level, text.as_bytes()), Ok(string.len()), "{level:?}: {text}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn a_string_ends_where_serde_json_ends_it(padding in 0..70_usize, bytes in bytes(), rest in bytes(), room in 0..80_usize) {
            let text = [&b"\""[..], "x".repeat(padding).as_bytes(), &bytes, b"\"", &rest, "x".repeat(room).as_bytes()].concat();
            let level = Level::new();
            let found = value_end(level, &text);
            for other in levels() {
                prop_assert_eq!(value_end(other, &text), found, "{:?}: {}", other, text.escape_ascii());
            }
            let mut strings = serde_json::Deserializer::from_slice(&text).into_iter::<String>();
            let read = matches!(strings.next(), Some(Ok(_)));
            let end = strings.byte_offset();
            match found {
                Ok(found) => prop_assert_eq!((read, end), (true, found), "{}", text.escape_ascii()),
                // Only a string with escapes may be declined.
                Err(_) => prop_assert!(!read || text[..end].contains(&b'\\'), "{}", text.escape_ascii()),
            }
            for length in 2..=text.len().min(LONGEST_FIXED) {
                let is_plain = text[..length].iter().all(|byte| byte.is_ascii() && *byte != b'\\');
                let can_be = found == Ok(length) && text.len() > BLOCK && is_plain;
                for level in levels() {
                    let is_fixed = dispatch!(level, simd => is_fixed_string(simd, &text, length));
                    prop_assert_eq!(is_fixed, can_be, "{:?}: {} of {}", level, length, text.escape_ascii());
                }
            }
        }

        #[test]
        fn a_number_ends_where_the_bytewise_parser_ends_it(
            text in "(-?[0-9]{1,4}(\\\\.[0-9]{0,3})?|[-0-9.eE+]{1,8}|true|false|null|nul|[0-9]{60,70})[,}x ]?",
            room in prop::bool::ANY,
        ) {
            let text = text + &if room { ",          ".repeat(10) } else { String::new() };
            let expected = match scalar::scalar(text.as_bytes()) {
                Scalar::Plain(length) => Some(length),
                Scalar::Large | Scalar::Malformed => None,
            };
            let is_usual = |end: &usize| *end < BLOCK && !text[..*end].contains(|c: char| c.is_ascii_alphabetic());
            let expected = expected.filter(|end| text.len() >= BLOCK && is_usual(end));
            for level in levels() {
                let found = dispatch!(level, simd => number(simd, text.as_bytes()));
                prop_assert_eq!(found, expected, "{:?}: {}", level, text);
            }
        }
    }
}
