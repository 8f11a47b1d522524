//! The same sign-ins give the same failures in every shape and compression.

use chrono::{DateTime, Datelike, DurationRound, TimeDelta, Utc};
use pivotwatch::detection::{Failure, Source};
use pivotwatch::input::Limits;
use pivotwatch_tests::facts::{SignIn, noon};
use proptest::prelude::*;

use crate::tools::{gzip, read_named};
use crate::writers::WRITERS;

/// The fields of a failure that every shape has. Times are in whole seconds, because the portal writes no fractions.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Essence {
    identity: u64,
    code: String,
    source: Source,
    time: DateTime<Utc>,
    address: String,
    user: String,
    app: String,
}

impl Essence {
    fn of(failure: &Failure) -> Self {
        Self {
            identity: failure.identity,
            code: failure.code.to_string(),
            source: failure.source,
            time: failure.time.duration_trunc(TimeDelta::seconds(1)).unwrap(),
            address: failure.address.to_string(),
            user: failure.user.clone(),
            app: failure.app.clone(),
        }
    }
}

/// The outcomes of an export with this name, sorted: rows whose date order is decided late come late.
fn essence(name: &str, bytes: &[u8]) -> (&'static str, usize, Vec<Essence>) {
    let (received, result) = read_named(name, bytes, Limits::default());
    let shape = result.unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(bytes))).shape;
    let mut failures: Vec<_> = received.failures().into_iter().map(Essence::of).collect();
    failures.sort();
    (shape, received.outcomes.len(), failures)
}

fn compressed(text: &str) -> [Vec<u8>; 5] {
    let bytes = text.as_bytes();
    let half = bytes.len() / 2;
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    [
        bytes.to_vec(),
        gzip(bytes),
        [gzip(&bytes[..half]), gzip(&bytes[half..])].concat(),
        zstd::encode_all(bytes, 1).unwrap(),
        utf_16(&format!("\u{feff}{}", text.trim_start_matches('\u{feff}'))),
    ]
}

prop_compose! {
    fn sign_in(category: &'static str)(
        id in "[1-9][a-zA-Z0-9-]{9,35}",
        seconds in 0..100_000_000_i64,
        ticks in 0..10_000_000_u32,
        address in prop::sample::select(&["203.0.113.7", "2001:db8::7", "203.0.113.9:443", "::ffff:203.0.113.8", "127.0.0.1"][..]),
        code in prop::sample::select(&["0", "50126", "50053", "50125", "50140", "50058", "500121"][..]),
        user in "[a-zé\"',;\n\r\t{}\\[\\]\\\\ ]{0,12}@contoso\\.example",
    ) -> SignIn {
        let time = noon() - TimeDelta::seconds(seconds) + TimeDelta::nanoseconds(i64::from(ticks) * 100);
        SignIn { id, time, address: address.to_owned(), code: code.to_owned(), category: category.to_owned(), user }
    }
}

/// Sign-ins of one log. The first has a day above 12, which decides the date order for every culture.
fn sign_ins() -> impl Strategy<Value = (&'static str, Vec<SignIn>)> {
    prop::sample::select(&["SignInLogs", "NonInteractiveUserSignInLogs"][..])
        .prop_flat_map(|category| (Just(category), prop::collection::vec(sign_in(category), 1..6)))
        .prop_map(|(category, mut sign_ins)| {
            let first = &mut sign_ins[0].time;
            *first = first.with_day(13 + first.day() % 16).unwrap();
            (category, sign_ins)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_shape_and_compression_gives_the_same_failures((category, sign_ins) in sign_ins()) {
        let name = if category == "SignInLogs" { "InteractiveSignIns_x" } else { "NonInteractiveSignIns_x" };
        let (_, _, expected) = essence(name, (WRITERS[0].write)(&sign_ins).as_bytes());
        for writer in WRITERS {
            let text = (writer.write)(&sign_ins);
            for (number, bytes) in compressed(&text).iter().enumerate() {
                let (shape, records, found) = essence(name, bytes);
                let what = format!("{} {}, compression {number}: {text}", writer.shape, writer.what);
                prop_assert_eq!(shape, writer.shape, "{}", what);
                prop_assert_eq!(records, sign_ins.len(), "{}", what);
                prop_assert_eq!(&found, &expected, "{}", what);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A failure of a damaged export is a failure of the export.
    #[test]
    fn no_damage_of_any_shape_makes_the_reader_panic_hang_or_invent(
        writer in 0..WRITERS.len(),
        (_, sign_ins) in sign_ins(),
        position in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        damage in prop::collection::vec(prop::sample::select(&b"{}[]\",:;\\\n 0a\xff"[..]), 0..4),
    ) {
        let mut bytes = (WRITERS[writer].write)(&sign_ins).into_bytes();
        let position = position.index(bytes.len());
        bytes.splice(position..position, damage);
        bytes.truncate(cut.index(bytes.len()) + 1);
        let (received, _) = read_named("", bytes.as_slice(), Limits::default());
        // A line break can split a record in two, but neither part is a usable record.
        prop_assert!(received.failures().len() <= sign_ins.len());
    }
}
