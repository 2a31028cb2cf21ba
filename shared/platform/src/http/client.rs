//! Who sends: network address and browser, as API Gateway saw them.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use lambda_http::request::RequestContext;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
};
use store::people::Origin;

/// The sender of a request. Its address comes from the gateway's context,
/// never from a header that the sender could write.
#[derive(Clone, Default)]
pub struct ClientInfo {
    /// The network address.
    pub address: Option<IpAddr>,
    /// The browser's name for itself, cut to 400 characters.
    pub user_agent: Option<String>,
}

impl std::fmt::Debug for ClientInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientInfo(…)")
    }
}

impl ClientInfo {
    /// The address as text, or `unknown`.
    #[must_use]
    pub fn address_text(&self) -> String {
        self.address
            .map_or_else(|| "unknown".to_owned(), |a| a.to_string())
    }

    /// What limits count by: an IPv4 address, or the /64 network of an IPv6
    /// address, within which one customer has as many addresses as they like.
    #[must_use]
    pub fn network_text(&self) -> String {
        match self.address {
            Some(IpAddr::V6(address)) => {
                let network = u128::from(address) >> 64 << 64;
                Ipv6Addr::from(network).to_string()
            }
            _ => self.address_text(),
        }
    }
}

impl From<&ClientInfo> for Origin {
    fn from(client: &ClientInfo) -> Self {
        Self {
            source_ip: client.address.map(|address| address.to_string()),
            user_agent: client.user_agent.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context
                .http
                .source_ip
                .as_deref()
                .and_then(|text| text.parse().ok()),
            _ => None,
        };
        let user_agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().take(400).collect());
        Ok(Self {
            address,
            user_agent,
        })
    }
}
