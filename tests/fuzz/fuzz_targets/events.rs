//! Events that functions are invoked with.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pivotwatch::{aws, objects};

fuzz_target!(|text: &[u8]| {
    let Ok(event) = serde_json::from_slice(text) else { return };
    let found = objects::notifications(&event);
    for notification in found.written {
        let _ = aws::skip_reason(&notification.object.key);
    }
    if let Some(record) = aws::record_of(&event) {
        let _ = aws::parse_record(record);
    }
});
