//! Reads JSON records in any framing, by the caller's parsers.

use json_records::{Framing, IndexedRecord, Indexer, Record, RecordReader};

use super::super::outcome::Rejected;
use super::batches::BATCHES;
use super::parse_record::ParseRecord;
use super::sink::Sink;
use super::{table, table_field_maps};
use crate::input::{Input, ReadFault, is_unreadable_part};

/// Reads records. `judge` decides a record from its index, or returns `false`; then `parse_record` does.
/// `parse_damaged` parses the records in a damaged text, or returns `false`; then the text is rejected.
pub(super) fn read_framed<const N: usize>(
    mut records: RecordReader<'_, '_, N>,
    sink: &mut Sink<'_>,
    mut judge: impl FnMut(&IndexedRecord<'_, N>, &mut Sink<'_>) -> bool,
    parse_record: ParseRecord,
    parse_damaged: impl Fn(&[u8], &mut Sink<'_>) -> bool,
) -> Result<(), ReadFault> {
    while let Some(record) = records.next()? {
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
                if is_unreadable_part(text) || table::begins_table(text, &table_field_maps()) {
                    sink.unreadable_part();
                }
                if !parse_damaged(text, sink) {
                    sink.reject(Rejected::Malformed);
                }
            }
        }
    }
    Ok(())
}

/// Reads concatenated documents, each record by a full parse.
pub(super) fn read_values(
    input: &mut Input<'_>,
    sink: &mut Sink<'_>,
    parse_record: ParseRecord,
) -> Result<(), ReadFault> {
    let mut indexer = Indexer::<0>::new(&BATCHES, input.limits.depth);
    let records = input.records(Framing::Values, &mut indexer);
    read_framed(records, sink, |_, _| false, parse_record, |_, _| false)
}

fn parse(text: &[u8], sink: &mut Sink<'_>, parse_record: ParseRecord) {
    if parse_record(text, sink).is_err() {
        sink.reject(Rejected::Malformed);
    }
}
