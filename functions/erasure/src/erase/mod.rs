//! An erasure (clauses 5.2b, 6.3d): a walk through every store, in steps that
//! leave receipts, then a probe, then a signed certificate.
//!
//! Nothing is remembered between two attempts but what the stores hold: every
//! step looks for what is there and destroys it, so that an attempt that was
//! killed anywhere is followed by one that does the rest.

mod act;
mod begin;
mod certificate;
mod disputes;
mod holds;
mod kept;
mod steps;
mod workspace;

use std::pin::Pin;

use domain::{certificate::Step, ids::SubjectId};
use store::erasure::Run;

use crate::{App, Error};

pub(crate) use begin::{begin_for, for_ended_purpose};
pub(crate) use workspace::{destroy_all_but, destroy_items, destroy_workspace, leave};

type Late<'a> = Pin<Box<dyn Future<Output = Result<Run, Error>> + Send + 'a>>;

/// Goes on with an erasure that has begun; one that is done leaves nothing to do.
pub(crate) async fn go_on(app: &App, subject: SubjectId) -> Result<(), Error> {
    let Some(mut run) = app.db.erasure_run(subject).await? else {
        return Ok(());
    };
    let case = app.db.erasure_case(run.case).await?;
    if let Some(case) = case.filter(|case| case.finished_at.is_none()) {
        // boxed: its type nests deep
        let late: Late<'_> = Box::pin(holds::filled_late(app, run, case));
        run = late.await?;
        for step in Step::ALL {
            take(app, &run, step).await?;
        }
        steps::probe(app, &run).await?;
        app.db.freeze_case(run.case, app.clock.now()).await?;
    }
    certificate::issue(app, &run).await
}

async fn take(app: &App, run: &Run, step: Step) -> Result<(), Error> {
    app.db.begin_step(run.case, step, app.clock.now()).await?;
    let left = match step {
        Step::Sessions => steps::sessions(app, run).await?,
        Step::Outbox => steps::outbox(app, run).await?,
        Step::Objects => steps::objects(app, run).await?,
        Step::Workspaces => steps::workspaces(app, run).await?,
        Step::Key => steps::key(app, run).await?,
        Step::Login => steps::login(app, run).await?,
        Step::Exports => steps::exports(app, run).await?,
        Step::Letters => steps::letters(app, run).await?,
        Step::Records => steps::records(app, run).await?,
    };
    app.db
        .finish_step(run.case, step, left, app.clock.now())
        .await?;
    Ok(())
}

/// What a step hears of before it destroys it.
async fn found(app: &App, run: &Run, step: Step, batch: Vec<String>) -> Result<(), Error> {
    Ok(app.db.step_found(run.case, step, &batch).await?)
}
