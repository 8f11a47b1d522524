//! Splits comma-separated values into rows.
//!
//! Two kinds of writer must be distinguished, row by row:
//!
//! - A **sound** writer quotes each cell with a separator, a line end or a quote, and doubles the quotes in it (RFC
//!   4180). A quoted cell spans any number of lines.
//! - A writer that **never quotes** lets a cell begin with a quote that opens nothing. As a sound table, all rows up to
//!   the next quote would become one cell, possibly with the right number of cells.
//!
//! The rule: a row of several lines is damaged if one of its later lines is a complete row. A complete row has as many
//! cells as the table has columns, and the caller of [`Rows::next`] finds a time in its time column. Pretty-printed
//! JSON has no such line. Only a text that a user chose can have one. The cost of damage depends on its proof:
//!
//! - Proof: a quote within an unquoted cell, text after a closing quote, or a quoted cell without an end. A cell that
//!   ends beyond the limit of a record has none. No sound writer leaves these. The row's first line is lost, and the
//!   next line is read as a row.
//! - No proof: the lines may be rows, or a text that a user made to look like rows. Each counts as damaged, and the
//!   table as [ambiguous](Rows::is_ambiguous), since an attacker can have hidden his failures so.
//!
//! A row beyond the limit of a record is skipped.
//!
//! The time is linear. Only a line whose row hides others is scanned beyond its end. Lines after it can be of the same
//! kind, and are not scanned so far again: see [`Rows::hidden`].

mod lines;

use memchr::{memchr, memchr2, memchr3};

use super::compression::fault;
use super::{Input, ReadFault};
pub(crate) use lines::skip_line_ends;
use lines::{line_end_length, line_ends_length, line_length, lines};

/// The most columns, as in a spreadsheet. The portal's exports have up to 80, Kibana's one for each field of an index.
pub(crate) const MOST_COLUMNS: usize = 16 * 1024;

/// One row, before its cells are interpreted.
pub(crate) enum RawRow<'a> {
    /// Its cells.
    Cells(Cells<'a>),
    /// It was longer than a record or had more cells than the limits allow, and was skipped.
    TooLong,
    /// A line, or a row of several, whose quotes cannot be trusted.
    Damaged,
}

/// The cells of a row, without their quotes.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    text: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Cells<'a> {
    pub(crate) fn len(self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let cell = &self.text[start..*end];
            start = *end;
            cell
        })
    }
}

/// The rows of a table.
pub(crate) struct Rows {
    pub(crate) separator: u8,
    /// The content of the row's cells, one after another.
    text: Vec<u8>,
    /// The end of each cell in `text`.
    ends: Vec<usize>,
    /// The number of cells of the first row, which has the names; 0 before it.
    columns: usize,
    /// Whether a row had quotes that no sound writer leaves.
    is_unsound: bool,
    /// Whether a row hid lines without proof that its quotes are unsound.
    pub(crate) is_ambiguous: bool,
    /// Lines ahead that are damaged.
    damaged_lines: usize,
    /// Bytes ahead until the last line that the last row hid. A row with a quoted line end before that line hides the
    /// line too. Within a row each line end is quoted, so both rows are the same from there on.
    hidden: Option<usize>,
}

/// The end of a row.
enum RowEnd {
    /// After this number of bytes, including its line end.
    Row(usize),
    /// Beyond the text.
    Beyond,
    /// The table ends within a quoted cell of the row.
    Never,
    /// After the line that [`Rows::hidden`] is about.
    AfterHidden,
}

/// The result of scanning a row.
struct ScannedRow {
    end: RowEnd,
    /// Whether the row has quotes that no sound writer leaves.
    is_unsound: bool,
    /// Whether a quoted cell of it has a line end.
    has_lines: bool,
}

impl Rows {
    /// The rows of a table with this separator.
    pub(crate) fn separated_by(separator: u8) -> Self {
        let (text, ends) = (Vec::new(), Vec::new());
        Self {
            separator,
            text,
            ends,
            columns: 0,
            is_unsound: false,
            is_ambiguous: false,
            damaged_lines: 0,
            hidden: None,
        }
    }

    /// Begins another table after its header, with this separator and number of columns. Its writer can be sound.
    pub(crate) fn begin_table(&mut self, separator: u8, columns: usize) {
        (self.separator, self.columns, self.is_unsound) = (separator, columns, false);
    }

    /// The next row, or `None` at the end. `is_row` decides whether cells, as many as the table has columns, can be a
    /// row.
    pub(crate) fn next(
        &mut self,
        input: &mut Input<'_>,
        is_row: &dyn Fn(&[&[u8]]) -> bool,
    ) -> Result<Option<RawRow<'_>>, ReadFault> {
        if let Some(left) = self.damaged_lines.checked_sub(1) {
            self.damaged_lines = left;
            return Ok(Some(self.damaged_line(input)));
        }
        // Where a hidden line is ahead, the line ends before it are too.
        self.advance(input, line_ends_length(input.ahead()));
        if !skip_line_ends(input)? {
            return Ok(None);
        }
        let limit = input.limits.record;
        let scanned = self.scan_ahead(input)?;
        let ahead = input.ahead();
        let row = match scanned.end {
            RowEnd::Row(length) => &ahead[..length],
            RowEnd::Beyond | RowEnd::Never => ahead,
            RowEnd::AfterHidden => return Ok(Some(self.damaged_line(input))),
        };
        let is_whole = matches!(scanned.end, RowEnd::Row(_));
        let has_columns = self.columns == 0 || self.ends.len() == self.columns;
        let hidden = if scanned.has_lines || !is_whole { self.last_hidden(row, is_row) } else { None };
        // A title between two tables has quotes too, and is no row.
        self.is_unsound |= scanned.is_unsound && (has_columns || hidden.is_some()) || hidden.is_some() && !is_whole;
        if hidden.is_some() {
            if self.is_unsound {
                self.hidden = hidden;
            } else {
                self.is_ambiguous = true;
                self.damaged_lines = lines(row).count() - 1;
            }
            return Ok(Some(self.damaged_line(input)));
        }
        let length = row.len();
        if matches!(scanned.end, RowEnd::Beyond) {
            // No hidden line is ahead: the row would have ended after it.
            skip_row(input, self.separator)?;
            return Ok(Some(RawRow::TooLong));
        }
        self.advance(input, length);
        if length > limit || self.ends.len() > MOST_COLUMNS {
            return Ok(Some(RawRow::TooLong));
        }
        if !is_whole {
            return Ok(Some(RawRow::Damaged));
        }
        if self.columns == 0 {
            self.columns = self.ends.len();
        }
        Ok(Some(RawRow::Cells(Cells { text: &self.text, ends: &self.ends })))
    }

    /// Consumes a line that is no row.
    fn damaged_line(&mut self, input: &mut Input<'_>) -> RawRow<'static> {
        self.advance(input, line_length(input.ahead()));
        RawRow::Damaged
    }

    /// Consumes `count` of the bytes ahead.
    fn advance(&mut self, input: &mut Input<'_>, count: usize) {
        input.advance(count);
        self.hidden = self.hidden.and_then(|hidden| hidden.checked_sub(count));
    }

    /// Scans the next row into cells, until it ends or is longer than a record.
    fn scan_ahead(&mut self, input: &mut Input<'_>) -> Result<ScannedRow, ReadFault> {
        let limit = input.limits.record;
        let mut is_over = false;
        loop {
            let scanned = self.scan(input.ahead(), is_over);
            let length = input.ahead().len();
            if !matches!(scanned.end, RowEnd::Beyond) || length > limit {
                return Ok(scanned);
            }
            // Twice as many bytes each time, so that the scans of a long row add up to twice its length.
            let most = limit.saturating_add(1);
            input.look_ahead(length.saturating_mul(2).min(most)).map_err(fault)?;
            is_over = input.ahead().len() == length && !input.more().map_err(fault)?;
        }
    }

    /// Scans the leading row of a text into cells. `is_over` means that no text follows.
    fn scan(&mut self, text: &[u8], is_over: bool) -> ScannedRow {
        self.text.clear();
        self.ends.clear();
        let mut scanned = ScannedRow { end: RowEnd::Beyond, is_unsound: false, has_lines: false };
        let mut at = 0;
        loop {
            let is_quoted = text.get(at) == Some(&b'"');
            if is_quoted {
                at += 1;
                loop {
                    let quote = memchr(b'"', &text[at..]);
                    let part = &text[at..quote.map_or(text.len(), |length| at + length)];
                    if let Some(position) = memchr2(b'\n', b'\r', part) {
                        scanned.has_lines = true;
                        if self.hidden.is_some_and(|hidden| at + position < hidden) {
                            scanned.end = RowEnd::AfterHidden;
                            return scanned;
                        }
                    }
                    let Some(length) = quote else {
                        scanned.end = if is_over { RowEnd::Never } else { RowEnd::Beyond };
                        return scanned;
                    };
                    self.text.extend_from_slice(part);
                    at += length + 1;
                    match text.get(at) {
                        Some(b'"') => self.text.push(b'"'),
                        None if !is_over => return scanned,
                        _ => break,
                    }
                    at += 1;
                }
            }
            let found = memchr3(self.separator, b'\n', b'\r', &text[at..]);
            if found.is_none() && !is_over {
                return scanned;
            }
            let rest = &text[at..found.map_or(text.len(), |length| at + length)];
            scanned.is_unsound |= if is_quoted { !rest.is_empty() } else { memchr(b'"', rest).is_some() };
            self.text.extend_from_slice(rest);
            at += rest.len();
            if self.ends.len() <= MOST_COLUMNS {
                self.ends.push(self.text.len());
            }
            match text.get(at) {
                Some(byte) if *byte == self.separator => at += 1,
                _ => {
                    scanned.end = RowEnd::Row(at + line_end_length(&text[at..]));
                    return scanned;
                }
            }
        }
    }

    /// The position of the last line after the row's first that is a complete row. A line that ends a quoted first cell
    /// is not, although the rest of its row follows on it.
    fn last_hidden(&self, row: &[u8], is_row: &dyn Fn(&[&[u8]]) -> bool) -> Option<usize> {
        let separators = self.columns.saturating_sub(1);
        let is_row = |line: &[u8]| {
            let cells = || line.split(|byte| *byte == self.separator).map(unquoted);
            !closes_first_cell(line, self.separator)
                && memchr::memchr_iter(self.separator, line).count() == separators
                && is_row(&cells().collect::<Vec<_>>())
        };
        let first = memchr2(b'\n', b'\r', row).filter(|_| self.columns > 0)? + 1;
        let mut end = row.len();
        loop {
            let line = &row[first..end];
            let start = first + memchr::memrchr2(b'\n', b'\r', line).map_or(0, |position| position + 1);
            if start < end && is_row(&row[start..end]) {
                return Some(start);
            }
            end = start.checked_sub(1).filter(|end| *end > first)?;
        }
    }
}

/// A cell without quotes around it.
fn unquoted(cell: &[u8]) -> &[u8] {
    cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell)
}

/// Skips a row of any length.
fn skip_row(input: &mut Input<'_>, separator: u8) -> Result<(), ReadFault> {
    let (mut is_quoted, mut begins_cell) = (false, true);
    loop {
        for (position, byte) in input.ahead().iter().enumerate() {
            match byte {
                // A doubled quote closes the cell and opens it again.
                b'"' if is_quoted || begins_cell => is_quoted = !is_quoted,
                b'\n' | b'\r' if !is_quoted => {
                    input.advance(position);
                    return Ok(());
                }
                _ => {}
            }
            begins_cell = *byte == separator || *byte == b'"' && !is_quoted;
        }
        input.advance(input.ahead().len());
        if !input.more().map_err(fault)? {
            return Ok(());
        }
    }
}

/// Whether the first cell of a line ends with a quote that the line did not open. Quotes within a cell are doubled.
fn closes_first_cell(line: &[u8], separator: u8) -> bool {
    let first = line.split(|byte| *byte == separator).next().unwrap_or_default();
    first.ends_with(b"\"") && memchr::memchr_iter(b'"', first).count() % 2 == 1
}

#[cfg(test)]
mod tests;
