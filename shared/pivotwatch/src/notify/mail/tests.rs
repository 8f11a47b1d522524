use std::collections::BTreeSet;

use super::*;
use crate::detection::context::Context;
use crate::detection::fixtures::{after_noon, login, noon};
use crate::detection::signal::Signal;
use crate::detection::{Address, Login};

fn message(report: &IncidentReport, rule: &Rule) -> Message {
    incident_message(report, None, noon(), rule, &Deployment::default())
}

fn of(login: &Login) -> IncidentReport {
    let incident = Incident::of(login, login.source_ip_address, [Source::Interactive].into());
    IncidentReport {
        incident,
        failures: BTreeMap::new(),
        signals: BTreeSet::new(),
        hidden_by: BTreeSet::new(),
        held_by: BTreeSet::new(),
        context: Context::default(),
    }
}

fn alice() -> Login {
    login("one", noon())
}

fn named(user_identity_type: &str, account_name: &str, account_upn_suffix: &str) -> Login {
    Login {
        user_identity_type: user_identity_type.to_owned(),
        account_name: account_name.to_owned(),
        account_upn_suffix: account_upn_suffix.to_owned(),
        ..alice()
    }
}

fn text_of(report: &IncidentReport) -> String {
    message(report, &Rule::default()).text
}

/// The line with this label, without the label.
fn line(report: &IncidentReport, label: &str) -> String {
    let text = text_of(report);
    let line = text.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_else(|| panic!("no {label} in {text}"));
    line.trim().to_owned()
}

fn subject_of(login: &Login) -> String {
    message(&of(login), &Rule::default()).subject
}

#[test]
fn a_subject_leaves_out_the_middle_of_a_name_only_where_it_must() {
    for (name, shown) in [
        ("a".repeat(31), "a".repeat(31)),
        (format!("{}b", "a".repeat(31)), format!("{}...{}b", "a".repeat(14), "a".repeat(13))),
        (format!("{}{}", "a".repeat(200), "b".repeat(200)), format!("{}...{}", "a".repeat(14), "b".repeat(14))),
    ] {
        let subject = subject_of(&named("IAMUser", &name, ""));
        assert_eq!(subject, format!("[pivotwatch] Medium: {shown} logged in to AWS 111122223333 from 203.0.113.7"));
        assert!(subject.len() <= SUBJECT_LENGTH, "{subject}");
    }
}

#[test]
fn a_subject_with_the_longest_address_fits_and_has_the_address() {
    let source_ip_address = Address::parse("2001:db8:1111:2222:3333:4444:5555:6666").unwrap();
    let subject = subject_of(&Login { source_ip_address, ..named("IAMUser", "alice", "contoso.example") });
    assert_eq!(subject.len(), SUBJECT_LENGTH);
    assert!(subject.starts_with("[pivotwatch] Medium: ali"), "{subject}");
    assert!(subject.ends_with(" from 2001:db8:1111:2222:3333:4444:5555:6666"), "{subject}");
}

#[test]
fn an_account_of_any_length_is_cut_to_what_sns_takes() {
    let login = Login { recipient_account_id: format!("1{}2", "0".repeat(98)), ..alice() };
    let message = super::tests::message(&of(&login), &Rule::default());
    assert_eq!(message.subject, "[pivotwatch] Medium: alice logged in to AWS 10000...0002 from 203.0.113.7");
    assert_eq!(message.attributes["recipient_account_id"].len(), 64);

    let login = Login { recipient_account_id: String::new(), user_identity_account_id: String::new(), ..login };
    let message = super::tests::message(&of(&login), &Rule::default());
    assert!(!message.attributes.contains_key("recipient_account_id"), "SNS refuses an attribute without a value");
}

#[test]
fn a_user_is_shown_by_name_and_root_as_root() {
    let arn = "arn:aws:iam::111122223333:root";
    for (login, who) in [
        (named("IAMUser", "alice", ""), "alice (IAMUser)"),
        (named("AssumedRole", "alice", "contoso.example"), "alice@contoso.example (AssumedRole)"),
        (named("Root", arn, ""), "root (Root)"),
        (named("root", arn, ""), "root (root)"),
        (named("Root", "alice", ""), "alice (Root)"),
        (named("IAMUser", arn, ""), "arn:aws:iam::111122223333:root (IAMUser)"),
        (named("IAMUser", "", ""), "unnamed user (IAMUser)"),
        (named("", "alice", ""), "alice ((not recorded))"),
    ] {
        assert_eq!(line(&of(&login), "Who"), who);
    }
}

#[test]
fn the_time_of_several_logins_has_their_number() {
    let first = "2024-10-04 12:00:00 UTC";
    let mut report = of(&alice());
    assert_eq!(line(&report, "When"), first);
    let mut join = |number: i64| {
        let login = login(&number.to_string(), after_noon(number));
        report.incident.join(Incident::of(&login, login.source_ip_address, BTreeSet::new()));
        line(&report, "When")
    };
    assert_eq!(join(1), format!("{first}, the first of 2 logins until 2024-10-04 12:00:01 UTC"));
    let all: Vec<_> = (2..300).map(join).collect();
    assert_eq!(all[253], format!("{first}, the first of 256 logins until 2024-10-04 12:04:15 UTC"));
    assert!(all[254].starts_with(&format!("{first}, the first of about ")), "{}", all[254]);
}

#[test]
fn the_second_factor_of_a_federated_user_is_not_recorded_whatever_the_record_says() {
    for (user_identity_type, mfa_used, shown) in [
        ("IAMUser", "Yes", "Yes"),
        ("IAMUser", "No", "No"),
        ("IAMUser", "", "not recorded"),
        ("AssumedRole", "No", "not recorded (federated)"),
        ("AssumedRole", "Yes", "not recorded (federated)"),
    ] {
        let login = Login { mfa_used: mfa_used.to_owned(), ..named(user_identity_type, "alice", "") };
        assert_eq!(line(&of(&login), "MFA"), shown);
    }
}

#[test]
fn a_severity_is_explained_by_each_of_its_signals() {
    let report = |signals: &[Signal]| IncidentReport { signals: signals.iter().copied().collect(), ..of(&alice()) };
    for (signals, severity) in [
        (&[][..], "Medium: 0 points, High from 3"),
        (&[Signal::Root][..], "High: 7 points, High from 3"),
        (&[Signal::SameUser, Signal::OwnMistakes], "Medium: -1 points, High from 3"),
        (&[Signal::MostSucceeded], "Medium: -4 points, High from 3"),
    ] {
        assert_eq!(line(&report(signals), "Severity"), severity);
    }
    for signal in Signal::ALL {
        let text = text_of(&report(&[signal]));
        for said in [signal.name(), signal.explanation(), signal.mistaken_if()] {
            assert!(text.contains(said), "{said} is not in {text}");
        }
    }
    assert!(!text_of(&report(&[])).contains("Signals"), "no heading without a signal");
}

#[test]
fn signals_are_a_list_for_filter_policies() {
    let report = IncidentReport { signals: [Signal::NoMfa, Signal::Root].into(), ..of(&alice()) };
    let message = super::tests::message(&report, &Rule::default());
    assert_eq!(message.lists["signals"], ["root", "no_mfa"]);
    assert!(super::tests::message(&of(&alice()), &Rule::default()).lists.is_empty());
}

#[test]
fn a_network_is_called_a_network() {
    let login = Login { source_ip_address: Address::parse("2001:db8:bad:1::7").unwrap(), ..alice() };
    let network = login.source_ip_address.network(64).unwrap();
    let report = IncidentReport { incident: Incident::of(&login, network, BTreeSet::new()), ..of(&login) };
    assert_eq!(line(&report, "From"), "the network 2001:db8:bad:1::/64");
    assert!(text_of(&report).starts_with("An address of a network that failed"));
    assert_eq!(message(&report, &Rule::default()).attributes["matched_by"], "network");
}

fn failures(codes: u64, users: usize, users_total: u64) -> SourceFailures {
    SourceFailures {
        count: 100,
        exceeded: true,
        first: noon(),
        last: noon(),
        error_codes: (0..codes).map(|number| (format!("{}", 50_000 + number), 1 + number)).collect(),
        users: (0..users).map(|number| format!("user{number:02}")).collect(),
        users_total,
        count_estimated: false,
        users_estimated: false,
    }
}

#[test]
fn ten_codes_and_ten_users_are_shown_and_the_number_of_others() {
    let report = |failures| IncidentReport { failures: [(Source::Interactive, failures)].into(), ..of(&alice()) };
    let few = report(failures(2, 10, 10));
    assert_eq!(line(&few, "    codes"), "50001 (2), 50000 (1)", "the most frequent first");
    assert!(line(&few, "    users").ends_with(", user09"));
    let many = report(failures(12, 11, 500));
    assert!(line(&many, "    codes").ends_with(", 50002 (3) and 2 more"));
    assert!(line(&many, "    users").ends_with(", user09 and 490 more"));
    assert!(!text_of(&report(failures(1, 0, 0))).contains("    users"), "without a name there is no list of names");
}

#[test]
fn the_window_and_the_days_to_query_are_those_of_the_rule() {
    let text = |minutes, order| {
        let rule = Rule { window: TimeDelta::minutes(minutes), order, ..Rule::default() };
        message(&of(&alice()), &rule).text
    };
    for (minutes, order, sides, days) in [
        (24 * 60, Order::Any, "up to 24 h before or after the login", ("2024-10-03#", "2024-10-05#~")),
        (90, Order::FailuresFirst, "up to 1 h 30 min before the login", ("2024-10-03#", "2024-10-05#~")),
        (25 * 60, Order::Any, "up to 25 h before or after the login", ("2024-10-02#", "2024-10-06#~")),
    ] {
        let text = text(minutes, order);
        for expected in [sides, days.0, days.1] {
            assert!(text.contains(expected), "{expected} is not in {text}");
        }
    }
}

#[test]
fn what_a_record_lacks_is_said_and_has_no_empty_line() {
    let login = Login { user_identity_arn: String::new(), user_agent: String::new(), ..alice() };
    let text = text_of(&of(&login));
    assert!(text.contains("\nWho       alice (IAMUser)\nWhere "), "{text}");
    assert!(text.contains("\n          (not recorded)\nWhen "), "{text}");
}
