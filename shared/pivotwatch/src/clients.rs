//! Configures the AWS clients, and builds the pipeline on AWS.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

use crate::notify::{Deployment, Sns, TableLocation};
use crate::objects::S3;
use crate::pipeline::{ActivityLog, Pipeline, SystemRuntime, TuningCache};
use crate::settings::Settings;
use crate::store::DynamoDb;

/// The timeout of one attempt. AWS answers within milliseconds, so after seconds a new connection is the better choice.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// The timeout of all attempts of a request. It is shorter than the lease on publishing, which must outlast the
/// request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The pipeline with DynamoDB and SNS.
pub type AwsPipeline = Pipeline<DynamoDb, Sns, SystemRuntime>;

/// The HTTP client of all AWS clients, built at the first request.
///
/// Building it parses the system's certificates, which takes longer than the rest of a cold start.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    SharedHttpClient::new(LazyHttpClient::default())
}

#[derive(Debug, Default)]
struct LazyHttpClient(OnceLock<SharedHttpClient>);

impl HttpClient for LazyHttpClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let make =
            || aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        self.0.get_or_init(make).http_connector(settings, components)
    }
}

/// The timeouts of all AWS clients.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(REQUEST_TIMEOUT).build()
}

/// The configuration of the functions' AWS clients, with their HTTP client.
///
/// Region and credentials come from Lambda's environment. The SDK's default chain would also set up profile files and
/// metadata services, which a function does not have.
pub async fn configuration() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .http_client(http_client())
        .timeout_config(timeouts())
        .load()
        .await
}

/// The pipeline with these settings.
#[must_use]
pub fn pipeline(settings: Settings, configuration: &SdkConfig) -> AwsPipeline {
    let Settings {
        table,
        topic,
        rule,
        tuning_table,
        tuning_entries,
        reporting,
        account_names,
        https,
        runbook,
        retention,
        limits,
    } = settings;
    let location = TableLocation { name: table.clone(), region: topic.region, account: topic.account };
    let deployment = Deployment { table: location, tuning_table: tuning_table.clone(), account_names, runbook, https };
    let dynamodb = aws_sdk_dynamodb::Client::new(configuration);
    Pipeline {
        store: DynamoDb::new(dynamodb, table, retention, rule.threshold).with_tuning_table(tuning_table),
        notifier: Sns::new(aws_sdk_sns::Client::new(configuration), topic.arn),
        runtime: SystemRuntime,
        rule,
        tuning: TuningCache::of(tuning_entries),
        limits,
        activity: ActivityLog::default(),
        policy: reporting,
        deployment,
    }
}

/// The adapter for objects in S3.
#[must_use]
pub fn objects(configuration: &SdkConfig) -> S3 {
    S3::new(aws_sdk_s3::Client::new(configuration))
}
