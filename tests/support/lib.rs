//! What the suites share: facts to tell, a DynamoDB to keep them in, and a world whose time they decide.

pub mod dynamodb;
pub mod facts;
pub mod world;
