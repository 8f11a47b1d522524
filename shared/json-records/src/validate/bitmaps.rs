//! What each of sixty-four bytes of JSON is, as sixty-four bits for each kind.

#![expect(
    clippy::inline_always,
    reason = "code for a processor's vectors must be compiled together, or it is slower than none"
)]

use fearless_simd::{Simd, SimdBase, SimdMask, u8x64};

/// Bytes looked at at once.
pub(super) const BLOCK: usize = 64;

/// A bit for every byte of a block that is of a kind, wherever it stands.
pub(super) struct Marks {
    pub(super) quote: u64,
    pub(super) backslash: u64,
    pub(super) open: u64,
    pub(super) close: u64,
    pub(super) colon: u64,
    pub(super) comma: u64,
    pub(super) space: u64,
    /// Control characters, among them the other white space.
    pub(super) control: u64,
}

impl Marks {
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        let is = |byte: u8| bytes.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
        // In ASCII a square bracket is a curly one without this bit.
        let folded = bytes | u8x64::splat(simd, 0x20);
        let is_folded = |byte: u8| folded.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
        Self {
            quote: is(b'"'),
            backslash: is(b'\\'),
            open: is_folded(b'{'),
            close: is_folded(b'}'),
            colon: is(b':'),
            comma: is(b','),
            space: is(b' '),
            control: bytes.simd_lt(u8x64::splat(simd, 0x20)).to_bitmask(),
        }
    }
}

/// The bytes behind an odd number of backslashes. Of one block, `carry` matters in the next.
#[inline(always)]
pub(super) fn escaped(backslash: u64, carry: &mut u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    if backslash == 0 {
        return std::mem::take(carry);
    }
    // Backslashes that are not escaped themselves start a series; subtracting turns each series into its odd places.
    let starts = backslash & !*carry;
    let odd_places = ((starts << 1) | ODD).wrapping_sub(starts) ^ ODD;
    let escaped = odd_places ^ (backslash | *carry);
    *carry = (odd_places & backslash) >> (BLOCK - 1);
    escaped
}

/// For every bit whether the number of ones up to and with it is odd.
#[inline(always)]
pub(super) fn parity(mut bits: u64) -> u64 {
    for distance in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << distance;
    }
    bits
}

/// The bits below `position`, which is 64 at most.
#[inline(always)]
pub(super) fn below(position: u32) -> u64 {
    1_u64.checked_shl(position).map_or(u64::MAX, |bit| bit - 1)
}

/// The positions of the ones.
#[inline(always)]
pub(super) fn ones(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let position = bits.trailing_zeros();
        bits &= bits - 1;
        Some(position)
    })
}
