//! A template: an earlier record, its values, and the positions where records differ from it.

use super::compare::Blocks;
use super::observation::{LongerContainer, Observation, Skip};
use super::outline::{Kind, Outline, OutlineValue};
use super::value_end::LONGEST_FIXED;
use crate::key_set::KeySet;
use crate::validate::bitmaps::BLOCK;
use crate::validate::{Validation, validate};

/// Bytes of the longest template. A longer record costs more to outline than it saves.
const LONGEST: usize = u16::MAX as usize;

/// How often a template is rebuilt with a longer array or object.
const MOST_REBUILDS: usize = 64;

/// Skips of a template.
const MOST_SKIPS: usize = 64;

/// Values that are searched for the next ones of an array or object.
const MOST_SEARCHED: usize = 64;

/// An earlier record with which texts are compared.
pub(super) struct Template<const N: usize> {
    /// The record's text, padded with a block of zeros.
    pub(super) text: Vec<u8>,
    /// Every value, ordered by its first byte.
    pub(super) values: Vec<OutlineValue>,
    /// For every byte, the index into `values` of the innermost value around it. Keys, colons and commas belong to
    /// their array or object.
    pub(super) innermost: Vec<u16>,
    /// The requested keys that are present, in the order of the text: the position after the key's closing quote, and
    /// its slot.
    pub(super) keys: Vec<(usize, usize)>,
    /// The positions where records differed, in order.
    pub(super) differences: Vec<Difference>,
    rebuilds: usize,
}

/// A position where earlier records differed from the template. The matcher checks it first.
pub(super) struct Difference {
    /// The end of the difference before.
    pub(super) from: usize,
    pub(super) at: usize,
    /// The template's text from `from` to `at`.
    pub(super) between: Blocks,
    pub(super) kind: DifferenceKind,
}

impl Difference {
    fn end(&self) -> usize {
        match self.kind {
            DifferenceKind::Skip(_) => self.at,
            DifferenceKind::FixedString { end } | DifferenceKind::Scalar { end } => end,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum DifferenceKind {
    /// More or fewer elements, or fewer members: the match continues elsewhere in the template. Of the differences at
    /// one position the skips come first.
    Skip(Skip),
    /// A string that always has the same length. `end` is the end of the template's.
    FixedString { end: usize },
    /// A string, number or word of any length. `end` is the end of the template's.
    Scalar { end: usize },
}

impl<const N: usize> Template<N> {
    /// A template of a record, if the record is suitable: trusted, and without control characters. White space other
    /// than the space would make it invalid for text on a line.
    pub(super) fn of(mut text: Vec<u8>, validation: Validation, keys: &'static KeySet) -> Option<Self> {
        if text.len() > LONGEST || text.iter().any(|byte| *byte < b' ') || simdutf8::basic::from_utf8(&text).is_err() {
            return None;
        }
        let validation = Validation { in_line: true, ..validation };
        let index = validate::<N>(&text, validation, Some(keys)).ok().filter(|index| index.is_trusted)?;
        let mut present: Vec<_> = index.present().collect();
        present.sort_unstable();
        let (values, innermost) = Outline::of(&text, keys)?;
        let is_whole = index.length == text.len();
        text.extend([0; BLOCK]);
        is_whole.then_some(Self { text, values, innermost, keys: present, differences: Vec::new(), rebuilds: 0 })
    }

    /// The next values directly in the array or object with this index, from position `at`.
    pub(super) fn next_within(&self, index: usize, at: usize) -> impl Iterator<Item = &OutlineValue> {
        let first = index + self.values[index..].partition_point(|value| value.start < at);
        self.values[first..].iter().take(MOST_SEARCHED).filter(move |value| value.around == index)
    }

    pub(super) fn length(&self) -> usize {
        self.innermost.len()
    }

    /// Adds what a match with `text` showed.
    pub(super) fn absorb(
        &mut self,
        observation: Observation,
        text: &[u8],
        validation: Validation,
        keys: &'static KeySet,
    ) {
        if let Some((index, is_fixed)) = observation.scalar {
            self.add_scalar(index, is_fixed);
        }
        if let Some((at, skip)) = observation.skip {
            self.add_skip(at, skip);
        }
        let longer = observation.longer.filter(|_| self.rebuilds < MOST_REBUILDS);
        if let Some(LongerContainer { in_template, in_text }) = longer {
            let (before, after) = (&self.text[..in_template.start], &self.text[in_template.end..self.length()]);
            let text = [before, &text[in_text], after].concat();
            let rebuilds = self.rebuilds + 1;
            match Self::of(text, validation, keys) {
                Some(rebuilt) => *self = Self { rebuilds, ..rebuilt },
                None => self.rebuilds = rebuilds,
            }
        }
    }

    fn add_scalar(&mut self, index: usize, is_fixed: bool) {
        let Some(OutlineValue { start, end, kind, .. }) = self.values.get(index) else { return };
        let is_fixed = is_fixed && matches!(kind, Kind::String) && end - start <= LONGEST_FIXED;
        let place = self.differences.partition_point(|Difference { at, kind, .. }| {
            at < start || at == start && matches!(kind, DifferenceKind::Skip(_))
        });
        let kind =
            if is_fixed { DifferenceKind::FixedString { end: *end } } else { DifferenceKind::Scalar { end: *end } };
        match self.differences.get_mut(place).filter(|known| known.at == *start) {
            None => self.insert(place, *start, kind),
            Some(known) if matches!(known.kind, DifferenceKind::FixedString { .. }) => known.kind = kind,
            Some(_) => {}
        }
    }

    fn add_skip(&mut self, at: usize, skip: Skip) {
        let place = self.differences.partition_point(|known| known.at < at);
        let mut skips = self.differences.iter().filter_map(|known| match known.kind {
            DifferenceKind::Skip(Skip { byte, .. }) => Some((known.at, byte)),
            DifferenceKind::FixedString { .. } | DifferenceKind::Scalar { .. } => None,
        });
        if skips.clone().count() < MOST_SKIPS && !skips.any(|known| known == (at, skip.byte)) {
            self.insert(place, at, DifferenceKind::Skip(skip));
        }
    }

    fn insert(&mut self, place: usize, at: usize, kind: DifferenceKind) {
        self.differences.insert(place, Difference { from: 0, at, between: Blocks::of(b""), kind });
        let mut from = place.checked_sub(1).map_or(0, |before| self.differences[before].end());
        for difference in self.differences[place..].iter_mut().take(2) {
            difference.from = from;
            difference.between = Blocks::of(&self.text[from..difference.at]);
            from = difference.end();
        }
        let positions: Vec<_> = self.differences.iter().map(|known| known.at).collect();
        for difference in &mut self.differences {
            if let DifferenceKind::Skip(skip) = &mut difference.kind {
                skip.next = positions.partition_point(|at| *at < skip.to);
            }
        }
    }
}
