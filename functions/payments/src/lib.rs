//! Provider webhooks, billing state and checkout (clauses 3.2c and 4.4).
//!
//! - [`plans`], [`billing`]: what is sold, and what a workspace has.
//! - [`checkout`]: opens the provider's own page; card data never comes here.
//! - [`renewal`]: the customer's own control of what is charged by itself.
//! - [`duties`]: charges the months that are ours to charge.
//! - [`webhook`]: takes a provider's events in, in any order and any number of times.
//! - [`stripe`], [`yookassa`]: the providers' forms, turned into facts.

pub mod billing;
pub mod checkout;
pub mod duties;
pub mod plans;
pub mod provider;
pub mod renewal;
pub mod stripe;
pub mod webhook;
pub mod yookassa;

use std::sync::Arc;

use axum::{Router, extract::FromRef, routing::post};
use domain::{
    billing::{Provider, plan::Plan},
    compliance::processor::Processor,
    time::{SignedDuration, days},
};
use platform::{
    Clock, ConfigError, Env,
    http::{Auth, edge},
    outbound::Outbound,
    secret::AppSecret,
};
use store::{Db, catalog::billing::Terms};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{checkout::Origins, stripe::Stripe, yookassa::Yookassa};

/// The most AWS calls of each route after authentication, without contention.
/// A webhook reads marker, workspace and history in one batch and commits one
/// transaction; a checkout looks its key up and commits one transaction; a
/// choice about renewals reads workspace and history in one batch and commits
/// one transaction.
pub const BUDGETS: &[(&str, u32)] = &[
    ("GET /plans", 0),
    ("GET /billing", 1),
    ("POST /billing/checkout", 2),
    ("POST /billing/portal", 0),
    ("POST /billing/renewal", 2),
    ("POST /webhooks/payments/{provider}", 2),
];

/// How long a payment's record is kept when `PAYMENT_RETENTION_DAYS` says
/// nothing: five years, a figure that is not confirmed first-hand.
const RECORD_KEPT_DAYS: i64 = 1827;

/// The function's state.
#[derive(Clone)]
pub struct App {
    db: Db,
    auth: Auth,
    clock: Clock,
    plans: Arc<Vec<Plan>>,
    origins: Arc<Origins>,
    stripe: Arc<Stripe>,
    yookassa: Arc<Yookassa>,
    record_kept: SignedDuration,
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}

impl App {
    /// Reads the environment and the application's secret.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub async fn new(
        aws: &aws_types::SdkConfig,
        env: &Env,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        let secret = AppSecret::load(aws, env).await?;
        Self::with_secret(aws, env, clock, &secret)
    }

    fn with_secret(
        aws: &aws_types::SdkConfig,
        env: &Env,
        clock: Clock,
        secret: &AppSecret,
    ) -> Result<Self, ConfigError> {
        let db = Db::new(aws, env.tables());
        let outbound = Outbound::to(&[Processor::Stripe, Processor::Yookassa]);
        let kept = match env.optional("PAYMENT_RETENTION_DAYS") {
            Some(_) => env.parsed("PAYMENT_RETENTION_DAYS")?,
            None => RECORD_KEPT_DAYS,
        };
        Ok(Self {
            auth: Auth::new(db.clone(), clock.clone(), secret, env)?,
            db,
            clock,
            plans: Arc::new(env.json("PLANS")?),
            origins: Arc::new(Origins::new(env)?),
            stripe: Arc::new(Stripe::new(env, &secret.stripe, outbound.clone())),
            yookassa: Arc::new(Yookassa::new(env, &secret.yookassa, outbound)?),
            record_kept: days(kept),
        })
    }

    /// The providers whose keys are set.
    fn offered(&self) -> Vec<Provider> {
        let mut offered = Vec::new();
        if self.stripe.is_set_up() {
            offered.push(Provider::Stripe);
        }
        if self.yookassa.is_set_up() {
            offered.push(Provider::Yookassa);
        }
        offered
    }

    fn plan(&self, code: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.code == code)
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            plans: &self.plans,
            record_kept: self.record_kept,
        }
    }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(plans::list))
        .routes(routes!(billing::read))
        .routes(routes!(checkout::open))
        .routes(routes!(renewal::portal))
        .routes(routes!(renewal::choose))
        .routes(routes!(webhook::receive))
}

/// The function's routes behind the HTTP edge, and the way in of its schedule,
/// which no route of the API leads to.
pub fn router(app: App) -> Router {
    let (router, _) = routes().split_for_parts();
    edge(router.route("/duties", post(duties::run)).with_state(app))
}

/// The function's part of the OpenAPI document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes().split_for_parts().1
}

#[cfg(test)]
mod tests;
