//! The AWS clients, and the pipeline on AWS.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

use crate::notify::{Sns, Table};
use crate::objects::S3;
use crate::pipeline::{Pipeline, System};
use crate::settings::Settings;
use crate::store::DynamoDb;

/// For one try. AWS answers within milliseconds; a connection that does not is better made anew.
const TRY: Duration = Duration::from_secs(5);

/// For all tries together: less than the lease on publishing an incident, which must outlast a publish that is still
/// being tried.
const ALL_TRIES: Duration = Duration::from_secs(20);

/// The pipeline with everything behind it on AWS.
pub type OnAws = Pipeline<DynamoDb, Sns, System>;

/// An HTTP client, which all clients share and which is made when the first request is.
///
/// Making it reads and parses the system's certificates, more work than all else that a function does before it asks for its
/// first event (`make bench-cold-start`).
#[must_use]
pub fn http_client() -> SharedHttpClient {
    SharedHttpClient::new(WhenNeeded::default())
}

#[derive(Debug, Default)]
struct WhenNeeded(OnceLock<SharedHttpClient>);

impl HttpClient for WhenNeeded {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let make =
            || aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        self.0.get_or_init(make).http_connector(settings, components)
    }
}

/// The configuration that all clients share, its HTTP client included.
///
/// Lambda gives region and credentials in the environment. The SDK's usual search would prepare to look into files and ask
/// services that are not there.
pub async fn configuration() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(TRY).operation_timeout(ALL_TRIES).build();
    aws_config::defaults(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .http_client(http_client())
        .timeout_config(timeouts)
        .load()
        .await
}

/// The pipeline as the settings want it.
#[must_use]
pub fn pipeline(settings: Settings, configuration: &SdkConfig) -> OnAws {
    let Settings { table, topic, rule, retention, limits } = settings;
    let dynamodb = aws_sdk_dynamodb::Client::new(configuration);
    Pipeline {
        store: DynamoDb::new(dynamodb, table.clone(), retention, rule.threshold),
        notifier: Sns::new(aws_sdk_sns::Client::new(configuration), topic.arn),
        runtime: System,
        rule,
        limits,
        table: Table { name: table, region: topic.region, account: topic.account },
    }
}

/// Objects from S3.
#[must_use]
pub fn objects(configuration: &SdkConfig) -> S3 {
    S3::new(aws_sdk_s3::Client::new(configuration))
}
