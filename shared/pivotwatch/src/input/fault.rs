//! Why an object could not be read.

use std::io;

use super::container::Container;

/// What an object is instead of an export, as far as that can be told.
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
    /// JSON of something else.
    #[error("it is JSON, but has no sign-in records where an export would have them")]
    OtherJson,
    /// An Avro file of something else.
    #[error("it is an Avro file, but none of Event Hubs Capture, whose records have a Body")]
    OtherAvro,
    /// A capture, compressed otherwise.
    #[error(
        "it is an Avro file whose blocks are compressed by neither nothing nor deflate, as Event Hubs Capture has them"
    )]
    OtherAvroCodec,
    /// A table of something else.
    #[error("its first line has none of the columns of a sign-in export")]
    OtherTable,
    /// A table with more columns than are read.
    #[error(
        "its header has more than 16,384 columns or 1 MiB; keep the columns of a sign-in: time, result code, address, user, id"
    )]
    WideTable,
    /// The portal's other download of the same sign-ins. Counted, it would count them twice.
    #[error("it looks like a portal AuthDetails companion: upload InteractiveSignIns_*.csv instead")]
    AuthenticationDetails,
    /// Sign-ins, but not when.
    #[error(
        "it is a table without a time column in UTC; keep CreatedDateTime or TimeGenerated in the query, and export it in \
         UTC"
    )]
    TableWithoutTime,
    /// Sign-ins, but not how they ended.
    #[error("it is a table without result codes; keep ResultType or Status in the query")]
    TableWithoutCode,
    /// Sign-ins, but not from where.
    #[error("it is a table without addresses; keep IPAddress in the query")]
    TableWithoutAddress,
    /// Numbers of sign-ins.
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
    /// Records, but of other logs.
    #[error("it has records, but none of a sign-in category")]
    OtherLogs,
    /// Texts like sign-ins in documents that do not say that they come from Entra: any application can log such a text.
    #[error(
        "its sign-ins are texts in documents that do not say that they come from Entra; let the forwarder parse them, or \
         name it (source azure.activedirectory, topic insights-logs-signinlogs)"
    )]
    UnprovenTexts,
    /// Records of which none could be read.
    #[error("none of its records is whole JSON; upload it as it was exported")]
    NothingWhole,
}

/// Why an object could not be read to its end. Records before the fault were received and count.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// No bytes, or nothing but white space.
    #[error("the object is empty; if an exporter writes it later, it will notify again")]
    Empty,
    /// No shape that is known.
    #[error("the object is no Entra sign-in export and no CloudTrail log file: {0}")]
    NotAnExport(Foreign),
    /// It ends in the middle: of the compressed stream, or of the JSON document.
    #[error("the object ends in the middle of {0}; upload it again whole")]
    Truncated(&'static str),
    /// The compressed stream is damaged, or what holds the records together.
    #[error("the object is damaged ({0}); upload it again")]
    Corrupt(String),
    /// It has more bytes than an object may have, decompressed.
    #[error(
        "the object has more than {0} bytes once decompressed, which is PIVOTWATCH_OBJECT_LIMIT; what lies beyond was not \
         read: split it, or raise the limit"
    )]
    TooLarge(u64),
    /// So few bytes become so many that somebody must have made it so.
    #[error(
        "the object's bytes become more than {0} times as many once decompressed, as no log does; if it is to be trusted, \
         raise PIVOTWATCH_RATIO_LIMIT"
    )]
    Bomb(u64),
    /// The bytes stopped coming. Nothing is known against the object, and reading it again can help.
    #[error("the object could not be read to its end: {0}")]
    Transfer(#[source] io::Error),
    /// The reader panicked, which is a defect of pivotwatch.
    #[error("the reader failed on the object ({0}); this is a defect of pivotwatch: report it with the object")]
    Internal(String),
}

impl ReadFault {
    /// Compressed data after text, as of files that were put one behind another: each is read by itself only.
    pub(crate) fn compressed_part() -> Self {
        Self::Corrupt("compressed data or an archive follows its text, and was not read".to_owned())
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

    /// Whether it can go better another time. What is wrong with an object itself stays wrong with it.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transfer(_))
    }
}
