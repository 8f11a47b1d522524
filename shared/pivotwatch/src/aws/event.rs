//! Finds the CloudTrail record in an event.

use serde_json::Value;

/// The CloudTrail record in an event, or `None` if the event has none.
///
/// EventBridge wraps the record as `detail`. AWS documents two values of `detail-type` ("Sign In" and "Signin"), and a
/// custom input or a replay can lack it. The record's own fields therefore decide.
#[must_use]
pub fn record_of(event: &Value) -> Option<&Value> {
    [event.get("detail"), Some(event)].into_iter().flatten().find(|record| record.get("eventName").is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_record_is_found_in_any_envelope() {
        let record = json!({"eventName": "ConsoleLogin"});
        for event in [
            json!({"detail-type": "AWS Console Sign In via CloudTrail", "source": "aws.signin", "detail": record}),
            json!({"detail-type": "AWS Console Signin via CloudTrail", "source": "aws.signin", "detail": record}),
            json!({"detail": record}),
            record.clone(),
        ] {
            assert_eq!(record_of(&event), Some(&record), "{event}");
        }
    }

    #[test]
    fn an_event_of_another_kind_has_none() {
        for event in [json!({}), json!(null), json!([1]), json!("text"), json!({"Records": []}), json!({"detail": {}})]
        {
            assert_eq!(record_of(&event), None, "{event}");
        }
    }
}
