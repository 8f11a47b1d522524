//! The parts of a time as people and browsers write it.

use chrono::{DateTime, FixedOffset, NaiveTime, TimeDelta, Utc};

use super::designator::Designator;
use super::order::{Date, Orders, TimeFault};

/// A time in parts.
#[derive(Debug)]
pub(super) struct Written {
    date: Date,
    clock: NaiveTime,
    offset: Option<FixedOffset>,
}

impl Written {
    /// Parses `3/2/2026, 2:08:45.221 PM`, `2026/3/2 下午2:08:45`, `2. 3. 2026 14.08.45`, `14:08:45 2/3/2026` and the like.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = normalised(text)?;
        let mut parts =
            Parts { rest: &text, date: None, clock: None, has_dotted_clock: false, designator: None, offset: None };
        while parts.next()? {}
        let Parts { date, clock, has_dotted_clock, designator, offset, .. } = parts;
        let excludes_month_first = has_dotted_clock || designator.is_some_and(|designator| designator.is_day_first);
        let date = if excludes_month_first { date?.without_month_first()? } else { date? };
        let clock = match designator {
            None => clock?,
            Some(designator) => designator.time_of_day(clock?)?,
        };
        Some(Self { date, clock, offset })
    }

    /// The orders of day, month and year that its date can have.
    pub(super) fn orders(&self) -> Orders {
        self.date.orders()
    }

    /// The time in a file whose dates have one of these orders. Without a zone it is UTC.
    pub(super) fn time(&self, file: Orders) -> Result<DateTime<Utc>, TimeFault> {
        let day = self.date.day(file)?;
        let offset = self.offset.map_or(0, |offset| offset.local_minus_utc());
        let time = day.and_time(self.clock).and_utc();
        time.checked_sub_signed(TimeDelta::seconds(offset.into())).ok_or(TimeFault::NotATime)
    }
}

/// The text with plain blanks and commas and without marks of direction, which browsers put between the parts. `None` if it
/// has digits of another script: these come with calendars of their own.
fn normalised(text: &str) -> Option<String> {
    let mut normalised = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '،' | '、' => normalised.push(','),
            // The sign for a millionth in place of the Greek letter.
            'µ' => normalised.push('μ'),
            c if c.is_whitespace() => normalised.push(' '),
            c if c.is_numeric() && !c.is_ascii_digit() => return None,
            c => normalised.push(c),
        }
    }
    Some(normalised)
}

/// What was parsed, and the text that was not parsed yet.
struct Parts<'t> {
    rest: &'t str,
    date: Option<Date>,
    clock: Option<NaiveTime>,
    /// Whether the clock has dots or `h` where most have colons.
    has_dotted_clock: bool,
    designator: Option<Designator>,
    offset: Option<FixedOffset>,
}

impl Parts<'_> {
    /// Parses the next part. Returns whether there was one, and `None` if the text is no time.
    fn next(&mut self) -> Option<bool> {
        // The one culture with brackets (Basque) puts them around the clock.
        self.rest = self.rest.trim_start_matches([' ', ',', '(', ')']);
        let Some(first) = self.rest.chars().next() else { return Some(false) };
        if first.is_ascii_digit() {
            match self.date {
                None => self.date_or_clock()?,
                Some(_) => self.clock()?,
            }
        } else if matches!(first, '+' | '-') {
            let end = self.rest.find([' ', ',']).unwrap_or(self.rest.len());
            self.zone(&self.rest[..end])?;
            self.rest = &self.rest[end..];
        } else {
            self.words()?;
        }
        Some(true)
    }

    fn date_or_clock(&mut self) -> Option<()> {
        match date(self.rest) {
            Some((date, rest)) => {
                self.date = Some(date?);
                // `T` between date and clock.
                self.rest = rest.strip_prefix('T').filter(|rest| begins_with_digit(rest)).unwrap_or(rest);
                Some(())
            }
            None => self.clock(),
        }
    }

    fn clock(&mut self) -> Option<()> {
        let (clock, is_dotted, rest) = clock(self.rest)?;
        self.has_dotted_clock = is_dotted;
        self.rest = rest;
        self.clock.replace(clock).is_none().then_some(())
    }

    /// Parses words: AM and PM, zones, days of the week, months by name, and what cultures put between date and clock.
    fn words(&mut self) -> Option<()> {
        let end = self
            .rest
            .find(|c: char| c.is_ascii_digit() || matches!(c, ',' | '+' | '-' | '(' | ')'))
            .unwrap_or(self.rest.len());
        let (phrase, after) = self.rest.split_at(end);
        let words: Vec<String> = phrase
            .split(' ')
            .map(|word| word.replace('.', "").to_lowercase())
            .filter(|word| !word.is_empty())
            .collect();
        self.rest = after;
        let mut words = words.iter().map(String::as_str).peekable();
        while let Some(word) = words.next() {
            // `p. m.`
            let joined = words.peek().map(|next| [word, next].concat()).filter(|_| word.len() == 1);
            if let Some(designator) = joined.as_deref().and_then(Designator::of) {
                words.next();
                self.designate(designator)?;
            } else if let Some(designator) = Designator::of(word) {
                self.designate(designator)?;
            } else if let Some(month) = month(word).filter(|_| words.peek().is_none()) {
                let (date, rest) = date_after_month(month, self.rest)?;
                self.rest = rest;
                self.date.replace(date).is_none().then_some(())?;
            } else if !is_filler(word) {
                self.zone(word)?;
            }
        }
        Some(())
    }

    fn designate(&mut self, designator: Designator) -> Option<()> {
        // Before date and clock the same letters are a day of the week.
        let has_place = self.date.is_some() || self.clock.is_some();
        (has_place && self.designator.replace(designator).is_none()).then_some(())
    }

    fn zone(&mut self, text: &str) -> Option<()> {
        let offset = match text {
            "z" | "utc" | "gmt" => FixedOffset::east_opt(0)?,
            _ => text.parse().ok()?,
        };
        self.offset.replace(offset).is_none().then_some(())
    }
}

/// Words that say nothing of the time: days of the week, and what Finnish, Norwegian, Danish, German, Bulgarian, Macedonian,
/// Bosnian and English put between or after date and clock.
fn is_filler(word: &str) -> bool {
    const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    matches!(word, "klo" | "kl" | "um" | "г" | "ч" | "во" | "u" | "at")
        || WEEKDAYS.iter().any(|day| *day == word || day[..3] == *word)
}

/// The number of a month by its English name, of which three letters are enough.
fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    (1..).zip(MONTHS).find_map(|(number, name)| (name == word || name[..3] == *word).then_some(number))
}

fn begins_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// The digits that a text begins with, at least one and at most `most`, and the text after them.
fn digits(text: &str, most: usize) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=most).contains(&length).then(|| text.split_at(length))
}

/// The date that a text begins with, and the text after it. The outer `None` means that the text begins with something else,
/// the inner one that no order makes a day of the numbers.
fn date(text: &str) -> Option<(Option<Date>, &str)> {
    let (first, rest) = digits(text, 4)?;
    let (separator, rest) = separator(rest)?;
    if let Some((date, rest)) = named(first, separator, rest) {
        return Some((date, rest));
    }
    let (second, rest) = digits(rest, 2)?;
    let (again, rest) = self::separator(rest)?;
    if !is_same(separator, again) {
        return None;
    }
    let (third, rest) = digits(rest, 4)?;
    if separator == ' ' {
        return None;
    }
    let rest = match separator {
        '.' => rest.strip_prefix('.').unwrap_or(rest),
        '年' => rest.strip_prefix('日')?,
        _ => rest,
    };
    if begins_with_digit(rest) || rest.starts_with([':', separator]) {
        return None;
    }
    let is_year_first = first.len() == 4 && third.len() <= 2;
    if is_year_first {
        return Some((Date::certain(first.parse().ok()?, second.parse().ok()?, third.parse().ok()?), rest));
    }
    let has_lengths = first.len() <= 2 && (third.len() == 4 || third.len() <= 2) && separator != '年';
    has_lengths.then(|| (Date::of_numbers([first, second, third], separator), rest))
}

/// The rest of a date whose month has a name: `2-Mar-2026`, `02 March 2026`.
fn named<'t>(first: &str, separator: char, text: &'t str) -> Option<(Option<Date>, &'t str)> {
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, rest) = text.split_at(length);
    let month = month(&word.to_ascii_lowercase())?;
    let (again, rest) = self::separator(rest.strip_prefix('.').unwrap_or(rest))?;
    let (last, rest) = digits(rest, 4)?;
    let is_date = is_same(separator, again) && !begins_with_digit(rest) && !rest.starts_with([':', '.']);
    is_date.then(|| (Date::of_name(first, month, last), rest))
}

/// The rest of a date that begins with the name of its month: ` 2, 2026`.
fn date_after_month(month: u32, text: &str) -> Option<(Date, &str)> {
    let (day, rest) = digits(text, 2)?;
    let (year, rest) = digits(rest.trim_start_matches([',', ' ']), 4).filter(|(year, _)| year.len() == 4)?;
    Some((Date::certain(year.parse().ok()?, month, day.parse().ok()?)?, rest))
}

/// The separator that a text begins with, and the text after it and after the blanks that some cultures put there.
fn separator(text: &str) -> Option<(char, &str)> {
    let separator = text.chars().next().filter(|c| matches!(c, '/' | '-' | '.' | ' ' | '年' | '月'))?;
    let rest = &text[separator.len_utf8()..];
    let may_have_blanks = !matches!(separator, '/' | '-');
    Some((separator, if may_have_blanks { rest.trim_start_matches(' ') } else { rest }))
}

/// Whether one date can have both separators.
fn is_same(first: char, second: char) -> bool {
    if first == '年' { second == '月' } else { first == second && first != '月' }
}

/// What a clock has after hours, minutes and seconds, and whether blanks may stand beside it.
type Units = ([&'static str; 3], bool);

/// `12:00:00`, `12.00.00` and `12 h 00 min 00 s`.
const UNITS: [Units; 3] = [([":", ":", ""], false), ([".", ".", ""], false), (["h", "min", "s"], true)];

/// The clock that a text begins with, whether it has dots or `h` instead of colons, and the text after it.
fn clock(text: &str) -> Option<(NaiveTime, bool, &str)> {
    let (hour, rest) = digits(text, 2)?;
    let ([colon, next, last], has_blanks) =
        UNITS.into_iter().find(|units| after_unit(rest, units.0[0], units.1).is_some())?;
    let two = |text| digits(text, 2).filter(|(digits, _)| digits.len() == 2);
    // One digit is the rest of two that were cut.
    let (minute, mut rest) = two(after_unit(rest, colon, has_blanks)?)?;
    let (mut second, mut nanosecond) = (0, 0);
    match after_unit(rest, next, has_blanks) {
        Some(after) if colon == ":" || begins_with_digit(after) => {
            let (digits, after) = two(after)?;
            second = digits.parse().ok()?;
            (nanosecond, rest) = fraction(after)?;
            rest = after_unit(rest, last, has_blanks).filter(|_| has_blanks).unwrap_or(rest);
        }
        // `12 h 00 min`, and `12.00.`.
        Some(after) => rest = after,
        None => {}
    }
    if begins_with_digit(rest) || rest.starts_with(':') {
        return None;
    }
    // A leap second.
    let (second, nanosecond) = if second == 60 { (59, nanosecond + 1_000_000_000) } else { (second, nanosecond) };
    let clock = NaiveTime::from_hms_nano_opt(hour.parse().ok()?, minute.parse().ok()?, second, nanosecond)?;
    // Albanian has a dot before AM and PM.
    Some((clock, colon != ":", rest.strip_prefix('.').unwrap_or(rest)))
}

/// The text after the unit that it begins with.
fn after_unit<'t>(text: &'t str, unit: &str, has_blanks: bool) -> Option<&'t str> {
    if !has_blanks {
        return text.strip_prefix(unit);
    }
    Some(text.trim_start_matches(' ').strip_prefix(unit)?.trim_start_matches(' '))
}

/// The nanoseconds that a text begins with after a point or a comma, none if there is none, and the text after them.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix(['.', ',']).filter(|rest| begins_with_digit(rest)) else {
        return Some((0, text));
    };
    let (digits, rest) = digits(rest, usize::MAX)?;
    let nanoseconds = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some((nanoseconds.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')), rest))
}
