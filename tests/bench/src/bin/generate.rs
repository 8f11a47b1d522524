//! Generates exports: `generate FOLDER [RECORDS [SEED]]`.
//!
//! Writes the same sign-ins as JSON lines, with the keys in Azure's order, sorted by name and in any order. Writes them
//! as one batch on a single line too. Each file is written plain and as gzip.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use pivotwatch_bench::{Order, SignIns, write_record};

/// A day in the past, so that no file depends on today's date.
const BEGIN: DateTime<Utc> = DateTime::from_timestamp_secs(1_772_409_600).expect("it is a time");

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(arguments.first().expect("a folder is named"));
    let number = |index: usize, default| arguments.get(index).map_or(default, |text| text.parse().expect("a number"));
    let sign_ins = SignIns::new(number(2, 1).into(), BEGIN, number(1, 200_000));
    std::fs::create_dir_all(folder)?;
    for (name, order, batch) in [
        ("lines", Order::Azure, false),
        ("sorted", Order::Sorted, false),
        ("any_order", Order::Any, false),
        ("batch", Order::Azure, true),
    ] {
        let mut plain = BufWriter::with_capacity(1 << 20, File::create(folder.join(format!("{name}.json")))?);
        let packed = File::create(folder.join(format!("{name}.json.gz")))?;
        let mut packed = GzEncoder::new(BufWriter::with_capacity(1 << 20, packed), Compression::default());
        let mut text = Vec::new();
        for (position, sign_in) in sign_ins.clone().enumerate() {
            text.clear();
            match (batch, position) {
                (true, 0) => text.extend_from_slice(b"{\"records\":["),
                (true, _) => text.push(b','),
                (false, _) => {}
            }
            write_record(&sign_in, order, &mut text);
            if !batch {
                text.push(b'\n');
            }
            plain.write_all(&text)?;
            packed.write_all(&text)?;
        }
        if batch {
            plain.write_all(b"]}")?;
            packed.write_all(b"]}")?;
        }
        plain.flush()?;
        packed.finish()?.flush()?;
    }
    Ok(())
}
