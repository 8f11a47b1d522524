//! Reads objects from S3.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use tokio::sync::mpsc::Sender;

use super::{Body, ObjectAddress, Objects, OpenFault, Piece};
use crate::error_chain::error_chain;
use crate::input::Interrupted;

/// Resumptions of a broken transfer without a single byte in between.
const RESUMPTIONS_WITHOUT_PROGRESS: u32 = 3;

/// Objects from S3, in the buckets of any region.
///
/// S3 serves a bucket only in its own region. The event has that region; otherwise S3's refusal in another region has
/// it. The SDK does not follow this redirect.
#[derive(Clone, Debug)]
pub struct S3 {
    client: Client,
    /// Clients for other regions, created on demand. They share the connections of `client`.
    others: Arc<Mutex<BTreeMap<String, Client>>>,
}

impl S3 {
    /// Objects that `client` may read. Other regions get clients with the same configuration.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, others: Arc::default() }
    }

    /// The client of a region.
    fn of_region(&self, region: &str) -> Client {
        if self.client.config().region().is_some_and(|own| own.as_ref() == region) {
            return self.client.clone();
        }
        // A panic elsewhere cannot leave the map inconsistent, since an entry is inserted with one call.
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let make =
            || Client::from_conf(self.client.config().to_builder().region(Region::new(region.to_owned())).build());
        others.entry(region.to_owned()).or_insert_with(make).clone()
    }
}

impl Objects for S3 {
    async fn open(&self, address: &ObjectAddress) -> Result<Body, OpenFault> {
        let client = address.region.as_deref().map_or_else(|| self.client.clone(), |region| self.of_region(region));
        let mut transfer = Transfer { client, address: address.clone() };
        let mut answer = transfer.begin().await;
        if let Some(region) = answer.as_ref().err().and_then(region_of_bucket) {
            transfer.client = self.of_region(region);
            answer = transfer.begin().await;
        }
        let answer = answer.map_err(|error| fault(&error))?;
        let (sender, body) = Body::channel();
        tokio::spawn(transfer.send(answer, sender));
        Ok(body)
    }
}

/// The region of the bucket, if S3 refused the request because of the region.
fn region_of_bucket(error: &GetError) -> Option<&str> {
    let answer = error.raw_response()?;
    // 301 PermanentRedirect, 307 TemporaryRedirect, 400 AuthorizationHeaderMalformed or
    // IllegalLocationConstraintException.
    if !matches!(answer.status().as_u16(), 301 | 307 | 400) {
        return None;
    }
    answer.headers().get("x-amz-bucket-region")
}

/// The transfer of one object.
struct Transfer {
    client: Client,
    address: ObjectAddress,
}

type GetError = SdkError<GetObjectError>;

impl Transfer {
    async fn begin(&self) -> Result<GetObjectOutput, GetError> {
        let ObjectAddress { bucket, key, version, .. } = &self.address;
        self.client.get_object().bucket(bucket).key(key).set_version_id(version.clone()).send().await
    }

    /// Requests the object from the offset `position` on, if it was not replaced meanwhile. Connections do break in the
    /// minutes that a large object takes, and a restart would parse it again.
    async fn resume(&self, position: u64, e_tag: Option<&str>) -> Result<GetObjectOutput, GetError> {
        let ObjectAddress { bucket, key, version, .. } = &self.address;
        self.client
            .get_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version.clone())
            .range(format!("bytes={position}-"))
            .set_if_match(e_tag.map(str::to_owned))
            .send()
            .await
    }

    /// Sends the pieces of the object until its end, or until the receiver is dropped.
    async fn send(self, answer: GetObjectOutput, sender: Sender<Piece>) {
        let e_tag = answer.e_tag.clone();
        let mut bytes = answer.body;
        let mut position = 0;
        let mut resumptions = 0;
        loop {
            let broken = match bytes.next().await {
                None => return,
                Some(Ok(piece)) => {
                    position += piece.len() as u64;
                    resumptions = 0;
                    if sender.send(Ok(piece)).await.is_err() {
                        return;
                    }
                    continue;
                }
                Some(Err(error)) => error_chain(&error),
            };
            if resumptions == RESUMPTIONS_WITHOUT_PROGRESS {
                let _ = sender.send(Err(Interrupted(broken))).await;
                return;
            }
            resumptions += 1;
            tracing::warn!(code = "object.resumed", object = %self.address, position, "a transfer broke off: {broken}");
            match self.resume(position, e_tag.as_deref()).await {
                Ok(rest) => bytes = rest.body,
                Err(error) => {
                    // Also if the object was replaced meanwhile: S3 notifies of the new one.
                    let _ = sender.send(Err(Interrupted(format!("{broken}; then: {}", error_chain(&error))))).await;
                    return;
                }
            }
        }
    }
}

fn fault(error: &GetError) -> OpenFault {
    match error.code() {
        // Without permission to list the bucket, S3 answers AccessDenied for a missing object; the role has it.
        // MethodNotAllowed is its answer for a delete marker.
        Some("NoSuchKey" | "NoSuchVersion" | "MethodNotAllowed") => OpenFault::NotFound,
        Some("InvalidObjectState") => OpenFault::Archived,
        _ => OpenFault::Unavailable(error_chain(error)),
    }
}
