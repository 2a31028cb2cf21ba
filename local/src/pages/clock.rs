//! `GET` and `POST /_local/clock`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Pages;
use crate::clock::{ClockError, MachineClock};

#[derive(Deserialize)]
struct Advance {
    /// Seconds.
    advance_seconds: i64,
}

/// The time of the machine.
pub(super) async fn read(State(pages): State<Pages>) -> Json<Value> {
    Json(reading(&pages.clock))
}

/// Moves the clock: JSON from programs, a form from the start page.
pub(super) async fn advance(State(pages): State<Pages>, body: Bytes) -> Response {
    let form = form_seconds(&body);
    let Some(seconds) = form.or_else(|| json_seconds(&body)) else {
        let example = "Send {\"advance_seconds\": 3600}.";
        return (StatusCode::BAD_REQUEST, example).into_response();
    };
    match pages.clock.advance(SignedDuration::from_secs(seconds)) {
        Ok(()) if form.is_some() => Redirect::to("/_local/").into_response(),
        Ok(()) => Json(reading(&pages.clock)).into_response(),
        Err(error @ ClockError::Step) => {
            (StatusCode::BAD_REQUEST, error.to_string()).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The body tells which it is: `curl -d` calls any body a form.
fn form_seconds(body: &[u8]) -> Option<i64> {
    let (_, value) = form_urlencoded::parse(body).find(|(name, _)| name == "advance_seconds")?;
    value.parse().ok()
}

fn json_seconds(body: &[u8]) -> Option<i64> {
    let advance: Advance = serde_json::from_slice(body).ok()?;
    Some(advance.advance_seconds)
}

fn reading(clock: &MachineClock) -> Value {
    json!({"now": clock.now(), "offset_seconds": clock.offset().as_secs()})
}
