//! Decides which incidents tuning entries hide, from the stored logins.

use crate::detection::evidence::FailureIndex;
use crate::detection::tuning::{IncidentJudgements, TunedIndex};
use crate::detection::{Address, Day};
use crate::store::{Loaded, Store, StoreError};

/// Judges incidents of an address, all of one day, by the logins of the day. Any of them can make an incident one that
/// is not hidden. No incident is hidden if a login cannot be read.
///
/// # Errors
/// [`StoreError`] when the logins cannot be loaded.
pub async fn judge(
    store: &impl Store,
    index: &FailureIndex<'_>,
    tuned: &TunedIndex<'_>,
    address: Address,
    day: Day,
    mut judged: IncidentJudgements,
) -> Result<Loaded<IncidentJudgements>, StoreError> {
    let mut after = None;
    while !judged.are_final() {
        let page = store.load_logins(address, day, after).await?;
        if !page.unreadable.is_empty() {
            return Ok(Loaded { records: IncidentJudgements::default(), unreadable: page.unreadable });
        }
        judged.add(index, tuned, &page.records.logins);
        after = page.records.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Loaded { records: judged, unreadable: Vec::new() })
}
