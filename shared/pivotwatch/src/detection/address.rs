//! Addresses in canonical form.
//!
//! The rule joins Entra's address with CloudTrail's. Sign-in exports write an address in several ways: with a port, in
//! brackets, IPv6 with leading zeros, IPv4 mapped into IPv6. Both sides are therefore parsed before they are compared.
//!
//! A list of addresses is rejected. Entra writes one address. In a list, such as `X-Forwarded-For`, the client can
//! choose the first entry.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// An IP address in its canonical form: no port, no zone, IPv4-mapped IPv6 folded to IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address(IpAddr);

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// The text is empty.
    #[error("no address")]
    Missing,
    /// Microsoft redacted a part (`203.0.113.XXX`), as it does for users of other tenants.
    #[error("a redacted address")]
    Redacted,
    /// A host name, `AWS Internal`, a GUID, an impossible number.
    #[error("not an IP address")]
    NotAnAddress,
}

impl Address {
    /// Parses an address in any of the notations of Entra and CloudTrail.
    ///
    /// # Errors
    /// [`AddressFault`] if the text is empty, redacted or no single address.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressFault::Missing);
        }
        if let Some(ip) = parse_ip(text) {
            return Ok(Self(ip.to_canonical()));
        }
        Err(if is_redacted(text) { AddressFault::Redacted } else { AddressFault::NotAnAddress })
    }

    /// The address.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.0
    }

    /// Whether this is a loopback address, which the rule excludes.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        self.0.is_loopback()
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self(ip.to_canonical())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn parse_ip(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(ip);
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    let (inner, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => without_port(text),
    };
    if !port.is_empty() && port.strip_prefix(':')?.parse::<u16>().is_err() {
        return None;
    }
    let without_zone = inner.split('%').next().unwrap_or(inner);
    without_zone.parse::<IpAddr>().ok()
}

/// Splits the port from an IPv6 address without brackets. The port is unambiguous only after eight groups without `::`.
fn without_port(text: &str) -> (&str, &str) {
    let has_port = text.split(':').count() == 9 && !text.contains("::");
    text.rfind(':').filter(|_| has_port).map_or((text, ""), |colon| text.split_at(colon))
}

fn is_redacted(text: &str) -> bool {
    text.contains(['x', 'X'])
        && text.contains(['.', ':'])
        && text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | 'x' | 'X' | '[' | ']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_notations_of_an_address_are_equal() {
        for (text, canonical) in [
            ("203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7 ", "203.0.113.7"),
            ("203.0.113.7:49152", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:443", "203.0.113.7"),
            ("2001:0DB8:0000:0000:0000:0000:0000:0007", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%eth0]:443", "fe80::1"),
            ("[203.0.113.7]:443", "203.0.113.7"),
            ("[203.0.113.7]", "203.0.113.7"),
            ("2001:db8:0:0:0:0:0:7:49152", "2001:db8::7"),
            ("fe80:0:0:0:0:0:0:1%eth0", "fe80::1"),
        ] {
            assert_eq!(Address::parse(text).map(|a| a.to_string()).as_deref(), Ok(canonical), "{text:?}");
        }
    }

    #[test]
    fn each_text_that_is_no_address_has_its_fault() {
        for (text, fault) in [
            ("", AddressFault::Missing),
            ("  ", AddressFault::Missing),
            ("203.0.113.XXX", AddressFault::Redacted),
            ("2001:db8:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx", AddressFault::Redacted),
            ("[2001:db8:XXXX::]:443", AddressFault::Redacted),
            ("AWS Internal", AddressFault::NotAnAddress),
            ("signin.amazonaws.com", AddressFault::NotAnAddress),
            ("proxy.example.com", AddressFault::NotAnAddress),
            ("225.01.00.16", AddressFault::NotAnAddress),
            ("8a4de8b5-095c-47d0-a96f-a75130c61d53", AddressFault::NotAnAddress),
            ("203.0.113.7.9", AddressFault::NotAnAddress),
            ("203.0.113.7, 198.51.100.9", AddressFault::NotAnAddress),
            ("[203.0.113.7]:z", AddressFault::NotAnAddress),
            ("[203.0.113.7]443", AddressFault::NotAnAddress),
            ("[2001:db8::7", AddressFault::NotAnAddress),
            ("2001:db8:0:0:0:0:0:7:99999", AddressFault::NotAnAddress),
            ("2001:db8:0:0:0:0:0:7:8:9", AddressFault::NotAnAddress),
            ("2001:db8:0:0:0:0::7:443", AddressFault::NotAnAddress),
        ] {
            assert_eq!(Address::parse(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn loopback_is_recognised_in_every_notation() {
        for text in ["127.0.0.1", "::1", "[::1]:80", "::ffff:127.0.0.1"] {
            assert!(Address::parse(text).is_ok_and(Address::is_loopback), "{text}");
        }
    }
}
