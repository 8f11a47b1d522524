//! Any bytes at all: telling shapes apart, compression, and whatever a mutation of the examples comes to.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|object: &[u8]| pivotwatch_fuzz::read(object));
