//! Reads objects in buckets of several regions: the server serves a bucket only to requests signed for its region.

use std::io::Read;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use pivotwatch::objects::{ObjectAddress, Objects, OpenFault, S3};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The function's own region.
const HOME: &str = "us-east-1";

/// Buckets and their regions.
const BUCKETS: [(&str, &str); 3] = [("exports", HOME), ("trail", "eu-west-1"), ("archive", "eu-central-1")];

/// How S3 refuses a request signed for another region.
#[derive(Clone, Copy)]
enum Refusal {
    /// It redirects to the bucket's endpoint.
    Redirect,
    /// It names the region that the signature should have.
    WrongSignature,
    /// It omits the region, as behind a proxy that drops headers.
    Unnamed,
}

struct Server {
    refusal: Refusal,
    /// Bucket and signed region of each request.
    requests: Mutex<Vec<(String, String)>>,
}

impl Server {
    async fn answer(&self, connection: TcpStream) -> std::io::Result<()> {
        let mut connection = BufReader::new(connection);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if connection.read_line(&mut line).await? == 0 || line == "\r\n" {
                break;
            }
            lines.push(line);
        }
        let bucket = lines[0].split('/').nth(1).unwrap().to_owned();
        let scope = lines.iter().find_map(|line| line.split_once("Credential=any/")).unwrap().1;
        let signed = scope.split('/').nth(1).unwrap().to_owned();
        let (_, region) = BUCKETS.into_iter().find(|(name, _)| *name == bucket).unwrap();
        let answer = if signed == region {
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{region}", region.len())
        } else {
            let (status, header, code) = match self.refusal {
                Refusal::Redirect => ("301 Moved Permanently", true, "PermanentRedirect"),
                Refusal::WrongSignature => ("400 Bad Request", true, "AuthorizationHeaderMalformed"),
                Refusal::Unnamed => ("301 Moved Permanently", false, "PermanentRedirect"),
            };
            let header = if header { format!("x-amz-bucket-region: {region}\r\n") } else { String::new() };
            let body = format!("<Error><Code>{code}</Code><Message>another region</Message></Error>");
            format!(
                "HTTP/1.1 {status}\r\n{header}content-type: application/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
        };
        self.requests.lock().unwrap().push((bucket, signed));
        connection.write_all(answer.as_bytes()).await?;
        connection.flush().await
    }
}

async fn serve(refusal: Refusal) -> (Arc<Server>, S3) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::new(Server { refusal, requests: Mutex::default() });
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
        .region(Region::from_static(HOME))
        .credentials_provider(Credentials::new("any", "any", None, None, "tests"))
        .build();
    (server, S3::new(aws_sdk_s3::Client::from_conf(configuration)))
}

async fn read(objects: &S3, bucket: &str, region: Option<&str>) -> Result<String, OpenFault> {
    let address = ObjectAddress {
        bucket: bucket.to_owned(),
        key: "AWSLogs/log.json.gz".to_owned(),
        version: None,
        region: region.map(str::to_owned),
    };
    let mut body = objects.open(&address).await?;
    let text = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        body.read_to_string(&mut text).unwrap();
        text
    });
    Ok(text.await.unwrap())
}

#[tokio::test]
async fn an_object_is_read_in_the_region_that_its_event_names() {
    let (server, objects) = serve(Refusal::Redirect).await;
    for _ in 0..2 {
        for (bucket, region) in BUCKETS {
            assert_eq!(read(&objects, bucket, Some(region)).await.unwrap(), region);
        }
    }
    let requests = server.requests.lock().unwrap().clone();
    let expected =
        [BUCKETS, BUCKETS].concat().into_iter().map(|(bucket, region)| (bucket.to_owned(), region.to_owned()));
    assert_eq!(requests, expected.collect::<Vec<_>>(), "one request for each object");
}

#[tokio::test]
async fn an_object_whose_event_names_no_region_is_read_in_the_region_that_s3_names() {
    for refusal in [Refusal::Redirect, Refusal::WrongSignature] {
        let (server, objects) = serve(refusal).await;
        for (bucket, region) in BUCKETS {
            // An event that names the wrong region is as good as one that names none.
            for named in [None, Some("ap-south-1"), Some(HOME)] {
                assert_eq!(read(&objects, bucket, named).await.unwrap(), region, "{bucket} {named:?}");
            }
        }
        assert!(server.requests.lock().unwrap().len() <= 2 * 3 * BUCKETS.len());
    }
}

#[tokio::test]
async fn a_redirect_without_a_region_is_retried_later() {
    let (_, objects) = serve(Refusal::Unnamed).await;
    let fault = read(&objects, "trail", None).await.unwrap_err();
    assert!(matches!(&fault, OpenFault::Unavailable(cause) if cause.contains("PermanentRedirect")), "{fault}");
}
