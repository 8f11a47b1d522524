//! The parts of going over an object by a precedent that look at sixty-four bytes at a time.

#![expect(
    clippy::inline_always,
    reason = "code for a processor's vectors must be compiled together, or it is slower than none"
)]

use fearless_simd::{Simd, SimdBase, SimdMask, u8x64};

use super::super::marks::BLOCK;
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

/// Whether the first bytes of two texts are the same. Near the end of either that is left open, and denied.
#[inline(always)]
pub(super) fn are_same<S: Simd>(simd: S, one: &[u8], other: &[u8], length: usize) -> bool {
    (0..length).step_by(BLOCK).all(|same| match (block(one, same), block(other, same)) {
        (Some(one), Some(other)) => differ(simd, one, other, length - same) == 0,
        _ => false,
    })
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

/// The quotes of a block, what else there is that a string has not as it is, and what is not ASCII.
#[inline(always)]
fn marks<S: Simd>(simd: S, block: &[u8; BLOCK]) -> [u64; 3] {
    let bytes = u8x64::from_slice(simd, block);
    let is = |byte| bytes.simd_eq(u8x64::splat(simd, byte));
    let others = is(b'\\') | bytes.simd_lt(u8x64::splat(simd, 0x20));
    [is(b'"').to_bitmask(), others.to_bitmask(), bytes.simd_ge(u8x64::splat(simd, 0x80)).to_bitmask()]
}

/// Whether the text begins with a string of this length, quotes included, and of ASCII without escapes. It is told without
/// looking for the end, so that a processor can go on behind it before it is told.
#[inline(always)]
pub(super) fn is_steady_string<S: Simd>(simd: S, text: &[u8], length: usize) -> bool {
    let Some(block) = block(text, 1) else { return false };
    let [quotes, others, high] = marks(simd, block);
    (quotes | others | high) << (BLOCK + 1 - length) == 1 << (BLOCK - 1) && text[length - 1] == b'"'
}

/// The longest string, quotes included, that [`is_steady_string`] can tell.
pub(super) const LONGEST_STEADY: usize = BLOCK + 1;

/// Where the string ends that begins at `start`. One with escaped letters is left to a closer look.
#[inline(always)]
pub(super) fn string_end<S: Simd>(simd: S, text: &[u8], start: usize) -> Result<usize, Fault> {
    let (mut from, mut is_ascii) = (start + 1, true);
    while let Some(block) = block(text, from) {
        let [quotes, others, high] = marks(simd, block);
        // All bits up to the first quote.
        let within = quotes ^ quotes.wrapping_sub(1);
        if others & within != 0 {
            break;
        }
        is_ascii &= high & within == 0 || is_latin(simd, block, within);
        if quotes != 0 {
            let end = from + quotes.trailing_zeros() as usize + 1;
            return if is_ascii { Ok(end) } else { in_utf8(text, start, end) };
        }
        from += BLOCK;
    }
    in_utf8(text, start, escaped_string_end(text, from)?)
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
fn in_utf8(text: &[u8], start: usize, end: usize) -> Result<usize, Fault> {
    std::str::from_utf8(&text[start..end]).map(|_| end).map_err(|_| Fault::Malformed)
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
                if !scalar::is_escape(escaped) || scalar::is_escaped_letter(escaped) {
                    return Err(Fault::Malformed);
                }
                from += 2;
            }
            0..0x20 => return Err(Fault::Malformed),
            _ => from += 1,
        }
    }
}

/// Where the number or word ends that begins at `start`.
#[inline(always)]
pub(super) fn scalar_end<S: Simd>(simd: S, text: &[u8], start: usize) -> Result<usize, Fault> {
    if let Some(length) = block(text, start).and_then(|block| number(simd, block)) {
        return Ok(start + length);
    }
    match scalar::scalar(&text[start..]) {
        Scalar::Plain(length) => Ok(start + length),
        Scalar::Large | Scalar::Damaged => Err(Fault::Malformed),
    }
}

/// The length of a number as nearly all are: in order, without an exponent, and not as long as a block.
#[inline(always)]
fn number<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Option<usize> {
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
