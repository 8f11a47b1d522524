//! Objects in S3: parses the notifications about them, and reads their bytes.

mod body;
mod in_memory;
mod notification;
#[cfg(feature = "sdk")]
mod s3;

pub use body::{Body, Piece};
pub use in_memory::InMemoryObjects;
pub use notification::{Notification, Notifications, notifications};
#[cfg(feature = "sdk")]
pub use s3::S3;

use std::fmt;

/// The address of an object, or of a version of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectAddress {
    /// The bucket's name.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version in the event, if the bucket keeps versions.
    pub version: Option<String>,
    /// The region of the bucket, if the event has it.
    pub region: Option<String>,
}

impl fmt::Display for ObjectAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Why an object cannot be opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenFault {
    /// The object, or the version, was deleted.
    #[error("the object was deleted before it could be read")]
    NotFound,
    /// The object is in an archive.
    #[error("the object is archived; restore it, then copy it onto itself so that it is notified again")]
    Archived,
    /// S3 did not answer, or refused the request. A retry can succeed.
    #[error("S3 did not return the object: {0}; see whether the role may read it, and use its key if it is encrypted")]
    Unavailable(String),
}

/// A source of objects.
pub trait Objects: Send + Sync {
    /// Opens an object for reading from its beginning to its end.
    fn open(&self, address: &ObjectAddress) -> impl Future<Output = Result<Body, OpenFault>> + Send;
}
