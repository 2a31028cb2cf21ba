//! The customer's own control: renewals that we charge are switched off and on
//! and get another plan here; a subscription at Stripe on Stripe's own page
//! (terms 4.3: "you can cancel at any time").

use axum::{Json, extract::State};
use domain::billing::{Provider, history::Choice};
use platform::http::{JsonBody, Problem, ProblemDocument, SignedIn};
use serde::{Deserialize, Serialize};
use store::catalog::{Workspace, billing::Billed};
use utoipa::ToSchema;

use crate::{
    App,
    billing::{BillingView, view},
    checkout::closing,
    webhook::ATTEMPTS,
};

/// Whether the following months are charged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalRequest {
    /// `false` withdraws the agreement: nothing is charged any more, and the
    /// period that is paid for stays open. `true` agrees again.
    renews: bool,
    /// The plan of the following months, as `GET /plans` lists it; the one that
    /// is paid for, when it is missing.
    #[schema(example = "studio")]
    plan: Option<String>,
}

/// Choose whether and with which plan the following months are charged.
///
/// Only an owner may. It is for workspaces that have paid at YooKassa and
/// agreed to renewals there; a subscription at Stripe is managed on the page
/// that `POST /billing/portal` opens. Another plan begins with the next month.
/// Who declines a document in force can end the renewal, and agree to none.
#[utoipa::path(
    post, path = "/billing/renewal", tag = "billing", request_body = RenewalRequest,
    responses(
        (status = 200, body = BillingView),
        (status = 400, body = ProblemDocument, description = "Not JSON"),
        (status = 401, body = ProblemDocument, description = "Not signed in"),
        (status = 403, body = ProblemDocument, description = "Not an owner, or the renewal is agreed to while a document in force is declined"),
        (status = 409, body = ProblemDocument, description = "Nothing is renewed by us, or the workspace is being closed"),
        (status = 413, body = ProblemDocument, description = "The body is too large"),
        (status = 415, body = ProblemDocument, description = "Not JSON by its content type"),
        (status = 422, body = ProblemDocument, description = "Unknown plan"),
        (status = 503, body = ProblemDocument, description = "Try again"),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn choose(
    State(app): State<App>,
    signed_in: SignedIn,
    body: JsonBody<RenewalRequest>,
) -> Result<Json<BillingView>, Problem> {
    signed_in.must_own()?;
    let wanted = &body.value;
    if wanted.renews {
        signed_in.may_agree()?;
    }
    let known = |code: &String| app.plan(code).is_some();
    if !wanted.plan.as_ref().is_none_or(known) {
        return Err(Problem::field(
            "plan",
            "there is no such plan, `GET /plans` lists them",
        ));
    }
    let now = signed_in.now;
    for _ in 0..ATTEMPTS {
        let billed = app.db.billed(signed_in.workspace_id()).await?;
        let billed = billed.ok_or_else(Problem::not_found)?;
        let choice = Choice {
            at: now,
            plan: plan(&billed, wanted)?,
        };
        match app.db.choose_renewal(&billed, choice, &app.terms()).await {
            Ok(history) => {
                let mut workspace: Workspace = billed.workspace().clone();
                workspace.billing = history.account(workspace.billing.trial);
                return Ok(Json(view(&workspace, &history, now)));
            }
            // an event changed it meanwhile: look again
            Err(error) if error.refused("workspace") || error.refused("history") => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy())
}

/// The plan of the following months, or none, where the choice is ours to carry out.
fn plan(billed: &Billed, wanted: &RenewalRequest) -> Result<Option<String>, Problem> {
    let account = &billed.workspace().billing;
    if billed.workspace().closing_since.is_some() {
        return Err(closing());
    }
    if account.subscription.is_some() {
        return Err(Problem::conflict(
            "renewed_by_provider",
            "This subscription is renewed by Stripe. Open its page with `POST /billing/portal`.",
        ));
    }
    if !billed.history().has_saved_method() {
        return Err(Problem::conflict(
            "nothing_to_renew",
            "No means of payment is kept for this workspace, so nothing is charged by itself.",
        ));
    }
    let plan = wanted.plan.clone().or_else(|| account.plan.clone());
    Ok(plan.filter(|_| wanted.renews))
}

/// Where to go afterwards.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PortalRequest {
    /// An address of one of our own origins.
    return_url: Option<String>,
}

/// A page of the provider's.
#[derive(Debug, Serialize, ToSchema)]
pub struct PortalView {
    /// Its address, which works for a short time.
    url: String,
}

/// Open Stripe's page for an own subscription.
///
/// Only an owner may. There they cancel with effect from the end of the period,
/// change the plan or the card, and read invoices.
#[utoipa::path(
    post, path = "/billing/portal", tag = "billing", request_body = PortalRequest,
    responses(
        (status = 200, body = PortalView),
        (status = 400, body = ProblemDocument, description = "Not JSON"),
        (status = 401, body = ProblemDocument, description = "Not signed in"),
        (status = 403, body = ProblemDocument, description = "Not an owner"),
        (status = 409, body = ProblemDocument, description = "The workspace is no customer of Stripe's"),
        (status = 413, body = ProblemDocument, description = "The body is too large"),
        (status = 415, body = ProblemDocument, description = "Not JSON by its content type"),
        (status = 422, body = ProblemDocument, description = "A foreign address"),
        (status = 502, body = ProblemDocument, description = "The provider refused"),
        (status = 503, body = ProblemDocument, description = "Try again"),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub async fn portal(
    State(app): State<App>,
    signed_in: SignedIn,
    body: JsonBody<PortalRequest>,
) -> Result<Json<PortalView>, Problem> {
    signed_in.must_own()?;
    let return_url = body.value.return_url.as_deref();
    let return_url = app.origins.accept("return_url", return_url)?;
    let billing = &signed_in.workspace.billing;
    let customer = billing.customer.as_deref();
    let customer = customer.filter(|_| billing.provider == Some(Provider::Stripe));
    let customer = customer.ok_or_else(|| {
        Problem::conflict(
            "no_subscription",
            "This workspace has no subscription at Stripe.",
        )
    })?;
    let url = app.stripe.open_portal(customer, return_url).await?;
    Ok(Json(PortalView { url }))
}
