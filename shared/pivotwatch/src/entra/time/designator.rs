//! AM and PM in the languages whose cultures write them.
//!
//! The same letters can have another meaning in another language. `Sa` is Saturday in German, French, Spanish and
//! English, Sunday in Turkish, and AM in Vietnamese; `am` is a German preposition, `em` a Portuguese one. So a word is
//! AM or PM only where the cultures of its language write it: see [`Designator::fits`].

use chrono::{NaiveTime, Timelike};

/// AM or PM.
#[derive(Clone, Copy, Debug)]
pub(super) struct Designator {
    is_afternoon: bool,
    language: &'static Language,
}

/// How the cultures of a language write AM and PM.
#[derive(Debug)]
struct Language {
    /// AM and PM without dots, in small letters or as `letters` requires.
    words: [&'static str; 2],
    letters: Letters,
    /// `true` if no culture of the language writes the month first.
    is_day_first: bool,
    places: Places,
}

#[derive(Debug, PartialEq, Eq)]
enum Letters {
    Any,
    /// Both words are capitals: other letters are a day of the week.
    Capitals,
}

/// Where AM and PM can be, besides after a clock that follows the date.
#[derive(Debug, PartialEq, Eq)]
enum Places {
    Last,
    /// Also between the date and the clock.
    BeforeClock,
    /// Also between the clock and the date.
    BeforeDate,
    Any,
}

const fn language(morning: &'static str, afternoon: &'static str, is_day_first: bool, places: Places) -> Language {
    Language { words: [morning, afternoon], letters: Letters::Any, is_day_first, places }
}

/// The languages, by CLDR 48 and the cultures of Windows.
///
/// Absent are words that mean AM in one language and PM in another (`п.п.`), and words whose hour is not defined (`凌晨`,
/// `晚上`). `md` is Albanian PM and, in Mara, AM; but the Mara culture has a clock of 24 hours.
const LANGUAGES: &[Language] = &[
    // Korean browsers write it before the clock.
    language("am", "pm", false, Places::Any),
    language("上午", "下午", true, Places::BeforeClock),
    language("上晝", "下晝", true, Places::BeforeClock),
    language("午前", "午後", false, Places::BeforeClock),
    language("오전", "오후", false, Places::BeforeClock),
    language("πμ", "μμ", true, Places::Last),
    language("ص", "م", true, Places::Last),
    language("قظ", "بظ", false, Places::Last),
    Language { letters: Letters::Capitals, ..language("SA", "CH", true, Places::BeforeDate) },
    language("öö", "ös", false, Places::BeforeClock),
    language("pd", "md", false, Places::Last),
    language("dop", "odp", false, Places::Last),
    language("vm", "nm", false, Places::Last),
    language("fm", "em", false, Places::Last),
    language("pg", "ptg", false, Places::Last),
    language("पूर्वाह्न", "अपराह्न", false, Places::Last),
];

/// The parts of a time that precede a designator.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Preceding {
    pub(super) has_date: bool,
    pub(super) has_clock: bool,
}

impl Designator {
    /// The designator of a word without dots.
    pub(super) fn of(word: &str) -> Option<Self> {
        let small = word.to_lowercase();
        LANGUAGES.iter().find_map(|language| {
            let word = if language.letters == Letters::Capitals { word } else { &small };
            let index = language.words.iter().position(|known| *known == word)?;
            Some(Self { is_afternoon: index == 1, language })
        })
    }

    /// Whether no culture of its language writes the month first.
    pub(super) fn is_day_first(self) -> bool {
        self.language.is_day_first
    }

    /// Whether the cultures of its language write it after these parts, of a date with or without dots.
    ///
    /// Vietnamese has no dots in dates. `12:30 am 07.03.2026` is German, and half past noon.
    pub(super) fn fits(self, preceding: Preceding, is_dotted_date: bool) -> bool {
        let places = &self.language.places;
        match preceding {
            Preceding { has_date: true, has_clock: true } => {
                !(is_dotted_date && self.language.letters == Letters::Capitals)
            }
            Preceding { has_date: true, has_clock: false } => matches!(places, Places::BeforeClock | Places::Any),
            Preceding { has_date: false, has_clock: true } => {
                matches!(places, Places::BeforeDate | Places::Any) && !is_dotted_date
            }
            // Before both, the same letters are a day of the week or a preposition.
            Preceding { has_date: false, has_clock: false } => false,
        }
    }

    /// The time of day for a clock of twelve hours, which starts at twelve. `None` if the clock's hour is not 1 to 12.
    pub(super) fn time_of_day(self, clock: NaiveTime) -> Option<NaiveTime> {
        let hour = Some(clock.hour()).filter(|hour| (1..=12).contains(hour))? % 12;
        clock.with_hour(hour + if self.is_afternoon { 12 } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_belongs_to_one_language() {
        let words: Vec<String> = LANGUAGES.iter().flat_map(|language| language.words).map(str::to_lowercase).collect();
        for (index, word) in words.iter().enumerate() {
            assert_eq!(words.iter().position(|other| other == word), Some(index), "{word}");
        }
    }
}
