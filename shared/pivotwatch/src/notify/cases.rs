//! Messages of all kinds, each from facts that give it, as snapshots to be read by people. Here: of incidents.
//!
//! The findings are in files of their own, which `tests/suites/findings` validates by OCSF's schema.

mod bounds;
mod digests;

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::*;
use crate::detection::fixtures::{address, after_noon, failure, login, noon, tallies};
use crate::detection::reporting::{NextMessage, Reported, UpdateReason};
use crate::detection::signal::Signal;
use crate::detection::successes::{Successes, user_hash};
use crate::detection::tally::TallyKind;
use crate::detection::{
    Address, Day, Evidence, FailedLogin, Failure, IncidentReport, Login, Rule, Tallies, Tuning, incidents,
};

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
    report_of(address(), logins, tallies(failures), succeeded)
}

fn report_of(address: Address, logins: Vec<Login>, mut tallies: Tallies, succeeded: &[&str]) -> IncidentReport {
    let mut successes = Successes::default();
    for user in succeeded {
        successes.add(user_hash(user), 13 * 3600);
    }
    for ((_, kind), tally) in &mut tallies {
        if *kind != TallyKind::ConsoleLogins {
            tally.add_successes(&successes);
        }
    }
    let evidence = Evidence { tallies, logins, ..Evidence::none(address) };
    incidents(&evidence, &Rule::default(), &Tuning::default()).remove(0)
}

/// The tallies of failures, and of failed console logins as alice.
fn tallies_with_failed_logins(failures: Vec<Failure>, seconds: &[i64]) -> Tallies {
    let mut tallies = tallies(failures);
    for second in seconds {
        let failed = FailedLogin {
            event_id: format!("failed-{second}"),
            time: after_noon(*second),
            source_ip_address: address(),
            user: "alice".to_owned(),
        };
        let tally = tallies.entry((Day::of(failed.time), TallyKind::ConsoleLogins)).or_default();
        tally.add_login(&failed);
    }
    tallies
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
const VERBATIM: [&str; 13] = [
    "arn:",
    "aws ",
    "for region in ",
    "policy=",
    "\"Condition\"",
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
        bounds::fits(&Message { https, ..message.clone() }).unwrap();
    }
    assert!(attributes.len() + lists.len() <= 10 && attributes.values().all(|value| !value.is_empty()));
}

fn root() -> Login {
    of_kind("Root", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root", "")
}

fn of_identity_center() -> Login {
    let role = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef";
    of_kind("AssumedRole", &format!("{role}/bo@contoso.example"), "bo", "contoso.example")
}

#[test]
fn every_kind_of_identity() {
    use crate::notify::identity::IdentityKind::*;
    let role = "arn:aws:sts::111122223333:assumed-role/Operators/bo";
    for (name, kind, login) in [
        ("iam_user", IamUser, alice()),
        ("root", Root, root()),
        ("identity_center", IdentityCenter, of_identity_center()),
        ("identity_center_user", IdentityCenter, of_kind("IdentityCenterUser", "", "bo", "contoso.example")),
        ("role", Role, of_kind("AssumedRole", role, "bo", "")),
        (
            "keys_session",
            KeysSession,
            of_kind("FederatedUser", "arn:aws:sts::111122223333:federated-user/bo", "bo", ""),
        ),
        ("saml_user", Federated, of_kind("SAMLUser", "", "bo", "contoso.example")),
        ("web_identity_user", Federated, of_kind("WebIdentityUser", "", "bo", "")),
        ("unknown", Unknown, of_kind("Directory", "", "bo", "")),
    ] {
        let report = report(login, usual());
        assert_eq!(crate::notify::identity::IdentityKind::of(&report.incident), kind, "{name}");
        check(&format!("identity_{name}"), &message(&report));
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

/// Facts that give the signal.
fn facts_of(signal: Signal) -> IncidentReport {
    let long = |n: i64| format!("a.user.with.a.long.name.{n:04}@contoso.example");
    let alice_and_bob = &["alice@contoso.example", "bob@contoso.example"];
    match signal {
        Signal::Root => report(root(), usual()),
        Signal::DifferentUser | Signal::NoMfa => report(alice(), usual()),
        Signal::SameUser => report(alice(), failures(7, "50126", alice_and_bob)),
        Signal::UsersNotRemembered => {
            let of_one = |n| Failure { user: long(n), ..failure(n, after_noon(n)) };
            report(alice(), (0..1700).map(of_one).collect())
        }
        Signal::PasswordRight => report(alice(), numbered([usual(), of_many(1, "50076", 1)].concat())),
        Signal::FailedLogins => {
            report_of(address(), vec![alice()], tallies_with_failed_logins(usual(), &[0, 30, 60]), &[])
        }
        Signal::ManyUsers | Signal::FewSucceeded => {
            report_with(vec![alice()], of_many(16, "50126", 16), &["user03@contoso.example"])
        }
        Signal::MostSucceeded => {
            let names = names(12);
            report_with(vec![alice()], of_many(20, "50126", 12), &names.iter().map(String::as_str).collect::<Vec<_>>())
        }
        Signal::OwnMistakes => {
            let bo = [failures(3, "50126", &["bo@contoso.example"]), failures(4, "50126", &["ann@contoso.example"])];
            report_with(vec![of_identity_center()], numbered(bo.concat()), &["bo@contoso.example"])
        }
    }
}

#[test]
fn every_signal() {
    for signal in Signal::ALL {
        let report = facts_of(signal);
        assert!(report.signals.contains(&signal), "{signal:?}: {:?}", report.signals);
        check(&format!("signal_{}", signal.name()), &message(&report));
    }
}

#[test]
fn updates_old_logins_networks_tests_and_what_is_hidden() {
    let usual_report = report(alice(), usual());
    let (rule, deployment) = (Rule::default(), deployment());
    check_update();
    check("old", &incident_message(&usual_report, None, noon() + TimeDelta::days(12), &rule, &deployment));

    let many = (0..3).map(|n| login(&format!("one-{n}"), after_noon(n * 600))).collect();
    let several = report_of(address(), many, tallies_with_failed_logins(usual(), &[0, 30, 60]), &[]);
    check("several_logins", &message(&several));
    check("login_before_the_failures", &message(&report(login("one", after_noon(-90)), usual())));

    let hidden = IncidentReport { hidden_by: ["office-oslo".to_owned()].into(), ..usual_report.clone() };
    check("hidden", &message(&hidden));

    let arn = "arn:aws:iam::111122223333:user/self-test";
    let test = Login { event_id: "pivotwatch-selftest-1".to_owned(), ..of_kind("IAMUser", arn, "self-test", "") };
    check("test", &message(&report(test, usual())));

    let from = ["2001:db8:bad:1::7", "2001:db8:bad:1::8"].map(|from| Address::parse(from).unwrap());
    let members = [0, 1].map(|n| Login { source_ip_address: from[n], ..login(&format!("of-{n}"), alice().time) });
    let network = report_of(from[0].network(64).unwrap(), members.to_vec(), tallies(usual()), &[]);
    check("network", &message(&network));

    let china = Login { aws_region: "cn-north-1".to_owned(), ..alice() };
    check("china", &message(&report(china, usual())));
}

/// An incident that was reported as Medium, and became worse in every way.
fn check_update() {
    let users = &["ann@contoso.example", "bob@contoso.example"];
    let login_of = |minutes: i64| Login {
        mfa_used: "Yes".to_owned(),
        ..login(&format!("at-{minutes}"), after_noon(minutes * MINUTE))
    };
    let first = report(login_of(30), usual());
    check("before_the_update", &message(&first));
    let reported = Reported::of(first, after_noon(40 * MINUTE));
    let more = [usual(), of_many(6, "50126", 6), failures(1, "50076", users)].concat();
    let report = report_with(vec![login_of(30), login_of(150)], numbered(more), &[]);
    let NextMessage { number, reasons } = reported.next_message(&report.incident, &report.signals, 0).unwrap();
    let all = [UpdateReason::SeverityRose, UpdateReason::PasswordRight, UpdateReason::LoggedInAgain];
    assert_eq!((number, &reasons), (2, &BTreeSet::from(all)));
    let update = Update { number, reasons };
    check(
        "update",
        &incident_message(&report, Some(&update), after_noon(151 * MINUTE), &Rule::default(), &deployment()),
    );
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
