//! What is destroyed when a day is over: the salt of the statistics (clause 2.5), and
//! the keys of the visits whose time is up (5.2a).
//!
//! The schedule sends what an HTTP API sends for `POST /daily`, because the function
//! takes nothing else. No route of the API leads there, and a request that came
//! through an API says so.

use axum::{Json, extract::State};
use platform::http::{Problem, Scheduled};
use serde::Serialize;
use store::site::{destroy_salts, destroy_visit_keys};

use crate::App;

/// What a run did.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    salts_destroyed: usize,
}

/// Destroys what is over. Run again, it finds nothing.
///
/// # Errors
/// [`Problem`] when something can't be destroyed now, and for requests from outside.
pub(crate) async fn run(State(app): State<App>, _: Scheduled) -> Result<Json<Summary>, Problem> {
    let now = app.clock.now();
    let salts = destroy_salts(&app.db, now).await;
    let keys = destroy_visit_keys(&app.db, now).await;
    let failed = [salts.as_ref().err(), keys.as_ref().err()];
    for error in failed.into_iter().flatten() {
        platform::alarm!("day_not_ended", %error, "a salt or a key outlives its day");
    }
    keys?;
    let salts_destroyed = salts?;
    tracing::info!(salts_destroyed, "days looked at");
    Ok(Json(Summary { salts_destroyed }))
}
