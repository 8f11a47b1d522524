//! The texts of a failure by which a tuning entry can exclude it, in bounded space.

use std::borrow::Cow;

use super::bounded_set::{BoundedSet, Member};
use super::failure::Failure;
use super::name_set::NAME_LENGTH;
use super::sample::hash;

/// Bytes of kept profiles in a tally: some 200 of ordinary length.
const PROFILE_BYTES: usize = 40 * 1024;

/// Bytes that a profile takes in a stored tally besides its texts: the lengths of five texts, and their numbers.
const OVERHEAD: usize = 24;

/// Comparing a failure with this number of profiles takes as long as hashing its texts.
const FEW_PROFILES: usize = 4;

/// The end of a text that was truncated, so that it never equals a whole text.
const ELLIPSIS: &str = "…";

/// The texts of a profile, in this order: the user's name in lower case, the application, the client application, the
/// operation, the user agent.
pub const TEXTS: usize = 5;

/// Who failed, and by which client. An empty text is missing in the record. A text of more than 128 bytes is truncated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The texts, one after the other: a tally has few profiles of many failures, or one of each, so they take one
    /// allocation.
    joined: Box<str>,
    /// The end of each text in `joined`.
    ends: [usize; TEXTS],
}

impl Profile {
    /// The profile with these texts.
    #[must_use]
    pub fn of(texts: [&str; TEXTS]) -> Self {
        let mut end = 0;
        let ends = texts.map(|text| {
            end += text.len();
            end
        });
        Self { joined: texts.concat().into_boxed_str(), ends }
    }

    /// All texts.
    #[must_use]
    pub fn texts(&self) -> [&str; TEXTS] {
        let mut start = 0;
        self.ends.map(|end| &self.joined[std::mem::replace(&mut start, end)..end])
    }
}

impl Profile {
    /// The user's name in lower case.
    #[must_use]
    pub fn user(&self) -> &str {
        let [user, ..] = self.texts();
        user
    }
}

impl Member for Profile {
    fn hash(&self) -> u64 {
        hash(&self.texts())
    }

    fn size(&self) -> usize {
        OVERHEAD + self.texts().iter().map(|text| text.len()).sum::<usize>()
    }
}

fn texts_of(failure: &Failure) -> [Cow<'_, str>; TEXTS] {
    let Failure { user, app, client_app, operation, user_agent, .. } = failure;
    [user, app, client_app, operation, user_agent].map(|text| truncated(text))
}

/// The text as a profile keeps it. The hash of a profile ends its texts with zero bytes, so it has none.
fn truncated(text: &str) -> Cow<'_, str> {
    if text.len() > NAME_LENGTH {
        let end = text.floor_char_boundary(NAME_LENGTH - ELLIPSIS.len());
        Cow::Owned(format!("{}{ELLIPSIS}", &text[..end]).replace('\0', "\u{1}"))
    } else if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{1}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The hash of a failure's profile in a tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileHash(pub(crate) u64);

impl ProfileHash {
    /// The hash in place of a dropped profile. It is the largest, so the smaller of two hashes of one failure stays
    /// the same, whichever of them is dropped.
    pub const DROPPED: Self = Self(u64::MAX);
}

/// The profiles of a tally. A failure whose profile was dropped cannot be excluded by its texts.
pub type Profiles = BoundedSet<Profile, PROFILE_BYTES>;

impl Profiles {
    /// Adds the profile of `failure`, and returns its hash.
    pub fn add(&mut self, failure: &Failure) -> ProfileHash {
        let texts = texts_of(failure);
        let texts = texts.each_ref().map(|text| &**text);
        if self.len() <= FEW_PROFILES
            && let Some((hash, _)) = self.entries().find(|(_, profile)| profile.texts() == texts)
        {
            return ProfileHash(hash);
        }
        let hash = hash(&texts);
        let profile = self.kept(ProfileHash(hash));
        if profile == ProfileHash::DROPPED || self.get(hash).is_some() {
            return profile;
        }
        self.insert(hash, Profile::of(texts));
        self.kept(profile)
    }

    /// The hash, or [`ProfileHash::DROPPED`] if its profile is not kept.
    #[must_use]
    pub fn kept(&self, profile: ProfileHash) -> ProfileHash {
        if self.cut().is_some_and(|cut| profile.0 >= cut) { ProfileHash::DROPPED } else { profile }
    }
}
