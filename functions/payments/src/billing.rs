//! What a workspace has, has paid and may do.

use axum::{Json, extract::State};
use domain::{
    billing::{Access, Dispute, History, Provider, Status, history::PaymentState},
    time::Timestamp,
};
use platform::http::{Problem, ProblemDocument, SignedIn};
use serde::Serialize;
use store::catalog::Workspace;
use utoipa::ToSchema;

use crate::App;

/// A payment of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView {
    /// The payment at its provider.
    pub id: String,
    /// Who took it.
    #[schema(value_type = String, example = "stripe")]
    pub provider: Provider,
    /// `pending`, `failed`, `void` or `paid`.
    #[schema(value_type = String, example = "paid")]
    pub state: PaymentState,
    /// When it came to that, by the provider's clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// In the currency's smallest unit.
    pub amount_minor: u64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// What of it was paid back.
    pub refunded_minor: u64,
    /// What was paid for.
    pub plan: Option<String>,
}

/// The free trial.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BillingTrialView)]
pub struct TrialView {
    /// When the address was verified.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// From then on the workspace is read-only, unless it is paid for.
    #[schema(value_type = String, format = DateTime)]
    pub ends_at: Timestamp,
}

/// The billing of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct BillingView {
    /// `trialing`, `active`, `past_due`, `suspended` or `canceled`, by the clock of this answer.
    #[schema(value_type = String, example = "active")]
    pub status: Status,
    /// `full`, or `read_only`: see, download, pay and use privacy rights.
    #[schema(value_type = String, example = "full")]
    pub access: Access,
    /// The trial, where there was one.
    pub trial: Option<TrialView>,
    /// The plan that is paid for.
    pub plan: Option<String>,
    /// Who takes the payments.
    #[schema(value_type = Option<String>)]
    pub provider: Option<Provider>,
    /// End of the period that is paid for.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub paid_until: Option<Timestamp>,
    /// End of the days of grace after a failed payment.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub grace_until: Option<Timestamp>,
    /// The next period is charged by itself, until the customer cancels.
    pub renews: bool,
    /// The plan of the next period, where it is charged by itself.
    pub next_plan: Option<String>,
    /// From then on the workspace is read-only, if nothing is paid before;
    /// missing where there never was more than that.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub open_until: Option<Timestamp>,
    /// From then on the data is due for destruction, if nothing is paid before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub destruction_at: Option<Timestamp>,
    /// `open`, `won` or `lost`: an objection to a payment at the payer's bank.
    #[schema(value_type = Option<String>)]
    pub dispute: Option<Dispute>,
    /// What was paid back in the currency of the last refund, in its smallest unit.
    pub refunded_minor: u64,
    /// Bytes stored, with those reserved by uploads under way.
    pub stored_bytes: u64,
    /// The most bytes that may be stored.
    pub storage_limit_bytes: u64,
    /// The payments that are remembered, newest first.
    pub payments: Vec<PaymentView>,
}

fn payments(history: &History) -> Vec<PaymentView> {
    let mut payments: Vec<PaymentView> = history
        .payments
        .iter()
        .map(|(id, seen)| PaymentView {
            id: id.clone(),
            provider: seen.value.provider,
            state: seen.value.state,
            at: seen.at,
            amount_minor: seen.value.amount_minor,
            currency: seen.value.currency.clone(),
            refunded_minor: history.refunded(id),
            plan: seen.value.plan.clone(),
        })
        .collect();
    payments.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    payments
}

/// Read the billing of the workspace.
#[utoipa::path(get, path = "/billing", tag = "billing", responses(
    (status = 200, body = BillingView),
    (status = 401, body = ProblemDocument, description = "Not signed in"),
), security(("bearer" = []), ("cookie" = [])))]
pub async fn read(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<BillingView>, Problem> {
    let history = app.db.billing_history(signed_in.workspace_id()).await?;
    Ok(Json(view(&signed_in.workspace, &history, signed_in.now)))
}

pub(crate) fn view(workspace: &Workspace, history: &History, now: Timestamp) -> BillingView {
    let billing = &workspace.billing;
    let agreed = history.agreement().and_then(|agreement| agreement.plan);
    let next_plan = agreed.or_else(|| billing.plan.clone());
    BillingView {
        status: billing.standing(now),
        access: workspace.access(now),
        trial: billing.trial.map(|trial| TrialView {
            started_at: trial.started_at,
            ends_at: trial.ends_at,
        }),
        plan: billing.plan.clone(),
        provider: billing.provider,
        paid_until: billing.paid_until,
        grace_until: billing.grace_until,
        renews: billing.renews,
        next_plan: next_plan.filter(|_| billing.renews),
        open_until: billing.open_until(),
        destruction_at: workspace.ending().map(|ending| ending.destruction_at()),
        dispute: billing.dispute,
        refunded_minor: billing.refunded_minor,
        stored_bytes: workspace.stored_bytes,
        storage_limit_bytes: workspace.storage_limit_bytes,
        payments: payments(history),
    }
}
