//! What is sold. Public.

use axum::{Json, extract::State};
use domain::billing::{Provider, plan::Plan};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    /// What a checkout names.
    #[schema(example = "team")]
    pub code: String,
    /// The name that people read.
    #[schema(example = "Team")]
    pub name: String,
    /// The price of a month in the currency's smallest unit.
    #[schema(example = 4900)]
    pub amount_minor: u64,
    /// ISO 4217, lower case.
    #[schema(example = "usd")]
    pub currency: String,
    /// Bytes that may be stored in all.
    pub storage_bytes: u64,
}

impl From<&Plan> for PlanView {
    fn from(plan: &Plan) -> Self {
        Self {
            code: plan.code.clone(),
            name: plan.name.clone(),
            amount_minor: plan.amount_minor,
            currency: plan.currency.clone(),
            storage_bytes: plan.storage_bytes,
        }
    }
}

/// Every plan, and who may take the payment.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanList {
    /// The plans.
    pub items: Vec<PlanView>,
    /// Always null: the list is one page.
    pub next_cursor: Option<String>,
    /// The providers that a checkout may name.
    #[schema(value_type = Vec<String>, example = json!(["stripe", "yookassa"]))]
    pub providers: Vec<Provider>,
}

/// List the plans that can be bought.
#[utoipa::path(get, path = "/plans", tag = "billing", responses((status = 200, body = PlanList)))]
pub async fn list(State(app): State<App>) -> Json<PlanList> {
    Json(PlanList {
        items: app.plans.iter().map(PlanView::from).collect(),
        next_cursor: None,
        providers: app.offered(),
    })
}
