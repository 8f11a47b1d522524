//! The AWS account of a command: region, profile and endpoint, as other AWS tools accept them.

use std::io;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use clap::Args;
use pivotwatch::clients;

/// The options for AWS.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "AWS")]
pub(crate) struct AwsArguments {
    /// The region of the deployment; by default that of the environment or the profile.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// The profile with the credentials; by default that of the environment.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// The URL of AWS, such as that of a local DynamoDB.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

/// No region is configured.
#[derive(Debug, thiserror::Error)]
#[error("no AWS region is configured: name it by --region, by AWS_REGION, or in the profile")]
pub(crate) struct NoRegion;

/// The runtime of requests did not start.
#[derive(Debug, thiserror::Error)]
#[error("the asynchronous runtime cannot start: {0}")]
pub(crate) struct NoRuntime(io::Error);

/// Runs an action that sends requests.
pub(crate) fn block_on<T, F: From<NoRuntime>>(action: impl Future<Output = Result<T, F>>) -> Result<T, F> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(NoRuntime)?.block_on(action)
}

impl AwsArguments {
    /// The configuration of AWS clients. Unlike the functions' one it has the SDK's whole chain of credentials.
    pub(crate) async fn configuration(&self) -> Result<SdkConfig, NoRegion> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(clients::http_client())
            .timeout_config(clients::timeouts());
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint) = &self.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        let configuration = loader.load().await;
        if configuration.region().is_some() { Ok(configuration) } else { Err(NoRegion) }
    }
}
