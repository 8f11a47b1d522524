//! `tuning` on a table, with the real binary: DynamoDB runs in this process.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
pub(crate) use pivotwatch_tests::dynamodb::TUNING_TABLE as TUNING;
use pivotwatch_tests::dynamodb::{create_table, create_tuning_table, engine};
use serde_json::{Value, json};

use super::{folder, objects, text};

pub(crate) const REGION: &str = "eu-north-1";

/// DynamoDB with the table of evidence, and an empty table of entries.
pub(crate) struct Account {
    pub(crate) endpoint: String,
    pub(crate) client: Client,
}

impl Account {
    pub(crate) async fn open() -> Self {
        let endpoint = engine().await;
        let configuration = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(pivotwatch::clients::http_client())
            .endpoint_url(&endpoint)
            .region(Region::from_static(REGION))
            .credentials_provider(Credentials::new("any", "any", None, None, "tests"))
            .build();
        let client = Client::from_conf(configuration);
        create_table(&client).await;
        create_tuning_table(&client).await;
        Self { endpoint, client }
    }

    /// A command with credentials and a region in its environment. It runs on another thread, so that the engine of
    /// this one can answer.
    pub(crate) async fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = command(folder, arguments);
        command.env("AWS_REGION", REGION).arg("--endpoint-url").arg(&self.endpoint);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    pub(crate) async fn tuning(&self, action: &str, more: &[&str]) -> Output {
        self.run(Path::new("."), &[&["tuning", action, "--table", TUNING], more].concat()).await
    }

    pub(crate) async fn put(&self, item: impl IntoIterator<Item = (&str, AttributeValue)>) {
        let item = item.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.client.put_item().table_name(TUNING).set_item(Some(item)).send().await.unwrap();
    }

    pub(crate) async fn item(&self, id: &str) -> HashMap<String, AttributeValue> {
        let get = self.client.get_item().table_name(TUNING).key("id", s(id)).consistent_read(true);
        get.send().await.unwrap().item.unwrap_or_default()
    }
}

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pivotwatch"));
    command.args(arguments).current_dir(folder);
    // Nothing of the user's own configuration applies.
    for name in ["AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"] {
        command.env_remove(name);
    }
    command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "any");
    command
}

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// An entry as `aws dynamodb put-item` writes it.
fn item(id: &str) -> Vec<(&'static str, AttributeValue)> {
    let networks = AttributeValue::L(vec![s("192.0.2.0/24")]);
    vec![
        ("id", s(id)),
        ("threshold", AttributeValue::N("50".to_owned())),
        ("when", AttributeValue::M([("cidr".to_owned(), networks)].into())),
        ("reason", s("the office")),
        ("author", s("ann")),
        ("permanent", AttributeValue::Bool(true)),
    ]
}

/// Forced, since no evidence shows what the entry would have hidden.
const OFFICE: [&str; 12] = [
    "--id",
    "office",
    "--threshold",
    "50",
    "--cidr",
    "192.0.2.0/24",
    "--reason",
    "the office",
    "--author",
    "ann",
    "--permanent",
    "--force",
];

#[tokio::test]
async fn an_added_entry_is_the_same_item_as_that_of_put_item() {
    let account = Account::open().await;
    let output = account.tuning("add", &OFFICE).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let mut added = account.item("office").await;
    assert!(added.remove("created_at").unwrap().as_s().unwrap().ends_with('Z'));
    let expected: HashMap<_, _> = item("office").into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(added, expected);
}

#[tokio::test]
async fn an_entry_is_not_added_to_a_table_unseen() {
    let account = Account::open().await;
    let (force, unforced) = OFFICE.split_last().unwrap();
    let output = account.tuning("add", unforced).await;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
    let said = text(&output.stderr);
    assert!(said.contains("--evidence-table") && said.contains(force), "{said}");
    assert!(account.item("office").await.is_empty());
}

#[tokio::test]
async fn an_id_is_used_once_and_a_removed_entry_is_kept() {
    let account = Account::open().await;
    account.put(item("office")).await;
    let output = account.tuning("add", &OFFICE).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is an entry with the id office"), "{}", text(&output.stderr));

    let output = account.tuning("remove", &["office", "--format", "json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let removed_at = s(objects(&output)[0]["removed_at"].as_str().unwrap());
    let mut expected: HashMap<_, _> =
        item("office").into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    expected.insert("removed_at".to_owned(), removed_at);
    assert_eq!(account.item("office").await, expected);
    let output = account.tuning("remove", &["office"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("was removed before"));
    assert_eq!(account.item("office").await, expected, "the time of the first removal stays");
    assert_eq!(account.tuning("remove", &["other"]).await.status.code(), Some(1));
    assert!(account.item("other").await.is_empty(), "removing creates no item");
}

#[tokio::test]
async fn an_entry_whose_removal_is_null_can_be_removed() {
    let account = Account::open().await;
    account.put(item("office").into_iter().chain([("removed_at", AttributeValue::Null(true))])).await;
    assert_eq!(account.tuning("remove", &["office"]).await.status.code(), Some(0));
    assert!(account.item("office").await["removed_at"].is_s());
}

#[tokio::test]
async fn items_of_other_writers_are_listed_as_the_functions_read_them() {
    let account = Account::open().await;
    account.put(item("office")).await;
    let networks = AttributeValue::Ss(vec!["192.0.2.0/24".to_owned()]);
    let with_a_set = item("set").into_iter().filter(|(name, _)| *name != "when");
    account.put(with_a_set.chain([("when", AttributeValue::M([("cidr".to_owned(), networks)].into()))])).await;
    account.put(item("binary").into_iter().chain([("note", AttributeValue::B(Blob::new([1, 2])))])).await;
    account.put([("id", s("empty"))]).await;

    let output = account.tuning("list", &["--format", "json"]).await;
    assert_eq!(output.status.code(), Some(1), "two are invalid");
    let listed: Vec<_> = objects(&output).iter().map(|line| (line["id"].clone(), line["state"].clone())).collect();
    let expected = [("binary", "invalid"), ("empty", "invalid"), ("office", "active"), ("set", "active")];
    assert_eq!(listed, expected.map(|(id, state)| (json!(id), json!(state))));
}

/// Commands print the same of a table and of a file with the same entries.
#[tokio::test]
async fn a_table_and_a_file_are_alike() {
    let account = Account::open().await;
    let folder = folder("tuning-alike");
    let pentest = [
        "--id",
        "pentest",
        "--exclude",
        "logins",
        "--principal",
        "pentest-*",
        "--account",
        "111122223333",
        "--reason",
        "x",
        "--author",
        "ann",
        "--starts-at",
        "2026-01-01T00:00:00Z",
        "--expires-at",
        "2026-02-01T00:00:00Z",
        "--force",
    ];
    for (action, arguments) in [
        ("list", &[][..]),
        ("add", &OFFICE[..]),
        ("add", &OFFICE),
        ("add", &pentest),
        ("show", &["office"]),
        ("show", &["absent"]),
        ("list", &[]),
        ("remove", &["office"]),
        ("remove", &["office"]),
        ("list", &[]),
    ] {
        for format in ["table", "json"].map(|format| ["--format", format]) {
            if format[1] == "json" && ["add", "remove"].contains(&action) {
                continue;
            }
            if action == "list" && !folder.join("tuning.json").exists() {
                std::fs::write(folder.join("tuning.json"), "").unwrap();
            }
            let of_table = account.tuning(action, &[arguments, &format].concat()).await;
            let of_file = account
                .run(&folder, &[&["tuning", action, "--file", "tuning.json"], arguments, &format].concat())
                .await;
            let result =
                |output: &Output| (output.status.code(), without_times(&text(&output.stdout)), text(&output.stderr));
            assert_eq!(result(&of_table), result(&of_file), "{action} {arguments:?}");
        }
    }
}

/// Digits are replaced, since the two places were written at different seconds.
fn without_times(text: &str) -> String {
    text.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect()
}

#[tokio::test]
async fn a_table_that_cannot_be_used_is_named_with_the_remedy() {
    let account = Account::open().await;
    for (action, arguments) in [("list", &[][..]), ("show", &["office"]), ("remove", &["office"]), ("add", &OFFICE)] {
        let arguments = [&["tuning", action, "--table", "absent"], arguments].concat();
        let output = account.run(Path::new("."), &arguments).await;
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()), "{action}");
        let said = text(&output.stderr);
        assert!(said.contains("absent: loading the tuning entries failed: ") && said.contains("may use it"), "{said}");
    }
    let mut unconfigured = command(Path::new("."), &["tuning", "list", "--table", TUNING]);
    let output = tokio::task::spawn_blocking(move || unconfigured.output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("no AWS region is configured"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn a_profile_names_the_region_and_the_credentials() {
    let account = Account::open().await;
    account.put(item("office")).await;
    let folder = folder("tuning-profile");
    let profile = "[profile audit]\nregion = eu-north-1\naws_access_key_id = any\naws_secret_access_key = any\n";
    std::fs::write(folder.join("config"), profile).unwrap();
    let arguments = ["tuning", "list", "--table", TUNING, "--profile", "audit", "--endpoint-url", &account.endpoint];
    let mut command = command(&folder, &arguments);
    command.env("AWS_CONFIG_FILE", folder.join("config"));
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_command_needs_a_file_or_a_table() {
    for arguments in [&["tuning", "list"][..], &["tuning", "list", "--file", "a", "--table", "b"]] {
        assert_eq!(command(Path::new("."), arguments).output().unwrap().status.code(), Some(2), "{arguments:?}");
    }
}

/// The entries of a table, as JSON.
pub(crate) async fn listed(account: &Account, more: &[&str]) -> Vec<Value> {
    objects(&account.tuning("list", &[&["--format", "json"], more].concat()).await)
}
