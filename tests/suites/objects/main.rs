//! Reads objects over connections that break: the real S3 client against a server that hangs up.

mod regions;

use std::io::Read;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use pivotwatch::objects::{Body, ObjectAddress, Objects, OpenFault, S3};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const E_TAG: &str = "\"0123456789abcdef0123456789abcdef\"";

/// An S3 server with one object. Each response has a limited number of bytes; then the server hangs up.
struct Server {
    object: Vec<u8>,
    /// Bytes in each response, in order. Later responses send the rest of the object.
    breaks: Mutex<Vec<usize>>,
    /// Number of responses after which the object is replaced.
    replaced_after: Option<usize>,
    /// The headers Range and If-Match of each request.
    requests: Mutex<Vec<(String, String)>>,
}

impl Server {
    fn of(length: usize, breaks: &[usize]) -> Self {
        let object = (0..length).map(|position| b"0123456789abcdef"[position % 16]).collect();
        let breaks = Mutex::new(breaks.iter().rev().copied().collect());
        Self { object, breaks, replaced_after: None, requests: Mutex::default() }
    }

    async fn answer(&self, connection: TcpStream) -> std::io::Result<()> {
        let mut connection = BufReader::new(connection);
        let (mut range, mut if_match) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line).await? == 0 || line == "\r\n" {
                break;
            }
            let (name, value) = line.trim_end().split_once(": ").unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "range" => value.clone_into(&mut range),
                "if-match" => value.clone_into(&mut if_match),
                _ => {}
            }
        }
        let is_replaced = {
            let mut requests = self.requests.lock().unwrap();
            requests.push((range.clone(), if_match.clone()));
            self.replaced_after.is_some_and(|answers| requests.len() > answers)
        };
        if is_replaced && !if_match.is_empty() {
            let refusal = "HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            return connection.write_all(refusal.as_bytes()).await;
        }
        let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0);
        let rest = &self.object[from..];
        let status = if range.is_empty() { "200 OK" } else { "206 Partial Content" };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: {E_TAG}\r\nconnection: close\r\n\r\n",
            rest.len()
        );
        let sent = self.breaks.lock().unwrap().pop().unwrap_or(rest.len()).min(rest.len());
        connection.write_all(head.as_bytes()).await?;
        connection.write_all(&rest[..sent]).await?;
        connection.flush().await
    }
}

/// Reads the object through the real client. Returns its bytes, or the error.
async fn read(server: Server) -> (Vec<u8>, std::io::Result<()>, Vec<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::new(server);
    let serving = Arc::clone(&server);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // The client may hang up first.
            let _ = serving.answer(connection).await;
        }
    });
    let configuration = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(pivotwatch::clients::http_client())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .region(Region::from_static("eu-north-1"))
        .credentials_provider(Credentials::new("any", "any", None, None, "tests"))
        .build();
    let objects = S3::new(aws_sdk_s3::Client::from_conf(configuration));
    let [bucket, key] = ["exports", "big.json"].map(str::to_owned);
    let address = ObjectAddress { bucket, key, ..ObjectAddress::default() };
    let body: Result<Body, OpenFault> = objects.open(&address).await;
    let mut body = body.unwrap();
    let (bytes, result) = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        let result = body.read_to_end(&mut bytes).map(|_| ());
        (bytes, result)
    })
    .await
    .unwrap();
    let requests = server.requests.lock().unwrap().clone();
    (bytes, result, requests)
}

#[tokio::test]
async fn an_interrupted_transfer_resumes_at_its_offset() {
    let server = Server::of(300_000, &[100_000, 50_000]);
    let object = server.object.clone();
    let (bytes, result, requests) = read(server).await;
    result.unwrap();
    assert!(bytes == object);
    let e_tag = E_TAG.to_owned();
    let expected = [
        (String::new(), String::new()),
        ("bytes=100000-".to_owned(), e_tag.clone()),
        ("bytes=150000-".to_owned(), e_tag),
    ];
    assert_eq!(requests, expected, "each time from where it broke, and only of the same object");
}

#[tokio::test]
async fn an_object_replaced_during_the_transfer_is_not_mixed_with_its_successor() {
    let server = Server { replaced_after: Some(1), ..Server::of(300_000, &[100_000]) };
    let (bytes, result, _) = read(server).await;
    assert_eq!(bytes.len(), 100_000);
    assert!(result.is_err());
}

#[tokio::test]
async fn transfers_without_progress_end_in_an_error() {
    let (bytes, result, requests) = read(Server::of(300_000, &[1000, 0, 0, 0, 0, 0, 0, 0, 0])).await;
    assert_eq!(bytes.len(), 1000);
    assert!(result.is_err());
    assert!(requests.len() < 8, "{} requests", requests.len());
}
