//! Reads objects in buckets of several regions: the server serves a bucket only to requests signed for its region.

use std::sync::Mutex;

use pivotwatch::objects::{ObjectAddress, Objects, OpenFault, S3};

use crate::server::{HOME, Server, read_to_end, serve};

/// Buckets and their regions.
const BUCKETS: [(&str, &str); 3] = [("exports", HOME), ("trail", "eu-west-1"), ("archive", "eu-central-1")];

/// How S3 refuses a request signed for another region.
#[derive(Clone, Copy)]
enum Refusal {
    /// It redirects to the bucket's endpoint.
    Redirect,
    /// It names the region that the signature should have.
    WrongSignature,
    /// It omits the region, as through a proxy that drops headers.
    Unnamed,
}

struct Regional {
    refusal: Refusal,
    /// Bucket and signed region of each request.
    requests: Mutex<Vec<(String, String)>>,
}

impl Regional {
    fn new(refusal: Refusal) -> Self {
        Self { refusal, requests: Mutex::default() }
    }
}

impl Server for Regional {
    fn response(&self, request: &[String]) -> Vec<u8> {
        let bucket = request[0].split('/').nth(1).unwrap().to_owned();
        let scope = request.iter().find_map(|line| line.split_once("Credential=any/")).unwrap().1;
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
        answer.into_bytes()
    }
}

async fn read(objects: &S3, bucket: &str, region: Option<&str>) -> Result<String, OpenFault> {
    let address = ObjectAddress {
        bucket: bucket.to_owned(),
        key: "AWSLogs/log.json.gz".to_owned(),
        version: None,
        region: region.map(str::to_owned),
    };
    let (bytes, result) = read_to_end(objects.open(&address).await?).await;
    result.unwrap();
    Ok(String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn an_object_is_read_in_the_region_that_its_event_names() {
    let (server, objects) = serve(Regional::new(Refusal::Redirect)).await;
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
        let (server, objects) = serve(Regional::new(refusal)).await;
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
    let (_, objects) = serve(Regional::new(Refusal::Unnamed)).await;
    let fault = read(&objects, "trail", None).await.unwrap_err();
    assert!(matches!(&fault, OpenFault::Unavailable(cause) if cause.contains("PermanentRedirect")), "{fault}");
}
