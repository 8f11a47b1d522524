//! The parameters of the rule: their bounds, their notation, and the errors for invalid texts.
//!
//! The functions' environment and the command line parse these types, so both accept the same texts.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;

use super::address::Address;
use super::hour::FAILURES_AN_HOUR;

/// The number of failures of one source that raises no alarm, from [`Self::MIN`] to [`Self::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold(u32);

/// The length of the rule's window in whole minutes, from [`Self::MIN`] to [`Self::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    minutes: i64,
}

/// Which networks of IPv6 addresses are counted: those with a prefix of some bits, from [`Self::MIN`] to
/// [`Self::MAX`], or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Network(Option<u8>);

/// Which failures count for a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Failures before and after the login, as in the published rule.
    Any,
    /// Only failures up to the time of the login.
    FailuresFirst,
}

/// The error for a text that is not a parameter's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParameter {
    /// Not a number, or out of bounds.
    #[error("{0:?} is not a threshold, a whole number from {min} to {max}", min = Threshold::MIN, max = Threshold::MAX)]
    Threshold(String),
    /// Not a number with a unit, or out of bounds.
    #[error("{0:?} is not a window from {min} to {max}, such as 24h, 90m or 2d", min = Window::MIN, max = Window::MAX)]
    Window(String),
    /// Not a number, out of bounds, or not `none`.
    #[error("{0:?} is not a network, a whole number of bits from {min} to {max} or none", min = Ipv6Network::MIN, max = Ipv6Network::MAX)]
    Ipv6Network(String),
    /// Not the name of an order.
    #[error("{0:?} is not an order; the orders are {any} and {first}", any = Order::Any, first = Order::FailuresFirst)]
    Order(String),
}

impl Threshold {
    /// With 0, a single mistyped password would raise an alarm.
    pub const MIN: Self = Self(1);

    /// An hour keeps its first and last 256 failures, so decisions on larger thresholds would not be exact.
    pub const MAX: Self = Self(255);

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

const _: () = assert!((Threshold::MAX.0 as usize) < FAILURES_AN_HOUR);

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Threshold {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let threshold = text.parse().ok().map(Self);
        let in_bounds = threshold.filter(|threshold| (Self::MIN..=Self::MAX).contains(threshold));
        in_bounds.ok_or_else(|| InvalidParameter::Threshold(text.to_owned()))
    }
}

impl Ipv6Network {
    /// Providers assign a /64 or a shorter prefix to a customer, down to a /48. One below that has many customers.
    pub const MIN: u8 = 48;

    /// A single address.
    pub const MAX: u8 = 128;

    /// No networks.
    pub const NONE: Self = Self(None);

    /// The network of `address`. `None` for IPv4, and if no networks are counted.
    #[must_use]
    pub fn of(self, address: Address) -> Option<Address> {
        address.network(self.0?)
    }
}

impl Default for Ipv6Network {
    /// The network of a single link (RFC 4291, section 2.5.1).
    fn default() -> Self {
        Self(Some(64))
    }
}

impl fmt::Display for Ipv6Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bits) => bits.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl FromStr for Ipv6Network {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == Self::NONE.to_string() {
            return Ok(Self::NONE);
        }
        let bits = text.parse().ok().filter(|bits| (Self::MIN..=Self::MAX).contains(bits));
        bits.map(|bits| Self(Some(bits))).ok_or_else(|| InvalidParameter::Ipv6Network(text.to_owned()))
    }
}

impl Window {
    /// A shorter window could lie within an hour, and a tally keeps only the beginning and the end of a saturated hour.
    pub const MIN: Self = Self { minutes: Self::HOUR };

    /// Settling a login loads the tallies of all days that its window touches.
    pub const MAX: Self = Self { minutes: 7 * Self::DAY };

    const HOUR: i64 = 60;
    const DAY: i64 = 24 * Self::HOUR;

    /// The length.
    #[must_use]
    pub const fn length(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes)
    }

    fn parse(text: &str) -> Option<Self> {
        let units = [('m', 1), ('h', Self::HOUR), ('d', Self::DAY)];
        let (number, minutes) =
            units.into_iter().find_map(|(unit, minutes)| Some((text.strip_suffix(unit)?, minutes)))?;
        let window = Self { minutes: number.parse::<i64>().ok()?.checked_mul(minutes)? };
        (Self::MIN..=Self::MAX).contains(&window).then_some(window)
    }
}

impl fmt::Display for Window {
    /// Writes the length in the largest unit that gives a whole number, except for one day, which is `24h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minutes {
            minutes if minutes % Self::DAY == 0 && minutes > Self::DAY => write!(f, "{}d", minutes / Self::DAY),
            minutes if minutes % Self::HOUR == 0 => write!(f, "{}h", minutes / Self::HOUR),
            minutes => write!(f, "{minutes}m"),
        }
    }
}

impl FromStr for Window {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| InvalidParameter::Window(text.to_owned()))
    }
}

impl Order {
    const ALL: [Self; 2] = [Self::Any, Self::FailuresFirst];
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::FailuresFirst => "failures_first",
        })
    }
}

impl FromStr for Order {
    type Err = InvalidParameter;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|order| order.to_string() == text);
        named.ok_or_else(|| InvalidParameter::Order(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thresholds_are_whole_numbers_within_their_bounds() {
        for (text, number) in [("1", 1), ("5", 5), ("255", 255), ("+5", 5), ("005", 5)] {
            assert_eq!(text.parse().map(Threshold::get), Ok(number), "{text}");
        }
        for text in ["", "0", "256", "-1", "5.0", " 5", "five", "99999999999"] {
            assert_eq!(text.parse::<Threshold>(), Err(InvalidParameter::Threshold(text.to_owned())));
        }
    }

    #[test]
    fn a_network_has_from_48_to_128_bits_or_there_is_none() {
        for text in ["48", "64", "128", "none"] {
            assert_eq!(text.parse().map(|network: Ipv6Network| network.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("64".parse(), Ok(Ipv6Network::default()));
        for text in ["", "47", "129", "/64", "None", "0"] {
            assert_eq!(text.parse::<Ipv6Network>(), Err(InvalidParameter::Ipv6Network(text.to_owned())));
        }
        let address = Address::parse("2001:db8:bad:1::7").unwrap();
        assert_eq!(Ipv6Network::default().of(address), address.network(64));
        assert_eq!(Ipv6Network::NONE.of(address), None);
    }

    #[test]
    fn windows_are_written_in_minutes_hours_or_days() {
        for (text, minutes) in [("24h", 1440), ("90m", 90), ("2d", 2880), ("1h", 60), ("60m", 60), ("7d", 10_080)] {
            assert_eq!(text.parse().map(|window: Window| window.length()), Ok(TimeDelta::minutes(minutes)), "{text}");
        }
        for text in
            ["", "24", "h", "59m", "8d", "10081m", "-1h", "1.5h", "24 hours", "24 h", "9999999999999999d", "24é", "é"]
        {
            assert_eq!(text.parse::<Window>(), Err(InvalidParameter::Window(text.to_owned())));
        }
    }

    #[test]
    fn windows_are_shown_in_their_largest_unit() {
        for (text, shown) in [
            ("1440m", "24h"),
            ("1d", "24h"),
            ("48h", "2d"),
            ("60m", "1h"),
            ("90m", "90m"),
            ("25h", "25h"),
            ("7d", "7d"),
        ] {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn orders_have_names() {
        for order in Order::ALL {
            assert_eq!(order.to_string().parse(), Ok(order));
        }
        for text in ["", "Any", "random"] {
            assert_eq!(text.parse::<Order>(), Err(InvalidParameter::Order(text.to_owned())));
        }
    }

    #[test]
    fn an_invalid_text_is_answered_with_what_is_valid() {
        let answers = [
            "many".parse::<Threshold>().unwrap_err(),
            "long".parse::<Window>().unwrap_err(),
            "random".parse::<Order>().unwrap_err(),
        ];
        insta::assert_snapshot!(answers.map(|answer| answer.to_string()).join("\n"));
    }

    proptest! {
        #[test]
        fn a_threshold_is_parsed_as_it_is_shown(number in any::<u32>()) {
            let parsed = number.to_string().parse::<Threshold>();
            prop_assert_eq!(parsed.is_ok(), (1..=255).contains(&number));
            prop_assert!(parsed.is_err() || parsed.unwrap().to_string() == number.to_string());
        }

        #[test]
        fn a_window_is_parsed_as_it_is_shown(minutes in prop_oneof![0..20_000_i64, any::<i64>()]) {
            let parsed = format!("{minutes}m").parse::<Window>();
            prop_assert_eq!(parsed.is_ok(), (60..=10_080).contains(&minutes));
            if let Ok(window) = parsed {
                prop_assert_eq!(window.length().num_minutes(), minutes);
                prop_assert_eq!(window.to_string().parse(), Ok(window));
            }
        }

        #[test]
        fn no_text_makes_parsing_panic(text in any::<String>()) {
            let _ = (text.parse::<Threshold>(), text.parse::<Window>(), text.parse::<Order>());
        }
    }
}
