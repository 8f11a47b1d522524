//! The rule's columns, by the rule's own steps.

use pivotwatch::detection::Day;
use pivotwatch::detection::incident::Columns;
use uuid::Uuid;

use super::facts::Place;
use crate::worlds::TrailRecord;

/// The columns of a login that matches the failures of a place.
pub(super) fn columns(login: &TrailRecord, place: Place) -> [String; 11] {
    let [name, suffix] = account_name(login);
    let reason = match place {
        Place::Address(_) => "Multiple failed AAD logins from IP address",
        Place::Network(..) => "Multiple failed AAD logins from IPv6 network",
    };
    [
        reason,
        login.result,
        login.event_type,
        login.identity.kind,
        login.recipient_account_id,
        name,
        suffix,
        login.region,
        &place.text(),
        login.user_agent,
        login.mfa_used,
    ]
    .map(str::to_owned)
}

/// `AccountName` and `AccountUPNSuffix`.
pub(super) fn account_name(login: &TrailRecord) -> [&str; 2] {
    let identity = &login.identity;
    let arn = if identity.arn.is_empty() { identity.resource_arn } else { identity.arn };
    let user_name = arn.split('/').next_back().unwrap_or_default();
    let account_name = match identity {
        _ if identity.principal_id == "Anonymous" => "Anonymous",
        _ if identity.user_name.is_empty() => user_name,
        _ => identity.user_name,
    };
    let mut parts = account_name.split('@');
    [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()]
}

/// The id of the incident with these columns on the day of the login.
pub(super) fn id(columns: [String; 11], login: &TrailRecord) -> Uuid {
    let [reason, login_result, event_type_name, user_identity_type, recipient_account_id, rest @ ..] = columns;
    let [account_name, account_upn_suffix, aws_region, source_ip_address, user_agent, mfa_used] = rest;
    let columns = Columns {
        reason,
        login_result,
        event_type_name,
        user_identity_type,
        recipient_account_id,
        account_name,
        account_upn_suffix,
        aws_region,
        source_ip_address: source_ip_address.parse().expect("an address"),
        user_agent,
        mfa_used,
    };
    columns.id(Day::of(login.time))
}

/// `true` if an Entra user has the AWS user's name. Only the part before an `@` counts.
pub(super) fn is_named(user: &str, columns: &[String; 11]) -> bool {
    let name = columns[5].to_lowercase();
    !name.is_empty() && user.split('@').next() == Some(&name)
}
