//! Legal holds: what was copied for them outlives the erasure, and its certificate says so
//! (clause 5.8).

use domain::{
    certificate::Kept,
    opendsr::{Outcome, Standing},
    time::Timestamp,
};
use store::{
    Tx,
    erasure::{Case, Hold, Run},
};

use crate::{App, Error, holds};

/// Copies for the holds what came while the erasure began, and counts those that were placed
/// meanwhile, which its beginning has not seen. Neither can come after it, so that nothing is
/// missing when the first step begins.
pub(super) async fn filled_late(app: &App, run: Run, mut case: Case) -> Result<Run, Error> {
    let now = app.clock.now();
    let active = app.db.holds_on(run.subject, now).await?;
    if active.is_empty() || !app.db.erasure_steps(run.case).await?.is_empty() {
        return Ok(run);
    }
    holds::fill(app, run.subject).await?;
    let mut unseen = app.db.holds_on(run.subject, now).await?;
    unseen.retain(|hold| hold.progress.outlived_at().is_none());
    let holds = holds::outliving(app, run.subject, unseen, now).await?;
    if holds.is_empty() {
        return Ok(run);
    }
    case.kept.extend(kept(&holds, now));
    let run = told(&holds, run, now);
    let mut tx = Tx::new();
    for hold in &holds {
        tx.change_case(hold)?;
    }
    tx.keep_more(&run, &case)?;
    app.db.commit(tx).await?;
    Ok(run)
}

/// Anybody may read the certificate and a controller its answer: neither tells of a hold that the
/// law keeps secret.
fn known(holds: &[Hold], now: Timestamp) -> impl Iterator<Item = &Hold> {
    let may_be_known = move |hold: &&Hold| hold.progress.may_be_known(now);
    holds.iter().filter(may_be_known)
}

/// Controllers are told that it was done in part where a legal hold keeps something.
pub(super) fn told(holds: &[Hold], mut run: Run, now: Timestamp) -> Run {
    if known(holds, now).next().is_some() {
        for (_, end) in &mut run.exchanges {
            *end = Standing::cancelled(Outcome::Partial);
        }
    }
    run
}

/// What the holds keep, as the certificate says it.
pub(super) fn kept(holds: &[Hold], now: Timestamp) -> impl Iterator<Item = Kept> {
    known(holds, now).map(|hold| {
        let progress = &hold.progress;
        let names = progress.categories().iter().map(|one| one.as_str());
        let names: Vec<_> = names.collect();
        Kept {
            category: format!("legal hold: {}", names.join(", ")),
            store: "people table, sealed under a key of its own".to_owned(),
            ground: format!("clause 5.8; {}", progress.law().as_str()),
            until: Some(progress.until()),
        }
    })
}
