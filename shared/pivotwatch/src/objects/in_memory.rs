//! Objects in memory, for tests.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use super::{Body, ObjectAddress, Objects, OpenFault};
use crate::input::Interrupted;

/// Objects by key, in a single bucket. A transfer can be set to fail.
#[derive(Clone, Debug, Default)]
pub struct InMemoryObjects {
    objects: BTreeMap<String, Vec<u8>>,
    interrupted: BTreeMap<String, usize>,
}

impl InMemoryObjects {
    /// Puts an object, and replaces the one with the same key.
    pub fn put(&mut self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.objects.insert(key.to_owned(), bytes.into());
    }

    /// Makes the transfer of an object fail `after` some bytes.
    pub fn interrupt(&mut self, key: &str, after: usize) {
        self.interrupted.insert(key.to_owned(), after);
    }
}

impl Objects for InMemoryObjects {
    async fn open(&self, address: &ObjectAddress) -> Result<Body, OpenFault> {
        let mut bytes = self.objects.get(&address.key).cloned().ok_or(OpenFault::NotFound)?;
        match self.interrupted.get(&address.key) {
            None => Ok(Body::of(Cursor::new(bytes))),
            Some(after) => {
                bytes.truncate(*after);
                Ok(Body::of(Cursor::new(bytes).chain(Broken)))
            }
        }
    }
}

/// A reader that fails as a lost connection does.
struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(Interrupted("connection reset".to_owned()).into())
    }
}
