//! IPv6 networks: their failures are counted like those of one address.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use pivotwatch::detection::matched_by::MatchedBy;
use pivotwatch::detection::parameters::Ipv6Network;
use pivotwatch::detection::{Address, Rule};
use pivotwatch::store::{InMemoryStore, StoredIncident};
use pivotwatch_tests::facts::{SignIn, console_login, failed, noon};
use pivotwatch_tests::pipeline::pipeline;
use pivotwatch_tests::tuning::entry;
use serde_json::{Value, json};

use super::tuning::{mails, tune, tuned};
use super::{World, export, log_in};

const NETWORK: &str = "2001:db8:bad:1::/64";

/// Failures of an address of the network.
fn failures_of(host: u8, number: i64) -> Vec<SignIn> {
    let mut failures = failed(number, noon());
    for failure in &mut failures {
        failure.address = member(host);
        failure.id = format!("{host}-{}", failure.id);
    }
    failures
}

/// Four failures of each of five addresses: too few for each, and enough for the network.
fn rotating() -> Vec<SignIn> {
    (1..=5).flat_map(|host| failures_of(host, 4)).collect()
}

fn member(host: u8) -> String {
    format!("2001:db8:bad:1::{host}")
}

fn login_from(event_id: &str, address: &str) -> Value {
    let mut record = console_login(event_id, noon() + TimeDelta::hours(1));
    record["sourceIPAddress"] = json!(address);
    record
}

fn of_network(world: &World<InMemoryStore>) -> Vec<StoredIncident> {
    let is_networks = |stored: &StoredIncident| stored.incident.matched_by() == MatchedBy::Network;
    world.store.all_incidents().into_iter().filter(is_networks).collect()
}

fn mailed_addresses(world: &World<InMemoryStore>) -> Vec<String> {
    let messages = world.notifier.messages();
    messages.iter().map(|message| message.attributes["address"].clone()).collect()
}

#[tokio::test]
async fn a_login_from_a_rotating_network_is_an_incident_in_any_order() {
    for login_first in [false, true] {
        let world = pipeline(InMemoryStore::default());
        let login = login_from("one", &member(9));
        if login_first {
            log_in(&world, &login).await;
        }
        export(&world, &rotating()).await;
        if !login_first {
            log_in(&world, &login).await;
        }
        assert_eq!(mailed_addresses(&world), [NETWORK], "login first: {login_first}");
        let mail = &world.notifier.messages()[0].text;
        let named = format!("  Network     {NETWORK}\n  IP address  {}\n", member(9));
        assert!(mail.contains(&named) && mail.contains("from this network"), "{mail}");
        let incident = &of_network(&world)[0].incident;
        assert_eq!(incident.columns.reason, "Multiple failed AAD logins from IPv6 network");
        assert_eq!(world.store.all_incidents().len(), 1, "no address exceeds");
    }
}

#[tokio::test]
async fn a_network_that_is_not_the_logins_is_no_reason() {
    let world = pipeline(InMemoryStore::default());
    export(&world, &rotating()).await;
    for address in ["2001:db8:bad:2::9", "203.0.113.7"] {
        log_in(&world, &login_from(address, address)).await;
    }
    assert_eq!(world.store.all_incidents(), []);
}

#[tokio::test]
async fn a_networks_incident_is_not_mailed_while_incidents_of_addresses_hold_its_logins() {
    for login_first in [false, true] {
        let world = pipeline(InMemoryStore::default());
        if login_first {
            log_in(&world, &login_from("one", &member(1))).await;
        }
        export(&world, &failures_of(1, 6)).await;
        log_in(&world, &login_from("one", &member(1))).await;
        assert_eq!(mailed_addresses(&world), [member(1)]);
        let held = &of_network(&world)[0];
        let holding: BTreeSet<_> = world
            .store
            .all_incidents()
            .iter()
            .filter(|stored| stored.incident.matched_by() == MatchedBy::Address)
            .map(|stored| stored.incident.id)
            .collect();
        assert_eq!((held.published_at, &held.lease, &held.held_by), (None, &None, &holding));

        log_in(&world, &login_from("two", &member(2))).await;
        assert_eq!(mailed_addresses(&world), [member(1), NETWORK.to_owned()], "no address's incident holds the second");
        assert!(of_network(&world)[0].held_by.is_empty());
    }
}

/// Four siblings and the login's address fail, and an entry excludes the failures of that address alone.
#[tokio::test]
async fn a_hidden_incident_of_an_address_holds_nothing() {
    let backup = |cidr: &str| entry("backup", &json!({"exclude": "failures", "when": {"cidr": [cidr]}}));
    for (cidr, mailed) in [("2001:db8:bad:1::5/128", vec![NETWORK]), (NETWORK, vec![])] {
        for login_first in [false, true] {
            let world = tuned(vec![backup(cidr)]);
            let (login, failures) = (login_from("one", &member(5)), [rotating(), failures_of(5, 6)].concat());
            if login_first {
                log_in(&world, &login).await;
            }
            export(&world, &failures).await;
            log_in(&world, &login).await;
            let incidents = mails(&world).into_iter().map(|mail| mail.attributes["address"].clone());
            assert_eq!(incidents.collect::<Vec<_>>(), mailed, "{cidr}, login first: {login_first}");
            let of_network = &of_network(&world)[0];
            assert!(of_network.held_by.is_empty());
            assert_eq!(of_network.hidden_by.is_empty(), !mailed.is_empty());
        }
    }
}

/// One of the address's logins is enough to mail its incident, which then holds all of them.
#[tokio::test]
async fn an_incident_of_an_address_that_is_mailed_holds_also_its_logins_that_entries_exclude() {
    let until = (noon() + TimeDelta::minutes(90)).to_rfc3339();
    let members = json!({"exclude": "logins", "when": {"cidr": [member(1)]}, "expires_at": until, "permanent": false});
    let world = tuned(vec![entry("pentest", &members)]);
    let mut second = login_from("two", &member(1));
    second["eventTime"] = json!(noon() + TimeDelta::hours(2));
    log_in(&world, &login_from("one", &member(1))).await;
    log_in(&world, &second).await;
    export(&world, &failures_of(1, 6)).await;
    let mailed: Vec<_> = mails(&world).into_iter().map(|mail| mail.attributes["address"].clone()).collect();
    assert_eq!(mailed, [member(1)]);
    assert_eq!(of_network(&world)[0].held_by.len(), 1);
}

#[tokio::test]
async fn an_entry_that_hides_an_addresss_incident_later_gives_the_networks_back() {
    let world = tuned(Vec::new());
    export(&world, &[rotating(), failures_of(5, 6)].concat()).await;
    log_in(&world, &login_from("one", &member(5))).await;
    let addresses = |world: &_| mails(world).iter().map(|mail| mail.attributes["address"].clone()).collect::<Vec<_>>();
    assert_eq!(addresses(&world), [member(5)]);
    tune(&world, vec![entry("backup", &json!({"exclude": "failures", "when": {"cidr": [member(5)]}}))]);
    export(&world, &[]).await;
    assert_eq!(addresses(&world), [member(5), NETWORK.to_owned()]);
}

#[tokio::test]
async fn another_length_of_networks_can_be_set_or_none() {
    for (network, addresses) in
        [("none", &[][..]), ("128", &[]), ("120", &["2001:db8:bad:1::/120"]), ("48", &["2001:db8:bad::/48"])]
    {
        let mut world = pipeline(InMemoryStore::default());
        world.rule = Rule { ipv6_network: network.parse().unwrap(), ..Rule::default() };
        export(&world, &rotating()).await;
        log_in(&world, &login_from("one", &member(9))).await;
        assert_eq!(mailed_addresses(&world), addresses, "{network}");
    }
}

#[test]
fn an_ipv4_address_has_no_network() {
    let address = Address::parse("203.0.113.7").unwrap();
    assert_eq!(Ipv6Network::default().of(address), None);
}
