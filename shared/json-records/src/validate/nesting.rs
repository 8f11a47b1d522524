//! The open arrays and objects around a position, as a stack of bits: nesting of any depth, one bit for each level.

#![expect(
    clippy::inline_always,
    reason = "SIMD code must be inlined into one function with the target feature, or each call costs more than it saves"
)]

/// A stack of one bit for each open array (0) or object (1).
#[derive(Default)]
pub(super) struct Nesting {
    /// The innermost 64, the lowest bit being the innermost.
    top: u64,
    /// Arrays and objects that are open.
    pub(super) depth: usize,
    /// The others, 64 in each, the outermost first.
    outer: Vec<u64>,
}

impl Nesting {
    #[inline(always)]
    pub(super) fn push(&mut self, is_object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.top);
        }
        self.top = self.top << 1 | u64::from(is_object);
        self.depth += 1;
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) {
        self.depth -= 1;
        self.top >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.top = self.outer.pop().unwrap_or_default();
        }
    }

    /// Whether the innermost is an object; `false` if none is open.
    #[inline(always)]
    pub(super) fn is_object(&self) -> bool {
        self.top & 1 == 1
    }
}
