//! Which log a sign-in comes from, by whatever says it.

use super::row::{Role, Row};
use crate::detection::Source;

/// Where a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// One of the logs of sign-ins.
    Source(Source),
    /// A log of sign-ins that pivotwatch does not know.
    UnknownSignIns,
    /// Another log.
    OtherLog,
}

/// The origin of a record, by the first of these that it tells: the log's name, the table's, what kind of sign-in it was,
/// and whether somebody was asked for something. Microsoft calls the last one deprecated, and it is wrong for a third of
/// the records whose log is known; it is all that Graph's v1.0 has.
///
/// A table that the portal exports says nothing of the kind, nor does a query's result that leaves the columns out. The
/// object's name says it then, where it is one that Microsoft gives; and where that is silent too, the record counts
/// as interactive, the first of the logs that the portal and the rule name.
pub(super) fn origin(row: &Row<'_>, name: &str) -> Origin {
    of_log(row.get(Role::Category).as_bytes())
        .or_else(|| of_log(row.get(Role::Table).as_bytes()))
        .or_else(|| of_event_types(row.get(Role::EventTypes)))
        .or_else(|| of_interactive(row.get(Role::Interactive)))
        .or_else(|| of_name(name))
        .or_else(|| of_service_principal(row.get(Role::ServicePrincipalId)))
        .unwrap_or(Origin::Source(Source::Interactive))
}

const LOGS: [(&[u8], Source); 5] = [
    (b"SignInLogs", Source::Interactive),
    (b"NonInteractiveUserSignInLogs", Source::NonInteractive),
    (b"ServicePrincipalSignInLogs", Source::ServicePrincipal),
    (b"ManagedIdentitySignInLogs", Source::ManagedIdentity),
    (b"ADFSSignInLogs", Source::Adfs),
];

/// By the name of a category or of a table, `SignInLogs` or `AADNonInteractiveUserSignInLogs`. Azure has changed their
/// case before.
pub(super) fn of_log(log: &[u8]) -> Option<Origin> {
    if log.is_empty() {
        return None;
    }
    let log = match log.split_first_chunk() {
        Some((prefix, rest)) if (prefix as &[u8; 3]).eq_ignore_ascii_case(b"AAD") => rest,
        _ => log,
    };
    let known = LOGS.iter().find(|(name, _)| log.eq_ignore_ascii_case(name));
    let is_of_sign_ins = log.last_chunk().is_some_and(|end: &[u8; 10]| end.eq_ignore_ascii_case(b"SignInLogs"));
    Some(match known {
        Some((_, source)) => Origin::Source(*source),
        None if is_of_sign_ins => Origin::UnknownSignIns,
        None => Origin::OtherLog,
    })
}

/// By the kinds of a sign-in, a list as Graph and Defender write it: the first one that is known.
fn of_event_types(kinds: &str) -> Option<Origin> {
    let mut words = kinds.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    words.peek()?;
    let source = words.find_map(|word| match word.to_ascii_lowercase().as_str() {
        "interactiveuser" => Some(Source::Interactive),
        "noninteractiveuser" => Some(Source::NonInteractive),
        "serviceprincipal" => Some(Source::ServicePrincipal),
        "managedidentity" => Some(Source::ManagedIdentity),
        _ => None,
    });
    Some(source.map_or(Origin::UnknownSignIns, Origin::Source))
}

fn of_interactive(answer: &str) -> Option<Origin> {
    match answer.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(Origin::Source(Source::Interactive)),
        "false" | "0" => Some(Origin::Source(Source::NonInteractive)),
        _ => None,
    }
}

/// By there being no person: an application, which the name could have told from an Azure resource.
fn of_service_principal(id: &str) -> Option<Origin> {
    if id.is_empty() { None } else { Some(Origin::Source(Source::ServicePrincipal)) }
}

/// By the names that the portal gives its downloads (`NonInteractiveSignIns_2026-03-01_2026-03-08.csv`), and Azure its
/// containers (`insights-logs-noninteractiveusersigninlogs`, `am-AADManagedIdentitySignInLogs`).
fn of_name(name: &str) -> Option<Origin> {
    let name = name.to_ascii_lowercase();
    [
        ("noninteractive", Source::NonInteractive),
        ("applicationsignins", Source::ServicePrincipal),
        ("serviceprincipalsignin", Source::ServicePrincipal),
        ("msisignins", Source::ManagedIdentity),
        ("managedidentitysignin", Source::ManagedIdentity),
        ("adfssignin", Source::Adfs),
    ]
    .into_iter()
    .find(|(part, _)| name.contains(part))
    .map(|(_, source)| Origin::Source(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fields: &[(Role, &'static str)], name: &str) -> Origin {
        let mut row = Row::default();
        for (role, text) in fields {
            row.put(*role, (*text).into());
        }
        origin(&row, name)
    }

    #[test]
    fn what_a_record_says_best_decides() {
        use Origin::{OtherLog, Source as Is, UnknownSignIns};
        use Role::{Category, EventTypes, Interactive, Table};
        for (fields, expected) in [
            (&[(Category, "SignInLogs"), (Interactive, "false")][..], Is(Source::Interactive)),
            (&[(Category, "MicrosoftServicePrincipalSignInLogs")], UnknownSignIns),
            (&[(Table, "AADNonInteractiveUserSignInLogs"), (Interactive, "true")], Is(Source::NonInteractive)),
            (&[(Table, "SigninLogs")], Is(Source::Interactive)),
            (&[(Table, "AuditLogs")], OtherLog),
            (&[(EventTypes, "nonInteractiveUser "), (Interactive, "true")], Is(Source::NonInteractive)),
            (&[(EventTypes, "[\"interactiveUser\"]")], Is(Source::Interactive)),
            (&[(EventTypes, "unknownFutureValue interactiveUser")], Is(Source::Interactive)),
            (&[(EventTypes, "unknownFutureValue")], UnknownSignIns),
            (&[(EventTypes, "[]"), (Interactive, "FALSE")], Is(Source::NonInteractive)),
            (&[], Is(Source::Interactive)),
        ] {
            assert_eq!(told(fields, ""), expected, "{fields:?}");
        }
    }

    #[test]
    fn the_name_of_the_object_is_the_last_resort() {
        for (name, source) in [
            ("InteractiveSignIns_2026-03-01_2026-03-08.csv", Source::Interactive),
            ("exports/NonInteractiveSignIns_2026-03-01_2026-03-08.csv", Source::NonInteractive),
            ("MSISignIns_x.csv", Source::ManagedIdentity),
            ("ApplicationSignIns_x.csv", Source::ServicePrincipal),
            ("renamed.csv", Source::Interactive),
        ] {
            assert_eq!(told(&[], name), Origin::Source(source), "{name}");
            assert_eq!(told(&[(Role::Interactive, "False")], name), Origin::Source(Source::NonInteractive), "{name}");
        }
    }
}
