//! Writes and publishes messages, in a form for each kind of reader, and escapes texts for display.
//!
//! | module | holds |
//! |---|---|
//! | [`message`] | a message in its forms, and their sizes |
//! | [`incident`], [`digest`], [`alive`], [`tuning`] | the kinds of messages |
//! | [`mail`], [`chat`], [`finding`] | the forms: for people, chats and machines |
//! | [`update`], [`words`], [`identity`], [`layout`], [`escape`] | what the forms share |
//! | [`deployment`] | what messages need to know about the deployment |
//! | `sns`, [`in_memory`] | the adapters |

mod alive;
#[cfg(test)]
mod cases;
mod chat;
mod deployment;
mod digest;
mod escape;
mod finding;
mod identity;
mod in_memory;
mod incident;
mod layout;
mod mail;
mod message;
#[cfg(feature = "sdk")]
mod sns;
mod tuning;
mod update;
mod words;

pub use alive::{Alive, alive_message};
pub use deployment::{Deployment, HttpsForm, TableLocation, UnknownHttpsForm};
pub use digest::{DIGEST_ADDRESSES, Digest, DigestEntry, digest_message, digests};
pub use escape::escape_for_display;
pub use in_memory::InMemoryNotifier;
pub use incident::incident_message;
pub use message::Message;
#[cfg(feature = "sdk")]
pub use sns::Sns;
pub use tuning::tuning_message;
pub use update::Update;

/// The message could not be sent. A retry can succeed, after the topic has recovered or somebody has added a missing
/// permission.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the message could not be published: {0}; see whether the topic exists and the role may publish to it")]
pub struct PublishError(pub String);

impl PublishError {
    /// The stable code for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "notify.unavailable"
    }
}

/// Sends messages.
pub trait Notifier: Send + Sync {
    /// Sends one message.
    fn publish(&self, message: &Message) -> impl Future<Output = Result<(), PublishError>> + Send;

    /// The number of confirmed subscribers. Their filter policies are not known.
    fn subscribers(&self) -> impl Future<Output = Result<u64, PublishError>> + Send;
}
