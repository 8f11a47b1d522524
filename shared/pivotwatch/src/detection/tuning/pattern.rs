//! Patterns for texts.

use wildmatch::WildMatchPattern;

/// `*` matches any number of characters. No wildcard matches exactly one character; NUL takes its place.
type Pattern = WildMatchPattern<'*', '\0'>;

/// A condition on texts: one of some patterns matches one of them, ignoring case. Without patterns, it holds for every
/// text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patterns(Option<Vec<Pattern>>);

impl Patterns {
    /// The condition that one of `patterns` matches.
    pub fn of(patterns: impl IntoIterator<Item = String>) -> Self {
        Self(Some(patterns.into_iter().map(|pattern| Pattern::new(&pattern.to_lowercase())).collect()))
    }

    /// Whether the condition holds for one of `texts`.
    #[must_use]
    pub fn match_one(&self, texts: &[&str]) -> bool {
        let matches = |pattern: &Pattern| texts.iter().any(|text| pattern.matches(&text.to_lowercase()));
        self.0.as_ref().is_none_or(|patterns| patterns.iter().any(matches))
    }

    /// Whether the condition holds for a text; without patterns also for one that is not known.
    #[must_use]
    pub fn match_known(&self, text: Option<&str>) -> bool {
        text.map_or(self.0.is_none(), |text| self.match_one(&[text]))
    }

    /// Whether the condition excludes some text.
    #[must_use]
    pub fn are_selective(&self) -> bool {
        let is_selective = |pattern: &Pattern| pattern.pattern_chars().iter().any(|c| *c != '*');
        self.0.as_ref().is_some_and(|patterns| patterns.iter().all(is_selective))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn patterns(patterns: &[&str]) -> Patterns {
        Patterns::of(patterns.iter().map(|text| (*text).to_owned()))
    }

    #[test]
    fn an_asterisk_matches_any_text_and_the_case_has_no_effect() {
        for (pattern, text, expected) in [
            ("Veeam*", "veeam backup", true),
            ("Veeam*", "VEEAM", true),
            ("Veeam*", "the Veeam", false),
            ("*backup*", "Veeam Backup 12", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a?c", "abc", false),
            ("a?c", "a?c", true),
            ("[a]", "a", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("ÄRGER@contoso.example", "ärger@contoso.example", true),
        ] {
            assert_eq!(patterns(&[pattern]).match_one(&[text]), expected, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn one_pattern_must_match_one_text() {
        let condition = patterns(&["a*", "b"]);
        assert!(condition.match_one(&["x", "b"]) && condition.match_one(&["ab"]));
        assert!(!condition.match_one(&["x", "bb"]) && !condition.match_one(&[]));
    }

    #[test]
    fn an_unknown_text_meets_no_condition() {
        assert!(Patterns::default().match_known(None) && Patterns::default().match_known(Some("a")));
        assert!(!patterns(&["*"]).match_known(None) && patterns(&["*"]).match_known(Some("")));
    }

    #[test]
    fn a_pattern_of_asterisks_excludes_nothing() {
        for (condition, expected) in [
            (Patterns::default(), false),
            (patterns(&["*"]), false),
            (patterns(&["a", "**"]), false),
            (patterns(&["*a"]), true),
            (patterns(&[""]), false),
        ] {
            assert_eq!(condition.are_selective(), expected, "{condition:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_matches_itself_and_its_parts_between_asterisks(before in "[a-cA-C?*.]{0,6}", after in "[a-cA-C?.]{0,6}") {
            let text = format!("{before}{after}");
            prop_assert!(patterns(&[&text]).match_one(&[&text]));
            for pattern in [format!("{before}*"), format!("*{after}"), format!("{before}*{after}")] {
                prop_assert!(patterns(&[&pattern]).match_one(&[&text]), "{}", pattern);
            }
        }
    }
}
