//! Recognises placeholders: texts that tools write for a missing value.
//!
//! Some records have a placeholder in one of two fields of the same meaning. If it counted as a value, it would hide
//! the value in the other field.

use crate::detection::failure::is_id;

/// Placeholders in lower case: of PowerShell, .NET, Python, R, Go, spreadsheets, Kibana, Splunk and SQL clients.
const PLACEHOLDERS: [&str; 28] = [
    "-",
    "--",
    "---",
    "null",
    "<null>",
    "(null)",
    "[null]",
    "nil",
    "<nil>",
    "none",
    "<none>",
    "(none)",
    "n/a",
    "na",
    "<na>",
    "#n/a",
    "nan",
    "nat",
    "undefined",
    "(empty)",
    "<empty>",
    "(blank)",
    "not set",
    "(not set)",
    "\\n",
    "[]",
    "{}",
    "\"\"",
];

/// Bytes of the longest placeholder.
const LONGEST: usize = "undefined".len();

/// Whether a text is only white space or a placeholder.
pub(super) fn is_missing(text: &str) -> bool {
    is_placeholder(text.trim().as_bytes())
}

/// Whether trimmed bytes are empty or a placeholder.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    text.is_empty()
        || text.len() <= LONGEST
            && !text[0].is_ascii_digit()
            && PLACEHOLDERS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(text))
}

/// Whether a text identifies nothing: it is missing, a mask, or a nil UUID.
pub(super) fn is_missing_id(text: &str) -> bool {
    is_missing(text) || !is_id(text.trim())
}

/// Whether a text is the name of a .NET type, which a tool writes into a table in place of an object's members.
pub(super) fn is_type_name(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with("System.") || text.starts_with("Microsoft."))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._`+[],".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_recognised_in_any_case_and_values_are_not() {
        for text in ["", "  ", "-", " <NULL> ", "N/A", "None", "NaN", "(null)", "Undefined", "(not set)", "\\N"] {
            assert!(is_missing(text), "{text:?}");
        }
        for text in ["0", "50126", "203.0.113.7", "ann", "nonea", "-1", "null@contoso.example"] {
            assert!(!is_missing(text), "{text:?}");
        }
        assert!(PLACEHOLDERS.iter().all(|known| known.len() <= LONGEST && *known == known.to_ascii_lowercase()));
    }

    #[test]
    fn a_uuid_of_zeros_identifies_nothing() {
        for text in ["00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "0", "null"] {
            assert!(is_missing_id(text), "{text}");
        }
        assert!(!is_missing_id("00000000-0000-0000-0000-000000000001"));
    }

    #[test]
    fn type_names_are_distinguished_from_values() {
        for text in [
            "System.Object",
            "System.Object[]",
            "System.Collections.Generic.List`1[System.String]",
            "Microsoft.Graph.PowerShell.Models.MicrosoftGraphSignInStatus",
            "Microsoft.Open.MSGraph.Model.SignInAuditLogObjectStatus",
        ] {
            assert!(is_type_name(text), "{text}");
        }
        for text in ["", "Failure", "50126", "Microsoft Azure", "@{errorCode=50126}"] {
            assert!(!is_type_name(text), "{text}");
        }
    }
}
