//! Escapes text from logs for display.
//!
//! The client chooses user agents, user names and account names. A line break could forge lines of the mail. A
//! direction mark could reverse text, and Cyrillic letters could imitate another user's name.

use std::fmt::Write;

/// `text` with every character outside plain Latin escaped as `\u{…}`, truncated to `most` characters.
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

/// Printable ASCII, and the accented letters of Latin-1 and Latin Extended-A and -B that European names have.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{c0}'..='\u{24f}')
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

    proptest! {
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
