//! What the suites share: worlds and the rule's judgement of them, facts to tell, a DynamoDB to keep them in, and a
//! pipeline whose time they decide.

use proptest::test_runner::Config;

pub mod dynamodb;
pub mod facts;
pub mod judge;
pub mod pipeline;
pub mod store_contents;
pub mod worlds;

/// So many cases of a property, or as many as `PROPTEST_CASES` asks for.
#[must_use]
pub fn cases(usual: u32) -> Config {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => Config::default(),
        None => Config::with_cases(usual),
    }
}
