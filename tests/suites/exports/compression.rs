//! Compressions, and damage of compressed data.

use std::io::{self, Read as _};

use chrono::TimeDelta;
use pivotwatch::input::{Compression, Interrupted, Limits, ReadFault};
use pivotwatch_tests::facts::{failed, lines, noon};

use crate::tools::{gzip, read, read_with};
use crate::writers::WRITERS;

/// An empty frame of zstd, as some tools write before or between others.
const SKIPPABLE: &[u8] = b"\x5a\x2a\x4d\x18\x03\x00\x00\x00abc";

type Compress = fn(&[u8]) -> Vec<u8>;

/// Each compression, and its empty part.
const COMPRESSIONS: [(Compression, Compress, &[u8]); 2] =
    [(Compression::Gzip, gzip, b""), (Compression::Zstd, zstd, SKIPPABLE)];

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

#[test]
fn a_compression_is_recognised_by_content_and_may_have_several_parts() {
    let export = lines(&failed(6, noon()));
    let (first, second) = export.split_at(export.len() / 2);
    for (compression, compress, empty) in COMPRESSIONS {
        let parts = [empty, &compress(first), empty, &compress(second)].concat();
        for compressed in [compress(&export), parts] {
            let (received, result) = read(&compressed);
            assert_eq!(result.unwrap().compression, compression);
            assert_eq!(received.failures().len(), 6, "{compression:?}");
        }
    }
}

#[test]
fn cut_data_yields_the_records_before_the_cut_and_is_reported_as_truncated() {
    let export = lines(&failed(20_000, noon() - TimeDelta::days(20)));
    for (compression, compress, _) in COMPRESSIONS {
        let compressed = compress(&export);
        let (received, result) = read(&compressed[..compressed.len() / 2]);
        assert!(matches!(result, Err(ReadFault::Truncated(_))), "{compression:?}: {result:?}");
        assert!((4000..16_000).contains(&received.failures().len()), "{compression:?}");
    }
}

#[test]
fn damaged_data_is_distinguished_from_a_lost_connection() {
    let export = lines(&failed(2000, noon() - TimeDelta::days(2)));
    for (compression, compress, _) in COMPRESSIONS {
        let mut damaged = compress(&export);
        let middle = damaged.len() / 2;
        for byte in &mut damaged[middle..middle + 50] {
            *byte ^= 0x55;
        }
        let (_, result) = read(&damaged);
        assert!(matches!(result, Err(ReadFault::Corrupt(_))), "{compression:?}: {result:?}");
    }

    let lost = lines(&failed(3, noon()));
    let (received, result) = read_with(lost.as_slice().chain(Lost), Limits::default());
    assert!(matches!(result, Err(ReadFault::Transfer(_))), "{result:?}");
    assert_eq!(received.failures().len(), 0, "the beginning had not even been recognised");
}

/// A retry reads the rest.
#[test]
fn a_connection_that_is_lost_after_a_part_of_another_kind_stays_a_lost_connection() {
    let all = failed(3, noon());
    for writer in WRITERS {
        let text = format!("{}\n{{\"\n", (writer.write)(&all).trim_end());
        let text = [text.into_bytes(), gzip(b"x"), b" ".repeat(100_000)].concat();
        let (_, result) = read_with(text.as_slice().chain(Lost), Limits::default());
        let is_corrupt_before = matches!(result, Err(ReadFault::Corrupt(_))) && !writer.shape.ends_with("_csv");
        assert!(is_corrupt_before || matches!(result, Err(ReadFault::Transfer(_))), "{}: {result:?}", writer.what);
    }
}

struct Lost;

impl io::Read for Lost {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(Interrupted("connection reset".to_owned()).into())
    }
}

#[test]
fn zeros_after_a_gzip_are_skipped_and_other_bytes_are_reported() {
    let export = gzip(&lines(&failed(6, noon())));
    let padded = [&export[..], &vec![0; 100_000]].concat();
    let padded_member = [&padded[..], &export].concat();
    for (bytes, failures) in [(&padded, 6), (&padded_member, 12)] {
        let (received, result) = read(bytes);
        assert_eq!(result.unwrap().compression, Compression::Gzip);
        assert_eq!(received.failures().len(), failures);
    }
    for junk in [&b"junk"[..], b"\x1f\x8b\x08", b"\0\0junk"] {
        let (received, result) = read(&[&export[..], junk].concat());
        assert!(matches!(result, Err(ReadFault::Corrupt(_) | ReadFault::Truncated(_))), "{junk:?}: {result:?}");
        assert_eq!(received.failures().len(), 6, "the part before it is whole");
    }
}

#[test]
fn a_gzip_with_a_wrong_checksum_is_reported_as_damaged() {
    let mut export = gzip(&lines(&failed(6, noon())));
    let checksum = export.len() - 8;
    export[checksum] ^= 1;
    let (_, result) = read(&export);
    assert!(matches!(result, Err(ReadFault::Corrupt(_))), "{result:?}");
}

#[test]
fn text_may_be_in_utf_16() {
    let all = failed(6, noon());
    for writer in WRITERS {
        let text = (writer.write)(&all);
        let expected = read(text.as_bytes()).0.failures().len();
        let plain = text.trim_start_matches('\u{feff}');
        for text in [format!("\u{feff}{plain}"), plain.to_owned()] {
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            for bytes in [&little, &big, &gzip(&little)] {
                let (received, result) = read(bytes);
                let what = format!("{} {}, {:?}", writer.shape, writer.what, &bytes[..4]);
                assert!(result.is_ok(), "{what}: {result:?}");
                assert_eq!(received.failures().len(), expected, "{what}");
            }
        }
    }
}

/// As `>>` of Windows PowerShell writes them.
#[test]
fn parts_in_two_encodings_are_a_fault_in_every_shape() {
    let all = failed(6, noon());
    for writer in WRITERS {
        let text = (writer.write)(&all);
        let line = format!("{}\n", text.trim_start_matches('\u{feff}').trim_end());
        let little: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = line.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for parts in [[line.as_bytes(), &little], [line.as_bytes(), &big], [&little, line.as_bytes()]] {
            let (received, result) = read(&parts.concat());
            let what = format!("{} {}, {:?}", writer.shape, writer.what, &parts[1][..4]);
            assert!(result.is_err(), "{what}: {:?}", received.outcomes);
        }
    }
}

/// As in concatenated files.
#[test]
fn compressed_data_after_text_is_reported_by_name_in_every_shape() {
    let all = failed(6, noon());
    for writer in WRITERS {
        let text = (writer.write)(&all);
        let expected = read(text.as_bytes()).0.failures().len();
        let plain = text.trim_start_matches('\u{feff}').trim_end();
        for rest in [gzip(text.as_bytes()), zstd(text.as_bytes()), b"PK\x03\x04\x14\0\0\0".to_vec()] {
            for between in ["\n", "\r\n", "\n\n", ""] {
                // Without a line end, the last cell of a table continues.
                if between.is_empty() && writer.shape.ends_with("_csv") {
                    continue;
                }
                let bytes = [plain.as_bytes(), between.as_bytes(), &rest].concat();
                let (received, result) = read(&bytes);
                let what = format!("{} {}, {between:?} {:?}", writer.shape, writer.what, &rest[..4]);
                let fault = result.expect_err(&what);
                assert_eq!(fault.code(), "object.corrupt", "{what}: {fault}");
                assert!(fault.to_string().contains("compressed data"), "{what}: {fault}");
                assert_eq!(received.failures().len(), expected, "{what}: {:?}", received.outcomes);
            }
        }
    }
}
