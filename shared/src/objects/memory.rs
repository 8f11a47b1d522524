//! Objects in memory, for tests.

use std::collections::BTreeMap;

use super::{Body, ObjectAddress, OpenFault};
use crate::input::Interrupted;

/// Bytes by key, whatever the bucket. Their transfer can be made to break off.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    objects: BTreeMap<String, Vec<u8>>,
    interrupted: BTreeMap<String, usize>,
}

impl Objects {
    /// Puts an object, in place of the one that has this key.
    pub fn put(&mut self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.objects.insert(key.to_owned(), bytes.into());
    }

    /// Lets the transfer of an object break off after some bytes.
    pub fn interrupt(&mut self, key: &str, after: usize) {
        self.interrupted.insert(key.to_owned(), after);
    }
}

impl super::Objects for Objects {
    async fn open(&self, address: &ObjectAddress) -> Result<Body, OpenFault> {
        let mut bytes = self.objects.get(&address.key).cloned().ok_or(OpenFault::NotFound)?;
        let interrupted = self.interrupted.get(&address.key).copied();
        bytes.truncate(interrupted.unwrap_or(bytes.len()));
        let (sender, body) = Body::channel();
        // Two pieces always fit into the channel.
        let _ = sender.try_send(Ok(bytes));
        if interrupted.is_some() {
            let _ = sender.try_send(Err(Interrupted("connection reset".to_owned())));
        }
        Ok(body)
    }
}
