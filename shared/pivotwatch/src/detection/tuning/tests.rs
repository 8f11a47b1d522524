use chrono::{DateTime, TimeDelta, Utc};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::detection::evidence::{Evidence, incidents};
use crate::detection::fixtures::{address, after_noon, failure, login, noon, tallies};
use crate::detection::result_code::CodeClass;
use crate::detection::window::matches;
use crate::detection::{Failure, IncidentReport, Login, Source, Tallies, Tally};

const HOUR: i64 = 60 * 60;

/// An entry with what every entry needs.
fn entry(id: &str, members: &Value) -> Value {
    let mut entry = json!({"id": id, "reason": "a test", "author": "ann", "permanent": true});
    for (name, value) in members.as_object().unwrap() {
        entry[name] = value.clone();
    }
    if entry["expires_at"].is_string() {
        entry["permanent"] = json!(false);
    }
    entry
}

fn tuning(entries: &[Value]) -> Tuning {
    let tuning = Tuning::parse(entries.iter().cloned(), &Rule::default());
    assert_eq!(tuning.invalid(), []);
    tuning
}

fn faults(entry: &Value) -> Vec<EntryFault> {
    Entry::parse(entry, &Rule::default()).err().map(|invalid| invalid.faults).unwrap_or_default()
}

fn reports(address: Address, tallies: &Tallies, logins: &[Login], tuning: &Tuning) -> Vec<IncidentReport> {
    let evidence = Evidence { tallies: tallies.clone(), logins: logins.to_vec(), ..Evidence::none(address) };
    incidents(&evidence, &Rule::default(), tuning)
}

/// The entries that hide the only incident; none if it is mailed.
fn hidden_by(failures: &[Failure], logins: &[Login], entries: &[Value]) -> Vec<String> {
    hidden_from(address(), failures, logins, entries)
}

fn hidden_from(address: Address, failures: &[Failure], logins: &[Login], entries: &[Value]) -> Vec<String> {
    let mut reports = reports(address, &tallies(failures.to_vec()), logins, &tuning(entries));
    assert_eq!(reports.len(), 1, "the rule's incident is there whatever the tuning");
    reports.remove(0).hidden_by.into_iter().collect()
}

/// Failures with a change to each, a second apart, before noon.
fn failures(number: i64, first_id: i64, change: impl Fn(&mut Failure)) -> Vec<Failure> {
    let changed = |id: i64| {
        let mut failure = failure(first_id + id, after_noon(id - number));
        change(&mut failure);
        failure
    };
    (0..number).map(changed).collect()
}

fn at_noon() -> Vec<Login> {
    vec![login("one", noon())]
}

#[test]
fn a_valid_entry_has_no_fault() {
    for entry in [
        entry(
            "backup-veeam",
            &json!({"exclude": "failures", "when": {"cidr": ["198.51.100.0/24"], "app": ["Veeam*"]}}),
        ),
        entry("office", &json!({"threshold": 50, "when": {"cidr": ["192.0.2.0/24", "2001:db8:7::/48"]}})),
        entry(
            "pentest",
            &json!({"exclude": "logins", "when": {"principal": ["*:user/pentest-*"]}, "expires_at": "2027-01-31T00:00:00Z"}),
        ),
        entry("codes", &json!({"exclude": "failures", "when": {"code": ["50126", 50074], "source": ["interactive"]}})),
        entry("classes", &json!({"exclude": "failures", "when": {"code_class": ["mfa", "sso_step"]}})),
        entry("wide", &json!({"exclude": "failures", "when": {"cidr": ["0.0.0.0/0"]}, "force": true})),
        entry("wide-and-app", &json!({"exclude": "failures", "when": {"cidr": ["10.0.0.0/8"], "app": ["Veeam"]}})),
        entry(
            "most",
            &json!({"threshold": 255, "when": {"cidr": ["192.0.2.9"]}, "removed_at": "2026-11-01T00:00:00Z"}),
        ),
    ] {
        assert_eq!(faults(&entry), [], "{entry}");
    }
}

#[test]
fn every_fault_of_an_entry_is_reported() {
    let all = [
        json!([]),
        json!({"id": "a", "when": {"cidr": ["192.0.2.0/24"]}, "exclude": "failures", "colour": "red"}),
        json!({"id": "a", "when": {"colour": ["red"]}, "exclude": "failures"}),
        entry("A b", &json!({"exclude": "failures", "when": {"app": ["x"]}})),
        entry("no-effect", &json!({"when": {"app": ["x"]}})),
        entry("two-effects", &json!({"exclude": "failures", "threshold": 9, "when": {"cidr": ["192.0.2.0/24"]}})),
        entry("no-condition", &json!({"exclude": "failures"})),
        entry("empty-condition", &json!({"exclude": "failures", "when": {}})),
        entry("no-value", &json!({"exclude": "failures", "when": {"app": []}})),
        entry(
            "of-logins",
            &json!({"exclude": "failures", "when": {"principal": ["x"], "region": ["x"], "app": ["x"]}}),
        ),
        entry("of-failures", &json!({"exclude": "logins", "when": {"code": ["50126"], "account": ["1"]}})),
        entry("threshold", &json!({"threshold": 5, "when": {"cidr": ["192.0.2.0/24"], "app": ["x"]}})),
        entry("high", &json!({"threshold": 256, "when": {"cidr": ["192.0.2.0/24"]}})),
        entry(
            "texts",
            &json!({"exclude": "failures", "when": {
            "cidr": ["192.0.2.1/24"], "code": ["AADSTS50126"], "code_class": ["odd"], "source": ["web"]}}),
        ),
        entry("wide", &json!({"exclude": "failures", "when": {"cidr": ["10.0.0.0/8"], "app": ["*"]}})),
        entry(
            "all-sources",
            &json!({"exclude": "failures", "when": {"source": [
            "interactive", "non_interactive", "service_principal", "managed_identity", "adfs"]}}),
        ),
        entry(
            "counted-sources",
            &json!({"exclude": "failures", "when": {"source": ["interactive", "non_interactive"]}}),
        ),
        entry("counted-threshold", &json!({"threshold": 255, "when": {"source": ["non_interactive", "interactive"]}})),
        entry(
            "every-code",
            &json!({"exclude": "failures", "when": {"code_class": CodeClass::ALL.into_iter().filter(|class| *class != CodeClass::PasswordRight).map(CodeClass::name).collect::<Vec<_>>()}}),
        ),
        entry("control", &json!({"exclude": "failures", "when": {"user": ["\u{0}*"], "app": ["x"]}})),
        entry("long-code", &json!({"exclude": "failures", "when": {"code": ["12345678901", 12_345_678_901_u64]}})),
        entry("array", &json!({"exclude": "failures", "when": [["203.0.113.0/24"]]})),
        entry("map", &json!({"exclude": {"failures": null}, "when": {"app": ["x"]}})),
        entry("long", &json!({"exclude": "failures", "when": {"app": ["x".repeat(16 * 1024)]}})),
        json!({"id": "nothing-but-a-threshold", "threshold": 3}),
        entry("wide-threshold", &json!({"threshold": 50, "when": {"cidr": ["2001::/16"]}})),
        json!({"id": "a", "when": {"app": ["x"]}, "exclude": "failures", "reason": " "}),
        entry(
            "both-ends",
            &json!({"exclude": "failures", "when": {"app": ["x"]}, "starts_at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z"}),
        ),
    ];
    let shown = all.iter().map(|entry| {
        let invalid = Entry::parse(entry, &Rule::default()).unwrap_err();
        format!("{}: {}", invalid.id.as_deref().unwrap_or("-"), invalid.explanation())
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

/// An entry is too wide if it can hide an attacker whom it does not describe.
#[test]
fn an_entry_for_most_failures_is_too_wide_unless_it_says_so() {
    use crate::detection::result_code;

    let codes: Vec<_> = result_code::all().map(|row| row.code).filter(|code| Rule::is_failure(code)).collect();
    let classes = CodeClass::ALL.map(CodeClass::name);
    let (some, few) = (&codes[..codes.len() - 3], &codes[..codes.len() / 2]);
    let wide = [
        json!({"code": codes}),
        json!({"code": some}),
        json!({"code_class": classes}),
        json!({"code_class": classes[1..]}),
        json!({"code_class": classes[..classes.len() - 4]}),
        json!({"code": codes, "code_class": classes}),
        json!({"code": some, "source": ["interactive"]}),
        json!({"source": ["interactive"]}),
        json!({"source": ["interactive"], "cidr": ["0.0.0.0/0"]}),
        json!({"source": ["service_principal"], "user": ["*"]}),
    ];
    let narrow = [
        json!({"code": few}),
        json!({"code": codes, "code_class": ["mfa"]}),
        json!({"code": ["50126"], "code_class": classes}),
        json!({"code": codes, "cidr": ["192.0.2.0/24"]}),
        json!({"source": ["interactive"], "app": ["Veeam*"]}),
        json!({"code": ["999999"]}),
    ];
    let faults_of = |effect: &Value, when: &Value, force: bool| {
        let mut entry = entry("a", effect);
        entry["when"] = when.clone();
        entry["force"] = json!(force);
        faults(&entry)
    };
    let (exclude, threshold) = (json!({"exclude": "failures"}), json!({"threshold": 255}));
    for when in &wide {
        assert_eq!(faults_of(&exclude, when, false), [EntryFault::TooWide], "{when}");
        assert_eq!(faults_of(&exclude, when, true), [], "{when}");
    }
    for when in &narrow {
        assert_eq!(faults_of(&exclude, when, false), [], "{when}");
    }
    for when in [&json!({"source": ["interactive"]}), &json!({"source": ["interactive"], "cidr": ["0.0.0.0/0"]})] {
        assert_eq!(faults_of(&threshold, when, false), [EntryFault::TooWide], "{when}");
    }
}

#[test]
fn an_invalid_entry_and_a_second_one_with_an_id_are_ignored_and_reported() {
    let valid = entry("a", &json!({"exclude": "failures", "when": {"app": ["x"]}}));
    let other = entry("a", &json!({"exclude": "failures", "when": {"app": ["y"]}}));
    let tuning = Tuning::parse([valid.clone(), json!(7), other], &Rule::default());
    assert_eq!(tuning.entries().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(tuning.entries().next(), Entry::parse(&valid, &Rule::default()).ok().as_ref());
    let ids: Vec<_> = tuning.invalid().iter().map(|invalid| invalid.id.as_deref()).collect();
    assert_eq!(ids, [None, Some("a")]);
}

/// The recipes of the runbook, by id.
fn recipe(id: &str) -> Value {
    let recipes = include_str!("../../../../../tests/support/tuning_scenarios.json");
    let recipes: Vec<Value> = serde_json::from_str(recipes).unwrap();
    recipes.into_iter().find(|recipe| recipe["id"] == id).unwrap_or_else(|| panic!("{id} is no recipe"))
}

/// The scenarios of the rule's own document. Each has an incident without its entry and none with it. The incident of
/// an attacker beside the entry is mailed, and so is that of the same failures after the entry's end.
#[test]
fn each_scenario_of_the_rule_is_hidden_by_its_entry_and_an_attacker_beside_it_is_not() {
    let set = |change: fn(&mut Failure)| failures(9, 0, change);
    for (id, benign, attacks) in [
        (
            "backup-veeam",
            set(|failure| failure.app = "Veeam Backup for Azure".to_owned()),
            vec![
                set(|failure| failure.app = "Azure Portal".to_owned()),
                set(|failure| {
                    failure.app = "Veeam Backup for Azure".to_owned();
                    failure.address = Address::parse("198.51.100.7").unwrap();
                }),
            ],
        ),
        (
            "password-resets",
            set(|failure| failure.operation = "Reset user password".to_owned()),
            vec![
                set(|failure| failure.operation = "Sign-in activity".to_owned()),
                set(|failure| failure.operation = String::new()),
            ],
        ),
        (
            "shared-network-mfa",
            set(|failure| failure.code = "500121".parse().unwrap()),
            vec![
                set(|failure| failure.code = "50126".parse().unwrap()),
                set(|failure| {
                    failure.code = "500121".parse().unwrap();
                    failure.user = "bob@contoso.example".to_owned();
                }),
            ],
        ),
        ("shared-network", failures(50, 0, |_| ()), vec![failures(51, 0, |_| ())]),
        (
            "conditional-access",
            set(|failure| failure.code = "53003".parse().unwrap()),
            vec![set(|failure| failure.code = "50053".parse().unwrap())],
        ),
        (
            "directory-sync",
            set(|failure| {
                failure.client_app = "Exchange ActiveSync".to_owned();
                failure.user = "sync_legacy@contoso.example".to_owned();
            }),
            vec![
                set(|failure| failure.client_app = "Exchange ActiveSync".to_owned()),
                set(|failure| failure.user = "sync_legacy@contoso.example".to_owned()),
            ],
        ),
    ] {
        let entries = [recipe(id)];
        assert_eq!(hidden_by(&benign, &at_noon(), &[]), [""; 0], "{id} without the entry");
        assert_eq!(hidden_by(&benign, &at_noon(), &entries), [id]);
        let mut ended = entries.clone();
        ended[0]["expires_at"] = json!(after_noon(-60).to_rfc3339());
        assert_eq!(hidden_by(&benign, &at_noon(), &ended), [""; 0], "{id} after its end");
        for attack in attacks {
            let from = attack[0].address;
            let login = Login { source_ip_address: from, ..login("one", noon()) };
            assert_eq!(hidden_from(from, &attack, &[login], &entries), [""; 0], "{id} beside {:?}", attack[0]);
            let sixth = |(number, failure): (usize, &Failure)| Failure { identity: number as u64, ..failure.clone() };
            let both: Vec<_> = benign.iter().cloned().chain(attack.iter().take(6).enumerate().map(sixth)).collect();
            if from == address() {
                assert_eq!(hidden_by(&both, &at_noon(), &entries), [""; 0], "{id} with an attacker's six failures");
            }
        }
    }
}

#[test]
fn a_threshold_for_a_network_hides_fewer_failures_and_no_more() {
    let entries = [entry("office", &json!({"threshold": 8, "when": {"cidr": ["203.0.113.0/24"]}}))];
    assert_eq!(hidden_by(&failures(8, 0, |_| ()), &at_noon(), &entries), ["office"]);
    assert_eq!(hidden_by(&failures(9, 0, |_| ()), &at_noon(), &entries), [""; 0]);
    let other = [entry("office", &json!({"threshold": 8, "when": {"cidr": ["198.51.100.0/24"]}}))];
    assert_eq!(hidden_by(&failures(8, 0, |_| ()), &at_noon(), &other), [""; 0], "another network");
    let source = json!({"cidr": ["203.0.113.0/24"], "source": ["non_interactive"]});
    let other = [entry("office", &json!({"threshold": 8, "when": source}))];
    assert_eq!(hidden_by(&failures(8, 0, |_| ()), &at_noon(), &other), [""; 0], "another source");
}

#[test]
fn of_several_thresholds_the_longest_prefix_holds_then_the_lowest_then_the_first_id() {
    let of = |id: &str, threshold: u32, cidr: &str| {
        entry(id, &json!({"threshold": threshold, "when": {"cidr": [cidr, "198.51.100.7"]}}))
    };
    let eight = failures(8, 0, |_| ());
    let wide = of("wide", 200, "203.0.112.0/20");
    assert_eq!(hidden_by(&eight, &at_noon(), &[wide.clone(), of("long", 7, "203.0.113.0/24")]), [""; 0]);
    assert_eq!(hidden_by(&eight, &at_noon(), &[wide.clone(), of("long", 9, "203.0.113.0/24")]), ["long"]);
    let same = [of("b", 200, "203.0.113.0/24"), of("c", 9, "203.0.113.0/24"), of("d", 9, "203.0.113.0/24")];
    assert_eq!(hidden_by(&eight, &at_noon(), &same), ["c"]);
    assert_eq!(hidden_by(&eight, &at_noon(), &[wide]), ["wide"]);
}

#[test]
fn an_excluded_login_is_hidden_and_one_beside_it_is_not() {
    let when = json!({"principal": ["arn:aws:iam::111122223333:user/pentest-*", "alice"], "cidr": ["203.0.113.7"]});
    let entries = [entry("pentest", &json!({"exclude": "logins", "when": when}))];
    let six = failures(6, 0, |_| ());
    assert_eq!(hidden_by(&six, &at_noon(), &entries), ["pentest"], "by the account name");
    let named = |arn: &str, name: &str| {
        vec![Login { user_identity_arn: arn.to_owned(), account_name: name.to_owned(), ..login("one", noon()) }]
    };
    assert_eq!(hidden_by(&six, &named("arn:aws:iam::111122223333:user/pentest-2", "pentest-2"), &entries), ["pentest"]);
    assert_eq!(hidden_by(&six, &named("arn:aws:iam::111122223333:user/bob", "bob"), &entries), [""; 0]);
    let with_suffix = [entry("mail", &json!({"exclude": "logins", "when": {"principal": ["*@*"]}}))];
    assert_eq!(hidden_by(&six, &at_noon(), &with_suffix), [""; 0], "alice has no suffix");
    let other = Login { source_ip_address: Address::parse("203.0.113.8").unwrap(), ..login("one", noon()) };
    let (rule, tuning) = (Rule::default(), tuning(&entries));
    let index = TunedIndex::of(&tallies(six), &rule, &tuning, other.source_ip_address);
    assert!(index.is_none(), "from another address the entry applies to nothing");
}

/// One login of an incident that matches under the tuned rule is enough.
#[test]
fn an_incident_is_mailed_if_one_of_its_logins_is_not_hidden() {
    let when = json!({"cidr": ["203.0.113.7"]});
    let period = json!({"exclude": "logins", "when": when, "expires_at": after_noon(60).to_rfc3339()});
    let entries = [entry("until", &period)];
    let [first, second] = [login("one", noon()), login("two", after_noon(60))];
    let six = failures(6, 0, |_| ());
    assert_eq!(hidden_by(&six, std::slice::from_ref(&first), &entries), ["until"]);
    assert_eq!(hidden_by(&six, std::slice::from_ref(&second), &entries), [""; 0]);
    assert_eq!(hidden_by(&six, &[first, second], &entries), [""; 0]);
}

#[test]
fn an_entry_applies_to_events_from_its_start_up_to_its_end() {
    let six = failures(6, 0, |_| ());
    let of = |starts_at: i64, expires_at: i64| {
        let [starts_at, expires_at] = [starts_at, expires_at].map(|second| after_noon(second).to_rfc3339());
        let when = json!({"cidr": ["203.0.113.7"]});
        [entry(
            "period",
            &json!({"exclude": "failures", "when": when, "starts_at": starts_at, "expires_at": expires_at}),
        )]
    };
    // Six failures, one of each second from the sixth before noon.
    assert_eq!(hidden_by(&six, &at_noon(), &of(-6, 0)), ["period"]);
    assert_eq!(hidden_by(&six, &at_noon(), &of(-1, 0)), ["period"], "five failures are left");
    assert_eq!(hidden_by(&six, &at_noon(), &of(-6, -5)), ["period"]);
    assert_eq!(hidden_by(&six, &at_noon(), &of(0, HOUR)), [""; 0]);
    assert_eq!(hidden_by(&six, &at_noon(), &of(-HOUR, -6)), [""; 0]);
}

#[test]
fn a_removed_entry_applies_to_nothing() {
    let members = json!({"threshold": 9, "when": {"cidr": ["203.0.113.7"]}, "removed_at": "2020-01-01T00:00:00Z"});
    assert_eq!(hidden_by(&failures(6, 0, |_| ()), &at_noon(), &[entry("removed", &members)]), [""; 0]);
}

/// Of the middle of a saturated hour only a sample is known. So a period must have the whole hour.
#[test]
fn a_period_that_cuts_a_saturated_hour_hides_nothing() {
    let noise =
        |from: i64, to: i64| (from..to).map(move |second| failure(second, after_noon(second))).collect::<Vec<_>>();
    let logins = [login("one", after_noon(2390))];
    let of = |starts_at: i64, expires_at: i64| {
        let [starts_at, expires_at] = [starts_at, expires_at].map(|second| after_noon(second).to_rfc3339());
        let when = json!({"cidr": ["203.0.113.7"]});
        entry("period", &json!({"exclude": "failures", "when": when, "starts_at": starts_at, "expires_at": expires_at}))
    };
    assert_eq!(hidden_by(&noise(0, 3000), &logins, &[of(0, 1200)]), [""; 0]);
    assert_eq!(hidden_by(&noise(0, 3000), &logins, &[of(1800, HOUR)]), [""; 0]);
    assert_eq!(hidden_by(&noise(0, 3000), &logins, &[of(0, HOUR)]), ["period"], "the whole hour");
    assert_eq!(hidden_by(&noise(0, 256), &logins, &[of(0, 251)]), ["period"], "an hour that is not saturated");
}

/// What fails in a saturated hour beyond what is kept can be of any kind.
#[test]
fn an_hour_that_is_not_known_completely_is_mailed_unless_the_address_alone_decides() {
    let by_user = entry("user", &json!({"exclude": "failures", "when": {"user": ["ann@*"]}}));
    let by_address = entry("address", &json!({"exclude": "failures", "when": {"cidr": ["203.0.113.7"]}}));
    let of = |number: i64| failures(number, 0, |_| ());
    assert_eq!(hidden_by(&of(256), &at_noon(), std::slice::from_ref(&by_user)), ["user"], "all are kept");
    assert_eq!(hidden_by(&of(900), &at_noon(), &[by_user]), [""; 0]);
    assert_eq!(hidden_by(&of(900), &at_noon(), &[by_address]), ["address"]);
}

#[test]
fn every_entry_that_hides_is_named() {
    let entries = [
        entry("b-users", &json!({"exclude": "failures", "when": {"user": ["ann@*"]}})),
        entry("a-apps", &json!({"exclude": "failures", "when": {"app": ["Azure*"]}})),
        entry("c-network", &json!({"threshold": 6, "when": {"cidr": ["203.0.113.7"]}})),
        entry("d-login", &json!({"exclude": "logins", "when": {"region": ["eu-north-1"]}})),
        entry("e-nothing", &json!({"exclude": "failures", "when": {"app": ["Veeam"]}})),
    ];
    let hiding = hidden_by(&failures(6, 0, |_| ()), &at_noon(), &entries);
    assert_eq!(hiding, ["a-apps", "b-users", "c-network", "d-login"]);
}

/// A source in which the login does not match under the rule is no exception.
#[test]
fn an_entry_that_excludes_failures_of_any_source_near_a_hidden_login_is_named() {
    let others = failures(3, 100, |failure| {
        failure.source = Source::NonInteractive;
        failure.app = "Other".to_owned();
    });
    let all = [failures(6, 0, |_| ()), others].concat();
    let threshold = json!({"cidr": ["203.0.113.7"], "source": ["non_interactive"]});
    let entries = [
        entry("a", &json!({"exclude": "failures", "when": {"app": ["Azure*"]}})),
        entry("b", &json!({"exclude": "failures", "when": {"app": ["Other"]}})),
        entry("c", &json!({"threshold": 9, "when": threshold})),
        entry("far", &json!({"exclude": "failures", "when": {"app": ["Other"]}, "expires_at": "2020-01-01T00:00:00Z"})),
    ];
    assert_eq!(hidden_by(&all, &at_noon(), &entries), ["a", "b", "c"]);
}

#[derive(Clone, Debug)]
struct SmallFailure {
    minute: i64,
    user: &'static str,
    code: &'static str,
    source: Source,
}

fn small_failures() -> impl Strategy<Value = Vec<SmallFailure>> {
    let one = (0..60_i64, select(&["ann", "bob"][..]), select(&["50126", "50074"][..]), any::<bool>());
    let named = one.prop_map(|(minute, user, code, is_interactive)| SmallFailure {
        minute,
        user,
        code,
        source: if is_interactive { Source::Interactive } else { Source::NonInteractive },
    });
    vec(named, 0..24)
}

fn small_entries() -> impl Strategy<Value = Vec<Value>> {
    let when = select(vec![
        json!({"user": ["ann"]}),
        json!({"user": ["b*"], "code": ["50126"]}),
        json!({"code_class": ["mfa"]}),
        json!({"cidr": ["203.0.113.0/24"], "source": ["interactive"]}),
        json!({"cidr": ["198.51.100.0/24"], "user": ["ann"]}),
    ]);
    let excluded = when.prop_map(|when| json!({"exclude": "failures", "when": when}));
    let threshold =
        (6..20_u32).prop_map(|threshold| json!({"threshold": threshold, "when": {"cidr": ["203.0.113.7"]}}));
    let logins = Just(json!({"exclude": "logins", "when": {"principal": ["alice"]}}));
    let period = (0..60_i64, 1..60_i64);
    let one =
        (prop_oneof![4 => excluded, 2 => threshold, 1 => logins], period).prop_map(|(mut members, (start, length))| {
            members["starts_at"] = json!(after_noon(start * 60).to_rfc3339());
            members["expires_at"] = json!(after_noon((start + length) * 60).to_rfc3339());
            members
        });
    vec(one, 0..4).prop_map(|all| {
        (0..).zip(all).map(|(number, members): (u32, _)| entry(&format!("e{number}"), &members)).collect()
    })
}

fn is_within(entry: &Value, time: DateTime<Utc>) -> bool {
    let at = |name: &str| entry[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    at("starts_at") <= time && time < at("expires_at")
}

/// Whether an entry of [`small_entries`] excludes a failure, by its text.
fn excludes(entry: &Value, failure: &SmallFailure) -> bool {
    let when = &entry["when"];
    let holds = match when.to_string().as_str() {
        r#"{"user":["ann"]}"# => failure.user == "ann",
        r#"{"code":["50126"],"user":["b*"]}"# => failure.user == "bob" && failure.code == "50126",
        r#"{"code_class":["mfa"]}"# => failure.code == "50074",
        r#"{"cidr":["203.0.113.0/24"],"source":["interactive"]}"# => failure.source == Source::Interactive,
        _ => false,
    };
    entry["exclude"] == "failures" && holds && is_within(entry, after_noon(failure.minute * 60))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The definition: the rule on the failures that no entry excludes, with the lowest threshold that holds.
    #[test]
    fn a_login_is_hidden_exactly_if_the_rule_without_what_is_excluded_does_not_match(
        all in small_failures(),
        entries in small_entries(),
        minute in 0..60_i64,
        reverse in any::<bool>(),
    ) {
        let time = after_noon(minute * 60);
        let failures = (0..).zip(&all).map(|(number, small)| Failure {
            user: small.user.to_owned(),
            code: small.code.parse().unwrap(),
            source: small.source,
            ..failure(number, after_noon(small.minute * 60))
        });
        let mut given = entries.clone();
        if reverse {
            given.reverse();
        }
        let found = reports(address(), &tallies(failures), &[login("one", time)], &tuning(&given));

        let moments = |source: Source, keeps: &dyn Fn(&SmallFailure) -> bool| {
            let kept = all.iter().filter(|failure| failure.source == source && keeps(failure));
            let mut moments: Vec<_> = kept.map(|failure| after_noon(failure.minute * 60).timestamp()).collect();
            moments.sort_unstable();
            moments
        };
        let now: Vec<_> = entries.iter().filter(|entry| is_within(entry, time)).collect();
        let threshold = now.iter().filter_map(|entry| entry["threshold"].as_u64()).min().unwrap_or(5);
        let tuned = Rule { threshold: u32::try_from(threshold).unwrap(), ..Rule::default() };
        let sources = [Source::Interactive, Source::NonInteractive];
        let is_incident =
            sources.iter().any(|source| matches(&moments(*source, &|_| true), time.timestamp(), &Rule::default()));
        let keeps = |failure: &SmallFailure| !entries.iter().any(|entry| excludes(entry, failure));
        let is_mailed = !now.iter().any(|entry| entry["exclude"] == "logins")
            && sources.iter().any(|source| matches(&moments(*source, &keeps), time.timestamp(), &tuned));

        prop_assert_eq!(found.len(), usize::from(is_incident));
        for report in found {
            prop_assert_eq!(report.hidden_by.is_empty(), is_mailed, "{:?}", report.hidden_by);
        }
    }

    /// Excluding fewer failures, of any number of failures, never hides more.
    #[test]
    fn of_more_failures_than_are_kept_no_attacker_is_hidden(benign in 0..700_i64, attack in 6..12_i64, spread in 1..5_i64) {
        let by_bob = |failure: &mut Failure| failure.user = "bob@contoso.example".to_owned();
        let mut tally = Tally::default();
        for failure in failures(benign, 0, |_| ()).into_iter().chain(failures(attack, 10_000, by_bob)) {
            tally.add(&Failure { time: noon() - TimeDelta::seconds(spread) * i32::try_from(failure.identity % 700).unwrap(), ..failure });
        }
        let tallies = Tallies::from([((crate::detection::Day::of(noon()), Source::Interactive.into()), tally)]);
        let entries = [entry("ann", &json!({"exclude": "failures", "when": {"user": ["ann@*"]}}))];
        for report in reports(address(), &tallies, &at_noon(), &tuning(&entries)) {
            prop_assert_eq!(report.hidden_by.len(), 0);
        }
    }
}
