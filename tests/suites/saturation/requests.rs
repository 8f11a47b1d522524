//! The cost of one more login and of one more failure, by the number of the address's logins on that day. The cost is
//! in requests to DynamoDB, and in capacity units as the engine counts them.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use chrono::TimeDelta;
use pivotwatch::aws::{self, TrailOutcome};
use pivotwatch::objects::InMemoryObjects;
use pivotwatch::store::{DynamoDb, Store};
use pivotwatch_tests::dynamodb;
use pivotwatch_tests::facts::{console_login, event, failed, lines, noon, written};
use pivotwatch_tests::pipeline::pipeline;

/// Requests to DynamoDB, and their capacity units.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    reads: u32,
    read_units: f64,
    writes: u32,
    write_units: f64,
}

#[derive(Clone, Debug, Default)]
struct Meter(Arc<Mutex<Cost>>);

impl Meter {
    fn read(&self, capacity: Option<&ConsumedCapacity>) {
        let mut cost = self.0.lock().unwrap();
        cost.reads += 1;
        cost.read_units += units(capacity);
    }

    fn write(&self, capacity: Option<&ConsumedCapacity>) {
        let mut cost = self.0.lock().unwrap();
        cost.writes += 1;
        cost.write_units += units(capacity);
    }

    fn take(&self) -> Cost {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn units(capacity: Option<&ConsumedCapacity>) -> f64 {
    capacity.and_then(ConsumedCapacity::capacity_units).unwrap_or_default()
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _configuration: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let total = Some(ReturnConsumedCapacity::Total);
        let input = context.input_mut();
        if let Some(input) = input.downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = total;
        } else if let Some(input) = input.downcast_mut::<PutItemInput>() {
            input.return_consumed_capacity = total;
        } else if let Some(input) = input.downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = total;
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _configuration: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Ok(output) = context.output_or_error() else { return Ok(()) };
        if let Some(output) = output.downcast_ref::<GetItemOutput>() {
            self.read(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<PutItemOutput>() {
            self.write(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<QueryOutput>() {
            self.read(output.consumed_capacity());
        }
        Ok(())
    }
}

/// The cost of one more login and of one more failure at an address with this number of failures and logins.
async fn costs(failures: i64, logins: usize) -> [Cost; 2] {
    let meter = Meter::default();
    let (_, client) = dynamodb::start().await;
    let configuration = client.config().to_builder().interceptor(meter.clone()).build();
    let store: DynamoDb = dynamodb::store(aws_sdk_dynamodb::Client::from_conf(configuration));
    for number in 0..logins {
        let time = noon() + TimeDelta::seconds(i64::try_from(number % 3600).unwrap());
        match aws::parse_record(&console_login(&format!("login {number}"), time)) {
            TrailOutcome::Login(login) => drop(store.write_login(login.source_ip_address, &login).await.unwrap()),
            other => panic!("{other:?}"),
        }
    }
    let world = pipeline(store);
    let mut objects = InMemoryObjects::default();
    objects.put("failures.json", lines(&failed(failures, noon())));
    objects.put("one-more.json", lines(&failed(failures + 1, noon())));
    world.ingest(&objects, &written(&["failures.json"])).await.1.unwrap();

    meter.take();
    let (_, result) = world.detect(&event(&console_login("one more", noon() + TimeDelta::minutes(30)))).await;
    result.unwrap();
    let login = meter.take();
    world.ingest(&objects, &written(&["one-more.json"])).await.1.unwrap();
    [login, meter.take()]
}

#[tokio::test]
async fn what_a_login_costs_does_not_grow_with_the_logins_of_its_address() {
    println!("| address | logins | one more | requests | read units | write units |\n|---|---|---|---|---|---|");
    let numbers: &[usize] = if std::env::var_os("ALL_LOGINS").is_some() { &[0, 100, 10_000] } else { &[0, 100, 1_000] };
    for (kind, failures) in [("below the threshold", 3), ("above it", 60)] {
        let mut first_login = None;
        for logins in numbers {
            let [login, failure] = costs(failures, *logins).await;
            for (what, cost) in [("login", login), ("failure", failure)] {
                let Cost { reads, read_units, writes, write_units } = cost;
                println!("| {kind} | {logins} | {what} | {} | {read_units} | {write_units} |", reads + writes);
            }
            if failures < 6 {
                assert_eq!((login.writes, failure.writes), (1, 1), "a login or a tally, and nothing else");
                assert!(failure.read_units < 10.0, "no login is read: {failure:?}");
            }
            let first = *first_login.get_or_insert(login);
            assert!(login.read_units <= first.read_units + 10.0, "{logins} logins: {login:?} after {first:?}");
            assert!(login.write_units <= first.write_units + 20.0, "{logins} logins: {login:?} after {first:?}");
        }
    }
}
