//! The OpenAPI document of the whole API, merged from the functions' own.

use http::StatusCode;
use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, RefOr, Response, Schema,
    path::Operation,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::functions;

/// The document of every route of the product.
#[must_use]
pub fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Assetbox")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Digital asset management that keeps its privacy policy. JSON, RFC 3339 times in UTC, \
             problem documents (RFC 9457) with a stable `code`.",
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build();
    let mut document = OpenApiBuilder::new().info(info).build();
    for part in functions::documents() {
        document.merge(part);
    }
    name_operations(&mut document);
    describe_responses(&mut document);
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token of POST /sessions"))
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-session"));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    document
}

/// Handlers of different functions share names; an operation's id is its method and path.
fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<&str> = path
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        for (method, operation) in operations(item) {
            operation.operation_id = Some(format!("{method}_{}", words.join("_")));
        }
    }
}

/// Problem documents have a type of their own, and every response needs a description.
fn describe_responses(document: &mut OpenApi) {
    let items = document.paths.paths.values_mut();
    for (_, operation) in items.flat_map(operations) {
        for (status, response) in &mut operation.responses.responses {
            if let RefOr::T(response) = response {
                name_problem(response);
                if response.description.is_empty() {
                    response.description = in_words(status);
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", item.get.as_mut()),
        ("put", item.put.as_mut()),
        ("post", item.post.as_mut()),
        ("patch", item.patch.as_mut()),
        ("delete", item.delete.as_mut()),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation?)))
}

fn name_problem(response: &mut Response) {
    const JSON: &str = "application/json";
    let is_problem = response.content.get(JSON).is_some_and(|content| {
        matches!(content, RefOr::T(content)
            if matches!(&content.schema, Some(RefOr::<Schema>::Ref(schema))
                if schema.ref_location.ends_with("/ProblemDocument")))
    });
    if is_problem && let Some(content) = response.content.shift_remove(JSON) {
        let name = "application/problem+json".to_owned();
        response.content.insert(name, content);
    }
}

fn in_words(status: &str) -> String {
    let status: Option<StatusCode> = status.parse().ok();
    let words = status.and_then(|status| status.canonical_reason());
    words.unwrap_or("Any other error").to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use super::document;

    /// `cargo run -- openapi > infra/openapi.json` writes it anew.
    #[test]
    fn the_committed_document_is_that_of_the_code() {
        let committed = include_str!("../../infra/openapi.json");
        let generated = document().to_pretty_json().unwrap();
        // Compared as a whole: both in the message would bury what to do.
        assert!(
            generated.trim() == committed.trim(),
            "infra/openapi.json is of another state of the code"
        );
    }

    #[test]
    fn operations_have_ids_of_their_own() {
        let document = serde_json::to_value(document()).unwrap();
        let mut seen = HashSet::new();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                if let Some(id) = operation["operationId"].as_str() {
                    assert!(seen.insert(id.to_owned()), "{id}");
                }
            }
        }
        assert!(seen.len() > 40);
    }

    #[test]
    fn errors_are_problem_documents_and_every_response_is_described() {
        let document = serde_json::to_value(document()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|item| item.as_object().unwrap().values());
        let responses = operations.filter_map(|operation| operation["responses"].as_object());
        let mut problems = 0;
        for (status, response) in responses.flatten() {
            assert_ne!(response["description"], "", "{response}");
            assert!(response["description"].is_string(), "{response}");
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                let schema = content["schema"]["$ref"].as_str().unwrap_or_default();
                let is_problem = schema.ends_with("/ProblemDocument");
                assert_eq!(is_problem, kind == "application/problem+json", "{status}");
                problems += usize::from(is_problem);
            }
        }
        assert!(problems > 100);
    }
}
