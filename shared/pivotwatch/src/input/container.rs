//! Recognises archives, other compressions and other kinds of file by their first bytes.
//!
//! Each is refused with its name. A tar or a stored zip holds its files as plain text, and would otherwise be read in
//! part.

use std::fmt;

/// Bytes that recognise a container: the length of a tar header.
pub(super) const HEADER: usize = 512;

/// A kind of file that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// A zip archive.
    Zip,
    /// A workbook of a spreadsheet.
    Workbook,
    /// A tar archive.
    Tar,
    /// A cpio archive.
    Cpio,
    /// An ar archive.
    Ar,
    /// A 7z archive.
    SevenZip,
    /// A RAR archive.
    Rar,
    /// A cabinet file.
    Cabinet,
    /// Compressed by xz.
    Xz,
    /// Compressed by lzip.
    Lzip,
    /// Compressed by LZMA alone.
    Lzma,
    /// Compressed by bzip2.
    Bzip2,
    /// Compressed by LZ4.
    Lz4,
    /// Compressed by Snappy.
    Snappy,
    /// Compressed by zlib, which is gzip without its header.
    Zlib,
    /// Compressed by compress.
    Compress,
    /// Compressed by one method within another, more often than is read.
    Nested,
    /// An Apache Parquet file.
    Parquet,
    /// An Apache ORC file.
    Orc,
    /// An Apache Arrow file.
    Arrow,
    /// A sequence file of Hadoop.
    SequenceFile,
    /// A database of `SQLite`.
    Sqlite,
    /// An event log of Windows.
    EventLog,
    /// A PDF document.
    Pdf,
    /// A web page.
    Html,
    /// An XML document.
    Xml,
    /// An encrypted file.
    Encrypted,
}

/// The first bytes of each container.
const MAGIC: [(&[u8], Container); 35] = [
    (b"PK\x03\x04", Container::Zip),
    (b"PK\x05\x06", Container::Zip),
    (b"PK\x07\x08", Container::Zip),
    (b"PK00PK\x03\x04", Container::Zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Container::Workbook),
    (b"070701", Container::Cpio),
    (b"070702", Container::Cpio),
    (b"070707", Container::Cpio),
    (b"\xc7\x71", Container::Cpio),
    (b"!<arch>\n", Container::Ar),
    (b"7z\xbc\xaf\x27\x1c", Container::SevenZip),
    (b"Rar!\x1a\x07", Container::Rar),
    (b"MSCF\0\0\0\0", Container::Cabinet),
    (b"\xfd7zXZ\0", Container::Xz),
    (b"LZIP\x01", Container::Lzip),
    (b"\x5d\0\0", Container::Lzma),
    (b"\x04\x22\x4d\x18", Container::Lz4),
    (b"\x02\x21\x4c\x18", Container::Lz4),
    (b"\xff\x06\0\0sNaPpY", Container::Snappy),
    (b"\x82SNAPPY\0", Container::Snappy),
    (b"\x78\x01", Container::Zlib),
    (b"\x78\x5e", Container::Zlib),
    (b"\x78\x9c", Container::Zlib),
    (b"\x78\xda", Container::Zlib),
    (b"\x1f\x9d", Container::Compress),
    (b"PAR1", Container::Parquet),
    (b"PARE", Container::Parquet),
    (b"ORC\x0a", Container::Orc),
    (b"ARROW1\0\0", Container::Arrow),
    (b"SEQ\x06", Container::SequenceFile),
    (b"SQLite format 3\0", Container::Sqlite),
    (b"ElfFile\0", Container::EventLog),
    (b"%PDF-", Container::Pdf),
    (b"-----BEGIN PGP MESSAGE-----", Container::Encrypted),
    (b"age-encryption.org/", Container::Encrypted),
];

impl Container {
    /// The container that begins with `text`: at least [`HEADER`] bytes, or the whole file.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        if is_tar(text) {
            return Some(Self::Tar);
        }
        match MAGIC.into_iter().find(|(magic, _)| text.starts_with(magic)) {
            Some((_, Self::Zip)) if is_workbook(text) => Some(Self::Workbook),
            Some((_, container)) => Some(container),
            None if is_bzip2(text) => Some(Self::Bzip2),
            None => markup(text),
        }
    }
}

impl Container {
    /// Whether a text begins with the magic of a container that cannot begin a record or a row.
    pub(super) fn is_binary(text: &[u8]) -> bool {
        let is_magic =
            |magic: &[u8]| magic.iter().any(|byte| !matches!(byte, b' '..=b'~' | b'\n')) && text.starts_with(magic);
        text.first().is_some_and(|first| !matches!(first, b'{' | b'"' | b'0'..=b'9'))
            && MAGIC.into_iter().any(|(magic, _)| is_magic(magic))
    }
}

/// The least zeros that pad a tar header. A real one has hundreds, a text that a user chose has none.
const PADDING: usize = 64;

/// By the checksum of the first header, which all forms of tar have. The oldest form lacks the mark `ustar`.
fn is_tar(text: &[u8]) -> bool {
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    let Some(header) = text.first_chunk::<HEADER>() else { return false };
    let is_padded = memchr::memchr_iter(0, header).count() >= PADDING;
    let digits = header[CHECKSUM].iter().filter(|byte| !matches!(byte, 0 | b' '));
    let written = digits.copied().try_fold(0, |sum, digit| match digit {
        b'0'..=b'7' => Some(8 * sum + u32::from(digit - b'0')),
        _ => None,
    });
    let sum = |bytes: &[u8]| bytes.iter().copied().map(u32::from).sum::<u32>();
    // The field itself counts as blanks.
    let expected = sum(header) - sum(&header[CHECKSUM]) + 8 * u32::from(b' ');
    is_padded && written == Some(expected)
}

/// Whether the first entry of a zip archive is one of Office Open XML or `OpenDocument`.
fn is_workbook(text: &[u8]) -> bool {
    const NAME: usize = 30;
    let name = text.get(NAME..).unwrap_or_default();
    [&b"[Content_Types].xml"[..], b"xl/", b"_rels/", b"docProps/", b"mimetypeapplication/vnd.oasis"]
        .iter()
        .any(|first| name.starts_with(first))
}

fn is_bzip2(text: &[u8]) -> bool {
    let block = text.get(4..10);
    text.starts_with(b"BZh") && matches!(block, Some(b"\x31\x41\x59\x26\x53\x59" | b"\x17\x72\x45\x38\x50\x90"))
}

fn markup(text: &[u8]) -> Option<Container> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    let begins = |tag: &str| text.get(..tag.len()).is_some_and(|first| first.eq_ignore_ascii_case(tag.as_bytes()));
    if begins("<!doctype html") || begins("<html") {
        Some(Container::Html)
    } else if begins("<?xml") || begins("<Event") {
        Some(Container::Xml)
    } else {
        None
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNPACK: &str = "unpack it and upload the files in it";
        const RECOMPRESS: &str = "decompress it, or compress it with gzip or zstd";
        const CONVERT: &str = "export the records as JSON lines or CSV";
        let (what, advice) = match self {
            Self::Zip => ("a zip archive", UNPACK),
            Self::Workbook => ("a workbook of a spreadsheet", "save its sheet as CSV"),
            Self::Tar => ("a tar archive", UNPACK),
            Self::Cpio => ("a cpio archive", UNPACK),
            Self::Ar => ("an ar archive", UNPACK),
            Self::SevenZip => ("a 7z archive", UNPACK),
            Self::Rar => ("a RAR archive", UNPACK),
            Self::Cabinet => ("a cabinet file", UNPACK),
            Self::Xz => ("compressed by xz", RECOMPRESS),
            Self::Lzip => ("compressed by lzip", RECOMPRESS),
            Self::Lzma => ("compressed by LZMA", RECOMPRESS),
            Self::Bzip2 => ("compressed by bzip2", RECOMPRESS),
            Self::Lz4 => ("compressed by LZ4", RECOMPRESS),
            Self::Snappy => ("compressed by Snappy", RECOMPRESS),
            Self::Zlib => ("compressed by zlib without gzip's header", RECOMPRESS),
            Self::Compress => ("compressed by compress", RECOMPRESS),
            Self::Nested => ("compressed more than twice", "compress it once"),
            Self::Parquet => ("an Apache Parquet file", CONVERT),
            Self::Orc => ("an Apache ORC file", CONVERT),
            Self::Arrow => ("an Apache Arrow file", CONVERT),
            Self::SequenceFile => ("a Hadoop sequence file", CONVERT),
            Self::Sqlite => ("a SQLite database", CONVERT),
            Self::EventLog => ("a Windows event log", CONVERT),
            Self::Pdf => ("a PDF document", CONVERT),
            Self::Html => ("a web page, as a log-in or an error shows one", "download the export again"),
            Self::Xml => ("an XML document", CONVERT),
            Self::Encrypted => ("an encrypted file", "decrypt it"),
        };
        write!(f, "it is {what}; {advice}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_magic_is_the_beginning_of_another() {
        for (index, (one, container)) in MAGIC.iter().enumerate() {
            for (other, of_other) in &MAGIC[..index] {
                assert!(!one.starts_with(other) && !other.starts_with(one), "{container:?}, {of_other:?}");
            }
        }
    }

    #[test]
    fn a_header_of_tar_is_recognised_by_its_checksum_alone() {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(b"{a}.json");
        header[100..107].copy_from_slice(b"0000644");
        let sum: u32 = header.iter().copied().map(u32::from).sum::<u32>() + 8 * 32;
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert_eq!(Container::of(&header), Some(Container::Tar));
        header[0] = b'[';
        assert_eq!(Container::of(&header), None);
        assert_eq!(Container::of(&[0; HEADER]), None);
        assert_eq!(Container::of(&[b' '; HEADER]), None);
    }

    #[test]
    fn a_record_with_a_valid_checksum_of_tar_in_its_text_is_not_a_tar() {
        let mut record = format!("{:>HEADER$}", "{}").into_bytes();
        record[0] = b'{';
        record[100..148].fill(b'0');
        record[257..262].copy_from_slice(b"ustar");
        record[148..156].fill(b' ');
        let sum: u32 = record.iter().copied().map(u32::from).sum();
        record[148..156].copy_from_slice(format!("{sum:07o} ").as_bytes());
        assert_eq!(Container::of(&record), None);
    }
}
