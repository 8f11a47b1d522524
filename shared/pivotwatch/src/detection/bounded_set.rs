//! A bounded set: all members up to a number of bytes, and whether members were dropped.
//!
//! A sample would not do. Whether the AWS user is among the users who failed decides the severity of an incident. An
//! attacker who sprays many users, or chooses names by their hashes, must not be able to displace a name unnoticed. A
//! [`BoundedSet`] therefore keeps whole members up to `BYTES` bytes, and records whether it dropped any.

use litemap::LiteMap;

/// A member of a [`BoundedSet`].
pub trait Member {
    /// The hash, equal for equal members only. An attacker can choose the texts of a member, so it is cryptographic.
    fn hash(&self) -> u64;

    /// The bytes that the member takes of the set's bound.
    fn size(&self) -> usize;
}

/// Distinct members by hash, with at most `BYTES` bytes in total.
///
/// The set keeps the members with the smallest hashes: all members below the cut, and no others. A merge is the union
/// of the members below the lower of the two cuts, and lowers the cut if the bytes exceed the bound. It is therefore
/// idempotent, commutative and associative, and the kept members do not depend on the order of arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundedSet<T, const BYTES: usize> {
    members: LiteMap<u64, T>,
    /// The sum of the members' sizes, at most `BYTES`.
    bytes: usize,
    /// The smallest hash that was dropped; `None` while every member is kept.
    cut: Option<u64>,
}

impl<T, const BYTES: usize> Default for BoundedSet<T, BYTES> {
    fn default() -> Self {
        Self { members: LiteMap::new(), bytes: 0, cut: None }
    }
}

impl<T: Member + Clone, const BYTES: usize> BoundedSet<T, BYTES> {
    /// Restores a stored set.
    #[must_use]
    pub fn restore(members: impl IntoIterator<Item = T>, cut: Option<u64>) -> Self {
        let mut set = Self { cut, ..Self::default() };
        for member in members {
            set.insert(member.hash(), member);
        }
        set
    }

    /// Merges `other`, and returns whether the set changed.
    pub fn merge(&mut self, other: &Self) -> bool {
        let mut changed = other.cut.is_some_and(|cut| self.drop_from(cut));
        for (hash, member) in other.members.iter() {
            changed |= self.insert(*hash, member.clone());
        }
        changed
    }

    /// Adds a member with its hash, and returns whether the set changed.
    pub(super) fn insert(&mut self, hash: u64, member: T) -> bool {
        if self.cut.is_some_and(|cut| hash >= cut) {
            return false;
        }
        if self.members.is_empty() {
            // Most addresses have one user.
            self.members = LiteMap::with_capacity(1);
        }
        let size = member.size();
        if self.members.try_insert(hash, member).is_some() {
            return false;
        }
        self.bytes += size;
        while self.bytes > BYTES {
            let Some(largest) = self.members.last().map(|(largest, _)| *largest) else { break };
            self.drop_from(largest);
        }
        true
    }

    /// Drops the members whose hash is `cut` or more, and returns whether the set changed.
    fn drop_from(&mut self, cut: u64) -> bool {
        if self.cut.is_some_and(|own| own <= cut) {
            return false;
        }
        while let Some((largest, _)) = self.members.last().filter(|(largest, _)| **largest >= cut) {
            let largest = *largest;
            self.bytes -= self.members.remove(&largest).map_or(0, |member| member.size());
        }
        self.cut = Some(cut);
        true
    }
}

impl<T, const BYTES: usize> BoundedSet<T, BYTES> {
    /// The number of distinct members: exact unless [`BoundedSet::is_cut`]. Otherwise an estimate from the fraction of
    /// hashes below the cut. An attacker who chooses members can inflate it, so callers bound it by the number of
    /// failures.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate has no use for the last bits")]
    pub fn estimate(&self) -> f64 {
        let kept = self.members.len() as f64;
        self.cut.map_or(kept, |cut| (kept / (cut as f64 / u64::MAX as f64)).max(kept + 1.0))
    }

    /// Whether members were dropped.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// The smallest hash that was dropped.
    #[must_use]
    pub fn cut(&self) -> Option<u64> {
        self.cut
    }

    /// The member with this hash, if it is kept.
    #[must_use]
    pub fn get(&self, hash: u64) -> Option<&T> {
        self.members.get(&hash)
    }

    /// The kept members with their hashes, in the order of the hashes.
    pub fn entries(&self) -> impl Iterator<Item = (u64, &T)> {
        self.members.iter().map(|(hash, member)| (*hash, member))
    }

    /// The number of kept members.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether no member is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}
