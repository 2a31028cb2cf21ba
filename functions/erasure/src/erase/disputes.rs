//! While a dispute about a payment is open, an erasure leaves what answering it needs of the payer
//! to a legal hold (clauses 4.4, 5.8).

use domain::{
    billing::history::{History, Objection},
    compliance::{
        Words,
        hold::{File, Progress},
    },
    ids::HoldId,
    processing::{Actor, Category},
    request::Ground,
    time::{SignedDuration, Timestamp, days, shift},
};
use store::{
    Tx,
    erasure::{Hold, Run},
};

use crate::{App, Error, holds::HOLD};

/// Who bought, what they agreed to, and when they were there.
const NEEDED: [Category; 4] = [
    Category::Identity,
    Category::Contact,
    Category::Account,
    Category::ConsentEvidence,
];
const LAW: &str = "GDPR art. 17(3)(e), 152-FZ art. 6(1)(7): defence of a claim";
const REASON: &str = "A dispute about a payment is open at the payment provider.";
/// Disputes are decided within months; whoever looks when the review is due lifts it earlier.
const LENGTH: SignedDuration = days(180);

/// Places the hold, once.
pub(super) async fn hold(app: &App, run: &Run, now: Timestamp) -> Result<(), Error> {
    if is_held(app, run, now).await? {
        return Ok(());
    }
    let law = Ground::new(LAW).map_err(|reason| Error::Unwritable(reason.to_string()))?;
    let progress = Progress::place(NEEDED.into(), law, shift(now, LENGTH), now)
        .map_err(|reason| Error::Unwritable(reason.to_string()))?;
    let file = File {
        subject: run.subject,
        reason: Words::new(REASON).map_err(|reason| Error::Unwritable(reason.to_string()))?,
    };
    let id = HoldId::new(now);
    let (hold, key) = Hold::new(&app.gate, id, progress, &file, Actor::System, now).await?;
    let entry = hold
        .entry(Actor::System, "hold.placed", HOLD.clause, now)
        .with_fact("law", LAW)
        .with_fact("until", hold.progress.until());
    let mut tx = Tx::new();
    tx.place_hold(&hold, key, run.subject)?;
    tx.record(entry);
    super::begin::commit(app, tx).await
}

/// A dispute about one of these payments is not decided.
pub(super) fn is_open(billing: &History) -> bool {
    let mut disputes = billing.disputes.values();
    disputes.any(|seen| seen.value.objection == Objection::Open)
}

/// An earlier attempt to begin has placed it.
async fn is_held(app: &App, run: &Run, now: Timestamp) -> Result<bool, Error> {
    let holds = app.db.holds_on(run.subject, now).await?;
    Ok(holds.iter().any(|hold| hold.progress.law().as_str() == LAW))
}
