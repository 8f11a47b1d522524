//! The texts of a failure by which a tuning entry can exclude it, in bounded space.

use arrayvec::ArrayString;

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
///
/// The texts, separated by zero bytes. A tally has few profiles of many failures, or many profiles of one failure each.
/// So a profile takes one allocation, and is compared and hashed as one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile(Box<str>);

impl Profile {
    /// The profile with these texts.
    #[must_use]
    pub fn of(texts: [&str; TEXTS]) -> Self {
        Self(joined(texts).as_str().into())
    }

    /// All texts.
    #[must_use]
    pub fn texts(&self) -> [&str; TEXTS] {
        let mut texts = self.0.split('\0');
        [(); TEXTS].map(|()| texts.next().unwrap_or_default())
    }
}

impl Profile {
    /// The user's name in lower case.
    #[must_use]
    pub fn user(&self) -> &str {
        let [user, ..] = self.texts();
        user
    }

    /// The application.
    #[must_use]
    pub fn app(&self) -> &str {
        let [_, app, ..] = self.texts();
        app
    }
}

impl Member for Profile {
    fn hash(&self) -> u64 {
        hash(&[&self.0])
    }

    fn size(&self) -> usize {
        OVERHEAD + self.0.len() - (TEXTS - 1)
    }
}

/// The texts of a profile, separated by zero bytes.
type JoinedTexts = ArrayString<{ TEXTS * (NAME_LENGTH + 1) }>;

fn joined(texts: [&str; TEXTS]) -> JoinedTexts {
    let mut joined = JoinedTexts::new();
    for (number, text) in texts.into_iter().enumerate() {
        if number > 0 {
            joined.push('\0');
        }
        let is_long = text.len() > NAME_LENGTH;
        let kept = if is_long { &text[..text.floor_char_boundary(NAME_LENGTH - ELLIPSIS.len())] } else { text };
        // A zero byte within a text would move the texts after it.
        for (number, part) in kept.split('\0').enumerate() {
            if number > 0 {
                joined.push('\u{1}');
            }
            joined.push_str(part);
        }
        if is_long {
            joined.push_str(ELLIPSIS);
        }
    }
    joined
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
        let Failure { user, app, client_app, operation, user_agent, .. } = failure;
        let joined = joined([user, app, client_app, operation, user_agent]);
        if self.len() <= FEW_PROFILES
            && let Some((hash, _)) = self.entries().find(|(_, profile)| *profile.0 == *joined)
        {
            return ProfileHash(hash);
        }
        let hash = hash(&[&joined]);
        let profile = self.kept(ProfileHash(hash));
        if profile == ProfileHash::DROPPED || self.get(hash).is_some() {
            return profile;
        }
        self.insert(hash, Profile(joined.as_str().into()));
        self.kept(profile)
    }

    /// The hash, or [`ProfileHash::DROPPED`] if its profile is not kept.
    #[must_use]
    pub fn kept(&self, profile: ProfileHash) -> ProfileHash {
        if self.cut().is_some_and(|cut| profile.0 >= cut) { ProfileHash::DROPPED } else { profile }
    }
}
