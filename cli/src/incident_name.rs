//! The name of a stored incident, as an argument.

use std::str::FromStr;

use pivotwatch::detection::Day;
use uuid::Uuid;

/// An incident, by its id or by the name of its record: `2026-03-02#incident#a7ca9da7-ef6e-5482-b9ae-05cc7b6b9d10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IncidentName {
    pub(crate) id: Uuid,
    pub(crate) day: Option<Day>,
}

#[derive(Debug, thiserror::Error)]
#[error("it is neither an incident's id nor the name of its record, such as 2026-03-02#incident#a7ca9da7-...")]
pub(crate) struct NotAnIncident;

impl FromStr for IncidentName {
    type Err = NotAnIncident;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (day, id) = match text.split_once("#incident#") {
            Some((day, id)) => (Some(day.parse().map_err(|_| NotAnIncident)?), id),
            None => (None, text),
        };
        Ok(Self { id: id.parse().map_err(|_| NotAnIncident)?, day })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "a7ca9da7-ef6e-5482-b9ae-05cc7b6b9d10";

    #[test]
    fn an_incident_is_named_by_its_id_or_by_its_record() {
        let day = "2026-03-02".parse().unwrap();
        for (text, day) in [(ID.to_owned(), None), (format!("2026-03-02#incident#{ID}"), Some(day))] {
            let name = text.parse::<IncidentName>().unwrap();
            assert_eq!((name.id.to_string(), name.day), (ID.to_owned(), day), "{text}");
        }
        for text in ["", "a7ca9da7", "2026-03-02#incident#", "yesterday#incident#a7ca9da7-ef6e-5482-b9ae-05cc7b6b9d10"]
        {
            assert!(text.parse::<IncidentName>().is_err(), "{text}");
        }
    }
}
