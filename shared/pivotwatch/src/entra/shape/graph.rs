//! Microsoft Graph's sign-ins, v1.0 and beta, and everything that is made of them: the portal's JSON download, and the
//! files of PowerShell tools, which write pages, arrays and single records one behind another.
//!
//! Fields: <https://learn.microsoft.com/graph/api/resources/signin>.

use super::reader::read_json;
use super::{Recognition, Shape, log_analytics};

/// What a record has besides its time, whichever of it a tool kept.
const OTHERS: [&str; 4] = ["status", "ipAddress", "userPrincipalName", "signInEventTypes"];

pub(super) const SHAPE: Shape = Shape {
    name: "graph",
    recognition: Recognition::Preview(|preview| {
        // A page, or a download, of a quiet hour has no records.
        preview.is_empty_batch || OTHERS.iter().any(|other| preview.has_in_any_case(&["createdDateTime", other]))
    }),
    read: |input, sink| read_json(input, sink, log_analytics::parse_record),
};
