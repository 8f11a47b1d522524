//! Collects the times of records that are not kept, while the other dates of their column can still decide them.
//!
//! A time is not kept, but added to a summary for each evidence that its column can have at the end. So memory is
//! constant, and the result does not depend on the order of the records.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::When;
use super::evidence::{OrdersByColumn, TIMES};
use super::order::{ColumnOrders, Orders};
use super::written::WrittenTime;
use crate::detection::Day;

/// Undecided times by column and by the orders that the column's dates can have at the end. At most [`TIMES`] times the
/// number of sets of orders.
#[derive(Debug, Default)]
pub(in super::super) struct UndecidedTimes(BTreeMap<(usize, Orders), TimeSummary>);

/// Many times in a few numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct TimeSummary {
    ends: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The newest that is not after the horizon.
    pub(super) newest: Option<DateTime<Utc>>,
    /// How many are after the horizon.
    pub(in super::super) future: u64,
}

impl TimeSummary {
    fn add(&mut self, time: DateTime<Utc>, horizon: DateTime<Utc>) {
        let (first, last) = self.ends.unwrap_or((time, time));
        self.ends = Some((first.min(time), last.max(time)));
        if time > horizon {
            self.future += 1;
        } else {
            self.newest = self.newest.max(Some(time));
        }
    }

    /// The first and the last time.
    pub(super) fn ends(&self) -> impl Iterator<Item = DateTime<Utc>> {
        self.ends.into_iter().flat_map(|(first, last)| [first, last])
    }
}

impl UndecidedTimes {
    /// Adds a time of a column.
    pub(in super::super) fn add(&mut self, column: usize, when: When<'_>, horizon: DateTime<Utc>) {
        let text = std::str::from_utf8(when.text).unwrap_or_default();
        let Some(written) = WrittenTime::of(text.trim()) else { return };
        for orders in written.date().orders().subsets() {
            let time = written.time(ColumnOrders::Common { orders, has_day_first_form: false });
            if let Some(time) = time.ok().filter(|time| Day::is_plausible(*time)) {
                self.0.entry((column, orders)).or_default().add(time, horizon);
            }
        }
    }

    /// The times that the evidence of a file decides.
    pub(in super::super) fn decided(&self, dates: OrdersByColumn) -> impl Iterator<Item = TimeSummary> {
        (0..TIMES).filter_map(move |column| match dates.of(column) {
            ColumnOrders::Common { orders, .. } => self.0.get(&(column, orders)).copied(),
            ColumnOrders::Mixed => None,
        })
    }
}
