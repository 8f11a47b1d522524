//! Microsoft Graph's sign-ins, v1.0 and beta, also in the portal's JSON download and in the files of PowerShell tools.
//! Such tools concatenate pages, arrays and single records.
//!
//! Fields: <https://learn.microsoft.com/graph/api/resources/signin>.

use super::reader::read_json;
use super::{Recognition, Shape, log_analytics};

/// Keys of a record besides its time. A tool keeps at least one.
const OTHERS: [&str; 4] = ["status", "ipAddress", "userPrincipalName", "signInEventTypes"];

pub(super) const SHAPE: Shape = Shape {
    name: "graph",
    recognition: Recognition::Preview(|preview| {
        // The page or download of a quiet hour has no records.
        preview.is_empty_batch || OTHERS.iter().any(|other| preview.has_in_any_case(&["createdDateTime", other]))
    }),
    read: |input, sink| read_json(input, sink, log_analytics::parse_mixed),
};
