//! What is ours to do, by a schedule: word of requests is taken in, what nobody has
//! confirmed ends, controllers are called back.
//!
//! The schedule sends what an HTTP API sends for `POST /exchanges`, because the
//! function takes nothing else. No route of the API leads there, and a request that
//! came through an API says so.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Extension, Json, extract::State};
use domain::time::{SignedDuration, Timestamp};
use lambda_http::request::RequestContext;
use platform::http::Problem;
use serde::Serialize;
use store::{
    Key, StoreError,
    due::Bounds,
    opendsr::{CALLBACKS, Callback, Duty, MOVES},
};

use crate::{App, callback, party::Party};

/// What one run takes on of each queue. What fails steps back.
const BOUNDS: Bounds = Bounds {
    page: 25,
    per_queue: 50,
    step_back: SignedDuration::from_mins(15),
};

/// No work begins later in a run than this: one callback may take eight seconds, and
/// the function has 25.
const BEGUN_WITHIN: Duration = Duration::from_secs(12);

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Summary {
    processed: usize,
    failed: usize,
    more: bool,
}

/// Does what is due: first what callbacks follow from, then these.
pub(crate) async fn run(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
) -> Result<Json<Summary>, Problem> {
    let scheduled =
        matches!(&context, RequestContext::ApiGatewayV2(context) if context.apiid.is_none());
    if !scheduled {
        return Err(Problem::not_found());
    }
    let Some(party) = &app.party else {
        return Ok(Json(Summary::default()));
    };
    // one time for the whole run, so that callbacks are due in the run that they follow from
    let (now, started) = (app.clock.now(), Instant::now());
    let queues = [MOVES, CALLBACKS].map(str::to_owned);
    let work = |key: Key| in_time(&app, party, key, now, started);
    let worked = app.db.work_off(&queues, now, BOUNDS, work).await?;
    let (processed, failed, more) = (worked.processed, worked.failed, worked.more);
    tracing::info!(processed, failed, more, "exchanges looked at");
    Ok(Json(Summary {
        processed,
        failed,
        more,
    }))
}

/// What comes too late in a run waits for the next one.
async fn in_time(
    app: &App,
    party: &Arc<Party>,
    key: Key,
    now: Timestamp,
    started: Instant,
) -> Result<(), StoreError> {
    if started.elapsed() >= BEGUN_WITHIN {
        return Ok(());
    }
    match Duty::at(&key) {
        Some(Duty::End) => app.db.end_waiting(&key, now).await,
        Some(Duty::TakeIn) => app.db.take_move_in(&key, now).await,
        Some(Duty::Call) => match app.db.get::<Callback>(&key).await? {
            // the index may lag behind the item
            Some(waiting) if waiting.next_at <= now => {
                callback::deliver(app, party, &waiting, now).await
            }
            _ => Ok(()),
        },
        None => app.db.leave_queue(&key).await,
    }
}
