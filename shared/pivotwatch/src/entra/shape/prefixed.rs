//! Recognises log lines with a record after a prefix: a time, as CloudWatch Logs exports it, or the header of syslog.
//!
//! Such lines are refused, because the same records exist without a prefix where Azure or AWS wrote them.

use crate::input::Foreign;

/// Bytes of the longest prefix.
const LONGEST_PREFIX: usize = 256;

/// The kind of the lines, if the first has a JSON record after a prefix.
pub(super) fn foreign(beginning: &[u8]) -> Option<Foreign> {
    let line = beginning.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty())?;
    let start = line.iter().take(LONGEST_PREFIX).position(|byte| *byte == b'{')?;
    let (prefix, record) = line.split_at(start);
    let begins_as_log = prefix.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"<[".contains(byte));
    let is_prefix = begins_as_log && prefix.last().is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b':');
    if !is_prefix || !record[1..].trim_ascii_start().starts_with(b"\"") {
        return None;
    }
    let has = |name: &str| memchr::memmem::find(record, name.as_bytes()).is_some();
    if ["\"eventName\"", "\"eventSource\"", "\"eventTime\""].into_iter().all(has) {
        Some(Foreign::CloudTrailAfterPrefix)
    } else if ["\"category\"", "\"createdDateTime\"", "\"resultType\""].into_iter().any(has) {
        Some(Foreign::RecordsAfterPrefix)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_after_a_prefix_are_distinguished_from_tables() {
        for (line, expected) in [
            ("<14>1 2026-03-02 host: {\"category\":\"SignInLogs\"}\n", Some(Foreign::RecordsAfterPrefix)),
            (
                "\n2026-03-02T12:00:00Z {\"eventTime\":1,\"eventSource\":1,\"eventName\":1}",
                Some(Foreign::CloudTrailAfterPrefix),
            ),
            ("2026-03-02T12:00:00Z {\"message\":1}\n", None),
            ("CreatedDateTime,Status\n2026-03-02 {\"category\":1}\n", None),
            ("a,{\"category\":1}\n", None),
        ] {
            assert_eq!(foreign(line.as_bytes()), expected, "{line}");
        }
    }
}
