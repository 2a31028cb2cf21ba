//! One consequence: leased, carried out, done.

use domain::{
    compliance::processor::Unregistered, consequence::Consequence, ledger::Entry,
    time::SignedDuration,
};
use futures::FutureExt;
use platform::{
    mail::MailError,
    metrics::{self, Metric},
    queue::QueueError,
};
use store::{
    Key, StoreError,
    due::{Bounds, Worked},
    outbox::{self, Message},
    personal::GateError,
};

use crate::{App, notices, post};

/// What one sweep takes on: well below the function's timeout.
const SWEEP: Bounds = Bounds {
    page: 25,
    per_queue: 50,
    step_back: SignedDuration::from_mins(15),
};

/// Why a consequence is not delivered yet.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Somebody else is at it.
    #[error("it is being delivered already")]
    Leased,
    /// The person's data.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// SES.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// SQS.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What would be passed on, the register does not name.
    #[error(transparent)]
    Unregistered(#[from] Unregistered),
}

/// Delivers one consequence; one that is gone was delivered, or erased, before.
pub async fn deliver(app: &App, key: &Key) -> Result<(), DeliveryError> {
    let message = match app.db.lease(key, app.clock.now()).await {
        Ok(Some(message)) => message,
        Ok(None) => return Ok(()),
        Err(error) if error.refused("lease") => return Err(DeliveryError::Leased),
        Err(error) => return Err(error.into()),
    };
    match carry_out(app, &message).await {
        Ok(entry) => {
            // if this fails, what has gone out goes once more, but not before the lease has run
            // out: the doubled letters of a bad hour stay few
            app.db.delivered(key, entry).await?;
            metrics::record(Metric::OutboxDelivered, 1);
            Ok(())
        }
        Err(error) => {
            metrics::record(Metric::OutboxFailed, 1);
            let holder = message.lease_holder.as_deref().unwrap_or_default();
            if let Err(kept) = app.db.release(key, holder).await {
                tracing::warn!(message = key.sk, error = %kept, "the lease runs out by itself");
            }
            Err(error)
        }
    }
}

/// Returns what the ledger says of it.
async fn carry_out(app: &App, message: &Message) -> Result<Option<Entry>, DeliveryError> {
    match &message.consequence {
        // boxed: its type nests deeper than the compiler looks
        Consequence::Mail { to, letter } => post::send(app, message, *to, letter).boxed().await,
        Consequence::Job { job } => {
            app.jobs.send(job).await?;
            Ok(None)
        }
        Consequence::Notice { notice } => notices::send(app, *notice).boxed().await,
    }
}

/// Delivers what the stream did not.
pub async fn sweep(app: &App) -> Result<Worked, StoreError> {
    let now = app.clock.now();
    let handle = |key: Key| async move {
        match deliver(app, &key).await {
            Err(DeliveryError::Leased) => Ok(()),
            other => other,
        }
    };
    app.db.work_off(&outbox::queues(), now, SWEEP, handle).await
}
