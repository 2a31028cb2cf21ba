//! The payment provider of one machine: it takes the calls of the functions,
//! shows a page for each checkout, and posts signed events to the API.

use std::path::Path;
use std::sync::Arc;

use local_provider::{Options, ProviderStandIn};
use local_services::Services;
use serde_json::Value;

use super::MachineError;
use crate::clock::MachineClock;
use crate::template::Model;

/// Where it is mounted below the machine's own address.
pub(crate) const MOUNT: &str = "/_local/provider";

/// Starts it with the keys of the application's secret; `None` where the template has no secret.
pub(super) async fn start(
    api_url: &str,
    data: &Path,
    model: &Model,
    services: &Services,
    clock: &MachineClock,
) -> Result<Option<ProviderStandIn>, MachineError> {
    let Some(secret) = model.secrets.first() else {
        return Ok(None);
    };
    let text = services.secrets().value(&secret.name);
    let text = text.map_err(|error| MachineError::Provider(error.to_string()))?;
    let keys: Value =
        serde_json::from_str(&text).map_err(|error| MachineError::Provider(error.to_string()))?;
    let key = |pointer: &str| {
        keys.pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let clock = clock.for_functions();
    let options = Options {
        webhook_base_url: api_url.to_owned(),
        page_base_url: format!("{api_url}{MOUNT}"),
        stripe_secret: key("/stripe/webhook_secrets/0"),
        stripe_api_key: key("/stripe/api_key"),
        yookassa_shop: key("/yookassa/shop_id"),
        yookassa_key: key("/yookassa/secret_key"),
        clock: Arc::new(move || clock.now()),
        data: data.join("provider"),
    };
    let provider = ProviderStandIn::start(options).await;
    provider
        .map(Some)
        .map_err(|error| MachineError::Provider(error.to_string()))
}
