//! The portal's CSV download: `InteractiveSignIns_2026-03-01_2026-03-08.csv` and its siblings.
//!
//! It came with 54 columns, then 55, then 57, one name twice and several with stray blanks; columns are found by their
//! names. Interactive and non-interactive sign-ins have the same columns, so that only the object's name can tell them
//! apart: see [`origin`](super::super::source::origin).

use std::borrow::Cow;

use super::super::row::{Field, Role, Row, field_in};
use super::{Shape, table};

pub(super) const SHAPE: Shape = Shape {
    name: "portal_csv",
    recognises: |head| table::has_columns(head, vocabulary),
    read: |input, sink| table::read(input, sink, vocabulary, mend),
};

pub(super) fn vocabulary(name: &str) -> Field {
    const FIELDS: &[(&str, Field)] = &[
        ("Date (UTC)", Field::Text(Role::Time)),
        ("Request ID", Field::Text(Role::Id)),
        ("Correlation ID", Field::Text(Role::CorrelationId)),
        ("Username", Field::Text(Role::User)),
        ("Service principal name", Field::Text(Role::ServicePrincipal)),
        // Only the sign-ins of applications and of Azure's resources have these.
        ("Service principal ID", Field::Text(Role::ServicePrincipalId)),
        ("Application", Field::Text(Role::App)),
        ("Resource", Field::Text(Role::Resource)),
        ("IP address", Field::Text(Role::Address)),
        ("Sign-in error code", Field::Text(Role::Code)),
        ("Status", Field::Text(Role::Result)),
    ];
    field_in(FIELDS, name)
}

/// A success can have no code, or the word `None` for it.
fn mend(row: &mut Row<'_>) {
    let has_no_code = row.get(Role::Code).is_empty() || row.get(Role::Code).eq_ignore_ascii_case("None");
    if has_no_code && row.get(Role::Result).eq_ignore_ascii_case("Success") {
        row.put(Role::Code, Cow::Borrowed("0"));
    }
}
