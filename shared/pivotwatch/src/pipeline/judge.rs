//! Decides which incidents are mailed, from the stored logins.

use std::collections::BTreeSet;

use crate::detection::evidence::{FailureIndex, Members};
use crate::detection::judgement::IncidentJudgements;
use crate::detection::tuning::TunedIndex;
use crate::detection::{Address, Day};
use crate::store::{Loaded, Store, StoreError};

/// Judges incidents of an address, all of one day, by the logins of the day. Any of them can be a reason to mail an
/// incident. An incident is mailed if a login cannot be read. `tuned` is `None` if no entry can apply to the address.
///
/// # Errors
/// [`StoreError`] when the logins, or the tallies of a network's addresses, cannot be loaded.
pub async fn judge(
    store: &impl Store,
    index: &FailureIndex<'_>,
    tuned: Option<&TunedIndex<'_>>,
    address: Address,
    day: Day,
    mut judged: IncidentJudgements,
) -> Result<Loaded<IncidentJudgements>, StoreError> {
    let mut unreadable = Vec::new();
    if tuned.is_none() && !address.is_network() {
        return Ok(Loaded { records: judged, unreadable });
    }
    let days = index.rule().days_around(&BTreeSet::from([day]));
    let (mut members, mut after) = (Members::new(), None);
    while !judged.are_final() {
        let page = store.load_logins(address, day, after).await?;
        if !page.unreadable.is_empty() {
            return Ok(Loaded { records: IncidentJudgements::default(), unreadable: page.unreadable });
        }
        for login in page.records.logins.iter().filter(|_| address.is_network()) {
            let own = login.source_ip_address;
            if index.incident(login).is_some() && !members.contains_key(&own) {
                // A tally that cannot be read holds nothing, so the incident is mailed.
                let found = store.load_tallies(own, &days).await?;
                unreadable.extend(found.unreadable);
                members.insert(own, found.records);
            }
        }
        judged.add(index, tuned, &members, &page.records.logins);
        after = page.records.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Loaded { records: judged, unreadable })
}
