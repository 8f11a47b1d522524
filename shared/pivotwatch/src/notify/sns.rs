//! Publishes messages through SNS.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;

use serde_json::json;

use crate::error_chain::error_chain;

use super::{Message, Notifier, PublishError};

/// A topic.
#[derive(Clone, Debug)]
pub struct Sns {
    client: Client,
    topic_arn: String,
}

impl Sns {
    /// The topic with this ARN.
    #[must_use]
    pub fn new(client: Client, topic_arn: String) -> Self {
        Self { client, topic_arn }
    }
}

impl Notifier for Sns {
    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        let mut publish = self.client.publish().topic_arn(&self.topic_arn).subject(&message.subject);
        publish = publish.message_structure("json").message(message.forms());
        let texts = message.attributes.iter().map(|(name, value)| (*name, "String", value.clone()));
        let lists = message.lists.iter().map(|(name, values)| (*name, "String.Array", json!(values).to_string()));
        for (name, data_type, value) in texts.chain(lists) {
            let value = MessageAttributeValue::builder().data_type(data_type).string_value(value).build();
            publish = publish.message_attributes(name, value.map_err(|error| PublishError(error.to_string()))?);
        }
        publish.send().await.map_err(|error| PublishError(error_chain(&error)))?;
        Ok(())
    }

    async fn subscribers(&self) -> Result<u64, PublishError> {
        let topic = self.client.get_topic_attributes().topic_arn(&self.topic_arn).send().await;
        let topic = topic.map_err(|error| PublishError(error_chain(&error)))?;
        let confirmed = topic.attributes.as_ref().and_then(|attributes| attributes.get("SubscriptionsConfirmed"));
        let confirmed = confirmed.and_then(|number| number.parse().ok());
        confirmed.ok_or_else(|| PublishError("the topic has no number of confirmed subscriptions".to_owned()))
    }
}
