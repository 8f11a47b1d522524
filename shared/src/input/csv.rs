//! Cutting tables of comma-separated values into rows.
//!
//! A quoted cell can go on over any number of lines. Of a row that is longer than a record may be, nothing is kept.

use super::compression::fault;
use super::{Input, ReadFault};

/// Exports have up to 80 columns.
const MOST_COLUMNS: usize = 1024;

/// One row, as it was cut.
pub(crate) enum Cut<'a> {
    /// Its cells.
    Row(Cells<'a>),
    /// It was longer than a record may be, or had more cells, and was passed over.
    TooLong,
    /// The object ends within a quoted cell of it.
    Unended,
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
    parser: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    /// Rows whose cells are separated by this.
    pub(crate) fn separated_by(separator: u8) -> Self {
        let parser = csv_core::ReaderBuilder::new().delimiter(separator).build();
        Self { parser, text: vec![0; 16 * 1024], ends: vec![0; 128] }
    }

    /// The next row, or `None` at the end.
    pub(crate) fn next(&mut self, input: &mut Input<'_>) -> Result<Option<Cut<'_>>, ReadFault> {
        let (mut length, mut cells) = (0, 0);
        let (mut too_long, mut is_quoted, mut is_over) = (false, false, false);
        loop {
            if input.ahead().is_empty() && !is_over {
                is_over = !input.more().map_err(fault)?;
            }
            let ahead = input.ahead();
            let (result, taken, written, ended) =
                self.parser.read_record(ahead, &mut self.text[length..], &mut self.ends[cells..]);
            is_quoted = ahead[..taken].iter().fold(is_quoted, |is_quoted, byte| is_quoted ^ (*byte == b'"'));
            input.advance(taken);
            (length, cells) = (length + written, cells + ended);
            match result {
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::OutputFull if length < input.limits.record => {
                    self.text.resize((2 * length).min(input.limits.record), 0);
                }
                csv_core::ReadRecordResult::OutputEndsFull if cells < MOST_COLUMNS => {
                    self.ends.resize((2 * cells).min(MOST_COLUMNS), 0);
                }
                csv_core::ReadRecordResult::OutputFull | csv_core::ReadRecordResult::OutputEndsFull => {
                    // What was passed over need not be kept to go on to the row's end.
                    too_long = true;
                    (length, cells) = (0, 0);
                }
                csv_core::ReadRecordResult::Record if too_long || length > input.limits.record => {
                    return Ok(Some(Cut::TooLong));
                }
                csv_core::ReadRecordResult::Record if is_over && is_quoted => return Ok(Some(Cut::Unended)),
                csv_core::ReadRecordResult::Record => {
                    return Ok(Some(Cut::Row(Cells { text: &self.text[..length], ends: &self.ends[..cells] })));
                }
                csv_core::ReadRecordResult::End => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    fn rows(text: &str, limit: usize) -> Vec<String> {
        let mut input = Input::new(Box::new(text.as_bytes()), Limits { record: limit, ..Limits::default() });
        let mut rows = Rows::separated_by(b',');
        let mut found = Vec::new();
        while let Some(cut) = rows.next(&mut input).unwrap() {
            found.push(match cut {
                Cut::Row(cells) => cells.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join("|"),
                Cut::TooLong => "too long".to_owned(),
                Cut::Unended => "cut off".to_owned(),
            });
        }
        found
    }

    #[test]
    fn cells_hold_whatever_their_quotes_do() {
        assert_eq!(rows("a,b\r\n\"1, \"\"2\"\"\",\"3\r\n4\n\"\r\n\r\n,x", 999), ["a|b", "1, \"2\"|3\r\n4\n", "|x"]);
    }

    #[test]
    fn a_row_that_is_too_long_costs_only_itself_wherever_the_blocks_fall() {
        for length in [101, 20_000, 70_000, 200_000] {
            let text = format!("a,b\n1,\"{}\"\n2,c\n", "x".repeat(length));
            assert_eq!(rows(&text, 100), ["a|b", "too long", "2|c"], "{length}");
            let fits = rows(&text, 300_000);
            assert_eq!(fits[1].len(), length + 2, "{length}");
        }
        let text = format!("a\n{}\nb", ",".repeat(5000));
        assert_eq!(rows(&text, 10_000), ["a", "too long", "b"]);
    }

    #[test]
    fn a_cell_that_does_not_end_is_reported() {
        assert_eq!(rows("a,b\n1,\"50126", 999), ["a|b", "cut off"]);
        assert_eq!(rows("a,b\n1,\"5\"\"6\"", 999), ["a|b", "1|5\"6"]);
    }
}
