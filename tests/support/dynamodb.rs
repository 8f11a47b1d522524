//! DynamoDB in this process: dynoxide, which evaluates the real expressions and conditions.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use chrono::TimeDelta;
use pivotwatch::store::DynamoDb;
use serde_json::Value;
use tokio::net::TcpListener;

pub const TABLE: &str = "evidence";
pub const TUNING_TABLE: &str = "pivotwatch-tuning";

/// Starts an engine without a table. Returns its endpoint.
pub async fn engine() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let engine = dynoxide::Database::memory().unwrap();
    // It ends with the test's runtime.
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, engine, std::future::pending()));
    endpoint
}

/// An empty table. Returns the store, and a client to inspect its items.
pub async fn start() -> (DynamoDb, Client) {
    let endpoint = engine().await;
    let configuration = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(pivotwatch::clients::http_client())
        .endpoint_url(endpoint)
        .region(Region::from_static("eu-north-1"))
        .credentials_provider(Credentials::new("any", "any", None, None, "tests"))
        .build();
    let client = Client::from_conf(configuration);
    create_table(&client).await;
    (store(client.clone()), client)
}

/// The store over the table.
#[must_use]
pub fn store(client: Client) -> DynamoDb {
    DynamoDb::new(client, TABLE.to_owned(), TimeDelta::days(90), 5)
}

/// Creates the table of tuning entries as the deployments do.
pub async fn create_tuning_table(client: &Client) {
    client
        .create_table()
        .table_name(TUNING_TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(
            AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build().unwrap(),
        )
        .key_schema(KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap())
        .send()
        .await
        .unwrap();
}

/// Puts a tuning entry, as plain attributes.
pub async fn put_tuning_entry(client: &Client, entry: &Value) {
    let AttributeValue::M(item) = attribute(entry) else { panic!("{entry} is no entry") };
    client.put_item().table_name(TUNING_TABLE).set_item(Some(item)).send().await.unwrap();
}

/// Deletes the item of a tuning entry.
pub async fn delete_tuning_entry(client: &Client, entry: &Value) {
    client.delete_item().table_name(TUNING_TABLE).key("id", attribute(&entry["id"])).send().await.unwrap();
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(bool) => AttributeValue::Bool(*bool),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(attribute).collect()),
        Value::Object(members) => {
            AttributeValue::M(members.iter().map(|(name, value)| (name.clone(), attribute(value))).collect())
        }
    }
}

/// Creates the table as the deployments do.
pub async fn create_table(client: &Client) {
    let attribute =
        |name: &str, kind| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap();
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let by_day = GlobalSecondaryIndex::builder()
        .index_name("by_day")
        .key_schema(key("listed", KeyType::Hash))
        .key_schema(key("rank", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
        .unwrap();
    let unreported = GlobalSecondaryIndex::builder()
        .index_name("unreported")
        .key_schema(key("unreported", KeyType::Hash))
        .key_schema(key("rank", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("ip", ScalarAttributeType::S))
        .attribute_definitions(attribute("record", ScalarAttributeType::S))
        .attribute_definitions(attribute("listed", ScalarAttributeType::S))
        .attribute_definitions(attribute("unreported", ScalarAttributeType::S))
        .attribute_definitions(attribute("rank", ScalarAttributeType::N))
        .key_schema(key("ip", KeyType::Hash))
        .key_schema(key("record", KeyType::Range))
        .global_secondary_indexes(by_day)
        .global_secondary_indexes(unreported)
        .send()
        .await
        .unwrap();
}
