//! Telling people: what an incident's message says, and sending it.

mod escape;
mod in_memory;
mod mail;
#[cfg(feature = "sdk")]
mod sns;

pub use escape::escape_for_display;
pub use in_memory::InMemoryNotifier;
pub use mail::{Message, TableLocation, message};
#[cfg(feature = "sdk")]
pub use sns::Sns;

/// The message could not be sent. Worth trying again: a topic that is throttled or away comes back, and a missing
/// permission is mended by somebody.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the incident could not be published: {0}; see whether the topic exists and the role may publish to it")]
pub struct PublishError(pub String);

impl PublishError {
    /// A stable name for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "notify.unavailable"
    }
}

/// Where messages go.
pub trait Notifier: Send + Sync {
    /// Sends one message.
    fn publish(&self, message: &Message) -> impl Future<Output = Result<(), PublishError>> + Send;
}
