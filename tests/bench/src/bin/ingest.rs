//! The cost of ingesting: `ingest FILE` runs the real pipeline over an in-memory store: it reads a file, records its
//! facts and settles them. Prints what `read` prints, or after `FILE --memory` the peak memory in KiB.

use std::fs::File;
use std::io;

use pivotwatch::objects::{Body, ObjectAddress, Objects, OpenFault};
use pivotwatch_bench::{findings, pipeline};

struct OneFile(String);

impl Objects for OneFile {
    async fn open(&self, _: &ObjectAddress) -> Result<Body, OpenFault> {
        File::open(&self.0).map(Body::of).map_err(|_| OpenFault::NotFound)
    }
}

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).expect("a file is named");
    let pipeline = pipeline();
    let address = ObjectAddress { key: path.clone(), ..ObjectAddress::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (summary, result) = runtime.block_on(async { pipeline.ingest_object(&OneFile(path), &address).await });
    result.expect("the file is whole");

    if std::env::args().nth(2).is_some_and(|argument| argument == "--memory") {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux reports the peak");
        println!("{}", peak.trim().trim_end_matches(" kB"));
        return Ok(());
    }
    findings::print(summary.records, summary.failures, pipeline.store.failures())
}
