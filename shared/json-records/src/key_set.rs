//! The requested keys of an object, found by a hash of two bytes.
//!
//! A record has some eighty keys, and a caller requests a dozen. Each key of a record is looked up. So a lookup
//! reads two bytes and one table entry, and the key itself only if the entry is occupied.

/// The requested keys of an object.
#[derive(Debug)]
pub struct KeySet {
    keys: &'static [(&'static str, Key)],
    batches: &'static [&'static str],
    /// Hash slot to 1 + index into `keys` and `batches` of the first key with that hash, 0 if empty.
    first: [u8; SLOTS],
    /// That index to 1 + index of the next key with the same hash, 0 for the last.
    next: [u8; MOST_KEYS],
    factor: usize,
    /// Decides by the beginning of an object, up to the bracket of a batch's array, whether it is a record.
    is_whole: fn(&Self, &[u8]) -> bool,
}

/// Hash slots. Few keys of real records that are not requested collide with a requested one.
const SLOTS: usize = 128;

/// The most keys of a set.
const MOST_KEYS: usize = 128;

/// Bytes of the longest key of batches.
pub(crate) const LONGEST_BATCH_KEY: usize = 16;

/// The meaning of a requested key.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    /// A value, indexed in a slot.
    Value(usize),
    /// A value, indexed in a slot, whose key only records have: an object with it is no batch. A slot beyond those of
    /// the indexer is not kept.
    Record(usize),
    /// An object with requested keys of its own; its key is indexed in a slot.
    Object(usize, &'static KeySet),
    /// An array of records: its object is a batch. A set lists these apart ([`KeySet::with_batches`]).
    Batch,
}

impl KeySet {
    /// A set of keys.
    ///
    /// # Panics
    /// As [`KeySet::with_batches`].
    #[must_use]
    pub const fn new(keys: &'static [(&'static str, Key)]) -> Self {
        Self::with_batches(keys, &[])
    }

    /// A set of keys, and of those whose arrays make an object a batch. The first of these can begin a batch on a line.
    ///
    /// # Panics
    /// At compile time, in a `static`, for
    /// - more than 128 keys in all,
    /// - a key of fewer than two bytes,
    /// - a [`Key::Batch`] among `keys`,
    /// - a key of more than 16 bytes among `batches`.
    #[must_use]
    pub const fn with_batches(keys: &'static [(&'static str, Key)], batches: &'static [&'static str]) -> Self {
        let count = keys.len() + batches.len();
        assert!(count <= MOST_KEYS, "a set has at most 128 keys");
        let factor = best_factor(keys, batches);
        let (mut first, mut next, mut index) = ([0; SLOTS], [0; MOST_KEYS], 0);
        while index < count {
            assert!(
                index < keys.len() || batches[index - keys.len()].len() <= LONGEST_BATCH_KEY,
                "a batch's key is short"
            );
            assert!(index >= keys.len() || !matches!(keys[index].1, Key::Batch), "batches are listed apart");
            let slot = slot_of(name(keys, batches, index), factor);
            next[index] = first[slot];
            #[expect(clippy::cast_possible_truncation, reason = "at most 128")]
            let number = index as u8 + 1;
            first[slot] = number;
            index += 1;
        }
        Self { keys, batches, first, next, factor, is_whole: Self::has_record_key }
    }

    /// The set, with another test of objects that are too long to be validated whole. `is_whole` decides whether an
    /// object with the array of a batch is one record, by its beginning up to the array's bracket. By default a
    /// [`Key::Record`] in it decides.
    #[must_use]
    pub const fn with_beginnings(mut self, is_whole: fn(&Self, &[u8]) -> bool) -> Self {
        self.is_whole = is_whole;
        self
    }

    /// Whether an object with this beginning, up to the bracket of a batch's array, is a record.
    pub(crate) fn is_whole(&self, beginning: &[u8]) -> bool {
        (self.is_whole)(self, beginning)
    }

    /// The meaning of a key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Key> {
        let key = self.keys.iter().find(|(key, _)| *key == name).map(|(_, key)| *key);
        key.or_else(|| self.batches.contains(&name).then_some(Key::Batch))
    }

    /// The keys whose arrays hold records.
    pub(crate) fn batches(&self) -> &'static [&'static str] {
        self.batches
    }

    /// Whether one of the [`Key::Record`]s is in the beginning of an object, at any depth.
    fn has_record_key(&self, beginning: &[u8]) -> bool {
        let quotes = memchr::memchr_iter(b'"', beginning);
        quotes.into_iter().any(|quote| matches!(self.find(&beginning[quote + 1..]), Some((_, Key::Record(_)))))
    }

    /// The requested key that `text` begins with, up to its closing quote, and its length in bytes.
    #[inline]
    pub(crate) fn find(&self, text: &[u8]) -> Option<(usize, Key)> {
        let [first, _, third] = text.first_chunk()?;
        let mut number = self.first[hash(*first, *third, self.factor)];
        loop {
            let index = usize::from(number).checked_sub(1)?;
            let (name, key) = match self.keys.get(index) {
                Some((name, key)) => (*name, *key),
                None => (*self.batches.get(index - self.keys.len())?, Key::Batch),
            };
            if text.get(name.len()) == Some(&b'"') && text.starts_with(name.as_bytes()) {
                return Some((name.len(), key));
            }
            number = *self.next.get(index)?;
        }
    }
}

/// A hash of a key's first and third byte; of a key of two bytes the third is its closing quote.
const fn hash(first: u8, third: u8, factor: usize) -> usize {
    (first as usize + factor * third as usize) % SLOTS
}

const fn slot_of(key: &str, factor: usize) -> usize {
    let key = key.as_bytes();
    assert!(key.len() >= 2, "a requested key has two bytes or more");
    hash(key[0], if key.len() == 2 { b'"' } else { key[2] }, factor)
}

/// The name with this index into both lists.
const fn name(keys: &'static [(&'static str, Key)], batches: &'static [&'static str], index: usize) -> &'static str {
    if index < keys.len() { keys[index].0 } else { batches[index - keys.len()] }
}

/// The factor with which the fewest keys share a slot. Those that do are chained, so any set compiles.
const fn best_factor(keys: &'static [(&'static str, Key)], batches: &'static [&'static str]) -> usize {
    let (mut best, mut fewest, mut factor) = (1, usize::MAX, 1);
    while factor < SLOTS && fewest > 0 {
        let (mut is_taken, mut shared, mut index) = ([false; SLOTS], 0, 0);
        while index < keys.len() + batches.len() {
            let slot = slot_of(name(keys, batches, index), factor);
            shared += is_taken[slot] as usize;
            is_taken[slot] = true;
            index += 1;
        }
        if shared < fewest {
            (best, fewest) = (factor, shared);
        }
        factor += 1;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Value` and `Value2`, `results` and `resume` share both bytes that are hashed.
    static KEYS: KeySet = KeySet::with_batches(
        &[("id", Key::Value(0)), ("Value", Key::Value(1)), ("Value2", Key::Value(2)), ("resume", Key::Value(3))],
        &["results"],
    );

    #[test]
    fn every_key_is_found_also_those_that_share_a_slot() {
        for (name, expected) in [("id", Some(0)), ("Value", Some(1)), ("Value2", Some(2)), ("resume", Some(3))] {
            let text = format!("{name}\":1");
            let found = KEYS.find(text.as_bytes());
            assert!(
                matches!(found, Some((length, Key::Value(slot))) if length == name.len() && Some(slot) == expected)
            );
            assert!(matches!(KEYS.get(name), Some(Key::Value(slot)) if Some(slot) == expected));
        }
        assert!(matches!(KEYS.find(b"results\""), Some((7, Key::Batch))));
        assert!(matches!(KEYS.get("results"), Some(Key::Batch)));
        assert_eq!(KEYS.batches(), ["results"]);
    }

    #[test]
    fn a_key_is_found_only_whole() {
        for text in ["", "i", "id", "id_\"", "Valu\"", "Value3\"", "Value2x\"", "resumes\""] {
            assert!(KEYS.find(text.as_bytes()).is_none(), "{text}");
            assert!(KEYS.get(text.trim_end_matches('"')).is_none() || text == "id", "{text}");
        }
    }
}
