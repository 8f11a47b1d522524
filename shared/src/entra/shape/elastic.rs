//! Documents of Elastic's integration for Azure sign-in logs: the same fields, renamed, under `azure.signinlogs`.
//!
//! Fields: <https://www.elastic.co/docs/reference/integrations/azure>.

use super::super::row::{Field, Role, Row};
use super::{Shape, Sink};
use crate::input::json::NotJson;

pub(super) const SHAPE: Shape = Shape {
    name: "elastic",
    recognises: |head| {
        ["azure.signinlogs", "azure.signinlogs.category", "_source.azure.signinlogs"]
            .iter()
            .any(|name| head.has(&[name]))
    },
    read: |input, sink| super::read_json(input, sink, read_record),
};

/// Reads a document, which a search puts under `_source`.
pub(super) fn read_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    let row = Row::of_json(text, document).ok_or(NotJson)?;
    if [Role::Category, Role::Code, Role::StatusCode, Role::Time].iter().all(|role| row.get(*role).is_empty()) {
        // Of another integration, or of another log of this one.
        sink.other_category();
    } else {
        sink.row(row);
    }
    Ok(())
}

/// Names with points in them are the paths of fields, in documents that are written flat.
fn document(name: &str) -> Field {
    match name {
        "_source" => Field::Object(document),
        "@timestamp" => Field::Text(Role::LoggedAt),
        "azure" => Field::Object(azure),
        "source" => Field::Object(source),
        "source.ip" => Field::Text(Role::CallerAddress),
        _ => name.strip_prefix("azure.").map_or(Field::Other, azure),
    }
}

fn source(name: &str) -> Field {
    if name == "ip" { Field::Text(Role::CallerAddress) } else { Field::Other }
}

fn azure(name: &str) -> Field {
    match name {
        "signinlogs" => Field::Object(sign_in),
        "correlation_id" => Field::Text(Role::EnvelopeCorrelationId),
        _ => name.strip_prefix("signinlogs.").map_or(Field::Other, sign_in),
    }
}

fn sign_in(name: &str) -> Field {
    match name {
        "category" => Field::Text(Role::Category),
        "result_type" => Field::Text(Role::Code),
        "properties" => Field::Object(properties),
        _ => name.strip_prefix("properties.").map_or(Field::Other, properties),
    }
}

fn properties(name: &str) -> Field {
    match name {
        "id" => Field::Text(Role::Id),
        // Before 2020 it kept its name.
        "created_at" | "created_date_time" => Field::Text(Role::Time),
        "ip_address" => Field::Text(Role::Address),
        "status" => Field::Object(status),
        "status.error_code" => Field::Text(Role::StatusCode),
        "user_principal_name" => Field::Text(Role::User),
        "service_principal_name" => Field::Text(Role::ServicePrincipal),
        "app_display_name" => Field::Text(Role::App),
        "resource_display_name" => Field::Text(Role::Resource),
        "correlation_id" => Field::Text(Role::CorrelationId),
        "is_interactive" => Field::Words(Role::Interactive),
        _ => Field::Other,
    }
}

fn status(name: &str) -> Field {
    if name == "error_code" { Field::Text(Role::StatusCode) } else { Field::Other }
}
