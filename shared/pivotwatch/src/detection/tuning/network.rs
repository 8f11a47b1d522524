//! Networks in the notation of CIDR (RFC 4632, RFC 4291).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::detection::address::Address;

/// A condition on an address: one of some networks has it. Without networks, it holds for every address. It holds for a
/// network of IPv6 addresses if one of the networks has all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Option<Vec<IpNet>>);

/// The shortest prefixes that select an organisation's own network. A shorter one selects a provider's customers.
const SHORTEST_PREFIX_V4: u8 = 16;
const SHORTEST_PREFIX_V6: u8 = 32;

impl Networks {
    /// The condition that one of `networks` has the address.
    #[must_use]
    pub const fn of(networks: Vec<IpNet>) -> Self {
        Self(Some(networks))
    }

    /// Whether the condition holds for an address.
    #[must_use]
    pub fn contain(&self, address: Address) -> bool {
        self.0.is_none() || self.longest_prefix(address).is_some()
    }

    /// The length of the longest prefix that the address has, in bits. `None` if it has none.
    #[must_use]
    pub fn longest_prefix(&self, address: Address) -> Option<u8> {
        let networks = self.0.iter().flatten().filter(|network| network.contains(&address.net()));
        networks.map(IpNet::prefix_len).max()
    }

    /// Whether the condition selects few addresses: each network is an organisation's at most.
    #[must_use]
    pub fn are_narrow(&self) -> bool {
        let is_narrow = |network: &IpNet| match network {
            IpNet::V4(network) => network.prefix_len() >= SHORTEST_PREFIX_V4,
            IpNet::V6(network) => network.prefix_len() >= SHORTEST_PREFIX_V6,
        };
        self.0.as_ref().is_some_and(|networks| networks.iter().all(is_narrow))
    }
}

/// Parses a network, or an address as the network that has it alone. `None` for another text, and for a network whose
/// address has bits beyond the prefix, which is a likely mistake.
pub(super) fn parse(text: &str) -> Option<IpNet> {
    with_host_bits(text).filter(|network| network.addr() == network.network())
}

/// Parses a network, or an address as the network that has it alone, also with bits beyond the prefix.
pub(super) fn with_host_bits(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address.to_canonical())),
        Err(_) => text.parse().ok().map(folded),
    }
}

/// A network of IPv4 addresses that are mapped into IPv6, as IPv4: addresses are compared in that form.
fn folded(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let prefix = mapped.prefix_len().checked_sub(96);
    let folded =
        mapped.addr().to_ipv4_mapped().zip(prefix).and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    folded.map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        Networks::of(texts.iter().map(|text| parse(text).unwrap()).collect())
    }

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn a_network_is_a_prefix_or_a_single_address() {
        for text in ["192.0.2.0/24", "192.0.2.9", "192.0.2.9/32", "2001:db8::/48", "2001:db8::1", "::ffff:192.0.2.9"] {
            assert!(parse(text).is_some(), "{text}");
        }
        for text in ["", "192.0.2.9/24", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2", "2001:db8::1/48", "office"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn one_of_the_networks_must_have_the_address() {
        let condition = networks(&["192.0.2.0/24", "2001:db8:7::/48", "192.0.2.128/25"]);
        for (text, prefix) in [
            ("192.0.2.1", Some(24)),
            ("192.0.2.200", Some(25)),
            ("::ffff:192.0.2.200", Some(25)),
            ("2001:db8:7:ffff::1", Some(48)),
            ("192.0.3.1", None),
            ("2001:db8:8::1", None),
        ] {
            assert_eq!(condition.longest_prefix(address(text)), prefix, "{text}");
            assert_eq!(condition.contain(address(text)), prefix.is_some(), "{text}");
        }
        for mapped in ["::ffff:192.0.2.9", "::ffff:192.0.2.9/128", "::ffff:192.0.2.0/120"] {
            assert!(networks(&[mapped]).contain(address("192.0.2.9")), "{mapped}");
        }
    }

    #[test]
    fn without_networks_the_condition_holds_for_every_address() {
        assert!(Networks::default().contain(address("192.0.2.1")));
        assert_eq!(Networks::default().longest_prefix(address("192.0.2.1")), None);
        assert!(!networks(&[]).contain(address("192.0.2.1")));
    }

    #[test]
    fn a_narrow_condition_has_no_network_of_many_organisations() {
        for (texts, narrow) in [
            (&["192.0.0.0/16", "2001:db8::/32"][..], true),
            (&["192.0.0.0/15"], false),
            (&["192.0.2.0/24", "2001::/31"], false),
            (&["0.0.0.0/0"], false),
        ] {
            assert_eq!(networks(texts).are_narrow(), narrow, "{texts:?}");
        }
        assert!(!Networks::default().are_narrow());
    }
}
