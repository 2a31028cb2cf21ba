//! What an erasure leaves, on which ground and until when: found out at its beginning, while it
//! can still be looked up.

use domain::{
    certificate::Kept,
    compliance::{claim, disclosure, transfer},
    ids::{ClaimId, DisclosureId, SubjectId},
    processing::{Actor, Operation},
    time::{Timestamp, days, shift},
};
use store::{
    Entity,
    compliance::{BusinessTransfer, Filed},
    erasure::Run,
    limits::Claim,
    lookup::LookupHash,
    people::{Suppression, suppression_key},
};

use crate::{App, Error};

/// How long a backup of a table can be restored.
const BACKUPS_DAYS: i64 = 35;
/// How long a counter of attempts counts at most.
const COUNTERS_DAYS: i64 = 4;

pub(super) async fn kept(
    app: &App,
    run: &Run,
    paid: bool,
    now: Timestamp,
) -> Result<Vec<Kept>, Error> {
    let mut all = Vec::new();
    for (what, whose) in [("trial-email", &run.login), ("trial-company", &run.company)] {
        all.extend(trial_record(app, what, whose).await?);
    }
    let suppression: Option<Suppression> = app.db.get(&suppression_key(&run.login)).await?;
    if suppression.is_some() {
        all.push(of(
            "suppression list (keyed hash of the address)",
            "people table",
            "clause 4.10; proof that the refusal of advertising is honoured, 38-FZ art. 18; until the refusal is revoked",
            None,
        ));
    }
    if paid {
        all.push(of(
            "records of payments, without person and workspace",
            "catalog table",
            "clause 5.2a; accounting and tax law; until the term of each record ends",
            None,
        ));
    }
    all.extend(registers(app, run.subject, now).await?);
    all.extend(transfers(app, run.subject, now).await?);
    all.push(of(
        "counters of attempts (keyed hash of the address)",
        "people table",
        "clause 4.12; security of the service",
        Some(shift(now, days(COUNTERS_DAYS))),
    ));
    all.push(of(
        "log of actions with personal data, under a pseudonym whose key is destroyed",
        "ledger table",
        "clause 5.10; 152-FZ art. 19(2)(8), order of Roskomnadzor No. 179 of 28.10.2022",
        None,
    ));
    all.push(of(
        "backups of the tables: sealed data whose key is destroyed; names and labels of assets in clear",
        "point-in-time recovery of the catalog and people tables",
        "clause 5.2a",
        Some(shift(now, days(BACKUPS_DAYS))),
    ));
    Ok(all)
}

fn of(category: &str, store: &str, ground: &str, until: Option<Timestamp>) -> Kept {
    Kept {
        category: category.to_owned(),
        store: store.to_owned(),
        ground: ground.to_owned(),
        until,
    }
}

async fn trial_record(app: &App, what: &str, whose: &LookupHash) -> Result<Option<Kept>, Error> {
    let wanted = Claim {
        what: what.to_owned(),
        whose: whose.clone(),
        until: Timestamp::UNIX_EPOCH,
    };
    let claim: Option<Claim> = app.db.get(&wanted.key()).await?;
    Ok(claim.map(|claim| {
        of(
            &format!("trial record (keyed hash, {what})"),
            "catalog table",
            "clause 5.2a; lawful interest in one trial per address and company, 152-FZ art. 6(1)(7)",
            Some(claim.until),
        )
    }))
}

/// Disclosures and claims go on to their own ends, each sealed under its own key.
async fn registers(app: &App, subject: SubjectId, now: Timestamp) -> Result<Vec<Kept>, Error> {
    let (mut disclosures, mut claims) = (Vec::new(), Vec::new());
    for reference in app.db.references(subject).await? {
        if let Ok(id) = reference.case.parse::<DisclosureId>() {
            let case = app.db.case::<disclosure::Progress>(id).await?;
            // anybody may read the certificate: it tells of none that the law keeps secret
            let known = case.filter(|case| case.progress.may_be_known(now));
            disclosures.extend(known.map(|case| case.progress.kept_until()));
        } else if let Ok(id) = reference.case.parse::<ClaimId>() {
            let case = app.db.case::<claim::Progress>(id).await?;
            claims.extend(case.map(|case| case.progress.kept_until()));
        }
    }
    let mut all = Vec::new();
    if !disclosures.is_empty() {
        all.push(of(
            &format!("register of disclosures, {} entries", disclosures.len()),
            "people table",
            "clause 5.5; proof on which ground data was disclosed; 1,096 days after each was closed",
            last(&disclosures),
        ));
    }
    if !claims.is_empty() {
        all.push(of(
            &format!("claims before court, {}", claims.len()),
            "people table",
            "clauses 8.1, 8.2; limitation of actions, Civil Code art. 196; three years after each was answered",
            last(&claims),
        ));
    }
    Ok(all)
}

/// A transfer of the business keeps who was told of it, sealed under its own key, and its packages
/// hold whom they were made of until their key ends.
async fn transfers(app: &App, subject: SubjectId, now: Timestamp) -> Result<Vec<Kept>, Error> {
    let mut all = Vec::new();
    for announced in app.db.announcements_of(subject).await? {
        let case = app.db.case::<transfer::Progress>(announced.transfer);
        let Some(case) = case.await? else {
            continue;
        };
        all.push(of(
            "register of transfers of the business: that the person was told of one",
            "people table",
            "clause 5.6c; proof who was told and had time to object; 1,096 days after it was closed",
            case.progress.kept_until(),
        ));
        let Ok(packing) = case.progress.may_be_opened(now) else {
            continue;
        };
        // what was fetched may have been made again without them since
        let fetched = announced.passed_at >= Some(packing.ordered_at);
        if fetched || is_packed(app, &case, packing.run, subject, now).await? {
            all.push(of(
                "package for the acquirer of the business, sealed",
                "exports bucket",
                "clause 5.6c; its key is destroyed when the packages are handed over, at the latest then",
                Some(packing.until()),
            ));
        }
    }
    Ok(all)
}

/// They are in the package of a page of this making.
async fn is_packed(
    app: &App,
    case: &BusinessTransfer,
    run: u32,
    subject: SubjectId,
    now: Timestamp,
) -> Result<bool, Error> {
    let (open, _) = case
        .open(&app.gate, Operation::Extract, Actor::System, now)
        .await?;
    for page in app.db.transfer_pages(case.id).await? {
        if page.packed_in(run).is_some() && page.open(&open)?.packed.contains(&subject) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// When the last one ends; `None` while one is open.
fn last(ends: &[Option<Timestamp>]) -> Option<Timestamp> {
    let ends: Option<Vec<Timestamp>> = ends.iter().copied().collect();
    ends?.into_iter().max()
}
