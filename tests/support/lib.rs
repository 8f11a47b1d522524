//! Shared by the suites: generated worlds and tuning entries, the judge, builders of facts, DynamoDB in this process,
//! and a pipeline with a virtual clock.

use proptest::test_runner::Config;

pub mod dynamodb;
pub mod facts;
pub mod judge;
pub mod pipeline;
pub mod store_contents;
pub mod tuning;
pub mod worlds;

/// The number of cases of a property: `PROPTEST_CASES`, by default `usual`.
#[must_use]
pub fn cases(usual: u32) -> Config {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => Config::default(),
        None => Config::with_cases(usual),
    }
}
