//! YooKassa: payments of one month, and notifications that only hint at them.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    billing::{
        Fact, Provider,
        history::{Covers, Payment, PaymentState, Refund, Seen},
        plan::PlanCode,
        yookassa::Sources,
    },
    time::Timestamp,
};
use http::{Method, Request};
use http_body_util::Full;
use platform::{
    ConfigError, Env,
    http::{ClientInfo, Problem},
    outbound::Outbound,
    secret::YookassaSecret,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::provider::{ProviderError, Told, Wanted, call, is_plain_id};

/// YooKassa's default address.
const API_URL: &str = "https://api.yookassa.ru";

/// YooKassa, with our keys.
pub struct Yookassa {
    url: String,
    secret: YookassaSecret,
    sources: Sources,
    outbound: Outbound,
}

/// A notification: only its ids are read.
#[derive(Debug, Deserialize)]
pub struct Notification {
    #[serde(rename = "type")]
    kind: String,
    /// Its name, such as `payment.succeeded`.
    pub event: String,
    object: Hinted,
}

#[derive(Debug, Deserialize)]
struct Hinted {
    id: String,
    payment_id: Option<String>,
}

impl Notification {
    /// What a repeat is known by: notifications have no id of their own.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}:{}", self.event, self.object.id)
    }

    fn payment(&self) -> &str {
        self.object.payment_id.as_deref().unwrap_or(&self.object.id)
    }
}

#[derive(Debug, Deserialize)]
struct Amount {
    value: String,
    currency: String,
}

impl Amount {
    /// `990.00` is 99000.
    fn minor(&self) -> Option<u64> {
        let (whole, cents) = self.value.split_once('.').unwrap_or((&self.value, "00"));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if cents.len() != 2 || !digits(whole) || !digits(cents) {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        whole.checked_mul(100)?.checked_add(cents.parse().ok()?)
    }
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    workspace: Option<String>,
    plan: Option<PlanCode>,
}

#[derive(Debug, Deserialize)]
struct Recipient {
    account_id: String,
}

#[derive(Debug, Deserialize)]
struct SavedMethod {
    id: String,
    #[serde(default)]
    saved: bool,
}

#[derive(Debug, Deserialize)]
struct PaymentObject {
    id: String,
    status: String,
    paid: bool,
    amount: Amount,
    refunded_amount: Option<Amount>,
    created_at: Timestamp,
    captured_at: Option<Timestamp>,
    #[serde(default)]
    metadata: Metadata,
    test: bool,
    recipient: Recipient,
    payment_method: Option<SavedMethod>,
}

#[derive(Deserialize)]
struct Confirmation {
    confirmation_url: String,
}

#[derive(Deserialize)]
struct Opened {
    confirmation: Confirmation,
}

impl Yookassa {
    pub(crate) fn new(
        env: &Env,
        secret: &YookassaSecret,
        outbound: Outbound,
    ) -> Result<Self, ConfigError> {
        let url = env.optional("YOOKASSA_API_URL").unwrap_or(API_URL);
        let sources = Sources::parse(&env.list("YOOKASSA_SOURCES"))
            .map_err(|error| ConfigError::Invalid("YOOKASSA_SOURCES", error.to_string()))?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            secret: secret.clone(),
            sources,
            outbound,
        })
    }

    pub(crate) fn is_set_up(&self) -> bool {
        !self.secret.shop_id.is_empty() && !self.secret.secret_key.is_empty()
    }

    fn is_live(&self) -> bool {
        self.secret.secret_key.starts_with("live_")
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        idempotence_key: Option<&str>,
        body: &Value,
    ) -> Result<T, ProviderError> {
        let login = format!("{}:{}", self.secret.shop_id, *self.secret.secret_key);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Basic {}", STANDARD.encode(login)));
        let mut bytes = Bytes::new();
        if let Some(key) = idempotence_key {
            request = request
                .header("idempotence-key", key)
                .header("content-type", "application/json");
            bytes = Bytes::from(body.to_string());
        }
        call(&self.outbound, request.body(Full::new(bytes))).await
    }

    /// Opens a payment of one month; gives its page's address. The payer is
    /// asked to let us keep the method for the months that follow.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn open_checkout(&self, wanted: &Wanted<'_>) -> Result<String, ProviderError> {
        let (plan, id) = (wanted.plan, wanted.id.to_string());
        let value = format!("{}.{:02}", plan.amount_minor / 100, plan.amount_minor % 100);
        let body = json!({
            "amount": {"value": value, "currency": plan.currency.to_ascii_uppercase()},
            "capture": true,
            "save_payment_method": true,
            "description": format!("Assetbox {}", plan.name),
            "confirmation": {"type": "redirect", "return_url": wanted.success_url},
            "metadata": {"workspace": wanted.workspace, "checkout": id, "plan": plan.code},
        });
        let opened: Opened = self
            .call(Method::POST, "/v3/payments", Some(&id), &body)
            .await?;
        Ok(opened.confirmation.confirmation_url)
    }

    /// Takes a notification as a hint, from the provider's own networks only.
    ///
    /// # Errors
    /// The problem that says why not.
    pub fn read(&self, client: &ClientInfo, body: &[u8]) -> Result<Notification, Problem> {
        let known = client
            .address
            .is_some_and(|address| self.sources.contain(address));
        if !known {
            return Err(Problem::forbidden(
                "unknown_source",
                "Notifications are taken from the provider's own networks only.",
            ));
        }
        let invalid = || {
            let detail = "This is not a notification.";
            Problem::new(StatusCode::BAD_REQUEST, "invalid_event", detail)
        };
        let hint: Notification = serde_json::from_slice(body).map_err(|_| invalid())?;
        let sound = hint.kind == "notification"
            && is_plain_id(&hint.object.id)
            && is_plain_id(hint.payment())
            && is_plain_id(&hint.event.replace('.', "_"));
        if sound { Ok(hint) } else { Err(invalid()) }
    }

    /// What a hint is about, as the provider itself says it. `None`: nothing
    /// that concerns us.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn understand(&self, hint: &Notification) -> Result<Option<Told>, ProviderError> {
        let path = format!("/v3/payments/{}", hint.payment());
        let payment: PaymentObject = match self.call(Method::GET, &path, None, &Value::Null).await {
            // a hint of a payment that does not exist is nobody's
            Err(ProviderError::Unknown) => return Ok(None),
            answer => answer?,
        };
        if payment.recipient.account_id != self.secret.shop_id || payment.test == self.is_live() {
            tracing::warn!("a payment of another shop or mode");
            return Ok(None);
        }
        told(&payment).ok_or(ProviderError::Unreadable)
    }
}

/// `None` when the payment's amounts can't be read, `Some(None)` when it is not ours.
#[expect(clippy::option_option, reason = "the two absences differ")]
fn told(payment: &PaymentObject) -> Option<Option<Told>> {
    let workspace = payment.metadata.workspace.as_ref();
    let Some(workspace) = workspace.and_then(|text| text.parse().ok()) else {
        return Some(None);
    };
    let state = match (payment.status.as_str(), payment.paid) {
        ("succeeded", true) => PaymentState::Paid,
        ("canceled", _) => PaymentState::Failed,
        _ => PaymentState::Pending,
    };
    let currency = payment.amount.currency.to_ascii_lowercase();
    let at = payment.captured_at.unwrap_or(payment.created_at);
    let method = payment.payment_method.as_ref();
    let value = Payment {
        state,
        provider: Provider::Yookassa,
        amount_minor: payment.amount.minor()?,
        currency: currency.clone(),
        covers: Covers::Month,
        plan: payment.metadata.plan.clone(),
        subscription: None,
        method: method.filter(|m| m.saved).map(|m| m.id.clone()),
    };
    let mut facts = vec![Fact::Payment(payment.id.clone(), Seen::told(at, value))];
    if let Some(refunded) = &payment.refunded_amount {
        let value = Refund {
            amount_minor: refunded.minor()?,
            currency,
            payment: Some(payment.id.clone()),
        };
        facts.push(Fact::Refund(payment.id.clone(), Seen::told(at, value)));
    }
    Some(Some(Told { workspace, facts }))
}
