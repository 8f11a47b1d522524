//! A bounded set of names.

use super::bounded_set::{BoundedSet, Member};
use super::sample::hash;

/// Bytes kept of a name. Entra's user principal names have at most 113 characters, so a longer name is forged.
pub(crate) const NAME_LENGTH: usize = 128;

/// Comparing a name with this number of names takes as long as hashing the name.
const FEW_NAMES: usize = 8;

/// Distinct names, with at most `BYTES` bytes in total.
pub type NameSet<const BYTES: usize> = BoundedSet<String, BYTES>;

impl Member for String {
    fn hash(&self) -> u64 {
        hash(&[self])
    }

    fn size(&self) -> usize {
        self.len()
    }
}

impl<const BYTES: usize> NameSet<BYTES> {
    /// Adds a name, truncated to 128 bytes, and returns whether the set changed. Ignores an empty name.
    pub fn add(&mut self, name: &str) -> bool {
        let name = truncated_name(name);
        let is_known = self.len() <= FEW_NAMES && self.iter().any(|known| known == name);
        if name.is_empty() || is_known {
            return false;
        }
        self.insert(hash(&[name]), name.to_owned())
    }

    /// The kept names, in the order of their hashes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.entries().map(|(_, name)| name.as_str())
    }
}

/// The name as a set keeps it: its first 128 bytes.
pub(crate) fn truncated_name(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_LENGTH)]
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    type SmallNameSet = NameSet<40>;

    fn set_of(names: &[String]) -> SmallNameSet {
        let mut set = SmallNameSet::default();
        for name in names {
            set.add(name);
        }
        set
    }

    fn names() -> impl Strategy<Value = Vec<String>> {
        vec("[a-d]{0,2}[x-z]{0,12}", 0..20)
    }

    proptest! {
        #[test]
        fn merging_is_idempotent_commutative_and_associative(a in names(), b in names(), c in names()) {
            let (a, b, c) = (set_of(&a), set_of(&b), set_of(&c));
            let join = |x: &SmallNameSet, y: &SmallNameSet| { let mut joined = x.clone(); joined.merge(y); joined };
            prop_assert_eq!(join(&a, &a), a.clone());
            prop_assert_eq!(join(&a, &b), join(&b, &a));
            prop_assert_eq!(join(&join(&a, &b), &c), join(&a, &join(&b, &c)));
        }

        #[test]
        fn merging_equals_adding_the_names_of_both(a in names(), b in names()) {
            let mut joined = set_of(&a);
            joined.merge(&set_of(&b));
            let both: Vec<_> = a.into_iter().chain(b).collect();
            prop_assert_eq!(joined, set_of(&both));
        }

        #[test]
        fn a_merge_reports_a_change_exactly_when_there_is_one(a in names(), b in names()) {
            let before = set_of(&a);
            let mut after = before.clone();
            let changed = after.merge(&set_of(&b));
            prop_assert_eq!(changed, before != after);
        }

        #[test]
        fn a_set_that_dropped_no_name_has_all_of_them(names in names()) {
            let distinct: std::collections::BTreeSet<_> = names.iter().filter(|name| !name.is_empty()).collect();
            let set = set_of(&names);
            prop_assert!(set.iter().map(str::len).sum::<usize>() <= 40);
            prop_assert_eq!(set.len() == distinct.len(), !set.is_cut());
        }

        #[test]
        fn a_stored_set_is_restored_unchanged(names in names()) {
            let set = set_of(&names);
            prop_assert_eq!(SmallNameSet::restore(set.iter().map(str::to_owned), set.cut()), set);
        }
    }

    #[test]
    fn a_long_name_is_truncated_and_counts() {
        let mut set = NameSet::<1000>::default();
        set.add(&"é".repeat(5000));
        assert_eq!(set.iter().map(str::len).collect::<Vec<_>>(), [NAME_LENGTH]);
    }

    #[test]
    fn a_set_keeps_exactly_its_number_of_bytes_and_drops_a_name_beyond() {
        let mut set = SmallNameSet::default();
        assert!(set.is_empty());
        for name in ["0123456789", "1234567890", "2345678901", "3456789012"] {
            assert!(set.add(name));
        }
        assert_eq!((set.len(), set.is_cut(), set.is_empty()), (4, false, false));
        set.add("x");
        assert!(set.is_cut());
    }

    #[test]
    fn a_dropped_name_is_at_least_one_more_than_the_names_kept() {
        let set = SmallNameSet::restore(["ann", "bob", "eve"].map(str::to_owned), Some(u64::MAX));
        assert!((set.estimate() - 4.0).abs() < 1e-9, "{}", set.estimate());
    }

    #[test]
    fn beyond_its_bound_a_set_estimates() {
        let mut set = NameSet::<4096>::default();
        for number in 0..10_000 {
            set.add(&format!("user{number}@contoso.example"));
        }
        assert!(set.is_cut());
        assert!((7_000.0..13_000.0).contains(&set.estimate()), "{}", set.estimate());
    }
}
