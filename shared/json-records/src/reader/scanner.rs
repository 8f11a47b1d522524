//! Finds the end of a JSON value, also of a damaged one.

use crate::key_set::LONGEST_BATCH_KEY;

/// Where a scan stopped. Positions count from the bytes of the last call.
pub(super) enum End {
    /// After the value.
    Value(usize),
    /// After the bracket that opens a batch's array.
    Batch(usize),
    /// Within the value, which is damaged: the next value begins `rewind` bytes before this position.
    Resync { position: usize, rewind: usize },
}

impl End {
    /// The position from the value's beginning, if `scanned` bytes were scanned in earlier calls.
    pub(super) fn position(&self, scanned: usize) -> usize {
        match self {
            Self::Value(position) | Self::Batch(position) => scanned + position,
            Self::Resync { position, rewind } => scanned + position - rewind,
        }
    }
}

/// Below this depth, the scanner does not record which brackets are open.
const KNOWN_DEPTH: usize = 64 * 1024;

/// The most white space between the `{` of a next record and its first key.
const LONGEST_GAP: usize = 1024;

/// Whether the position is in a string.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum InString {
    #[default]
    Not,
    Plain,
    /// After a backslash.
    Escaped,
}

/// Finds the end of one value, over any number of calls.
///
/// The scanner does not validate. A damaged value must not swallow its successors, so the scanner also stops
/// (resynchronises) at a `{` that valid JSON cannot have at that position. The `{` must start a line or follow a comma,
/// and a key must follow it. In a string, a quote after `{` closes the string, so that a key never follows. The scanner
/// also stops before a bracket that closes nothing in the value. Valid JSON never triggers either. A value that was
/// truncated where an object may follow takes its successors with it.
#[derive(Default)]
pub(super) struct ValueScanner {
    depth: usize,
    deepest: usize,
    /// The depth around the value.
    floor: usize,
    /// For each open bracket down to [`KNOWN_DEPTH`], whether it is an array's.
    arrays: Vec<bool>,
    string: InString,
    /// Whether only white space followed the last line feed or comma.
    is_after_break: bool,
    /// The last byte outside of strings that was not white space.
    before: u8,
    /// What may be the beginning of the next record.
    next: Option<NextRecord>,
    /// The last string directly in the outermost object, as it is written: of a longer key than any batch's the
    /// beginning.
    key: Vec<u8>,
    /// Whether that string is the key of the next value.
    is_key: bool,
}

/// A `{` that begins the next record if a key follows.
#[derive(Clone, Copy, Default)]
struct NextRecord {
    /// Bytes since the `{`.
    since: usize,
    /// Whether a quote follows: the beginning of a key, or the end of the string around the `{`.
    has_quote: bool,
}

impl ValueScanner {
    /// For a key or value directly in a batch.
    pub(super) fn in_object() -> Self {
        Self { depth: 1, floor: 1, arrays: vec![false], before: b',', ..Self::default() }
    }

    /// The deepest nesting of objects and arrays.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    /// How many of the last bytes may belong to the next record.
    pub(super) fn undecided(&self) -> usize {
        self.next.map_or(0, |next| next.since + 1)
    }

    /// Scans more bytes, and returns where the value ends: after its closing bracket, or before the delimiter of a
    /// value without brackets. An array under one of the keys `batches` ends it, too.
    pub(super) fn end(&mut self, bytes: &[u8], batches: &[&str]) -> Option<End> {
        for (position, byte) in bytes.iter().enumerate() {
            if let Some(NextRecord { since, has_quote }) = self.next.take() {
                let since = since + 1;
                match byte {
                    // The quote closed a string.
                    b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' if has_quote => {}
                    _ if has_quote => return Some(End::Resync { position, rewind: since }),
                    b'"' => self.next = Some(NextRecord { since, has_quote: true }),
                    b' ' | b'\t' | b'\r' | b'\n' if since < LONGEST_GAP => {
                        self.next = Some(NextRecord { since, has_quote });
                    }
                    _ => {}
                }
            }
            if self.string != InString::Not {
                self.in_string(*byte);
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' => continue,
                b'\n' => {
                    self.is_after_break = true;
                    continue;
                }
                b'"' => {
                    self.string = InString::Plain;
                    self.is_key = false;
                    if self.depth == 1 {
                        self.key.clear();
                    }
                }
                b':' if self.depth == 1 => self.is_key = true,
                b'[' if self.depth == 1 && self.is_key && self.is_batch(batches) => {
                    return Some(End::Batch(position + 1));
                }
                b'{' | b'[' => {
                    if *byte == b'{' && !self.may_be_object() && self.is_after_break {
                        self.next = Some(NextRecord::default());
                    }
                    self.open(*byte == b'[');
                }
                b',' | b'}' | b']' if self.depth == self.floor => return Some(End::Value(position)),
                b':' if self.depth == 0 => return Some(End::Value(position)),
                b'}' | b']' => {
                    if !self.close(*byte == b']') {
                        return Some(End::Resync { position, rewind: 0 });
                    }
                    if self.depth == 0 {
                        return Some(End::Value(position + 1));
                    }
                }
                _ => {}
            }
            self.is_after_break = *byte == b',';
            self.before = *byte;
        }
        None
    }

    fn in_string(&mut self, byte: u8) {
        if byte == b'{' && self.is_after_break {
            self.next = Some(NextRecord::default());
        }
        self.is_after_break = match byte {
            b'\n' | b',' => true,
            b' ' | b'\t' | b'\r' => self.is_after_break,
            _ => false,
        };
        self.string = match (byte, self.string) {
            // A string cannot contain a line feed, so a backslash before it escapes nothing.
            (b'\n', _) | (_, InString::Escaped) => InString::Plain,
            (b'\\', _) => InString::Escaped,
            (b'"', _) => InString::Not,
            _ => InString::Plain,
        };
        // An escape is kept as it is written, so that a key with one equals none.
        if self.string != InString::Not && self.depth == 1 && self.key.len() <= LONGEST_BATCH_KEY {
            self.key.push(byte);
        }
    }

    /// Whether valid JSON can have an object here.
    fn may_be_object(&self) -> bool {
        match self.before {
            0 | b':' | b'[' => true,
            b',' => self.arrays.last().is_none_or(|is_array| *is_array) || self.depth > self.arrays.len(),
            _ => false,
        }
    }

    fn open(&mut self, is_array: bool) {
        if self.depth == self.arrays.len() && self.depth < KNOWN_DEPTH {
            self.arrays.push(is_array);
        }
        self.depth += 1;
        self.deepest = self.depth.max(self.deepest);
        self.is_key = false;
    }

    /// Closes the innermost array or object and everything open in it. Returns whether there was one.
    fn close(&mut self, is_array: bool) -> bool {
        if self.depth > self.arrays.len() {
            self.depth -= 1;
            return true;
        }
        let Some(closed) = self.arrays[self.floor..].iter().rposition(|kind| *kind == is_array) else { return false };
        self.depth = self.floor + closed;
        self.arrays.truncate(self.depth);
        true
    }

    fn is_batch(&self, batches: &[&str]) -> bool {
        batches.iter().any(|batch| batch.as_bytes() == self.key)
    }
}
