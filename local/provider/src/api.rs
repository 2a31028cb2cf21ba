//! Just enough of both providers' APIs for our calls.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::billing::money;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use crate::{
    ProviderStandIn, StandInError,
    state::{Checkout, Invoice, Price, Side, StripeSide, Subscription, YookassaSide, fresh_id},
    stripe, yookassa,
};

type Answer = Result<Json<Value>, Refusal>;
type Form = BTreeMap<String, String>;

/// An error as the providers give it: a status and a message.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "error": {"type": "invalid_request_error", "message": self.1},
            "type": "error",
            "description": self.1,
        });
        (self.0, Json(body)).into_response()
    }
}

impl From<StandInError> for Refusal {
    fn from(error: StandInError) -> Self {
        let status = match error {
            StandInError::Unknown => StatusCode::NOT_FOUND,
            StandInError::Impossible(_) => StatusCode::BAD_REQUEST,
            StandInError::Folder(_) | StandInError::State(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.to_string())
    }
}

fn missing(what: &str) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, format!("Missing or wrong: {what}"))
}

pub(crate) fn router(provider: ProviderStandIn) -> Router {
    Router::new()
        .route("/v1/prices", post(create_price))
        .route("/v1/prices/{id}", get(read_price))
        .route("/v1/checkout/sessions", post(create_session))
        .route("/v1/checkout/sessions/{id}", get(read_session))
        .route("/v1/billing_portal/sessions", post(create_portal))
        .route(
            "/v1/subscriptions/{id}",
            get(read_subscription).delete(end_subscription),
        )
        .route("/v1/charges/{id}", get(read_charge))
        .route("/v1/refunds", post(create_stripe_refund))
        .route("/v3/payments", post(create_payment))
        .route("/v3/payments/{id}", get(read_payment))
        .route("/v3/refunds", post(create_yookassa_refund))
        .with_state(provider)
}

fn authorized(headers: &HeaderMap, expected: &str) -> Result<(), Refusal> {
    let sent = headers.get("authorization").map(|value| value.as_bytes());
    if sent.is_some_and(|sent| sent.ct_eq(expected.as_bytes()).into()) {
        return Ok(());
    }
    let message = "Invalid API key provided.".to_owned();
    Err(Refusal(StatusCode::UNAUTHORIZED, message))
}

impl ProviderStandIn {
    fn stripe_call(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        authorized(
            headers,
            &format!("Bearer {}", self.0.options.stripe_api_key),
        )
    }

    fn yookassa_call(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let options = &self.0.options;
        let login = format!("{}:{}", options.yookassa_shop, options.yookassa_key);
        authorized(headers, &format!("Basic {}", STANDARD.encode(login)))
    }

    /// Opens a checkout, or finds the one that the same key opened.
    async fn opened(&self, key: Option<&str>, fresh: Checkout) -> Result<Checkout, Refusal> {
        let mut state = self.0.state.lock().await;
        let known = key.and_then(|key| state.checkouts.get(state.opened.get(key)?));
        if let Some(known) = known {
            return Ok(known.clone());
        }
        if let Some(key) = key {
            state.opened.insert(key.to_owned(), fresh.id.clone());
        }
        state.checkouts.insert(fresh.id.clone(), fresh.clone());
        state.save(&self.0.options.data).await?;
        Ok(fresh)
    }

    /// Charges a saved method, once for each key.
    async fn charge(&self, key: &str, method: &str, fresh: Checkout) -> Result<Checkout, Refusal> {
        let saved = |checkout: &Checkout| match &checkout.side {
            Side::Yookassa(side) if checkout.id == method && side.save_method => {
                Some(side.status == "succeeded" && !side.declines)
            }
            _ => None,
        };
        let accepted = self.find(saved).await?;
        let checkout = self.opened(Some(key), fresh).await?;
        if checkout.yookassa_status() == Some("pending") {
            let now = self.now();
            self.act(&checkout.id, |checkout, events| {
                yookassa::charge(checkout, events, now, accepted)
            })
            .await?;
        }
        self.find(|known| (known.id == checkout.id).then(|| known.clone()))
            .await
    }

    async fn find<T>(&self, pick: impl Fn(&Checkout) -> Option<T>) -> Result<T, Refusal> {
        let state = self.0.state.lock().await;
        let found = state.checkouts.values().find_map(pick);
        found.ok_or_else(|| StandInError::Unknown.into())
    }

    fn page_of(&self, checkout: &str) -> String {
        format!("{}/checkout/{checkout}", self.0.options.page_base_url)
    }
}

fn read_form(body: &str) -> Form {
    form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect()
}

fn idempotency(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

async fn create_price(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    provider.stripe_call(&headers)?;
    let form = read_form(&body);
    let price = price_data(&form, PRICE).ok_or_else(|| missing("currency, unit_amount"))?;
    let id = fresh_id("price");
    let answer = price_json(&id, &price);
    let mut state = provider.0.state.lock().await;
    state.prices.insert(id, price);
    state.save(&provider.0.options.data).await?;
    Ok(Json(answer))
}

fn price_json(id: &str, price: &Price) -> Value {
    json!({
        "id": id,
        "object": "price",
        "unit_amount": price.amount_minor,
        "currency": price.currency,
        "recurring": {"interval": "month"},
        "type": "recurring",
    })
}

/// The price in a form, by the names of its amount, currency and product.
fn price_data(form: &Form, [amount, currency, name]: [&str; 3]) -> Option<Price> {
    Some(Price {
        amount_minor: form.get(amount)?.parse().ok()?,
        currency: form.get(currency)?.clone(),
        name: form.get(name).cloned().unwrap_or_default(),
    })
}

const PRICE: [&str; 3] = ["unit_amount", "currency", "product_data[name]"];
const PRICE_OF_LINE: [&str; 3] = [
    "line_items[0][price_data][unit_amount]",
    "line_items[0][price_data][currency]",
    "line_items[0][price_data][product_data][name]",
];

async fn read_price(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    provider.stripe_call(&headers)?;
    let state = provider.0.state.lock().await;
    let price = state.prices.get(&id).ok_or(StandInError::Unknown)?;
    Ok(Json(price_json(&id, price)))
}

async fn create_session(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    provider.stripe_call(&headers)?;
    let form = read_form(&body);
    if form.get("mode").map(String::as_str) != Some("subscription") {
        return Err(missing("mode"));
    }
    let price_id = form.get("line_items[0][price]").cloned();
    let price = match &price_id {
        Some(id) => provider.0.state.lock().await.prices.get(id).cloned(),
        None => price_data(&form, PRICE_OF_LINE),
    };
    let price = price.ok_or_else(|| missing("line_items[0]: no such price"))?;
    let prefix = "subscription_data[metadata][";
    let metadata = form.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(prefix)?.strip_suffix(']')?;
        Some((name.to_owned(), value.clone()))
    });
    let id = fresh_id("cs_test");
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let fresh = Checkout {
        url: provider.page_of(&id),
        id,
        name: price.name,
        amount_minor: price.amount_minor,
        currency: price.currency,
        metadata: metadata.collect(),
        success_url: text("success_url"),
        cancel_url: text("cancel_url"),
        created_at: provider.now().to_string(),
        declined: false,
        account: String::new(),
        live: provider.0.options.stripe_api_key.contains("_live_"),
        side: Side::Stripe(StripeSide {
            customer: form.get("customer").cloned(),
            price: price_id,
            ..StripeSide::default()
        }),
    };
    let key = idempotency(&headers, "idempotency-key");
    let checkout = provider.opened(key.as_deref(), fresh).await?;
    match &checkout.side {
        Side::Stripe(side) => Ok(Json(stripe::session_json(&checkout, side))),
        Side::Yookassa(_) => Err(missing("idempotency-key")),
    }
}

async fn read_session(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    provider.stripe_call(&headers)?;
    let session = |checkout: &Checkout| match &checkout.side {
        Side::Stripe(side) if checkout.id == id => Some(stripe::session_json(checkout, side)),
        _ => None,
    };
    provider.find(session).await.map(Json)
}

async fn read_subscription(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    provider.stripe_call(&headers)?;
    let subscription = |checkout: &Checkout| {
        let Side::Stripe(side) = &checkout.side else {
            return None;
        };
        let subscription = side.subscription.as_ref().filter(|s| s.id == id)?;
        Some(stripe::subscription_json(checkout, side, subscription))
    };
    provider.find(subscription).await.map(Json)
}

/// The page of a customer's checkout is their portal too.
async fn create_portal(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    provider.stripe_call(&headers)?;
    let form = read_form(&body);
    let customer = form.get("customer").ok_or_else(|| missing("customer"))?;
    let checkout = |checkout: &Checkout| match &checkout.side {
        Side::Stripe(StripeSide {
            subscription: Some(subscription),
            ..
        }) if subscription.customer == *customer => Some(checkout.id.clone()),
        _ => None,
    };
    let checkout = provider.find(checkout).await?;
    Ok(Json(json!({
        "id": fresh_id("bps"),
        "object": "billing_portal.session",
        "customer": customer,
        "return_url": form.get("return_url"),
        "url": provider.page_of(&checkout),
    })))
}

async fn end_subscription(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    provider.stripe_call(&headers)?;
    let of = |checkout: &Checkout| match &checkout.side {
        Side::Stripe(side) => {
            let alive = |s: &&Subscription| s.id == id && s.status != "canceled";
            side.subscription.as_ref().filter(alive)?;
            Some(checkout.id.clone())
        }
        Side::Yookassa(_) => None,
    };
    let checkout = provider.find(of).await?;
    provider.cancel(&checkout).await?;
    Ok(Json(
        json!({"id": id, "object": "subscription", "status": "canceled"}),
    ))
}

fn invoice_of<'a>(checkout: &'a Checkout, charge: &str) -> Option<(&'a StripeSide, &'a Invoice)> {
    let Side::Stripe(side) = &checkout.side else {
        return None;
    };
    let invoice = side.invoices.iter().find(|i| i.charge == charge)?;
    Some((side, invoice))
}

async fn read_charge(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<Form>,
) -> Answer {
    provider.stripe_call(&headers)?;
    let expand = query.get("expand[]").map(String::as_str) == Some("invoice");
    let charge = |checkout: &Checkout| {
        let (side, invoice) = invoice_of(checkout, &id)?;
        Some(stripe::charge_json(checkout, side, invoice, expand))
    };
    provider.find(charge).await.map(Json)
}

async fn create_stripe_refund(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    body: String,
) -> Answer {
    provider.stripe_call(&headers)?;
    let form = read_form(&body);
    let charge = form.get("charge").ok_or_else(|| missing("charge"))?;
    let checkout = provider
        .find(|checkout| invoice_of(checkout, charge).map(|_| checkout.id.clone()))
        .await?;
    let amount = form.get("amount").map(|text| text.parse::<u64>());
    let amount = amount.transpose().map_err(|_| missing("amount"))?;
    provider.refund(&checkout, amount).await?;
    Ok(Json(json!({
        "id": fresh_id("re"), "object": "refund", "charge": charge, "status": "succeeded",
    })))
}

async fn create_payment(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    provider.yookassa_call(&headers)?;
    let key = idempotency(&headers, "idempotence-key").ok_or_else(|| missing("Idempotence-Key"))?;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let currency = text("/amount/currency").ok_or_else(|| missing("amount.currency"))?;
    let amount_minor = text("/amount/value").and_then(|value| money::minor(value, currency));
    let charged = text("/payment_method_id");
    let return_url = text("/confirmation/return_url").or(charged.map(|_| ""));
    let return_url = return_url.ok_or_else(|| missing("return_url"))?;
    let id = fresh_id("pay");
    let metadata = body["metadata"].as_object().into_iter().flatten();
    let fresh = Checkout {
        url: provider.page_of(&id),
        id,
        name: text("/description").unwrap_or_default().to_owned(),
        amount_minor: amount_minor.ok_or_else(|| missing("amount.value"))?,
        currency: currency.to_ascii_lowercase(),
        metadata: metadata
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        success_url: return_url.to_owned(),
        cancel_url: return_url.to_owned(),
        created_at: provider.now().to_string(),
        declined: false,
        account: provider.0.options.yookassa_shop.clone(),
        live: provider.0.options.yookassa_key.starts_with("live_"),
        side: Side::Yookassa(YookassaSide {
            status: "pending".to_owned(),
            save_method: body["save_payment_method"] == json!(true) || charged.is_some(),
            charged: charged.map(str::to_owned),
            ..YookassaSide::default()
        }),
    };
    let checkout = match charged {
        Some(method) => provider.charge(&key, method, fresh).await?,
        None => provider.opened(Some(&key), fresh).await?,
    };
    payment_of(&checkout).map(Json)
}

fn payment_of(checkout: &Checkout) -> Result<Value, Refusal> {
    match &checkout.side {
        Side::Yookassa(side) => Ok(yookassa::payment_json(checkout, side)),
        Side::Stripe(_) => Err(StandInError::Unknown.into()),
    }
}

async fn read_payment(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    provider.yookassa_call(&headers)?;
    let payment = |checkout: &Checkout| payment_of(checkout).ok().filter(|_| checkout.id == id);
    provider.find(payment).await.map(Json)
}

async fn create_yookassa_refund(
    State(provider): State<ProviderStandIn>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Answer {
    provider.yookassa_call(&headers)?;
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let payment = text("/payment_id").ok_or_else(|| missing("payment_id"))?;
    let currency = text("/amount/currency").unwrap_or_default();
    let amount = text("/amount/value").and_then(|value| money::minor(value, currency));
    let amount = amount.ok_or_else(|| missing("amount.value"))?;
    provider.refund(payment, Some(amount)).await?;
    Ok(Json(json!({
        "id": fresh_id("rfnd"), "payment_id": payment, "status": "succeeded", "amount": body["amount"],
    })))
}
