//! The order of dates that the dates of a file prove, by time column.
//!
//! One column is written by one tool in one culture, so each of its dates is evidence for the others. Another column
//! can be written by another tool, so its evidence is kept apart.
//!
//! The state is the intersection of the orders of all dates seen so far, so it does not depend on their sequence. The
//! column contradicts itself if no order is left, or only the month first beside a date whose form has the day first.
//! From then on each of its dates is parsed by its numbers alone, and one that they do not decide stays ambiguous.

use super::order::{ColumnOrders, Date};

/// The time columns of a record. A column's number is its index in `Record::times`.
pub(in super::super) const TIMES: usize = 3;

/// What the dates of a file prove, by time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct OrdersByColumn([ColumnOrders; TIMES]);

impl OrdersByColumn {
    /// Before the first date.
    pub(in super::super) const UNKNOWN: Self = Self([ColumnOrders::UNKNOWN; TIMES]);

    /// Adds a date. Returns `true` if it is the first to contradict its column.
    pub(in super::super) fn add(&mut self, column: usize, date: &Date) -> bool {
        let ColumnOrders::Common { orders, has_day_first_form } = self.0[column] else { return false };
        let orders = orders.common(date.orders());
        let has_day_first_form = has_day_first_form || date.is_day_first_by_form();
        let usual = if has_day_first_form { orders.without_month_first() } else { orders };
        let is_contradiction = usual.is_empty();
        self.0[column] =
            if is_contradiction { ColumnOrders::Mixed } else { ColumnOrders::Common { orders, has_day_first_form } };
        is_contradiction
    }

    /// The orders by which a column's dates are parsed.
    pub(in super::super) fn of(self, column: usize) -> ColumnOrders {
        self.0[column]
    }

    /// Whether dates of a column contradict each other, so that further evidence changes nothing.
    pub(in super::super) fn is_mixed(self, column: usize) -> bool {
        self.0[column] == ColumnOrders::Mixed
    }
}
