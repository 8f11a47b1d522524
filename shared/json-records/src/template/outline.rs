//! The values of a template's text, and the innermost value of each byte.

use crate::key_set::{Key, KeySet};
use crate::scalar;

/// A value of a template.
pub(super) struct OutlineValue {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The index of the array or object around it; of the record itself, its own.
    pub(super) around: usize,
    pub(super) kind: Kind,
    /// The position of its key, or its own if it has no key.
    pub(super) key: usize,
    /// The number of arrays and objects around it.
    pub(super) depth: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    String,
    /// A number or a word.
    Scalar,
    Array {
        /// The position of its last element, if it has one.
        last: Option<usize>,
    },
    Object {
        requested: Option<&'static KeySet>,
    },
}

/// The values of a text up to a position.
pub(super) struct Outline<'t> {
    text: &'t [u8],
    values: Vec<OutlineValue>,
    innermost: Vec<u16>,
    /// The indices of the open arrays and objects, the innermost last.
    open: Vec<usize>,
    /// The position of the key whose value is next.
    key: Option<usize>,
}

impl Outline<'_> {
    /// The values of a valid object with a trusted index, and for every byte the index of its innermost value. A
    /// trusted index means that every requested object is an object.
    pub(super) fn of(text: &[u8], keys: &'static KeySet) -> Option<(Vec<OutlineValue>, Vec<u16>)> {
        let mut outline = Outline { text, values: Vec::new(), innermost: Vec::new(), open: Vec::new(), key: None };
        let mut requested = Some(keys);
        while let Some(byte) = text.get(outline.innermost.len()) {
            let start = outline.innermost.len();
            match byte {
                b'{' => outline.open(Kind::Object { requested: requested.take() })?,
                b'[' => outline.open(Kind::Array { last: None })?,
                b'}' | b']' => {
                    let closed = outline.open.pop()?;
                    outline.values.get_mut(closed)?.end = start + 1;
                    outline.extend(closed, 1)?;
                }
                b'"' => match outline.innermost()?.kind {
                    Kind::Object { requested: keys } if outline.key.is_none() => {
                        requested = keys.and_then(|keys| match keys.find(&text[start + 1..])? {
                            (_, Key::Object(_, keys)) => Some(keys),
                            (_, Key::Value(_) | Key::Record(_) | Key::Batch) => None,
                        });
                        outline.key = Some(start);
                        outline.extend(*outline.open.last()?, scalar::string(&text[start..]))?;
                    }
                    _ => outline.value(Kind::String, scalar::string(&text[start..]))?,
                },
                b',' | b':' | b' ' => outline.extend(*outline.open.last()?, 1)?,
                _ => outline.value(Kind::Scalar, scalar::word(&text[start..]))?,
            }
        }
        Some((outline.values, outline.innermost))
    }

    fn innermost(&self) -> Option<&OutlineValue> {
        self.values.get(*self.open.last()?)
    }

    fn open(&mut self, kind: Kind) -> Option<()> {
        let index = self.values.len();
        self.value(kind, 1)?;
        self.open.push(index);
        Some(())
    }

    fn value(&mut self, kind: Kind, length: usize) -> Option<()> {
        let (index, start) = (self.values.len(), self.innermost.len());
        let around = self.open.last().copied().unwrap_or(index);
        if let Some(Kind::Array { last }) = self.values.get_mut(around).map(|around| &mut around.kind) {
            *last = Some(start);
        }
        let key = self.key.take().unwrap_or(start);
        self.values.push(OutlineValue { start, end: start + length, around, kind, key, depth: self.open.len() });
        self.extend(index, length)
    }

    fn extend(&mut self, index: usize, length: usize) -> Option<()> {
        let end = self.innermost.len() + length;
        self.innermost.resize(end, u16::try_from(index).ok()?);
        (end <= self.text.len()).then_some(())
    }
}
