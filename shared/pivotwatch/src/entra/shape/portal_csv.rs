//! The portal's CSV download: `InteractiveSignIns_2026-03-01_2026-03-08.csv` and its siblings.
//!
//! It has had 54, 55 and 57 columns, a duplicate name, and names with stray blanks, so columns are found by name.
//! Interactive and non-interactive sign-ins have the same columns. Only the object's name distinguishes them: see
//! [`origin`](super::super::source::origin).

use std::borrow::Cow;

use super::super::fields::{Field, FieldId, Fields, field_in};
use super::{Recognition, Shape, table};

pub(super) const SHAPE: Shape = Shape {
    name: "portal_csv",
    recognition: Recognition::Columns(field_map),
    read: |input, sink| table::read(input, sink, field_map, set_code_of_success),
};

pub(super) fn field_map(name: &str) -> Field {
    const FIELDS: &[(&str, Field)] = &[
        ("Date (UTC)", Field::Text(FieldId::Time)),
        ("Request ID", Field::Text(FieldId::Id)),
        ("Correlation ID", Field::Text(FieldId::CorrelationId)),
        ("Resource tenant ID", Field::Text(FieldId::Tenant)),
        ("Username", Field::Text(FieldId::User)),
        ("Service principal name", Field::Text(FieldId::ServicePrincipal)),
        // Only the sign-ins of applications and of Azure's resources have these.
        ("Service principal ID", Field::Text(FieldId::ServicePrincipalId)),
        ("Application", Field::Text(FieldId::App)),
        ("Resource", Field::Text(FieldId::Resource)),
        ("Client app", Field::Text(FieldId::ClientApp)),
        ("User agent", Field::Text(FieldId::UserAgent)),
        ("IP address", Field::Text(FieldId::Address)),
        ("Sign-in error code", Field::Text(FieldId::Code)),
        ("Status", Field::Text(FieldId::Result)),
    ];
    field_in(FIELDS, name)
}

/// Sets the code of a success, which can lack it or have the word `None`.
fn set_code_of_success(fields: &mut Fields<'_>) {
    let has_no_code = fields.get(FieldId::Code).is_empty() || fields.get(FieldId::Code).eq_ignore_ascii_case("None");
    if has_no_code && fields.get(FieldId::Result).eq_ignore_ascii_case("Success") {
        fields.put(FieldId::Code, Cow::Borrowed("0"));
    }
}
