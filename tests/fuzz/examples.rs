//! Writes the fuzzers' first inputs, an export of every shape and the events of both functions: `cargo run --package
//! pivotwatch-tests --example fuzz_examples -- FOLDER`.

#[path = "../suites/exports/writers.rs"]
mod writers;

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use pivotwatch_tests::facts::{console_login, event, failed, noon, written};
use serde_json::json;
use writers::WRITERS;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let (exports, events) = (Path::new(&folder).join("exports"), Path::new(&folder).join("events"));
    fs::create_dir_all(&exports)?;
    fs::create_dir_all(&events)?;

    let mut sign_ins = failed(3, noon());
    "0".clone_into(&mut sign_ins[1].code);
    for (number, writer) in WRITERS.iter().enumerate() {
        let name = format!("{number:02} {}, {}", writer.shape, writer.what);
        fs::write(exports.join(name), (writer.write)(&sign_ins))?;
    }
    let login = console_login("one", noon());
    let log_file = json!({"Records": [login, console_login("two", noon())]}).to_string();
    fs::write(exports.join("cloudtrail"), &log_file)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(log_file.as_bytes())?;
    fs::write(exports.join("cloudtrail-gzip"), encoder.finish()?)?;
    fs::write(exports.join("cloudtrail-zstd"), zstd::encode_all(log_file.as_bytes(), 3)?)?;

    let direct = written(&["tenantId%3D1/a+b.json"]);
    let queued = json!({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": direct.to_string()}]});
    for (name, event) in [("login", event(&login)), ("direct", direct), ("queued", queued)] {
        fs::write(events.join(name), event.to_string())?;
    }
    Ok(())
}
