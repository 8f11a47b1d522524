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
//! - Proof: a quote within an unquoted cell, text after a closing quote, a quoted cell without an end, or another
//!   number of cells. No sound writer leaves these. The row's first line is lost, and the next line is read as a row.
//! - No proof: the lines may be rows, or a text that a user made to look like rows. Each counts as damaged.
//!
//! A row beyond the limit of a record is skipped.

use memchr::{memchr, memchr2, memchr3};

use super::compression::fault;
use super::{Input, ReadFault};

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
    separator: u8,
    /// The content of the row's cells, one after another.
    text: Vec<u8>,
    /// The end of each cell in `text`.
    ends: Vec<usize>,
    /// The number of cells of the first row, which has the names; 0 before it.
    columns: usize,
    /// Whether a row had quotes that no sound writer leaves.
    is_unsound: bool,
    /// Lines ahead that are damaged.
    damaged_lines: usize,
}

/// The end of a row.
enum RowEnd {
    /// After this number of bytes, including its line end.
    Row(usize),
    /// Beyond the text.
    Beyond,
    /// The table ends within a quoted cell of the row.
    Never,
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
        Self { separator, text, ends, columns: 0, is_unsound: false, damaged_lines: 0 }
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
            input.advance(line_length(input.ahead()));
            return Ok(Some(RawRow::Damaged));
        }
        if !skip_line_ends(input)? {
            return Ok(None);
        }
        let limit = input.limits.record;
        let mut is_over = false;
        let scanned = loop {
            let scanned = self.scan(input.ahead(), is_over);
            if !matches!(scanned.end, RowEnd::Beyond) || input.ahead().len() > limit {
                break scanned;
            }
            is_over = !input.more().map_err(fault)?;
        };
        let ahead = input.ahead();
        let row = match scanned.end {
            RowEnd::Row(length) => &ahead[..length],
            RowEnd::Beyond | RowEnd::Never => ahead,
        };
        let is_whole = matches!(scanned.end, RowEnd::Row(_));
        let has_columns = self.columns == 0 || self.ends.len() == self.columns;
        let hides_rows = (scanned.has_lines || !is_whole) && self.hides_rows(row, is_row);
        let is_proven = scanned.is_unsound || !has_columns || !is_whole;
        self.is_unsound |= scanned.is_unsound || hides_rows && is_proven;
        if hides_rows {
            if !self.is_unsound {
                self.damaged_lines = lines(row).count() - 1;
            }
            input.advance(line_length(ahead));
            return Ok(Some(RawRow::Damaged));
        }
        let length = row.len();
        if matches!(scanned.end, RowEnd::Beyond) {
            skip_row(input, self.separator)?;
            return Ok(Some(RawRow::TooLong));
        }
        input.advance(length);
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
                    let Some(length) = memchr(b'"', &text[at..]) else {
                        scanned.has_lines |= memchr2(b'\n', b'\r', &text[at..]).is_some();
                        scanned.end = if is_over { RowEnd::Never } else { RowEnd::Beyond };
                        return scanned;
                    };
                    let part = &text[at..at + length];
                    scanned.has_lines |= memchr2(b'\n', b'\r', part).is_some();
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

    /// Whether a line after the row's first is a complete row. A line that ends a quoted first cell is not, although
    /// the rest of its row follows on it.
    fn hides_rows(&self, row: &[u8], is_row: &dyn Fn(&[&[u8]]) -> bool) -> bool {
        let separators = self.columns.saturating_sub(1);
        let is_row = |line: &[u8]| {
            let cells = || line.split(|byte| *byte == self.separator).map(unquoted);
            !closes_first_cell(line, self.separator)
                && memchr::memchr_iter(self.separator, line).count() == separators
                && is_row(&cells().collect::<Vec<_>>())
        };
        self.columns > 0 && lines(row).skip(1).any(is_row)
    }
}

/// A cell without quotes around it.
fn unquoted(cell: &[u8]) -> &[u8] {
    cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell)
}

/// The lines of a text without their line ends, except empty lines.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| matches!(byte, b'\n' | b'\r')).filter(|line| !line.is_empty())
}

/// The length of the leading line of a text, including the line ends after it.
fn line_length(text: &[u8]) -> usize {
    let length = memchr2(b'\n', b'\r', text).unwrap_or(text.len());
    length + text[length..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count()
}

/// The length of the leading line end of a text.
fn line_end_length(text: &[u8]) -> usize {
    if text.starts_with(b"\r\n") { 2 } else { text.len().min(1) }
}

/// Skips line ends, and returns whether bytes follow.
pub(crate) fn skip_line_ends(input: &mut Input<'_>) -> Result<bool, ReadFault> {
    loop {
        let ahead = input.ahead();
        let count = ahead.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let is_found = count < ahead.len();
        input.advance(count);
        if is_found || !input.more().map_err(fault)? {
            return Ok(is_found);
        }
    }
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

/// Whether the first cell of a line ends with a quote that the line did not open.
fn closes_first_cell(line: &[u8], separator: u8) -> bool {
    let first = line.split(|byte| *byte == separator).next().unwrap_or_default();
    first.ends_with(b"\"") && (first.len() == 1 || !first.starts_with(b"\""))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::Limits;
    use super::*;

    /// Rows of tables whose first cell must be a number.
    fn rows(text: &str, limit: usize) -> Vec<String> {
        let mut input = Input::new(Box::new(text.as_bytes()), Limits { record: limit, ..Limits::default() });
        let mut rows = Rows::separated_by(b',');
        let mut found = Vec::new();
        let is_row = |cells: &[&[u8]]| !cells[0].is_empty() && cells[0].iter().all(u8::is_ascii_digit);
        while let Some(row) = rows.next(&mut input, &is_row).unwrap() {
            found.push(match row {
                RawRow::Cells(cells) => cells.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join("|"),
                RawRow::TooLong => "too long".to_owned(),
                RawRow::Damaged => "damaged".to_owned(),
            });
        }
        found
    }

    #[test]
    fn a_quoted_cell_can_hold_separators_quotes_and_line_ends() {
        assert_eq!(rows("a,b\r\n\"1, \"\"2\"\"\",\"3\r\n4\n\"\r\n\r\n,x", 999), ["a|b", "1, \"2\"|3\r\n4\n", "|x"]);
        assert_eq!(rows("a,b\r1,\"{\n  \"\"x\"\": 1,\n  \"\"y\"\": [2, 3]\n}\"\r2,\r", 999).len(), 3);
    }

    #[test]
    fn a_row_that_is_too_long_costs_only_itself_wherever_the_blocks_fall() {
        for length in [101, 20_000, 70_000, 200_000, 600_000] {
            for (before, after) in [("", ""), ("\n, \n\"\"", "\"\"\r\n,\"\"")] {
                let text = format!("a,b\n1,\"{before}{}{after}\"\n2,c\n", "x".repeat(length));
                assert_eq!(rows(&text, 100), ["a|b", "too long", "2|c"], "{length}");
                let fits = rows(&text, 700_000);
                assert_eq!((fits.len(), fits[1].len() >= length + 2), (3, true), "{length}");
            }
        }
        let text = format!("a\n{}\nb", ",".repeat(20_000));
        assert_eq!(rows(&text, 100_000), ["a", "too long", "b"]);
    }

    #[test]
    fn a_cell_that_does_not_end_is_reported() {
        assert_eq!(rows("a,b\n1,\"50126", 999), ["a|b", "damaged"]);
        assert_eq!(rows("a,b\n1,\"50\n126", 999), ["a|b", "damaged"]);
        assert_eq!(rows("a,b\n1,\"5\"\"6\"", 999), ["a|b", "1|5\"6"]);
    }

    #[test]
    fn a_quote_within_an_unquoted_cell_is_text() {
        assert_eq!(rows("a,b\n1,5\"x\n2,6\"\n3,7\"\"8", 999), ["a|b", "1|5\"x", "2|6\"", "3|7\"\"8"]);
        assert_eq!(rows("a,b\n1,\"5\" x\n2,c", 999), ["a|b", "1|5 x", "2|c"]);
    }

    #[test]
    fn in_a_table_that_never_quotes_a_quote_costs_only_its_row() {
        let damaged = ["a|b", "1|x", "damaged", "3|x", "4|x"];
        // One row with an opening quote, two such rows, and one that also lacks a cell.
        assert_eq!(rows("a,b\n1,x\n2,\"M\n3,x\n4,x\n", 999), damaged);
        assert_eq!(rows("a,b\n1,x\n2,\"M\n3,x\n4,x\n5,\"M\n6,x\n", 999), [&damaged[..], &["damaged", "6|x"]].concat());
        assert_eq!(rows("a,b\n1,x\n2,\"M\n3,x\n4,x\n\"5\n6,x\n", 999)[..5], damaged);
        // An inch mark within a cell proves that the writer never quotes.
        assert_eq!(rows("a,b\n0,5\"\n1,x\n2,\"M\n3,x\n4,x\"\n5,x\n", 999)[3..], ["damaged", "3|x", "4|x\"", "5|x"]);
        let many = (0..100_000).map(|number| format!("{number},x\n")).collect::<Vec<_>>().concat();
        let found = rows(&format!("a,b\n1,\"M\n{many}2,\"M\n{many}"), 10_000);
        assert_eq!((found.len(), found.iter().filter(|row| *row == "damaged").count()), (200_003, 2));
    }

    #[test]
    fn lines_that_look_like_rows_in_a_quoted_cell_count_as_damaged() {
        let found = rows("a,b\n1,x\n2,\"M\n3,x\n4,x\"\n5,x\n", 999);
        assert_eq!(found, ["a|b", "1|x", "damaged", "damaged", "damaged", "5|x"]);
    }

    fn written(cells: &[String], quotes: bool) -> String {
        let cell = |cell: &String| {
            let must = cell.contains(['"', ',', '\n', '\r']) || cell.is_empty();
            if must || quotes { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
        };
        cells.iter().map(cell).collect::<Vec<_>>().join(",")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// For any cells without a line that looks like a row, which has a number first.
        #[test]
        fn a_sound_table_is_read_exactly(
            table in (1..5_usize).prop_flat_map(|columns| vec(vec("[a\",;\n\r{}é ]{0,8}", columns), 1..8)),
            quotes in any::<bool>(),
            ends_line in any::<bool>(),
            end in prop::sample::select(&["\n", "\r\n", "\r"][..]),
        ) {
            let mut text = table.iter().map(|cells| written(cells, quotes)).collect::<Vec<_>>().join(end);
            if ends_line {
                text.push_str(end);
            }
            let expected: Vec<_> = table.iter().map(|cells| cells.join("|")).collect();
            prop_assert_eq!(rows(&text, 999), expected, "{:?}", text);
        }

        /// A table that never quotes: each row is read, or counts as damaged.
        #[test]
        fn no_quote_hides_a_row(cells in vec("[a\"]{0,4}", 1..40)) {
            let rows_of = |(number, cell)| format!("{number},{cell},x\n");
            let text = cells.iter().enumerate().map(rows_of).collect::<Vec<_>>().concat();
            let found = rows(&format!("a,b,c\n{text}"), 10_000);
            prop_assert_eq!(found.len(), cells.len() + 1, "{}", text);
        }
    }
}
