//! Reads exports of diagnostic settings: by the fast path or, where it declines, by a full parse.

use json_records::{Framing, IndexedRecord, Indexer};

use super::super::Warning;
use super::diagnostic::{KEYS, SLOTS, parse_record};
use super::fast_path::FastPath;
use super::framed::read_framed;
use super::sink::Sink;
use super::{Recognition, Shape, pages};
use crate::input::{Input, Limits, ReadFault};

pub(super) const SHAPE: Shape = Shape {
    name: "diagnostic",
    recognition: Recognition::Preview(|preview| preview.has(&["category"])),
    read: |input, sink| DiagnosticReader::new(input.limits).read(input, sink.framing, sink),
};

/// Reads records of diagnostic settings. One reader serves all events of a block of a capture, so that they share its
/// templates.
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
        let is_on_line = framing != Framing::Values;
        let parse_damaged =
            |text: &[u8], sink: &mut Sink<'_>| is_on_line && pages::parse_line(text, sink, parse_record);
        let result = read_framed(input.records(framing, indexer), sink, judge, parse_record, parse_damaged);
        self.warn(self.indexer.template_mismatches(), sink);
        result
    }

    /// Warns of each mismatch since the last call. `mismatches` is their number from the beginning.
    fn warn(&mut self, mismatches: u64, sink: &mut Sink<'_>) {
        for _ in self.warned..mismatches {
            sink.warn(Warning::TemplateMismatch);
        }
        self.warned = mismatches;
    }
}

#[cfg(test)]
mod tests {
    use super::super::SinkState;
    use super::*;
    use crate::detection::Rule;
    use crate::entra::{Outcome, Receiver};

    #[derive(Default)]
    struct Warnings(Vec<Warning>);

    impl Receiver for Warnings {
        fn receive(&mut self, _outcome: Outcome) {}

        fn warn(&mut self, warning: Warning) {
            self.0.push(warning);
        }
    }

    #[test]
    fn each_template_mismatch_is_one_warning() {
        let (mut warnings, rule, mut state) = (Warnings::default(), Rule::default(), SinkState::default());
        let mut sink = Sink::new("", Framing::Lines, &rule, &mut state, &mut warnings);
        let mut reader = DiagnosticReader::new(Limits::default());
        for mismatches in [0, 1, 1, 3] {
            reader.warn(mismatches, &mut sink);
        }
        assert_eq!(warnings.0, [Warning::TemplateMismatch; 3]);
    }
}
