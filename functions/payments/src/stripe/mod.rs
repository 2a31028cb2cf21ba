//! Stripe: checkout sessions, signed events, and the objects behind them.

pub mod event;
pub mod object;

use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use domain::{
    billing::{
        Fact,
        history::{Refund, Seen},
        plan::Plan,
        stripe::{API_VERSION, verify},
    },
    time::Timestamp,
};
use form_urlencoded::Serializer;
use http::{Method, Request};
use http_body_util::Full;
use platform::{
    Env,
    http::{Object, Problem},
    outbound::Outbound,
    secret::StripeSecret,
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::provider::{ProviderError, Told, Wanted, call, is_plain_id};
use event::{Event, Meaning};
use object::Charge;

/// Stripe's default address.
const API_URL: &str = "https://api.stripe.com";

/// Stripe, with our keys.
pub struct Stripe {
    url: String,
    secret: StripeSecret,
    outbound: Outbound,
}

#[derive(Deserialize)]
struct Session {
    url: String,
}

impl Stripe {
    pub(crate) fn new(env: &Env, secret: &StripeSecret, outbound: Outbound) -> Self {
        let url = env.optional("STRIPE_API_URL").unwrap_or(API_URL);
        Self {
            url: url.trim_end_matches('/').to_owned(),
            secret: secret.clone(),
            outbound,
        }
    }

    pub(crate) fn is_set_up(&self) -> bool {
        !self.secret.api_key.is_empty()
    }

    /// Our key is one of the live mode: its events must be, and no others.
    fn is_live(&self) -> bool {
        self.secret.api_key.contains("_live_")
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        form: String,
    ) -> Result<T, ProviderError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", *self.secret.api_key))
            .header("stripe-version", API_VERSION)
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        call(&self.outbound, request.body(Full::new(Bytes::from(form)))).await
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        kind: &str,
        id: &str,
        query: &str,
    ) -> Result<T, ProviderError> {
        if !is_plain_id(id) {
            return Err(ProviderError::Unreadable);
        }
        let path = format!("/v1/{kind}/{id}{query}");
        self.call(Method::GET, &path, None, String::new()).await
    }

    /// Opens a checkout session for a subscription; gives its page's address.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn open_checkout(&self, wanted: &Wanted<'_>) -> Result<String, ProviderError> {
        let id = wanted.id.to_string();
        let session: Session = self
            .call(
                Method::POST,
                "/v1/checkout/sessions",
                Some(&id),
                session_form(wanted),
            )
            .await?;
        Ok(session.url)
    }

    /// Opens Stripe's own page on which a customer cancels, changes the plan or
    /// the card, and reads invoices; gives its address.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn open_portal(
        &self,
        customer: &str,
        return_url: &str,
    ) -> Result<String, ProviderError> {
        let form = Serializer::new(String::new())
            .append_pair("customer", customer)
            .append_pair("return_url", return_url)
            .finish();
        let path = "/v1/billing_portal/sessions";
        let session: Session = self.call(Method::POST, path, None, form).await?;
        Ok(session.url)
    }

    /// Ends a subscription at once: nothing is charged for what is not there any
    /// more. One that is unknown or over needs no end.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn end(&self, subscription: &str) -> Result<(), ProviderError> {
        if !is_plain_id(subscription) {
            return Err(ProviderError::Unreadable);
        }
        let path = format!("/v1/subscriptions/{subscription}");
        let ended = self.call::<serde_json::Value>(Method::DELETE, &path, None, String::new());
        match ended.await {
            Ok(_) | Err(ProviderError::Unknown) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Proves that a delivery is Stripe's and of our mode, and reads it.
    ///
    /// # Errors
    /// The problem that Stripe's dashboard will show.
    pub fn read(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Event, Problem> {
        let refuse = |code, detail: String| Problem::new(StatusCode::BAD_REQUEST, code, detail);
        let header = headers
            .get("stripe-signature")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        verify(&self.secret.webhook_secrets, header, body, now)
            .map_err(|error| refuse("invalid_signature", format!("Not accepted: {error}.")))?;
        let Object(event): Object<Event> =
            serde_json::from_slice(body).map_err(|_| invalid_event())?;
        if event.object != "event" || !is_plain_id(&event.id) {
            return Err(invalid_event());
        }
        if event.api_version.as_deref() != Some(API_VERSION) {
            let version = event.api_version.as_deref();
            platform::alarm!(
                "stripe_api_version",
                version,
                "an event of another API version is refused"
            );
            let detail = format!("Set the webhook endpoint to the API version {API_VERSION}.");
            return Err(refuse("wrong_api_version", detail));
        }
        if event.livemode != self.is_live() {
            let detail = "The event is of the other mode (live or test) than our key.";
            return Err(refuse("wrong_mode", detail.to_owned()));
        }
        Ok(event)
    }

    /// What an event says, asking Stripe where the event alone does not say it.
    /// `None`: nothing that concerns us.
    ///
    /// # Errors
    /// The problem of an object that is not of the documented form, or of [`ProviderError`].
    pub async fn understand(
        &self,
        event: &Event,
        plans: &[Plan],
        now: Timestamp,
    ) -> Result<Option<Told>, Problem> {
        let told = match event.meaning(plans).map_err(|_| unreadable(event))? {
            Meaning::Nothing => None,
            Meaning::Facts { workspace, facts } => {
                workspace.map(|workspace| Told { workspace, facts })
            }
            Meaning::Charge { charge, dispute } => {
                let charge: Charge = self
                    .fetch("charges", &charge, "?expand%5B%5D=invoice")
                    .await
                    .map_err(of_event)?;
                charge_told(&charge, event.at(), now, dispute)
            }
            Meaning::InvoiceOf { subscription, fact } => {
                let subscription: object::Subscription = self
                    .fetch("subscriptions", &subscription, "")
                    .await
                    .map_err(of_event)?;
                subscription.metadata.workspace().map(|workspace| Told {
                    workspace,
                    facts: vec![fact],
                })
            }
        };
        Ok(told)
    }

    /// A subscription as it is now: a version of the time `at` at which it was told of.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn ask(
        &self,
        subscription: &str,
        at: Timestamp,
        plans: &[Plan],
        now: Timestamp,
    ) -> Result<Fact, ProviderError> {
        let found: object::Subscription = self.fetch("subscriptions", subscription, "").await?;
        let seen = Seen::fetched(at, now, found.value(plans));
        Ok(Fact::Subscription(subscription.to_owned(), seen))
    }
}

fn invalid_event() -> Problem {
    let detail = "This is not an event as its provider documents it.";
    Problem::new(StatusCode::BAD_REQUEST, "invalid_event", detail)
}

fn unreadable(event: &Event) -> Problem {
    tracing::warn!(
        event_id = event.id,
        kind = event.kind,
        "the object of a signed event is not of the documented form"
    );
    invalid_event()
}

/// An event's object that could not be fetched. One that Stripe does not know under our key is
/// no fault of the moment.
pub(crate) fn of_event(error: ProviderError) -> Problem {
    match error {
        ProviderError::Unknown => {
            tracing::warn!("an event is about an object that Stripe does not know under our key");
            let detail = "Stripe knows no such object under our API key: the webhook endpoint and the key must be of one account.";
            Problem::new(StatusCode::BAD_REQUEST, "unknown_object", detail)
        }
        error => error.into(),
    }
}

/// The facts of a charge that was fetched, with the dispute that made us ask.
fn charge_told(
    charge: &Charge,
    at: Timestamp,
    now: Timestamp,
    dispute: Option<event::DisputeTold>,
) -> Option<Told> {
    let invoice = charge.invoice.as_ref()?;
    let workspace = invoice.metadata()?.workspace()?;
    let refund = Refund {
        amount_minor: charge.amount_refunded,
        currency: charge.currency.clone(),
        payment: Some(invoice.id.clone()),
    };
    let fact = match dispute {
        Some(dispute) => dispute.fact(at, &invoice.id),
        None => Fact::Refund(charge.id.clone(), Seen::fetched(at, now, refund)),
    };
    Some(Told {
        workspace,
        facts: vec![fact],
    })
}

fn session_form(wanted: &Wanted<'_>) -> String {
    let (workspace, id) = (wanted.workspace.to_string(), wanted.id.to_string());
    let plan = wanted.plan;
    let mut form = Serializer::new(String::new());
    form.append_pair("mode", "subscription")
        .append_pair("client_reference_id", &workspace)
        .append_pair("success_url", wanted.success_url)
        .append_pair("cancel_url", wanted.cancel_url)
        .append_pair("line_items[0][quantity]", "1");
    // our own words come back in every event of session, subscription and invoice
    for place in ["metadata", "subscription_data[metadata]"] {
        form.append_pair(&format!("{place}[workspace]"), &workspace)
            .append_pair(&format!("{place}[checkout]"), &id)
            .append_pair(&format!("{place}[plan]"), &plan.code);
    }
    if let Some(customer) = wanted.customer {
        form.append_pair("customer", customer);
    }
    match &plan.stripe_price {
        Some(price) => {
            form.append_pair("line_items[0][price]", price);
        }
        None => {
            let place = "line_items[0][price_data]";
            form.append_pair(&format!("{place}[currency]"), &plan.currency)
                .append_pair(
                    &format!("{place}[unit_amount]"),
                    &plan.amount_minor.to_string(),
                )
                .append_pair(&format!("{place}[recurring][interval]"), "month")
                .append_pair(&format!("{place}[product_data][name]"), &plan.name);
        }
    }
    form.finish()
}
