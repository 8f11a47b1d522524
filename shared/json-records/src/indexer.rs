//! Validates records and indexes their requested keys, by templates where these are switched on.

use fearless_simd::Level;

use crate::index::{Index, IndexedRecord, Invalid};
use crate::key_set::KeySet;
#[cfg(feature = "templates")]
use crate::template::TemplateCache;
use crate::validate::{Validation, validate};

/// Validates records, and indexes `N` slots of requested keys. One indexer serves all readers of a stream, whose
/// records are alike.
pub struct Indexer<const N: usize> {
    keys: &'static KeySet,
    level: Level,
    depth: usize,
    #[cfg(feature = "templates")]
    templates: TemplateCache<N>,
    /// Of the last valid record.
    index: Index<N>,
}

impl<const N: usize> Indexer<N> {
    /// An indexer of these keys, for records that nest objects and arrays at most `depth` deep.
    #[must_use]
    pub fn new(keys: &'static KeySet, depth: usize) -> Self {
        Self {
            keys,
            level: Level::new(),
            depth,
            #[cfg(feature = "templates")]
            templates: TemplateCache::new(keys),
            index: Index::default(),
        }
    }

    /// Records whose template disagreed with the validator, which then decided. Each is a defect of this crate.
    #[must_use]
    pub fn template_mismatches(&self) -> u64 {
        #[cfg(feature = "templates")]
        let mismatches = self.templates.mismatches();
        #[cfg(not(feature = "templates"))]
        let mismatches = 0;
        mismatches
    }

    pub(crate) fn keys(&self) -> &'static KeySet {
        self.keys
    }

    /// The deepest nesting of a record.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Validates the object that `text` begins with, and indexes it.
    pub(crate) fn index(&mut self, text: &[u8], in_line: bool) -> Result<&Index<N>, Invalid> {
        let validation = Validation { level: self.level, in_line, depth: self.depth };
        #[cfg(feature = "templates")]
        if N > 0 {
            self.templates.validate(text, validation, &mut self.index)?;
            return Ok(&self.index);
        }
        self.index = validate(text, validation, Some(self.keys))?;
        Ok(&self.index)
    }

    /// Whether a text is one object and nothing else, of any depth.
    pub(crate) fn is_object(&self, text: &[u8]) -> bool {
        let text = text.trim_ascii();
        let validation = Validation { level: self.level, in_line: false, depth: usize::MAX };
        validate::<0>(text, validation, Some(&NO_KEYS)).is_ok_and(|index| index.length == text.len())
    }

    /// The record that begins `text`, which was indexed last, if its index can be trusted.
    pub(crate) fn trusted<'r>(&'r self, text: &'r [u8]) -> Option<IndexedRecord<'r, N>> {
        let (text, index) = (&text[..self.index.length], &self.index);
        let is_trusted = N > 0 && index.is_trusted && (index.is_utf8 || simdutf8::basic::from_utf8(text).is_ok());
        is_trusted.then_some(IndexedRecord { text, index })
    }
}

static NO_KEYS: KeySet = KeySet::new(&[]);
