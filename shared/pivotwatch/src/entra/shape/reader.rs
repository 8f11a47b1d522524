//! Reads the records of JSON exports, however they are framed.

use json_records::{Framing, IndexedRecord, Indexer, Record};

use super::super::Warning;
use super::super::outcome::Rejected;
use super::batches::BATCHES;
use super::diagnostic::{self, KEYS, SLOTS};
use super::fast_path::FastPath;
use super::pages;
use super::sink::Sink;
use crate::input::{Input, Limits, ReadFault, is_compressed};

/// The text is not a JSON object.
pub(super) struct NotJson;

/// Parses one record and gives it to the sink.
pub(super) type ParseRecord = fn(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson>;

/// Reads records of one shape, each by a full parse.
pub(super) fn read_json(
    input: &mut Input<'_>,
    sink: &mut Sink<'_>,
    parse_record: ParseRecord,
) -> Result<(), ReadFault> {
    read_framed(input, sink.framing, sink, parse_record)
}

/// Like [`read_json`], with another framing than the export's.
pub(super) fn read_framed(
    input: &mut Input<'_>,
    framing: Framing,
    sink: &mut Sink<'_>,
    parse_record: ParseRecord,
) -> Result<(), ReadFault> {
    let mut indexer = Indexer::<0>::new(&BATCHES, input.limits.depth);
    read_records(input, framing, &mut indexer, sink, |_, _| false, parse_record)
}

/// Reads the records of an input. `judge` decides a record from its index, or returns `false`; then a full parse does.
fn read_records<const N: usize>(
    input: &mut Input<'_>,
    framing: Framing,
    indexer: &mut Indexer<N>,
    sink: &mut Sink<'_>,
    mut judge: impl FnMut(&IndexedRecord<'_, N>, &mut Sink<'_>) -> bool,
    parse_record: ParseRecord,
) -> Result<(), ReadFault> {
    let mut reader = input.records(framing, indexer);
    while let Some(record) = reader.next()? {
        match record {
            Record::Indexed(record) => {
                if !judge(&record, sink) {
                    parse(record.text(), sink, parse_record);
                }
            }
            Record::Raw(text) => parse(text, sink, parse_record),
            Record::TooLong => sink.reject(Rejected::TooLong),
            Record::TooDeep => sink.reject(Rejected::TooDeep),
            Record::Damaged(text) => {
                if is_compressed(text) {
                    sink.compressed_part();
                }
                if framing == Framing::Values || !pages::parse_line(text, sink, parse_record) {
                    sink.reject(Rejected::Malformed);
                }
            }
        }
    }
    Ok(())
}

fn parse(text: &[u8], sink: &mut Sink<'_>, parse_record: ParseRecord) {
    if parse_record(text, sink).is_err() {
        sink.reject(Rejected::Malformed);
    }
}

/// Reads records of diagnostic settings: by the fast path or, where it declines, by a full parse. One reader serves all
/// events of a block of a capture, so that they share its templates.
pub(super) struct DiagnosticReader {
    indexer: Indexer<SLOTS>,
    fast_path: FastPath,
    /// Template mismatches that were reported to the sink.
    warned: u64,
}

impl DiagnosticReader {
    /// A reader of an object with these limits.
    pub(super) fn new(limits: Limits) -> Self {
        Self { indexer: Indexer::new(&KEYS, limits.depth), fast_path: FastPath::default(), warned: 0 }
    }

    /// Reads an input to its end.
    pub(super) fn read(
        &mut self,
        input: &mut Input<'_>,
        framing: Framing,
        sink: &mut Sink<'_>,
    ) -> Result<(), ReadFault> {
        let Self { indexer, fast_path, .. } = self;
        let judge = |record: &IndexedRecord<'_, SLOTS>, sink: &mut Sink<'_>| fast_path.judge(record, sink).is_some();
        let result = read_records(input, framing, indexer, sink, judge, diagnostic::parse_record);
        for _ in self.warned..self.indexer.template_mismatches() {
            self.warned += 1;
            sink.warn(Warning::TemplateMismatch);
        }
        result
    }
}
