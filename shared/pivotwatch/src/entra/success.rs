//! A successful sign-in, as texts of the export.
//!
//! Nine of ten sign-ins succeed, and few of their addresses fail. So a receiver keeps the texts, and parses those that
//! it needs.

use chrono::{DateTime, Utc};

use super::missing::is_missing;
use super::time::When;
use crate::detection::{Address, Source};

/// The texts of a successful sign-in of a source that the rule counts. A missing text is empty or a placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuccessTexts<'a> {
    /// The log that has the record.
    pub source: Source,
    /// Its address is the first that can be parsed.
    pub addresses: [&'a str; 2],
    /// The user's name.
    pub user: &'a str,
    /// The time.
    pub time: &'a str,
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
    /// The address; `None` if there is none, or a loopback address.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        let address = self.addresses.into_iter().find_map(|text| Address::parse(text).ok());
        address.filter(|address| !address.is_loopback())
    }

    /// The sign-in from this address. `None` without a user.
    #[must_use]
    pub fn from(&self, address: Address) -> Option<SuccessfulSignIn<'a>> {
        let user = Some(self.user.trim()).filter(|user| !is_missing(user))?;
        Some(SuccessfulSignIn { address, user, time: When::by_itself(self.time.as_bytes()).parse().ok() })
    }
}
