//! Documents of Elastic's integration for Azure sign-in logs: the same fields, renamed, under `azure.signinlogs`.
//!
//! Fields: <https://www.elastic.co/docs/reference/integrations/azure>.

use super::super::fields::{Field, FieldId, Fields, LONGEST_NAME};
use super::parse_record::NotJson;
use super::reader::read_json;
use super::{Recognition, Shape, Sink, mixed, table, table_field_maps};

pub(super) const SHAPE: Shape = Shape {
    name: "elastic",
    recognition: Recognition::Preview(|preview| {
        let paths = ["", ".category", ".result_type"].into_iter().map(str::to_owned);
        let properties = ["created_at", "status.error_code", "status", "ip_address", "id", "category"];
        let paths = paths.chain(properties.map(|name| format!(".properties.{name}")));
        paths
            .into_iter()
            .any(|path| WRAPPERS.iter().any(|wrapper| preview.has(&[&format!("{wrapper}azure.signinlogs{path}")])))
    }),
    read: |input, sink| read_json(input, sink, parse_mixed),
};

/// A table of documents, as Kibana exports them.
pub(super) const CSV: Shape = Shape {
    name: "elastic_csv",
    recognition: Recognition::Columns(field_map),
    read: |input, sink| table::read(input, sink, field_map, &table_field_maps()),
};

/// Keys under which searches wrap a document or its fields.
const WRAPPERS: [&str; 3] = ["", "_source.", "fields."];

/// Parses a document, or a search's result with the document under `_source` or its fields under `fields`. Or a record
/// of another shape.
pub(super) fn parse_mixed(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    parse(text, sink, mixed::parse)
}

/// Parses a document. `others` parses a document of another integration, or returns `false`.
pub(super) fn parse(
    text: &[u8],
    sink: &mut Sink<'_>,
    others: impl FnOnce(&[u8], &mut Sink<'_>) -> bool,
) -> Result<(), NotJson> {
    let fields = Fields::of_json(text, field_map).ok_or(NotJson)?;
    if fields.has_any(&[FieldId::Category, FieldId::Code, FieldId::StatusCode, FieldId::Time]) {
        sink.fields_of(text, fields);
    } else if !others(text, sink) {
        // A document of another integration, or of another log of this integration.
        sink.other_category();
    }
    Ok(())
}

/// A name with dots is the path of a field in a flat document.
pub(super) fn field_map(name: &str) -> Field {
    match name {
        _ if name.len() > LONGEST_NAME => Field::Other,
        "_source" | "fields" => Field::Object(field_map),
        "@timestamp" => Field::Text(FieldId::LoggedAt),
        "azure" => Field::Object(azure),
        "source" => Field::Object(source),
        "source.ip" => Field::Text(FieldId::CallerAddress),
        "user_agent" => Field::Object(user_agent),
        "user_agent.original" => Field::Text(FieldId::UserAgent),
        _ => match name.strip_prefix("azure.") {
            Some(name) => azure(name),
            None => name.strip_prefix("_source.").map_or(Field::Other, field_map),
        },
    }
}

fn source(name: &str) -> Field {
    if name == "ip" { Field::Text(FieldId::CallerAddress) } else { Field::Other }
}

fn user_agent(name: &str) -> Field {
    if name == "original" { Field::Text(FieldId::UserAgent) } else { Field::Other }
}

fn azure(name: &str) -> Field {
    match name {
        "signinlogs" => Field::Object(sign_in),
        "correlation_id" => Field::Text(FieldId::EnvelopeCorrelationId),
        "tenant_id" => Field::Text(FieldId::Tenant),
        _ => name.strip_prefix("signinlogs.").map_or(Field::Other, sign_in),
    }
}

fn sign_in(name: &str) -> Field {
    match name {
        "category" => Field::Text(FieldId::Category),
        "operation_name" => Field::Text(FieldId::Operation),
        "result_type" => Field::Text(FieldId::Code),
        "properties" => Field::Object(properties),
        _ => name.strip_prefix("properties.").map_or(Field::Other, properties),
    }
}

fn properties(name: &str) -> Field {
    match name {
        "id" => Field::Text(FieldId::Id),
        // Before 2020 the integration kept Azure's name.
        "created_at" | "created_date_time" => Field::Text(FieldId::Time),
        "ip_address" => Field::Text(FieldId::Address),
        "status" => Field::Object(status),
        "status.error_code" => Field::Text(FieldId::StatusCode),
        "user_principal_name" => Field::Text(FieldId::User),
        "service_principal_name" => Field::Text(FieldId::ServicePrincipal),
        "app_display_name" => Field::Text(FieldId::App),
        "resource_display_name" => Field::Text(FieldId::Resource),
        "client_app_used" => Field::Text(FieldId::ClientApp),
        "user_agent" => Field::Text(FieldId::UserAgent),
        "correlation_id" => Field::Text(FieldId::CorrelationId),
        "is_interactive" => Field::Words(FieldId::Interactive),
        _ => Field::Other,
    }
}

fn status(name: &str) -> Field {
    if name == "error_code" { Field::Text(FieldId::StatusCode) } else { Field::Other }
}
