//! The tuning entries of an execution environment: those of the settings, and a copy of those in the table.
//!
//! The table is read at most once a minute. If it cannot be read, the last copy is used for 15 minutes. After that, no
//! entry applies, those of the settings neither: an entry of the table may limit what they hide. So a fault of the
//! table never causes fewer messages than its entries did.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{Pipeline, Runtime, Summary};
use crate::detection::Tuning;
use crate::detection::tuning::InvalidEntry;
use crate::notify::Notifier;
use crate::store::{Announcement, Loaded, Store, StoreError, Versioned};

/// How long a copy of the table is used before the table is read again.
const MAX_AGE: TimeDelta = TimeDelta::seconds(60);

/// How long the last copy is used when the table cannot be read.
const MAX_STALE_AGE: TimeDelta = TimeDelta::minutes(15);

/// The cache of the entries.
#[derive(Debug, Default)]
pub struct TuningCache {
    static_entries: Vec<Value>,
    snapshot: Mutex<Option<Snapshot>>,
    /// The entries whose news are to be announced, and what was announced of them.
    ///
    /// What was announced was loaded before the entries. Otherwise an entry that another invocation announced meanwhile
    /// would be announced as vanished.
    unannounced: Mutex<Option<Unannounced>>,
}

type Unannounced = (Result<Loaded<Vec<Versioned<Announcement>>>, StoreError>, Arc<Tuning>);

#[derive(Clone, Debug)]
struct Snapshot {
    tuning: Arc<Tuning>,
    /// When the table was read last; `None` if the copy has no entries because the table cannot be read.
    read_at: Option<DateTime<Utc>>,
    /// When the last attempt to read the table began; in the future if the table is not to be read.
    tried_at: DateTime<Utc>,
}

impl TuningCache {
    /// A cache with the entries of the settings, and none of the table yet.
    #[must_use]
    pub fn of(static_entries: Vec<Value>) -> Self {
        Self { static_entries, ..Self::default() }
    }

    /// A cache of entries that are all known. It never expires, so no table is read.
    #[must_use]
    pub fn fixed(tuning: Tuning) -> Self {
        let snapshot = Snapshot { tuning: Arc::new(tuning), read_at: None, tried_at: DateTime::<Utc>::MAX_UTC };
        Self { snapshot: Mutex::new(Some(snapshot)), ..Self::default() }
    }

    fn snapshot(&self) -> Option<Snapshot> {
        locked(&self.snapshot).clone()
    }

    fn keep(&self, snapshot: Snapshot) -> Arc<Tuning> {
        let tuning = Arc::clone(&snapshot.tuning);
        *locked(&self.snapshot) = Some(snapshot);
        tuning
    }
}

/// The guarded value. It is replaced as a whole, so it is consistent after a panic elsewhere.
fn locked<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S: Store, N: Notifier, R: Runtime> Pipeline<S, N, R> {
    /// Announces the news about the tuning entries that were read since the last announcement. Reads the entries if the
    /// copy of them is older than a minute.
    pub(super) async fn announce_tuning(&self, request_id: &str, summary: &mut Summary) {
        self.tuning(summary).await;
        let unannounced = locked(&self.tuning.unannounced).take();
        if let Some((announced, tuning)) = unannounced {
            Box::pin(self.announce(announced, &tuning, request_id, summary)).await;
        }
    }

    /// Reads the tuning entries, and what was announced of them if there can be any. Keeps both.
    async fn read_tuning(&self, summary: &mut Summary) -> Arc<Tuning> {
        let now = self.runtime.now();
        let fixed = &self.tuning.static_entries;
        let has_entries = self.store.has_tuning_table() || !fixed.is_empty();
        let announced = if has_entries { Some(self.store.load_announcements().await) } else { None };
        match self.store.load_tuning_entries().await {
            Ok(entries) => {
                let tuning = Arc::new(Tuning::parse(fixed.iter().cloned().chain(entries), &self.rule));
                report_invalid(tuning.invalid(), summary);
                *locked(&self.tuning.unannounced) = announced.map(|announced| (announced, Arc::clone(&tuning)));
                self.tuning.keep(Snapshot { tuning, read_at: Some(now), tried_at: now })
            }
            Err(error) => {
                summary.tuning_unavailable += 1;
                let is_usable = |read_at: DateTime<Utc>| now - read_at < MAX_STALE_AGE;
                let last = self.tuning.snapshot().filter(|snapshot| snapshot.read_at.is_some_and(is_usable));
                let used = if last.is_some() { "the last copy" } else { "no entry" };
                tracing::error!(code = error.code(), "the tuning table cannot be read, so {used} applies: {error}");
                let (tuning, read_at) = last.map(|last| (last.tuning, last.read_at)).unwrap_or_default();
                // Entries that cannot be read have not vanished.
                self.tuning.keep(Snapshot { tuning, read_at, tried_at: now })
            }
        }
    }

    /// The tuning entries, from the table if the copy of them is older than a minute.
    pub(super) async fn tuning(&self, summary: &mut Summary) -> Arc<Tuning> {
        let is_fresh = |snapshot: &Snapshot| self.runtime.now() - snapshot.tried_at < MAX_AGE;
        match self.tuning.snapshot().filter(is_fresh) {
            Some(snapshot) => snapshot.tuning,
            None => self.read_tuning(summary).await,
        }
    }
}

/// Counts and logs entries that are ignored.
fn report_invalid(invalid: &[InvalidEntry], summary: &mut Summary) {
    for entry in invalid {
        summary.tuning_invalid += 1;
        let (id, faults) = (entry.id.as_deref().unwrap_or("(none)"), entry.explanation_with_consequence());
        tracing::error!(code = InvalidEntry::CODE, id, faults, "a tuning entry is invalid and was ignored");
    }
}
