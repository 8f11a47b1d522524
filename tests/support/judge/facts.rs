//! The facts of a world: its distinct failures, failed console logins and successes, and where they are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, SubsecRound, Utc};
use pivotwatch::detection::failure::{Particulars, identity};
use pivotwatch::detection::parameters::Order;
use pivotwatch::detection::{Address, Rule, Source};

use super::columns::account_name;
use crate::worlds::{Row, Success, TrailRecord, World, source_of};

pub(super) const SOURCES: [Source; 2] = [Source::Interactive, Source::NonInteractive];

/// Where failures are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Address(IpAddr),
    /// An IPv6 network: an address of it, and the length of its prefix.
    Network(Ipv6Addr, u32),
}

impl Place {
    /// The places of an address: "IPv6 failures are counted by /64 too". The rule has the length of the prefix.
    pub(super) fn of(address: IpAddr, rule: &Rule) -> Vec<Self> {
        let length = rule.ipv6_network.to_string().parse().ok();
        let network = match (address, length) {
            (IpAddr::V6(address), Some(length)) => Some(Self::Network(address, length)),
            _ => None,
        };
        [Some(Self::Address(address)), network].into_iter().flatten().collect()
    }

    pub(super) fn has(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Network(member, length), IpAddr::V6(address)) => {
                first_bits(member, length) == first_bits(address, length)
            }
            (Self::Network(..), IpAddr::V4(_)) => false,
            (Self::Address(own), address) => own == address,
        }
    }

    pub(super) fn is_network(self) -> bool {
        matches!(self, Self::Network(..))
    }

    /// The rule's `SourceIpAddress`.
    pub(super) fn text(self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Network(member, length) => {
                format!("{}/{length}", Ipv6Addr::from_bits(first_bits(member, length) << (128 - length)))
            }
        }
    }
}

fn first_bits(address: Ipv6Addr, length: u32) -> u128 {
    address.to_bits() >> (128 - length)
}

/// The facts of a world.
pub(super) struct Facts<'w> {
    pub(super) failures: Vec<Failure>,
    pub(super) logins: Vec<&'w TrailRecord>,
    pub(super) failed_logins: Vec<FailedLogin>,
    pub(super) successes: &'w [Success],
}

/// A failure. Its time is truncated to whole seconds, which is the precision that pivotwatch promises.
pub(super) struct Failure {
    pub(super) address: IpAddr,
    pub(super) source: Source,
    pub(super) time: DateTime<Utc>,
    pub(super) code: String,
    pub(super) user: String,
    pub(super) request_id: String,
    /// The hash by which failures are ranked.
    pub(super) rank: u64,
}

pub(super) struct FailedLogin {
    pub(super) address: IpAddr,
    pub(super) time: DateTime<Utc>,
    /// Empty if CloudTrail hides it.
    pub(super) user: String,
}

impl<'w> Facts<'w> {
    pub(super) fn of(world: &'w World) -> Self {
        let is_login = |record: &&TrailRecord| record.event_name.to_lowercase() == "consolelogin";
        let with_result = |result: &'static str| {
            world.trail.iter().filter(is_login).filter(move |record| record.result.to_lowercase() == result)
        };
        Self {
            failures: distinct_failures(world),
            // "CloudTrail `ConsoleLogin` whose `responseElements.ConsoleLogin` is `Success`; both compared without
            // case."
            logins: with_result("success").collect(),
            failed_logins: with_result("failure").filter_map(failed_login).collect(),
            successes: if world.rule.counts_successes { &world.successes } else { &[] },
        }
    }

    /// The failures of a source in each window that holds the login.
    ///
    /// "Some window of length P contains t and holds more than `threshold` distinct failed sign-ins from a."
    pub(super) fn windows(&self, place: Place, source: Source, login: &TrailRecord, rule: &Rule) -> Vec<Vec<&Failure>> {
        let is_counted = |failure: &&Failure| place.has(failure.address) && failure.source == source;
        let counted: Vec<_> = self.failures.iter().filter(is_counted).collect();
        let starts: Vec<_> = match rule.order {
            // Moving a window to begin at its first event loses no event.
            Order::Any => counted.iter().map(|failure| failure.time).chain([login.time]).collect(),
            // "`failures_first` narrows the window to the one that ends at t."
            Order::FailuresFirst => vec![login.time - rule.window],
        };
        let windows = starts.into_iter().map(|start| start..=start + rule.window);
        windows
            .filter(|window| window.contains(&login.time))
            .map(|window| counted.iter().copied().filter(|failure| window.contains(&failure.time)).collect())
            .collect()
    }

    /// Whether the source exceeds the threshold for the login.
    pub(super) fn exceeds(&self, place: Place, source: Source, login: &TrailRecord, rule: &Rule) -> bool {
        self.windows(place, source, login, rule).iter().any(|held| held.len() > rule.threshold as usize)
    }

    /// Whether the login matches the failures of the place.
    pub(super) fn matches(&self, place: Place, login: &TrailRecord, rule: &Rule) -> bool {
        SOURCES.into_iter().any(|source| self.exceeds(place, source, login, rule))
    }
}

/// The distinct failures, by RULE.md: "A sign-in record whose result code is not one of `0`, `50125`, `50140` and whose
/// IP is not loopback". "The identity of a sign-in is (record id, result code); without an id, the text of (time, ip,
/// user, app, code, correlation id)". The worlds vary some of these fields.
fn distinct_failures(world: &World) -> Vec<Failure> {
    let mut failures = BTreeMap::<_, Failure>::new();
    for Row { sign_in, address } in &world.rows {
        let Some(source) = source_of(&sign_in.category) else { continue };
        let Some(address) = address.filter(|address| !address.is_loopback()) else { continue };
        let code = sign_in.code.trim();
        if ["0", "50125", "50140"].contains(&code) {
            continue;
        }
        let (user, correlation_id) = (sign_in.user.to_lowercase(), sign_in.correlation_id());
        let name = if sign_in.id.is_empty() { format!("{} {user}", sign_in.time) } else { sign_in.id.to_lowercase() };
        let particulars = Particulars {
            time: sign_in.time,
            address: Address::from(address),
            user: &user,
            app: sign_in.app(),
            correlation_id: &correlation_id,
        };
        let failure = Failure {
            rank: identity(&sign_in.id, code, &particulars),
            address,
            source,
            time: sign_in.time.trunc_subsecs(0),
            code: code.to_owned(),
            user,
            request_id: sign_in.id.clone(),
        };
        let known = failures.entry((address, source, name, code)).or_insert(failure);
        // Of two spellings of an id, the first in alphabetical order is reported.
        known.request_id = known.request_id.as_str().min(&sign_in.id).to_owned();
    }
    failures.into_values().collect()
}

/// "A `ConsoleLogin` that failed, from an address." The user is named "with the suffix after an `@`. Empty where
/// CloudTrail hides it".
fn failed_login(record: &TrailRecord) -> Option<FailedLogin> {
    let [name, suffix] = account_name(record);
    let user = match (name, suffix) {
        ("HIDDEN_DUE_TO_SECURITY_REASONS", "") => String::new(),
        (name, "") => name.to_owned(),
        (name, suffix) => format!("{name}@{suffix}"),
    };
    Some(FailedLogin { address: record.address?, time: record.time, user })
}

/// The distinct texts that are not empty.
pub(super) fn names<'t>(texts: impl IntoIterator<Item = &'t str>) -> BTreeSet<&'t str> {
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}
