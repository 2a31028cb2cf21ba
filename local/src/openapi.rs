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
