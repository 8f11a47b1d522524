//! Messages kept in memory, for tests and for the rule on a laptop.

use std::sync::{Mutex, PoisonError};

use super::{Message, Notifier, PublishError};

/// Messages as they were sent.
#[derive(Debug, Default)]
pub struct InMemoryNotifier {
    messages: Mutex<Vec<Message>>,
}

impl InMemoryNotifier {
    /// The messages so far.
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
}
