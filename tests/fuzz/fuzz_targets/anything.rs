//! Any bytes: recognition of shapes, compression, and mutations of the examples.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|object: &[u8]| pivotwatch_fuzz::read(object));
