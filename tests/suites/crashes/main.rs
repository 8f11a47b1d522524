//! Injects every fault into every call that an invocation makes to S3, DynamoDB and SNS, then delivers the event again,
//! as Lambda does. No incident is lost, each failure is counted once, and the number of calls stays bounded.

mod aws;
mod faults;
mod scenarios;
