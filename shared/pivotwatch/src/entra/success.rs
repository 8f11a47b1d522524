//! A successful sign-in, as texts of the export.
//!
//! Nine of ten sign-ins succeed, and few of their addresses fail. So a receiver keeps the texts, and parses those that
//! it needs.

use chrono::{DateTime, Utc};

use super::missing::is_missing;
use super::time::When;
use crate::detection::Address;

/// The number of texts of a success.
pub const SUCCESS_TEXTS: usize = 5;

/// The texts of a successful sign-in of a source that the rule counts. A missing text is empty or a placeholder.
///
/// They are bytes, because most are dropped before they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuccessTexts<'a> {
    /// Its address is the first that can be parsed.
    pub addresses: [&'a [u8]; 2],
    /// The user's name is the first that is not missing.
    pub users: [&'a [u8]; 2],
    /// The first of its times that is not missing.
    pub time: &'a [u8],
}

/// A successful sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuccessfulSignIn<'a> {
    /// The address of the client, which is not loopback.
    pub address: Address,
    /// The user's name as written.
    pub user: &'a str,
    /// The time; `None` if other dates of the file must decide it, or the record has none.
    pub time: Option<DateTime<Utc>>,
}

impl<'a> SuccessTexts<'a> {
    /// The texts in the order of [`SuccessTexts::of`].
    #[must_use]
    pub fn texts(&self) -> [&'a [u8]; SUCCESS_TEXTS] {
        let ([first, second], [user, other]) = (self.addresses, self.users);
        [first, second, user, other, self.time]
    }

    /// The success with these [`SuccessTexts::texts`].
    #[must_use]
    pub fn of([first, second, user, other, time]: [&'a [u8]; SUCCESS_TEXTS]) -> Self {
        Self { addresses: [first, second], users: [user, other], time }
    }

    /// The address; `None` if there is none, or a loopback address.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        let parse = |text| std::str::from_utf8(text).ok().and_then(|text| Address::parse(text).ok());
        self.addresses.into_iter().find_map(parse).filter(|address| !address.is_loopback())
    }

    /// The sign-in from this address. `None` without a user.
    #[must_use]
    pub fn from(&self, address: Address) -> Option<SuccessfulSignIn<'a>> {
        let mut users = self.users.into_iter().filter_map(|user| std::str::from_utf8(user).ok());
        let user = users.find(|user| !is_missing(user))?.trim();
        Some(SuccessfulSignIn { address, user, time: When::by_itself(self.time).parse().ok() })
    }
}
