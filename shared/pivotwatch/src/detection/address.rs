//! Addresses in canonical form.
//!
//! The rule joins Entra's address with CloudTrail's. Sign-in exports write an address in several ways: with a port, in
//! brackets, IPv6 with leading zeros, IPv4 mapped into IPv6. Both sides are therefore parsed before they are compared.
//!
//! A list of addresses is rejected. Entra writes one address. In a list, such as `X-Forwarded-For`, the client can
//! choose the first entry.
//!
//! A provider assigns a whole network of IPv6 addresses to one customer, who can use another address for each attempt.
//! So a network of IPv6 addresses is an [`Address`] too: its failures are counted like those of one address.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Serialize};

/// An IP address in its canonical form (no port, no zone, IPv4-mapped IPv6 folded to IPv4), or a network of IPv6
/// addresses. The text of a network ends with the length of its prefix: `2001:db8::/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Address {
    /// The address, or the first address of the network.
    ip: IpAddr,
    /// The length of the network's prefix in bits; `None` for an address.
    prefix: Option<u8>,
}

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
            return Ok(Self::from(ip));
        }
        Err(if is_redacted(text) { AddressFault::Redacted } else { AddressFault::NotAnAddress })
    }

    /// The IPv6 network of this length that has the address. `None` for IPv4, and for a length above 128.
    #[must_use]
    pub fn network(self, prefix: u8) -> Option<Self> {
        let IpAddr::V6(ip) = self.ip else { return None };
        let network = Ipv6Net::new(ip, prefix).ok()?;
        Some(Self { ip: network.network().into(), prefix: Some(prefix) })
    }

    /// Whether this is a network, and not a single address.
    #[must_use]
    pub const fn is_network(self) -> bool {
        self.prefix.is_some()
    }

    /// The addresses, as a network in the notation of CIDR.
    #[must_use]
    pub fn net(self) -> IpNet {
        let all = IpNet::from(self.ip);
        self.prefix.and_then(|prefix| IpNet::new(self.ip, prefix).ok()).unwrap_or(all)
    }

    /// Whether this is a loopback address, which the rule excludes.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        self.ip.is_loopback()
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self { ip: ip.to_canonical(), prefix: None }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = AddressFault;

    fn try_from(text: String) -> Result<Self, AddressFault> {
        text.parse()
    }
}

impl FromStr for Address {
    type Err = AddressFault;

    /// Parses an address, or the text of an IPv6 network.
    fn from_str(text: &str) -> Result<Self, AddressFault> {
        let Ok(network) = text.parse::<Ipv6Net>() else { return Self::parse(text) };
        Self::from(IpAddr::V6(network.addr())).network(network.prefix_len()).ok_or(AddressFault::NotAnAddress)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix {
            Some(prefix) => write!(f, "{}/{prefix}", self.ip),
            None => self.ip.fmt(f),
        }
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
    fn a_network_has_the_addresses_with_its_prefix() {
        let network = |text: &str, prefix| Address::parse(text).unwrap().network(prefix);
        let of_64 = network("2001:db8:bad:1::7", 64).unwrap();
        assert_eq!(of_64.to_string(), "2001:db8:bad:1::/64");
        assert_eq!(network("2001:db8:bad:1:ffff::", 64), Some(of_64));
        assert_ne!(network("2001:db8:bad:2::7", 64), Some(of_64));
        assert_ne!(network("2001:db8:bad:1::7", 65), Some(of_64));
        assert!(of_64.is_network() && !Address::parse("2001:db8:bad:1::").unwrap().is_network());
        assert_eq!((network("203.0.113.7", 64), network("::ffff:203.0.113.7", 64)), (None, None));
        assert_eq!(network("2001:db8::7", 129), None);
    }

    #[test]
    fn a_stored_address_or_network_is_parsed_from_its_text() {
        let address = Address::parse("2001:db8:bad:1::7").unwrap();
        for address in [address, address.network(64).unwrap(), Address::parse("203.0.113.7").unwrap()] {
            let json = serde_json::to_string(&address).unwrap();
            assert_eq!(json, format!("\"{address}\""));
            assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
        }
        for text in ["203.0.113.0/24", "2001:db8::/129", "2001:db8::/", "office"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn loopback_is_recognised_in_every_notation() {
        for text in ["127.0.0.1", "::1", "[::1]:80", "::ffff:127.0.0.1"] {
            assert!(Address::parse(text).is_ok_and(Address::is_loopback), "{text}");
        }
    }
}
