//! YooKassa: payments of one month, charges of the months that follow, and
//! notifications that only hint at them.

pub mod object;

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    billing::{renewal::Charge, yookassa::Sources},
    ids::{CheckoutId, WorkspaceId},
    time::Timestamp,
};
use http::{Method, Request};
use http_body_util::Full;
use platform::{
    ConfigError, Env,
    http::{ClientInfo, Object, Problem},
    outbound::Outbound,
    secret::YookassaSecret,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::provider::{ProviderError, Told, Wanted, call, is_plain_id};
use object::{Amount, PaymentObject};

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
    #[serde(deserialize_with = "platform::http::object")]
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

    async fn create<T: DeserializeOwned>(
        &self,
        key: &str,
        body: &Value,
    ) -> Result<T, ProviderError> {
        self.call(Method::POST, "/v3/payments", Some(key), body)
            .await
    }

    /// Opens a payment of one month; gives its page's address. The payer who
    /// has agreed is asked to let us keep the method for the months that follow.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn open_checkout(&self, wanted: &Wanted<'_>) -> Result<String, ProviderError> {
        let (plan, id) = (wanted.plan, wanted.id.to_string());
        let mut body = json!({
            "amount": Amount::of(plan.amount_minor, &plan.currency),
            "capture": true,
            "save_payment_method": wanted.agreed_at.is_some(),
            "description": format!("Assetbox {}", plan.name),
            "confirmation": {"type": "redirect", "return_url": wanted.success_url},
            "metadata": {"workspace": wanted.workspace, "checkout": id, "plan": plan.code},
        });
        if let Some(agreed_at) = wanted.agreed_at {
            body["metadata"]["agreed_at"] = json!(agreed_at);
        }
        let opened: Opened = self.create(&id, &body).await?;
        Ok(opened.confirmation.confirmation_url)
    }

    /// Charges the next month to the method that the payer let us keep. The key
    /// belongs to workspace, period and attempt, so that a charge whose answer
    /// was lost is found and not made again.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn charge(
        &self,
        workspace: WorkspaceId,
        charge: &Charge,
        price: &Price<'_>,
        now: Timestamp,
    ) -> Result<Answer, ProviderError> {
        let (agreement, workspace) = (&charge.agreement, workspace.to_string());
        let (after, attempt) = (charge.after.to_string(), charge.attempt.to_string());
        let key = CheckoutId::derived(&["renewal", &workspace, &after, &attempt]).to_string();
        let mut metadata = json!({
            "workspace": workspace,
            "agreed_at": agreement.method.agreed_at,
            "after": after,
        });
        if let Some(plan) = &agreement.plan {
            metadata["plan"] = json!(plan);
        }
        let body = json!({
            "amount": Amount::of(price.amount_minor, price.currency),
            "capture": true,
            "payment_method_id": agreement.method.id,
            "description": format!("Assetbox {}", price.name),
            "metadata": metadata,
        });
        let payment = self.create(&key, &body).await?;
        self.answer(&payment, now)?.ok_or(ProviderError::Unreadable)
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
        let Object(hint): Object<Notification> =
            serde_json::from_slice(body).map_err(|_| invalid())?;
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
    pub async fn understand(
        &self,
        hint: &Notification,
        now: Timestamp,
    ) -> Result<Option<Told>, ProviderError> {
        match self.ask(hint.payment(), now).await {
            // a hint of a payment that does not exist is nobody's
            Err(ProviderError::Unknown) => Ok(None),
            answer => Ok(answer?.map(|answer| answer.told)),
        }
    }

    /// What has become of a payment. `None`: it is not ours.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn ask(
        &self,
        payment: &str,
        now: Timestamp,
    ) -> Result<Option<Answer>, ProviderError> {
        let path = format!("/v3/payments/{payment}");
        let payment: PaymentObject = self.call(Method::GET, &path, None, &Value::Null).await?;
        self.answer(&payment, now)
    }

    fn answer(
        &self,
        payment: &PaymentObject,
        now: Timestamp,
    ) -> Result<Option<Answer>, ProviderError> {
        if payment.recipient.account_id != self.secret.shop_id || payment.test == self.is_live() {
            tracing::warn!("a payment of another shop or mode");
            return Ok(None);
        }
        let Some(workspace) = payment.workspace() else {
            return Ok(None);
        };
        let facts = payment.facts(now).ok_or(ProviderError::Unreadable)?;
        Ok(Some(Answer {
            notification: format!("payment.{}:{}", payment.status, payment.id),
            is_final: matches!(payment.status.as_str(), "succeeded" | "canceled"),
            told: Told { workspace, facts },
        }))
    }
}

/// What a payment was found to be.
#[derive(Debug)]
pub struct Answer {
    /// The id of the notification that tells the same ([`Notification::id`]).
    pub notification: String,
    /// The payment has come to its end.
    pub is_final: bool,
    /// What it says.
    pub told: Told,
}

/// What a charge asks for.
#[derive(Debug)]
pub struct Price<'a> {
    /// What is paid for, as people read it.
    pub name: &'a str,
    /// In the currency's smallest unit.
    pub amount_minor: u64,
    /// ISO 4217.
    pub currency: &'a str,
}
