//! Tables: what the portal's downloads and the exports of queries have in common, whatever their columns are called.

use std::borrow::Cow;

use super::super::record::Rejected;
use super::super::row::{Field, Role, Row, Vocabulary};
use super::head::Head;
use super::{Sink, defender, log_analytics, portal_csv};
use crate::input::csv::{Cut, Rows};
use crate::input::{Foreign, Input, Limits, ReadFault};

/// What separates cells: a comma, or what spreadsheets put for it in countries that write numbers with one, or in text
/// for the clipboard.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The columns of a table that begins so.
pub(super) struct Columns {
    separator: u8,
    names: Vec<String>,
}

impl Columns {
    pub(super) fn of(head: &[u8]) -> Self {
        let with = |separator| Self { separator, names: first_row(head, separator) };
        SEPARATORS.map(with).into_iter().rev().max_by_key(|columns| columns.names.len()).unwrap_or_else(|| with(b','))
    }

    /// What the columns are for.
    fn fields(&self, vocabulary: Vocabulary) -> impl Iterator<Item = Field> {
        self.names.iter().map(move |name| vocabulary(name))
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Whether there is everything that a sign-in needs to be judged.
    fn missing(&self, vocabulary: Vocabulary) -> Option<Foreign> {
        let has = |wanted: &[Role]| {
            self.fields(vocabulary).any(|field| matches!(field, Field::Text(role) if wanted.contains(&role)))
        };
        let has_status = self.fields(vocabulary).any(|field| matches!(field, Field::Object(_)));
        if !has(&[Role::Time, Role::LoggedAt]) {
            Some(Foreign::TableWithoutTime)
        } else if !has(&[Role::Code]) && !has_status {
            Some(Foreign::TableWithoutCode)
        } else if !has(&[Role::Address]) {
            Some(Foreign::TableWithoutAddress)
        } else {
            None
        }
    }
}

/// Whether a table that begins so has sign-ins in columns of these names.
pub(super) fn has_columns(head: &Head<'_>, vocabulary: Vocabulary) -> bool {
    !head.is_json() && Columns::of(head.text).missing(vocabulary).is_none()
}

/// What the columns of these names are for, or `None` where they are no sign-ins'.
pub(super) fn fields(names: Vec<String>, vocabulary: Vocabulary) -> Option<Vec<Field>> {
    let columns = Columns { separator: b',', names };
    columns.missing(vocabulary).is_none().then(|| columns.fields(vocabulary).collect())
}

/// What a table is instead of an export.
pub(super) fn foreign(head: &[u8]) -> Foreign {
    let columns = Columns::of(head);
    if columns.names.len() < 2 {
        return Foreign::NoText;
    }
    // The companion has the same identifiers and times as the table that it goes with, a row for each step of a sign-in.
    if columns.has("Request ID") && (columns.has("Succeeded") || columns.has("Result detail")) {
        return Foreign::AuthenticationDetails;
    }
    let known =
        |vocabulary: &Vocabulary| columns.fields(*vocabulary).filter(|field| !matches!(field, Field::Other)).count();
    [portal_csv::vocabulary as Vocabulary, log_analytics::vocabulary, defender::vocabulary]
        .into_iter()
        .max_by_key(known)
        // An address alone is in many tables.
        .filter(|vocabulary| known(vocabulary) > 1)
        .and_then(|vocabulary| columns.missing(vocabulary))
        .unwrap_or(Foreign::OtherTable)
}

/// Reads the rows of a table whose columns have these names. `mend` sees each row before it is judged.
pub(super) fn read(
    input: &mut Input<'_>,
    sink: &mut Sink<'_>,
    vocabulary: Vocabulary,
    mend: fn(&mut Row<'_>),
) -> Result<(), ReadFault> {
    let columns = Columns::of(input.head()?);
    let fields: Vec<Field> = columns.fields(vocabulary).collect();
    let mut rows = Rows::separated_by(columns.separator);
    // The names.
    rows.next(input)?;
    loop {
        match rows.next(input) {
            Ok(None) => return Ok(()),
            Err(fault) => return Err(fault),
            Ok(Some(Cut::Row(cells))) if cells.len() == fields.len() => {
                let mut row = Row::default();
                for (field, cell) in fields.iter().zip(cells.iter()) {
                    if !matches!(field, Field::Other) {
                        row.put_text(*field, String::from_utf8_lossy(cell));
                    }
                }
                mend(&mut row);
                sink.row(row);
            }
            // Cells too few are a row that was cut, and cells too many one whose text is not quoted: neither can be trusted.
            Ok(Some(Cut::Row(_) | Cut::Unended)) => sink.reject(Rejected::Malformed),
            Ok(Some(Cut::TooLong)) => sink.reject(Rejected::TooLong),
        }
    }
}

fn first_row(head: &[u8], separator: u8) -> Vec<String> {
    let mut input = Input::new(Box::new(head), Limits::default());
    match Rows::separated_by(separator).next(&mut input) {
        Ok(Some(Cut::Row(cells))) => cells.iter().map(|cell| name(&String::from_utf8_lossy(cell))).collect(),
        _ => Vec::new(),
    }
}

/// The name of a column without what was put around it: blanks at its end or twice within, and the zone of its times,
/// where that is UTC. Times of another zone are of no use, and neither is their column.
fn name(header: &str) -> String {
    let words: Vec<Cow<'_, str>> = header.split_whitespace().map(Cow::Borrowed).collect();
    let name = words.join(" ");
    name.strip_suffix(" [UTC]").map(str::to_owned).unwrap_or(name)
}
