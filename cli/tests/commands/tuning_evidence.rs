//! `tuning` beside the table of evidence: hits, previews, and entries of an incident. The real pipeline fills the
//! table.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use pivotwatch::detection::{Day, Incident};
use pivotwatch::objects::InMemoryObjects;
use pivotwatch::store::{DynamoDb, IncidentKey, Store, StoredIncident, record_name};
use pivotwatch_tests::dynamodb::{TABLE, store};
use pivotwatch_tests::facts::{ADDRESS, SignIn, console_login, event, failed, lines, written};
use pivotwatch_tests::pipeline::pipeline;
use serde_json::{Value, json};

use super::tuning_table::{Account, TUNING, listed, s};
use super::{folder, objects, text};

const EVIDENCE: [&str; 2] = ["--evidence-table", TABLE];

/// A time two days ago, at noon, so that all facts around it are on one day.
pub(crate) fn base() -> DateTime<Utc> {
    Day::of(Utc::now() - TimeDelta::days(2)).at(12 * 3600)
}

pub(crate) fn stored_in(account: &Account) -> DynamoDb {
    store(account.client.clone()).with_tuning_table(Some(TUNING.to_owned()))
}

/// Records failures and logins, and settles them with the entries of the table.
pub(crate) async fn settle(account: &Account, sign_ins: &[SignIn], logins: &[Value]) {
    let pipeline = pipeline(stored_in(account));
    pipeline.runtime.pass(Utc::now() - pivotwatch_tests::facts::noon());
    let mut objects = InMemoryObjects::default();
    objects.put("export.json", lines(sign_ins));
    pipeline.ingest(&objects, &written(&["export.json"])).await.1.unwrap();
    for login in logins {
        pipeline.detect(&event(login)).await.1.unwrap();
    }
}

/// Reports in a digest what no message reported.
async fn sweep(account: &Account) {
    let pipeline = pipeline(stored_in(account));
    pipeline.runtime.pass(Utc::now() - pivotwatch_tests::facts::noon());
    pipeline.detect(&json!({"pivotwatch": "sweep"})).await.1.unwrap();
}

/// A login of the user `name`, after six failures of the same address.
pub(crate) fn login(name: &str, address: &str, minutes: i64) -> Value {
    let mut login = console_login(&format!("{name}-{address}-{minutes}"), base() + TimeDelta::minutes(minutes));
    login["userIdentity"]["arn"] = json!(format!("arn:aws:iam::111122223333:user/{name}"));
    login["userIdentity"]["userName"] = json!(name);
    login["sourceIPAddress"] = json!(address);
    if name == "ann" {
        login["additionalEventData"]["MFAUsed"] = json!("No");
    }
    login
}

pub(crate) fn six_failures(address: &str) -> Vec<SignIn> {
    let of_address = |sign_in: SignIn| {
        let id = format!("{}-{address}", sign_in.id);
        SignIn { id, address: address.to_owned(), ..sign_in }
    };
    failed(6, base()).into_iter().map(of_address).collect()
}

/// Two incidents of one address: Medium of alice, High of ann, who has no second factor. A third of
/// another address.
pub(crate) async fn three_incidents(account: &Account) {
    let other = "198.51.100.9";
    settle(
        account,
        &[six_failures(ADDRESS), six_failures(other)].concat(),
        &[login("alice", ADDRESS, 10), login("ann", ADDRESS, 20), login("alice", other, 30)],
    )
    .await;
}

async fn add(account: &Account, id: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let arguments = ["--id", id, "--reason", "x", "--author", "ann", "--permanent", "--format", "json"];
    let output = account.tuning("add", &[&arguments, &EVIDENCE[..], more].concat()).await;
    let line = objects(&output).into_iter().next().unwrap_or_default();
    (output.status.code(), line, text(&output.stderr))
}

/// The users of incidents in JSON, each with its severity.
fn users(incidents: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let incidents = incidents.as_array().unwrap();
    incidents.iter().map(|incident| (text(&incident["account_name"]), text(&incident["severity"]))).collect()
}

fn named(users: &[(&str, &str)]) -> Vec<(String, String)> {
    users.iter().map(|(name, severity)| ((*name).to_owned(), (*severity).to_owned())).collect()
}

pub(crate) async fn stored(account: &Account) -> Vec<StoredIncident> {
    stored_on(account, Day::of(base())).await
}

async fn stored_on(account: &Account, day: Day) -> Vec<StoredIncident> {
    let mut all = Vec::new();
    for address in [ADDRESS, "198.51.100.9"] {
        all.extend(stored_of(account, day, address).await);
    }
    all
}

/// The incidents of an address or a network.
async fn stored_of(account: &Account, day: Day, address: &str) -> Vec<StoredIncident> {
    let keys = account.client.query().table_name(TABLE).key_condition_expression("ip = :ip");
    let items = keys.expression_attribute_values(":ip", s(address)).send().await.unwrap().items;
    let ids = items.unwrap_or_default().iter().filter_map(|item| item.get("id")?.as_s().ok()?.parse().ok()).collect();
    let loaded = stored_in(account).load_incidents(address.parse().unwrap(), day, &ids).await.unwrap();
    loaded.records.into_values().map(|stored| stored.value).collect()
}

#[tokio::test]
async fn an_addition_shows_what_it_would_have_hidden_and_names_every_high_one() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let network = ["--threshold", "50", "--cidr", "203.0.113.0/24"];

    let (status, line, said) = add(&account, "office", &network).await;
    assert_eq!((status, &line["added"]), (Some(1), &json!(false)), "{said}");
    assert_eq!(users(&line["hides"]), named(&[("ann", "High"), ("alice", "Medium")]));
    assert!(said.contains("an incident of high severity: ann from 203.0.113.7 at "), "{said}");
    assert!(!said.contains("alice") && said.contains("--force"), "{said}");
    assert!(account.item("office").await.is_empty());

    let (status, line, _) = add(&account, "office", &[&network[..], &["--force"]].concat()).await;
    assert_eq!((status, &line["added"]), (Some(0), &json!(true)));
    assert!(!account.item("office").await.contains_key("force"), "the entry itself applies to few");

    let alice = ["--exclude", "logins", "--principal", "*/alice"];
    let (status, line, said) = add(&account, "alice", &alice).await;
    assert_eq!((status, users(&line["hides"])), (Some(0), named(&[("alice", "Medium")])), "{said}");
    assert_eq!(line["hides"][0]["source_ip_address"], "198.51.100.9", "the other one is hidden already");
    assert_eq!(line["hides"][0]["hidden_by"], json!(["alice"]));
}

#[tokio::test]
async fn an_addition_shows_no_incident_outside_its_conditions_its_period_and_the_days() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let alice = ["--exclude", "logins", "--principal", "*/alice"];
    let after = (base() + TimeDelta::hours(1)).to_rfc3339();
    for (number, more) in [
        &["--threshold", "6", "--cidr", "192.0.2.0/24"][..],
        &["--exclude", "failures", "--app", "Veeam*"],
        &[&alice[..], &["--starts-at", &after]].concat(),
        &[&alice[..], &["--days", "1"]].concat(),
        &[&alice[..], &["--rule-threshold", "6"]].concat(),
    ]
    .into_iter()
    .enumerate()
    {
        let (status, line, said) = add(&account, &format!("entry-{number}"), more).await;
        assert_eq!((status, &line["hides"]), (Some(0), &json!([])), "{more:?} {said}");
    }
}

#[tokio::test]
async fn incidents_of_many_addresses_are_all_found() {
    let account = Account::open().await;
    let addresses: Vec<_> = (1..=40).map(|number| format!("203.0.113.{number}")).collect();
    let failures: Vec<_> = addresses.iter().flat_map(|address| six_failures(address)).collect();
    let logins: Vec<_> = addresses.iter().map(|address| login("alice", address, 10)).collect();
    settle(&account, &failures, &logins).await;
    let (status, line, said) = add(&account, "office", &["--threshold", "50", "--cidr", "203.0.113.0/24"]).await;
    assert_eq!((status, line["hides"].as_array().unwrap().len()), (Some(0), 40), "{said}");
}

/// What the preview shows is what the functions decide.
#[tokio::test]
async fn a_preview_agrees_with_the_next_settlement() {
    for (number, entry) in [
        (3, &["--exclude", "failures", "--user", "ann@*", "--force"][..]),
        (0, &["--exclude", "failures", "--code", "50053"]),
        (1, &["--exclude", "logins", "--cidr", ADDRESS, "--principal", "*/ann", "--force"]),
        (1, &["--threshold", "6", "--cidr", "198.51.100.0/24"]),
        (0, &["--threshold", "6", "--source", "non_interactive", "--cidr", "203.0.113.0/24"]),
    ] {
        let account = Account::open().await;
        three_incidents(&account).await;
        let (status, line, said) = add(&account, "one", entry).await;
        assert_eq!(status, Some(0), "{entry:?} {said}");
        let mut previewed: Vec<_> = line["hides"]
            .as_array()
            .unwrap()
            .iter()
            .map(|incident| incident["id"].as_str().unwrap().to_owned())
            .collect();

        // The same facts in another account, which has the entry from the start.
        let other = Account::open().await;
        other.client.put_item().table_name(TUNING).set_item(Some(account.item("one").await)).send().await.unwrap();
        three_incidents(&other).await;
        let hidden = stored(&other).await.into_iter().filter(|stored| stored.hidden_by.contains("one"));
        let mut hidden: Vec<_> = hidden.map(|stored| stored.incident.id.to_string()).collect();
        previewed.sort();
        hidden.sort();
        assert_eq!((previewed.len(), &previewed), (number, &hidden), "{entry:?}");
    }
}

#[tokio::test]
async fn hits_are_counted_and_a_removal_lists_what_it_no_longer_hides() {
    let account = Account::open().await;
    assert_eq!(add(&account, "office", &["--threshold", "50", "--cidr", "203.0.113.0/24"]).await.0, Some(0));
    assert_eq!(add(&account, "unused", &["--exclude", "failures", "--app", "Veeam*"]).await.0, Some(0));
    three_incidents(&account).await;

    let entries = listed(&account, &EVIDENCE).await;
    let hits = |number: usize| (entries[number]["hits"].clone(), entries[number]["last_hit"].clone());
    let last = (base() + TimeDelta::minutes(20)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    assert_eq!((hits(0), hits(1)), ((json!(2), json!(last)), (json!(0), Value::Null)));
    assert_eq!(listed(&account, &[]).await[0]["hits"], Value::Null, "unknown without the evidence");
    let days_before = [&EVIDENCE[..], &["--days", "1"]].concat();
    assert_eq!(listed(&account, &days_before).await[0]["hits"], json!(0));
    let table = text(&account.tuning("list", &EVIDENCE).await.stdout);
    assert!(table.contains("Last hit") && table.contains("never") && table.contains(&last), "{table}");
    let shown = text(&account.tuning("show", &[&["office"], &EVIDENCE[..]].concat()).await.stdout);
    assert!(shown.contains(&format!("Hits        2 incidents in the last 7 days, the last at {last}\n")), "{shown}");

    let remove = async |id: &str| {
        let output = account.tuning("remove", &[&[id, "--format", "json"], &EVIDENCE[..]].concat()).await;
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        users(&objects(&output)[0]["unhides"])
    };
    assert_eq!(remove("unused").await, named(&[]));
    assert_eq!(remove("office").await, named(&[("ann", "High"), ("alice", "Medium")]));
}

#[tokio::test]
async fn a_removal_lists_only_what_no_other_entry_hides_and_what_was_not_mailed() {
    let account = Account::open().await;
    three_incidents(&account).await;
    // These were reported before the entries hid them.
    sweep(&account).await;
    assert_eq!(add(&account, "all", &["--threshold", "50", "--source", "interactive", "--force"]).await.0, Some(0));
    settle(&account, &[], &[login("carol", ADDRESS, 40), login("dave", ADDRESS, 50)]).await;
    assert_eq!(add(&account, "carol", &["--exclude", "logins", "--principal", "*/carol"]).await.0, Some(0));
    let output = account.tuning("remove", &[&["all", "--format", "json"], &EVIDENCE[..]].concat()).await;
    assert_eq!(users(&objects(&output)[0]["unhides"]), named(&[("dave", "Medium")]));
}

#[tokio::test]
async fn a_removal_says_which_incidents_are_mailed_and_which_are_older() {
    let account = Account::open().await;
    assert_eq!(add(&account, "office", &["--threshold", "50", "--cidr", "203.0.113.0/24"]).await.0, Some(0));
    settle(&account, &six_failures(ADDRESS), &[login("old", ADDRESS, 10)]).await;
    let recent = Utc::now() - TimeDelta::hours(2);
    let six: Vec<_> =
        failed(6, recent).into_iter().map(|one| SignIn { id: format!("new-{}", one.id), ..one }).collect();
    let mut new = login("new", ADDRESS, 0);
    new["eventTime"] = json!(record_name::written(recent));
    settle(&account, &six, &[new]).await;

    let mailed = |line: &Value| (line["account_name"].clone(), line["will_be_mailed"].clone());
    let output = account.tuning("remove", &[&["office", "--format", "json"], &EVIDENCE[..]].concat()).await;
    let line = objects(&output).remove(0);
    let unhides: Vec<_> = line["unhides"].as_array().unwrap().iter().map(mailed).collect();
    assert_eq!(unhides, [(json!("old"), json!(false)), (json!("new"), json!(true))], "{}", text(&output.stderr));

    // The functions do what it says.
    let is_published = async || {
        let all = [stored_on(&account, Day::of(base())).await, stored_on(&account, Day::of(recent)).await].concat();
        let of = |name: &str| all.iter().find(|stored| stored.incident.columns.account_name == name).unwrap();
        ["old", "new"].map(|name| of(name).published_at.is_some())
    };
    assert_eq!(is_published().await, [false, false]);
    settle(&account, &[], &[login("elsewhere", "192.0.2.250", 0)]).await;
    assert_eq!(is_published().await, [false, true]);
}

#[tokio::test]
async fn the_table_of_a_removal_has_the_mailed_and_the_older_incidents_apart() {
    let account = Account::open().await;
    assert_eq!(add(&account, "office", &["--threshold", "50", "--cidr", "203.0.113.0/24"]).await.0, Some(0));
    settle(&account, &six_failures(ADDRESS), &[login("old", ADDRESS, 10)]).await;
    let output = account.tuning("remove", &[&["office"], &EVIDENCE[..]].concat()).await;
    let said = text(&output.stdout);
    assert!(said.contains("it no longer hides 1 stored incident of the last 7 days\n"), "{said}");
    assert!(
        said.contains("1 incident older than 24 hours, mailed only if ") && !said.contains("once a function"),
        "{said}"
    );
}

#[tokio::test]
async fn an_entry_of_an_incident_hides_that_incident_and_no_other() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let all = stored(&account).await;
    let of_alice = |stored: &&StoredIncident| {
        let columns = &stored.incident.columns;
        columns.account_name == "alice" && columns.source_ip_address.to_string() == ADDRESS
    };
    let incident = &all.iter().find(of_alice).unwrap().incident;
    let record = format!("{}#incident#{}", incident.day, incident.id);
    for (id, name, days) in [("by-id", incident.id.to_string(), "7"), ("by-record", record, "1")] {
        let arguments =
            ["--id", id, "--from", &name, "--reason", "a test", "--days", days, "--author", "ann", "--format", "json"];
        let output = account.tuning("add", &[&arguments, &EVIDENCE[..]].concat()).await;
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let line = objects(&output).remove(0);
        let entry = &line["entry"];
        let when = json!({"cidr": [ADDRESS], "principal": ["arn:aws:iam::111122223333:user/alice"]});
        assert_eq!((&entry["exclude"], &entry["when"]), (&json!("logins"), &when));
        let time = |name: &str| entry[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        assert_eq!(time("expires_at") - time("created_at"), TimeDelta::hours(24));
        if id == "by-id" {
            assert_eq!(line["hides"].as_array().unwrap().len(), 1);
            assert_eq!(line["hides"][0]["id"], incident.id.to_string());
        }
    }
    let unnamed = ["--from", &incident.id.to_string(), "--reason", "a test", "--author", "ann", "--for", "1h"];
    assert_eq!(account.tuning("add", &[&unnamed, &EVIDENCE[..]].concat()).await.status.code(), Some(0));
    let item = account.item(&format!("incident-{}", incident.id)).await;
    let time = |name: &str| item[name].as_s().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(time("expires_at") - time("created_at"), TimeDelta::hours(1));
}

/// An entry for an IPv6 address leaves the incident that its network has of the same logins.
#[tokio::test]
async fn an_entry_of_an_incident_of_an_ipv6_address_names_the_network_to_exclude() {
    let account = Account::open().await;
    let (address, network) = ("2001:db8:bad:1::7", "2001:db8:bad:1::/64");
    let sign_ins = [six_failures(address), six_failures(ADDRESS)].concat();
    settle(&account, &sign_ins, &[login("alice", address, 10), login("alice", ADDRESS, 20)]).await;
    for (of, is_named) in [(address, true), (network, false), (ADDRESS, false)] {
        let id = stored_of(&account, Day::of(base()), of).await.remove(0).incident.id.to_string();
        let from = ["--from", &id, "--reason", "x", "--author", "ann", "--format", "json", "--file", "entries.json"];
        let folder = folder(&format!("from-{is_named}-{}", of.len()));
        let output = account.run(&folder, &[&["tuning", "add"], &from[..], &EVIDENCE].concat()).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let line = objects(&output).remove(0);
        assert_eq!(line["entry"]["when"]["cidr"], json!([of]));
        let instead = line["mailed_instead"].as_array().unwrap().iter().map(|incident| &incident["source_ip_address"]);
        assert_eq!(instead.collect::<Vec<_>>(), if is_named { vec![network] } else { vec![] }, "{of}");
        let named = said.lines().filter(|line| line.contains(&format!("--cidr {network} instead of --from"))).count();
        assert_eq!(named, usize::from(is_named), "{said}");
    }
    let principal = "arn:aws:iam::111122223333:user/alice";
    let alone = ["--exclude", "logins", "--cidr", address, "--principal", principal, "--file", "entries.json"];
    let alone =
        [&["tuning", "add", "--id", "alone", "--reason", "x", "--author", "ann"], &alone[..], &EVIDENCE].concat();
    let shown = account.run(&folder("alone"), &[&alone[..], &["--for", "1h"]].concat()).await;
    let instead = "\n1 incident of IPv6 networks, with logins of these, would have been mailed instead:\n";
    assert!(text(&shown.stdout).contains(instead), "{}{}", text(&shown.stdout), text(&shown.stderr));
    let (_, line, said) =
        add(&account, "both", &["--exclude", "logins", "--cidr", network, "--principal", principal]).await;
    let hidden = line["hides"].as_array().unwrap().iter().map(|hidden| hidden["source_ip_address"].as_str().unwrap());
    assert_eq!(hidden.collect::<BTreeSet<_>>(), [address, network].into(), "{said}");
}

/// The words of a command as a shell reads them, if no word has a blank outside single quotes.
fn words_of(command: &str) -> Vec<String> {
    let joined = command.replace("\\\n", " ");
    let parts = joined.split('\'').enumerate();
    let marked: String =
        parts.map(|(number, part)| if number % 2 == 1 { part.replace(' ', "\0") } else { part.to_owned() }).collect();
    marked.split_whitespace().map(|word| word.replace('\0', " ")).collect()
}

/// The command that the mail of an incident has for a benign one.
async fn command_of_the_mail(account: &Account, incident: &Incident) -> Vec<String> {
    let mut pipeline = pipeline(stored_in(account));
    pipeline.deployment.tuning_table = Some(TUNING.to_owned());
    TABLE.clone_into(&mut pipeline.deployment.table.name);
    let mail = pipeline.republish(&IncidentKey::of(incident)).await.unwrap().unwrap().text;
    let (_, command) = mail.split_once("    pivotwatch tuning add ").unwrap();
    words_of(command.split_once("\n\n").unwrap().0)
}

#[tokio::test]
async fn the_command_of_a_mail_hides_its_incident_whatever_its_severity() {
    let account = Account::open().await;
    three_incidents(&account).await;
    for StoredIncident { incident, .. } in stored(&account).await {
        let severity = if incident.columns.account_name == "ann" { "High" } else { "Medium" };
        let command = command_of_the_mail(&account, &incident).await;
        let more: Vec<_> = command.iter().map(String::as_str).chain(["--author", "ann", "--format", "json"]).collect();
        let output = account.run(Path::new("."), &[&["tuning", "add"], &more[..]].concat()).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{more:?} {said}");
        let line = objects(&output).remove(0);
        assert_eq!((&line["added"], &line["entry"]["reason"]), (&json!(true), &json!("WHY IT IS BENIGN")));
        assert_eq!(users(&line["hides"]), named(&[(&incident.columns.account_name, severity)]));
        assert_eq!(said.contains(&incident.id.to_string()), severity == "High", "{said}");
    }
}

#[tokio::test]
async fn an_entry_of_an_incident_that_hides_another_high_one_needs_force() {
    let account = Account::open().await;
    let mut of_another_browser = login("ann", ADDRESS, 30);
    of_another_browser["userAgent"] = json!("another browser");
    settle(&account, &six_failures(ADDRESS), &[login("ann", ADDRESS, 20), of_another_browser]).await;
    let id = stored(&account).await[0].incident.id.to_string();
    let from = ["--from", &id, "--reason", "x", "--author", "ann", "--format", "json"];
    for (more, status, is_added) in [(&[][..], 1, false), (&["--force"], 0, true)] {
        let output = account.tuning("add", &[&from, &EVIDENCE[..], more].concat()).await;
        let line = objects(&output).remove(0);
        assert_eq!(line["hides"].as_array().unwrap().len(), 2, "{line}");
        assert_eq!((output.status.code(), &line["added"]), (Some(status), &json!(is_added)));
        assert_eq!(text(&output.stderr).contains("other incidents of high severity"), !is_added);
    }
}

/// A principal is a pattern, so a `*` in its name would match others too.
#[tokio::test]
async fn an_entry_of_an_incident_matches_its_principal_alone() {
    let account = Account::open().await;
    let mut logins = [login("al*ice", ADDRESS, 10), login("berit", ADDRESS, 20)];
    logins[1]["userIdentity"]["arn"] = json!("");
    logins[1]["userIdentity"]["userName"] = json!("berit@contoso.example");
    settle(&account, &six_failures(ADDRESS), &logins).await;
    for stored in stored(&account).await {
        let id = stored.incident.id.to_string();
        let arguments = ["--from", &id, "--reason", "a test", "--author", "ann", "--id", "one", "--format", "json"];
        let output = account.tuning("add", &[&arguments, &EVIDENCE[..]].concat()).await;
        if stored.incident.columns.account_name == "berit" {
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            let line = objects(&output).remove(0);
            assert_eq!(line["entry"]["when"]["principal"], json!(["berit@contoso.example"]));
            assert_eq!(line["hides"][0]["id"], json!(id));
        } else {
            assert_eq!(output.status.code(), Some(2));
            assert!(text(&output.stderr).contains("has a *"), "{}", text(&output.stderr));
        }
    }
    assert_eq!(listed(&account, &[]).await.len(), 1);
}

#[tokio::test]
async fn an_incident_that_is_not_stored_makes_no_entry() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let unknown = "a7ca9da7-ef6e-5482-b9ae-05cc7b6b9d10";
    let arguments = ["--from", unknown, "--reason", "a test", "--author", "ann"];
    let output = account.tuning("add", &[&arguments, &EVIDENCE[..]].concat()).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no stored incident"), "{}", text(&output.stderr));
    assert_eq!(account.tuning("add", &arguments).await.status.code(), Some(2), "the evidence is needed");
    assert!(listed(&account, &[]).await.is_empty());
}

#[tokio::test]
async fn a_record_that_cannot_be_parsed_is_named_and_hides_no_other() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let edited = stored(&account).await.remove(0).incident;
    let record = format!("{}#incident#{}", edited.day, edited.id);
    let update =
        account.client.update_item().table_name(TABLE).key("ip", s(&edited.columns.source_ip_address.to_string()));
    let update = update.key("record", s(&record)).update_expression("SET start_time = :noon");
    update.expression_attribute_values(":noon", s("noon")).send().await.unwrap();
    let (status, line, said) = add(&account, "all", &["--threshold", "50", "--source", "interactive", "--force"]).await;
    assert_eq!((status, line["hides"].as_array().unwrap().len()), (Some(1), 2), "{said}");
    assert!(said.contains(&record) && line["added"] == json!(true), "{said}");
}

#[tokio::test]
async fn evidence_that_cannot_be_read_keeps_an_entry_from_being_added_but_not_from_being_removed() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let office =
        ["--id", "office", "--threshold", "50", "--cidr", "203.0.113.0/24", "--reason", "x", "--author", "ann"];
    let absent = ["--permanent", "--evidence-table", "absent"];
    let output = account.tuning("add", &[&office[..], &absent].concat()).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("absent: listing the incidents of a day in the index by_day failed"),
        "{}",
        text(&output.stderr)
    );
    assert!(account.item("office").await.is_empty());

    assert_eq!(
        account.tuning("add", &[&office[..], &["--permanent", "--force"]].concat()).await.status.code(),
        Some(0)
    );
    let output = account.tuning("remove", &["office", "--evidence-table", "absent"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("office is removed, but"), "{}", text(&output.stderr));
    assert!(account.item("office").await.contains_key("removed_at"));
}

#[tokio::test]
async fn a_file_of_entries_is_previewed_too() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let folder = folder("tuning-preview");
    let arguments = [
        "tuning",
        "add",
        "--file",
        "tuning.json",
        "--id",
        "alice",
        "--exclude",
        "logins",
        "--principal",
        "alice",
        "--reason",
        "x",
        "--author",
        "ann",
        "--permanent",
    ];
    let output = account.run(&folder, &[&arguments, &EVIDENCE[..]].concat()).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.contains("It would have hidden 2 stored incidents of the last 7 days.\n"), "{printed}");
    assert!(printed.ends_with("alice was added.\n"), "{printed}");
}

/// An entry of the deployment's parameter, which is in no table.
#[tokio::test]
async fn the_entries_of_the_deployment_are_named_and_compared_on_request() {
    let account = Account::open().await;
    let office = ["--threshold", "50", "--cidr", "203.0.113.0/24"];
    assert_eq!(add(&account, "office", &office).await.0, Some(0));
    three_incidents(&account).await;
    let folder = folder("tuning-deployed");
    let deployed = folder.join("deployed.json");
    std::fs::write(&deployed, objects(&account.tuning("list", &["--format", "json"]).await)[0]["entry"].to_string())
        .unwrap();
    account.client.delete_item().table_name(TUNING).key("id", s("office")).send().await.unwrap();

    let output = account.tuning("list", &EVIDENCE).await;
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert!(
        said.contains("office, which is not listed, hides 2 incidents: it is an entry of the deployment"),
        "{said}"
    );

    let deployed = ["--deployed-entries", deployed.to_str().unwrap()];
    let ann = ["--exclude", "logins", "--cidr", "203.0.113.7", "--principal", "*/ann"];
    let (status, line, said) = add(&account, "ann", &[&ann[..], &deployed].concat()).await;
    assert_eq!((status, &line["hides"]), (Some(0), &json!([])), "{said}");
    let (status, line, _) = add(&account, "ann-again", &ann).await;
    assert_eq!((status, line["added"].clone()), (Some(0), json!(true)), "ann hides it already");
    assert_eq!(add(&account, "office", &[&office[..], &deployed].concat()).await.0, Some(1), "the id is used");
    let remove = async |id: &str, more: &[&str]| {
        let output = account.tuning("remove", &[&[id, "--format", "json"], &EVIDENCE[..], more].concat()).await;
        users(&objects(&output)[0]["unhides"])
    };
    assert_eq!(remove("ann", &deployed).await, named(&[]));
    assert_eq!(remove("ann-again", &deployed).await, named(&[]), "the deployment's entry still hides it");
    assert_eq!(add(&account, "third", &[&ann[..], &deployed].concat()).await.0, Some(0));
    assert_eq!(remove("third", &[]).await, named(&[("ann", "High")]));
}
