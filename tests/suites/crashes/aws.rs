//! A simulated AWS under the real SDK clients, at the HTTP level, which injects a fault at any call.
//!
//! An engine in this process answers DynamoDB's requests; this module answers those to S3 and SNS. Faults are those of
//! a network and of Lambda: lost requests, lost responses, invocations killed during a call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::retry::{RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider, SharedHttpClient};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use pivotwatch::notify::Sns;
use pivotwatch::objects::S3;
use pivotwatch::store::DynamoDb;
use pivotwatch_tests::dynamodb;
use serde_json::Value;
use tokio::sync::Notify;

use super::faults::{Ending, Fault, FaultKind};

/// A call of an invocation to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub service: Service,
    pub operation: String,
    pub took_effect: bool,
    pub was_answered: bool,
}

impl Call {
    /// Whether it has no effect.
    pub fn is_read(&self) -> bool {
        ["GetItem", "GetObject", "Query", QUERY_OF_INDEX, "Scan"].contains(&&*self.operation)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    S3,
    DynamoDb,
    Sns,
}

pub struct Aws {
    engine: SharedHttpClient,
    objects: BTreeMap<String, Vec<u8>>,
    messages: Mutex<Vec<BTreeMap<String, String>>>,
    calls: Mutex<Vec<Call>>,
    fault: Mutex<Option<Fault>>,
    /// Serialises calls in their order of arrival, so that the same call has the same number in each run.
    queue: tokio::sync::Mutex<()>,
    killed: Notify,
}

pub struct Clients {
    /// For the tuning entries.
    pub table: aws_sdk_dynamodb::Client,
    pub store: DynamoDb,
    pub notifier: Sns,
    pub objects: S3,
}

impl Aws {
    /// Starts an AWS with an empty table and returns it with its clients. `engine` is the HTTP client for DynamoDB. Has
    /// a table of tuning entries if there are any.
    pub async fn start(
        engine: SharedHttpClient,
        objects: BTreeMap<String, Vec<u8>>,
        entries: &[Value],
    ) -> (Arc<Self>, Clients) {
        let aws = Arc::new(Self {
            engine,
            objects,
            messages: Mutex::default(),
            calls: Mutex::default(),
            fault: Mutex::default(),
            queue: tokio::sync::Mutex::default(),
            killed: Notify::new(),
        });
        let configuration = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(Shared(Arc::clone(&aws)))
            .region(Region::from_static("eu-north-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("any", "any", None, None, "tests")))
            // As many attempts as in production, with less back-off.
            .retry_config(RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(1)))
            .build();
        // The SDK shares a retry quota within a process; the many runs of a test would exhaust it.
        let retries = || RetryPartition::custom("tests").token_bucket(TokenBucket::unlimited()).build();
        let of_dynamodb = aws_sdk_dynamodb::config::Builder::from(&configuration)
            .endpoint_url(dynamodb::engine().await)
            .retry_partition(retries());
        let of_sns = aws_sdk_sns::config::Builder::from(&configuration).retry_partition(retries());
        let of_s3 = aws_sdk_s3::config::Builder::from(&configuration).retry_partition(retries());
        let table = aws_sdk_dynamodb::Client::from_conf(of_dynamodb.build());
        dynamodb::create_table(&table).await;
        if !entries.is_empty() {
            dynamodb::create_tuning_table(&table).await;
        }
        for entry in entries {
            dynamodb::put_tuning_entry(&table, entry).await;
        }
        let tuning_table = (!entries.is_empty()).then(|| dynamodb::TUNING_TABLE.to_owned());
        let topic = "arn:aws:sns:eu-north-1:111122223333:incidents".to_owned();
        let clients = Clients {
            store: dynamodb::store(table.clone()).with_tuning_table(tuning_table),
            table,
            notifier: Sns::new(aws_sdk_sns::Client::from_conf(of_sns.build()), topic),
            objects: S3::new(aws_sdk_s3::Client::from_conf(of_s3.build())),
        };
        (aws, clients)
    }

    /// Runs one invocation with a fault. Returns how it ended and its calls.
    pub async fn invoke<E>(
        &self,
        fault: Option<Fault>,
        invocation: impl Future<Output = Result<(), E>>,
    ) -> (Ending, Vec<Call>) {
        self.calls.lock().unwrap().clear();
        *self.fault.lock().unwrap() = fault;
        let ended = tokio::select! {
            ended = invocation => if ended.is_ok() { Ending::Succeeds } else { Ending::Fails },
            () = self.killed.notified() => Ending::Killed,
        };
        *self.fault.lock().unwrap() = None;
        (ended, std::mem::take(&mut self.calls.lock().unwrap()))
    }

    /// The published messages, each as the parameters of its request.
    pub fn messages(&self) -> Vec<BTreeMap<String, String>> {
        self.messages.lock().unwrap().clone()
    }

    async fn call(&self, request: HttpRequest, engine: SharedHttpConnector) -> Result<HttpResponse, ConnectorError> {
        let _place = self.queue.lock().await;
        let (service, operation) = target(&request);
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(Call { service, operation: operation.clone(), took_effect: false, was_answered: false });
            calls.len()
        };
        let kind = self.fault.lock().unwrap().as_mut().and_then(|fault| fault.at_call(number, service));
        match kind {
            Some(FaultKind::RequestLost) => return Err(ConnectorError::io("connection reset".into())),
            Some(FaultKind::Refused) => return Ok(response(503, SdkBody::empty())),
            Some(FaultKind::KilledBefore) => return self.kill().await,
            Some(FaultKind::ResponseLost | FaultKind::KilledAfter | FaultKind::ResponseCut) | None => {}
        }
        let answer = match service {
            Service::DynamoDb => engine.call(request).await?,
            Service::S3 => self.object(&request, kind == Some(FaultKind::ResponseCut)),
            Service::Sns if operation == "GetTopicAttributes" => response(200, SdkBody::from(TOPIC)),
            Service::Sns => self.publish(&request),
        };
        self.update(number, |call| call.took_effect = true);
        match kind {
            Some(FaultKind::ResponseLost) => return Err(ConnectorError::io("connection reset".into())),
            Some(FaultKind::KilledAfter) => return self.kill().await,
            _ => {}
        }
        self.update(number, |call| call.was_answered = true);
        Ok(answer)
    }

    fn update(&self, number: usize, change: impl FnOnce(&mut Call)) {
        self.calls.lock().unwrap().get_mut(number - 1).map(change);
    }

    /// Ends the invocation: `invoke` drops its future.
    async fn kill<T>(&self) -> T {
        self.killed.notify_one();
        std::future::pending().await
    }

    fn object(&self, request: &HttpRequest, cut: bool) -> HttpResponse {
        let path = request.uri().split("amazonaws.com/").nth(1).unwrap_or_default();
        let key = path.split('?').next().unwrap_or_default();
        let Some(bytes) = self.objects.get(key) else {
            return response(404, SdkBody::from("<Error><Code>NoSuchKey</Code></Error>"));
        };
        let range = request.headers().get("range").unwrap_or_default();
        let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0);
        let rest = &bytes[from..];
        let sent = match (cut, from) {
            (false, _) => rest.len(),
            (true, 0) => rest.len() / 2,
            // A resumed transfer that makes no progress.
            (true, _) => 0,
        };
        let mut answer = response(if from == 0 { 200 } else { 206 }, SdkBody::from(&rest[..sent]));
        answer.headers_mut().insert("content-length", rest.len().to_string());
        answer
    }

    fn publish(&self, request: &HttpRequest) -> HttpResponse {
        let body = request.body().bytes().unwrap_or_default();
        let parameters: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        for (name, value) in &parameters {
            // <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>
            let is_known = ["String", "String.Array"].contains(&value.as_str());
            assert!(!name.ends_with(".DataType") || is_known, "SNS refuses the data type {value:?}");
        }
        self.messages.lock().unwrap().push(parameters);
        response(
            200,
            SdkBody::from("<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"),
        )
    }
}

/// The attributes of a topic with one subscriber.
const TOPIC: &str = "<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry>\
     <key>SubscriptionsConfirmed</key><value>1</value></entry></Attributes></GetTopicAttributesResult>\
     </GetTopicAttributesResponse>";

/// The operation of a query of an index, which [`Call::operation`] keeps apart from one of the table.
pub const QUERY_OF_INDEX: &str = "Query of the index";

/// The service and the operation of a request.
fn target(request: &HttpRequest) -> (Service, String) {
    if let Some(target) = request.headers().get("x-amz-target") {
        let operation = target.rsplit('.').next().unwrap_or(target);
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
        let operation = if body.contains("\"IndexName\"") { QUERY_OF_INDEX } else { operation };
        return (Service::DynamoDb, operation.to_owned());
    }
    if request.uri().contains("//sns.") {
        let parameters = form_urlencoded::parse(request.body().bytes().unwrap_or_default());
        let action = parameters.into_owned().find_map(|(name, value)| (name == "Action").then_some(value));
        return (Service::Sns, action.unwrap_or_default());
    }
    assert_eq!(request.method(), "GET", "{}", request.uri());
    (Service::S3, "GetObject".to_owned())
}

fn response(status: u16, body: SdkBody) -> HttpResponse {
    HttpResponse::new(status.try_into().expect("a status"), body)
}

#[derive(Clone)]
struct Shared(Arc<Aws>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AWS that can fail")
    }
}

impl HttpClient for Shared {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector(self.clone(), self.0.engine.http_connector(settings, components)))
    }
}

#[derive(Debug)]
struct Connector(Shared, SharedHttpConnector);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (Shared(aws), engine) = (self.0.clone(), self.1.clone());
        HttpConnectorFuture::new(async move { aws.call(request, engine).await })
    }
}
