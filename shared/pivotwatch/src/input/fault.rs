//! The reasons why an object cannot be read.

use std::io;

use super::container::Container;

/// The kind of an object that is not an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// Neither JSON nor a table.
    #[error("it is neither JSON nor CSV; export the logs by Azure Monitor diagnostic settings")]
    NoText,
    /// An archive, another compression, or another kind of file.
    #[error("{0}")]
    Container(Container),
    /// CloudTrail's records, each after other text, as `CloudWatch` Logs exports them.
    #[error(
        "it has CloudTrail records after other text on each line, such as a timestamp; remove what precedes the {{"
    )]
    CloudTrailAfterText,
    /// Sign-ins, each after other text, as syslog has them.
    #[error("it has sign-in records after other text on each line, such as a timestamp; remove what precedes the {{")]
    SignInsAfterText,
    /// An API's answer that the request failed.
    #[error("it is an API's answer that the request failed; repeat the request")]
    ErrorAnswer,
    /// The directory's audit log.
    #[error("it has audit records of Entra and no sign-ins; export the sign-in logs")]
    AuditRecords,
    /// Other JSON.
    #[error("it is JSON, but has no sign-in records where an export would have them")]
    OtherJson,
    /// An Avro file other than a capture.
    #[error("it is an Avro file, but none of Event Hubs Capture, whose records have a Body")]
    OtherAvro,
    /// A capture with another compression.
    #[error("it is an Avro file with another codec than null and deflate, the codecs of Event Hubs Capture")]
    OtherAvroCodec,
    /// Another table.
    #[error("its first line has none of the columns of a sign-in export")]
    OtherTable,
    /// A table with more columns than the limit.
    #[error(
        "its header has more than 16,384 columns or 1 MiB; keep the columns of a sign-in: time, result code, address, user, id"
    )]
    WideTable,
    /// The portal's second download of the same sign-ins. Reading both would count each sign-in twice.
    #[error("it looks like a portal AuthDetails companion: upload InteractiveSignIns_*.csv instead")]
    AuthenticationDetails,
    /// A table of sign-ins without their times.
    #[error(
        "it is a table without a time column in UTC; keep CreatedDateTime or TimeGenerated in the query, and export it in \
         UTC"
    )]
    TableWithoutTime,
    /// A table of sign-ins without their results.
    #[error("it is a table without result codes; keep ResultType or Status in the query")]
    TableWithoutCode,
    /// A table of sign-ins without their addresses.
    #[error("it is a table without addresses; keep IPAddress in the query")]
    TableWithoutAddress,
    /// A table of numbers of sign-ins.
    #[error("it is a summarised table, whose rows are numbers of sign-ins; export the sign-ins themselves")]
    SummarisedTable,
    /// CloudTrail's events as a table.
    #[error("it is a table of CloudTrail events; use the log files that the trail delivers to S3")]
    CloudTrailTable,
    /// CloudTrail's records in log lines.
    #[error(
        "its lines have CloudTrail records after a timestamp, as CloudWatch Logs exports them; use the log files that the \
         trail delivers to S3"
    )]
    CloudTrailAfterPrefix,
    /// Records in log lines.
    #[error("its lines have JSON records after a prefix; upload the records as Azure exported them")]
    RecordsAfterPrefix,
    /// Only records of other logs.
    #[error("it has records, but none of a sign-in category")]
    OtherLogs,
    /// Texts like sign-ins or logins in documents that do not state their origin. Any application can log such a text.
    #[error(
        "its sign-ins or logins are texts in documents that do not say that they come from Entra or CloudTrail; let the \
         forwarder parse them, or name it (source azure.activedirectory, topic insights-logs-signinlogs, source \
         aws.cloudtrail)"
    )]
    UnprovenTexts,
    /// Only damaged records.
    #[error("none of its records is whole JSON or a row with all cells; upload it as it was exported")]
    NothingWhole,
}

/// The reason why an object could not be read to its end. Records before the fault were received and count.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// No bytes, or only white space.
    #[error("the object is empty; if an exporter writes it later, it will notify again")]
    Empty,
    /// No known shape.
    #[error("the object is no Entra sign-in export and no CloudTrail log file: {0}")]
    NotAnExport(Foreign),
    /// It ends within the compressed stream or the JSON document.
    #[error("the object ends in the middle of {0}; upload it again whole")]
    Truncated(&'static str),
    /// The compressed stream or the structure around the records is damaged.
    #[error("the object is damaged ({0}); upload a corrected copy")]
    Corrupt(String),
    /// Its decompressed bytes exceed [`Limits::object`](super::Limits::object).
    #[error(
        "the object has more than {0} bytes once decompressed, which is PIVOTWATCH_OBJECT_LIMIT; what lies beyond was not \
         read: split it, or raise the limit"
    )]
    TooLarge(u64),
    /// A decompression bomb: its bytes exceed [`Limits::ratio`](super::Limits::ratio).
    #[error(
        "the object's bytes become more than {0} times as many once decompressed, as no log does; if it is to be trusted, \
         raise PIVOTWATCH_RATIO_LIMIT"
    )]
    Bomb(u64),
    /// The transfer failed. The object may be valid, so a retry can succeed.
    #[error("the object could not be read to its end: {0}")]
    Transfer(#[source] io::Error),
    /// The reader panicked, which is a defect of pivotwatch.
    #[error("the reader failed on the object ({0}); this is a defect of pivotwatch: report it with the object")]
    Internal(String),
}

impl ReadFault {
    /// For a part in another form, as in concatenated files.
    pub(crate) fn unreadable_part() -> Self {
        let part = "a part of it was not read: compressed data, an archive, text in another encoding, or JSON beside a \
                    table; make each part a file";
        Self::Corrupt(part.to_owned())
    }

    /// The result of reading an object that has such a part or not. It explains best why the object is not read, except
    /// for a lost connection: a retry can read the bytes after it.
    pub(crate) fn of_part(result: Result<(), Self>, has_part: bool) -> Result<(), Self> {
        match result {
            Err(fault) if fault.is_transient() => Err(fault),
            _ if has_part => Err(Self::unreadable_part()),
            result => result,
        }
    }

    /// For a table in which quotes enclose whole rows.
    pub(crate) fn ambiguous_quotes() -> Self {
        let rows = "quotes enclose texts like rows of its table, which were not read; export it as JSON, or with a quote \
                    around each cell";
        Self::Corrupt(rows.to_owned())
    }

    /// For a table of sign-ins with another table after it.
    pub(crate) fn foreign_table(foreign: Foreign) -> Self {
        Self::Corrupt(format!("a further table of it was not read: {foreign}"))
    }

    /// A stable name for logs and alarms.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "object.empty",
            Self::NotAnExport(_) => "object.not_an_export",
            Self::Truncated(_) => "object.truncated",
            Self::Corrupt(_) => "object.corrupt",
            Self::TooLarge(_) => "object.too_large",
            Self::Bomb(_) => "object.bomb",
            Self::Transfer(_) => "object.transfer",
            Self::Internal(_) => "object.internal",
        }
    }

    /// Whether a retry can succeed. A fault of the object itself is permanent.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transfer(_))
    }
}
