//! Determines the log that a record comes from.

use percent_encoding::percent_decode_str;

use super::fields::{FieldId, Fields};
use super::missing::is_type_name;
use crate::detection::Source;

/// The log that a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A known log of sign-ins.
    Source(Source),
    /// An unknown log of sign-ins.
    UnknownSignIns,
    /// A log without sign-ins.
    OtherLog,
}

/// The origin of a record, by the first of four fields that is present. These are the log's name, the table's name, the
/// kinds of the sign-in, and whether it was interactive. Microsoft calls the last field deprecated, and it is wrong for
/// a third of the records whose log is known. Graph's v1.0 has no other.
///
/// Users name the tables that a search fills (`Spray_SRCH`) or that hold copies (`SignIns_CL`). So the unknown name of
/// a table decides nothing about a row with the result and the address of a sign-in.
///
/// The portal's tables have none of these columns, and a query can omit them. Then the object's name decides, if it is
/// one of Microsoft's. Otherwise the record counts as interactive, the first log of the portal and of the rule.
///
/// A sign-in with the id of a service principal and without a user is an application's, however it signed in.
///
/// Analysts add columns too: a `Category` that names no log of sign-ins decides nothing where the table or the kinds
/// name one.
pub(super) fn origin(fields: &Fields<'_>, name: &str) -> Origin {
    let of_category = of_log(fields.get(FieldId::Category).as_bytes());
    let kinds = Some(fields.get(FieldId::EventTypes)).filter(|kinds| !is_type_name(kinds));
    let of_others = || of_table(fields).or_else(|| of_event_types(kinds?));
    match of_category {
        Some(Origin::OtherLog) => of_others().filter(|other| matches!(other, Origin::Source(_))).or(of_category),
        of_category => of_category.or_else(of_others),
    }
    .or_else(|| of_application(fields, name))
    .or_else(|| of_interactive(fields.get(FieldId::Interactive)))
    .or_else(|| of_name(name).filter(|origin| !is_of_application(*origin) || fields.get(FieldId::User).is_empty()))
    .or_else(|| of_service_principal(fields.get(FieldId::ServicePrincipalId)))
    .unwrap_or(Origin::Source(Source::Interactive))
}

/// By the name of the table, or of the table that a search copied the row from.
fn of_table(fields: &Fields<'_>) -> Option<Origin> {
    let original = of_log(fields.get(FieldId::OriginalTable).as_bytes());
    let is_results = original.is_none() && fields.is_of_search();
    let of_column = |id| of_log(fields.get(id).as_bytes());
    let named = || of_column(FieldId::NamedTable).filter(|origin| matches!(origin, Origin::Source(_)));
    let origin = original.or_else(|| of_column(FieldId::Table)).or_else(named)?;
    let has_sign_in = || fields.has_code() && !fields.get(FieldId::Address).is_empty();
    if origin == Origin::OtherLog && (is_results || has_sign_in()) { None } else { Some(origin) }
}

const LOGS: [(&[u8], Source); 5] = [
    (b"SignInLogs", Source::Interactive),
    (b"NonInteractiveUserSignInLogs", Source::NonInteractive),
    (b"ServicePrincipalSignInLogs", Source::ServicePrincipal),
    (b"ManagedIdentitySignInLogs", Source::ManagedIdentity),
    (b"ADFSSignInLogs", Source::Adfs),
];

/// By the name of a category or of a table, `SignInLogs` or `AADNonInteractiveUserSignInLogs`, in any case: Azure has
/// changed the case before.
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

/// By the kinds of a sign-in, a list in the notation of Graph or Defender: the first known kind decides.
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

/// Whether an application or an Azure resource signed in, which no user's name accompanies. So a folder named
/// `application sign-in failures` does not hide its users' failures.
fn is_of_application(origin: Origin) -> bool {
    matches!(origin, Origin::Source(Source::ServicePrincipal | Source::ManagedIdentity))
}

/// By the id of a service principal in a row without a user. Only the object's name can distinguish an application from
/// an Azure resource.
fn of_application(fields: &Fields<'_>, name: &str) -> Option<Origin> {
    let is_application = !fields.get(FieldId::ServicePrincipalId).is_empty() && fields.get(FieldId::User).is_empty();
    let of_object = || of_name(name).filter(|origin| is_of_application(*origin));
    is_application.then(|| of_object().unwrap_or(Origin::Source(Source::ServicePrincipal)))
}

fn of_interactive(answer: &str) -> Option<Origin> {
    match answer.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(Origin::Source(Source::Interactive)),
        "false" | "0" => Some(Origin::Source(Source::NonInteractive)),
        _ => None,
    }
}

/// By the id of a service principal beside a user.
fn of_service_principal(id: &str) -> Option<Origin> {
    if id.is_empty() { None } else { Some(Origin::Source(Source::ServicePrincipal)) }
}

/// By the object's name: those of the portal's downloads (`NonInteractiveSignIns_2026-03-01_2026-03-08.csv`) and of
/// Azure's containers (`insights-logs-noninteractiveusersigninlogs`, `am-AADManagedIdentitySignInLogs`), in any
/// spelling. The last part of the path that names one source decides, so a file's name outranks its folder's.
fn of_name(name: &str) -> Option<Origin> {
    let name = percent_decode_str(name).decode_utf8_lossy();
    name.rsplit(['/', '\\']).find_map(of_part).map(Origin::Source)
}

/// The source that a part of a path names, `None` if it names none or several.
fn of_part(part: &str) -> Option<Source> {
    const NAMES: [(&str, Source); 6] = [
        ("applicationsignin", Source::ServicePrincipal),
        ("serviceprincipalsignin", Source::ServicePrincipal),
        ("msisignin", Source::ManagedIdentity),
        ("managedidentitysignin", Source::ManagedIdentity),
        ("adfssignin", Source::Adfs),
        ("interactive", Source::Interactive),
    ];
    let letters: Vec<(usize, char)> = part.char_indices().filter(|(_, c)| c.is_alphanumeric()).collect();
    let text: String = letters.iter().map(|(_, c)| c.to_ascii_lowercase()).collect();
    let (letters, text) = (letters.as_slice(), text.as_str());
    let mut sources = NAMES.iter().flat_map(|(name, source)| {
        text.match_indices(name).map(move |(position, _)| match source {
            Source::Interactive if is_negated(letters, text[..position].chars().count()) => Source::NonInteractive,
            source => *source,
        })
    });
    let source = sources.next()?;
    sources.all(|other| other == source).then_some(source)
}

/// Whether `non` stands before the word at this index, and is no end of another word, as in `Lebanon_Interactive`.
/// `letters` have their positions in the part, which can have separators between them.
fn is_negated(letters: &[(usize, char)], index: usize) -> bool {
    let Some(non) = index.checked_sub("non".len()) else { return false };
    let begins_word = |index: usize| {
        let (position, letter) = letters[index];
        let Some((before, previous)) = index.checked_sub(1).map(|index| letters[index]) else { return true };
        let is_after_separator = position > before + previous.len_utf8();
        let is_before_lowercase = letters.get(index + 1).is_some_and(|(_, next)| next.is_lowercase());
        is_after_separator || letter.is_uppercase() && (previous.is_lowercase() || is_before_lowercase)
    };
    letters[non..index].iter().map(|(_, letter)| letter.to_ascii_lowercase()).eq("non".chars())
        && (begins_word(non) || !begins_word(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin_of(texts: &[(FieldId, &'static str)], name: &str) -> Origin {
        let mut fields = Fields::default();
        for (id, text) in texts {
            fields.put(*id, (*text).into());
        }
        origin(&fields, name)
    }

    #[test]
    fn the_most_reliable_field_decides() {
        use FieldId::{Address, Category, Code, EventTypes, Interactive, OriginalTable, StatusCode, Table};
        use Origin::{OtherLog, Source as Is, UnknownSignIns};
        for (fields, expected) in [
            (&[(Category, "SignInLogs"), (Interactive, "false")][..], Is(Source::Interactive)),
            (&[(Category, "MicrosoftServicePrincipalSignInLogs")], UnknownSignIns),
            (&[(Table, "AADNonInteractiveUserSignInLogs"), (Interactive, "true")], Is(Source::NonInteractive)),
            (&[(Category, "malicious"), (Table, "SigninLogs")], Is(Source::Interactive)),
            (&[(Category, "malicious"), (EventTypes, "nonInteractiveUser")], Is(Source::NonInteractive)),
            (&[(Category, "AuditLogs"), (Table, "AuditLogs")], OtherLog),
            (&[(Category, "AuditLogs")], OtherLog),
            (&[(Table, "SigninLogs")], Is(Source::Interactive)),
            (&[(Table, "AuditLogs")], OtherLog),
            (&[(Table, "Spray_SRCH")], Is(Source::Interactive)),
            (&[(Table, "Spray_SRCH"), (OriginalTable, "AADNonInteractiveUserSignInLogs")], Is(Source::NonInteractive)),
            (&[(Table, "Audit_SRCH"), (OriginalTable, "AuditLogs")], OtherLog),
            (&[(Table, "SignIns_CL"), (Code, "50126"), (Address, "203.0.113.7")], Is(Source::Interactive)),
            (
                &[(Table, "SignIns_CL"), (StatusCode, "0"), (Address, "x"), (Interactive, "0")],
                Is(Source::NonInteractive),
            ),
            (&[(Table, "SecurityEvent"), (Code, "0xc000006d"), (Address, "203.0.113.7")], OtherLog),
            (&[(Table, "AuditLogs"), (Code, "0")], OtherLog),
            (&[(EventTypes, "nonInteractiveUser "), (Interactive, "true")], Is(Source::NonInteractive)),
            (&[(EventTypes, "[\"interactiveUser\"]")], Is(Source::Interactive)),
            (&[(EventTypes, "unknownFutureValue interactiveUser")], Is(Source::Interactive)),
            (&[(EventTypes, "unknownFutureValue")], UnknownSignIns),
            (&[(EventTypes, "System.String[]"), (Interactive, "False")], Is(Source::NonInteractive)),
            (&[(EventTypes, "System.Object[]")], Is(Source::Interactive)),
            (&[(EventTypes, "[]"), (Interactive, "FALSE")], Is(Source::NonInteractive)),
            (&[], Is(Source::Interactive)),
        ] {
            assert_eq!(origin_of(fields, ""), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_name_of_an_applications_log_does_not_hide_users() {
        use FieldId::{ServicePrincipal, User};
        for name in ["application sign-in failures/x.csv", "MSI-SignIns-and-users.csv"] {
            let user = origin_of(&[(User, "ann@contoso.example")], name);
            assert_eq!(user, Origin::Source(Source::Interactive), "{name}");
            assert!(is_of_application(origin_of(&[(ServicePrincipal, "backup")], name)), "{name}");
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
            ("in/non-interactive sign-ins/part-0001.json", Source::NonInteractive),
            ("in/Non%20Interactive%20User%20Sign-ins.csv", Source::NonInteractive),
            ("in/NON_INTERACTIVE/InteractiveSignIns_x.csv", Source::Interactive),
            ("in/interactive/NonInteractiveSignIns_x.csv", Source::NonInteractive),
            ("noninteractive-and-interactive/InteractiveSignIns_x.csv", Source::Interactive),
            ("noninteractive-and-interactive/of-march.csv", Source::Interactive),
            ("noninteractive\\2026\\of-march.csv", Source::NonInteractive),
            ("noninteractive%2F2026%2Fof-march.csv", Source::NonInteractive),
            ("noninteractive/interactive-and-noninteractive.csv", Source::NonInteractive),
            ("Lebanon_InteractiveSignIns_x.csv", Source::Interactive),
            ("CanonInteractiveSignIns_x.csv", Source::Interactive),
            ("SHANNON INTERACTIVE.csv", Source::Interactive),
            ("Lebanon_NonInteractiveSignIns_x.csv", Source::NonInteractive),
            ("insights-logs-noninteractiveusersigninlogs", Source::NonInteractive),
            ("am-AADNonInteractiveUserSignInLogs", Source::NonInteractive),
            ("AADNONINTERACTIVE.csv", Source::NonInteractive),
            ("contosononinteractive.csv", Source::NonInteractive),
            ("b\u{fc}ro-nonInteractive.csv", Source::NonInteractive),
            ("non_interactive.csv", Source::NonInteractive),
            ("service principal sign-ins/x.csv", Source::ServicePrincipal),
            ("a/insights-logs-managedidentitysigninlogs/tenantId=x/y=2026/PT1H.json", Source::ManagedIdentity),
        ] {
            assert_eq!(origin_of(&[], name), Origin::Source(source), "{name}");
            assert_eq!(
                origin_of(&[(FieldId::Interactive, "False")], name),
                Origin::Source(Source::NonInteractive),
                "{name}"
            );
        }
    }
}
