//! The order of dates that the dates of a file prove, by time column.
//!
//! One column is written by one tool in one culture, so each of its dates is evidence for the others. Another column
//! can be written by another tool, so its evidence is kept apart.
//!
//! The state is the intersection of the orders of all dates seen so far, so it does not depend on their sequence. An
//! empty intersection is a contradiction: the column mixes orders. From then on each of its dates is parsed by its own
//! evidence alone, and one without such evidence stays ambiguous.

use super::order::Orders;

/// The time columns of a record. A column's number is its index in `Record::times`.
pub(in super::super) const TIMES: usize = 3;

/// What the dates of a file prove, by time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct OrdersByColumn([ColumnOrders; TIMES]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnOrders {
    /// The orders that every date so far can have.
    Common(Orders),
    /// No order is possible for every date.
    Mixed,
}

impl OrdersByColumn {
    /// Before the first date.
    pub(in super::super) const UNKNOWN: Self = Self([ColumnOrders::Common(Orders::ANY); TIMES]);

    /// Adds the possible orders of a date. Returns `true` if this date is the first to contradict its column.
    pub(in super::super) fn add(&mut self, column: usize, date: Orders) -> bool {
        let ColumnOrders::Common(before) = self.0[column] else { return false };
        let common = before.common(date);
        self.0[column] = common.map_or(ColumnOrders::Mixed, ColumnOrders::Common);
        common.is_none()
    }

    /// The orders by which a column's dates are parsed.
    pub(in super::super) fn of(self, column: usize) -> Orders {
        match self.0[column] {
            ColumnOrders::Common(orders) => orders,
            ColumnOrders::Mixed => Orders::ANY,
        }
    }

    /// Whether dates of a column contradict each other, so that further evidence changes nothing.
    pub(in super::super) fn is_mixed(self, column: usize) -> bool {
        self.0[column] == ColumnOrders::Mixed
    }
}
