//! Parses the forms of .NET's cultures and of browsers, part by part.

use chrono::{DateTime, FixedOffset, NaiveTime, TimeDelta, Utc};

use super::designator::{Designator, Preceding};
use super::order::{ColumnOrders, Date, TimeFault};

/// A time in parts.
#[derive(Debug)]
pub(super) struct WrittenTime {
    date: Date,
    clock: NaiveTime,
    offset: Option<FixedOffset>,
}

impl WrittenTime {
    /// Parses `3/2/2026, 2:08:45.221 PM`, `2026/3/2 下午2:08:45`, `2. 3. 2026 14.08.45`, `14:08:45 2/3/2026` and the
    /// like.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = normalised(text)?;
        let mut parts = TimeParser { rest: &text, ..TimeParser::default() };
        while parts.next()? {}
        let TimeParser { date, has_dotted_date, clock, has_dotted_clock, designator, offset, .. } = parts;
        let (mut date, mut clock) = (date?, clock?);
        if let Some((designator, preceding)) = designator {
            if !designator.fits(preceding, has_dotted_date) {
                return None;
            }
            clock = designator.time_of_day(clock)?;
        }
        if has_dotted_clock || designator.is_some_and(|(designator, _)| designator.is_day_first()) {
            date = date.in_day_first_form();
        }
        Some(Self { date, clock, offset })
    }

    /// Its date.
    pub(super) fn date(&self) -> Date {
        self.date
    }

    /// The time in a column with this evidence. A time without a zone is UTC.
    pub(super) fn time(&self, column: ColumnOrders) -> Result<DateTime<Utc>, TimeFault> {
        let day = self.date.day(column)?;
        let offset = self.offset.map_or(0, |offset| offset.local_minus_utc());
        let time = day.and_time(self.clock).and_utc();
        time.checked_sub_signed(TimeDelta::seconds(offset.into())).ok_or(TimeFault::NotATime)
    }
}

/// Replaces the blanks and commas of other scripts by plain ones, and removes the direction marks that browsers write.
/// `None` if the text has digits of another script, because these imply another calendar.
fn normalised(text: &str) -> Option<String> {
    let mut normalised = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '،' | '、' => normalised.push(','),
            // The micro sign replaces the Greek letter.
            'µ' => normalised.push('μ'),
            c if c.is_whitespace() => normalised.push(' '),
            c if c.is_numeric() && !c.is_ascii_digit() => return None,
            c => normalised.push(c),
        }
    }
    Some(normalised)
}

/// The parsed parts, and the rest of the text.
#[derive(Default)]
struct TimeParser<'t> {
    rest: &'t str,
    date: Option<Date>,
    has_dotted_date: bool,
    clock: Option<NaiveTime>,
    /// `true` for dots or `h` instead of colons.
    has_dotted_clock: bool,
    /// The designator, and the parts that precede it.
    designator: Option<(Designator, Preceding)>,
    offset: Option<FixedOffset>,
}

impl TimeParser<'_> {
    /// Parses the next part. Returns `false` at the end of the text, and `None` if the text is no time.
    fn next(&mut self) -> Option<bool> {
        // Basque puts brackets around the clock.
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
                self.has_dotted_date = self.rest[..self.rest.len() - rest.len()].contains('.');
                // ISO 8601 has `T` between date and clock.
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

    /// Parses words: AM and PM, zones, days of the week, names of months, and the words between date and clock.
    fn words(&mut self) -> Option<()> {
        let end = self
            .rest
            .find(|c: char| c.is_ascii_digit() || matches!(c, ',' | '+' | '-' | '(' | ')'))
            .unwrap_or(self.rest.len());
        let (phrase, after) = self.rest.split_at(end);
        let words: Vec<String> =
            phrase.split(' ').map(|word| word.replace('.', "")).filter(|word| !word.is_empty()).collect();
        self.rest = after;
        let mut words = words.iter().map(String::as_str).peekable();
        while let Some(word) = words.next() {
            // `p. m.`
            let joined = words.peek().map(|next| [word, next].concat()).filter(|_| word.len() == 1);
            if let Some(designator) = joined.as_deref().and_then(Designator::of) {
                words.next();
                self.designate(designator)?;
                continue;
            }
            if let Some(designator) = Designator::of(word) {
                self.designate(designator)?;
                continue;
            }
            let word = word.to_lowercase();
            if let Some(month) = month(&word).filter(|_| words.peek().is_none()) {
                let (date, rest) = date_after_month(month, self.rest)?;
                self.rest = rest;
                self.date.replace(date).is_none().then_some(())?;
            } else if !is_filler(&word) {
                self.zone(&word)?;
            }
        }
        Some(())
    }

    fn designate(&mut self, designator: Designator) -> Option<()> {
        let preceding = Preceding { has_date: self.date.is_some(), has_clock: self.clock.is_some() };
        self.designator.replace((designator, preceding)).is_none().then_some(())
    }

    fn zone(&mut self, text: &str) -> Option<()> {
        let offset = match text {
            "z" | "utc" | "gmt" => FixedOffset::east_opt(0)?,
            _ => text.parse().ok()?,
        };
        self.offset.replace(offset).is_none().then_some(())
    }
}

/// Whether a word does not change the time: an English day of the week, Kibana's `@`, or a word between or after date
/// and clock. Finnish, Norwegian, Danish, German, Bulgarian, Macedonian, Bosnian and English have such words.
fn is_filler(word: &str) -> bool {
    const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    matches!(word, "klo" | "kl" | "um" | "г" | "ч" | "во" | "u" | "at" | "@")
        || WEEKDAYS.iter().any(|day| *day == word || day[..3] == *word)
}

/// The number of a month by its English name or the name's first three letters.
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

/// Splits off the leading digits: at least one, at most `most`.
fn digits(text: &str, most: usize) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=most).contains(&length).then(|| text.split_at(length))
}

/// Splits off the leading date. The outer `None` means that the text has no leading date, the inner one that no order
/// of the numbers gives a day.
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

/// Splits off the rest of a date with a named month, such as `2-Mar-2026` or `02 March 2026`, after its first
/// separator.
fn named<'t>(first: &str, separator: char, text: &'t str) -> Option<(Option<Date>, &'t str)> {
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, rest) = text.split_at(length);
    let month = month(&word.to_ascii_lowercase())?;
    let (again, rest) = self::separator(rest.strip_prefix('.').unwrap_or(rest))?;
    let (last, rest) = digits(rest, 4)?;
    let is_date = is_same(separator, again) && !begins_with_digit(rest) && !rest.starts_with([':', '.']);
    is_date.then(|| (Date::of_name(first, month, last), rest))
}

/// Splits off the rest of a date that starts with the name of its month: `2, 2026`.
fn date_after_month(month: u32, text: &str) -> Option<(Date, &str)> {
    let (day, rest) = digits(text, 2)?;
    let (year, rest) = digits(rest.trim_start_matches([',', ' ']), 4).filter(|(year, _)| year.len() == 4)?;
    Some((Date::certain(year.parse().ok()?, month, day.parse().ok()?)?, rest))
}

/// Splits off the leading separator, with the blanks that some cultures put after it.
fn separator(text: &str) -> Option<(char, &str)> {
    let separator = text.chars().next().filter(|c| matches!(c, '/' | '-' | '.' | ' ' | '年' | '月'))?;
    let rest = &text[separator.len_utf8()..];
    let may_have_blanks = !matches!(separator, '/' | '-');
    Some((separator, if may_have_blanks { rest.trim_start_matches(' ') } else { rest }))
}

/// Whether a date can have these two separators.
fn is_same(first: char, second: char) -> bool {
    if first == '年' { second == '月' } else { first == second && first != '月' }
}

/// The texts after hours, minutes and seconds of a clock, and whether blanks can surround them.
type Units = ([&'static str; 3], bool);

/// `12:00:00`, `12.00.00` and `12 h 00 min 00 s`.
const UNITS: [Units; 3] = [([":", ":", ""], false), ([".", ".", ""], false), (["h", "min", "s"], true)];

/// Splits off the leading clock. The `bool` is `true` for dots or `h` instead of colons.
fn clock(text: &str) -> Option<(NaiveTime, bool, &str)> {
    let (hour, rest) = digits(text, 2)?;
    let ([colon, next, last], has_blanks) =
        UNITS.into_iter().find(|units| after_unit(rest, units.0[0], units.1).is_some())?;
    let two = |text| digits(text, 2).filter(|(digits, _)| digits.len() == 2);
    // A minute of one digit is truncated.
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
    // chrono's form of a leap second.
    let (second, nanosecond) = if second == 60 { (59, nanosecond + 1_000_000_000) } else { (second, nanosecond) };
    let clock = NaiveTime::from_hms_nano_opt(hour.parse().ok()?, minute.parse().ok()?, second, nanosecond)?;
    // Albanian has a dot before AM or PM.
    Some((clock, colon != ":", rest.strip_prefix('.').unwrap_or(rest)))
}

/// The text after its leading unit.
fn after_unit<'t>(text: &'t str, unit: &str, has_blanks: bool) -> Option<&'t str> {
    if !has_blanks {
        return text.strip_prefix(unit);
    }
    Some(text.trim_start_matches(' ').strip_prefix(unit)?.trim_start_matches(' '))
}

/// Splits off a leading fraction of a second, in nanoseconds: 0 if there is none.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix(['.', ',']).filter(|rest| begins_with_digit(rest)) else {
        return Some((0, text));
    };
    let (digits, rest) = digits(rest, usize::MAX)?;
    let nanoseconds = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some((nanoseconds.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')), rest))
}
