//! The bytes of a block by class: a bitmap of sixty-four bits for each class.

#![expect(
    clippy::inline_always,
    reason = "SIMD code must be inlined into one function with the target feature, or each call costs more than it saves"
)]

use fearless_simd::{Simd, SimdBase, SimdMask, u8x64};

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// A bit for each byte of a block that is of a class, inside strings or outside.
pub(super) struct Bitmaps {
    pub(super) quote: u64,
    pub(super) backslash: u64,
    pub(super) open: u64,
    pub(super) close: u64,
    pub(super) colon: u64,
    pub(super) comma: u64,
    pub(super) space: u64,
    /// Control characters, which include the white space other than the space.
    pub(super) control: u64,
}

impl Bitmaps {
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        let is = |byte: u8| bytes.simd_eq(u8x64::splat(simd, byte)).to_bitmask();
        // In ASCII a square bracket differs from a curly one in this bit only.
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

/// The escaped bytes: those after an odd number of backslashes. `carry` is the state from one block to the next.
#[inline(always)]
pub(crate) fn escaped(backslash: u64, carry: &mut u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    if backslash == 0 {
        return std::mem::take(carry);
    }
    // A backslash that is not escaped starts a run. The subtraction turns each run into its odd positions.
    let starts = backslash & !*carry;
    let odd_positions = ((starts << 1) | ODD).wrapping_sub(starts) ^ ODD;
    let escaped = odd_positions ^ (backslash | *carry);
    *carry = (odd_positions & backslash) >> (BLOCK - 1);
    escaped
}

/// For each bit, whether the number of ones up to and including it is odd.
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
pub(crate) fn ones(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let position = bits.trailing_zeros();
        bits &= bits - 1;
        Some(position)
    })
}
