use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::super::cases::{deployment, message, report};
use super::super::incident_message;
use super::super::message::SUBJECT_LENGTH;
use super::*;
use crate::detection::context::Context;
use crate::detection::fixtures::{after_noon, failure, login, noon};
use crate::detection::incident::SourceFailures;
use crate::detection::matched_by::MatchedBy;
use crate::detection::parameters::Order;
use crate::detection::signal::Signal;
use crate::detection::{Address, Failure, Incident, Login, Source};

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

/// The text on one line for each field.
fn text_of(report: &IncidentReport) -> String {
    message(report).text
}

/// The value with this label.
fn field(report: &IncidentReport, label: &str) -> String {
    let text = text_of(report).replace("\n              ", " ");
    let value = text.lines().find_map(|line| line.trim_start().strip_prefix(label));
    value.unwrap_or_else(|| panic!("no {label} in {text}")).trim().to_owned()
}

fn subject_of(login: &Login) -> String {
    message(&of(login)).subject
}

#[test]
fn a_subject_leaves_out_the_middle_of_a_name_only_where_it_must() {
    for (name, shown) in [
        ("a".repeat(31), "a".repeat(31)),
        (format!("{}b", "a".repeat(31)), format!("{}...{}b", "a".repeat(14), "a".repeat(13))),
        (format!("{}{}", "a".repeat(80), "b".repeat(80)), format!("{}...{}", "a".repeat(14), "b".repeat(14))),
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
    let of_long = message(&of(&login));
    assert_eq!(of_long.subject, "[pivotwatch] Medium: alice logged in to AWS 10000...0002 from 203.0.113.7");
    assert!(!of_long.attributes.contains_key("account"), "it is no id");

    let login = Login { recipient_account_id: String::new(), user_identity_account_id: String::new(), ..login };
    assert!(!message(&of(&login)).attributes.contains_key("account"), "SNS refuses an attribute without a value");
}

#[test]
fn a_user_is_shown_by_name_and_root_as_root() {
    let arn = "arn:aws:iam::111122223333:root";
    for (login, user) in [
        (named("IAMUser", "alice", ""), "\"alice\", IAM user"),
        (named("AssumedRole", "alice", "contoso.example"), "\"alice@contoso[.]example\", session of a role"),
        (named("Root", arn, ""), "\"root\", root user"),
        (named("root", arn, ""), "\"root\", root user"),
        (named("Root", "alice", ""), "\"alice\", root user"),
        (named("IAMUser", arn, ""), "\"arn:aws:iam::111122223333:root\", IAM user"),
        (named("IAMUser", "", ""), "\"(no name)\", IAM user"),
        (named("Directory", "alice", ""), "\"alice\", identity of an unknown kind: \"Directory\""),
    ] {
        assert_eq!(field(&of(&login), "User  "), user);
    }
}

#[test]
fn several_logins_have_their_number_and_their_period() {
    let first = "2024-10-04 12:00:00 UTC";
    let mut report = of(&alice());
    assert_eq!(field(&report, "Login "), first);
    let mut join = |number: i64| {
        let login = login(&number.to_string(), after_noon(number));
        report.incident.join(Incident::of(&login, login.source_ip_address, BTreeSet::new()));
        field(&report, "Logins")
    };
    assert_eq!(join(1), format!("2, from {first} to 2024-10-04 12:00:01 UTC"));
    let all: Vec<_> = (2..300).map(join).collect();
    assert_eq!(all[253], format!("256, from {first} to 2024-10-04 12:04:15 UTC"));
    assert!(all[254].starts_with("about "), "{}", all[254]);
}

#[test]
fn the_second_factor_is_recorded_of_identities_that_aws_authenticates_alone() {
    for (user_identity_type, mfa_used, words, attribute) in [
        ("IAMUser", "Yes", "yes", "yes"),
        ("IAMUser", "No", "no", "no"),
        ("IAMUser", "", "not recorded", "not_recorded"),
        ("IAMUser", "perhaps", "not recorded", "not_recorded"),
        ("AssumedRole", "No", "not recorded (federated)", "not_recorded"),
        ("AssumedRole", "Yes", "not recorded (federated)", "not_recorded"),
        ("IdentityCenterUser", "No", "not recorded (federated)", "not_recorded"),
        ("Directory", "No", "not recorded", "not_recorded"),
    ] {
        let report = of(&Login { mfa_used: mfa_used.to_owned(), ..named(user_identity_type, "alice", "") });
        assert_eq!(field(&report, "MFA"), words);
        assert_eq!(message(&report).attributes["mfa"], attribute);
    }
}

#[test]
fn a_severity_is_explained_by_each_of_its_signals() {
    let report = |signals: &[Signal]| IncidentReport { signals: signals.iter().copied().collect(), ..of(&alice()) };
    for (signals, severity) in [
        (&[][..], "Medium (0 points; High from 3)"),
        (&[Signal::Root][..], "High (7 points; High from 3)"),
        (&[Signal::SameUser], "Medium (1 point; High from 3)"),
        (&[Signal::MostSucceeded], "Medium (-4 points; High from 3)"),
    ] {
        assert_eq!(field(&report(signals), "Why the severity is"), severity);
    }
    for signal in Signal::ALL {
        let text = text_of(&report(&[signal])).split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [signal.name(), &signal.explanation(MatchedBy::Address)[1..], signal.mistaken_if()] {
            assert!(text.contains(said), "{said} is not in {text}");
        }
    }
}

#[test]
fn signals_are_a_list_for_filter_policies() {
    let report = IncidentReport { signals: [Signal::NoMfa, Signal::Root].into(), ..of(&alice()) };
    assert_eq!(message(&report).lists["signals"], ["root", "no_mfa"]);
    assert!(message(&of(&alice())).lists.is_empty());
}

fn failures(codes: u64, users: usize, users_total: u64) -> SourceFailures {
    SourceFailures {
        count: 100,
        exceeded: true,
        first: noon(),
        last: noon(),
        by_hour: (0..30).map(|hour| (noon() + TimeDelta::hours(hour), 1 + hour.unsigned_abs())).collect(),
        error_codes: (0..codes).map(|number| (format!("{}", 50_000 + number), 1 + number)).collect(),
        apps: Vec::new(),
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
    assert!(text_of(&few).find("50001  ") < text_of(&few).find("50000  "), "the most frequent first");
    let flat = |report: &IncidentReport| text_of(report).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(&few).contains("\"user09\" Who") || flat(&few).contains("\"user09\" What"), "{}", flat(&few));
    let many = flat(&report(failures(12, 11, 500)));
    assert!(many.contains("and 2 more codes"), "{many}");
    assert!(flat(&report(failures(11, 0, 0))).contains("and 1 more code "));
    assert!(many.contains("\"user09\" and 490 more"), "{many}");
    assert!(!flat(&report(failures(1, 0, 0))).contains("Users"), "without a name there is no list of names");
}

#[test]
fn three_applications_are_named_those_with_most_failures_first() {
    let of = |app: &'static str, number: i64| (0..number).map(move |_| app.to_owned());
    let apps =
        of("", 9).chain(of("Azure Portal", 1)).chain(of("Teams", 3)).chain(of("Outlook", 2)).chain(of("Other", 1));
    let of_app = |(number, app): (i64, String)| Failure { app, ..failure(number, after_noon(number)) };
    let failures = (0..).zip(apps).map(of_app).collect();
    assert_eq!(
        field(&report(alice(), failures), "Apps"),
        "with most failures: \"Teams\", \"Outlook\", \"Azure Portal\""
    );
}

#[test]
fn a_deployment_without_a_runbooks_address_names_no_file() {
    let message = message(&of(&alice()));
    for form in [message.text.clone(), message.chat.to_string(), message.finding.to_string()] {
        assert!(!form.contains(".md"), "{form}");
    }
    assert!(message.text.contains("  Runbook     of pivotwatch "), "{}", message.text);
}

#[test]
fn an_account_that_is_no_id_is_in_no_command() {
    for (account, named) in [("111122223333", "111122223333"), ("1;id", "ACCOUNT_ID"), ("", "ACCOUNT_ID")] {
        let login =
            Login { recipient_account_id: account.to_owned(), user_identity_account_id: String::new(), ..named_root() };
        assert!(text_of(&of(&login)).contains(&format!("--target-id {named}\n")), "{}", text_of(&of(&login)));
    }
}

fn named_root() -> Login {
    named("Root", "arn:aws:iam::111122223333:root", "")
}

#[test]
fn the_hours_with_most_failures_are_shown_in_order_of_time() {
    let report = IncidentReport { failures: [(Source::Interactive, failures(1, 1, 1))].into(), ..of(&alice()) };
    let shown = field(&report, "By hour UTC").split_whitespace().collect::<Vec<_>>().join(" ");
    let expected =
        "2024-10-05 12:00 (25), 13:00 (26), 14:00 (27), 15:00 (28), 16:00 (29), 17:00 (30), and 300 in other hours";
    assert_eq!(shown, expected);
}

#[test]
fn the_window_and_the_days_to_query_are_those_of_the_rule() {
    let text = |minutes, order| {
        let rule = Rule { window: TimeDelta::minutes(minutes), order, ..Rule::default() };
        incident_message(&of(&alice()), None, noon(), &rule, &deployment()).text
    };
    for (minutes, order, sides, days) in [
        (24 * 60, Order::Any, "within 24 hours of this login", ("2024-10-03#", "2024-10-05#~")),
        (60, Order::Any, "within 1 hour of this login", ("2024-10-03#", "2024-10-05#~")),
        (90, Order::FailuresFirst, "within 1 h 30 min before this login", ("2024-10-03#", "2024-10-05#~")),
        (25 * 60, Order::Any, "within 25 hours of this login", ("2024-10-02#", "2024-10-06#~")),
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
    assert!(text.contains("\n  User        \"alice\", IAM user\n  MFA "), "{text}");
    assert!(text.contains("\n  Browser     (not recorded)\n"), "{text}");
}

#[test]
fn the_age_is_said_when_the_last_login_was_more_than_a_day_ago() {
    let subject = |hours| {
        incident_message(&of(&alice()), None, noon() + TimeDelta::hours(hours), &Rule::default(), &deployment()).subject
    };
    assert!(subject(24).starts_with("[pivotwatch] Medium: alice"), "{}", subject(24));
    assert!(subject(25).starts_with("[pivotwatch] Medium, 1 day 1 hour old: alice"), "{}", subject(25));
}

#[test]
fn consoles_are_those_of_the_partition() {
    for (region, consoles) in [
        (
            "eu-north-1",
            ["https://eu-north-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-north-1#/events", "arn:aws:iam"],
        ),
        (
            "cn-north-1",
            ["https://cn-north-1.console.amazonaws.cn/cloudtrailv2/home?region=cn-north-1#/events", "arn:aws-cn:iam"],
        ),
        (
            "us-gov-west-1",
            [
                "https://us-gov-west-1.console.amazonaws-us-gov.com/iam/home?region=us-gov-west-1#/users",
                "arn:aws-us-gov:iam",
            ],
        ),
        ("global", ["https://console.aws.amazon.com/cloudtrailv2/home#/events", "for region in us-east-1; do"]),
        ("x.evil.example/", ["https://console.aws.amazon.com/iam/home#/users", "arn:aws:iam"]),
    ] {
        let text = text_of(&of(&Login { aws_region: region.to_owned(), ..alice() }));
        for expected in consoles {
            assert!(text.contains(expected), "{expected} is not in {text}");
        }
    }
}

#[test]
fn without_a_table_of_tuning_entries_no_entry_is_offered() {
    let deployment = Deployment { tuning_table: None, ..deployment() };
    let text = incident_message(&of(&alice()), None, noon(), &Rule::default(), &deployment).text;
    assert!(!text.contains("tuning add") && text_of(&of(&alice())).contains("tuning add"));
}

/// A user whose name the rule shortens, since it has two `@`.
fn shortened(user_identity_type: &str, resource: &str) -> Login {
    let user_identity_arn = format!("arn:aws:iam::111122223333:{resource}");
    Login { user_identity_arn, ..named(user_identity_type, "alice", "corp") }
}

#[test]
fn commands_and_links_name_the_user_of_the_arn() {
    for (login, argument, link) in [
        (shortened("IAMUser", "user/ops/alice@corp@x"), Some("alice@corp@x"), "users/details/alice%40corp%40x"),
        (shortened("AssumedRole", "assumed-role/Ops/alice@corp@x"), Some("alice@corp@x"), "roles/details/Ops"),
        (shortened("FederatedUser", "federated-user/alice@corp@x"), Some("alice@corp@x"), "users"),
        (shortened("IAMUser", "user/a,b"), Some("a\\\\,b"), "users/details/a%2Cb"),
        (shortened("IAMUser", "user/a b"), Some("NAME_IN_THE_RECORD"), "users"),
        (Login { user_identity_arn: String::new(), ..shortened("IAMUser", "") }, Some("NAME_IN_THE_RECORD"), "users"),
        (shortened("Root", "root"), Some("root"), "home"),
        (shortened("IAMUser", "user/=a"), None, "users/details/%3Da"),
    ] {
        let text = text_of(&of(&login));
        let found = text.split_once("Username,AttributeValue=").map(|(_, rest)| rest.split(' ').next().unwrap());
        assert_eq!(found, argument, "{text}");
        assert_eq!(found.is_none(), text.contains("event history"), "{text}");
        assert!(text.contains(&format!("#/{link}\n")), "{link} is not in {text}");
        assert!(!text.contains("--user-name alice@corp \\"), "{text}");
    }
}

#[test]
fn events_are_looked_up_where_iam_records_them_too() {
    for (region, regions) in [
        ("eu-north-1", "eu-north-1 us-east-1"),
        ("us-east-1", "us-east-1"),
        ("global", "us-east-1"),
        ("$(id)-", "us-east-1"),
        ("cn-northwest-1", "cn-northwest-1 cn-north-1"),
        ("us-gov-east-1", "us-gov-east-1 us-gov-west-1"),
    ] {
        let text = text_of(&of(&Login { aws_region: region.to_owned(), ..alice() }));
        assert!(text.contains(&format!("    for region in {regions}; do\n")), "{regions} is not in {text}");
    }
}

#[test]
fn the_deployments_runbook_stands_on_a_line_of_its_own() {
    let address = format!("https://wiki.example/{}", "runbook/".repeat(12));
    let deployment = Deployment { runbook: Some(address.clone()), ..deployment() };
    let message = incident_message(&of(&alice()), None, noon(), &Rule::default(), &deployment);
    super::super::cases::obeys_the_bounds(&message);
    assert!(message.text.contains(&format!(":\n    {address}\n")), "{}", message.text);
    assert!(message.chat.to_string().contains(&format!(": {address}\"")), "{}", message.chat);
}
