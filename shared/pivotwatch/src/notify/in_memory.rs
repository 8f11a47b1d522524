//! A notifier that keeps messages in memory, for tests and for the command line.

use std::sync::{Mutex, PoisonError};

use super::{Message, Notifier, PublishError};

/// The sent messages, in order.
#[derive(Debug, Default)]
pub struct InMemoryNotifier {
    messages: Mutex<Vec<Message>>,
}

impl InMemoryNotifier {
    /// The messages that were sent so far.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Notifier for InMemoryNotifier {
    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        Ok(())
    }

    async fn subscribers(&self) -> Result<u64, PublishError> {
        Ok(1)
    }
}
