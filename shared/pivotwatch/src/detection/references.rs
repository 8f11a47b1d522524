//! The way back to Entra ID: ids by which a responder finds failures in Entra's sign-in log, in bounded space.

use super::failure::{Code, Failure};
use super::name_set::{NameSet, truncated_name};
use super::result_code::{CodeClass, classes};
use super::sample::{Sample, hash};

/// Users whose right password is kept.
pub const RIGHT_PASSWORDS: usize = 16;

/// Bytes of kept tenant ids: seven of ordinary length.
const TENANT_BYTES: usize = 256;

/// Bytes kept of an export's key, the longest that S3 has.
const EXPORT_BYTES: usize = 1024;

/// A failure, with what finds it in Entra's log and in the bucket. The earlier compares less.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The second of the day.
    pub second: u32,
    /// The result code.
    pub code: Code,
    /// The user's name in lower case.
    pub user: String,
    /// Entra's request id, which is the record's id; empty if the record has none.
    pub request_id: String,
    /// Entra's correlation id; empty if the record has none.
    pub correlation_id: String,
    /// The key of the object that has the record. Of several, the first in alphabetical order.
    pub export: String,
}

/// The ids of tenants.
pub type Tenants = NameSet<TENANT_BYTES>;

/// The references of a tally. Merging is a join.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// The first failure.
    pub(crate) first: Option<Reference>,
    /// For each user the first failure whose code says that the password was right, by the hash of the name.
    pub(crate) right_passwords: Sample<RIGHT_PASSWORDS, Reference>,
    /// The tenants of the failures.
    pub(crate) tenants: Tenants,
}

impl References {
    /// Adds a failure at this second of the day.
    pub(crate) fn add(&mut self, failure: &Failure, second: u32) {
        let is_right = is_right_password(&failure.code);
        let is_first = self.first.as_ref().is_none_or(|first| second <= first.second);
        if is_right || is_first {
            let name = |text: &str| truncated_name(text).to_owned();
            let export = &failure.trace.export;
            let reference = Reference {
                second,
                code: failure.code,
                user: name(&failure.user),
                request_id: name(&failure.trace.request_id),
                correlation_id: name(&failure.trace.correlation_id),
                export: export[..export.floor_char_boundary(EXPORT_BYTES)].to_owned(),
            };
            if is_right {
                self.right_passwords.add(hash(&[&reference.user]), reference.clone());
            }
            self.add_first(reference);
        }
        self.tenants.add(&failure.trace.tenant);
    }

    fn add_first(&mut self, reference: Reference) -> bool {
        let is_first = self.first.as_ref().is_none_or(|first| reference < *first);
        if is_first {
            self.first = Some(reference);
        }
        is_first
    }

    /// Merges `other`, and returns whether anything changed.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        let first = other.first.clone().is_some_and(|first| self.add_first(first));
        let right = self.right_passwords.merge(&other.right_passwords);
        first | right | self.tenants.merge(&other.tenants)
    }

    /// The failures: those with a right password, and the first; each once.
    pub fn all(&self) -> impl Iterator<Item = &Reference> {
        let right: Vec<_> = self.right_passwords().collect();
        let first = self.first().filter(|first| !right.contains(first));
        right.into_iter().chain(first)
    }

    /// The first failure.
    #[must_use]
    pub fn first(&self) -> Option<&Reference> {
        self.first.as_ref()
    }

    /// For each kept user, the first failure whose code says that the password was right, in the order of time.
    pub fn right_passwords(&self) -> impl Iterator<Item = &Reference> {
        let mut right: Vec<_> = self.right_passwords.entries().map(|(_, reference)| reference).collect();
        right.sort_unstable();
        right.into_iter()
    }

    /// The tenants.
    #[must_use]
    pub fn tenants(&self) -> &Tenants {
        &self.tenants
    }
}

/// Whether a code says that the password was right.
fn is_right_password(code: &str) -> bool {
    classes(code).any(|class| class == CodeClass::PasswordRight)
}

#[cfg(test)]
mod tests;
