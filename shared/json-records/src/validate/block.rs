//! Classifies the bytes of a block: its tokens, and those that the grammar does not allow where they are.

use fearless_simd::Simd;

use super::bitmaps::{BLOCK, Bitmaps, escaped, parity};

/// State from one block to the next. Each field is the lowest bit or, where stated, all bits.
#[derive(Default)]
pub(super) struct Carry {
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
pub(super) const AT_ONCE: usize = 8;

/// The bitmaps of a classified block.
#[derive(Clone, Copy, Default)]
pub(super) struct Block {
    pub(super) open: u64,
    pub(super) close: u64,
    pub(super) colon: u64,
    pub(super) comma: u64,
    /// The first bytes of numbers and words.
    pub(super) scalars: u64,
    /// The opening quotes of strings.
    pub(super) strings: u64,
    /// The first byte after each value that is not white space; also the bytes within a number or word.
    pub(super) after_value: u64,
    /// Tokens that the grammar does not allow after the token before them.
    pub(super) grammar_errors: u64,
    /// Bytes up to which the number of colons and commas in the block is odd.
    pub(super) separator_parity: u64,
    /// Control characters, in strings and as white space.
    pub(super) control: u64,
    /// Bytes of strings, from the opening quote to the byte before the closing one.
    pub(super) inside: u64,
    /// Escaped bytes, except quotes and backslashes: those are always valid, and are nearly all in JSON within a
    /// string.
    pub(super) escaped: u64,
}

impl Carry {
    /// Classifies some blocks, and returns their number.
    #[inline(always)]
    pub(super) fn classify_all<S: Simd>(&mut self, simd: S, bytes: &[u8], blocks: &mut [Block; AT_ONCE]) -> usize {
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
