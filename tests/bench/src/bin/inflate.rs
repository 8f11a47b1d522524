//! The least cost of reading: `inflate FILE` decompresses a file with pivotwatch's decompressor, or reads a plain file,
//! and drops the bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// Pivotwatch's buffer size, for compressed and for decompressed bytes.
const PACKED: usize = 64 * 1024;
const BLOCK: usize = 256 * 1024;

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).expect("a file is named");
    let mut file = BufReader::with_capacity(PACKED, File::open(&path)?);
    let is_packed = file.fill_buf()?.starts_with(b"\x1f\x8b");
    let mut bytes: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut buffer = vec![0; BLOCK];
    let mut length = 0;
    loop {
        match bytes.read(&mut buffer)? {
            0 => break,
            read => length += read,
        }
    }
    println!("{length}");
    Ok(())
}
