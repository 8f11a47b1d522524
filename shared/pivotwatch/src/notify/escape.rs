//! Escapes text from logs for display.
//!
//! The client chooses user agents, user names and account names. A line break could forge lines of the mail. A
//! direction mark could reverse text, and Cyrillic letters could imitate another user's name. A mail client makes a
//! link of a host name, and a chat of a mention.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// `text` with every character but ASCII and the letters of European names escaped as `\u{…}`, truncated to `most`
/// characters.
#[must_use]
pub fn escape_for_display(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (position, character) in text.chars().enumerate() {
        if position == most {
            shown.push_str("… (cut)");
            break;
        }
        if is_plain(character) {
            shown.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", character.escape_unicode());
        }
    }
    shown
}

/// A text from logs, for people: escaped, on one line, at most `most` characters long. No mail client makes a link of
/// it.
///
/// - Runs of blanks become one.
/// - A dot before a letter becomes `[.]`, and a colon before a letter or a slash `[:]`: `evil[.]example`,
///   `https[:]//…`, `ann@contoso[.]example`. The colons of an ARN stay, since AWS chooses them.
/// - A doubled backslash, as before the name of a server, is escaped.
#[must_use]
pub(super) fn shown(text: &str, most: usize) -> String {
    let keeps_colons = text.starts_with("arn:");
    let mut shown = String::new();
    let mut length = 0;
    let mut previous = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == ' ' && previous == Some(' ') {
            continue;
        }
        let next = characters.peek().copied();
        let follows_word = previous.is_some_and(|previous: char| previous.is_alphanumeric() || previous == '-');
        let part = match character {
            '.' if follows_word && next.is_some_and(char::is_alphabetic) => "[.]".to_owned(),
            ':' if follows_word
                && next.is_some_and(|c| c == '/' || !keeps_colons && !c.is_ascii_digit() && c != ' ') =>
            {
                "[:]".to_owned()
            }
            '\\' if next == Some('\\') || previous == Some('\\') => character.escape_unicode().to_string(),
            _ if is_plain(character) => character.to_string(),
            _ => character.escape_unicode().to_string(),
        };
        length += part.chars().count();
        if length > most {
            shown.push_str("… (cut)");
            break;
        }
        shown.push_str(&part);
        previous = Some(character);
    }
    shown
}

/// [`shown`] in quotes, which marks what a visitor chose. A quote in the text is escaped, so that it cannot end there.
#[must_use]
pub(super) fn quoted(text: &str, most: usize) -> String {
    format!("\"{}\"", shown(text, most).replace('"', "\\u{22}"))
}

/// [`shown`] as a code span of Markdown, in which chats apply neither formatting nor mentions.
#[must_use]
pub(super) fn code_span(text: &str, most: usize) -> String {
    format!("`{}`", without_links(&escaped(&shown(text, most), |c| matches!(c, '`' | '<' | '>' | '&'))))
}

/// A text that needs no code span, without the characters that Markdown and chats interpret.
#[must_use]
pub(super) fn markdown(text: &str) -> String {
    escaped(&plain_title(text), |c| c == '_')
}

/// A text for a chat's title, which is no Markdown in most chats, and so keeps its `_`.
#[must_use]
pub(super) fn plain_title(text: &str) -> String {
    without_links(&escaped(text, |c| matches!(c, '*' | '~' | '`' | '<' | '>' | '&' | '|' | '#')))
}

/// A text without Markdown's `[text](link)`.
fn without_links(text: &str) -> String {
    text.replace("](", "]\\u{28}")
}

/// A text from logs, for machines: escaped as for display, and cut to `most` characters. It keeps its dots, colons and
/// blanks, so that it can be compared. A beginning that makes a formula of it in a spreadsheet is escaped.
#[must_use]
pub(super) fn exact(text: &str, most: usize) -> String {
    let shown = escape_for_display(text, most);
    match shown.chars().next() {
        Some(first @ ('=' | '+' | '-' | '@')) => format!("{}{}", first.escape_unicode(), &shown[1..]),
        _ => shown,
    }
}

/// A name as an argument of a shell command. A dot is escaped, which the shell removes, so that no mail client makes a
/// link of it. `None` if AWS cannot have given the name.
#[must_use]
pub(super) fn argument(name: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '=' | ',' | '.' | '@' | '-' | '_');
    let is_name = !name.is_empty() && name.len() <= 128 && !name.starts_with('-') && name.chars().all(is_allowed);
    is_name.then(|| name.replace('.', "\\."))
}

/// [`argument`] as a value in the AWS CLI's shorthand syntax, in which a bare comma separates values. The shell makes
/// `\,` of `\\,`. `None` also for a leading `=`, which the syntax rejects.
#[must_use]
pub(super) fn shorthand_value(name: &str) -> Option<String> {
    argument(name).filter(|name| !name.starts_with('=')).map(|name| name.replace(',', "\\\\,"))
}

/// A text as a part of a link.
#[must_use]
pub(super) fn percent_encoded(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
    utf8_percent_encode(text, KEPT).to_string()
}

/// `text` with the characters that `is_escaped` names as `\u{…}`.
fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut result = String::new();
    for character in text.chars() {
        if is_escaped(character) {
            result.extend(character.escape_unicode());
        } else {
            result.push(character);
        }
    }
    result
}

/// `text` in printable ASCII, which SNS requires of a subject. If it is longer than `most`, its middle is removed,
/// since both ends of a name are informative.
pub(super) fn ascii(text: &str, most: usize) -> String {
    let plain: String = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    if plain.len() <= most {
        return plain;
    }
    let kept = most.saturating_sub(3);
    let head = kept.div_ceil(2);
    format!("{}...{}", &plain[..head], &plain[plain.len() - (kept - head)..])
}

/// Printable ASCII, and the letters of European names: of Latin-1, of Latin Extended-A, and some of Extended-B. Not the
/// characters among them that look like others: `×`, `ı`, `ſ`, the click letters of Extended-B and the like.
fn is_plain(character: char) -> bool {
    // × and ÷ are no letters. ı, Ĳ, ĳ, ĸ, Ŀ, ŀ, ŉ and ſ look like i, IJ, ij, k, L·, l·, 'n and f.
    let is_deceptive = matches!(character, '×' | '÷' | 'ı'..='ĳ' | 'ĸ' | 'Ŀ' | 'ŀ' | 'ŉ' | 'ſ');
    let is_of_latin_1_or_extended_a = matches!(character, 'À'..='ſ');
    let is_of_extended_b = matches!(
        character,
        'Ơ' | 'ơ' | 'Ư' | 'ư' | 'Ǎ'..='ǜ' | 'Ǧ'..='ǭ' | 'Ǵ' | 'ǵ' | 'Ǹ'..='ǿ' | 'Ș'..='ț'
    );
    matches!(character, ' '..='~') || (is_of_latin_1_or_extended_a || is_of_extended_b) && !is_deceptive
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn deceptive_characters_are_escaped_and_names_stay_readable() {
        for (text, shown) in [
            ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
            ("José Ångström", "José Ångström"),
            ("Þórður Łukasz Șerban Ngưỡng", "Þórður Łukasz Șerban Ng\u{1b0}\\u{1ee1}ng"),
            ("adm\u{131}n_pa\u{1c0}\u{17f}\u{d7}\u{1c3}", "adm\\u{131}n_pa\\u{1c0}\\u{17f}\\u{d7}\\u{1c3}"),
            ("one\r\nSeverity: Low", "one\\u{d}\\u{a}Severity: Low"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("\u{0430}lice", "\\u{430}lice"),
            ("a\u{200b}b\u{2028}c", "a\\u{200b}b\\u{2028}c"),
        ] {
            assert_eq!(escape_for_display(text, 100), shown);
        }
        assert_eq!(escape_for_display("abcdef", 3), "abc… (cut)");
    }

    #[test]
    fn a_long_text_in_a_subject_keeps_both_of_its_ends() {
        for (most, shown) in [(26, "abcdefghijklmnopqrstuvwxyz"), (25, "abcdefghijk...pqrstuvwxyz"), (10, "abcd...xyz")]
        {
            assert_eq!(ascii("abcdefghijklmnopqrstuvwxyz", most), shown);
        }
        assert_eq!(ascii("José\n", 10), "Jos??");
    }

    #[test]
    fn nothing_that_a_visitor_chose_becomes_a_link() {
        for (text, expected) in [
            ("https://evil.example/x?y=1", "https[:]//evil[.]example/x?y=1"),
            ("www.evil.com", "www[.]evil[.]com"),
            ("ann@contoso.example", "ann@contoso[.]example"),
            ("mailto:ann@contoso.example", "mailto[:]ann@contoso[.]example"),
            ("javascript:alert(1)", "javascript[:]alert(1)"),
            ("tel:+4712345678", "tel[:]+4712345678"),
            ("\\\\evil\\share", "\\u{5c}\\u{5c}evil\\share"),
            ("CORP\\ann", "CORP\\ann"),
            ("Mozilla/5.0 (X11; rv:128.0) Gecko/20100101", "Mozilla/5.0 (X11; rv:128.0) Gecko/20100101"),
            (
                "arn:aws:sts::111122223333:assumed-role/Ops/ann@contoso.example",
                "arn:aws:sts::111122223333:assumed-role/Ops/ann@contoso[.]example",
            ),
            ("a    b", "a b"),
            ("exämple.com", "exämple[.]com"),
            ("[x](https://evil.example)", "[x](https[:]//evil[.]example)"),
        ] {
            assert_eq!(shown(text, 200), expected);
        }
    }

    #[test]
    fn quotes_and_code_spans_cannot_be_left() {
        assert_eq!(quoted("x\" MFA \"y", 100), "\"x\\u{22} MFA \\u{22}y\"");
        assert_eq!(code_span("a`b<!channel>&", 100), "`a\\u{60}b\\u{3c}!channel\\u{3e}\\u{26}`");
    }

    #[test]
    fn a_machine_gets_the_text_itself_but_no_formula() {
        assert_eq!(exact("ann@contoso.example", 100), "ann@contoso.example");
        for text in ["=1+1", "+1", "-1", "@SUM(A1)"] {
            let exact = exact(text, 100);
            assert!(exact.starts_with("\\u{") && exact.ends_with(&text[1..]), "{exact}");
        }
    }

    #[test]
    fn only_a_name_that_aws_gives_is_an_argument() {
        assert_eq!(argument("ann@contoso.example").as_deref(), Some("ann@contoso\\.example"));
        for name in ["", "a b", "a;b", "$(id)", "--profile", "a\nb", "é", "'"] {
            assert_eq!(argument(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_with_a_comma_stays_one_value() {
        assert_eq!(shorthand_value("a,b.c").as_deref(), Some("a\\\\,b\\.c"));
        assert_eq!((shorthand_value("=a"), shorthand_value("a b")), (None, None));
    }

    /// Whether a scheme is before `://`.
    fn has_scheme(text: &str) -> bool {
        text.match_indices("://").any(|(at, _)| text[..at].ends_with(|c: char| c.is_alphabetic()))
    }

    #[test]
    fn letters_that_look_like_others_or_are_none_are_escaped() {
        let allowed: String = ('\u{80}'..='\u{24f}').filter(|character| is_plain(*character)).collect();
        insta::assert_snapshot!(allowed);
        assert!(allowed.chars().all(char::is_alphabetic));
        assert!(('\u{250}'..='\u{10ffff}').all(|character| !is_plain(character)));
    }

    proptest! {
        #[test]
        fn nothing_for_people_breaks_a_line_or_ends_its_quotes(text in any::<String>(), most in 0..50_usize) {
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            let quoted = quoted(&text, most);
            prop_assert!(!quoted.contains(breaks), "{quoted}");
            prop_assert_eq!(quoted.matches('"').count(), 2);
            prop_assert!(!quoted.contains("  "), "{quoted}");
            prop_assert_eq!(code_span(&text, most).matches('`').count(), 2);
            prop_assert!(shown(&text, most).chars().count() <= most + "… (cut)".chars().count());
        }

        #[test]
        fn nothing_for_people_has_a_host_name(text in "[a-z.:/@\\\\ ]{0,40}") {
            let shown = shown(&text, 200);
            let characters: Vec<_> = shown.chars().collect();
            for around in characters.windows(3) {
                let is_letter = |c: char| c.is_alphabetic();
                prop_assert!(!(around[1] == '.' && is_letter(around[0]) && is_letter(around[2])), "{shown}");
            }
            prop_assert!(!has_scheme(&shown), "{shown}");
        }

        #[test]
        fn nothing_shown_breaks_a_line(text in any::<String>()) {
            let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            prop_assert!(!escape_for_display(&text, 100).contains(breaks));
        }

        #[test]
        fn a_subject_fits_and_is_printable_ascii(text in any::<String>(), most in 4..99_usize) {
            let subject = ascii(&text, most);
            prop_assert!(subject.len() <= most);
            prop_assert!(subject.chars().all(|c| c.is_ascii_graphic() || c == ' '));
        }
    }
}
