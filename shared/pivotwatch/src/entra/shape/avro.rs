//! A part of Avro's binary encoding: skips values, and decodes strings and bytes.
//!
//! A file's schema, counts and lengths are untrusted. This module replaces the crate `apache-avro`, because version
//! 0.22.0 does not bound such input:
//!
//! | input | `apache-avro` 0.22.0 | this module |
//! |---|---|---|
//! | 150 bytes that claim 500 MB in a block | allocates 500 MB (its bound is 512 MiB) | allocates what it reads |
//! | a schema that contains itself | overflows the stack, which aborts the process | refuses the schema |
//! | 80 bytes that claim a billion nulls | returns as many values | stops at a bound, see below |
//! | a block with fewer events than its count | returns empty events | reports a truncated file |
//! | a block with bytes after its last event | drops the bytes in silence | reports a damaged block |
//! | a damaged block | returns an error, and no later block | the same |
//!
//! That crate also decodes every field of an event, while this project needs one field. It would add 28 packages to the
//! functions.
//!
//! Here, recursion is at most as deep as the schema's text is nested, which the JSON reader bounds. Only requested
//! values are kept.
//!
//! Bound: a value can have no bytes (a null, an empty record), so a file could claim any number of them. A file may
//! have [`FREE_VALUES`] values, and [`VALUES_PER_BYTE`] more for each decompressed byte ([`Values`]). A file with more
//! values is damaged.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>

use std::io::{self, BufRead, Read};

use serde_json::Value;

/// Values that a file of any length may have.
const FREE_VALUES: u64 = 4096;

/// Values that a file may have for each byte. In a real capture nearly every value has a byte or more.
const VALUES_PER_BYTE: u64 = 16;

/// The bytes and the values of a file so far.
#[derive(Default)]
pub(super) struct ValueBudget {
    bytes: u64,
    values: u64,
}

/// Encoded values, bounded by the budget.
pub(super) struct Values<'s, R> {
    bytes: R,
    budget: &'s mut ValueBudget,
}

impl<'s, R: BufRead> Values<'s, R> {
    pub(super) fn new(bytes: R, budget: &'s mut ValueBudget) -> Self {
        Self { bytes, budget }
    }

    /// Counts a value.
    fn count(&mut self) -> io::Result<()> {
        self.budget.values += 1;
        let most = FREE_VALUES.saturating_add(VALUES_PER_BYTE.saturating_mul(self.budget.bytes));
        if self.budget.values > most { Err(damaged("it has more values than its bytes can hold")) } else { Ok(()) }
    }
}

impl<R: BufRead> Read for Values<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.budget.bytes += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Values<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.bytes.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.budget.bytes += count as u64;
        self.bytes.consume(count);
    }
}

/// The encoding of a value.
pub(super) enum Schema {
    /// This number of bytes.
    Sized(u64),
    /// A number of variable length.
    Number,
    /// A length and the bytes.
    Bytes,
    Array(Box<Schema>),
    Map(Box<Schema>),
    Union(Vec<Schema>),
    Record(Vec<Schema>),
}

impl Schema {
    /// The fields of a record by their names. `None` for a schema of another type, or one that refers to itself.
    pub(super) fn fields(schema: &[u8]) -> Option<Vec<(String, Self)>> {
        let schema: Value = serde_json::from_slice(schema).ok()?;
        let fields = schema.get("fields")?.as_array()?;
        fields
            .iter()
            .map(|field| Some((field.get("name")?.as_str()?.to_owned(), Self::of(field.get("type")?)?)))
            .collect()
    }

    fn of(schema: &Value) -> Option<Self> {
        let all = |schemas: &Value| schemas.as_array()?.iter().map(Self::of).collect::<Option<Vec<_>>>();
        let kind = match schema {
            Value::Array(_) => return all(schema).map(Self::Union),
            Value::String(kind) => kind,
            _ => match schema.get("type")? {
                Value::String(kind) => kind,
                inner => return Self::of(inner),
            },
        };
        let inner = |name: &str| schema.get(name).and_then(Self::of).map(Box::new);
        Some(match kind.as_str() {
            "null" => Self::Sized(0),
            "boolean" => Self::Sized(1),
            "float" => Self::Sized(4),
            "double" => Self::Sized(8),
            "fixed" => Self::Sized(schema.get("size")?.as_u64()?),
            "int" | "long" | "enum" => Self::Number,
            "bytes" | "string" => Self::Bytes,
            "array" => Self::Array(inner("items")?),
            "map" => Self::Map(inner("values")?),
            "record" => {
                let types = schema.get("fields")?.as_array()?.iter().map(|field| Self::of(field.get("type")?));
                Self::Record(types.collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    /// Skips a value.
    pub(super) fn skip<R: BufRead>(&self, bytes: &mut Values<'_, R>) -> io::Result<()> {
        bytes.count()?;
        match self {
            Self::Sized(size) => skip_bytes(bytes, *size),
            Self::Number => number(bytes).map(drop),
            Self::Bytes => {
                let length = length(bytes)?;
                skip_bytes(bytes, length)
            }
            Self::Union(variants) => variant(bytes, variants)?.skip(bytes),
            Self::Record(fields) => fields.iter().try_for_each(|field| field.skip(bytes)),
            Self::Array(element) => elements(bytes, |bytes| element.skip(bytes)),
            Self::Map(value) => elements(bytes, |bytes| {
                Self::Bytes.skip(bytes)?;
                value.skip(bytes)
            }),
        }
    }

    /// The bytes of a value, empty for a value of another type.
    pub(super) fn read_bytes<R: BufRead>(&self, from: &mut Values<'_, R>, most: u64) -> io::Result<Vec<u8>> {
        from.count()?;
        match self {
            Self::Bytes => bytes(from, most),
            Self::Union(variants) => variant(from, variants)?.read_bytes(from, most),
            other => other.skip(from).map(|()| Vec::new()),
        }
    }
}

/// A number in zigzag encoding of variable length.
pub(super) fn number(bytes: &mut impl Read) -> io::Result<i64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = exactly(bytes)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
    }
    Err(damaged("a number is longer than any"))
}

/// The number of elements in the next block of an array or a map; `None` at its end.
pub(super) fn count(bytes: &mut impl Read) -> io::Result<Option<u64>> {
    let count = number(bytes)?;
    if count < 0 {
        // The block's size in bytes follows.
        number(bytes)?;
    }
    Ok(Some(count.unsigned_abs()).filter(|count| *count > 0))
}

/// A length and the bytes, at most `most` bytes.
pub(super) fn bytes(from: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let length = length(from)?;
    if length > most {
        return Err(damaged("a text is longer than any may be"));
    }
    let mut bytes = Vec::new();
    let read = from.take(length).read_to_end(&mut bytes)?;
    if (read as u64) < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// A text of at most `most` bytes.
pub(super) fn text(from: &mut impl Read, most: u64) -> io::Result<String> {
    String::from_utf8(bytes(from, most)?).map_err(|_| damaged("a name is no text"))
}

/// Exactly `COUNT` bytes.
pub(super) fn exactly<const COUNT: usize>(bytes: &mut impl Read) -> io::Result<[u8; COUNT]> {
    let mut found = [0; COUNT];
    bytes.read_exact(&mut found)?;
    Ok(found)
}

pub(super) fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("Avro: {what}"))
}

fn length(bytes: &mut impl Read) -> io::Result<u64> {
    u64::try_from(number(bytes)?).map_err(|_| damaged("a text has a negative length"))
}

fn skip_bytes(bytes: &mut impl BufRead, count: u64) -> io::Result<()> {
    let passed = io::copy(&mut bytes.take(count), &mut io::sink())?;
    if passed < count { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn variant<'s>(bytes: &mut impl Read, variants: &'s [Schema]) -> io::Result<&'s Schema> {
    let position = usize::try_from(number(bytes)?).ok();
    position
        .and_then(|position| variants.get(position))
        .ok_or_else(|| damaged("a value is of no kind that it may be of"))
}

fn elements<R: BufRead>(
    bytes: &mut Values<'_, R>,
    element: impl Fn(&mut Values<'_, R>) -> io::Result<()>,
) -> io::Result<()> {
    while let Some(count) = count(bytes)? {
        (0..count).try_for_each(|_| element(bytes))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Skips `count` values of a schema. Returns the number of counted values, and whether all were skipped.
    fn skipped(schema: &str, count: u64, bytes: &[u8]) -> (u64, bool) {
        let schema = Schema::of(&serde_json::from_str(schema).unwrap()).unwrap();
        let mut budget = ValueBudget::default();
        let mut values = Values::new(bytes, &mut budget);
        let result = (0..count).try_for_each(|_| schema.skip(&mut values));
        (budget.values, result.is_ok())
    }

    #[test]
    fn values_without_bytes_are_bounded_by_the_budget() {
        let fields = |count: usize| vec![r#"{"name":"a","type":"null"}"#; count].join(",");
        let record = format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields(2000));
        let array = r#"{"type":"array","items":{"type":"record","name":"E","fields":[]}}"#;
        // Two blocks of 2^35 elements each.
        let elements = [0x80, 0x80, 0x80, 0x80, 0x80, 0x02].repeat(2);
        for (schema, bytes) in [("\"null\"", &[][..]), (&record, &[]), (array, &elements)] {
            let (values, is_whole) = skipped(schema, u64::MAX, bytes);
            let most = FREE_VALUES + VALUES_PER_BYTE * bytes.len() as u64;
            assert!(!is_whole && values <= most + 1, "{values}: {schema}");
        }
    }

    proptest! {
        #[test]
        fn values_are_bounded_by_the_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let map = r#"{"type":"map","values":["null",{"type":"array","items":["null","long","string"]}]}"#;
            let (values, _) = skipped(map, u64::MAX, &bytes);
            prop_assert!(values <= FREE_VALUES + VALUES_PER_BYTE * bytes.len() as u64 + 1, "{}", values);
        }
    }
}
