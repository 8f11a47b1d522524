//! The cost of ingesting: `ingest [--entries] [--memory] FILE` runs the real pipeline over an in-memory store: it reads
//! a file, records its facts and settles them. Prints what `read` prints, or with `--memory` the peak memory in KiB.
//! With `--entries` the pipeline has a hundred tuning entries.

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
    let (flags, paths): (Vec<String>, _) = std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let has = |flag| flags.iter().any(|given| given == flag);
    let [path]: [String; 1] = Vec::try_into(paths).expect("one file is named");
    let pipeline = pipeline(if has("--entries") { 100 } else { 0 });
    let address = ObjectAddress { key: path.clone(), ..ObjectAddress::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (summary, result) = runtime.block_on(async { pipeline.ingest_object(&OneFile(path), &address).await });
    result.expect("the file is whole");
    assert_eq!(summary.tuning_invalid, 0, "the entries are valid");

    if has("--memory") {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux reports the peak");
        println!("{}", peak.trim().trim_end_matches(" kB"));
        return Ok(());
    }
    findings::print(summary.records, summary.failures, pipeline.store.failures())
}
