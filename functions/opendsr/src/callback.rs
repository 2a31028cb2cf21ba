//! A controller is told that the status of its request has changed (OpenDSR 2.0, 8.5).

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::{
    opendsr::Status,
    time::{SignedDuration, Timestamp},
};
use platform::{
    alarm,
    outbound::{NotCallable, OutboundError},
};
use serde::Serialize;
use store::{StoreError, opendsr::Callback};

use crate::{
    App,
    party::Party,
    signature::Unusable,
    submission::Edition,
    view::{OpenDsrEnd, extensions},
};

/// How many minutes a callback waits after each failure; after the last it is given
/// up, four days from the first.
const WAITS: [i64; 9] = [1, 5, 15, 60, 240, 720, 1440, 1440, 1440];

/// What a callback says (8.6).
#[derive(Debug, Serialize)]
struct Body<'a> {
    controller_id: &'a str,
    expected_completion_time: String,
    status_callback_url: &'a str,
    subject_request_id: &'a str,
    request_status: Status,
    api_version: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: BTreeMap<String, OpenDsrEnd>,
}

/// Why a callback was not delivered.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("the controller is not registered any more")]
    Controller,
    #[error("the address may not be called: {0}")]
    Address(#[from] NotCallable),
    #[error(transparent)]
    Unanswered(#[from] OutboundError),
    #[error("it was answered with {0}")]
    Answer(u16),
    #[error("it can't be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    #[error(transparent)]
    Unsigned(#[from] Unusable),
}

/// How long a callback waits that was tried in vain this often before; `None` when it
/// is given up.
fn wait(attempts: u32) -> Option<SignedDuration> {
    let position = usize::try_from(attempts).ok()?;
    let minutes = WAITS.get(position)?;
    Some(SignedDuration::from_mins(*minutes))
}

/// Whether a controller said anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It answered, or was not asked.
    Answered,
    /// Nobody answered in time.
    Silent,
}

impl Heard {
    fn of(reason: &Undelivered) -> Self {
        match reason {
            Undelivered::Unanswered(OutboundError::Unavailable) => Self::Silent,
            _ => Self::Answered,
        }
    }
}

/// Tries a callback once. What fails waits, ever longer, and is given up at last.
pub(crate) async fn deliver(
    app: &App,
    party: &Party,
    callback: &Callback,
    now: Timestamp,
) -> Result<Heard, StoreError> {
    let Err(reason) = send(party, callback).await else {
        app.db.forget_callback(callback).await?;
        return Ok(Heard::Answered);
    };
    let (controller, request) = (&callback.exchange.controller, &callback.exchange.request);
    match wait(callback.attempts) {
        Some(wait) => {
            tracing::warn!(%controller, %request, %reason, "a callback failed, it is tried again");
            let attempts = callback.attempts + 1;
            app.db
                .postpone_callback(callback, attempts, wait, now)
                .await?;
        }
        None => {
            alarm!("opendsr_callback_given_up", %controller, %request, %reason, "a controller can't be told");
            app.db.forget_callback(callback).await?;
        }
    }
    Ok(Heard::of(&reason))
}

async fn send(party: &Party, callback: &Callback) -> Result<(), Undelivered> {
    let exchange = &callback.exchange;
    let controller = party.controller(&exchange.controller);
    let controller = controller.ok_or(Undelivered::Controller)?;
    let to = party.calls.check(&callback.url, &controller.hosts)?;
    let body = serde_json::to_vec(&Body {
        controller_id: exchange.controller.as_str(),
        expected_completion_time: callback.expected_at.to_string(),
        status_callback_url: &callback.url,
        subject_request_id: exchange.request.as_str(),
        request_status: callback.standing.status,
        api_version: Edition::OpenDsr.api_version(),
        extensions: extensions(&party.domain, callback.standing),
    })?;
    let headers = party.headers(&body)?;
    let status = party.calls.post(&to, &headers, Bytes::from(body)).await?;
    // a redirect is no delivery, and is not followed
    match status.is_success() {
        true => Ok(()),
        false => Err(Undelivered::Answer(status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use domain::time::days;
    use proptest::prelude::*;

    #[test]
    fn a_callback_is_tried_for_about_four_days_and_then_given_up() {
        let waits: Vec<_> = (0..).map_while(wait).collect();
        let all: SignedDuration = waits.iter().copied().sum();
        assert_eq!(waits.len(), 9);
        assert!(all > days(3) && all < days(5), "{all:?}");
    }

    #[test]
    fn a_controller_that_answers_is_not_silent_whatever_it_answers() {
        let nobody = Undelivered::Unanswered(OutboundError::Unavailable);
        assert_eq!(Heard::of(&nobody), Heard::Silent);
        assert_eq!(Heard::of(&Undelivered::Answer(503)), Heard::Answered);
        assert_eq!(Heard::of(&Undelivered::Controller), Heard::Answered);
    }

    proptest! {
        #[test]
        fn it_waits_longer_each_time(attempts: u32) {
            match (wait(attempts), wait(attempts.saturating_add(1))) {
                (Some(now), Some(next)) => prop_assert!(now <= next),
                (None, next) => prop_assert_eq!(next, None),
                (Some(_), None) => {}
            }
        }
    }
}
