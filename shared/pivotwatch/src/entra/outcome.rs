//! The outcomes of a record of an export, and warnings about it. Those of a CloudTrail record are in [`crate::aws`].

use crate::detection::{Failure, Source};

/// The outcome of one record of an export.
#[expect(clippy::large_enum_variant, reason = "a box would cost an allocation for each failure")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A failed sign-in that the rule counts.
    Failure(Failure),
    /// A valid record that is not counted.
    Ignored(Ignored),
    /// A record that cannot be used.
    Rejected(Rejected),
}

/// Why a valid record does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// The sign-in did not fail.
    NotAFailure,
    /// Its address is a loopback address.
    Loopback,
    /// The rule does not count sign-ins of its source.
    SourceNotCounted(Source),
    /// The category is a log of sign-ins that pivotwatch does not know.
    UnknownSignInCategory,
    /// The category is not a log of sign-ins. An event hub can carry several logs.
    OtherCategory,
}

impl Ignored {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAFailure => "not_a_failure",
            Self::Loopback => "loopback",
            Self::SourceNotCounted(Source::Interactive) => "source_interactive",
            Self::SourceNotCounted(Source::NonInteractive) => "source_non_interactive",
            Self::SourceNotCounted(Source::ServicePrincipal) => "source_service_principal",
            Self::SourceNotCounted(Source::ManagedIdentity) => "source_managed_identity",
            Self::SourceNotCounted(Source::Adfs) => "source_adfs",
            Self::UnknownSignInCategory => "unknown_sign_in_category",
            Self::OtherCategory => "other_category",
        }
    }
}

/// Why a record cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejected {
    /// The text is not a record of this shape.
    Malformed,
    /// The record is longer than the limit.
    TooLong,
    /// The record is nested deeper than the limit.
    TooDeep,
    /// The category is missing, so that the source is unknown.
    NoCategory,
    /// The numeric result code is missing.
    NoCode,
    /// The name of a .NET type replaces the object with the result code.
    TypeName,
    /// An object that a tool wrote as text other than JSON has several result codes or too many members.
    SeveralCodes,
    /// The row is part of an answer without column names.
    NoColumns,
    /// The row summarises several sign-ins.
    Summary,
    /// A part of an answer has a text or another object in place of its rows.
    NoRows,
    /// An answer says that it lacks rows: an error, a timeout, or a failed shard.
    PartialAnswer,
    /// The address is missing.
    NoAddress,
    /// Microsoft redacted a part of the address.
    RedactedAddress,
    /// The address cannot be parsed.
    BadAddress,
    /// The time is missing.
    NoTime,
    /// The time cannot be parsed.
    BadTime,
    /// The day and the month of the date can be swapped. The other dates of its column contradict each other or do not
    /// decide.
    AmbiguousTime,
    /// The record names another source than Entra, or has keys of log lines: another application may have written it.
    OtherSource,
}

impl Rejected {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
            Self::NoCategory => "no_category",
            Self::NoCode => "no_code",
            Self::TypeName => "type_name",
            Self::SeveralCodes => "several_codes",
            Self::NoColumns => "no_columns",
            Self::Summary => "summary",
            Self::NoRows => "no_rows",
            Self::PartialAnswer => "partial_answer",
            Self::NoAddress => "no_address",
            Self::RedactedAddress => "redacted_address",
            Self::BadAddress => "bad_address",
            Self::NoTime => "no_time",
            Self::BadTime => "bad_time",
            Self::AmbiguousTime => "ambiguous_time",
            Self::OtherSource => "other_source",
        }
    }

    /// Whether this costs a failure that another export of the same sign-in would have. Not for a missing or redacted
    /// address: every export of the sign-in lacks it.
    #[must_use]
    pub const fn is_lost_failure(self) -> bool {
        matches!(self, Self::BadAddress | Self::NoTime | Self::BadTime | Self::AmbiguousTime | Self::OtherSource)
    }
}

/// A condition that deserves attention, although it changes no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The sign-in is more than an hour ahead of the clock.
    FutureTime,
    /// The record has no id, and its object has more distinct records without an id than are numbered: see
    /// [`Ordinals`].
    ///
    /// [`Ordinals`]: crate::detection::failure::Ordinals
    RepeatsUncounted,
    /// A template disagreed with the validator, which then decided. This is a defect of pivotwatch, and costs speed
    /// only.
    TemplateMismatch,
    /// Dates of a time column contradict each other in the order of day and month, so its ambiguous dates are rejected.
    /// Reported once for each such column.
    MixedDateOrders,
    /// A failure was dated by the other dates of its column before a later date contradicted them. Its day and month
    /// may be swapped.
    ContradictedDate,
}

impl Warning {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::FutureTime,
        Self::RepeatsUncounted,
        Self::TemplateMismatch,
        Self::MixedDateOrders,
        Self::ContradictedDate,
    ];

    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FutureTime => "future_time",
            Self::RepeatsUncounted => "repeats_uncounted",
            Self::TemplateMismatch => "template_mismatch",
            Self::MixedDateOrders => "mixed_date_orders",
            Self::ContradictedDate => "contradicted_date",
        }
    }

    /// The explanation in reports and logs.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::FutureTime => "the time is more than an hour ahead of the clock",
            Self::RepeatsUncounted => {
                "the object has more records without an id than are numbered, so equal ones count once, and there may be \
                 more failures"
            }
            Self::TemplateMismatch => "a JSON template disagreed with the validator, which decided; please report it",
            Self::MixedDateOrders => {
                "dates of a column prove different orders of day and month, so its ambiguous dates are rejected"
            }
            Self::ContradictedDate => "a later date contradicted the others, so day and month may be swapped",
        }
    }
}
