//! Archives, unsupported compressions, and objects that were compressed twice.

use pivotwatch::input::{Container, Foreign, ReadFault};
use pivotwatch_tests::facts::{SignIn, failed, lines, noon};

use crate::tools::{gzip, read};

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A tar archive of these files, with the magic of POSIX, or without one as before POSIX.
fn tar(files: &[(&str, &[u8])], mark: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in files {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[257..257 + mark.len()].copy_from_slice(mark);
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().copied().map(u32::from).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(*content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// The beginning of a zip archive with a stored file.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
    let header = [&b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0"[..], &length, &length, &name_length, b"\0\0"].concat();
    [&header[..], name.as_bytes(), content].concat()
}

fn refused_as(bytes: &[u8]) -> Container {
    let (received, result) = read(bytes);
    assert_eq!(received.outcomes, [], "nothing of it is read");
    match result {
        Err(ReadFault::NotAnExport(Foreign::Container(container))) => container,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_archive_is_refused_by_its_name_and_never_half_read() {
    let export = lines(&failed(2, noon()));
    for name in ["PT1H.json", "{a}.json", "[b].json", " c.json", "a,b;c.csv"] {
        for mark in [&b"ustar\x0000"[..], b"ustar  \0", b""] {
            let tar = tar(&[(name, &export), ("b.json", &export)], mark);
            for bytes in [&tar, &gzip(&tar), &zstd(&tar), &gzip(&zstd(&tar))] {
                assert_eq!(refused_as(bytes), Container::Tar, "{name}, {mark:?}");
            }
        }
        assert_eq!(refused_as(&zip(name, &export)), Container::Zip);
        assert_eq!(refused_as(&gzip(&zip(name, &export))), Container::Zip);
    }
    assert_eq!(refused_as(&zip("[Content_Types].xml", b"")), Container::Workbook);
    let empty = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    assert_eq!(refused_as(&empty), Container::Zip);
}

#[test]
fn other_compressions_and_files_are_refused_by_their_names() {
    let export = lines(&failed(2, noon()));
    for (magic, expected, words) in [
        (&b"\xfd7zXZ\0\0\x04"[..], Container::Xz, "xz"),
        (b"BZh91AY&SY", Container::Bzip2, "bzip2"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", Container::SevenZip, "7z"),
        (b"\x04\x22\x4d\x18\x64\x40", Container::Lz4, "LZ4"),
        (b"\xff\x06\0\0sNaPpY", Container::Snappy, "Snappy"),
        (b"Rar!\x1a\x07\x01\0", Container::Rar, "RAR"),
        (b"PAR1", Container::Parquet, "Parquet"),
        (b"\x78\x9c", Container::Zlib, "zlib"),
        (b"<!DOCTYPE html><html>", Container::Html, "web page"),
        (b"\xef\xbb\xbf<?xml version=\"1.0\"?>", Container::Xml, "XML"),
        (b"-----BEGIN PGP MESSAGE-----\n", Container::Encrypted, "encrypted"),
    ] {
        let bytes = [magic, &export].concat();
        assert_eq!(refused_as(&bytes), expected);
        let fault = read(&bytes).1.unwrap_err();
        assert_eq!(fault.code(), "object.not_an_export");
        assert!(fault.to_string().contains(words), "{fault}");
    }
}

#[test]
fn an_object_that_was_compressed_twice_is_read_whole() {
    let export = lines(&failed(6, noon()));
    for bytes in [gzip(&gzip(&export)), gzip(&zstd(&export)), zstd(&gzip(&export)), zstd(&zstd(&export))] {
        let (received, result) = read(&bytes);
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(received.failures().len(), 6);
    }
    assert_eq!(refused_as(&gzip(&gzip(&gzip(&export)))), Container::Nested);
}

#[test]
fn a_bomb_within_a_bomb_is_stopped_by_the_bytes_of_the_object() {
    let record = lines(&[SignIn::failed("id-1", noon())]);
    let zeros = [&record[..], &vec![b'0'; 64 * 1024 * 1024]].concat();
    // The second layer consists of empty frames, so that only the first one expands much.
    let skipped =
        [&b"\x50\x2a\x4d\x18"[..], &u32::try_from(32 * 1024 * 1024).unwrap().to_le_bytes(), &vec![0; 32 * 1024 * 1024]];
    for (what, bytes) in [
        ("gzip in gzip", gzip(&gzip(&zeros))),
        ("zstd in gzip", gzip(&zstd(&zeros))),
        ("skipped frames", gzip(&[&skipped.concat()[..], &zstd(&record)].concat())),
    ] {
        let (_, result) = read(&bytes);
        assert!(matches!(result, Err(ReadFault::Bomb(_))), "{what}: {result:?}");
    }
}
