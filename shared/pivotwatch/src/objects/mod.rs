//! Objects in S3: which ones an event tells of, and their bytes.

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

/// Which object, and which version of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectAddress {
    /// The bucket's name.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version that the event is about, where the bucket keeps versions.
    pub version: Option<String>,
    /// The region of the bucket, where the event says it.
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
    /// It was deleted, or the version was.
    #[error("the object is gone; it was deleted before it could be read")]
    NotFound,
    /// It lies in an archive.
    #[error("the object is archived; restore it, then copy it onto itself so that it is notified again")]
    Archived,
    /// S3 did not answer, or refused: worth trying again.
    #[error("S3 does not give the object: {0}; see whether the role may read it, and its key if it is encrypted")]
    Unavailable(String),
}

/// Where objects come from.
pub trait Objects: Send + Sync {
    /// Opens an object for reading from its beginning to its end.
    fn open(&self, address: &ObjectAddress) -> impl Future<Output = Result<Body, OpenFault>> + Send;
}
