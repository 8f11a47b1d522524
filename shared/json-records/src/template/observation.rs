//! What a match shows of a text: the matcher fills it, and the template absorbs it.

use std::ops::Range;

/// What a match showed that the template does not have yet.
#[derive(Default)]
pub(super) struct Observation {
    /// The index of a string, number or word that varies, and whether it had the template's length.
    pub(super) scalar: Option<(usize, bool)>,
    /// The position where the texts differed, and how the match continued.
    pub(super) skip: Option<(usize, Skip)>,
    pub(super) longer: Option<LongerContainer>,
}

/// An array or object that is longer than the template's.
pub(super) struct LongerContainer {
    pub(super) in_template: Range<usize>,
    pub(super) in_text: Range<usize>,
}

/// How a match continues after a difference in structure.
#[derive(Clone, Copy)]
pub(super) struct Skip {
    /// The byte of the text at this position, which differs from the template's.
    pub(super) byte: u8,
    /// The position in the template where the match continues.
    pub(super) to: usize,
    /// Bytes of the text, up to and including `byte`, that are compared again.
    pub(super) rewind: usize,
    /// The index of the first difference at `to` or after it.
    pub(super) next: usize,
}
