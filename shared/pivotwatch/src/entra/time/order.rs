//! The order of day, month and year in a date, and which evidence decides it.
//!
//! A date such as `02/03/2026` is February's or March's, depending on who wrote it. A wrong guess moves a failure by a month,
//! so nothing is guessed: the evidence below removes orders, and a date is read if all orders that remain give the same day.
//! All dates of one file are written by one culture, so what one date excludes is excluded for the file ([`Orders::learn`]).
//!
//! | evidence | excludes | reason |
//! |---|---|---|
//! | a year of four digits in front | all but year, month, day | ISO 8601, and nearly every culture with this form (below) |
//! | a month by its name | all orders with another month | a name is no day |
//! | dots between the numbers, year last | month first | no culture that Windows 10 or later formats by (below) |
//! | dots or `h` in the clock | month first | Danish, Finnish, Indonesian, older Italian; no culture combines them with month first |
//! | `2/03/2026`: one digit, then a padded one | month first | `d/MM/yyyy` is Australia, New Zealand, Belgium; no culture has `M/dd/yyyy` |
//! | a Greek, Chinese, Arabic or Vietnamese AM or PM | month first | each culture of these languages with the year last writes the day first |
//! | a number above 12 | orders that make it a month | arithmetic |
//! | a year of two digits outside 13 to 33 | orders that make it a year | see [`century`] |
//!
//! | no evidence | reason |
//! |---|---|
//! | AM and PM in capitals or small letters, with or without dots | `h:mm:ss tt` writes capitals in Australia on Windows, small ones in its browsers; Canada and Panama write `p. m.` with the month first |
//! | two padded numbers | `dd/MM/yyyy` is British, `MM/dd/yyyy` the invariant culture of .NET, and Panama's |
//! | two numbers of one digit | `M/d/yyyy` is American, `d/M/yyyy` Greek |
//! | dashes with the year last | day first in each culture, but month first in many scripts |
//! | a clock of 24 hours | the invariant culture, Malta and Burundi write it with the month first |
//! | a comma or no comma after the date | both occur with both orders |
//!
//! Four exceptions are known, all too rare to refuse `02.03.2026` or `2026-03-02` for their sake: Yakut in Windows 7
//! (`MM.dd.yyyy`), Ngomba (`M.d.yyyy`), and in browsers Kyrgyz and the Kazakh and Uyghur of China (year, day, month).

use chrono::NaiveDate;

use crate::detection::Day;

/// Why a text is no time that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeFault {
    /// It is no time, or none in a form, a language or a calendar that is known.
    NotATime,
    /// Its date has several readings.
    Undecided,
}

/// Orders that are possible, as a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Orders(u8);

/// One order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    DayMonthYear,
    MonthDayYear,
    /// With a year of two digits; one of four needs no decision.
    YearMonthDay,
}

impl Order {
    pub(super) const ALL: [Self; 3] = [Self::DayMonthYear, Self::MonthDayYear, Self::YearMonthDay];
}

impl Orders {
    /// Before the first evidence.
    pub(in super::super) const ANY: Self = Self(0b111);

    fn of(orders: impl Iterator<Item = Order>) -> Self {
        Self(orders.fold(0, |set, order| set | 1 << order as u8))
    }

    fn has(self, order: Order) -> bool {
        self.0 & 1 << order as u8 != 0
    }

    /// Excludes the orders that a date of the same file excludes. A date that contradicts the file teaches nothing.
    pub(in super::super) fn learn(&mut self, date: Self) {
        let common = Self(self.0 & date.0);
        if common.0 != 0 {
            *self = common;
        }
    }
}

/// A date with the day that each order makes of it, by [`Order`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date([Option<NaiveDate>; Order::ALL.len()]);

impl Date {
    /// A date whose order is known.
    pub(super) fn certain(year: i32, month: u32, day: u32) -> Option<Self> {
        Some(Self([Some(NaiveDate::from_ymd_opt(year, month, day)?); Order::ALL.len()]))
    }

    /// A date of three numbers, the last of which may be the year. `None` if no order gives a day.
    pub(super) fn of_numbers(numbers: [&str; 3], separator: char) -> Option<Self> {
        let [first, second, third] = numbers;
        let is_padded = |number: &str| number.starts_with('0');
        let day = |year, month: &str, day: &str| NaiveDate::from_ymd_opt(year?, month.parse().ok()?, day.parse().ok()?);
        let is_only_second_padded = first.len() == 1 && is_padded(second);
        let is_month_first_possible = separator != '.' && !is_only_second_padded;
        Self([
            day(year(third), second, first),
            day(year(third).filter(|_| is_month_first_possible), first, second),
            day(century(first), second, third),
        ])
        .if_any()
    }

    /// A date whose month has a name, with the year in front or at the end. `None` if no order gives a day.
    pub(super) fn of_name(first: &str, month: u32, last: &str) -> Option<Self> {
        let day = |year, day: &str| NaiveDate::from_ymd_opt(year?, month, day.parse().ok()?);
        let day_first = day(year(last), first);
        Self([day_first, day_first, day(year(first), last)]).if_any()
    }

    /// The date without the reading with the month first. `None` if this was the only one.
    pub(super) fn without_month_first(mut self) -> Option<Self> {
        let [day_first, month_first, year_first] = &mut self.0;
        let is_certain = day_first == month_first && month_first == year_first;
        if !is_certain {
            *month_first = None;
        }
        self.if_any()
    }

    fn if_any(self) -> Option<Self> {
        Some(self).filter(|date| date.0.iter().any(Option::is_some))
    }

    /// The orders that give a day.
    pub(super) fn orders(&self) -> Orders {
        Orders::of(Order::ALL.into_iter().zip(self.0).filter(|(_, day)| day.is_some()).map(|(order, _)| order))
    }

    /// The day, if the orders of the file agree on it.
    pub(super) fn day(&self, file: Orders) -> Result<NaiveDate, TimeFault> {
        let days = Order::ALL.into_iter().zip(self.0).filter_map(|(order, day)| day.filter(|_| file.has(order)));
        let mut days = days.peekable();
        let first = *days.peek().ok_or(TimeFault::NotATime)?;
        if days.all(|day| day == first) { Ok(first) } else { Err(TimeFault::Undecided) }
    }
}

/// The year that a text of four digits or of two stands for.
fn year(text: &str) -> Option<i32> {
    if text.len() == 4 { text.parse().ok().filter(|year| Day::YEARS.contains(year)) } else { century(text) }
}

/// The year that two digits stand for, from 2013 to 2033.
///
/// Two digits do not tell the calendar either: `69` is 2026 in Thailand, `47` in Saudi Arabia, `04` in Iran, `08` in Japan.
/// Until 2033 none of these calendars has a present year from 13 to 33, and Entra has no sign-ins from before 2013.
fn century(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    (text.len() == 2 && (13..=33).contains(&year)).then_some(2000 + year)
}
