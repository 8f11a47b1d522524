//! What every form of an incident's message says first: its kind, and why it is sent again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::words::{TEST, age, and_more, time};
use crate::detection::IncidentReport;
use crate::detection::reporting::UpdateReason;

/// Tuning entries that are named of those which hide an incident.
const ENTRIES: usize = 4;

/// The update of an incident that was reported before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The number of the message about the incident: 2 for the first update.
    pub number: u32,
    /// Why the incident is reported again.
    pub reasons: BTreeSet<UpdateReason>,
}

/// The beginning of the subject: the severity, and what is special about the message.
pub(super) fn kind_of(report: &IncidentReport, update: Option<&Update>, now: DateTime<Utc>) -> String {
    let test = if report.incident.is_test() { "TEST " } else { "" };
    let severity = Some(format!("{test}{}", report.severity().name()));
    let update = update.map(|update| format!("update {}", update.number));
    let age = age(&report.incident, now).map(|age| format!("{age} old"));
    [severity, update, age].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What a reader must know before what happened: that it is a test, that tuning hides it, and why it is reported
/// again. `name` is an entry's id in its form for the reader.
pub(super) fn preface(report: &IncidentReport, update: Option<&Update>, name: impl Fn(&str) -> String) -> Vec<String> {
    let reason = |reason: &UpdateReason| match reason {
        // There is no other rise.
        UpdateReason::SeverityRose => "its severity rose from Medium to High".to_owned(),
        UpdateReason::PasswordRight => "the password of an Entra user turned out to be right".to_owned(),
        UpdateReason::LoggedInAgain => {
            format!("the user logged in again after a quiet hour, last at {}", time(report.incident.end_time))
        }
    };
    let again = update.map(|Update { number, reasons }| {
        let reasons: Vec<_> = reasons.iter().map(reason).collect();
        let because = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
        format!("Update {number} of a reported incident{because}.")
    });
    let entries: Vec<_> = report.hidden_by.iter().take(ENTRIES).map(|id| name(id)).collect();
    let more = and_more(report.hidden_by.len() as u64, entries.len(), false);
    let hidden = (!entries.is_empty()).then(|| format!("Tuning hides this incident: {}{more}.", entries.join(", ")));
    let test = report.incident.is_test().then(|| TEST.to_owned());
    test.into_iter().chain(hidden).chain(again).collect()
}
