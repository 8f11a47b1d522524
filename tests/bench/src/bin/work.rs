//! DynamoDB's work for the pipeline: `work [RECORDS [SEED]]`. The same day of sign-ins is in one file, in hourly files,
//! and in files of five minutes, without tuning entries and with a hundred. Prints the rows of a table.

use std::io;

use chrono::{DateTime, Timelike, Utc};
use pivotwatch::objects::{InMemoryObjects, ObjectAddress};
use pivotwatch_bench::{Order, SignIns, pipeline, write_record};

const BEGIN: DateTime<Utc> = DateTime::from_timestamp_secs(1_772_409_600).expect("it is a time");

/// US$ for a million units on demand in us-east-1: <https://aws.amazon.com/dynamodb/pricing/on-demand/>.
const READ_PRICE: f64 = 0.125;
const WRITE_PRICE: f64 = 0.625;

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default| arguments.get(index).map_or(default, |text| text.parse().expect("a number"));
    let (records, seed) = (number(0, 200_000), number(1, 1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    println!(
        "| files | entries | tallies | gets | puts | queries | requests per 1,000 records | read units | write units | US$ per million |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let cuts = [("one", 86_400), ("hourly", 3_600), ("every five minutes", 300)];
    for ((name, seconds), entries) in cuts.into_iter().flat_map(|cut| [(cut, 0), (cut, 100)]) {
        let pipeline = pipeline(entries);
        let mut sign_ins = SignIns::new(seed.into(), BEGIN, records).peekable();
        // Files are cut by the time of logging, which is the order of an export.
        while let Some(first) = sign_ins.peek() {
            let cut = first.logged.num_seconds_from_midnight() / seconds;
            let mut text = Vec::new();
            while let Some(sign_in) = sign_ins.next_if(|next| next.logged.num_seconds_from_midnight() / seconds == cut)
            {
                write_record(&sign_in, Order::Azure, &mut text);
                text.push(b'\n');
            }
            let mut objects = InMemoryObjects::default();
            objects.put("export", text);
            let address = ObjectAddress { key: "export".to_owned(), ..ObjectAddress::default() };
            let (_, result) = runtime.block_on(async { pipeline.ingest_object(&objects, &address).await });
            result.expect("the export is whole");
        }
        let work = pipeline.store.work();
        let dollars =
            (work.read_units as f64 * READ_PRICE + work.write_units as f64 * WRITE_PRICE) / f64::from(records);
        println!(
            "| {name} | {entries} | {} | {} | {} | {} | {:.1} | {} | {} | {dollars:.2} |",
            pipeline.store.failures().len(),
            work.gets,
            work.puts,
            work.queries,
            work.requests() as f64 * 1000.0 / f64::from(records),
            work.read_units,
            work.write_units,
        );
    }
    Ok(())
}
