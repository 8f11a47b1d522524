//! The arguments of `tuning add`: conditions, and a duration.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

/// The conditions. Texts may have the wildcard *.
#[derive(Args)]
#[command(next_help_heading = "Conditions")]
pub(super) struct Conditions {
    /// A network, such as 192.0.2.0/24, or an address.
    #[arg(long, value_name = "NETWORK")]
    cidr: Vec<String>,
    /// Entra user, of failures.
    #[arg(long, value_name = "TEXT")]
    user: Vec<String>,
    /// Application, of failures.
    #[arg(long, value_name = "TEXT")]
    app: Vec<String>,
    /// Operation, of failures.
    #[arg(long, value_name = "TEXT")]
    operation: Vec<String>,
    /// Client application, of failures.
    #[arg(long, value_name = "TEXT")]
    client_app: Vec<String>,
    /// User agent, of failures or logins.
    #[arg(long, value_name = "TEXT")]
    user_agent: Vec<String>,
    /// Result code, of failures.
    #[arg(long, value_name = "CODE")]
    code: Vec<String>,
    /// Class of the result code, of failures.
    #[arg(long, value_name = "CLASS")]
    code_class: Vec<String>,
    /// Source, of failures or a threshold.
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// ARN or name of the AWS user, of logins.
    #[arg(long, value_name = "TEXT")]
    principal: Vec<String>,
    /// Id of the AWS account, of logins.
    #[arg(long, value_name = "TEXT")]
    account: Vec<String>,
    /// Region that recorded the login.
    #[arg(long, value_name = "TEXT")]
    login_region: Vec<String>,
}

impl Conditions {
    /// The conditions that have a value, by their names in an entry.
    pub(super) fn named(self) -> BTreeMap<&'static str, Vec<String>> {
        let all = [
            ("cidr", self.cidr),
            ("user", self.user),
            ("app", self.app),
            ("operation", self.operation),
            ("client_app", self.client_app),
            ("user_agent", self.user_agent),
            ("code", self.code),
            ("code_class", self.code_class),
            ("source", self.source),
            ("principal", self.principal),
            ("account", self.account),
            ("region", self.login_region),
        ];
        all.into_iter().filter(|(_, values)| !values.is_empty()).collect()
    }
}

/// How long an entry applies, in whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    minutes: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("it is not a duration of at least a minute, such as 24h, 90m or 30d")]
pub(super) struct NotALifetime;

impl Lifetime {
    /// The default for an entry of an incident.
    pub(super) const OF_AN_INCIDENT: Self = Self { minutes: 24 * 60 };

    /// The end of an entry that begins at `start`, if there is such a time.
    pub(super) fn after(self, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
        start.checked_add_signed(TimeDelta::minutes(self.minutes.into()))
    }
}

impl FromStr for Lifetime {
    type Err = NotALifetime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let units = [('m', 1), ('h', 60), ('d', 24 * 60)];
        let parsed = units.into_iter().find_map(|(unit, minutes)| Some((text.strip_suffix(unit)?, minutes)));
        let (number, minutes) = parsed.ok_or(NotALifetime)?;
        let minutes = number.parse::<u32>().ok().and_then(|number| number.checked_mul(minutes));
        minutes.filter(|minutes| *minutes > 0).map(|minutes| Self { minutes }).ok_or(NotALifetime)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_duration_is_a_number_of_minutes_hours_or_days() {
        for (text, minutes) in [("1m", 1), ("90m", 90), ("24h", 1440), ("30d", 43_200)] {
            assert_eq!(text.parse::<Lifetime>().unwrap(), Lifetime { minutes }, "{text}");
        }
        for text in ["", "h", "0h", "-1h", "1.5h", "24", "1w", "4294967295h"] {
            assert!(text.parse::<Lifetime>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_duration_ends_after_its_start_or_not_at_all(text in "[0-9]{1,10}[mhd]") {
            if let Ok(lifetime) = text.parse::<Lifetime>() {
                prop_assert!(lifetime.after(DateTime::UNIX_EPOCH).is_none_or(|end| end > DateTime::UNIX_EPOCH));
                prop_assert_eq!(lifetime.after(DateTime::<Utc>::MAX_UTC), None);
            }
        }
    }
}
