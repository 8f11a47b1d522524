//! Compares texts, sixty-four bytes at a time.

#![expect(
    clippy::inline_always,
    reason = "SIMD code must be inlined into one function with the target feature, or each call costs more than it saves"
)]

use fearless_simd::{Simd, SimdBase, SimdMask, u8x64};

use crate::validate::bitmaps::BLOCK;

/// The block of a text at this position, if as many bytes follow.
#[inline(always)]
pub(super) fn block(text: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    text.get(at..)?.first_chunk()
}

/// The bytes in which two blocks differ, among the first `most`.
#[inline(always)]
fn differ<S: Simd>(simd: S, one: &[u8; BLOCK], other: &[u8; BLOCK], most: usize) -> u64 {
    let equal = u8x64::from_slice(simd, one).simd_eq(u8x64::from_slice(simd, other)).to_bitmask();
    let beyond = BLOCK - most.min(BLOCK);
    !equal << beyond >> beyond
}

/// A text of the template, in blocks, with which texts are compared.
pub(super) struct Blocks {
    /// The last block is padded with zeros.
    blocks: Vec<[u8; BLOCK]>,
    /// A mask of the text's bytes in the last block.
    mask: [u8; BLOCK],
}

impl Blocks {
    pub(super) fn of(text: &[u8]) -> Self {
        let mut blocks = Self { blocks: Vec::new(), mask: MASKS[0] };
        for bytes in text.chunks(BLOCK) {
            let mut block = [0; BLOCK];
            block[..bytes.len()].copy_from_slice(bytes);
            blocks.blocks.push(block);
            blocks.mask = MASKS[bytes.len()];
        }
        blocks
    }

    /// Whether `text` begins with this text; `false` also where fewer bytes follow than a block has.
    #[inline(always)]
    pub(super) fn begin<S: Simd>(&self, simd: S, text: &[u8]) -> bool {
        let Some((last, blocks)) = self.blocks.split_last() else { return true };
        let Some((text, [last_of_text, ..])) = text.as_chunks().0.split_at_checked(blocks.len()) else { return false };
        are_same(simd, blocks, text, differ_within(simd, last, last_of_text, &self.mask))
    }
}

/// Masks of the first bytes of a block, by their number.
static MASKS: [[u8; BLOCK]; BLOCK + 1] = {
    let mut masks = [[0; BLOCK]; BLOCK + 1];
    let mut length = 0;
    while length <= BLOCK {
        let mut at = 0;
        while at < length {
            masks[length][at] = 0xff;
            at += 1;
        }
        length += 1;
    }
    masks
};

/// Whether the first `length` bytes of two texts are equal; `false` also where either has fewer bytes after them than a
/// block.
#[inline(always)]
pub(super) fn begin_alike<S: Simd>(simd: S, one: &[u8], other: &[u8], length: usize) -> bool {
    let (rest, read) = (length % BLOCK, (length / BLOCK + 1) * BLOCK);
    let (Some(one), Some(other)) = (one.get(..read), other.get(..read)) else { return false };
    let blocks = one.as_chunks().0.split_last().zip(other.as_chunks().0.split_last());
    let Some(((last, one), (last_of_other, other))) = blocks else { return false };
    are_same(simd, one, other, differ_within(simd, last, last_of_other, &MASKS[rest]))
}

#[inline(always)]
fn differ_within<S: Simd>(simd: S, one: &[u8; BLOCK], other: &[u8; BLOCK], mask: &[u8; BLOCK]) -> u8x64<S> {
    let [one, other, mask] = [one, other, mask].map(|block| u8x64::from_slice(simd, block));
    (one ^ other) & mask
}

/// Blocks that are compared between two branches: a difference is rare. With more, an attacker could make the matcher
/// compare many blocks after each difference for nothing.
const AT_ONCE: usize = 8;

/// Whether two lists of blocks are equal, and `differs_after` is zero.
#[inline(always)]
fn are_same<S: Simd>(simd: S, mut one: &[[u8; BLOCK]], mut other: &[[u8; BLOCK]], differs_after: u8x64<S>) -> bool {
    while let Some((of_one, rest)) = one.split_at_checked(AT_ONCE) {
        let Some((of_other, rest_of_other)) = other.split_at_checked(AT_ONCE) else { return false };
        if !is_zero(simd, differ_in_any(simd, of_one, of_other, u8x64::splat(simd, 0))) {
            return false;
        }
        (one, other) = (rest, rest_of_other);
    }
    is_zero(simd, differ_in_any(simd, one, other, differs_after))
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

/// The length of the common prefix of two texts, at most `most`.
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

#[cfg(test)]
mod tests {
    use fearless_simd::dispatch;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::levels;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn the_common_prefix_is_that_of_a_bytewise_comparison(
            one in vec(0..2_u8, 0..200), place in any::<prop::sample::Index>(), most in 0..200_usize, room in 0..2_usize,
        ) {
            let mut other = one.clone();
            if let Some(byte) = other.get_mut(place.index(one.len() + 1)) {
                *byte ^= 1;
            }
            let most = most.min(one.len());
            let padding = vec![7; BLOCK * room];
            let (one, other) = ([one, padding.clone()].concat(), [other, padding].concat());
            let expected = one.iter().zip(&other).take(most).take_while(|(one, other)| one == other).count();
            for level in levels() {
                prop_assert_eq!(dispatch!(level, simd => same(simd, &one, &other, most)), expected, "{:?}", level);
                let are = dispatch!(level, simd => begin_alike(simd, &one, &other, most));
                let begins = dispatch!(level, simd => Blocks::of(&one[..most]).begin(simd, &other));
                for found in [are, begins] {
                    prop_assert!(!found || expected == most, "{level:?}");
                    prop_assert!(found || expected < most || room == 0, "{level:?}");
                }
            }
        }
    }
}
