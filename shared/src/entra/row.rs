//! A sign-in's fields, whatever an export calls them and wherever it puts them.
//!
//! Each shape describes its names once, as a [`Vocabulary`]; records of JSON, rows of tables and rows of answers are filled
//! through it alike.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::record::Record;
use super::tolerant::{Text, Words};
use crate::detection::Source;
use crate::input::names::pass_by_scalars;
use crate::input::repaired;

/// What a field of a sign-in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The name of the log: `SignInLogs`.
    Category,
    /// The name of the table, which says the same: `SigninLogs`.
    Table,
    /// Whether somebody was asked for something.
    Interactive,
    /// What kind of sign-in it was: `interactiveUser`.
    EventTypes,
    Id,
    /// Another identifier, for want of the first.
    OtherId,
    /// When it happened.
    Time,
    /// When it was logged, which is minutes later.
    LoggedAt,
    Address,
    /// The address as the envelope has it.
    CallerAddress,
    Code,
    /// The code as the status has it.
    StatusCode,
    /// How it ended, in a word.
    Result,
    User,
    /// The application that signed in, where no person did.
    ServicePrincipal,
    ServicePrincipalId,
    App,
    Resource,
    CorrelationId,
    /// The correlation id as the envelope has it.
    EnvelopeCorrelationId,
}

const ROLES: usize = Role::EnvelopeCorrelationId as usize + 1;

/// What is to be done with a field.
#[derive(Clone, Copy)]
pub(super) enum Field {
    /// It is a text or a number.
    Text(Role),
    /// It is a text, true or false, or a list of texts.
    Words(Role),
    /// It is an object, or the JSON text of one, with fields of its own.
    Object(Vocabulary),
    /// It is of no interest.
    Other,
}

/// What a shape calls its fields.
pub(super) type Vocabulary = fn(name: &str) -> Field;

/// The field of a name in a list, whose upper and lower case do not matter: PowerShell makes `IpAddress` of `ipAddress`,
/// and Log Analytics `IPAddress`.
pub(super) fn field_in(fields: &[(&str, Field)], name: &str) -> Field {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or(Field::Other, |(_, field)| *field)
}

/// The fields of one record: texts as found, empty where there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Row<'a>([Cow<'a, str>; ROLES]);

impl<'a> Row<'a> {
    /// The fields of a record of JSON, or `None` when the text is no JSON object.
    pub(super) fn of_json(text: &'a [u8], vocabulary: Vocabulary) -> Option<Self> {
        // An array would do for an object, field by field; it is no record.
        let text = text.trim_ascii();
        if !text.starts_with(b"{") {
            return None;
        }
        Self::parsed(text, vocabulary).or_else(|| Some(Row::parsed(&repaired(text)?, vocabulary)?.into_owned()))
    }

    fn parsed(text: &'a [u8], vocabulary: Vocabulary) -> Option<Self> {
        let mut row = Self::default();
        let mut json = serde_json::Deserializer::from_slice(text);
        Members { row: &mut row, vocabulary }.deserialize(&mut json).and_then(|()| json.end()).ok()?;
        Some(row)
    }

    /// The text of a role, trimmed.
    pub(super) fn get(&self, role: Role) -> &str {
        self.0[role as usize].trim()
    }

    /// Fills a role. Of two fields with one role, as of one that is there twice, the last one that says something has it.
    pub(super) fn put(&mut self, role: Role, text: Cow<'a, str>) {
        if !text.trim().is_empty() {
            self.0[role as usize] = text;
        }
    }

    /// Fills what a field that was found as a text is for.
    pub(super) fn put_text(&mut self, field: Field, text: Cow<'a, str>) {
        match field {
            Field::Text(role) | Field::Words(role) => self.put(role, text),
            Field::Object(vocabulary) => self.put_object(vocabulary, &text),
            Field::Other => {}
        }
    }

    /// Fills the roles of an object that is there as its text.
    fn put_object(&mut self, vocabulary: Vocabulary, text: &str) {
        let inner = Row::of_json(text.as_bytes(), vocabulary).unwrap_or_default().into_owned();
        for (own, found) in self.0.iter_mut().zip(inner.0) {
            if !found.trim().is_empty() {
                *own = found;
            }
        }
    }

    pub(super) fn into_owned(self) -> Row<'static> {
        Row(self.0.map(|text| Cow::Owned(text.into_owned())))
    }

    /// The record of a sign-in of this source.
    pub(super) fn record(mut self, source: Source) -> Record<'a> {
        let mut take = |role: Role| std::mem::take(&mut self.0[role as usize]);
        let mut either = |first, second| {
            let text = take(first);
            if text.trim().is_empty() { take(second) } else { text }
        };
        Record {
            source,
            id: either(Role::Id, Role::OtherId),
            user: either(Role::User, Role::ServicePrincipal),
            app: either(Role::App, Role::Resource),
            correlation_id: either(Role::CorrelationId, Role::EnvelopeCorrelationId),
            times: [take(Role::Time), take(Role::LoggedAt)],
            addresses: [take(Role::Address), take(Role::CallerAddress)],
            codes: [take(Role::Code), take(Role::StatusCode)],
        }
    }
}

/// Fills a row from the members of an object.
struct Members<'r, 'a> {
    row: &'r mut Row<'a>,
    vocabulary: Vocabulary,
}

impl<'de: 'a, 'a> DeserializeSeed<'de> for Members<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Members<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            match (self.vocabulary)(&name) {
                Field::Text(role) => self.row.put(role, map.next_value::<Text<'a>>()?.0),
                Field::Words(role) => self.row.put(role, map.next_value::<Words<'a>>()?.0),
                Field::Object(vocabulary) => map.next_value_seed(Members { row: self.row, vocabulary })?,
                Field::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.row.put_object(self.vocabulary, text);
        Ok(())
    }

    pass_by_scalars!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
