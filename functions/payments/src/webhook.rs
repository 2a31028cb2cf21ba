//! Takes a provider's events in. A repeat answers 200 and changes nothing; an
//! event for a workspace that is gone answers 200 and makes nothing anew.

use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use domain::{
    billing::{
        Fact, Provider,
        history::{PaymentState, SubscriptionStatus},
    },
    time::Timestamp,
};
use platform::http::{ClientInfo, PathId, Problem, ProblemDocument};
use serde::Serialize;
use store::catalog::billing::{Billed, Meeting, ProviderEvent, Tell};
use utoipa::ToSchema;

use crate::{
    App,
    provider::{ProviderError, Told},
    stripe::of_event,
};

/// How often a commit is tried while the workspace is changed by others.
pub(crate) const ATTEMPTS: u32 = 8;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was taken in.
    Applied,
    /// It had been taken in before.
    Repeated,
    /// It is about nothing of ours.
    Ignored,
    /// Its workspace is gone.
    TooLate,
}

/// The answer to a provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// What became of the event.
    pub outcome: Outcome,
}

/// Take a payment provider's event in.
///
/// Stripe's are proven by their signature over the raw body; YooKassa's come
/// from its own networks and only lead to a fetch of the payment.
#[utoipa::path(
    post, path = "/webhooks/payments/{provider}", tag = "webhooks",
    params(("provider" = String, Path, description = "`stripe` or `yookassa`")),
    request_body(content = Object, content_type = "application/json", description = "The event, as its provider documents it"),
    responses(
        (status = 200, body = Receipt),
        (status = 400, body = ProblemDocument, description = "Not an event, not signed by the provider, of the wrong mode, or about an object that the provider does not know under our key"),
        (status = 403, body = ProblemDocument, description = "Not from the provider's networks"),
        (status = 404, body = ProblemDocument, description = "No such provider"),
        (status = 413, body = ProblemDocument, description = "The body is too large"),
        (status = 502, body = ProblemDocument, description = "The provider refused to say more of the event: deliver it again"),
        (status = 503, body = ProblemDocument, description = "Deliver it again"),
    )
)]
pub async fn receive(
    State(app): State<App>,
    PathId(provider): PathId<Provider>,
    client: ClientInfo,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Receipt>, Problem> {
    let body = body.map_err(|_| {
        let detail = "The body is larger than this address takes.";
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    })?;
    let now = app.clock.now();
    let (id, kind, told) = match provider {
        Provider::Stripe => {
            let event = app.stripe.read(&headers, &body, now)?;
            let told = app.stripe.understand(&event, &app.plans, now).await?;
            (event.id, event.kind, told)
        }
        Provider::Yookassa => {
            let hint = app.yookassa.read(&client, &body)?;
            let told = app.yookassa.understand(&hint, now).await?;
            (hint.id(), hint.event, told)
        }
    };
    let event = ProviderEvent {
        provider,
        id: &id,
        kind: &kind,
    };
    let outcome = match told {
        Some(told) => apply(&app, &told, &event, now).await?,
        None => Outcome::Ignored,
    };
    Ok(Json(Receipt { outcome }))
}

/// Takes what a provider has said in, once.
///
/// # Errors
/// [`Problem`] when it must be told again.
pub(crate) async fn apply(
    app: &App,
    told: &Told,
    event: &ProviderEvent<'_>,
    now: Timestamp,
) -> Result<Outcome, Problem> {
    let mut tell = Tell::Owner;
    for _ in 0..ATTEMPTS {
        let billed = match app.db.meet(told.workspace, event).await? {
            Meeting::Repeated => return Ok(Outcome::Repeated),
            Meeting::Gone => {
                end_subscriptions(app, &told.facts).await?;
                alert_of_money(event, &told.facts);
                app.db.note_late_event(event, now).await?;
                return Ok(Outcome::TooLate);
            }
            Meeting::Workspace(billed) => billed,
        };
        let facts = certain(app, &billed, &told.facts, now).await?;
        let terms = app.terms();
        let applied = app
            .db
            .apply_event(&billed, event, &facts, &terms, tell, now);
        match applied.await {
            Ok(()) => {
                if billed.workspace().closing_since.is_some() {
                    alert_of_money(event, &facts);
                }
                return Ok(Outcome::Applied);
            }
            Err(error) if error.refused("event") => return Ok(Outcome::Repeated),
            Err(error) if error.refused("person") => tell = Tell::Nobody,
            // somebody else changed it meanwhile: meet it again
            Err(error) if error.refused("workspace") || error.refused("history") => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy())
}

/// The facts, asked for again where their order is not certain.
async fn certain(
    app: &App,
    billed: &Billed,
    facts: &[Fact],
    now: Timestamp,
) -> Result<Vec<Fact>, Problem> {
    let history = billed.history();
    let mut certain = Vec::with_capacity(facts.len());
    for fact in facts {
        certain.push(match fact {
            Fact::Subscription(id, seen) if history.is_ambiguous(fact) => {
                let asked = app.stripe.ask(id, seen.at, &app.plans, now).await;
                asked.map_err(of_event)?
            }
            certain => certain.clone(),
        });
    }
    Ok(certain)
}

/// Somebody has paid for a workspace that is gone or going: a person has to pay
/// it back (terms 4.6).
fn alert_of_money(event: &ProviderEvent<'_>, facts: &[Fact]) {
    for fact in facts {
        if let Fact::Payment(id, seen) = fact
            && seen.value.state == PaymentState::Paid
        {
            platform::alarm!(
                "payment_after_the_end",
                provider = event.provider.as_str(),
                payment = id,
                "a payment must be paid back"
            );
        }
    }
}

/// Stripe goes on charging for a subscription until it is told to stop.
async fn end_subscriptions(app: &App, facts: &[Fact]) -> Result<(), ProviderError> {
    for fact in facts {
        let alive = match fact {
            Fact::Subscription(id, seen) => {
                let over = matches!(
                    seen.value.status,
                    SubscriptionStatus::Canceled | SubscriptionStatus::IncompleteExpired
                );
                Some(id).filter(|_| !over)
            }
            Fact::Payment(_, seen) => seen.value.subscription.as_ref(),
            _ => None,
        };
        if let Some(subscription) = alive {
            app.stripe.end(subscription).await?;
        }
    }
    Ok(())
}
