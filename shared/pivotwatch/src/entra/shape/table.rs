//! Reads tables: the portal's downloads and the exports of queries, by the field map of their shape.

use std::borrow::Cow;

use super::super::fields::{Field, FieldId, FieldMap, Fields};
use super::super::outcome::Rejected;
use super::super::time::When;
use super::Sink;
use crate::input::csv::{Cells, MOST_COLUMNS, RawRow, Rows, skip_line_ends};
use crate::input::{Foreign, Input, Limits, PART_BEGINNING, ReadFault};

/// The separators of cells: a comma, a semicolon where the culture writes decimals with a comma, a tab on the
/// clipboard.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The header of a table.
pub(super) struct Header {
    /// The length of the text before the names.
    start: usize,
    separator: u8,
    names: Vec<String>,
}

impl Header {
    pub(super) fn of(beginning: &[u8]) -> Self {
        let (start, declared) = preamble(beginning);
        let with = |separator| Self { start, separator, names: first_row(&beginning[start..], separator) };
        let separators = declared.into_iter().chain(SEPARATORS);
        // Of separators with equally many names, the first. `max_by_key` returns the last.
        let columns = separators.rev().map(with).max_by_key(|columns| columns.names.len());
        columns.unwrap_or_else(|| with(b','))
    }

    /// The field of each column.
    fn fields(&self, field_map: FieldMap) -> impl Iterator<Item = Field> {
        self.names.iter().map(move |name| field_map(name))
    }

    /// The number of columns that the map knows.
    fn known(&self, field_map: FieldMap) -> usize {
        let is_known = |field: &Field| match field {
            Field::Text(id) | Field::Words(id) => !id.is_common(),
            Field::Object(_) => true,
            Field::Other => false,
        };
        self.fields(field_map).filter(is_known).count()
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }

    fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.has(name))
    }

    /// The first kind of column that a sign-in needs and the table lacks; `None` if it lacks none.
    fn missing(&self, field_map: FieldMap) -> Option<Foreign> {
        let has = |wanted: &[FieldId]| {
            self.fields(field_map)
                .any(|field| matches!(field, Field::Text(id) | Field::Words(id) if wanted.contains(&id)))
        };
        let has_status = self.fields(field_map).any(|field| matches!(field, Field::Object(_)));
        if has(&[FieldId::Summary]) && !has(&[FieldId::Id, FieldId::OtherId]) {
            Some(Foreign::SummarisedTable)
        } else if !has(&TIMES) {
            Some(Foreign::TableWithoutTime)
        } else if !has(&[FieldId::Code, FieldId::StatusCode]) && !has_status {
            Some(Foreign::TableWithoutCode)
        } else if !has(&[FieldId::Address, FieldId::CallerAddress]) {
            Some(Foreign::TableWithoutAddress)
        } else {
            None
        }
    }
}

const TIMES: [FieldId; 3] = [FieldId::Time, FieldId::LoggedAt, FieldId::OriginalLoggedAt];

/// The byte order mark of a text.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The most lines before the names.
const MOST_PREAMBLE: usize = 4;

/// The length of the lines before the names, and the separator that one of them declares.
///
/// Such lines are `#TYPE System.Object` of Windows PowerShell, other comments, and `sep=;`, which declares the
/// separator to a spreadsheet.
fn preamble(beginning: &[u8]) -> (usize, Option<u8>) {
    let (mut start, mut separator) = (0, None);
    let mut rest = beginning;
    for _ in 0..=MOST_PREAMBLE {
        while let Some(after) = rest.strip_prefix(MARK).or_else(|| rest.strip_prefix(b"\n")) {
            rest = after;
        }
        start = beginning.len() - rest.len();
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let line = &rest[..length];
        let bare = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
        match bare.split_first_chunk::<4>() {
            Some((name, declared)) if name.eq_ignore_ascii_case(b"sep=") && declared.len() <= 1 => {
                separator = declared.first().copied().filter(|byte| byte.is_ascii() && *byte != b'"').or(separator);
            }
            _ if bare.starts_with(b"#") || bare.trim_ascii().is_empty() && !bare.contains(&b'\t') => {}
            _ => break,
        }
        rest = &rest[length..];
        rest = rest.strip_prefix(b"\r").unwrap_or(rest);
    }
    (start, separator)
}

/// Whether a map finds sign-ins in the columns of a table with this beginning, and no other map knows more of them.
pub(super) fn is_best_map(beginning: &[u8], field_map: FieldMap, all: &[FieldMap]) -> bool {
    let columns = Header::of(beginning);
    let is_better =
        |other: &FieldMap| columns.known(*other) > columns.known(field_map) && columns.missing(*other).is_none();
    columns.missing(field_map).is_none() && !all.iter().any(is_better)
}

/// The fields of columns with these names, by the one of these maps that knows most of them; `Foreign` if none finds
/// sign-ins.
pub(super) fn fields(names: Vec<String>, field_maps: &[FieldMap]) -> Result<Vec<Field>, Foreign> {
    let columns = Header { start: 0, separator: b',', names };
    let complete = field_maps.iter().rev().filter(|field_map| columns.missing(**field_map).is_none());
    let field_map = complete.max_by_key(|field_map| columns.known(**field_map));
    field_map.map(|field_map| columns.fields(*field_map).collect()).ok_or_else(|| columns.foreign(field_maps))
}

/// Whether a text begins with the header of a table of sign-ins.
pub(super) fn begins_table(text: &[u8], field_maps: &[FieldMap]) -> bool {
    fields(Header::of(text).names, field_maps).is_ok()
}

/// Whether the beginning of a table has the end of its header.
pub(super) fn has_whole_header(beginning: &[u8]) -> bool {
    let (start, _) = preamble(beginning);
    memchr::memchr2(b'\n', b'\r', &beginning[start..]).is_some()
}

/// The kind of a text that is neither JSON nor an export.
pub(super) fn foreign(beginning: &[u8], field_maps: &[FieldMap]) -> Foreign {
    let columns = Header::of(beginning);
    if columns.names.len() >= 2 {
        columns.foreign(field_maps)
    } else if has_wide_header(beginning) {
        Foreign::WideTable
    } else {
        Foreign::NoText
    }
}

/// Whether the header is text with more columns than a table can have.
fn has_wide_header(beginning: &[u8]) -> bool {
    let rest = &beginning[preamble(beginning).0..];
    let header = &rest[..memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())];
    // A header beyond the limit of a record has more than a thousand names.
    let most = if header.len() > Limits::default().record { MOST_COLUMNS / 16 } else { MOST_COLUMNS };
    let has_many = |separator: u8| memchr::memchr_iter(separator, header).count() >= most;
    // The last character can be truncated.
    let is_text = || std::str::from_utf8(header).map_or_else(|fault| fault.error_len().is_none(), |_| true);
    SEPARATORS.into_iter().any(has_many) && !header.contains(&0) && is_text()
}

impl Header {
    /// The kind of a table without sign-ins.
    fn foreign(&self, field_maps: &[FieldMap]) -> Foreign {
        // The companion has the identifiers and times of its table, and a row for each step of a sign-in.
        if self.has("Request ID") && (self.has("Succeeded") || self.has("Result detail")) {
            return Foreign::AuthenticationDetails;
        }
        let of_trail = [["Event name", "Event time"], ["EventName", "EventSource"], ["eventName", "eventTime"]];
        if of_trail.iter().any(|names| self.has_all(names)) {
            return Foreign::CloudTrailTable;
        }
        let missing = field_maps
            .iter()
            .rev()
            .max_by_key(|field_map| self.known(**field_map))
            // Many tables have an address.
            .filter(|field_map| self.known(**field_map) > 1)
            .and_then(|field_map| self.missing(*field_map));
        missing.unwrap_or(Foreign::OtherTable)
    }
}

/// Reads the rows of a table whose columns this map knows. A further table in the file can have columns that another
/// one of `field_maps` knows.
pub(super) fn read(
    input: &mut Input<'_>,
    sink: &mut Sink<'_>,
    field_map: FieldMap,
    field_maps: &[FieldMap],
) -> Result<(), ReadFault> {
    let header = Header::of(input.preview()?);
    // None in a table without sign-ins.
    let mut columns: Vec<Field> = header.fields(field_map).collect();
    input.advance(header.start);
    let mut rows = Rows::separated_by(header.separator);
    // The names.
    rows.next(input, &|cells| has_time(&columns, cells))?;
    // The kind of a further table without sign-ins.
    let mut foreign = None;
    loop {
        skip_line_ends(input)?;
        input.look_ahead(PART_BEGINNING)?;
        // A further table can have one of its own.
        if input.ahead().starts_with(MARK) {
            input.advance(MARK.len());
        }
        if input.begins_unreadable_part() {
            sink.unreadable_part();
        }
        let (begins_json, separator) = (begins_json(input.ahead()), rows.separator);
        let cells = match rows.next(input, &|cells| has_time(&columns, cells))? {
            None => break,
            Some(RawRow::Cells(cells)) => Some(cells),
            Some(RawRow::Damaged) => None,
            Some(RawRow::TooLong) => {
                sink.reject(Rejected::TooLong);
                continue;
            }
        };
        if let Some(found) = cells.and_then(|cells| further_header(cells, separator, &columns, field_maps)) {
            rows.begin_table(found.separator, found.names.len());
            // Another tool can have written it.
            sink.begin_table();
            let known = fields(found.names, field_maps);
            foreign = foreign.or(known.as_ref().err().copied());
            columns = known.unwrap_or_default();
        } else if columns.is_empty() {
            sink.reject(Rejected::NoColumns);
        } else if let Some(cells) = cells.filter(|cells| cells.len() == columns.len()) {
            let mut fields = Fields::default();
            for (column, cell) in columns.iter().zip(cells.iter()) {
                if !matches!(column, Field::Other) {
                    fields.put_text(*column, String::from_utf8_lossy(cell));
                }
            }
            set_code_of_success(&mut fields);
            sink.fields(fields);
        } else {
            // A truncated row has too few cells, one with unquoted text too many. Neither can be trusted.
            sink.reject(Rejected::Malformed);
            if begins_json {
                sink.unreadable_part();
            }
        }
    }
    if rows.is_ambiguous {
        Err(ReadFault::ambiguous_quotes())
    } else {
        foreign.map_or(Ok(()), |foreign| Err(ReadFault::foreign_table(foreign)))
    }
}

/// Whether a text at the position of a row begins as JSON. A braced UUID and a mask (`[REDACTED]`) do not.
fn begins_json(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"{").or_else(|| text.strip_prefix(b"["));
    rest.is_some_and(|rest| {
        rest.first().is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'{' | b'['))
    })
}

/// The header of a further table, if a row is one. No cell of it is a value such as a time or a code, and some are
/// names of columns. A visitor chooses some cells of a row, and never that of its time.
fn further_header(cells: Cells<'_>, separator: u8, columns: &[Field], field_maps: &[FieldMap]) -> Option<Header> {
    if cells.iter().any(is_value) || has_time(columns, &cells.iter().collect::<Vec<_>>()) {
        return None;
    }
    let text = || cells.iter().map(|cell| String::from_utf8_lossy(cell));
    let header = match cells.len() {
        // Its separator is another.
        1 => Header::of(text().next()?.as_bytes()),
        _ => Header { start: 0, separator, names: text().map(|cell| name(&cell)).collect() },
    };
    let known = |field_map: &FieldMap| header.fields(*field_map).filter(|field| !matches!(field, Field::Other)).count();
    let is_of_trail = || header.foreign(field_maps) == Foreign::CloudTrailTable;
    let is_header = field_maps.iter().any(|field_map| known(field_map) >= LEAST_KNOWN) || is_of_trail();
    is_header.then_some(header)
}

/// Whether a cell is a time, a code, an address or an id. A name can have a digit: `2FA`, `Unnamed: 0`.
fn is_value(cell: &[u8]) -> bool {
    cell.first().is_some_and(u8::is_ascii_digit) && cell.iter().filter(|byte| byte.is_ascii_digit()).count() > 3
}

/// The least known columns of a further table.
const LEAST_KNOWN: usize = 2;

/// Sets the code of a success, which can lack it or have the word `None` in the portal's tables.
fn set_code_of_success(fields: &mut Fields<'_>) {
    let has_no_code = fields.get(FieldId::Code).is_empty() || fields.get(FieldId::Code).eq_ignore_ascii_case("None");
    if has_no_code && fields.get(FieldId::Result).eq_ignore_ascii_case("Success") {
        fields.put(FieldId::Code, Cow::Borrowed("0"));
    }
}

/// Whether one of these cells is a time in a time column.
fn has_time(columns: &[Field], cells: &[&[u8]]) -> bool {
    columns.iter().zip(cells).any(|(column, cell)| {
        let is_of_time = matches!(column, Field::Text(id) if TIMES.contains(id));
        let time = || When::by_itself(cell.trim_ascii()).parse();
        is_of_time && matches!(time(), Ok(_) | Err(Rejected::AmbiguousTime))
    })
}

fn first_row(beginning: &[u8], separator: u8) -> Vec<String> {
    let mut input = Input::new(Box::new(beginning), Limits::default());
    match Rows::separated_by(separator).next(&mut input, &|_| false) {
        Ok(Some(RawRow::Cells(cells))) => cells.iter().map(|cell| name(&String::from_utf8_lossy(cell))).collect(),
        _ => Vec::new(),
    }
}

/// The normalised name of a column: single blanks, without the zone of its times if that is UTC. A column in another
/// zone is unusable, so its name keeps the zone and no map knows it.
fn name(header: &str) -> String {
    let name = header.split_whitespace().collect::<Vec<_>>().join(" ");
    name.strip_suffix(" [UTC]").map(str::to_owned).unwrap_or(name)
}
