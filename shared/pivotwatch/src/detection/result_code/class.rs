//! The classes of result codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a result code says about a sign-in. A code can have several classes.
///
/// The names are part of the interface: tuning entries select failures by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeClass {
    /// The password was right. Something else stopped the sign-in, except with code `0`.
    PasswordRight,
    /// The password, or the user name with it, is wrong.
    WrongPassword,
    /// The tenant does not have the user.
    UnknownUser,
    /// The account is locked after too many tries.
    Locked,
    /// The address is blocked as malicious.
    BlockedAddress,
    /// The password is expired.
    ExpiredPassword,
    /// The password must be changed, or a change of it failed.
    PasswordChange,
    /// The account is disabled, or may not sign in at this hour.
    RestrictedAccount,
    /// A second factor is required, must be set up, or failed.
    Mfa,
    /// A policy of Conditional Access, or security defaults, blocked the sign-in.
    ConditionalAccess,
    /// Entra ID sees the account at risk, or the activity as suspicious.
    Risk,
    /// The device is unknown or not compliant, or must identify itself.
    Device,
    /// A sign-in by a code that the user enters on another device.
    DeviceCode,
    /// A step of an ordinary sign-in: single sign-on, account picker, prompts.
    SsoStep,
    /// A token, a session or an authorisation code is expired, revoked or used.
    TokenRefresh,
    /// Consent to an application is missing or was refused.
    Consent,
    /// An application, its request or its client is set up wrongly, or the user is not assigned to it.
    AppConfiguration,
    /// A secret, a certificate or an assertion, not a password, is wrong, expired or missing.
    OtherCredential,
    /// One tenant does not allow the other.
    CrossTenant,
    /// A federated or external identity provider failed.
    Federation,
    /// The agent on premises could not check the password.
    PassThrough,
    /// A passing fault of the service, or a client in a loop.
    Transient,
}

/// The error for a text that is not the name of a class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a class of result codes; the classes are {names}", names = names())]
pub struct UnknownCodeClass(String);

impl CodeClass {
    /// All classes, in the order of display.
    pub const ALL: [Self; 22] = [
        Self::PasswordRight,
        Self::WrongPassword,
        Self::UnknownUser,
        Self::Locked,
        Self::BlockedAddress,
        Self::ExpiredPassword,
        Self::PasswordChange,
        Self::RestrictedAccount,
        Self::Mfa,
        Self::ConditionalAccess,
        Self::Risk,
        Self::Device,
        Self::DeviceCode,
        Self::SsoStep,
        Self::TokenRefresh,
        Self::Consent,
        Self::AppConfiguration,
        Self::OtherCredential,
        Self::CrossTenant,
        Self::Federation,
        Self::PassThrough,
        Self::Transient,
    ];

    /// The name in tuning entries, JSON and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongPassword => "wrong_password",
            Self::UnknownUser => "unknown_user",
            Self::Locked => "locked",
            Self::BlockedAddress => "blocked_address",
            Self::PasswordRight => "password_right",
            Self::ExpiredPassword => "expired_password",
            Self::PasswordChange => "password_change",
            Self::RestrictedAccount => "restricted_account",
            Self::Mfa => "mfa",
            Self::ConditionalAccess => "conditional_access",
            Self::Risk => "risk",
            Self::Device => "device",
            Self::DeviceCode => "device_code",
            Self::SsoStep => "sso_step",
            Self::TokenRefresh => "token_refresh",
            Self::Consent => "consent",
            Self::AppConfiguration => "app_configuration",
            Self::OtherCredential => "other_credential",
            Self::CrossTenant => "cross_tenant",
            Self::Federation => "federation",
            Self::PassThrough => "pass_through",
            Self::Transient => "transient",
        }
    }
}

/// The names of all classes, separated by commas.
fn names() -> String {
    CodeClass::ALL.map(CodeClass::name).join(", ")
}

impl fmt::Display for CodeClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for CodeClass {
    type Err = UnknownCodeClass;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|class| class.name() == text).ok_or_else(|| UnknownCodeClass(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_one_name_in_text_and_json() {
        for class in CodeClass::ALL {
            let name = class.name();
            assert_eq!((name.parse(), class.to_string()), (Ok(class), name.to_owned()));
            assert_eq!(serde_json::to_value(class).unwrap(), name);
            assert_eq!(serde_json::from_value::<CodeClass>(name.into()).unwrap(), class);
        }
    }

    /// A class that `ALL` lacks is not the declaration's position in it.
    #[test]
    fn all_has_every_class_once_in_the_order_of_the_declaration() {
        for (position, class) in CodeClass::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, position, "{class}");
        }
        assert_eq!(CodeClass::ALL.last(), Some(&CodeClass::Transient), "the last one of the declaration");
    }

    #[test]
    fn a_text_that_is_no_class_is_answered_with_the_names_of_all() {
        for text in ["", "Mfa", "mfa ", "mfa\n", "password", "50126"] {
            let error = text.parse::<CodeClass>().unwrap_err();
            assert_eq!(error, UnknownCodeClass(text.to_owned()));
            let message = error.to_string();
            assert!(message.starts_with(&format!("{text:?} is not a class")), "{message}");
            for class in CodeClass::ALL {
                assert!(message.contains(class.name()), "{message}: {class}");
            }
        }
    }
}
