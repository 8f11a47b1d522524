//! The portal's CSV download: `InteractiveSignIns_2026-03-01_2026-03-08.csv` and its siblings.
//!
//! It has had 54, 55 and 57 columns, a duplicate name, and names with stray blanks, so columns are found by name.
//! Interactive and non-interactive sign-ins have the same columns. Only the object's name distinguishes them: see
//! [`origin`](super::super::source::origin).

use super::super::fields::{Field, FieldId, field_in};
use super::{Recognition, Shape, table, table_field_maps};

pub(super) const SHAPE: Shape = Shape {
    name: "portal_csv",
    recognition: Recognition::Columns(field_map),
    read: |input, sink| table::read(input, sink, field_map, &table_field_maps()),
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
