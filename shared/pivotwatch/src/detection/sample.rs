//! A bottom-K sample: a set in bounded space.
//!
//! A bottom-K sample keeps the K entries with the smallest hashes of all entries that were added. The kept entries
//! depend on *which* entries were added, but not on order or repetition: merging is idempotent, commutative and
//! associative. Up to K entries it is the whole set. Beyond, it is a uniform sample of the set, whose size is estimated
//! from the K-th smallest hash. (Cohen and Kaplan, "Summarizing data using bottom-k sketches", 2007.)

use litemap::LiteMap;
use sha2::{Digest, Sha256};

/// At most `K` entries by hash, and whether entries were dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample<const K: usize, V> {
    /// A sorted list, which takes a third of a tree's memory: most tallies have few entries.
    entries: LiteMap<u64, V>,
    saturated: bool,
}

impl<const K: usize, V> Default for Sample<K, V> {
    fn default() -> Self {
        Self { entries: LiteMap::new(), saturated: false }
    }
}

impl<const K: usize, V: Ord + Clone> Sample<K, V> {
    /// Restores a stored sample. Entries beyond `K`, which no sample stores, are dropped.
    #[must_use]
    pub fn restore(entries: impl IntoIterator<Item = (u64, V)>, saturated: bool) -> Self {
        let mut sample = Self { entries: LiteMap::new(), saturated };
        for (hash, value) in entries {
            sample.add(hash, value);
        }
        sample
    }

    /// Adds an entry, and returns whether the sample changed.
    ///
    /// If a hash is added with two values (a sign-in with slightly different times in two exports), the smaller value
    /// is kept, in either order.
    pub fn add(&mut self, hash: u64, value: V) -> bool {
        if let Some(known) = self.entries.get_mut(&hash) {
            if value < *known {
                *known = value;
                return true;
            }
            return false;
        }
        if self.entries.is_empty() {
            // Most samples have one entry.
            self.entries = LiteMap::with_capacity(1);
        }
        if self.entries.len() < K {
            self.entries.insert(hash, value);
            return true;
        }
        let newly_saturated = !std::mem::replace(&mut self.saturated, true);
        let largest = self.entries.last().map_or(0, |(hash, _)| *hash);
        if hash < largest {
            self.entries.remove(&largest);
            self.entries.insert(hash, value);
            return true;
        }
        newly_saturated
    }

    /// Merges `other`, and returns whether the sample changed.
    pub fn merge(&mut self, other: &Self) -> bool {
        self.merge_entries(other.entries().map(|(hash, value)| (hash, value.clone())), other.saturated)
    }

    /// Merges the entries of another sample, and returns whether the sample changed.
    pub fn merge_entries(&mut self, entries: impl Iterator<Item = (u64, V)>, saturated: bool) -> bool {
        let changed = saturated && !std::mem::replace(&mut self.saturated, true);
        entries.fold(changed, |changed, (hash, value)| self.add(hash, value) | changed)
    }

    /// The number of distinct entries that were added: exact up to `K`, an estimate beyond.
    ///
    /// The estimate is (K − 1) / h, where h is the largest kept hash as a fraction of the hash's range. It is unbiased,
    /// and its relative standard deviation is below 1 / √(K − 2).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate has no use for the last bits")]
    pub fn estimate(&self) -> f64 {
        let kept = self.entries.len() as f64;
        match self.entries.last() {
            Some((largest, _)) if self.saturated => ((kept - 1.0) / (*largest as f64 / u64::MAX as f64)).max(kept),
            _ => kept,
        }
    }

    /// The number of added entries for each kept entry: 1 while the sample is exact.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "K is small")]
    pub fn weight(&self) -> f64 {
        if self.saturated { self.estimate() / self.entries.len().max(1) as f64 } else { 1.0 }
    }
}

impl<const K: usize, V> Sample<K, V> {
    /// Whether entries were dropped.
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        self.saturated
    }

    /// The kept entries, by hash.
    pub fn entries(&self) -> impl Iterator<Item = (u64, &V)> {
        self.entries.iter().map(|(hash, value)| (*hash, value))
    }

    /// The values of the kept entries, by hash.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// The entry with this hash, if it is kept.
    #[must_use]
    pub fn get(&self, hash: u64) -> Option<&V> {
        self.entries.get(&hash)
    }

    /// Whether an entry with this hash is kept.
    #[must_use]
    pub fn contains(&self, hash: u64) -> bool {
        self.get(hash).is_some()
    }

    /// The number of kept entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no entry is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The first 64 bits of SHA-256 over `parts`, each terminated by a zero byte, so that two different lists have
/// different input.
///
/// The hash is cryptographic because clients choose the names of users and applications. With a faster hash, an
/// attacker could choose names that collide, and so hide failures.
#[must_use]
pub fn hash(parts: &[&str]) -> u64 {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&digest.finalize()[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    type SmallSample = Sample<8, u8>;

    fn sample_of(shown: &[(u64, u8)]) -> SmallSample {
        let mut sample = SmallSample::default();
        for (hash, value) in shown {
            sample.add(*hash, *value);
        }
        sample
    }

    fn shown() -> impl Strategy<Value = Vec<(u64, u8)>> {
        vec((0..40_u64, 0..3_u8), 0..30)
    }

    proptest! {
        #[test]
        fn merging_is_idempotent_commutative_and_associative(a in shown(), b in shown(), c in shown()) {
            let (a, b, c) = (sample_of(&a), sample_of(&b), sample_of(&c));
            let join = |x: &SmallSample, y: &SmallSample| { let mut joined = x.clone(); joined.merge(y); joined };
            prop_assert_eq!(join(&a, &a), a.clone());
            prop_assert_eq!(join(&a, &b), join(&b, &a));
            prop_assert_eq!(join(&join(&a, &b), &c), join(&a, &join(&b, &c)));
        }

        #[test]
        fn merging_equals_adding_the_entries_of_both(a in shown(), b in shown()) {
            let mut joined = sample_of(&a);
            joined.merge(&sample_of(&b));
            let both: Vec<_> = a.into_iter().chain(b).collect();
            prop_assert_eq!(joined, sample_of(&both));
        }

        #[test]
        fn a_merge_reports_a_change_exactly_when_there_is_one(a in shown(), b in shown()) {
            let before = sample_of(&a);
            let mut after = before.clone();
            let changed = after.merge(&sample_of(&b));
            prop_assert_eq!(changed, before != after);
        }

        #[test]
        fn merging_a_sample_that_grew_a_little_says_whether_anything_changed(
            known in shown(),
            grown_by in vec((0..80_u64, 0..3_u8), 0..3),
        ) {
            let before = sample_of(&known);
            let mut after = before.clone();
            let changed = after.merge(&sample_of(&[known, grown_by].concat()));
            prop_assert_eq!(changed, before != after);
        }

        #[test]
        fn up_to_its_bound_it_counts_exactly(shown in vec((0..8_u64, 0..3_u8), 0..40)) {
            let distinct = shown.iter().map(|(hash, _)| hash).collect::<std::collections::BTreeSet<_>>().len();
            let sample = sample_of(&shown);
            prop_assert!(!sample.is_saturated());
            prop_assert_eq!(sample.len(), distinct);
        }
    }

    #[test]
    fn of_two_values_of_a_hash_the_smaller_stays() {
        for values in [[3, 5], [5, 3]] {
            let sample = sample_of(&values.map(|value| (1, value)));
            assert_eq!((sample.get(1), sample.len(), sample.is_empty()), (Some(&3), 1, false));
        }
        assert!(SmallSample::default().is_empty());
    }

    #[test]
    fn the_estimate_is_the_number_below_the_largest_kept_hash_over_its_share_of_the_range() {
        let exact = SmallSample::restore((1..=8).map(|number| (number << 60, 0)), false);
        assert_eq!((exact.estimate().to_bits(), exact.weight().to_bits()), (8.0_f64.to_bits(), 1.0_f64.to_bits()));
        // The largest of eight is at half of the range.
        let saturated = SmallSample { saturated: true, ..exact };
        assert!((saturated.estimate() - 14.0).abs() < 1e-9, "{}", saturated.estimate());
        assert!((saturated.weight() - 14.0 / 8.0).abs() < 1e-9, "each entry stands for {}", saturated.weight());
    }

    #[test]
    fn beyond_its_bound_it_estimates_within_its_theoretical_error() {
        // Five standard deviations: with 256 kept, 1 / √254 is 6.3 %.
        for shown in [1_000_u32, 20_000, 300_000] {
            let mut sample = Sample::<256, ()>::default();
            for number in 0..shown {
                sample.add(hash(&[&number.to_string()]), ());
            }
            let relative = sample.estimate() / f64::from(shown) - 1.0;
            assert!(relative.abs() < 5.0 * 0.063, "{shown} were estimated with an error of {relative:+.3}");
        }
    }

    #[test]
    fn lists_of_parts_do_not_run_together() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["a"]), hash(&["a", ""]));
    }
}
