//! Decides which incidents are mailed, from the stored logins.

use std::collections::BTreeSet;

use crate::detection::failure_index::FailureIndex;
use crate::detection::judgement::IncidentJudgements;
use crate::detection::tally::Members;
use crate::detection::tuning::TunedIndex;
use crate::detection::{Address, Day, Login, Tuning};
use crate::store::{Loaded, Store, StoreError};

/// The incidents of an address and day.
#[derive(Clone, Copy, Debug)]
pub struct IncidentsOfDay<'a> {
    /// The address of their logins.
    pub address: Address,
    /// The day of their logins.
    pub day: Day,
    /// The new logins among them. Their records can be missing, if the store failed.
    pub new: &'a [&'a Login],
}

/// Judges incidents by the logins of their day. Any of them can be a reason to mail an incident. An incident is mailed
/// if a login cannot be read. `tuned` is `None` if no entry of `tuning` can apply to the address.
///
/// # Errors
/// [`StoreError`] when the logins, or the tallies of a network's addresses, cannot be loaded.
pub async fn judge(
    store: &impl Store,
    index: &FailureIndex<'_>,
    tuned: Option<&TunedIndex<'_>>,
    tuning: &Tuning,
    incidents: IncidentsOfDay<'_>,
    mut judged: IncidentJudgements,
) -> Result<Loaded<IncidentJudgements>, StoreError> {
    let IncidentsOfDay { address, day, new } = incidents;
    let mut unreadable = Vec::new();
    if tuned.is_none() && !address.is_network() || judged.are_final() {
        return Ok(Loaded { records: judged, unreadable });
    }
    let days = index.rule().days_around(&BTreeSet::from([day]));
    let (mut members, mut after, mut is_last) = (Members::new(), None, false);
    let mut logins: Vec<Login> = new.iter().map(|login| (*login).clone()).collect();
    loop {
        for login in logins.iter().filter(|_| address.is_network()) {
            let own = login.source_ip_address;
            if index.incident(login).is_some() && !members.contains_key(&own) {
                // A tally that cannot be read holds nothing, so the incident is mailed.
                let found = store.load_tallies(own, &days).await?;
                unreadable.extend(found.unreadable);
                members.insert(own, found.records);
            }
        }
        judged.add(index, tuned, &members, tuning, &logins);
        if is_last || judged.are_final() {
            return Ok(Loaded { records: judged, unreadable });
        }
        let page = store.load_logins(address, day, after).await?;
        if !page.unreadable.is_empty() {
            return Ok(Loaded { records: IncidentJudgements::default(), unreadable: page.unreadable });
        }
        (logins, after) = (page.records.logins, page.records.next);
        is_last = after.is_none();
    }
}
