//! No text and no number of facts makes a message too large for SNS.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::{MINUTE, Signal, alice, deployment, message, report, usual};
use crate::detection::context::ReferencedFailure;
use crate::detection::fixtures::{address, after_noon, login, noon};
use crate::detection::reporting::Deferral;
use crate::detection::result_code::CodeClass;
use crate::detection::signal::Severity;
use crate::detection::{Address, Incident, IncidentReport, Login, Rule, Source};
use crate::notify::{DIGEST_ADDRESSES, DigestEntry, HttpsForm, Message, chat, digest_message, digests};

/// A text as an attacker would choose it.
fn hostile_text(most: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\u{10ffff}"),
        Just("\\"),
        Just("\""),
        Just("\n"),
        Just("ǆ"),
        Just("https://evil.example "),
        Just("  MFA         yes"),
        Just("\u{202e}"),
    ];
    (piece, prop_oneof![Just(1), Just(20), Just(most)]).prop_map(|(piece, times)| piece.repeat(times))
}

fn worst(texts: &[String], users: u64) -> IncidentReport {
    let text = |number: usize| texts[number % texts.len()].clone();
    let login = Login {
        account_name: text(0),
        account_upn_suffix: text(1),
        user_agent: text(2),
        aws_region: text(3),
        recipient_account_id: text(4),
        user_identity_arn: format!("arn:{}", text(5)),
        user_identity_type: text(6),
        mfa_used: text(7),
        ..alice()
    };
    let mut report = report(login, usual());
    for number in 0..60 {
        let more = Login { account_name: text(0), ..login_of(&report, number) };
        report.incident.join(Incident::of(&more, address(), BTreeSet::new()));
    }
    let names: Vec<_> = (0..users).map(|n| format!("{n}{}", text(usize::try_from(n).unwrap()))).collect();
    let mut failures = report.failures[&Source::Interactive].clone();
    failures.users = names.iter().cloned().collect();
    failures.error_codes = (0..256).map(|code| (format!("{}", 4_000_000_000_u64 + code), code)).collect();
    report.failures = Source::ALL.map(|source| (source, failures.clone())).into();
    report.signals = Signal::ALL.into();
    report.context.users_by_class = CodeClass::ALL.map(|class| (class, names.iter().take(8).cloned().collect())).into();
    report.context.references = (0..64_i64)
        .map(|n| ReferencedFailure {
            time: after_noon(n),
            code: "50126".to_owned(),
            user: text(1),
            request_id: text(2),
            correlation_id: text(3),
            export: text(4),
        })
        .collect();
    report.hidden_by = names.iter().cloned().collect();
    report
}

/// Another login of the report's incident.
fn login_of(report: &IncidentReport, number: i64) -> Login {
    let columns = report.incident.columns.clone();
    Login {
        account_upn_suffix: columns.account_upn_suffix,
        user_agent: columns.user_agent,
        aws_region: columns.aws_region,
        recipient_account_id: columns.recipient_account_id,
        user_identity_type: columns.user_identity_type,
        mfa_used: columns.mfa_used,
        ..login(&format!("event-{number}"), after_noon(30 * MINUTE + number))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_worst_message_fits_into_sns(texts in vec(hostile_text(65_536), 1..9), users in 0..64_u64) {
        let mut message = message(&worst(&texts, users));
        prop_assert_eq!(&message.finding["finding_info"]["uid"], &message.attributes["incident_id"]);
        prop_assert!(message.finding["unmapped"]["failures"]["interactive"]["users_total"].is_u64());
        fits(&message)?;
        message.https = HttpsForm::Finding;
        fits(&message)?;
    }

    #[test]
    fn the_worst_digest_fits_and_names_every_address(texts in vec(hostile_text(300), 1..9), addresses in 150..=DIGEST_ADDRESSES) {
        let entries = (0..addresses * 2).map(|number| {
            let octets = u16::try_from(number / 2).unwrap();
            let from = std::net::Ipv6Addr::new(0x2001, 0xdb8, 0xffff, octets, 0xaaaa, 0xbbbb, 0xcccc, 0xdddd);
            let login = Login {
                source_ip_address: Address::from(std::net::IpAddr::from(from)),
                account_name: texts[number % texts.len()].clone(),
                recipient_account_id: texts[(number + 1) % texts.len()].clone(),
                ..login(&format!("id-{number}"), noon())
            };
            let incident = Incident::of(&login, login.source_ip_address, BTreeSet::new());
            let signals = Signal::ALL.into();
            DigestEntry { incident, severity: Severity::High, signals, deferral: Deferral::AddressLimit, is_update: false }
        });
        let digests = digests(entries.collect());
        prop_assert_eq!(digests.len(), 1);
        let message = digest_message(&digests[0], noon(), &Rule::default(), &deployment());
        let description = message.chat["content"]["description"].as_str().unwrap();
        let named = digests[0].entries.iter().take(20).map(|entry| entry.incident.columns.source_ip_address);
        let counted = format!("{} incidents from {addresses} ", addresses * 2);
        prop_assert!(description.starts_with(&counted), "{description}");
        for address in named {
            prop_assert!(description.contains(&address.to_string()), "{address} is not in {description}");
        }
        // The others as far as they fit, and how to list the rest.
        let others: Vec<_> = digests[0].entries.iter().skip(20).step_by(2).map(|entry| entry.incident.columns.source_ip_address).collect();
        let fitting = others.iter().take_while(|address| description.contains(&format!("{address}"))).count();
        let more = others.len() - fitting;
        prop_assert!(fitting > 35, "{description}");
        let all = format!("\nand {more} more: `aws dynamodb scan ");
        prop_assert_eq!(more > 0, description.contains(&all), "{}", description);
        for entry in &digests[0].entries {
            let address = entry.incident.columns.source_ip_address.to_string();
            prop_assert!(message.text.contains(&address) && message.finding.to_string().contains(&address));
        }
        fits(&message)?;
    }

    #[test]
    fn digests_have_every_incident_once_and_an_address_in_one(sizes in vec(1..4_usize, 0..500), high in 0..500_usize) {
        let entries: Vec<_> = sizes.iter().enumerate().flat_map(|(number, size)| {
            let severity = if number == high { Severity::High } else { Severity::Medium };
            (0..*size).map(move |time| {
                let octets = u16::try_from(number).unwrap().to_be_bytes();
                let from = std::net::IpAddr::from([10, 0, octets[0], octets[1]]);
                let login = Login { source_ip_address: Address::from(from), account_name: time.to_string(), ..login("x", noon()) };
                let incident = Incident::of(&login, login.source_ip_address, BTreeSet::new());
                DigestEntry { incident, severity, signals: BTreeSet::new(), deferral: Deferral::Old, is_update: false }
            })
        }).collect();
        let digests = digests(entries.clone());
        let mut seen = BTreeSet::new();
        for (digest, part) in digests.iter().zip(1..) {
            prop_assert_eq!((digest.part, digest.parts as usize), (part, digests.len()));
            let addresses: BTreeSet<_> = digest.entries.iter().map(|entry| entry.incident.columns.source_ip_address).collect();
            prop_assert!(addresses.len() <= DIGEST_ADDRESSES && addresses.iter().all(|address| seen.insert(*address)));
        }
        let ids = |entries: &mut dyn Iterator<Item = &DigestEntry>| {
            let mut ids: Vec<_> = entries.map(|entry| entry.incident.id).collect();
            ids.sort();
            ids
        };
        prop_assert_eq!(ids(&mut digests.iter().flat_map(|digest| &digest.entries)), ids(&mut entries.iter()));
        if high < sizes.len() {
            prop_assert_eq!(digests[0].entries[0].severity, Severity::High);
        }
    }
}

/// Whether SNS takes the message, and its forms are those of their readers.
pub(super) fn fits(message: &Message) -> Result<(), TestCaseError> {
    let Message { attributes, lists, .. } = message;
    let of_attributes: usize = attributes.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
    let of_lists: usize = lists.iter().map(|(name, values)| name.len() + json!(values).to_string().len() + 12).sum();
    let forms = message.forms();
    let bytes = forms.len() + of_attributes + of_lists;
    prop_assert!(bytes <= 262_144, "{bytes} bytes");
    let forms: BTreeMap<String, String> = serde_json::from_str(&forms).unwrap();
    prop_assert_eq!(&forms["default"], &message.text);
    prop_assert_eq!(&forms["sqs"], &message.finding.to_string());
    prop_assert_eq!(&forms["lambda"], &forms["sqs"]);
    let https = if message.https == HttpsForm::Chat { &message.chat } else { &message.finding };
    prop_assert_eq!(&forms["https"], &https.to_string());
    prop_assert_eq!(&forms["http"], &forms["https"]);
    for (name, most) in [("title", chat::TITLE), ("description", chat::DESCRIPTION)] {
        let text = message.chat["content"][name].as_str().unwrap();
        prop_assert!(text.chars().count() <= most, "{name}: {text}");
    }
    Ok(())
}
