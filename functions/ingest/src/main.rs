//! The Lambda function `ingest`: reads the sign-in exports of S3 notifications, and settles the addresses that failed.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn, tracing};
use pivotwatch::pipeline::{Deadline, Invocation, Runtime};
use pivotwatch::settings::Settings;
use pivotwatch::{clients, telemetry};
use serde_json::Value;

// One thread: a Lambda of this size has one processor. A second thread parses exports while this one waits for AWS.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let settings =
        Settings::from_environment().inspect_err(|faults| tracing::error!(code = faults.code(), "{faults}"))?;
    let configuration = clients::configuration().await;
    let pipeline = clients::pipeline(settings, &configuration);
    let objects = clients::objects(&configuration);

    // Untyped JSON: an event that fails to deserialise would never reach the function, which could not count it.
    run(service_fn(async |event: LambdaEvent<Value>| {
        let deadline = Deadline::before(event.context.deadline().into(), pipeline.runtime.now());
        let invocation = Invocation { request_id: &event.context.request_id, deadline };
        let (summary, answer) = pipeline.ingest_in(invocation, &objects, &event.payload).await;
        telemetry::print(&summary, "ingest", pipeline.runtime.now());
        answer.map_err(|error| Diagnostic { error_type: error.code().to_owned(), error_message: error.to_string() })
    }))
    .await
}
