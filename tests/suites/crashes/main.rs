//! A crash at every step: for each call that an invocation makes to S3, DynamoDB or SNS, everything that can go wrong
//! with it, and then the event once more, as Lambda delivers it. No incident is lost, no failure counted wrong, and
//! nobody tries for ever.

mod aws;
mod faults;
mod scenarios;
