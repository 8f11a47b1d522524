//! The AWS clients, and the pipeline on AWS.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::notify::Sns;
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

/// An HTTP client. Reading the system's certificates is the largest part of a cold start, and is done once for each.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// The configuration that all clients share, its HTTP client included.
pub async fn configuration() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(TRY).operation_timeout(ALL_TRIES).build();
    aws_config::defaults(BehaviorVersion::latest()).http_client(http_client()).timeout_config(timeouts).load().await
}

/// The pipeline as the settings want it.
#[must_use]
pub fn pipeline(settings: Settings, configuration: &SdkConfig) -> OnAws {
    let Settings { table, topic_arn, rule, retention, limits } = settings;
    let dynamodb = aws_sdk_dynamodb::Client::new(configuration);
    Pipeline {
        store: DynamoDb::new(dynamodb, table.clone(), retention, rule.threshold),
        notifier: Sns::new(aws_sdk_sns::Client::new(configuration), topic_arn),
        surroundings: System,
        rule,
        limits,
        table,
    }
}

/// Objects from S3.
#[must_use]
pub fn objects(configuration: &SdkConfig) -> S3 {
    S3::new(aws_sdk_s3::Client::new(configuration))
}
