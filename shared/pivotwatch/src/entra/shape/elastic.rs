//! Documents of Elastic's integration for Azure sign-in logs: the same fields, renamed, under `azure.signinlogs`.
//!
//! Fields: <https://www.elastic.co/docs/reference/integrations/azure>.

use super::super::row::{Field, Role, Row};
use super::reader::{NotJson, read_json};
use super::{Shape, Sink, table};

pub(super) const SHAPE: Shape = Shape {
    name: "elastic",
    recognises: |head| {
        let paths = ["", ".category", ".result_type"].into_iter().map(str::to_owned);
        let properties = ["created_at", "status.error_code", "status", "ip_address", "id", "category"];
        let paths = paths.chain(properties.map(|name| format!(".properties.{name}")));
        paths
            .into_iter()
            .any(|path| WRAPPERS.iter().any(|wrapper| head.has(&[&format!("{wrapper}azure.signinlogs{path}")])))
    },
    read: |input, sink| read_json(input, sink, read_record),
};

/// A table of documents, as Kibana exports them.
pub(super) const CSV: Shape = Shape {
    name: "elastic_csv",
    recognises: |head| table::has_columns(head, vocabulary),
    read: |input, sink| table::read(input, sink, vocabulary, |_| ()),
};

/// What searches put around a document or its fields.
const WRAPPERS: [&str; 3] = ["", "_source.", "fields."];

/// Reads a document, which a search puts under `_source`, or its fields, which a search puts under `fields`.
pub(super) fn read_record(text: &[u8], sink: &mut Sink<'_>) -> Result<(), NotJson> {
    let row = Row::of_json(text, vocabulary).ok_or(NotJson)?;
    if [Role::Category, Role::Code, Role::StatusCode, Role::Time].iter().all(|role| row.get(*role).is_empty()) {
        // Of another integration, or of another log of this one.
        sink.other_category();
    } else {
        sink.row(row);
    }
    Ok(())
}

/// Names with points in them are the paths of fields, in documents that are written flat.
pub(super) fn vocabulary(name: &str) -> Field {
    match name {
        "_source" | "fields" => Field::Object(vocabulary),
        "@timestamp" => Field::Text(Role::LoggedAt),
        "azure" => Field::Object(azure),
        "source" => Field::Object(source),
        "source.ip" => Field::Text(Role::CallerAddress),
        _ => match name.strip_prefix("azure.") {
            Some(name) => azure(name),
            None => name.strip_prefix("_source.").map_or(Field::Other, vocabulary),
        },
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
