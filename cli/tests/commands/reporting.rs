//! `show unreported` and `publish`. The real pipeline fills the table, and a server of this process is the topic.

use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};

use chrono::{TimeDelta, Utc};
use pivotwatch::store::{IncidentKey, Lease, Store, StoredIncident};
use pivotwatch_tests::dynamodb::TABLE;
use pivotwatch_tests::facts::ADDRESS;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::tuning_evidence::{login, settle, six_failures, stored, stored_in, three_incidents};
use super::tuning_table::{Account, REGION, command, s};
use super::{objects, text};

const TOPIC: &str = "arn:aws:sns:eu-north-1:111122223333:pivotwatch-incidents";

/// A topic that accepts or refuses each message.
struct Topic {
    endpoint: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Topic {
    async fn open(accepts: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let received = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                received.lock().unwrap().push(request);
                let (status, body) = if accepts {
                    (
                        "200 OK",
                        "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>",
                    )
                } else {
                    ("403 Forbidden", "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>")
                };
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { endpoint, requests }
    }

    /// The bodies of the requests so far.
    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The body of a request with a `Content-Length`.
async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 65_536]);
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..read]);
        let received = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = received.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if read == 0 || length.is_some_and(|length| body.len() >= length.parse().unwrap()) {
            return body.to_owned();
        }
    }
}

async fn show(account: &Account, more: &[&str]) -> Output {
    account.run(Path::new("."), &[&["show", "unreported", "--table", TABLE], more].concat()).await
}

async fn publish(account: &Account, topic: &Topic, incident: &str, more: &[&str]) -> Output {
    let arguments = [&["publish", incident, "--table", TABLE, "--topic-arn", TOPIC], more].concat();
    let mut command = command(Path::new("."), &arguments);
    command.env("AWS_REGION", REGION).env("AWS_ENDPOINT_URL_DYNAMODB", &account.endpoint);
    command.env("AWS_ENDPOINT_URL_SNS", &topic.endpoint);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The severity, the user and the reason of each listed incident.
fn listed(output: &Output) -> Vec<[Value; 3]> {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines = objects(output).into_iter();
    lines.map(|line| ["severity", "account_name", "deferral"].map(|name| line[name].clone())).collect()
}

async fn write(account: &Account, stored: &StoredIncident) {
    let store = stored_in(account);
    let version = store.load_incident(&IncidentKey::of(&stored.incident)).await.unwrap().unwrap().version;
    store.write_incident(stored, version).await.unwrap();
}

/// The logins are two days old, so that a digest is to report the incidents.
#[tokio::test]
async fn unreported_incidents_are_listed_the_most_severe_first() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let line = |severity: &str, user: &str| [json!(severity), json!(user), json!("old")];
    let expected = [line("High", "ann"), line("Medium", "alice"), line("Medium", "alice")];
    let output = show(&account, &["--format", "json"]).await;
    assert_eq!(listed(&output), expected);
    let first = &objects(&output)[0];
    assert_eq!(first["source_ip_address"], ADDRESS);
    assert_eq!(
        first["record"],
        json!(format!("{}#incident#{}", first["day"].as_str().unwrap(), first["id"].as_str().unwrap()))
    );

    let printed = text(&show(&account, &[]).await.stdout);
    assert!(printed.starts_with("3 incidents still to be reported\n"), "{printed}");
    let rows: Vec<_> = printed.lines().filter(|line| line.contains("old")).collect();
    assert!(rows.len() == 3 && rows[0].contains("High") && rows[0].contains("ann"), "{printed}");
}

#[tokio::test]
async fn what_is_published_hidden_or_of_an_empty_table_is_not_listed() {
    let account = Account::open().await;
    assert_eq!(text(&show(&account, &[]).await.stdout), "0 incidents still to be reported\n");
    three_incidents(&account).await;
    let mut all = stored(&account).await;
    let (published, mut hidden) = (all.remove(0), all.remove(0));
    let published = StoredIncident { published_at: Some(Utc::now()), deferral: None, ..published };
    hidden.hidden_by.insert("office".to_owned());
    write(&account, &published).await;
    write(&account, &hidden).await;
    assert_eq!(listed(&show(&account, &["--format", "json"]).await).len(), 1);
}

#[tokio::test]
async fn an_incident_that_an_invocation_publishes_or_left_behind_says_so() {
    let account = Account::open().await;
    settle(&account, &six_failures(ADDRESS), &[login("alice", ADDRESS, 10)]).await;
    let stored = stored(&account).await.remove(0);
    for (minutes, why) in [(1, "being published"), (-1, "interrupted")] {
        let until = Utc::now() + TimeDelta::minutes(minutes);
        let lease = Some(Lease { owner: "another".to_owned(), until });
        write(&account, &StoredIncident { lease, deferral: None, ..stored.clone() }).await;
        let printed = text(&show(&account, &[]).await.stdout);
        assert!(printed.contains(why), "{printed}");
        let line = objects(&show(&account, &["--format", "json"]).await).remove(0);
        assert_eq!((&line["deferral"], line["leased_until"].is_string()), (&Value::Null, true));
    }
}

#[tokio::test]
async fn a_name_from_the_log_cannot_control_the_terminal() {
    let account = Account::open().await;
    settle(&account, &six_failures(ADDRESS), &[login("al\u{1b}[31m\u{202e}ice", ADDRESS, 10)]).await;
    for format in ["table", "json"] {
        let printed = text(&show(&account, &["--format", format]).await.stdout);
        assert!(printed.contains("ice") && !printed.contains(['\u{1b}', '\u{202e}']), "{printed}");
    }
}

#[tokio::test]
async fn a_table_or_a_record_that_cannot_be_read_is_trouble() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let edited = stored(&account).await.remove(0).incident;
    let record = format!("{}#incident#{}", edited.day, edited.id);
    let update =
        account.client.update_item().table_name(TABLE).key("ip", s(&edited.columns.source_ip_address.to_string()));
    let update = update.key("record", s(&record)).update_expression("SET start_time = :noon");
    update.expression_attribute_values(":noon", s("noon")).send().await.unwrap();
    let output = show(&account, &["--format", "json"]).await;
    assert_eq!((output.status.code(), objects(&output).len()), (Some(1), 2));
    assert!(text(&output.stderr).contains(&record), "{}", text(&output.stderr));

    let output = account.run(Path::new("."), &["show", "unreported", "--table", "absent"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("absent: listing incidents in the index unreported failed"));
}

#[tokio::test]
async fn an_incident_is_published_by_its_id_or_its_record_and_marked() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let topic = Topic::open(true).await;
    for (number, stored_before) in stored(&account).await.into_iter().enumerate() {
        let incident = &stored_before.incident;
        let record = format!("{}#incident#{}", incident.day, incident.id);
        let name = if number == 0 { incident.id.to_string() } else { record.clone() };
        let output = publish(&account, &topic, &name, &["--format", "json"]).await;
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let line = objects(&output).remove(0);
        assert_eq!((&line["record"], &line["topic_arn"]), (&json!(record), &json!(TOPIC)));
        assert!(line["subject"].as_str().unwrap().contains(&incident.columns.account_name), "{line}");
        assert_eq!(topic.requests().len(), number + 1);
        assert_eq!(listed(&show(&account, &["--format", "json"]).await).len(), 2 - number);
    }
    let marked = stored(&account).await;
    assert!(marked.iter().all(|stored| stored.published_at.is_some()));
    let request = topic.requests().remove(0);
    for parameter in ["Action=Publish&", "TopicArn=arn%3Aaws%3Asns%3Aeu-north-1%3A111122223333%3Apivotwatch-incidents&"]
    {
        assert!(request.contains(parameter), "{parameter}");
    }

    let again = publish(&account, &topic, &marked[0].incident.id.to_string(), &[]).await;
    assert!(text(&again.stdout).contains(&format!(" was published to {TOPIC}:\n")), "{}", text(&again.stdout));
    assert_eq!(topic.requests().len(), 4);
}

#[tokio::test]
async fn a_message_names_the_account_as_the_deployment_does() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let topic = Topic::open(true).await;
    let id = stored(&account).await.remove(0).incident.id.to_string();
    let names = ["--account-names", r#"{"111122223333": "payments-prod"}"#, "--https-form", "finding"];
    let output = publish(&account, &topic, &id, &names).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(topic.requests()[0].contains("payments-prod"));
}

#[tokio::test]
async fn an_incident_that_cannot_be_published_is_trouble_and_stays_unreported() {
    let account = Account::open().await;
    three_incidents(&account).await;
    let topic = Topic::open(false).await;
    let id = stored(&account).await.remove(0).incident.id.to_string();
    let output = publish(&account, &topic, &id, &[]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("AuthorizationError"), "{}", text(&output.stderr));
    assert_eq!(listed(&show(&account, &["--format", "json"]).await).len(), 3);

    let unknown = publish(&account, &topic, "a7ca9da7-ef6e-5482-b9ae-05cc7b6b9d10", &[]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("there is no stored incident"), "{}", text(&unknown.stderr));
    assert_eq!(topic.requests().len(), 1);
}

#[tokio::test]
async fn wrong_arguments_are_refused() {
    let account = Account::open().await;
    let topic = Topic::open(true).await;
    let id = "a7ca9da7-ef6e-5482-b9ae-05cc7b6b9d10";
    for wrong in [
        ["--account-names", r#"{"payments-prod": "111122223333"}"#],
        ["--https-form", "xml"],
        ["--retention-days", "1"],
        ["--topic-arn", "pivotwatch-incidents"],
    ] {
        assert_eq!(publish(&account, &topic, id, &wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(publish(&account, &topic, "yesterday", &[]).await.status.code(), Some(2));
    assert!(topic.requests().is_empty());
}
