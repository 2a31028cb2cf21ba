//! What is ours to do about the next period, by a schedule: months are charged
//! to the method that the payer let us keep (contracts: recurring charges are
//! ours to start), charges under way are asked about, and so are subscriptions
//! whose renewal nobody told of.
//!
//! The schedule sends what an HTTP API sends for `POST /duties`, because the
//! function takes nothing else. No route of the API leads there, and a request
//! that came through an API says so.

use std::time::{Duration, Instant};

use axum::{Json, extract::State};
use domain::{
    billing::{
        Provider,
        renewal::{Charge, Work},
    },
    compliance::processor::Unregistered,
    processing::{Actor, Operation, decide},
    time::{SignedDuration, Timestamp},
};
use futures::future::try_join_all;
use platform::http::{Problem, Scheduled};
use serde::Serialize;
use store::{
    Key, StoreError, Table,
    catalog::{
        billing::{Billed, ProviderEvent, payment_transfer},
        renewal::{duty_queues, workspace_of},
    },
    due::{Bounds, Worked},
    people::{PersonRecord, person_key},
};

use crate::{
    App,
    provider::{ProviderError, Told},
    webhook,
    yookassa::{Answer, Price},
};

/// What one run takes on, its queues side by side. What fails steps back.
const BOUNDS: Bounds = Bounds {
    page: 10,
    per_queue: 10,
    step_back: SignedDuration::from_hours(1),
};

/// No work begins later in a run than this: one call to a provider may take ten
/// seconds, and the function has 25.
const BEGUN_WITHIN: Duration = Duration::from_secs(10);

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    processed: usize,
    failed: usize,
    more: bool,
}

/// Why one duty could not be done now. It is tried again.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(
        "the owner is being erased, declines a document in force or has stopped the processing: nobody is charged"
    )]
    OwnerStops,
    #[error(transparent)]
    Unregistered(#[from] Unregistered),
    #[error("the outcome could not be kept")]
    Unkept,
}

/// Does what is due, each workspace by itself.
///
/// # Errors
/// [`Problem`] when a queue can't be read, and for requests from outside.
pub async fn run(State(app): State<App>, _: Scheduled) -> Result<Json<Summary>, Problem> {
    let (now, started) = (app.clock.now(), Instant::now());
    let queues = duty_queues();
    let runs = queues.chunks(1).map(|queue| {
        let app = &app;
        app.db
            .work_off(queue, now, BOUNDS, move |key| in_time(app, key, started))
    });
    let worked = try_join_all(runs).await.inspect_err(|error| {
        platform::alarm!("duties_failed", %error, "a queue of duties can't be read");
    })?;
    let summary = worked.iter().fold(Summary::default(), Summary::with);
    tracing::info!(
        processed = summary.processed,
        failed = summary.failed,
        more = summary.more,
        "duties looked at"
    );
    Ok(Json(summary))
}

impl Summary {
    fn with(self, worked: &Worked) -> Self {
        Self {
            processed: self.processed + worked.processed,
            failed: self.failed + worked.failed,
            more: self.more || worked.more,
        }
    }
}

/// What comes too late in a run waits for the next one.
async fn in_time(app: &App, key: Key, started: Instant) -> Result<(), Undone> {
    if started.elapsed() < BEGUN_WITHIN {
        look_at(app, &key).await
    } else {
        Ok(())
    }
}

async fn look_at(app: &App, key: &Key) -> Result<(), Undone> {
    let now = app.clock.now();
    let billed = match workspace_of(key) {
        Some(workspace) => app.db.billed(workspace).await?,
        None => None,
    };
    let Some(billed) = billed else {
        return Ok(app.db.leave_queue(key).await?);
    };
    let open = billed.workspace().closing_since.is_none();
    let duty = billed.history().duty();
    match duty.filter(|duty| open && duty.is_due(now)) {
        Some(duty) => do_work(app, &billed, duty.work, now).await,
        None => Ok(app.db.requeue_duty(&billed, now).await?),
    }
}

async fn do_work(app: &App, billed: &Billed, work: Work, now: Timestamp) -> Result<(), Undone> {
    match work {
        Work::Charge(wanted) => {
            owner_goes_on(app, billed, now).await?;
            let transfer = payment_transfer(Provider::Yookassa).entry(now)?;
            let transfer = transfer.with_workspace(billed.workspace().id);
            app.db.record(transfer).await?;
            let answer = charge(app, billed, &wanted, now).await?;
            keep_payment(app, answer, now).await
        }
        Work::AskPayment(payment) => {
            let answer = app.yookassa.ask(&payment, now).await?;
            keep_payment(app, answer.ok_or(ProviderError::Unknown)?, now).await
        }
        Work::AskSubscription(subscription) => {
            // of the time of the version that it replaces: an event that is on
            // its way is later, and our clock is not the provider's
            let known = billed.history().subscriptions.remove(&subscription);
            let at = known.map_or(Timestamp::UNIX_EPOCH, |seen| seen.at);
            let fact = app.stripe.ask(&subscription, at, &app.plans, now).await?;
            let told = Told {
                workspace: billed.workspace().id,
                facts: vec![fact],
            };
            let event = ProviderEvent {
                provider: Provider::Stripe,
                id: &format!("{subscription}:{now}"),
                kind: "subscription.asked",
            };
            keep(app, &told, &event, now).await
        }
    }
}

/// Nobody is charged who is being erased: their workspace goes with them, or to
/// another owner, by whom the next run charges. Nor does anything pass to a
/// provider by itself of somebody who withdrew the consent to processing, objected
/// to it or restricted it (clauses 5.2b, 6.7); they may still pay by themselves. Who
/// declines a document in force is bound by no more of it (2.6).
async fn owner_goes_on(app: &App, billed: &Billed, now: Timestamp) -> Result<(), Undone> {
    let key = person_key(billed.workspace().owner);
    let mut found = app.db.get_many(&[(Table::People, key.clone())]).await?;
    let owner: Option<PersonRecord> = found.take(&key)?;
    let goes_on = owner.is_some_and(|owner| {
        let transfer = payment_transfer(Provider::Yookassa);
        let may = decide(
            transfer.categories,
            transfer.purpose,
            Operation::Transfer,
            Actor::System,
            owner.stance(now),
        );
        may.is_ok() && owner.erasing_since.is_none() && owner.declined.is_empty()
    });
    goes_on.then_some(()).ok_or(Undone::OwnerStops)
}

async fn charge(
    app: &App,
    billed: &Billed,
    wanted: &Charge,
    now: Timestamp,
) -> Result<Answer, ProviderError> {
    let agreement = &wanted.agreement;
    let code = agreement.plan.as_deref().unwrap_or_default();
    let price = app.plan(code).map_or(
        // what is not sold any more costs what was paid for it last
        Price {
            name: code,
            amount_minor: agreement.amount_minor,
            currency: &agreement.currency,
        },
        |plan| Price {
            name: &plan.name,
            amount_minor: plan.amount_minor,
            currency: &plan.currency,
        },
    );
    let workspace = billed.workspace().id;
    app.yookassa.charge(workspace, wanted, &price, now).await
}

/// The provider tells of what is final as well, under the same id: who comes first counts.
async fn keep_payment(app: &App, answer: Answer, now: Timestamp) -> Result<(), Undone> {
    let id = if answer.is_final {
        answer.notification.clone()
    } else {
        format!("{}:{now}", answer.notification)
    };
    let event = ProviderEvent {
        provider: Provider::Yookassa,
        id: &id,
        kind: "payment.asked",
    };
    keep(app, &answer.told, &event, now).await
}

async fn keep(
    app: &App,
    told: &Told,
    event: &ProviderEvent<'_>,
    now: Timestamp,
) -> Result<(), Undone> {
    webhook::apply(app, told, event, now)
        .await
        .map(drop)
        .map_err(|_| Undone::Unkept)
}
