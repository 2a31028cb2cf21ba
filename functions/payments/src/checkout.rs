//! Opens a provider's own page for a plan. Also while the workspace is
//! read-only: to pay is how it becomes writable.

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    billing::{Account, Provider, Status},
    ids::CheckoutId,
    time::Timestamp,
};
use http::Uri;
use platform::{
    ConfigError, Env,
    http::{IdempotencyKey, JsonBody, Problem, ProblemDocument, SignedIn},
};
use serde::{Deserialize, Serialize};
use store::{
    Tx,
    catalog::billing::{Checkout, checkout_key},
    idempotency::{Earlier, Request},
};
use utoipa::ToSchema;

use crate::{App, provider::Wanted};

/// What to buy, from whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutRequest {
    /// A plan's code, as `GET /plans` lists it.
    #[schema(example = "team")]
    plan: String,
    /// `stripe` or `yookassa`.
    #[schema(value_type = String, example = "stripe")]
    provider: Provider,
    /// With `yookassa`: the payer agrees, in a box of its own that is not ticked
    /// in advance, that the following months are charged to the same means of
    /// payment until they say otherwise (`POST /billing/renewal`). Stripe's page
    /// is that of a subscription and asks by itself.
    #[serde(default)]
    renew: bool,
    /// Where the payer goes after paying: an address of one of our own origins.
    success_url: Option<String>,
    /// Where the payer goes who gives up: an address of one of our own origins.
    cancel_url: Option<String>,
}

/// A checkout that is open at its provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckoutView {
    /// The checkout.
    #[schema(value_type = String, example = "chk_0192f0c1a2b37c4d8e9f0a1b2c3d4e5f")]
    id: CheckoutId,
    /// At whom.
    #[schema(value_type = String, example = "stripe")]
    provider: Provider,
    /// What is bought.
    plan: String,
    /// The page on which the payer pays.
    url: String,
}

impl From<Checkout> for CheckoutView {
    fn from(checkout: Checkout) -> Self {
        Self {
            id: checkout.id,
            provider: checkout.provider,
            plan: checkout.plan,
            url: checkout.url,
        }
    }
}

/// Where a payer may be sent back to: nowhere but our own pages.
pub(crate) struct Origins {
    home: String,
    allowed: Vec<String>,
}

impl Origins {
    pub(crate) fn new(env: &Env) -> Result<Self, ConfigError> {
        let home = env.required("PUBLIC_URL")?;
        let mut allowed = env.list("WEB_ORIGINS");
        let own = origin(&home).ok_or_else(|| {
            ConfigError::Invalid("PUBLIC_URL", "it is not an http address".to_owned())
        })?;
        allowed.push(own);
        Ok(Self { home, allowed })
    }

    pub(crate) fn accept<'a>(
        &'a self,
        field: &str,
        url: Option<&'a str>,
    ) -> Result<&'a str, Problem> {
        let Some(url) = url else {
            return Ok(&self.home);
        };
        let ours = origin(url).is_some_and(|origin| self.allowed.contains(&origin));
        if ours {
            Ok(url)
        } else {
            Err(Problem::field(
                field,
                "it must be an address of one of this service's own origins",
            ))
        }
    }
}

fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?.as_str());
    let plain = matches!(scheme, "http" | "https") && !authority.contains('@');
    plain.then(|| format!("{scheme}://{authority}"))
}

/// A subscription that is alive is not bought a second time, one that is over
/// may be followed by another before its last period ends; a prepaid month may
/// be followed by another at the same provider.
fn may_buy(account: &Account, provider: Provider, now: Timestamp) -> Result<(), Problem> {
    let alive = matches!(account.standing(now), Status::Active | Status::PastDue)
        && account.status != Status::Canceled;
    let prepaid = provider == Provider::Yookassa && account.subscription.is_none();
    if alive && !prepaid {
        return Err(Problem::conflict(
            "already_paying",
            "This workspace already has a plan that is paid for.",
        ));
    }
    Ok(())
}

/// Open the checkout of a plan at a payment provider.
///
/// Only an owner may; also while the workspace is read-only. The answer names
/// the provider's page. The plan begins when the provider reports the payment.
#[utoipa::path(
    post, path = "/billing/checkout", tag = "billing",
    request_body = CheckoutRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body give the same checkout for 24 hours")),
    responses(
        (status = 201, body = CheckoutView),
        (status = 400, body = ProblemDocument, description = "Not JSON"),
        (status = 401, body = ProblemDocument, description = "Not signed in"),
        (status = 403, body = ProblemDocument, description = "Not an owner, or a document in force is declined"),
        (status = 409, body = ProblemDocument, description = "Already paying, or the workspace is being closed"),
        (status = 413, body = ProblemDocument, description = "The body is too large"),
        (status = 415, body = ProblemDocument, description = "Not JSON by its content type"),
        (status = 422, body = ProblemDocument, description = "Unknown plan or provider, a foreign address, or a key that was used for another request"),
        (status = 502, body = ProblemDocument, description = "The provider refused"),
        (status = 503, body = ProblemDocument, description = "Try again"),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn open(
    State(app): State<App>,
    signed_in: SignedIn,
    IdempotencyKey(key): IdempotencyKey,
    body: JsonBody<CheckoutRequest>,
) -> Result<(StatusCode, Json<CheckoutView>), Problem> {
    signed_in.must_own()?;
    signed_in.may_agree()?;
    let request = key.as_deref().map(|key| Request {
        workspace: signed_in.workspace_id(),
        route: "POST /billing/checkout",
        key,
        body: &body.bytes,
    });
    if let Some(request) = &request
        && let Some(checkout) = earlier(&app, request).await?
    {
        return Ok(created(checkout));
    }
    let checkout = at_provider(&app, &signed_in, key.as_deref(), &body.value).await?;
    let mut tx = Tx::new();
    tx.open_checkout(&checkout, signed_in.subject())
        .map_err(|unregistered| Problem::internal(&unregistered))?;
    if let Some(request) = &request {
        tx.once(request, &checkout.id.to_string(), signed_in.now)?;
    }
    match (app.db.commit(tx).await, &request) {
        (Ok(()), _) => Ok(created(checkout)),
        // the same request was faster
        (Err(error), Some(request)) if error.refused("idempotency") => {
            let found = earlier(&app, request).await?;
            found.map(created).ok_or_else(Problem::busy)
        }
        (Err(error), _) if error.refused("workspace") || error.refused("person") => Err(closing()),
        (Err(error), _) => Err(error.into()),
    }
}

fn created(checkout: Checkout) -> (StatusCode, Json<CheckoutView>) {
    (StatusCode::CREATED, Json(checkout.into()))
}

pub(crate) fn closing() -> Problem {
    Problem::conflict(
        "workspace_closing",
        "This workspace is being closed; nothing can be bought for it any more.",
    )
}

/// What the same request opened before.
async fn earlier(app: &App, request: &Request<'_>) -> Result<Option<Checkout>, Problem> {
    let id: CheckoutId = match app.db.earlier(request).await? {
        None => return Ok(None),
        Some(Earlier::Other) => {
            return Err(Problem::invalid(
                "idempotency_key_reused",
                "This `Idempotency-Key` was used for another request. Choose a new one.",
            ));
        }
        Some(Earlier::Same(id)) => match id.parse() {
            Ok(id) => id,
            Err(error) => return Err(Problem::internal(&error)),
        },
    };
    Ok(app.db.get(&checkout_key(request.workspace, id)).await?)
}

async fn at_provider(
    app: &App,
    signed_in: &SignedIn,
    key: Option<&str>,
    request: &CheckoutRequest,
) -> Result<Checkout, Problem> {
    let plan = app
        .plan(&request.plan)
        .ok_or_else(|| Problem::field("plan", "there is no such plan, `GET /plans` lists them"))?;
    if !app.offered().contains(&request.provider) {
        return Err(Problem::field("provider", "this provider is not offered"));
    }
    let success_url = request.success_url.as_deref();
    let success_url = app.origins.accept("success_url", success_url)?;
    let cancel_url = request.cancel_url.as_deref();
    let cancel_url = app.origins.accept("cancel_url", cancel_url)?;
    let (workspace, now) = (&signed_in.workspace, signed_in.now);
    if workspace.closing_since.is_some() {
        return Err(closing());
    }
    may_buy(&workspace.billing, request.provider, now)?;

    let workspace_id = workspace.id.to_string();
    let wanted = Wanted {
        // of the key, so that a repeat after a crash finds the provider's first one
        id: key.map_or_else(
            || CheckoutId::new(now),
            |key| CheckoutId::derived(&[&workspace_id, key]),
        ),
        workspace: workspace.id,
        plan,
        agreed_at: Some(now).filter(|_| request.renew),
        customer: workspace
            .billing
            .customer
            .as_deref()
            .filter(|_| workspace.billing.provider == Some(Provider::Stripe)),
        success_url,
        cancel_url,
    };
    let url = match request.provider {
        Provider::Stripe => app.stripe.open_checkout(&wanted).await?,
        Provider::Yookassa => app.yookassa.open_checkout(&wanted).await?,
    };
    Ok(Checkout {
        workspace: workspace.id,
        id: wanted.id,
        provider: request.provider,
        plan: plan.code.clone(),
        renews: request.renew || request.provider == Provider::Stripe,
        url,
        created_at: now,
    })
}
