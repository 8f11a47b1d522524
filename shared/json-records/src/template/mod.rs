//! Validates and indexes a record by comparing it with earlier ones.
//!
//! The records of a log have most of their bytes in common: keys, punctuation, and most values. A validated record
//! becomes a template, and later texts are compared with it, many bytes at a time. Where a text differs, the value
//! around the difference is validated, and the comparison continues after it. Positions where earlier records differed
//! from the template are checked first. In a sign-in these are about forty values and half a dozen arrays or objects of
//! varying length.
//!
//! No byte is skipped. Each byte of a text equals a byte of the template that was validated in the same context, or is
//! validated itself. JSON stays JSON when a value replaces a value, when an array has more or fewer elements, and when
//! an object lacks members. None of these duplicates a key. A text that matches no template is validated by
//! [`validate`], which is the authority: the cache compares itself with it (see [`TemplateCache::verify`]).
//!
//! An attacker can make records as different as possible, so their cost is bounded. [`matcher`]'s rescan budget bounds
//! it for a record, the number of rebuilds and skips for a template, and the build budget here for a stream.

mod compare;
mod matcher;
mod observation;
mod outline;
#[expect(clippy::module_inception, reason = "the module and its one type share a name")]
mod template;
mod value_end;

use self::matcher::{Matcher, SyncPoint};
use self::template::Template;
use crate::index::{Index, Invalid};
use crate::key_set::KeySet;
use crate::validate::{Validation, validate};

/// Templates in the cache. An event hub mixes about four logs.
const MOST_TEMPLATES: usize = 4;

/// How many matched records pay for one new template, which costs more to build than a record to validate.
const BUILD_COST: u32 = 8;

/// The build budget at the start, and its maximum. It bounds the cost of templates where no two records are similar.
const BUILD_BUDGET: u32 = 8 * BUILD_COST;

/// Records that are validated without templates once the budget is spent, as when each record orders its keys
/// differently.
const BACKOFF_RECORDS: u32 = 256;

/// In a release build, one of this many matched records is verified.
const VERIFIED_IN_RELEASE: u32 = 1024;

/// Templates of earlier records.
pub(crate) struct TemplateCache<const N: usize> {
    keys: &'static KeySet,
    /// The one used last comes first.
    templates: Vec<Template<N>>,
    build_budget: u32,
    backoff_records: u32,
    matched: u32,
    mismatches: u64,
    /// Kept only to reuse its memory.
    sync_points: Vec<SyncPoint>,
}

impl<const N: usize> TemplateCache<N> {
    /// An empty cache, for records with these requested keys.
    pub(crate) fn new(keys: &'static KeySet) -> Self {
        Self {
            keys,
            templates: Vec::new(),
            build_budget: BUILD_BUDGET,
            backoff_records: 0,
            matched: 0,
            mismatches: 0,
            sync_points: Vec::new(),
        }
    }

    /// Matches that disagreed with the validator. Each is a defect of this module.
    pub(crate) fn mismatches(&self) -> u64 {
        self.mismatches
    }

    /// Validates the object that `text` begins with, as [`validate`] does, and writes its index.
    pub(crate) fn validate(
        &mut self,
        text: &[u8],
        validation: Validation,
        index: &mut Index<N>,
    ) -> Result<(), Invalid> {
        if self.backoff_records > 0 {
            self.backoff_records -= 1;
        } else if self.is_matched(text, validation, index)? {
            return self.verify(text, validation, index);
        }
        *index = validate(text, validation, Some(self.keys))?;
        if self.backoff_records == 0 {
            self.add(&text[..index.length], validation);
        }
        Ok(())
    }

    /// Matches the text with each template, and returns whether one matched.
    fn is_matched(&mut self, text: &[u8], validation: Validation, index: &mut Index<N>) -> Result<bool, Invalid> {
        for position in 0..self.templates.len() {
            match Matcher::new(&self.templates[position], text, validation, &mut self.sync_points).run(index) {
                Err(Invalid::Malformed) => {}
                Err(Invalid::Incomplete) => return Err(Invalid::Incomplete),
                Ok(observation) => {
                    self.build_budget = BUILD_BUDGET.min(self.build_budget + 1);
                    self.templates[..=position].rotate_right(1);
                    self.templates[0].absorb(observation, text, validation, self.keys);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Compares a match with the validator: always in debug builds, for one record of [`VERIFIED_IN_RELEASE`] in
    /// release builds.
    fn verify(&mut self, text: &[u8], validation: Validation, index: &mut Index<N>) -> Result<(), Invalid> {
        self.matched = self.matched.wrapping_add(1);
        if !cfg!(debug_assertions) && !self.matched.is_multiple_of(VERIFIED_IN_RELEASE) {
            return Ok(());
        }
        let validated = validate(text, validation, Some(self.keys));
        debug_assert!(agrees(index, &validated, text), "{index:?} and {validated:?}: {}", text.escape_ascii());
        self.correct(text, index, validated)
    }

    /// Replaces the index of a match by the validator's answer if they differ. Then the mismatch is counted, and the
    /// templates are dropped: none is used from then on.
    fn correct(
        &mut self,
        text: &[u8],
        index: &mut Index<N>,
        validated: Result<Index<N>, Invalid>,
    ) -> Result<(), Invalid> {
        if !agrees(index, &validated, text) {
            self.mismatches += 1;
            self.templates.clear();
            self.backoff_records = u32::MAX;
            *index = validated?;
        }
        Ok(())
    }

    /// Adds a template of a record that matched none, if the budget allows it.
    fn add(&mut self, text: &[u8], validation: Validation) {
        let Some(rest) = self.build_budget.checked_sub(BUILD_COST) else {
            (self.build_budget, self.backoff_records) = (BUILD_COST, BACKOFF_RECORDS);
            return;
        };
        self.build_budget = rest;
        if let Some(template) = Template::of(text.to_vec(), validation, self.keys) {
            self.templates.truncate(MOST_TEMPLATES - 1);
            self.templates.insert(0, template);
        }
    }
}

/// Whether a match has the validator's result for the text. Only a match claims UTF-8.
fn agrees<const N: usize>(matched: &Index<N>, validated: &Result<Index<N>, Invalid>, text: &[u8]) -> bool {
    let is_same = validated.as_ref().is_ok_and(|validated| {
        (matched.length, matched.is_trusted, matched.is_batch, matched.slots)
            == (validated.length, validated.is_trusted, validated.is_batch, validated.slots)
    });
    is_same && text.get(..matched.length).is_some_and(|text| std::str::from_utf8(text).is_ok())
}

#[cfg(test)]
mod tests;
