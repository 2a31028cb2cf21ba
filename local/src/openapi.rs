//! The OpenAPI document of the whole API, merged from the functions' own.

use utoipa::openapi::{
    InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
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
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{}", words.join("_")));
            }
        }
    }
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
        assert_eq!(generated.trim(), committed.trim());
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
}
