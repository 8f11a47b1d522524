//! The keys of an application's log lines.
//!
//! A visitor can post a record to an application, which logs it. So a record within an object with such a key may be
//! the visitor's. The lists of collectors' keys lie where they are used: exports have some that CloudTrail never has.

use json_records::Key;

/// The slot of a key whose value is not kept.
pub(crate) const NO_SLOT: usize = usize::MAX;

/// Keys of an application's log lines. No export, answer or log file has them, and no collector of logs adds them.
pub(crate) const APPLICATION_KEYS: [&str; 13] = [
    "level",
    "severity",
    "msg",
    "logger",
    "lvl",
    "thread",
    "app",
    "hostname",
    "pid",
    "method",
    "url",
    "request_id",
    "trace_id",
];

/// Further keys of the lines of frequent loggers, which neither a page of records nor AWS has.
pub(crate) const LOGGER_KEYS: [&str; 20] = [
    "@l",
    "@m",
    "@mt",
    "@t",
    "Level",
    "LogLevel",
    "MESSAGE",
    "SeverityText",
    "_HOSTNAME",
    "asctime",
    "caller",
    "httpMethod",
    "levelname",
    "log.level",
    "log_level",
    "logger_name",
    "remote_addr",
    "severityText",
    "short_message",
    "thread_name",
];

/// The elements of these lists, one list after the other. `N` is their number. The first list is not empty.
pub(crate) const fn joined<T: Copy, const N: usize>(lists: &[&[T]]) -> [T; N] {
    let mut elements = [lists[0][0]; N];
    let (mut index, mut list, mut place) = (0, 0, 0);
    while index < N {
        if place == lists[list].len() {
            (list, place) = (list + 1, 0);
        } else {
            elements[index] = lists[list][place];
            (index, place) = (index + 1, place + 1);
        }
    }
    elements
}

/// Keys that only records have, in this slot.
pub(crate) const fn record_keys<const N: usize>(names: [&'static str; N], slot: usize) -> [(&'static str, Key); N] {
    let mut keys = [("", Key::Record(slot)); N];
    let mut index = 0;
    while index < N {
        keys[index].0 = names[index];
        index += 1;
    }
    keys
}
