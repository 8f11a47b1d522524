//! The order of day, month and year in a date, and the evidence that decides the order.
//!
//! `02/03/2026` is a day of February or of March, depending on the writer's culture. A wrong guess moves a failure by a
//! month, so nothing is guessed. Evidence excludes orders, and a date is parsed if all remaining orders give the same
//! day.
//!
//! **Proof** excludes orders for all dates of the column: see [`OrdersByColumn`](super::evidence::OrdersByColumn).
//!
//! | proof | excludes | reason |
//! |---|---|---|
//! | a year of four digits in front | all but year, month, day | ISO 8601, and nearly every culture with this form (below) |
//! | a month by its name | all orders with another month | a name is no day |
//! | a number above 12 | orders that make it a month | arithmetic |
//! | a year of two digits outside 13 to 33 | orders that make it a year | see [`century`] |
//!
//! **A form of cultures with the day first** excludes the month first for the date itself, and for no other. A column
//! with such a date and the proof of the month first contradicts itself.
//!
//! | form | reason |
//! |---|---|
//! | dots between the numbers, year last | no culture of Windows 10 or later combines them with the month first (below) |
//! | dots or `h` in the clock | Danish, Finnish, Indonesian, older Italian; no culture combines them with the month first |
//! | a Greek, Chinese, Arabic or Vietnamese AM or PM | each culture of these languages with the year last writes the day first |
//!
//! | no evidence | reason |
//! |---|---|
//! | `2/03/2026`: one digit, then a padded one | `d/MM/yyyy` is Australia, New Zealand, Belgium; but scripts write `M/dd/yyyy` |
//! | AM and PM in capitals or small letters, with or without dots | `h:mm:ss tt` gives capitals in Australia on Windows, small letters in its browsers; Canada and Panama write `p. m.` with the month first |
//! | two padded numbers | `dd/MM/yyyy` is British, `MM/dd/yyyy` the invariant culture of .NET, and Panama's |
//! | two numbers of one digit | `M/d/yyyy` is American, `d/M/yyyy` Greek |
//! | dashes with the year last | day first in each culture, but month first in many scripts |
//! | a clock of 24 hours | the invariant culture, Malta and Burundi write it with the month first |
//! | a comma or no comma after the date | both occur with both orders |
//!
//! Exceptions that are accepted, because refusing `02.03.2026`, `2026-03-02` or `2-Mar-2026` would cost far more:
//! - Yakut in Windows 7 (`MM.dd.yyyy`) and Ngomba (`M.d.yyyy`) write dots with the month first.
//! - In browsers, Kyrgyz and the Kazakh and Uyghur of China write year, day, month.
//! - `Jan` is June in Sesotho, `Mar` May in Teso, and `May` October in Duala and November in Basaa.

use chrono::NaiveDate;

use crate::detection::Day;

/// The reason why a text is not a usable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeFault {
    /// It is not a time, or its form, language or calendar is not known.
    NotATime,
    /// Its date has several readings.
    Undecided,
}

/// A set of orders, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Orders(u8);

/// One order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayMonthYear,
    MonthDayYear,
    /// With a year of two digits. A date with a year of four digits in front has one reading.
    YearMonthDay,
}

impl DateOrder {
    pub(super) const ALL: [Self; 3] = [Self::DayMonthYear, Self::MonthDayYear, Self::YearMonthDay];
}

impl Orders {
    /// Before the first evidence.
    pub(super) const ANY: Self = Self(0b111);

    fn of(orders: impl Iterator<Item = DateOrder>) -> Self {
        Self(orders.fold(0, |set, order| set | 1 << order as u8))
    }

    fn has(self, order: DateOrder) -> bool {
        self.0 & 1 << order as u8 != 0
    }

    /// The orders in both sets.
    pub(super) fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// All but the month first.
    pub(super) fn without_month_first(self) -> Self {
        Self(self.0 & !(1 << DateOrder::MonthDayYear as u8))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The sets of these orders, except the empty one.
    pub(super) fn subsets(self) -> impl Iterator<Item = Self> {
        (1..=Self::ANY.0).filter(move |set| set & !self.0 == 0).map(Self)
    }
}

/// What the dates of a column prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum ColumnOrders {
    /// No contradiction.
    Common {
        /// The orders that every date so far can have by its numbers. At least one.
        orders: Orders,
        /// Whether the form of a date decided that its day is first. Then `orders` has another order than the month
        /// first.
        has_day_first_form: bool,
    },
    /// The dates contradict each other.
    Mixed,
}

impl ColumnOrders {
    /// Before the first date.
    pub(in super::super) const UNKNOWN: Self = Self::Common { orders: Orders::ANY, has_day_first_form: false };
}

/// A date, before its order is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Date {
    /// The day that each [`DateOrder`] gives, in the order of [`DateOrder::ALL`]. One of them at least is a day.
    readings: [Option<NaiveDate>; DateOrder::ALL.len()],
    /// Whether only cultures with the day first have its form.
    is_day_first_form: bool,
}

impl Date {
    /// A date whose order is known. `None` if the calendar has no such day.
    pub(super) fn certain(year: i32, month: u32, day: u32) -> Option<Self> {
        Self::of_readings([Some(NaiveDate::from_ymd_opt(year, month, day)?); DateOrder::ALL.len()])
    }

    /// A date of three numbers. The last may be the year. `None` if no order gives a day.
    pub(super) fn of_numbers(numbers: [&str; 3], separator: char) -> Option<Self> {
        let [first, second, third] = numbers;
        let day = |year, month: &str, day: &str| NaiveDate::from_ymd_opt(year?, month.parse().ok()?, day.parse().ok()?);
        let date = Self::of_readings([
            day(year(third), second, first),
            day(year(third), first, second),
            day(century(first), second, third),
        ])?;
        Some(Self { is_day_first_form: separator == '.', ..date })
    }

    /// A date whose month has a name, with the year in front or at the end. `None` if no order gives a day.
    pub(super) fn of_name(first: &str, month: u32, last: &str) -> Option<Self> {
        let day = |year, day: &str| NaiveDate::from_ymd_opt(year?, month, day.parse().ok()?);
        let day_first = day(year(last), first);
        Self::of_readings([day_first, day_first, day(year(first), last)])
    }

    fn of_readings(readings: [Option<NaiveDate>; DateOrder::ALL.len()]) -> Option<Self> {
        readings.iter().any(Option::is_some).then_some(Self { readings, is_day_first_form: false })
    }

    /// The same date with a part that only cultures with the day first write.
    pub(super) fn in_day_first_form(self) -> Self {
        Self { is_day_first_form: true, ..self }
    }

    /// Whether its numbers alone have several readings.
    pub(in super::super) fn is_undecided(&self) -> bool {
        self.day(ColumnOrders::Mixed).is_err()
    }

    /// The orders that give a day.
    pub(super) fn orders(&self) -> Orders {
        let readings = DateOrder::ALL.into_iter().zip(self.readings);
        Orders::of(readings.filter(|(_, day)| day.is_some()).map(|(order, _)| order))
    }

    /// Whether the date's form decides between day and month, which its numbers do not.
    pub(super) fn is_day_first_by_form(&self) -> bool {
        let [day_first, month_first, _] = self.readings;
        self.is_day_first_form && day_first != month_first && day_first.is_some() && month_first.is_some()
    }

    /// The day in a column with this evidence, if all remaining orders that give a day give the same one.
    pub(super) fn day(&self, column: ColumnOrders) -> Result<NaiveDate, TimeFault> {
        let orders = match column {
            ColumnOrders::Common { orders, .. } if self.is_day_first_by_form() => orders.without_month_first(),
            ColumnOrders::Common { orders, .. } => orders,
            ColumnOrders::Mixed => Orders::ANY,
        };
        let readings = DateOrder::ALL.into_iter().zip(self.readings);
        let mut days = readings.filter_map(|(order, day)| day.filter(|_| orders.has(order))).peekable();
        let first = *days.peek().ok_or(TimeFault::NotATime)?;
        if days.all(|day| day == first) { Ok(first) } else { Err(TimeFault::Undecided) }
    }
}

/// The year of a text of two or four digits.
fn year(text: &str) -> Option<i32> {
    if text.len() == 4 { text.parse().ok().filter(|year| Day::YEARS.contains(year)) } else { century(text) }
}

/// The year of a text of two digits, from 2013 to 2033.
///
/// Two digits do not name their calendar: 2026 is `69` in Thailand, `47` in Saudi Arabia, `04` in Iran, `08` in Japan.
/// Until 2033 the current year of each of these calendars is outside 13 to 33. Entra has no sign-ins before 2013.
fn century(text: &str) -> Option<i32> {
    let year: i32 = text.parse().ok()?;
    (text.len() == 2 && (13..=33).contains(&year)).then_some(2000 + year)
}
