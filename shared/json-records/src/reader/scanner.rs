//! Finding where a JSON value ends, be it damaged or not.

/// The name of a batch's array is no longer than this; of longer names only so much is looked at.
const LONGEST_NAME: usize = 16;

/// Where a scan ended.
pub(super) enum End {
    /// Behind the value.
    Value(usize),
    /// Behind the bracket that opens a batch's array.
    Batch(usize),
    /// Within the value, which is damaged, so many bytes back from here, where what comes next begins.
    Next { position: usize, back: usize },
}

impl End {
    /// Where that is, when so much was scanned before.
    pub(super) fn position(&self, scanned: usize) -> usize {
        match self {
            Self::Value(position) | Self::Batch(position) => scanned + position,
            Self::Next { position, back } => scanned + position - back,
        }
    }
}

/// Of what lies deeper than this, it is not known which brackets opened it.
const KNOWN_DEPTH: usize = 64 * 1024;

/// The next record can have so much white space behind its bracket.
const NEXT_RECORD: usize = 1024;

/// Whether it is in a string.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum InString {
    #[default]
    Not,
    Plain,
    /// Behind a backslash.
    Escaped,
}

/// Where in a value a scan stands.
///
/// It does not check the value, but must not lose those behind it when that one is damaged. So a value also ends where JSON
/// can have no object, and yet one begins on a line, or behind a comma: there a part of it was lost, up to the next record.
/// It ends as well before a bracket that closes nothing in it. What is JSON is never cut so; what was cut off where an
/// object could have followed takes those behind it along.
#[derive(Default)]
pub(super) struct Scan {
    depth: usize,
    deepest: usize,
    /// The depth at which the value ends.
    floor: usize,
    /// What is open: whether it is an array.
    arrays: Vec<bool>,
    string: InString,
    /// Whether there was only white space since a line end.
    begins_line: bool,
    /// The last byte outside of strings that is not white space.
    before: u8,
    /// How many bytes ago something began that is the next record if a name comes first in it.
    next: Option<usize>,
    /// The last text at the depth of an object's members.
    name: Vec<u8>,
    /// Whether the value of the member of that name comes next.
    named: bool,
}

impl Scan {
    /// Of a member of a batch.
    pub(super) fn of_member() -> Self {
        Self { depth: 1, floor: 1, arrays: vec![false], before: b',', ..Self::default() }
    }

    /// How deep objects and arrays lay in one another.
    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    /// How many of the last bytes can belong to the next record.
    pub(super) fn undecided(&self) -> usize {
        self.next.map_or(0, |bytes| bytes + 1)
    }

    /// Scans on, and returns where the value ends: behind its closing bracket, or before the mark that ends a value
    /// without one.
    pub(super) fn end(&mut self, bytes: &[u8], batches: &[&str]) -> Option<End> {
        for (position, byte) in bytes.iter().enumerate() {
            if let Some(back) = self.next.take().map(|bytes| bytes + 1) {
                match byte {
                    b'"' => return Some(End::Next { position, back }),
                    b' ' | b'\t' | b'\r' | b'\n' if back < NEXT_RECORD => self.next = Some(back),
                    _ => {}
                }
            }
            if self.string != InString::Not {
                self.within_string(*byte);
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' => continue,
                b'\n' => {
                    self.begins_line = true;
                    continue;
                }
                b'"' => {
                    self.string = InString::Plain;
                    self.named = false;
                    if self.depth == 1 {
                        self.name.clear();
                    }
                }
                b':' if self.depth == 1 => self.named = true,
                b'[' if self.depth == 1 && self.named && self.is_batch(batches) => {
                    return Some(End::Batch(position + 1));
                }
                b'{' | b'[' => {
                    if *byte == b'{' && !self.may_be_object() && (self.begins_line || self.before == b',') {
                        self.next = Some(0);
                    }
                    self.open(*byte == b'[');
                }
                b',' | b'}' | b']' if self.depth == self.floor => return Some(End::Value(position)),
                b':' if self.depth == 0 => return Some(End::Value(position)),
                b'}' | b']' => {
                    if !self.close(*byte == b']') {
                        return Some(End::Next { position, back: 0 });
                    }
                    if self.depth == 0 {
                        return Some(End::Value(position + 1));
                    }
                }
                _ => {}
            }
            self.begins_line = false;
            self.before = *byte;
        }
        None
    }

    fn within_string(&mut self, byte: u8) {
        let begins_line = std::mem::take(&mut self.begins_line);
        match byte {
            // A string has no line ends in it; this one lost its end.
            b'\n' => (self.begins_line, self.string) = (true, InString::Plain),
            b' ' | b'\t' | b'\r' if begins_line => self.begins_line = true,
            b'{' if begins_line => self.next = Some(0),
            _ if self.string == InString::Escaped => self.string = InString::Plain,
            b'\\' => self.string = InString::Escaped,
            b'"' => self.string = InString::Not,
            _ if self.depth == 1 && self.name.len() < LONGEST_NAME => self.name.push(byte),
            _ => {}
        }
    }

    /// Whether an object may begin here.
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
        self.named = false;
    }

    /// Closes the innermost of a kind, whatever was not closed in it. Tells whether there is one.
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
        batches.iter().any(|batch| batch.as_bytes() == self.name)
    }
}
