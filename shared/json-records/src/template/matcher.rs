//! Matches a text with a template.
//!
//! Two cursors advance: `template_pos` and `text_pos`. Invariant: the text before `text_pos` is a valid prefix of an
//! object, and the same arrays and objects are open at both cursors. Between two [`SyncPoint`]s both cursors advance by
//! the same number of bytes. Either the bytes are equal, or a value with the length of the template's was validated.

#![expect(
    clippy::inline_always,
    reason = "SIMD code must be inlined into one function with the target feature, or each call costs more than it saves"
)]

use std::ops::Range;

use fearless_simd::{Simd, dispatch};

use super::compare::{begin_alike, same};
use super::observation::{LongerContainer, Observation, Skip};
use super::outline::{Kind, OutlineValue};
use super::template::{Difference, DifferenceKind, Template};
use super::value_end::{is_fixed_string, number, string_end, value_end};
use crate::index::{Index, Invalid};
use crate::key_set::KeySet;
use crate::scalar;
use crate::validate::{Validation, validate};

/// How many bytes of a text may be validated again, in lengths of the template. A deeply nested text that differs at
/// each depth would otherwise be validated once for each.
const RESCAN_BUDGET: usize = 4;

/// The cost of starting a validation, in bytes.
const RESCAN_COST: usize = 512;

/// A pair of positions from which both cursors advance together.
#[derive(Clone, Copy, Default)]
pub(super) struct SyncPoint {
    template_pos: usize,
    text_pos: usize,
}

/// A requested object that was validated by itself, in place of the template's.
struct Replaced<const N: usize> {
    in_template: Range<usize>,
    text_pos: usize,
    index: Index<N>,
}

/// A match of one text with one template.
pub(super) struct Matcher<'a, const N: usize> {
    template: &'a Template<N>,
    text: &'a [u8],
    validation: Validation,
    template_pos: usize,
    text_pos: usize,
    /// Ordered by `template_pos`.
    sync_points: &'a mut Vec<SyncPoint>,
    /// The index of the template's next difference.
    next: usize,
    replaced: Vec<Replaced<N>>,
    /// Bytes that were validated again.
    rescanned: usize,
    observation: Observation,
}

impl<'a, const N: usize> Matcher<'a, N> {
    /// A match from the beginning of both texts. `sync_points` are passed in only to reuse their memory.
    pub(super) fn new(
        template: &'a Template<N>,
        text: &'a [u8],
        validation: Validation,
        sync_points: &'a mut Vec<SyncPoint>,
    ) -> Self {
        sync_points.clear();
        sync_points.push(SyncPoint::default());
        Self {
            template,
            text,
            validation: Validation { in_line: true, ..validation },
            template_pos: 0,
            text_pos: 0,
            sync_points,
            next: 0,
            replaced: Vec::new(),
            rescanned: 0,
            observation: Observation::default(),
        }
    }

    /// Matches the object that the text begins with, and writes its index.
    ///
    /// # Errors
    /// `Malformed` where the texts cannot be matched, whether or not the text is valid.
    pub(super) fn run(mut self, index: &mut Index<N>) -> Result<Observation, Invalid> {
        self.advance()?;
        *index = Index { length: self.text_pos, is_trusted: true, is_utf8: true, is_batch: false, slots: [0; N] };
        self.index_keys(&mut index.slots);
        Ok(self.observation)
    }

    /// Terminates: `template_pos` moves back only after `text_pos` has consumed a comma. `text_pos` moves back only to
    /// the start of the current key, and `template_pos` then moves forward.
    fn advance(&mut self) -> Result<(), Invalid> {
        let template = self.template;
        loop {
            dispatch!(self.validation.level, simd => self.advance_to_difference(simd))?;
            let Some(innermost) = template.innermost.get(self.template_pos) else { return Ok(()) };
            let Some(byte) = self.text.get(self.text_pos) else { return Err(Invalid::Incomplete) };
            let innermost = usize::from(*innermost);
            let value = &template.values[innermost];
            match value.kind {
                _ if self.template_pos == value.start => self.replace_value(innermost, *byte)?,
                Kind::Array { .. } | Kind::Object { .. } => self.structural_difference(innermost, *byte)?,
                Kind::String | Kind::Scalar => self.rescan_scalar(innermost)?,
            }
        }
    }

    /// Advances both cursors as far as the text equals the template, or differs from it as earlier records did.
    #[inline(always)]
    fn advance_to_difference<S: Simd>(&mut self, simd: S) -> Result<(), Invalid> {
        let Template { text: template, differences, .. } = self.template;
        let (text, level) = (self.text, self.validation.level);
        let (mut template_pos, mut text_pos) = (self.template_pos, self.text_pos);
        let mut next = differences.get(self.next..).unwrap_or_default();
        if next.first().is_some_and(|difference| difference.at < template_pos) {
            next = &next[next.partition_point(|difference| difference.at < template_pos)..];
        }
        while let [Difference { from, at, between, kind }, rest @ ..] = next {
            let length = at - template_pos;
            let Some(ours) = text.get(text_pos..) else { break };
            // After a skip the comparison starts elsewhere than at `from`.
            let is_equal = if template_pos == *from {
                between.begin(simd, ours)
            } else {
                begin_alike(simd, &template[template_pos..], ours, length)
            };
            if !is_equal {
                break;
            }
            let Some(ours @ [first, ..]) = ours.get(length..) else { break };
            next = rest;
            match kind {
                DifferenceKind::Skip(skip) => {
                    (template_pos, text_pos) = (*at, text_pos + length);
                    // A closing bracket must not follow a comma: both or neither follow the opening one.
                    let is_first = |text: &[u8], at: usize| text[at - 1] == b'[';
                    if *first == skip.byte && is_first(text, text_pos) == is_first(template, template_pos) {
                        if skip.to < *at {
                            let kept = self.sync_points.partition_point(|point| point.template_pos < skip.to);
                            self.sync_points.truncate(kept);
                        }
                        (template_pos, text_pos) = (skip.to, text_pos + 1 - skip.rewind);
                        self.sync_points.push(SyncPoint { template_pos, text_pos });
                        next = &differences[skip.next..];
                    }
                }
                DifferenceKind::FixedString { end } if *first == b'"' => {
                    if !is_fixed_string(simd, ours, end - at) {
                        break;
                    }
                    // No sync point: both cursors advance by the same length.
                    (template_pos, text_pos) = (*end, text_pos + length + end - at);
                }
                DifferenceKind::FixedString { end } | DifferenceKind::Scalar { end } => {
                    let value = if *first == b'"' {
                        string_end(simd, level, ours)?
                    } else if let Some(length) = number(simd, ours) {
                        length
                    } else if scalar::begins(*first) {
                        value_end(level, ours)?
                    } else {
                        break;
                    };
                    (template_pos, text_pos) = (*end, text_pos + length + value);
                    self.sync_points.push(SyncPoint { template_pos, text_pos });
                }
            }
        }
        self.next = differences.len() - next.len();
        let same = same(simd, &template[template_pos..], &text[text_pos..], self.template.length() - template_pos);
        (self.template_pos, self.text_pos) = (template_pos + same, text_pos + same);
        Ok(())
    }

    /// Continues the match at these positions.
    fn sync(&mut self, template_pos: usize, text_pos: usize) {
        self.template_pos = template_pos;
        self.text_pos = text_pos;
        self.sync_points.push(SyncPoint { template_pos, text_pos });
    }

    /// Continues the match at these positions, as later records with `byte` at this position can do too.
    fn skip(&mut self, byte: u8, template_pos: usize, text_pos: usize) {
        let skip = Skip { byte, to: template_pos, rewind: self.text_pos + 1 - text_pos, next: 0 };
        self.observation.skip = Some((self.template_pos, skip));
        self.sync(template_pos, text_pos);
    }

    /// Validates the whole string, number or word within which the texts differ.
    fn rescan_scalar(&mut self, index: usize) -> Result<(), Invalid> {
        let value = &self.template.values[index];
        let start = self.text_pos - (self.template_pos - value.start);
        let end = start + value_end(self.validation.level, &self.text[start..])?;
        self.observation.scalar = Some((index, end - start == value.end - value.start));
        self.sync(value.end, end);
        Ok(())
    }

    /// Validates a value that begins with another byte than the template's, or skips the elements of an array that is
    /// empty.
    fn replace_value(&mut self, index: usize, byte: u8) -> Result<(), Invalid> {
        let value = &self.template.values[index];
        let around = &self.template.values[value.around];
        let is_first = matches!(around.kind, Kind::Array { .. }) && around.start + 1 == value.start;
        // The template's first element can also match a later one, after a comma.
        if byte == b']' && is_first && self.text[self.text_pos - 1] == b'[' {
            self.skip(byte, around.end - 1, self.text_pos);
            return Ok(());
        }
        let end = self.value(index, self.text_pos, byte)?;
        if matches!(value.kind, Kind::String | Kind::Scalar) {
            self.observation.scalar = Some((index, false));
        }
        self.sync(value.end, end);
        Ok(())
    }

    /// Continues after a difference directly in an array or object: more or fewer elements or members.
    fn structural_difference(&mut self, index: usize, byte: u8) -> Result<(), Invalid> {
        let (template, template_pos) = (self.template, self.template_pos);
        let value = &template.values[index];
        let before = usize::from(template.innermost[template_pos - 1]);
        let OutlineValue { start, end, around, kind, .. } = &template.values[before];
        let is_after_value = *end == template_pos && *around == index;
        // A number that is longer than the template's. The last sync point precedes it, so its first digits are equal.
        let is_equal = self.sync_points.last().is_some_and(|point| point.template_pos <= *start);
        if is_after_value && is_equal && matches!(kind, Kind::Scalar) && !scalar::ends(byte) {
            return self.rescan_scalar(before);
        }
        match (value.kind, byte) {
            // Fewer elements or members, and none of the missing ones is requested.
            (Kind::Array { .. }, b']') | (Kind::Object { .. }, b'}')
                if is_after_value && !self.has_keys(template_pos..value.end) =>
            {
                self.skip(byte, value.end - 1, self.text_pos);
            }
            // One more element: the template's last element is matched again. Elements of arrays are never requested.
            (Kind::Array { last: Some(last) }, b',') if is_after_value && template.text[template_pos] == b']' => {
                self.sync_points.truncate(self.sync_points.partition_point(|point| point.template_pos < last));
                self.next = template.differences.partition_point(|difference| difference.at < last);
                self.skip(byte, last, self.text_pos + 1);
            }
            (Kind::Object { .. }, _) if self.skip_members(index, byte) => {}
            // Anything else: the whole array or object is validated by itself.
            _ => {
                let start = self.text_start(value.start);
                let end = self.value(index, start, self.text[start])?;
                self.sync(value.end, end);
            }
        }
        Ok(())
    }

    /// Skips members that the text lacks, if a later member of the template follows. Returns whether it does.
    fn skip_members(&mut self, index: usize, byte: u8) -> bool {
        let template = self.template;
        let mut members = template.next_within(index, self.template_pos);
        // The texts differ within this member's key.
        let Some(first) = members.next().filter(|member| member.key <= self.template_pos) else { return false };
        let key = self.text_pos - (self.template_pos - first.key);
        let text = &self.text[key..];
        let next = members.find(|member| text.starts_with(&template.text[member.key..member.start]));
        match next {
            Some(member) if !self.has_keys(first.key..member.key) => {
                self.skip(byte, member.key, key);
                true
            }
            _ => false,
        }
    }

    /// Whether the template has a requested key in this range.
    fn has_keys(&self, in_template: Range<usize>) -> bool {
        self.template.keys.iter().any(|(end, _)| in_template.contains(end))
    }

    /// The start in the text of an open array or object that starts at `start` in the template.
    fn text_start(&self, start: usize) -> usize {
        let later = self.sync_points.partition_point(|point| point.template_pos <= start);
        let point = later.checked_sub(1).map_or(SyncPoint::default(), |index| self.sync_points[index]);
        point.text_pos + (start - point.template_pos)
    }

    /// Validates the value at `start` of the text, which begins with this byte, in place of the template's. Returns its
    /// end.
    fn value(&mut self, index: usize, start: usize, byte: u8) -> Result<usize, Invalid> {
        let requested = match self.template.values[index].kind {
            Kind::Object { requested } => requested,
            _ => None,
        };
        match byte {
            b'{' | b'[' => self.container(index, start, requested),
            // Another value in place of a requested object makes the index untrusted.
            _ if requested.is_some() => Err(Invalid::Malformed),
            _ => Ok(start + value_end(self.validation.level, &self.text[start..])?),
        }
    }

    /// Validates the array or object at `start` of the text without the template.
    fn container(&mut self, index: usize, start: usize, requested: Option<&'static KeySet>) -> Result<usize, Invalid> {
        let OutlineValue { start: template_start, end, depth, .. } = self.template.values[index];
        let (in_template, length) = (template_start..end, self.template.length());
        // If it is most of the record, another template is cheaper.
        if in_template.len() > length / 2 || self.rescanned > RESCAN_BUDGET * length {
            return Err(Invalid::Malformed);
        }
        let validation = Validation { depth: self.validation.depth - depth, ..self.validation };
        let index = validate::<N>(&self.text[start..], validation, requested)?;
        let in_text = start..start + index.length;
        self.rescanned += RESCAN_COST + index.length;
        if !index.is_trusted || simdutf8::basic::from_utf8(&self.text[in_text.clone()]).is_err() {
            return Err(Invalid::Malformed);
        }
        let end = in_text.end;
        if requested.is_some() {
            self.replaced.push(Replaced { in_template: in_template.clone(), text_pos: start, index });
        }
        if in_text.len() > in_template.len() {
            self.observation.longer = Some(LongerContainer { in_template, in_text });
        }
        Ok(end)
    }

    /// Writes where the text has the requested keys.
    fn index_keys(&self, slots: &mut [usize; N]) {
        let (mut point, mut later) = (SyncPoint::default(), self.sync_points.iter().peekable());
        for (end, slot) in &self.template.keys {
            while let Some(next) = later.next_if(|next| next.template_pos <= *end) {
                point = *next;
            }
            slots[*slot] = point.text_pos + (end - point.template_pos);
        }
        for Replaced { in_template, text_pos, index } in &self.replaced {
            for (_, slot) in self.template.keys.iter().filter(|(end, _)| in_template.contains(end)) {
                slots[*slot] = 0;
            }
            for (end, slot) in index.present() {
                slots[slot] = text_pos + end;
            }
        }
    }
}
