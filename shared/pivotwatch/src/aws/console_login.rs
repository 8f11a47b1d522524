//! Parses `ConsoleLogin` records.
//!
//! Fields:
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>.
//! Each kind of login lacks some fields. Root users have no `userName`, Identity Center has no `LoginTo`, failures have
//! no `arn` and sometimes no `responseElements`. Fields are therefore looked up one by one, and may have any type.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::outcome::{TrailIgnored, TrailOutcome, TrailRejected};
use crate::detection::account::{AccountName, Principal};
use crate::detection::{Address, Day, FailedLogin, Login};
use crate::input::object_text::{self, MOST_MEMBERS};

/// Parses a CloudTrail record. Event name and result are compared without regard to case, as in the rule.
#[must_use]
pub fn parse(record: &Value) -> TrailOutcome {
    if !is_login(text(record, "/eventName")) {
        return TrailOutcome::Ignored(TrailIgnored::NotAConsoleLogin);
    }
    let record = &*with_objects(record);
    let login_result = login_result(record);
    let has_succeeded = login_result.eq_ignore_ascii_case("Success");
    if !has_succeeded && !login_result.eq_ignore_ascii_case("Failure") {
        return if has_no_result(record) {
            TrailOutcome::Ignored(TrailIgnored::NoResult)
        } else {
            TrailOutcome::Rejected(TrailRejected::UnknownResult)
        };
    }
    let address = text(record, "/sourceIPAddress");
    let Ok(source_ip_address) = Address::parse(address) else {
        return if is_name_of_aws(address) {
            TrailOutcome::Ignored(TrailIgnored::NoAddress)
        } else {
            TrailOutcome::Rejected(TrailRejected::BadAddress)
        };
    };
    let Some(time) = time(text(record, "/eventTime")).filter(|time| Day::is_plausible(*time)) else {
        return TrailOutcome::Rejected(TrailRejected::NoTime);
    };
    let user_identity_arn = text(record, "/userIdentity/arn");
    let account = AccountName::of(&Principal {
        principal_id: text(record, "/userIdentity/principalId"),
        user_name: text(record, "/userIdentity/userName"),
        arn: user_identity_arn,
        resource_arn: text(record, "/resources/0/ARN"),
    });
    let owned = |path| text(record, path).to_owned();
    if !has_succeeded {
        let user = Some(account.full()).filter(|user| user != HIDDEN_USER).unwrap_or_default();
        return TrailOutcome::FailedLogin(FailedLogin { event_id: event_id(record), time, source_ip_address, user });
    }
    TrailOutcome::Login(Box::new(Login {
        event_id: event_id(record),
        time,
        source_ip_address,
        login_result: login_result.to_owned(),
        event_type_name: owned("/eventType"),
        user_identity_type: owned("/userIdentity/type"),
        user_identity_arn: user_identity_arn.to_owned(),
        user_identity_account_id: owned("/userIdentity/accountId"),
        recipient_account_id: owned("/recipientAccountId"),
        account_name: account.name,
        account_upn_suffix: account.upn_suffix,
        aws_region: owned("/awsRegion"),
        user_agent: owned("/userAgent"),
        mfa_used: owned("/additionalEventData/MFAUsed"),
    }))
}

/// What CloudTrail writes in place of a user name that the account does not have: it could be a password.
const HIDDEN_USER: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Whether an event with this name is a console login, successful or not.
pub(super) fn is_login(event_name: &str) -> bool {
    event_name.eq_ignore_ascii_case("ConsoleLogin")
}

/// The record, in which some tools write objects as text.
fn with_objects(record: &Value) -> Cow<'_, Value> {
    let mut record = Cow::Borrowed(record);
    for name in ["responseElements", "additionalEventData", "userIdentity"] {
        let text = record.get(name).and_then(Value::as_str);
        if let Some(object) = text.and_then(object) {
            record.to_mut()[name] = object;
        }
    }
    record
}

/// The object that a text states, in JSON or in the notation of another tool.
fn object(text: &str) -> Option<Value> {
    let members = || {
        let mut members = serde_json::Map::new();
        for (index, (name, value)) in object_text::members(text).enumerate() {
            // Of more members, only some would be compared.
            if index == MOST_MEMBERS {
                return None;
            }
            let value = Value::from(value);
            let earlier = members.entry(name).or_insert_with(|| value.clone());
            // Such text quotes nothing, so a value that somebody chose can look like a further member.
            if *earlier != value {
                *earlier = Value::Null;
            }
        }
        (!members.is_empty()).then_some(Value::Object(members))
    };
    serde_json::from_str(text).ok().or_else(members)
}

/// Whether CloudTrail wrote no result, or another one than a success or a failure. Without `responseElements`, or with
/// another type, a tool has changed the record.
fn has_no_result(record: &Value) -> bool {
    match record.get("responseElements") {
        Some(Value::Object(_)) => {
            let result = text(record, "/responseElements/ConsoleLogin");
            !result.is_empty() && result.bytes().all(|byte| byte.is_ascii_alphabetic())
        }
        elements => elements.is_some_and(Value::is_null),
    }
}

/// Whether a text is a name that CloudTrail writes in place of an address. Any other text is an address with an error,
/// or a mask.
fn is_name_of_aws(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text == "aws internal" || text.contains(".amazonaws.com")
}

/// The time of an event: as CloudTrail writes it, or without a zone as query engines write it in UTC.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let bare = |form| NaiveDateTime::parse_from_str(text.trim_end_matches(" UTC"), form).ok();
    let zoned = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    zoned.or_else(|| Some(bare("%Y-%m-%d %H:%M:%S%.f").or_else(|| bare("%Y-%m-%dT%H:%M:%S%.f"))?.and_utc()))
}

/// The result of a login. A failed one can have a message in its place.
fn login_result(record: &Value) -> &str {
    match text(record, "/responseElements/ConsoleLogin").trim() {
        "" if !text(record, "/errorMessage").is_empty() => "Failure",
        result => result,
    }
}

fn text<'a>(record: &'a Value, path: &str) -> &'a str {
    record.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// CloudTrail's `eventID`. If it is missing, or too long for a key, returns a hash of the record, so that the login is
/// not lost. Equal records have the same hash.
fn event_id(record: &Value) -> String {
    match text(record, "/eventID") {
        event_id if !(1..=128).contains(&event_id.len()) => {
            Uuid::new_v5(&Uuid::NAMESPACE_OID, record.to_string().as_bytes()).to_string()
        }
        event_id => event_id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Value {
        json!({
            "eventVersion": "1.08",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "AIDAEXAMPLE",
                "arn": "arn:aws:iam::111122223333:user/alice",
                "accountId": "111122223333",
                "userName": "alice",
            },
            "eventTime": "2026-03-02T08:01:02Z",
            "eventSource": "signin.amazonaws.com",
            "eventName": "ConsoleLogin",
            "awsRegion": "eu-north-1",
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "Mozilla/5.0",
            "requestParameters": null,
            "responseElements": {"ConsoleLogin": "Success"},
            "additionalEventData": {"MobileVersion": "No", "MFAUsed": "No"},
            "eventID": "8a8cf6a0-5d0c-4f6d-9d3e-6f0d3a1b2c3d",
            "eventType": "AwsConsoleSignIn",
            "recipientAccountId": "111122223333",
        })
    }

    fn with(path: &str, value: Value) -> Value {
        let mut record = record();
        let (parent, key) = path.rsplit_once('/').unwrap();
        record.pointer_mut(parent).unwrap()[key] = value;
        record
    }

    fn without(key: &str) -> Value {
        let mut record = record();
        record.as_object_mut().unwrap().remove(key);
        record
    }

    fn login(record: &Value) -> Login {
        match parse(record) {
            TrailOutcome::Login(login) => *login,
            other => panic!("{other:?} for {record}"),
        }
    }

    #[test]
    fn an_iam_users_login_is_parsed() {
        insta::assert_json_snapshot!(login(&record()));
    }

    #[test]
    fn success_and_event_name_are_compared_without_case() {
        login(&with("/eventName", json!("consolelogin")));
        login(&with("/responseElements/ConsoleLogin", json!("SUCCESS")));
    }

    #[test]
    fn root_is_named_by_its_arn() {
        let identity = json!({"type": "Root", "principalId": "1", "arn": "arn:aws:iam::1:root", "accountId": "1"});
        let login = login(&with("/userIdentity", identity));
        assert_eq!(login.account_name, "arn:aws:iam::1:root");
    }

    #[test]
    fn an_identity_center_user_is_named_by_the_session() {
        let arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@contoso.example";
        let identity = json!({"type": "AssumedRole", "principalId": "AROA:alice@contoso.example", "arn": arn});
        let login = login(&with("/userIdentity", identity));
        assert_eq!((login.account_name.as_str(), login.account_upn_suffix.as_str()), ("alice", "contoso.example"));
    }

    #[test]
    fn a_login_without_optional_fields_is_parsed() {
        for key in ["userIdentity", "userAgent", "additionalEventData", "recipientAccountId", "awsRegion", "eventType"]
        {
            login(&without(key));
        }
    }

    #[test]
    fn objects_that_a_pipeline_wrote_as_text_are_read() {
        let mut as_text = record();
        for name in ["responseElements", "additionalEventData", "userIdentity"] {
            as_text[name] = json!(as_text[name].to_string());
        }
        assert_eq!(login(&as_text), login(&record()));
    }

    #[test]
    fn objects_in_the_notation_of_other_tools_are_read() {
        let arn = "arn:aws:iam::111122223333:user/alice";
        for [result, data, identity] in [
            [
                "@{ConsoleLogin=Success}".to_owned(),
                "@{MobileVersion=No; MFAUsed=No}".to_owned(),
                format!(
                    "@{{type=IAMUser; principalId=AIDAEXAMPLE; arn={arn}; accountId=111122223333; userName=alice}}"
                ),
            ],
            [
                "{'ConsoleLogin': 'Success'}".to_owned(),
                "{'MobileVersion': 'No', 'MFAUsed': 'No'}".to_owned(),
                format!("{{'type': 'IAMUser', 'arn': '{arn}', 'accountId': '111122223333', 'userName': 'alice'}}"),
            ],
            [
                "{ConsoleLogin=Success}".to_owned(),
                "{MobileVersion=No, MFAUsed=No}".to_owned(),
                format!("{{type=IAMUser, arn={arn}, accountId=111122223333, userName=alice}}"),
            ],
        ] {
            let mut as_text = with("/responseElements", json!(result));
            as_text["additionalEventData"] = json!(data);
            as_text["userIdentity"] = json!(identity);
            assert_eq!(login(&as_text), login(&record()), "{result}");
        }
    }

    #[test]
    fn the_members_of_an_inner_object_are_not_those_of_the_outer_one() {
        let arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ann@contoso.example";
        let issuer = "{'type': 'Role', 'arn': 'arn:aws:iam::111122223333:role/x', 'userName': 'x'}";
        for identity in [
            format!(
                "{{'type': 'AssumedRole', 'arn': '{arn}', 'sessionContext': {{'sessionIssuer': {issuer}, 'a': {{}}}}}}"
            ),
            format!(
                "{{sessionContext={{sessionIssuer={{type=Role, userName=x}}, a={{}}}}, type=AssumedRole, arn={arn}}}"
            ),
        ] {
            let login = login(&with("/userIdentity", json!(identity)));
            assert_eq!((login.account_name.as_str(), login.user_identity_arn.as_str()), ("ann", arn), "{identity}");
        }
    }

    #[test]
    fn a_result_that_a_tool_removed_or_rewrote_is_a_rejection() {
        let rejected = TrailOutcome::Rejected(TrailRejected::UnknownResult);
        for result in [
            json!("{...}"),
            json!("System.Object"),
            json!("@{}"),
            json!("Success"),
            json!("@{ConsoleLogin=Failure; ConsoleLogin=Success}"),
            json!(["Success"]),
            json!([{"Key": "ConsoleLogin", "Value": "Success"}]),
            json!({}),
            json!({"ConsoleLogin": {"S": "Success"}}),
            json!({"ConsoleLogin": "[REDACTED]"}),
            json!(7),
        ] {
            assert_eq!(parse(&with("/responseElements", result.clone())), rejected, "{result}");
        }
        assert_eq!(parse(&without("responseElements")), rejected);
    }

    /// The person who logs in chooses a part of `LoginTo`.
    #[test]
    fn a_value_that_looks_like_a_further_member_decides_nothing() {
        let many: String = (0..70).map(|number| format!(";a{number}=1")).collect::<Vec<_>>().concat();
        for data in [
            "@{LoginTo=https://console.aws.amazon.com/?x=1;MFAUsed=Yes; MobileVersion=No; MFAUsed=No}".to_owned(),
            "{LoginTo=https://console.aws.amazon.com/?x=1,MFAUsed=Yes, MobileVersion=No, MFAUsed=No}".to_owned(),
            format!("@{{LoginTo=https://console.aws.amazon.com/?x=1;MFAUsed=Yes{many}; MobileVersion=No; MFAUsed=No}}"),
        ] {
            assert_eq!(login(&with("/additionalEventData", json!(data))).mfa_used, "", "{data}");
        }
    }

    #[test]
    fn a_time_in_the_notation_of_a_query_engine_is_in_utc() {
        for time in [
            "2026-03-02 08:01:02.000000000",
            "2026-03-02 08:01:02",
            "2026-03-02 08:01:02.000 UTC",
            "2026-03-02T08:01:02",
        ] {
            assert_eq!(login(&with("/eventTime", json!(time))), login(&record()), "{time}");
        }
    }

    #[test]
    fn an_invalid_address_is_a_rejection_and_a_name_is_none() {
        let rejected = TrailOutcome::Rejected(TrailRejected::BadAddress);
        for address in [
            json!("203.000.113.007"),
            json!("203.0.113.XXX"),
            json!("203.0.113.256"),
            json!("2001:db8:::1"),
            json!("\"203.0.113.7\""),
            json!(""),
            json!(["203.0.113.7"]),
            json!("[REDACTED]"),
            json!("unknown"),
            json!("203.0.113.7 (proxy)"),
        ] {
            assert_eq!(parse(&with("/sourceIPAddress", address.clone())), rejected, "{address}");
        }
        assert_eq!(parse(&without("sourceIPAddress")), rejected);
        for name in ["AWS Internal", "signin.amazonaws.com"] {
            let ignored = TrailOutcome::Ignored(TrailIgnored::NoAddress);
            assert_eq!(parse(&with("/sourceIPAddress", json!(name))), ignored, "{name}");
        }
    }

    #[test]
    fn an_error_instead_of_a_result_is_a_failure() {
        let mut failed = with("/responseElements", json!(null));
        failed["errorMessage"] = json!("Failed authentication");
        assert!(matches!(parse(&failed), TrailOutcome::FailedLogin(_)));
    }

    fn failed(identity: &Value) -> FailedLogin {
        let mut record = with("/responseElements/ConsoleLogin", json!("Failure"));
        record["userIdentity"] = identity.clone();
        match parse(&record) {
            TrailOutcome::FailedLogin(failed) => failed,
            other => panic!("{other:?} for {record}"),
        }
    }

    #[test]
    fn a_failed_login_names_its_user_unless_cloudtrail_hides_it() {
        for (identity, user) in [
            (json!({"type": "IAMUser", "principalId": "AIDAEXAMPLE", "userName": "alice"}), "alice"),
            (json!({"type": "IAMUser", "userName": "alice@contoso.example"}), "alice@contoso.example"),
            (json!({"type": "Root", "principalId": "1", "arn": "arn:aws:iam::1:root"}), "arn:aws:iam::1:root"),
            (json!({"type": "IAMUser", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}), ""),
        ] {
            let expected = FailedLogin {
                event_id: "8a8cf6a0-5d0c-4f6d-9d3e-6f0d3a1b2c3d".to_owned(),
                time: DateTime::parse_from_rfc3339("2026-03-02T08:01:02Z").unwrap().to_utc(),
                source_ip_address: Address::parse("203.0.113.7").unwrap(),
                user: user.to_owned(),
            };
            assert_eq!(failed(&identity), expected, "{identity}");
        }
    }

    #[test]
    fn a_login_without_an_event_id_gets_one_of_its_own() {
        let one = login(&without("eventID"));
        assert_eq!(one.event_id, login(&without("eventID")).event_id);
        let mut other = without("eventID");
        other["userAgent"] = json!("another");
        assert_ne!(one.event_id, login(&other).event_id);
    }

    #[test]
    fn every_other_record_has_its_reason() {
        for (record, outcome) in [
            (with("/eventName", json!("SwitchRole")), TrailOutcome::Ignored(TrailIgnored::NotAConsoleLogin)),
            (with("/eventName", json!("CheckMfa")), TrailOutcome::Ignored(TrailIgnored::NotAConsoleLogin)),
            (without("eventName"), TrailOutcome::Ignored(TrailIgnored::NotAConsoleLogin)),
            (with("/responseElements/ConsoleLogin", json!("Maybe")), TrailOutcome::Ignored(TrailIgnored::NoResult)),
            (with("/responseElements", json!(null)), TrailOutcome::Ignored(TrailIgnored::NoResult)),
            (with("/sourceIPAddress", json!("AWS Internal")), TrailOutcome::Ignored(TrailIgnored::NoAddress)),
            (with("/sourceIPAddress", json!("signin.amazonaws.com")), TrailOutcome::Ignored(TrailIgnored::NoAddress)),
            (without("eventTime"), TrailOutcome::Rejected(TrailRejected::NoTime)),
            (with("/eventTime", json!("...")), TrailOutcome::Rejected(TrailRejected::NoTime)),
            (with("/eventTime", json!(1_700_000_000)), TrailOutcome::Rejected(TrailRejected::NoTime)),
        ] {
            assert_eq!(parse(&record), outcome, "{record}");
        }
    }
}
