//! The parts of going over an object by a precedent that look at sixty-four bytes at a time.

#![expect(
    clippy::inline_always,
    reason = "code for a processor's vectors must be compiled together, or it is slower than none"
)]

use fearless_simd::{Level, Simd, SimdBase, SimdMask, dispatch, u8x64};

use super::super::marks::{BLOCK, escaped, ones};
use super::super::scalar::{self, Scalar};
use super::super::walk::Fault;

#[inline(always)]
fn block(text: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    text.get(at..)?.first_chunk()
}

/// Which bytes of two blocks differ, of the first `most` if these are fewer.
#[inline(always)]
fn differ<S: Simd>(simd: S, one: &[u8; BLOCK], other: &[u8; BLOCK], most: usize) -> u64 {
    let equal = u8x64::from_slice(simd, one).simd_eq(u8x64::from_slice(simd, other)).to_bitmask();
    let beyond = BLOCK - most.min(BLOCK);
    !equal << beyond >> beyond
}

/// A text that others are compared with, in blocks.
pub(super) struct Blocks {
    /// The last one is filled up with zeros.
    blocks: Vec<[u8; BLOCK]>,
    /// All bits of the bytes in the last one that are of the text.
    within: [u8; BLOCK],
}

impl Blocks {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut blocks = Self { blocks: Vec::new(), within: WITHIN[0] };
        for bytes in text.chunks(BLOCK) {
            let mut block = [0; BLOCK];
            block[..bytes.len()].copy_from_slice(bytes);
            blocks.blocks.push(block);
            blocks.within = WITHIN[bytes.len()];
        }
        blocks
    }

    /// Whether another text begins so. Near its end that is left open, and denied.
    #[inline(always)]
    pub(super) fn begin<S: Simd>(&self, simd: S, text: &[u8]) -> bool {
        let Some((last, blocks)) = self.blocks.split_last() else { return true };
        let Some((text, [last_of_text, ..])) = text.as_chunks().0.split_at_checked(blocks.len()) else { return false };
        are_same(simd, blocks, text, differ_within(simd, last, last_of_text, &self.within))
    }
}

/// All bits of so many bytes of a block, by their number.
static WITHIN: [[u8; BLOCK]; BLOCK + 1] = {
    let mut within = [[0; BLOCK]; BLOCK + 1];
    let mut length = 0;
    while length <= BLOCK {
        let mut at = 0;
        while at < length {
            within[length][at] = 0xff;
            at += 1;
        }
        length += 1;
    }
    within
};

/// Whether the first bytes of two texts are the same. Near the end of either that is left open, and denied.
#[inline(always)]
pub(super) fn begin_alike<S: Simd>(simd: S, one: &[u8], other: &[u8], length: usize) -> bool {
    let (rest, read) = (length % BLOCK, (length / BLOCK + 1) * BLOCK);
    let (Some(one), Some(other)) = (one.get(..read), other.get(..read)) else { return false };
    let blocks = one.as_chunks().0.split_last().zip(other.as_chunks().0.split_last());
    let Some(((last, one), (last_of_other, other))) = blocks else { return false };
    are_same(simd, one, other, differ_within(simd, last, last_of_other, &WITHIN[rest]))
}

#[inline(always)]
fn differ_within<S: Simd>(simd: S, one: &[u8; BLOCK], other: &[u8; BLOCK], within: &[u8; BLOCK]) -> u8x64<S> {
    let [one, other, within] = [one, other, within].map(|block| u8x64::from_slice(simd, block));
    (one ^ other) & within
}

/// Blocks that are compared before it is decided whether they are the same: that they are not is rare. More would make it
/// worth while to write records that begin to differ again and again long before they were found to differ.
const AT_ONCE: usize = 8;

/// Whether as many blocks are the same, and there is nothing in which what is behind them differs.
#[inline(always)]
fn are_same<S: Simd>(simd: S, mut one: &[[u8; BLOCK]], mut other: &[[u8; BLOCK]], differs_behind: u8x64<S>) -> bool {
    while let Some((of_one, rest)) = one.split_at_checked(AT_ONCE) {
        let Some((of_other, rest_of_other)) = other.split_at_checked(AT_ONCE) else { return false };
        if !is_zero(simd, differ_in_any(simd, of_one, of_other, u8x64::splat(simd, 0))) {
            return false;
        }
        (one, other) = (rest, rest_of_other);
    }
    is_zero(simd, differ_in_any(simd, one, other, differs_behind))
}

#[inline(always)]
fn differ_in_any<S: Simd>(simd: S, one: &[[u8; BLOCK]], other: &[[u8; BLOCK]], differs: u8x64<S>) -> u8x64<S> {
    let blocks = one.iter().zip(other);
    blocks.fold(differs, |differs, (one, other)| {
        differs | (u8x64::from_slice(simd, one) ^ u8x64::from_slice(simd, other))
    })
}

#[inline(always)]
fn is_zero<S: Simd>(simd: S, bytes: u8x64<S>) -> bool {
    !bytes.simd_eq(u8x64::splat(simd, 0)).to_bitmask() == 0
}

/// How many bytes two texts have in common at their beginnings, of the first `most`.
#[inline(always)]
pub(super) fn same<S: Simd>(simd: S, one: &[u8], other: &[u8], most: usize) -> usize {
    for same in (0..most).step_by(BLOCK) {
        let (Some(ours), Some(theirs)) = (block(one, same), block(other, same)) else {
            return same + one[same..most].iter().zip(&other[same..]).take_while(|(one, other)| one == other).count();
        };
        let differ = differ(simd, ours, theirs, most - same);
        if differ != 0 {
            return same + differ.trailing_zeros() as usize;
        }
    }
    most
}

/// Where a block has quotes, and where it has what a string of ASCII has not as it is: quotes, backslashes, control characters,
/// and what is not ASCII.
#[inline(always)]
fn stops<S: Simd>(simd: S, block: &[u8; BLOCK]) -> (u64, u64) {
    let bytes = u8x64::from_slice(simd, block);
    let is = |byte| bytes.simd_eq(u8x64::splat(simd, byte));
    // What is less than a space wraps around.
    let is_other = (bytes - u8x64::splat(simd, b' ')).simd_ge(u8x64::splat(simd, 0x80 - b' '));
    (is(b'"').to_bitmask(), (is(b'"') | is(b'\\') | is_other).to_bitmask())
}

/// Whether the text begins with a string of this length, quotes included, and of ASCII without escapes. It is told without
/// looking for the end, so that a processor can go on behind it before it is told.
#[inline(always)]
pub(super) fn is_steady_string<S: Simd>(simd: S, text: &[u8], length: usize) -> bool {
    let Some(block) = block(text, 1) else { return false };
    let (quotes, stops) = stops(simd, block);
    let beyond = BLOCK + 1 - length;
    stops << beyond == 1 << (BLOCK - 1) && quotes << beyond == 1 << (BLOCK - 1)
}

/// The longest string, quotes included, that [`is_steady_string`] can tell.
pub(super) const LONGEST_STEADY: usize = BLOCK + 1;

/// Where the text, number or word ends that `text` begins with. What had better be looked at more closely is called
/// malformed: a string with escaped letters, and a number that can be too large.
pub(super) fn value_end(text: &[u8]) -> Result<usize, Fault> {
    if text.first() == Some(&b'"') {
        return dispatch!(Level::new(), simd => string_end(simd, text));
    }
    match scalar::scalar(text) {
        Scalar::Plain(length) => Ok(length),
        Scalar::Large | Scalar::Damaged => Err(Fault::Malformed),
    }
}

/// The same of a string.
#[inline(always)]
pub(super) fn string_end<S: Simd>(simd: S, text: &[u8]) -> Result<usize, Fault> {
    let mut from = 1;
    while let Some(block) = block(text, from) {
        let (quotes, stops) = stops(simd, block);
        if stops == 0 {
            from += BLOCK;
            continue;
        }
        let stop = from + stops.trailing_zeros() as usize;
        return if stops & stops.wrapping_neg() & quotes != 0 { Ok(stop + 1) } else { unusual_string_end(text, stop) };
    }
    unusual_string_end(text, from)
}

/// The same, where nothing but plain ASCII comes before `from`. By itself, for it would be in the way of what is usual.
#[inline(never)]
fn unusual_string_end(text: &[u8], from: usize) -> Result<usize, Fault> {
    dispatch!(Level::new(), simd => string_end_behind(simd, text, from))
}

#[inline(always)]
fn string_end_behind<S: Simd>(simd: S, text: &[u8], mut from: usize) -> Result<usize, Fault> {
    let (mut carry, mut is_utf8) = (0, true);
    while let Some(block) = block(text, from) {
        let bytes = u8x64::from_slice(simd, block);
        let is = |byte| bytes.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
        let (backslashes, quotes) = (is(b'\\'), is(b'"'));
        let escaped = escaped(backslashes, &mut carry);
        let ends = quotes & !escaped;
        // All bits up to the quote that ends it.
        let within = ends ^ ends.wrapping_sub(1);
        let controls = bytes.simd_lt(u8x64::splat(simd, b' ')).to_bitmask();
        let is_sound = |position: u32| may_be_escaped(&text[from + position as usize..]);
        if controls & within != 0 || !ones(escaped & within & !quotes & !backslashes).all(is_sound) {
            return Err(Fault::Malformed);
        }
        is_utf8 &= is_latin(simd, block, within);
        if ends != 0 {
            let end = from + ends.trailing_zeros() as usize + 1;
            return if is_utf8 { Ok(end) } else { in_utf8(text, end) };
        }
        from += BLOCK;
    }
    // From the backslash on that comes last, if its letter does not.
    in_utf8(text, escaped_string_end(text, from - usize::from(carry > 0))?)
}

/// Whether these bytes of a block are UTF-8 with no characters but of one byte or two.
#[inline(always)]
fn is_latin<S: Simd>(simd: S, block: &[u8; BLOCK], within: u64) -> bool {
    let bytes = u8x64::from_slice(simd, block);
    let from = |byte| bytes.simd_ge(u8x64::splat(simd, byte)).to_bitmask() & within;
    let (high, first, longer) = (from(0x80), from(0xc2), from(0xe0));
    let second = high & !from(0xc0);
    longer == 0 && high == first | second && first << 1 == second && first >> (BLOCK - 1) == 0
}

#[cold]
fn in_utf8(text: &[u8], end: usize) -> Result<usize, Fault> {
    std::str::from_utf8(&text[..end]).map(|_| end).map_err(|_| Fault::Malformed)
}

/// Where the string ends of which so much was gone over.
#[cold]
fn escaped_string_end(text: &[u8], mut from: usize) -> Result<usize, Fault> {
    loop {
        match text.get(from).ok_or(Fault::Unfinished)? {
            b'"' => return Ok(from + 1),
            b'\\' => {
                let escaped = &text[from + 1..];
                if escaped.is_empty() || escaped[0] == b'u' && escaped.len() < 5 {
                    return Err(Fault::Unfinished);
                }
                if !may_be_escaped(escaped) {
                    return Err(Fault::Malformed);
                }
                from += 2;
            }
            0..0x20 => return Err(Fault::Malformed),
            _ => from += 1,
        }
    }
}

/// Whether this may stand behind a backslash, and is no letter that a name can have been written with.
fn may_be_escaped(text: &[u8]) -> bool {
    scalar::is_escape(text) && !scalar::is_escaped_letter(text)
}

/// The length of the number that `text` begins with, if it is as nearly all are: in order, without an exponent, and not as
/// long as a block.
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

    /// Bytes that matter in a string, or as UTF-8, or are like those that do.
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
    fn a_letter_may_be_escaped_across_two_blocks() {
        for length in 0..2 * BLOCK {
            for room in [0, 2 * BLOCK] {
                let string = format!("\"\\n{}\\\"\\\\é\"", "x".repeat(length));
                let text = string.clone() + &"x".repeat(room);
                assert_eq!(value_end(text.as_bytes()), Ok(string.len()), "{text}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn a_string_ends_where_json_has_it_end(padding in 0..70_usize, bytes in bytes(), rest in bytes(), room in 0..80_usize) {
            let text = [&b"\""[..], "x".repeat(padding).as_bytes(), &bytes, b"\"", &rest, "x".repeat(room).as_bytes()].concat();
            let found = value_end(&text);
            let mut strings = serde_json::Deserializer::from_slice(&text).into_iter::<String>();
            let read = matches!(strings.next(), Some(Ok(_)));
            let end = strings.byte_offset();
            match found {
                Ok(found) => prop_assert_eq!((read, end), (true, found), "{}", text.escape_ascii()),
                // Left to a closer look, at most.
                Err(_) => prop_assert!(!read || text[..end].contains(&b'\\'), "{}", text.escape_ascii()),
            }
            for length in 2..=text.len().min(LONGEST_STEADY) {
                let is_steady = dispatch!(Level::new(), simd => is_steady_string(simd, &text, length));
                prop_assert!(!is_steady || found == Ok(length), "{length} of {}", text.escape_ascii());
                let can_be = found == Ok(length) && text.len() > BLOCK && text[..length].iter().all(|byte| byte.is_ascii() && *byte != b'\\');
                prop_assert_eq!(is_steady, can_be, "{} of {}", length, text.escape_ascii());
            }
        }

        #[test]
        fn a_number_or_word_ends_where_it_ends_when_gone_over_byte_by_byte(
            text in "(-?[0-9]{1,4}(\\\\.[0-9]{0,3})?|[-0-9.eE+]{1,8}|true|false|null|nul|[0-9]{60,70})[,}x ]?",
            room in prop::bool::ANY,
        ) {
            let text = text + &if room { ",          ".repeat(10) } else { String::new() };
            let found = dispatch!(Level::new(), simd => number(simd, text.as_bytes()));
            let expected = match scalar::scalar(text.as_bytes()) {
                Scalar::Plain(length) => Some(length),
                Scalar::Large | Scalar::Damaged => None,
            };
            prop_assert!(found.is_none() || found == expected, "{found:?} and not {expected:?} of {text}");
            let is_usual = text.len() >= BLOCK && expected.is_some_and(|end| end < BLOCK && !text[..end].contains(|c: char| c.is_ascii_alphabetic()));
            prop_assert_eq!(found.is_some(), is_usual, "{}", text);
        }

        #[test]
        fn texts_are_the_same_as_far_as_they_are(
            one in vec(0..2_u8, 0..200), place in any::<prop::sample::Index>(), most in 0..200_usize, room in 0..2_usize,
        ) {
            let mut other = one.clone();
            if let Some(byte) = other.get_mut(place.index(one.len() + 1)) {
                *byte ^= 1;
            }
            let most = most.min(one.len());
            let behind = vec![7; BLOCK * room];
            let (one, other) = ([one, behind.clone()].concat(), [other, behind].concat());
            let expected = one.iter().zip(&other).take(most).take_while(|(one, other)| one == other).count();
            prop_assert_eq!(dispatch!(Level::new(), simd => same(simd, &one, &other, most)), expected);
            let are = dispatch!(Level::new(), simd => begin_alike(simd, &one, &other, most));
            prop_assert!(!are || expected == most);
            prop_assert!(are || expected < most || room == 0);
            let begins = dispatch!(Level::new(), simd => Blocks::of(&one[..most]).begin(simd, &other));
            prop_assert!(!begins || expected == most);
            prop_assert!(begins || expected < most || room == 0);
        }
    }
}
