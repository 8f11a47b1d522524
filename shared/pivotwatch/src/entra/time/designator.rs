//! AM and PM in the languages whose cultures write them.

use chrono::{NaiveTime, Timelike};

/// AM or PM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Designator {
    is_afternoon: bool,
    /// `true` if no culture of the language writes the month first.
    pub(super) is_day_first: bool,
}

/// Words for AM and for PM in small letters and without dots, and whether the language excludes the month first.
///
/// A word that means AM in one language and PM in another is not here (`п.п.`), nor one whose hour is open (`凌晨`, `晚上`).
const WORDS: &[(&str, &str, bool)] = &[
    ("am", "pm", false),
    ("上午", "下午", true),
    ("上晝", "下晝", true),
    ("午前", "午後", false),
    ("오전", "오후", false),
    ("πμ", "μμ", true),
    ("ص", "م", true),
    ("قظ", "بظ", false),
    ("sa", "ch", true),
    ("öö", "ös", false),
    ("pd", "md", false),
    ("dop", "odp", false),
    ("vm", "nm", false),
    ("fm", "em", false),
    ("pg", "ptg", false),
    ("पूर्वाह्न", "अपराह्न", false),
];

impl Designator {
    /// The designator of a word in small letters and without dots.
    pub(super) fn of(word: &str) -> Option<Self> {
        WORDS.iter().find_map(|(morning, afternoon, is_day_first)| {
            let is_afternoon = word == *afternoon;
            (is_afternoon || word == *morning).then_some(Self { is_afternoon, is_day_first: *is_day_first })
        })
    }

    /// The time of day of a clock of twelve hours, of which twelve is the first. `None` if the clock has another hour.
    pub(super) fn time_of_day(self, clock: NaiveTime) -> Option<NaiveTime> {
        let hour = Some(clock.hour()).filter(|hour| (1..=12).contains(hour))? % 12;
        clock.with_hour(hour + if self.is_afternoon { 12 } else { 0 })
    }
}
