//! The tuning entries of an execution environment: those of the settings, and a copy of those in the table.
//!
//! The table is read at most once a minute. If it cannot be read, the last copy is used for 15 minutes. After that, only
//! the entries of the settings apply. So a fault of the table never causes fewer messages than its entries did.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Pipeline, Runtime, Summary};
use crate::detection::Tuning;
use crate::detection::tuning::InvalidEntry;
use crate::notify::Notifier;
use crate::store::Store;

/// How long a copy of the table is used before the table is read again.
const FRESH: TimeDelta = TimeDelta::seconds(60);

/// How long the last copy is used when the table cannot be read.
const LONGEST: TimeDelta = TimeDelta::minutes(15);

/// The cache of the entries.
#[derive(Debug, Default)]
pub struct TuningCache {
    static_entries: Vec<Value>,
    copy: Mutex<Option<Copied>>,
}

#[derive(Clone, Debug)]
struct Copied {
    tuning: Arc<Tuning>,
    /// When the table was read last; `None` if the copy has the static entries alone.
    read_at: Option<DateTime<Utc>>,
    /// When the last attempt to read the table began.
    tried_at: DateTime<Utc>,
    /// Whether the news about the entries were announced, as far as that was possible.
    is_announced: bool,
}

impl TuningCache {
    /// A cache with the entries of the settings, and none of the table yet.
    #[must_use]
    pub fn of(static_entries: Vec<Value>) -> Self {
        Self { static_entries, copy: Mutex::default() }
    }

    fn copied(&self) -> Option<Copied> {
        self.copy.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, copied: Copied) -> Arc<Tuning> {
        let tuning = Arc::clone(&copied.tuning);
        *self.copy.lock().unwrap_or_else(PoisonError::into_inner) = Some(copied);
        tuning
    }
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Reads the tuning entries if the copy of them is older than a minute, and announces their news.
    pub(super) async fn refresh_tuning(&self, summary: &mut Summary) {
        let tuning = self.tuning(summary).await;
        let Some(copied) = self.tuning.copied().filter(|copied| !copied.is_announced) else { return };
        self.announce(&tuning, summary).await;
        self.tuning.keep(Copied { is_announced: true, ..copied });
    }

    /// The tuning entries, from the table if the copy of it is older than a minute.
    pub(super) async fn tuning(&self, summary: &mut Summary) -> Arc<Tuning> {
        let now = self.runtime.now();
        let copied = self.tuning.copied();
        if let Some(copied) = copied.as_ref().filter(|copied| now - copied.tried_at < FRESH) {
            return Arc::clone(&copied.tuning);
        }
        let fixed = &self.tuning.static_entries;
        match self.store.load_tuning_entries().await {
            Ok(entries) => {
                // Without a table, nobody can have added an entry since the deployment.
                let is_announced = entries.is_none() && fixed.is_empty();
                let all = fixed.iter().cloned().chain(entries.unwrap_or_default());
                let tuning = Arc::new(Tuning::parse(all, &self.rule));
                report_invalid(tuning.invalid(), summary);
                self.tuning.keep(Copied { tuning, read_at: Some(now), tried_at: now, is_announced })
            }
            Err(error) => {
                summary.tuning_unavailable += 1;
                let last = copied.filter(|copied| copied.read_at.is_some_and(|read_at| now - read_at < LONGEST));
                let read_at = last.as_ref().and_then(|copied| copied.read_at);
                let used = if last.is_some() { "the last copy" } else { "the entries of the settings alone" };
                tracing::error!(code = error.code(), "the tuning table cannot be read, so {used} applies: {error}");
                let tuning = last
                    .map_or_else(|| Arc::new(Tuning::parse(fixed.iter().cloned(), &self.rule)), |copied| copied.tuning);
                // Entries that could not be read have not vanished.
                self.tuning.keep(Copied { tuning, read_at, tried_at: now, is_announced: true })
            }
        }
    }
}

/// Counts and logs entries that are ignored.
fn report_invalid(invalid: &[InvalidEntry], summary: &mut Summary) {
    for entry in invalid {
        summary.tuning_invalid += 1;
        let (id, faults) = (entry.id.as_deref().unwrap_or("(none)"), entry.explanation());
        tracing::error!(code = InvalidEntry::CODE, id, faults, "a tuning entry is invalid and was ignored");
    }
}
