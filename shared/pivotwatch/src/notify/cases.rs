//! A message for every kind of identity, attack, update and digest, as snapshots to be read by people.
//!
//! The findings are in files of their own, which `tests/suites/findings` validates by OCSF's schema.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::detection::context::ReferencedFailure;
use crate::detection::fixtures::{address, after_noon, failure, login, noon, tallies};
use crate::detection::reporting::{Deferral, UpdateReason};
use crate::detection::result_code::CodeClass;
use crate::detection::signal::{Severity, Signal};
use crate::detection::successes::{Successes, user_hash};
use crate::detection::tuning::{Announced, EntryState, News, NewsKind};
use crate::detection::{Address, Evidence, Failure, IncidentReport, Login, Rule, Source, Tuning, incidents};

const MINUTE: i64 = 60;

pub(super) fn deployment() -> Deployment {
    Deployment {
        table: TableLocation {
            name: "pivotwatch-evidence".to_owned(),
            region: "us-east-1".to_owned(),
            account: "999988887777".to_owned(),
        },
        tuning_table: Some("pivotwatch-tuning".to_owned()),
        account_names: [("111122223333", "payments-prod"), ("999988887777", "security")]
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .into(),
        runbook: None,
        https: HttpsForm::Chat,
    }
}

/// Failures of users in turn, a minute apart from noon on.
fn failures(number: i64, code: &str, users: &[&str]) -> Vec<Failure> {
    let failure = |n: i64| Failure {
        code: code.parse().unwrap(),
        user: users[usize::try_from(n).unwrap() % users.len()].to_owned(),
        trace: crate::detection::failure::Trace {
            request_id: format!("0a0a0a0a-0000-4000-8000-{n:012}"),
            correlation_id: format!("0c0c0c0c-0000-4000-8000-{n:012}"),
            tenant: "7e7e7e7e-0000-4000-8000-000000000001".to_owned(),
            export: "insights-logs-signinlogs/y=2024/m=10/d=04/h=12/m=00/PT1H.json".into(),
        },
        ..failure(n, after_noon(n * MINUTE))
    };
    (0..number).map(failure).collect()
}

fn names(number: usize) -> Vec<String> {
    (0..number).map(|n| format!("user{n:02}@contoso.example")).collect()
}

fn of_many(number: i64, code: &str, users: usize) -> Vec<Failure> {
    let names = names(users);
    failures(number, code, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A login of alice, half an hour after noon.
fn alice() -> Login {
    login("90c72977-31e0-4079-9a74-ee25e5d7aadf", after_noon(30 * MINUTE))
}

fn of_kind(user_identity_type: &str, arn: &str, account_name: &str, account_upn_suffix: &str) -> Login {
    Login {
        user_identity_type: user_identity_type.to_owned(),
        user_identity_arn: arn.to_owned(),
        account_name: account_name.to_owned(),
        account_upn_suffix: account_upn_suffix.to_owned(),
        ..alice()
    }
}

fn report_with(logins: Vec<Login>, failures: Vec<Failure>, succeeded: &[&str]) -> IncidentReport {
    let mut tallies = tallies(failures);
    let mut successes = Successes::default();
    for user in succeeded {
        successes.add(user_hash(user), 13 * 3600);
    }
    for tally in tallies.values_mut() {
        tally.add_successes(&successes);
    }
    let address = address();
    let evidence = Evidence { tallies, logins, ..Evidence::none(address) };
    incidents(&evidence, &Rule::default(), &Tuning::default()).remove(0)
}

pub(super) fn report(login: Login, failures: Vec<Failure>) -> IncidentReport {
    report_with(vec![login], failures, &[])
}

fn usual() -> Vec<Failure> {
    failures(7, "50126", &["ann@contoso.example", "bob@contoso.example"])
}

pub(super) fn message(report: &IncidentReport) -> Message {
    incident_message(report, None, after_noon(40 * MINUTE), &Rule::default(), &deployment())
}

fn check(name: &str, message: &Message) {
    let Message { subject, text, chat, attributes, lists, .. } = message;
    let chat = serde_json::to_string_pretty(chat).unwrap();
    let people = format!("{subject}\n{attributes:?} {lists:?}\n\n{text}\n======== chat\n{chat}");
    let finding = serde_json::to_string_pretty(&message.finding).unwrap();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::with_settings!({snapshot_path => "snapshots/messages"}, { insta::assert_snapshot!(name, people) });
        insta::with_settings!({snapshot_path => "snapshots/findings"}, { insta::assert_snapshot!(name, finding) });
    });
    obeys_the_bounds(message);
}

/// How identifiers, links and commands begin, which stand on lines of their own.
const VERBATIM: [&str; 11] = [
    "arn:",
    "aws ",
    "for region in ",
    "--",
    "'{",
    "https://",
    "ip = ",
    "record = ",
    "export ",
    "request ",
    "correlation ",
];

/// What holds for every message.
pub(super) fn obeys_the_bounds(message: &Message) {
    let Message { subject, text, attributes, lists, .. } = message;
    assert!(subject.len() <= 99 && subject.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{subject}");
    for line in text.lines() {
        let is_verbatim = line.starts_with("    ") && VERBATIM.iter().any(|start| line.trim_start().starts_with(start));
        let is_one_word = !line.trim_start().contains(' ');
        assert!(line.chars().count() <= 72 || is_verbatim || is_one_word, "{line}");
        assert!(!line.contains(char::is_control) && !line.ends_with(' '), "{line:?}");
    }
    for https in [HttpsForm::Chat, HttpsForm::Finding] {
        fits(&Message { https, ..message.clone() }).unwrap();
    }
    assert!(attributes.len() + lists.len() <= 10 && attributes.values().all(|value| !value.is_empty()));
}

#[test]
fn every_kind_of_identity() {
    let role = "arn:aws:sts::111122223333:assumed-role";
    let sso = format!("{role}/AWSReservedSSO_Admin_0123456789abcdef/bo@contoso.example");
    for (name, login) in [
        ("iam_user", alice()),
        ("root", of_kind("Root", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root", "")),
        ("identity_center", of_kind("AssumedRole", &sso, "bo", "contoso.example")),
        ("role", of_kind("AssumedRole", &format!("{role}/Operators/bo"), "bo", "")),
        ("federated", of_kind("FederatedUser", "arn:aws:sts::111122223333:federated-user/bo", "bo", "")),
        ("unknown", of_kind("Directory", "", "", "")),
    ] {
        check(&format!("identity_{name}"), &message(&report(login, usual())));
    }
}

#[test]
fn every_shape_of_attack() {
    let leaked = [of_many(25, "50034", 25), of_many(20, "50126", 40)].concat();
    let stopped = failures(8, "50074", &["alice@contoso.example"]);
    for (name, failures, succeeded) in [
        ("guessing", failures(29, "50126", &["ann@contoso.example"]), vec![]),
        ("spraying", [of_many(16, "50126", 16), of_many(1, "50076", 1)].concat(), vec![]),
        ("stuffing", leaked, vec![]),
        (
            "forgetful_person",
            failures(7, "50126", &["alice@contoso.example"]),
            vec!["alice@contoso.example".to_owned()],
        ),
        ("expired_token", failures(12, "70043", &["ann@contoso.example"]), vec![]),
        ("stopped_after_password", stopped, vec![]),
        ("shared_address", of_many(20, "50126", 12), names(12)),
        ("unclear", usual(), vec![]),
    ] {
        let succeeded: Vec<_> = succeeded.iter().map(String::as_str).collect();
        let report = report_with(vec![alice()], numbered(failures), &succeeded);
        assert_eq!(crate::detection::likely_cause::likely_cause(&report).cause.name(), name);
        check(&format!("attack_{name}"), &message(&report));
    }
}

/// The failures with identities of their own.
fn numbered(failures: Vec<Failure>) -> Vec<Failure> {
    failures.into_iter().zip(0..).map(|(failure, identity)| Failure { identity, ..failure }).collect()
}

#[test]
fn every_signal() {
    for signal in Signal::ALL {
        let report = IncidentReport { signals: [signal].into(), ..report(alice(), usual()) };
        check(&format!("signal_{}", signal.name()), &message(&report));
    }
}

#[test]
fn updates_old_logins_networks_tests_and_what_is_hidden() {
    let usual_report = report(alice(), usual());
    let (rule, deployment) = (Rule::default(), deployment());
    let at =
        |now: DateTime<Utc>, update: Option<&Update>| incident_message(&usual_report, update, now, &rule, &deployment);
    let reasons =
        BTreeSet::from([UpdateReason::SeverityRose, UpdateReason::PasswordRight, UpdateReason::LoggedInAgain]);
    check("update", &at(after_noon(3600), Some(&Update { number: 2, reasons })));
    check("old", &at(noon() + TimeDelta::days(12), None));

    let many = (0..3).map(|n| login(&format!("one-{n}"), after_noon(n * 600))).collect();
    let mut several = report_with(many, usual(), &[]);
    several.context.failed_logins = Some(crate::detection::context::FailedLogins {
        count: 3,
        count_estimated: false,
        first: noon(),
        last: after_noon(60),
        users: vec!["alice".to_owned()],
    });
    check("several_logins", &message(&several));
    check("login_before_the_failures", &message(&report(login("one", after_noon(-90)), usual())));

    let hidden = IncidentReport { hidden_by: ["office-oslo".to_owned()].into(), ..usual_report.clone() };
    check("hidden", &message(&hidden));

    let arn = "arn:aws:iam::111122223333:user/self-test";
    let test = Login { event_id: "pivotwatch-selftest-1".to_owned(), ..of_kind("IAMUser", arn, "self-test", "") };
    check("test", &message(&report(test, usual())));

    let mut network = usual_report.clone();
    let member = Login { source_ip_address: Address::parse("2001:db8:bad:1::7").unwrap(), ..alice() };
    let of = member.source_ip_address.network(64).unwrap();
    network.incident = crate::detection::Incident::of(&member, of, [Source::Interactive].into());
    check("network", &message(&network));

    let china = Login { aws_region: "cn-north-1".to_owned(), ..alice() };
    check("china", &message(&report(china, usual())));
}

#[test]
fn texts_of_an_attacker() {
    let hostile = "x\r\n  MFA         yes\u{202e}\u{200b}\u{1b}[1m <b>https://evil.example</b> [a](https://evil.example) `<!channel>`   =1+1";
    let login = Login {
        account_name: format!("=cmd|' /C calc'!A0 {hostile}"),
        account_upn_suffix: "evil.example".to_owned(),
        user_agent: format!("@SUM(1) {hostile} {}", "y".repeat(65_536)),
        aws_region: hostile.to_owned(),
        recipient_account_id: hostile.to_owned(),
        user_identity_arn: format!("arn:aws:iam::1:user/{hostile}"),
        mfa_used: hostile.to_owned(),
        ..alice()
    };
    let message = message(&report(login, failures(7, "50126", &[hostile, "www.evil.example", "dän@contoso.example"])));
    check("hostile", &message);
    let labels = message.text.lines().filter(|line| line.starts_with("  MFA ")).count();
    assert_eq!(labels, 1, "{}", message.text);
    for form in [message.text.clone(), message.chat["content"].to_string(), message.subject.clone()] {
        assert!(!form.contains("https://evil") && !form.contains("evil.example"), "{form}");
    }
    let chat = message.chat.to_string();
    assert!(!chat.contains("<!") && !chat.contains("](http"), "{chat}");
    for form in [message.text.clone(), message.forms(), message.finding.to_string()] {
        assert!(!form.contains(['\u{202e}', '\u{200b}', '\u{1b}', '\r']), "{form}");
    }
    assert!(!message.finding.to_string().contains("\"="), "no formula");
}

fn entry(number: u8, deferral: Deferral, signals: &[Signal]) -> DigestEntry {
    let from = std::net::IpAddr::from([203, 0, 113, number / 2]);
    let login = Login {
        source_ip_address: Address::from(from),
        account_name: format!("user{number}"),
        ..login(&format!("id-{number}"), after_noon(i64::from(number)))
    };
    let incident = crate::detection::Incident::of(&login, login.source_ip_address, [Source::Interactive].into());
    let signals: BTreeSet<_> = signals.iter().copied().collect();
    let severity = Severity::of(&signals);
    DigestEntry { incident, severity, signals, deferral, is_update: number == 3 }
}

#[test]
fn digests_signs_of_life_and_news() {
    let entries = |deferral| {
        vec![
            entry(1, deferral, &[Signal::DifferentUser]),
            entry(3, Deferral::Old, &[]),
            entry(2, deferral, &[Signal::Root]),
            entry(9, deferral, &[]),
        ]
    };
    for (name, deferral) in [("digest", Deferral::HourLimit), ("digest_observing", Deferral::Observing)] {
        let digest = digests(entries(deferral)).remove(0);
        check(name, &digest_message(&digest, after_noon(3600), &Rule::default(), &deployment()));
    }
    let mut test = entry(1, Deferral::Old, &[Signal::Root]);
    let login = login("pivotwatch-selftest-1", noon());
    test.incident = crate::detection::Incident::of(&login, address(), [Source::Interactive].into());
    let digest = digests(vec![test]).remove(0);
    check("digest_test", &digest_message(&digest, after_noon(3600), &Rule::default(), &deployment()));

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
    let deaf = Alive {
        exports: 0,
        logins: 0,
        regions: BTreeSet::new(),
        accounts: BTreeSet::new(),
        last_export: None,
        last_login: None,
        incidents: None,
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
        report.incident.join(crate::detection::Incident::of(&more, address(), BTreeSet::new()));
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
            let incident = crate::detection::Incident::of(&login, login.source_ip_address, BTreeSet::new());
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
                let incident = crate::detection::Incident::of(&login, login.source_ip_address, BTreeSet::new());
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
fn fits(message: &Message) -> Result<(), TestCaseError> {
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
