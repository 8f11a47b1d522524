//! Objects from S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;

use super::{Body, ObjectAddress, Objects, OpenFault};
use crate::causes::causes;
use crate::input::Interrupted;

/// Objects from S3.
#[derive(Clone, Debug)]
pub struct S3 {
    client: Client,
}

impl S3 {
    /// Objects that `client` may read.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl Objects for S3 {
    async fn open(&self, address: &ObjectAddress) -> Result<Body, OpenFault> {
        let mut bytes = self
            .client
            .get_object()
            .bucket(&address.bucket)
            .key(&address.key)
            .set_version_id(address.version.clone())
            .send()
            .await
            .map_err(|error| fault(&error))?
            .body;
        let (sender, body) = Body::channel();
        tokio::spawn(async move {
            while let Some(piece) = bytes.next().await {
                let piece = piece.map(|bytes| bytes.to_vec()).map_err(|error| Interrupted(causes(&error)));
                let last = piece.is_err();
                if sender.send(piece).await.is_err() || last {
                    break;
                }
            }
        });
        Ok(body)
    }
}

fn fault(error: &SdkError<GetObjectError>) -> OpenFault {
    match error.code() {
        // Without permission to list the bucket, S3 answers AccessDenied for a missing object; the role has it.
        // MethodNotAllowed is its answer for the marker that a deletion leaves behind.
        Some("NoSuchKey" | "NoSuchVersion" | "MethodNotAllowed") => OpenFault::NotFound,
        Some("InvalidObjectState") => OpenFault::Archived,
        _ => OpenFault::Unavailable(causes(error)),
    }
}
