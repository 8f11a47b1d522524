//! Entra's result codes: their meanings, their classes, and whether the password was right.
//!
//! The table explains codes and groups them; it decides nothing about the rule. [`Rule::is_failure`] alone decides
//! which codes count, those that the table does not have included: Entra adds codes over time.
//!
//! [`Rule::is_failure`]: super::Rule::is_failure

mod class;
mod codes;

pub use class::{CodeClass, UnknownCodeClass};
use codes::CODES;

/// A result code that the table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultCode {
    /// The digits, without leading zeros.
    pub code: &'static str,
    /// One sentence of at most 100 characters.
    pub meaning: &'static str,
    /// At least one class, each of them once.
    pub classes: &'static [CodeClass],
    /// Whether the password was right.
    pub password: Password,
}

/// Whether the password of a sign-in was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Password {
    /// It was right. The code has the class [`CodeClass::PasswordRight`].
    Right,
    /// It was wrong. The code has the class [`CodeClass::WrongPassword`].
    Wrong,
    /// The code does not say it, or the sign-in had no password.
    Unknown,
}

impl ResultCode {
    /// Whether the code has a class.
    #[must_use]
    pub fn has(&self, class: CodeClass) -> bool {
        self.classes.contains(&class)
    }
}

impl Password {
    /// What the classes of a code say about the password.
    const fn of(classes: &[CodeClass]) -> Self {
        match classes {
            [] => Self::Unknown,
            [CodeClass::PasswordRight, ..] => Self::Right,
            [CodeClass::WrongPassword, ..] => Self::Wrong,
            [_, others @ ..] => Self::of(others),
        }
    }
}

/// The table's row for a code, given by its trimmed digits. `None` for a code that the table does not have, and for any
/// other text.
#[must_use]
pub fn lookup(code: &str) -> Option<&'static ResultCode> {
    CODES.binary_search_by(|row| key(row.code).cmp(&key(code))).ok().and_then(|position| CODES.get(position))
}

/// All codes of the table, in the order of their numbers.
pub fn all() -> impl Iterator<Item = &'static ResultCode> {
    CODES.iter()
}

/// The classes of a code, given by its trimmed digits. None if the table does not have the code.
pub fn classes(code: &str) -> impl Iterator<Item = CodeClass> + use<> {
    lookup(code).into_iter().flat_map(|row| row.classes.iter().copied())
}

/// The key that orders the table. It orders numbers without leading zeros by their value.
const fn key(code: &str) -> (usize, &str) {
    (code.len(), code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::Rule;
    use super::super::failure::Code;
    use super::*;

    fn codes_with(holds: impl Fn(&ResultCode) -> bool) -> Vec<&'static str> {
        CODES.iter().filter(|row| holds(row)).map(|row| row.code).collect()
    }

    #[test]
    fn the_table_is_sorted_by_number_without_repetition() {
        let numbers: Vec<u64> = CODES.iter().map(|row| row.code.parse().unwrap()).collect();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    }

    #[test]
    fn a_code_is_spelt_as_a_failure_spells_it() {
        for ResultCode { code, .. } in CODES {
            assert!(code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
            assert!(*code == "0" || !code.starts_with('0'), "{code}");
            assert!(Code::from(code).is_ok(), "{code} is too long for a failure");
        }
    }

    #[test]
    fn every_code_is_found() {
        assert!(CODES.len() >= 154, "{}", CODES.len());
        for row in CODES {
            assert_eq!(lookup(row.code), Some(row));
            assert_eq!(classes(row.code).collect::<Vec<_>>(), row.classes);
        }
    }

    #[test]
    fn every_class_has_a_code_and_every_code_a_class() {
        for class in CodeClass::ALL {
            assert_ne!(codes_with(|row| row.has(class)), [""; 0], "{class}");
        }
        for ResultCode { code, classes, .. } in CODES {
            assert!(!classes.is_empty(), "{code}");
            assert_eq!(classes.iter().collect::<BTreeSet<_>>().len(), classes.len(), "{code}: {classes:?}");
        }
    }

    #[test]
    fn a_meaning_is_one_sentence_of_at_most_100_characters_and_of_no_other_code() {
        let mut meanings = BTreeSet::new();
        for ResultCode { code, meaning, .. } in CODES {
            let words: Vec<_> = meaning.split(' ').collect();
            assert!((20..=100).contains(&meaning.len()), "{code}: {meaning}");
            assert!(words.len() <= 25 && words.iter().all(|word| !word.is_empty()), "{code}: {meaning}");
            assert!(meaning.starts_with(|first: char| first.is_ascii_uppercase()), "{code}: {meaning}");
            assert!(meaning.ends_with('.'), "{code}: {meaning}");
            assert_eq!(meaning.matches(['.', '!', '?']).count(), 1, "{code}: {meaning}");
            assert!(meaning.chars().all(|character| matches!(character, ' '..='~')), "{code}: {meaning}");
            assert!(meanings.insert(meaning), "{code}: {meaning}");
        }
    }

    /// The table has no column for it, so the rule and the table cannot contradict each other.
    #[test]
    fn the_rule_counts_every_code_of_the_table_except_its_own_three() {
        assert_eq!(codes_with(|row| !Rule::is_failure(row.code)), ["0", "50125", "50140"]);
    }

    #[test]
    fn the_password_is_what_the_classes_say() {
        for row in CODES {
            let (right, wrong) = (row.has(CodeClass::PasswordRight), row.has(CodeClass::WrongPassword));
            assert!(!(right && wrong), "{}", row.code);
            assert_eq!(right, row.password == Password::Right, "{}", row.code);
            assert_eq!(wrong, row.password == Password::Wrong, "{}", row.code);
        }
    }

    #[test]
    fn the_codes_with_a_right_password_are_those_that_are_known_to_follow_it() {
        let right = [
            "0", "50005", "50055", "50057", "50072", "50074", "50076", "50079", "50105", "50129", "50133", "50155",
            "50158", "50173", "53000", "53001", "53003",
        ];
        assert_eq!(codes_with(|row| row.password == Password::Right), right);
        assert_eq!(codes_with(|row| row.password == Password::Wrong), ["50056", "50064", "50126", "120000"]);
    }

    #[test]
    fn the_best_known_codes_have_their_classes() {
        use CodeClass as Class;
        for (class, codes) in [
            (Class::WrongPassword, &["50126"][..]),
            (Class::UnknownUser, &["50034", "51004"]),
            (Class::Locked, &["50053"]),
            (Class::BlockedAddress, &["50053"]),
            (Class::PasswordRight, &["50055", "50074", "50076", "53003"]),
            (Class::Mfa, &["50072", "50074", "50076", "50079", "50158", "500121"]),
            (Class::ConditionalAccess, &["53000", "53001", "53002", "53003", "530032"]),
            (Class::TokenRefresh, &["50173", "70043", "70044", "700082"]),
            (Class::SsoStep, &["16000", "50058", "50097", "50125", "50140"]),
            (Class::Consent, &["65001", "90094"]),
            (Class::Risk, &["50135", "53004", "53011"]),
        ] {
            for code in codes {
                assert!(classes(code).any(|each| each == class), "{code} {class}");
            }
        }
    }

    #[test]
    fn what_is_no_code_of_the_table_has_no_classes() {
        for text in
            ["", " ", "50126 ", "050126", "+50126", "-1", "50126.0", "AADSTS50126", "99999", "18446744073709551616"]
        {
            assert_eq!(lookup(text), None, "{text:?}");
            assert_eq!(classes(text).count(), 0, "{text:?}");
        }
    }

    /// Codes of the table, some with another character before or after them.
    fn near_a_code() -> impl Strategy<Value = String> {
        ("[0 ]?", prop::sample::select(CODES), "[0-9 ]?").prop_map(|(before, row, after)| before + row.code + &after)
    }

    proptest! {
        #[test]
        fn a_text_is_found_if_and_only_if_a_row_has_it(
            text in prop_oneof!["[0-9]{0,10}", any::<String>(), near_a_code()],
        ) {
            prop_assert_eq!(lookup(&text), CODES.iter().find(|row| row.code == text));
        }
    }
}
