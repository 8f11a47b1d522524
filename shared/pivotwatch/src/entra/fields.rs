//! The fields of a sign-in, independent of the names and the nesting of an export.
//!
//! Each shape maps its names to ids once, in a [`FieldMap`]. The map serves records of JSON, rows of tables and rows of
//! answers.

use std::borrow::Cow;
use std::fmt;

use json_records::repaired;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::lenient::{LenientText, LenientWords};
use super::missing::{is_missing, is_missing_id, is_type_name};
use super::record::{Record, SEVERAL_CODES, is_code, is_same_code};
use crate::detection::Source;
use crate::input::object_text;
use crate::input::sniff::ignore_scalars;

/// The meaning of a field of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldId {
    /// The name of the log: `SignInLogs`.
    Category,
    /// The name of the table, which names the log as well: `SigninLogs`.
    Table,
    /// Whether the sign-in was interactive.
    Interactive,
    /// The kinds of the sign-in: `interactiveUser`.
    EventTypes,
    Id,
    /// Another identifier, used if `Id` is missing.
    OtherId,
    /// When the sign-in happened.
    Time,
    /// When the row was logged: minutes after the sign-in, or, in a copy by a search, at the time of the search.
    LoggedAt,
    /// When the row that a search copied was logged.
    OriginalLoggedAt,
    /// The table that a search copied the row from.
    OriginalTable,
    /// The table by the name that a query gave its column.
    NamedTable,
    /// The name of the search that copied the row.
    SearchName,
    Address,
    /// The address in the envelope.
    CallerAddress,
    Code,
    /// The code in the status.
    StatusCode,
    /// The result as a word.
    Result,
    User,
    /// The application that signed in, if no person did.
    ServicePrincipal,
    ServicePrincipalId,
    App,
    Resource,
    /// The client application, such as `Browser`.
    ClientApp,
    /// The operation, such as `Sign-in activity`.
    Operation,
    UserAgent,
    CorrelationId,
    /// The correlation id in the envelope.
    EnvelopeCorrelationId,
    /// The id of the tenant that the user signed in to.
    Tenant,
    /// A number of sign-ins, or a list of a field of several. The row is a summary of them.
    Summary,
}

/// The number of ids.
pub(super) const FIELD_IDS: usize = FieldId::Summary as usize + 1;

/// Every id, at its own number.
const ALL: [FieldId; FIELD_IDS] = [
    FieldId::Category,
    FieldId::Table,
    FieldId::Interactive,
    FieldId::EventTypes,
    FieldId::Id,
    FieldId::OtherId,
    FieldId::Time,
    FieldId::LoggedAt,
    FieldId::OriginalLoggedAt,
    FieldId::OriginalTable,
    FieldId::NamedTable,
    FieldId::SearchName,
    FieldId::Address,
    FieldId::CallerAddress,
    FieldId::Code,
    FieldId::StatusCode,
    FieldId::Result,
    FieldId::User,
    FieldId::ServicePrincipal,
    FieldId::ServicePrincipalId,
    FieldId::App,
    FieldId::Resource,
    FieldId::ClientApp,
    FieldId::Operation,
    FieldId::UserAgent,
    FieldId::CorrelationId,
    FieldId::EnvelopeCorrelationId,
    FieldId::Tenant,
    FieldId::Summary,
];

impl FieldId {
    /// Whether the field describes the client or the tenant of a failure. Logs of other kinds have such fields too, so
    /// it identifies no sign-in.
    pub(super) const fn is_common(self) -> bool {
        matches!(self, Self::ClientApp | Self::Operation | Self::UserAgent | Self::Tenant | Self::Summary)
    }

    /// The id with this number.
    pub(super) fn in_slot(slot: usize) -> Option<Self> {
        ALL.get(slot).copied()
    }
}

/// How to parse a field.
#[derive(Clone, Copy)]
pub(super) enum Field {
    /// A text or a number.
    Text(FieldId),
    /// A text, a Boolean, or a list of texts.
    Words(FieldId),
    /// An object, or an object's JSON text, with fields of its own.
    Object(FieldMap),
    /// Skipped.
    Other,
}

/// Maps a shape's field names to fields.
pub(super) type FieldMap = fn(name: &str) -> Field;

/// Bytes of the longest name that can be a field's. Paths are parsed by recursion, and in time quadratic in their
/// length.
pub(super) const LONGEST_NAME: usize = 128;

/// The field with this name in a list, in any case: PowerShell turns `ipAddress` into `IpAddress`, Log Analytics into
/// `IPAddress`. An unlisted name can be a path (`status.errorCode`) or another spelling (`ip_address`, `IP Address`).
pub(super) fn field_in(fields: &[(&str, Field)], name: &str) -> Field {
    match listed(fields, |known| known.eq_ignore_ascii_case(name)) {
        _ if name.len() > LONGEST_NAME => Field::Other,
        // Most names are not requested and have no separator.
        Field::Other if name.bytes().any(|byte| is_separator(byte.into())) => field_of_path(fields, name),
        field => field,
    }
}

/// Like [`field_in`], for the tables of a query language. A column that `summarize` made has a name of its own.
pub(super) fn field_of_query(fields: &[(&str, Field)], name: &str) -> Field {
    match field_in(fields, name) {
        Field::Other if is_of_summary(name) => Field::Words(FieldId::Summary),
        field => field,
    }
}

/// Whether `summarize` gives this name to a number or a list of records, or analysts do.
fn is_of_summary(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "count",
        "dcount",
        "countif",
        "failedcount",
        "failurecount",
        "failures",
        "attempts",
        "failedattempts",
        "signincount",
        "eventcount",
        "totalcount",
    ];
    const BEGINNINGS: [&str; 6] = ["count_", "dcount_", "countif_", "sum_", "set_", "list_"];
    let begins = |start: &&str| name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name.trim_end_matches('_'))) || BEGINNINGS.iter().any(begins)
}

fn listed(fields: &[(&str, Field)], matches: impl Fn(&str) -> bool) -> Field {
    fields.iter().find(|(known, _)| matches(known)).map_or(Field::Other, |(_, field)| *field)
}

/// Whether tools write this character between the names of a path or the words of a name.
fn is_separator(c: char) -> bool {
    matches!(c, '.' | '/' | '_' | ':' | ' ' | '-')
}

fn field_of_path(fields: &[(&str, Field)], name: &str) -> Field {
    // `_id` identifies the document, not the sign-in.
    if name.starts_with(is_separator) {
        return Field::Other;
    }
    for (position, _) in name.match_indices(is_separator) {
        let (object, path) = (&name[..position], name[position..].trim_start_matches(is_separator));
        if let Field::Object(field_map) = listed(fields, |known| known.eq_ignore_ascii_case(object)) {
            return field_map(path);
        }
    }
    match listed(fields, |known| letters(known).eq(letters(name))) {
        // Custom tables of Log Analytics append the column's type: string, double, time, Boolean, GUID.
        Field::Other => match name.rsplit_once('_') {
            Some((name, "s" | "d" | "t" | "b" | "g")) => field_in(fields, name),
            _ => Field::Other,
        },
        field => field,
    }
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

/// The fields of one record as texts of the export. A missing field is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a>([Cow<'a, str>; FIELD_IDS]);

impl<'a> Fields<'a> {
    /// The fields of a JSON record. `None` if the text is no JSON object.
    pub(super) fn of_json(text: &'a [u8], field_map: FieldMap) -> Option<Self> {
        // serde would also deserialise an array into an object's fields.
        let text = text.trim_ascii();
        if !text.starts_with(b"{") {
            return None;
        }
        Self::parsed(text, field_map).or_else(|| Some(Fields::parsed(&repaired(text)?, field_map)?.into_owned()))
    }

    fn parsed(text: &'a [u8], field_map: FieldMap) -> Option<Self> {
        let mut fields = Self::default();
        let mut json = serde_json::Deserializer::from_slice(text);
        FieldsVisitor { fields: &mut fields, field_map }.deserialize(&mut json).and_then(|()| json.end()).ok()?;
        Some(fields)
    }

    /// The trimmed text of a field.
    pub(super) fn get(&self, id: FieldId) -> &str {
        self.0[id as usize].trim()
    }

    /// Sets a field. Of several values for one id the last is kept, but only a result code replaces a result code.
    pub(super) fn put(&mut self, id: FieldId, text: Cow<'a, str>) {
        let is_of_code = matches!(id, FieldId::Code | FieldId::StatusCode);
        let hides_code = is_of_code && is_code(self.get(id)) && !is_code(text.trim());
        if !hides_code && !is_missing(&text) {
            self.0[id as usize] = text;
        }
    }

    /// The number of fields with a value that identify a sign-in.
    pub(super) fn filled(&self) -> usize {
        let identifies = ALL.iter().filter(|id| !id.is_common());
        identifies.filter(|id| !self.get(**id).is_empty()).count()
    }

    /// Whether one of these fields has a value.
    pub(super) fn has_any(&self, ids: &[FieldId]) -> bool {
        ids.iter().any(|id| !self.get(*id).is_empty())
    }

    /// Whether a result code can be parsed.
    pub(super) fn has_code(&self) -> bool {
        [FieldId::Code, FieldId::StatusCode].iter().any(|id| is_code(self.get(*id)))
    }

    /// Whether the row summarises sign-ins: it has a number or a list of them, and no id of one.
    pub(super) fn is_summary(&self) -> bool {
        !self.get(FieldId::Summary).is_empty() && !self.has_any(&[FieldId::Id, FieldId::OtherId])
    }

    /// Whether a search copied the row. `LoggedAt` is then the time of the search.
    pub(super) fn is_of_search(&self) -> bool {
        let table = self.get(FieldId::Table).as_bytes();
        let is_results = table.last_chunk().is_some_and(|end: &[u8; 5]| end.eq_ignore_ascii_case(b"_SRCH"));
        is_results || self.has_any(&[FieldId::OriginalTable, FieldId::SearchName])
    }

    /// Sets the fields that this text of a field holds: one, or those of an object.
    pub(super) fn put_text(&mut self, field: Field, text: Cow<'a, str>) {
        match field {
            Field::Text(id) | Field::Words(id) => self.put(id, text),
            Field::Object(field_map) => self.put_object(field_map, &text),
            Field::Other => {}
        }
    }

    /// Sets the fields of an object from its text, in JSON or in a tool's notation.
    fn put_object(&mut self, field_map: FieldMap, text: &str) {
        if let Some(inner) = Fields::of_json(text.as_bytes(), field_map) {
            for (own, found) in self.0.iter_mut().zip(inner.into_owned().0) {
                if !found.trim().is_empty() {
                    *own = found;
                }
            }
        } else if is_type_name(text) {
            // In place of the code, so that the record is rejected as `type_name`.
            self.put(FieldId::StatusCode, Cow::Owned(text.to_owned()));
        } else {
            self.put_members(field_map, text);
        }
    }

    /// Fills the empty fields from the members of an object that a tool wrote as text. The first member of a name
    /// decides. Such text quotes nothing, so a value can look like further members. A second, different code therefore
    /// makes the object unusable.
    fn put_members(&mut self, field_map: FieldMap, text: &str) {
        let mut found = Fields::default();
        let mut members = object_text::members(text);
        for (name, value) in members.by_ref().take(object_text::MOST_MEMBERS) {
            let Field::Text(id) = field_map(name) else { continue };
            let is_of_code = matches!(id, FieldId::Code | FieldId::StatusCode);
            let earlier = found.get(id);
            if earlier.is_empty() {
                found.0[id as usize] = if is_missing(value) { Cow::default() } else { Cow::Owned(value.to_owned()) };
            } else if is_of_code && !is_missing(value) && !is_same_code(earlier, value) {
                found.0[id as usize] = Cow::Borrowed(SEVERAL_CODES);
            }
        }
        if members.next().is_some() {
            found.0[FieldId::StatusCode as usize] = Cow::Borrowed(SEVERAL_CODES);
        }
        for (own, found) in self.0.iter_mut().zip(found.0) {
            if own.trim().is_empty() {
                *own = found;
            }
        }
    }

    pub(super) fn into_owned(self) -> Fields<'static> {
        Fields(self.0.map(|text| Cow::Owned(text.into_owned())))
    }

    /// Turns the fields into a record from this source.
    pub(super) fn record(mut self, source: Source) -> Record<'a> {
        if self.is_of_search() || !self.get(FieldId::OriginalLoggedAt).is_empty() {
            self.0[FieldId::LoggedAt as usize] = Cow::default();
        }
        for id in [FieldId::Id, FieldId::OtherId] {
            if is_missing_id(self.get(id)) {
                self.0[id as usize] = Cow::default();
            }
        }
        let mut take = |id: FieldId| std::mem::take(&mut self.0[id as usize]);
        let mut either = |first, second| {
            let text = take(first);
            if text.trim().is_empty() { take(second) } else { text }
        };
        Record {
            source,
            id: either(FieldId::Id, FieldId::OtherId),
            user: either(FieldId::User, FieldId::ServicePrincipal),
            app: either(FieldId::App, FieldId::Resource),
            correlation_id: either(FieldId::CorrelationId, FieldId::EnvelopeCorrelationId),
            times: [take(FieldId::Time), take(FieldId::OriginalLoggedAt), take(FieldId::LoggedAt)],
            addresses: [take(FieldId::Address), take(FieldId::CallerAddress)],
            codes: [take(FieldId::Code), take(FieldId::StatusCode)],
            client_app: take(FieldId::ClientApp),
            operation: take(FieldId::Operation),
            user_agent: take(FieldId::UserAgent),
            tenant: take(FieldId::Tenant),
        }
    }
}

/// Sets the fields from an object's members.
struct FieldsVisitor<'r, 'a> {
    fields: &'r mut Fields<'a>,
    field_map: FieldMap,
}

impl<'de: 'a, 'a> DeserializeSeed<'de> for FieldsVisitor<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for FieldsVisitor<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(LenientText(name)) = map.next_key()? {
            match (self.field_map)(&name) {
                Field::Text(id) => self.fields.put(id, map.next_value::<LenientText<'a>>()?.0),
                Field::Words(id) => self.fields.put(id, map.next_value::<LenientWords<'a>>()?.0),
                Field::Object(field_map) => map.next_value_seed(FieldsVisitor { fields: self.fields, field_map })?,
                Field::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.fields.put_object(self.field_map, text);
        Ok(())
    }

    ignore_scalars!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever writes a record chooses its keys.
    #[test]
    fn a_long_name_takes_neither_the_stack_nor_the_time() {
        const FIELDS: &[(&str, Field)] = &[("id", Field::Text(FieldId::Id))];
        for name in ["x_d".repeat(500_000), "x".to_owned() + &"_d".repeat(500_000), "id.".repeat(500_000)] {
            assert!(matches!(field_in(FIELDS, &name), Field::Other));
        }
        assert!(matches!(field_in(FIELDS, "ID"), Field::Text(FieldId::Id)));
        assert!(matches!(field_in(FIELDS, "i_d_s"), Field::Text(FieldId::Id)));
    }

    #[test]
    fn every_id_is_in_the_slot_of_its_number() {
        for (slot, id) in ALL.into_iter().enumerate() {
            assert_eq!(id as usize, slot);
            assert_eq!(FieldId::in_slot(slot), Some(id));
        }
        assert_eq!(FieldId::in_slot(FIELD_IDS), None);
    }
}
