//! Digests of every reason, signs of life, and news of tuning entries.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;

use super::{Signal, check, deployment, facts_of, report};
use crate::detection::fixtures::{address, after_noon, login, noon};
use crate::detection::reporting::Deferral;
use crate::detection::tuning::{Announced, EntryState, News, NewsKind};
use crate::detection::{Address, Incident, IncidentReport, Login, Rule, Source};
use crate::notify::{Alive, DIGEST_ADDRESSES, DigestEntry, alive_message, digest_message, digests, tuning_message};

/// The entry of an incident of these facts, which was deferred.
fn entry(number: u8, deferral: Deferral, days: i64, mut report: IncidentReport) -> DigestEntry {
    let from = Address::from(std::net::IpAddr::from([203, 0, 113, number / 2]));
    let login = Login {
        source_ip_address: from,
        account_name: format!("user{number}"),
        user_identity_type: report.incident.columns.user_identity_type.clone(),
        ..login(&format!("id-{number}"), after_noon(i64::from(number) - days * 86_400))
    };
    report.incident = Incident::of(&login, from, [Source::Interactive].into());
    DigestEntry {
        severity: report.severity(),
        signals: report.signals,
        incident: report.incident,
        deferral,
        is_update: number == 3 && deferral != Deferral::NoSubscriber,
    }
}

fn with_mfa() -> IncidentReport {
    report(Login { mfa_used: "Yes".to_owned(), ..super::alice() }, super::usual())
}

/// Incidents of four addresses and users. One of them is High, one an update.
fn entries_of(deferral: Deferral, days: i64) -> Vec<DigestEntry> {
    let of = |number, report| entry(number, deferral, days, report);
    vec![of(1, with_mfa()), of(3, with_mfa()), of(2, facts_of(Signal::Root)), of(9, with_mfa())]
}

/// The entry of an incident of an IPv6 network.
fn of_network(number: u8) -> DigestEntry {
    let mut entry = entry(number, Deferral::HourLimit, 0, with_mfa());
    entry.incident.columns.source_ip_address = format!("2001:db8:bad:{number}::/64").parse().unwrap();
    entry
}

fn check_digest(name: &str, entries: Vec<DigestEntry>) {
    let all = digests(entries);
    let digest = all.last().unwrap();
    check(name, &digest_message(digest, after_noon(3600), &Rule::default(), &deployment()));
}

#[test]
fn digests_of_every_reason() {
    use Deferral::*;
    for (name, deferral) in [
        ("digest", HourLimit),
        ("digest_address_limit", AddressLimit),
        ("digest_too_many_at_once", TooManyAtOnce),
        ("digest_no_subscriber", NoSubscriber),
        ("digest_interrupted", Interrupted),
        ("digest_observing", Observing),
    ] {
        check_digest(name, entries_of(deferral, 0));
    }
    check_digest("digest_old", entries_of(Old, 12));
    check_digest("digest_old_of_one_day", vec![entry(1, Old, 3, with_mfa())]);
    check_digest("digest_mixed", [entries_of(Observing, 0), vec![entry(20, Old, 12, with_mfa())]].concat());
    let many = |number| {
        let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
        let from = Address::from(std::net::IpAddr::from([198, 51, high, low]));
        let of = entry(1, HourLimit, 0, with_mfa());
        let login = Login { source_ip_address: from, ..login(&format!("id-{number}"), noon()) };
        DigestEntry { incident: Incident::of(&login, from, BTreeSet::new()), ..of }
    };
    check_digest("digest_of_several_parts", (0..DIGEST_ADDRESSES + 12).map(many).collect());
    check_digest("digest_of_a_network", vec![of_network(1)]);
    check_digest(
        "digest_of_addresses_and_networks",
        [entries_of(HourLimit, 0), (1..3).map(of_network).collect()].concat(),
    );
    let mut test = entry(1, HourLimit, 0, facts_of(Signal::Root));
    let login = login("pivotwatch-selftest-1", noon());
    test.incident = Incident::of(&login, address(), [Source::Interactive].into());
    check_digest("digest_test", vec![test]);
}

/// Every form counts addresses and networks apart, each in singular or plural.
#[test]
fn a_digest_counts_networks_apart_from_addresses() {
    for (addresses, networks, counted) in [
        (1, 0, "from 1 IP address"),
        (2, 0, "from 2 IP addresses"),
        (0, 1, "from 1 network"),
        (0, 2, "from 2 networks"),
        (1, 1, "from 1 IP address and 1 network"),
        (12, 2, "from 12 IP addresses and 2 networks"),
    ] {
        let of_address = |number: u8| entry(2 * number, Deferral::HourLimit, 0, with_mfa());
        let entries = (0..addresses).map(of_address).chain((0..networks).map(of_network)).collect();
        let digest = digests(entries).remove(0);
        let message = digest_message(&digest, after_noon(3600), &Rule::default(), &deployment());
        assert!(message.subject.ends_with(counted), "{}", message.subject);
        for form in [message.text.replace('\n', " "), message.chat.to_string(), message.finding["message"].to_string()]
        {
            assert!(form.contains(&format!("{counted}, reported together")), "{form}");
        }
        let of_address = message.finding["unmapped"]["addresses"].as_array().unwrap().clone();
        let kinds = |kind: &str| of_address.iter().filter(|one| one["matched_by"] == kind).count();
        assert_eq!((kinds("address"), kinds("network")), (usize::from(addresses), usize::from(networks)));
    }
}

#[test]
fn signs_of_life_and_news() {
    let alive = Alive {
        silent: vec![("ap-southeast-2".to_owned(), after_noon(-9 * 86_400))],
        since: noon() - TimeDelta::days(7),
        until: noon(),
        exports: 168,
        sign_ins: 4580,
        logins: 92,
        regions: ["eu-north-1".to_owned(), "us-east-1".to_owned()].into(),
        accounts: ["111122223333".to_owned(), "444455556666".to_owned()].into(),
        last_export: Some(noon() - TimeDelta::minutes(25)),
        last_login: Some(noon() - TimeDelta::hours(30)),
        incidents: Some(3),
        subscribers: Some(2),
        ending: vec![("office-oslo".to_owned(), noon() + TimeDelta::days(2))],
    };
    check("alive", &alive_message(&alive, noon(), &deployment()));
    let unheard = alive_message(&Alive { subscribers: Some(0), ..alive.clone() }, noon(), &deployment());
    assert_eq!(unheard.attributes["severity"], "High");
    for form in [unheard.text, unheard.chat.to_string(), unheard.finding["message"].to_string()] {
        assert!(form.contains("NOBODY is subscribed"), "{form}");
    }
    let silent = ["eu-north-1", "us-east-1", "111122223333", "444455556666", "ap-southeast-2"];
    let deaf = Alive {
        exports: 0,
        sign_ins: 0,
        logins: 0,
        regions: BTreeSet::new(),
        accounts: BTreeSet::new(),
        silent: silent.map(|name| (name.to_owned(), after_noon(-9 * 86_400))).to_vec(),
        last_export: Some(noon() - TimeDelta::days(8)),
        last_login: Some(noon() - TimeDelta::days(9)),
        incidents: Some(0),
        subscribers: None,
        ending: Vec::new(),
        ..alive
    };
    check("alive_deaf", &alive_message(&deaf, noon(), &deployment()));
    let written = json!({
        "id": "office-oslo", "threshold": 50, "when": {"cidr": ["192.0.2.0/24"]}, "reason": "300 people, see wiki.example",
        "author": "ann@contoso.example", "created_at": "2024-10-04T09:00:00Z", "permanent": true,
    });
    for kind in [NewsKind::Added, NewsKind::Changed, NewsKind::Expired, NewsKind::Removed, NewsKind::Vanished] {
        let announced = Announced { written: written.clone(), state: EntryState::Open };
        let news = News { kind, id: "office-oslo".to_owned(), announced };
        let name = format!("tuning_{kind:?}").to_lowercase();
        check(&name, &tuning_message(&news, noon(), &deployment()));
    }
}
