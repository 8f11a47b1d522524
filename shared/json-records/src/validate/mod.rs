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
mod block;
mod key_indexer;
mod nesting;

use fearless_simd::{Level, dispatch};

use self::bitmaps::{BLOCK, below, ones};
use self::block::{AT_ONCE, Block, Carry};
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

#[cfg(test)]
mod tests;
