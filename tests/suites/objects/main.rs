//! Reads objects over connections that break: the real S3 client against a server that hangs up.

mod regions;
mod server;

use std::sync::Mutex;

use pivotwatch::objects::{ObjectAddress, Objects};

use crate::server::{Server, read_to_end, serve};

const E_TAG: &str = "\"0123456789abcdef0123456789abcdef\"";

/// An S3 server with one object. Each response has a limited number of bytes; then the server hangs up.
struct Breaking {
    object: Vec<u8>,
    /// Bytes in each response, in order. Later responses send the rest of the object.
    breaks: Mutex<Vec<usize>>,
    /// Number of responses after which the object is replaced.
    replaced_after: Option<usize>,
    /// The headers Range and If-Match of each request.
    requests: Mutex<Vec<(String, String)>>,
}

impl Breaking {
    fn of(length: usize, breaks: &[usize]) -> Self {
        let object = (0..length).map(|position| b"0123456789abcdef"[position % 16]).collect();
        let breaks = Mutex::new(breaks.iter().rev().copied().collect());
        Self { object, breaks, replaced_after: None, requests: Mutex::default() }
    }
}

impl Server for Breaking {
    fn response(&self, request: &[String]) -> Vec<u8> {
        let headers = request.iter().filter_map(|line| line.split_once(": "));
        let header = |wanted: &str| {
            let found = headers.clone().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.unwrap_or_default().1.to_owned()
        };
        let (range, if_match) = (header("range"), header("if-match"));
        let is_replaced = {
            let mut requests = self.requests.lock().unwrap();
            requests.push((range.clone(), if_match.clone()));
            self.replaced_after.is_some_and(|answers| requests.len() > answers)
        };
        if is_replaced && !if_match.is_empty() {
            return b"HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec();
        }
        let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0);
        let rest = &self.object[from..];
        let status = if range.is_empty() { "200 OK" } else { "206 Partial Content" };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\netag: {E_TAG}\r\nconnection: close\r\n\r\n",
            rest.len()
        );
        let sent = self.breaks.lock().unwrap().pop().unwrap_or(rest.len()).min(rest.len());
        [head.as_bytes(), &rest[..sent]].concat()
    }
}

/// Reads the object through the real client. Returns its bytes, or the error.
async fn read(server: Breaking) -> (Vec<u8>, std::io::Result<()>, Vec<(String, String)>) {
    let (server, objects) = serve(server).await;
    let [bucket, key] = ["exports", "big.json"].map(str::to_owned);
    let address = ObjectAddress { bucket, key, ..ObjectAddress::default() };
    let (bytes, result) = read_to_end(objects.open(&address).await.unwrap()).await;
    let requests = server.requests.lock().unwrap().clone();
    (bytes, result, requests)
}

#[tokio::test]
async fn an_interrupted_transfer_resumes_at_its_offset() {
    let server = Breaking::of(300_000, &[100_000, 50_000]);
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
    let server = Breaking { replaced_after: Some(1), ..Breaking::of(300_000, &[100_000]) };
    let (bytes, result, _) = read(server).await;
    assert_eq!(bytes.len(), 100_000);
    assert!(result.is_err());
}

#[tokio::test]
async fn transfers_without_progress_end_in_an_error() {
    let (bytes, result, requests) = read(Breaking::of(300_000, &[1000, 0, 0, 0, 0, 0, 0, 0, 0])).await;
    assert_eq!(bytes.len(), 1000);
    assert!(result.is_err());
    assert!(requests.len() < 8, "{} requests", requests.len());
}
