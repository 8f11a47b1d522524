//! Parses objects that a tool wrote as text other than JSON.
//!
//! | text | tool |
//! |---|---|
//! | `@{errorCode=50126; failureReason=...}` | PowerShell, in CSV and in JSON beyond its depth |
//! | `class SignInStatus {` ... `ErrorCode: 50126` ... `}` | .NET classes of Microsoft's modules |
//! | `{'errorCode': 50126, 'failureReason': '...'}` | Python |
//! | `{errorCode=50126, failureReason=...}` | Java |
//! | `{"errorCode"=>50126}` | Ruby |

/// The most members of an object. Finding one member may scan the whole text.
pub(crate) const MOST_MEMBERS: usize = 64;

/// The members of an object's text: name and value, as written. Inner objects are omitted. So is a value that the end
/// of the text may truncate: a code without its last digits is another code.
pub(crate) fn members(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text.split_once('{').map_or("", |(_, members)| members);
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|c: char| !is_name(c));
            let (name, after) = rest.split_at(rest.find(|c| !is_name(c))?);
            let Some(value) = assigned(after) else {
                rest = after;
                continue;
            };
            if let Some(inner) = value.strip_prefix('@').unwrap_or(value).strip_prefix('{') {
                rest = after_object(inner)?;
                continue;
            }
            let (value, length) = value_of(value, after.starts_with(':'))?;
            rest = &after[after.len() - length..];
            return Some((name, value));
        }
    })
}

/// The text after an inner object, whose members are not those of the outer one. `None` if it has no end.
fn after_object(text: &str) -> Option<&str> {
    let mut depth = 1;
    let end = text.bytes().position(|byte| {
        depth += i32::from(byte == b'{') - i32::from(byte == b'}');
        depth == 0
    })?;
    Some(&text[end + 1..])
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// The text after a name and the sign that assigns a value to it.
fn assigned(text: &str) -> Option<&str> {
    let text = text.strip_prefix(['\'', '"']).unwrap_or(text).trim_start_matches([' ', '\t']);
    let text = text.strip_prefix("=>").or_else(|| text.strip_prefix([':', '=']))?;
    Some(text.trim_start_matches([' ', '\t']))
}

/// The leading value of a text, and the length of the text after the value. Members `Name: value` of a class can share
/// a line, separated by white space alone.
fn value_of(text: &str, is_of_class: bool) -> Option<(&str, usize)> {
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let end = text[1..].find(quote)?;
        return Some((&text[1..=end], text.len() - end - 2));
    }
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    let ends = |c: char| matches!(c, ';' | ',' | '\n' | '\r' | '}') || is_number && c.is_whitespace();
    let end = text.find(ends)?;
    let end = if is_of_class { member_within(&text[..end]).unwrap_or(end) } else { end };
    Some((text[..end].trim_end(), text.len() - end))
}

/// The position of the first word with a colon after it.
fn member_within(text: &str) -> Option<usize> {
    let colons = text.match_indices(':').map(|(position, _)| position);
    let words = colons.map(|colon| text[..colon].trim_end_matches(is_name).len()..colon);
    words
        .filter(|word| !word.is_empty() && text[..word.start].chars().next_back().is_none_or(char::is_whitespace))
        .map(|word| word.start)
        .next()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Option<&str> {
        members(text).find(|(name, _)| name.eq_ignore_ascii_case("errorCode")).map(|(_, value)| value)
    }

    #[test]
    fn the_code_is_found_in_the_text_of_every_tool() {
        for text in [
            "@{errorCode=50126; failureReason=Invalid; additionalDetails=}",
            "@{additionalDetails=; errorCode=50126; failureReason=Error validating credentials: see AADSTS7; done.}",
            "class SignInStatus {\n  AdditionalDetails: \n  ErrorCode: 50126\n  FailureReason: Invalid\n}\n",
            "class SignInStatus { AdditionalDetails:  ErrorCode: 50126 FailureReason: Invalid }",
            "{'errorCode': 50126, 'failureReason': 'it is', 'additionalDetails': None}",
            "{'failureReason': \"it's 7; x\", 'errorCode': 50126}",
            "{errorCode=50126, failureReason=null}",
            "{\"failureReason\"=>\"x\", \"errorCode\"=>50126}",
        ] {
            assert_eq!(code(text), Some("50126"), "{text}");
        }
    }

    #[test]
    fn a_code_that_the_texts_end_may_truncate_is_omitted() {
        for text in ["@{errorCode=501", "{'errorCode': 501", "{\"errorCode\":501", "errorCode=50126;", "Failure", "{"] {
            assert_eq!(code(text), None, "{text}");
        }
        assert_eq!(code("{\"errorCode\":50126,\"failureRea"), Some("50126"));
    }

    proptest! {
        #[test]
        fn any_text_is_scanned_to_its_end(text in "[@{}a-c=:;,'\"> \n0é]{0,40}") {
            for (name, value) in members(&text) {
                prop_assert!(!name.is_empty() && text.contains(value));
            }
        }
    }
}
