//! The index of a valid object: where its requested keys are.

use crate::scalar::{self, Value};

/// Where the requested keys of a valid object are, and what the validator knows of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Index<const N: usize> {
    /// The object's length in bytes.
    pub(crate) length: usize,
    /// `true` if the slots can be trusted without a full parse. Then no requested key is duplicated or may be hidden by
    /// escapes, no requested object is something else, and every number fits a standard type.
    pub(crate) is_trusted: bool,
    /// `true` if the object is known to be UTF-8; `false` if that was not checked.
    pub(crate) is_utf8: bool,
    /// `true` if the object has a key of a batch, and none that only records have.
    pub(crate) is_batch: bool,
    /// For each slot, the position after the key's closing quote; 0 if the key is absent.
    pub(crate) slots: [usize; N],
}

impl<const N: usize> Default for Index<N> {
    fn default() -> Self {
        Self { length: 0, is_trusted: false, is_utf8: false, is_batch: false, slots: [0; N] }
    }
}

impl<const N: usize> Index<N> {
    /// The position after each present key, and its slot.
    #[cfg(feature = "templates")]
    pub(crate) fn present(&self) -> impl Iterator<Item = (usize, usize)> {
        self.slots.iter().enumerate().filter(|(_, end)| **end > 0).map(|(slot, end)| (*end, slot))
    }

    /// The text after the key in this slot, which is empty if the key is absent.
    pub(crate) fn after_key<'t>(&self, text: &'t [u8], slot: usize) -> &'t [u8] {
        match self.slots.get(slot) {
            None | Some(0) => b"",
            Some(end) => text.get(*end..).unwrap_or_default(),
        }
    }
}

/// A valid record with a trusted index. Its text is UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct IndexedRecord<'r, const N: usize> {
    pub(crate) text: &'r [u8],
    pub(crate) index: &'r Index<N>,
}

impl<'r, const N: usize> IndexedRecord<'r, N> {
    /// The record's text, without white space around it.
    #[must_use]
    pub fn text(&self) -> &'r [u8] {
        self.text
    }

    /// The value in this slot.
    #[must_use]
    pub fn value(&self, slot: usize) -> Value<'r> {
        scalar::after_key(self.after_key(slot))
    }

    /// The text after the key in this slot, from its colon; empty if the key is absent.
    #[must_use]
    pub fn after_key(&self, slot: usize) -> &'r [u8] {
        self.index.after_key(self.text, slot)
    }
}

/// Why a text does not begin with a valid object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    /// The text ends before the object does.
    Incomplete,
    /// It is not JSON.
    Malformed,
}
