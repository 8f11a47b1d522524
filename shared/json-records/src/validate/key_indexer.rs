//! Indexes the requested keys while an object is validated.

#![expect(
    clippy::inline_always,
    reason = "SIMD code must be inlined into one function with the target feature, or each call costs more than it saves"
)]

use crate::index::Index;
use crate::key_set::{Key, KeySet};

/// Requested objects are nested no deeper than this.
const DEEPEST: usize = 4;

/// The keys that are requested at a position, and the index so far.
pub(super) struct KeyIndexer<const N: usize> {
    /// Of the innermost object.
    here: Option<&'static KeySet>,
    /// Of the innermost object and the objects around it, by depth.
    around: [Option<&'static KeySet>; DEEPEST],
    /// Of the value of the last key, which must be an object.
    next: Option<&'static KeySet>,
    is_trusted: bool,
    has_batch_key: bool,
    has_record_key: bool,
    slots: [usize; N],
}

impl<const N: usize> KeyIndexer<N> {
    pub(super) fn new(keys: Option<&'static KeySet>) -> Self {
        Self {
            here: None,
            around: [None; DEEPEST],
            next: keys,
            is_trusted: true,
            has_batch_key: false,
            has_record_key: false,
            slots: [0; N],
        }
    }

    /// The keys that are requested of the innermost object.
    #[inline(always)]
    pub(super) fn requested(&self) -> Option<&'static KeySet> {
        self.here
    }

    /// Records that the index cannot be trusted without a full parse.
    #[inline(always)]
    pub(super) fn distrust(&mut self) {
        self.is_trusted = false;
    }

    /// Enters an array or object at this depth.
    #[inline(always)]
    pub(super) fn enter(&mut self, depth: usize, is_object: bool) {
        if !is_object {
            self.is_trusted &= self.next.is_none();
        }
        self.here = self.next.take().filter(|_| is_object);
        if let Some(around) = self.around.get_mut(depth) {
            *around = self.here;
        }
    }

    /// Leaves an array or object, after which `depth` are open.
    #[inline(always)]
    pub(super) fn leave(&mut self, depth: usize) {
        self.is_trusted &= self.next.is_none();
        self.next = None;
        self.here = depth.checked_sub(1).and_then(|depth| self.around.get(depth).copied().flatten());
    }

    /// Indexes the key that begins at `start`, if it is requested.
    #[inline(always)]
    pub(super) fn key(&mut self, keys: &'static KeySet, text: &[u8], start: usize) {
        // The value of the key before should have been an object.
        self.is_trusted &= self.next.is_none();
        self.next = None;
        let Some((length, key)) = keys.find(&text[start..]) else { return };
        let slot = match key {
            Key::Value(slot) => slot,
            Key::Record(slot) => {
                self.has_record_key = true;
                slot
            }
            Key::Object(slot, keys) => {
                self.next = Some(keys);
                slot
            }
            Key::Batch => {
                // Not for an index: the array's elements are the records.
                self.has_batch_key = true;
                self.is_trusted = false;
                return;
            }
        };
        if let Some(position) = self.slots.get_mut(slot) {
            self.is_trusted &= *position == 0;
            *position = start + length + 1;
        }
    }

    /// The index of an object of this length.
    pub(super) fn index(&self, length: usize) -> Index<N> {
        let is_batch = self.has_batch_key && !self.has_record_key;
        Index { length, is_trusted: self.is_trusted, is_utf8: false, is_batch, slots: self.slots }
    }
}
