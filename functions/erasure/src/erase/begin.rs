//! The beginning: the person is marked, so that nothing can be added any more,
//! and what will be kept is written down while it can still be looked up.

use std::collections::BTreeSet;

use domain::{
    certificate::Kept,
    consequence::{Consequence, Job},
    ids::{CaseId, SubjectId, WorkspaceId},
    ledger::Entry,
    processing::{Actor, Operation, Purpose},
    time::{Timestamp, days, shift},
};
use store::{
    Entity, Tx,
    catalog::{self, Member},
    erasure::{Case, Run},
    limits::Claim,
    lookup::LookupHash,
    outbox::{Message, Owner},
    people::{PersonRecord, Request, Suppression, person_key, suppression_key},
    personal::{Access, GateError},
};

use crate::{App, Error};

const DESTROY: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Destroy,
    actor: Actor::System,
    categories: &[],
    clause: "5.2b",
};

/// Begins the erasure that a request asks for, and carries it through.
pub(crate) async fn begin_for(app: &App, request: Request, now: Timestamp) -> Result<(), Error> {
    let subject = request.subject;
    let Some(record) = app.db.get::<PersonRecord>(&person_key(subject)).await? else {
        return Ok(());
    };
    let person = match app.gate.open(subject, DESTROY, now).await {
        Err(GateError::Unknown) => return Ok(()),
        other => other?,
    };
    let case = request.case.unwrap_or_else(|| CaseId::new(now));
    let run = plan(app, &record, case, Some(&request)).await?;
    let case = Case {
        case,
        clause: request.progress.kind().clause().to_owned(),
        law: request.progress.rule().article.to_owned(),
        received_at: request.progress.received_at(),
        ..open_case(app, &run, now).await?
    };
    let progress = request.progress.clone().begin();
    let progress = progress.map_err(|reason| Error::Unwritable(reason.to_string()))?;
    let request = request.with(progress);

    let mut tx = Tx::new();
    tx.begin_erasure(&run, &case)?;
    tx.change_request(&request)?;
    tx.record(
        Entry::new(now, Actor::System, "erasure.began", "5.2b")
            .with_person(person.pseudonym())
            .with_fact("request", request.id),
    );
    commit(app, tx).await?;
    super::go_on(app, subject).await
}

/// Begins the erasure of somebody whose account has no purpose any more
/// (clause 5.2a, 152-FZ art. 21(4)); a job of its own goes on with it.
pub(crate) async fn for_ended_purpose(
    app: &App,
    record: &PersonRecord,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let run = plan(app, record, CaseId::new(now), None).await?;
    let case = Case {
        clause: "5.2a".to_owned(),
        law: "152-FZ art. 21(4)".to_owned(),
        received_at: since,
        ..open_case(app, &run, now).await?
    };
    let job = Job::Erase {
        subject: record.subject,
    };
    let message = Message::new(
        Owner::Subject(record.subject),
        Consequence::Job { job },
        now,
    );
    let mut tx = Tx::new();
    tx.begin_erasure(&run, &case)?;
    tx.emit(&message);
    tx.record(Entry::new(now, Actor::System, "erasure.began", "5.2a"));
    commit(app, tx).await
}

/// Somebody else began it: there is nothing left to begin.
async fn commit(app: &App, tx: Tx) -> Result<(), Error> {
    match app.db.commit(tx).await {
        Err(error) if ["person", "erasure"].iter().any(|a| error.refused(a)) => Ok(()),
        other => Ok(other?),
    }
}

/// Which workspaces go with the person, and which live on without them (1.4).
async fn plan(
    app: &App,
    record: &PersonRecord,
    case: CaseId,
    request: Option<&Request>,
) -> Result<Run, Error> {
    let (mut destroyed, mut left) = (BTreeSet::new(), BTreeSet::new());
    for workspace in &record.workspaces {
        if is_last_member(app, *workspace, record.subject).await? {
            destroyed.insert(*workspace);
        } else {
            left.insert(*workspace);
        }
    }
    Ok(Run {
        subject: record.subject,
        case,
        request: request.map(|request| request.id),
        login: record.login.clone(),
        company: record.company.clone(),
        destroyed,
        left,
    })
}

async fn is_last_member(
    app: &App,
    workspace: WorkspaceId,
    subject: SubjectId,
) -> Result<bool, Error> {
    let pk = catalog::partition(workspace);
    let members: Vec<Member> = app.db.list_all(&pk, "MEMBER#").await?;
    Ok(members.iter().all(|member| member.subject == subject))
}

async fn open_case(app: &App, run: &Run, now: Timestamp) -> Result<Case, Error> {
    Ok(Case {
        case: run.case,
        clause: String::new(),
        law: String::new(),
        received_at: now,
        began_at: now,
        key_fingerprint: None,
        finished_at: None,
        ledger_entry: None,
        kept: kept(app, run, now).await?,
        certificate_sha256: None,
    })
}

async fn kept(app: &App, run: &Run, now: Timestamp) -> Result<Vec<Kept>, Error> {
    let mut all = Vec::new();
    for (what, whose) in [("trial-email", &run.login), ("trial-company", &run.company)] {
        all.extend(trial_record(app, what, whose).await?);
    }
    let suppression: Option<Suppression> = app.db.get(&suppression_key(&run.login)).await?;
    if suppression.is_some() {
        all.push(Kept {
            category: "suppression list (keyed hash of the address)".to_owned(),
            store: "people table".to_owned(),
            ground: "clause 4.10; proof that the refusal of advertising is honoured, 38-FZ art. 18; until the refusal is revoked".to_owned(),
            until: None,
        });
    }
    let mut paid = false;
    for workspace in &run.destroyed {
        paid |= !app
            .db
            .billing_history(*workspace)
            .await?
            .payments
            .is_empty();
    }
    if paid {
        all.push(Kept {
            category: "records of payments, without person and workspace".to_owned(),
            store: "catalog table".to_owned(),
            ground: "clause 5.2a; accounting and tax law; until the term of each record ends"
                .to_owned(),
            until: None,
        });
    }
    all.push(Kept {
        category: "counters of attempts (keyed hash of the address)".to_owned(),
        store: "people table".to_owned(),
        ground: "clause 4.12; security of the service".to_owned(),
        until: Some(shift(now, days(4))),
    });
    all.push(Kept {
        category: "log of actions with personal data, under a pseudonym whose key is destroyed"
            .to_owned(),
        store: "ledger table".to_owned(),
        ground: "clause 5.10; 152-FZ art. 19(2)(8), order of Roskomnadzor No. 179 of 28.10.2022"
            .to_owned(),
        until: None,
    });
    all.push(Kept {
        category: "backups of the tables: sealed data whose key is destroyed; names and labels of assets in clear"
            .to_owned(),
        store: "point-in-time recovery of the catalog and people tables".to_owned(),
        ground: "clause 5.2a".to_owned(),
        until: Some(shift(now, days(35))),
    });
    Ok(all)
}

async fn trial_record(app: &App, what: &str, whose: &LookupHash) -> Result<Option<Kept>, Error> {
    let wanted = Claim {
        what: what.to_owned(),
        whose: whose.clone(),
        until: Timestamp::UNIX_EPOCH,
    };
    let claim: Option<Claim> = app.db.get(&wanted.key()).await?;
    Ok(claim.map(|claim| Kept {
        category: format!("trial record (keyed hash, {what})"),
        store: "catalog table".to_owned(),
        ground:
            "clause 5.2a; lawful interest in one trial per address and company, 152-FZ art. 6(1)(7)"
                .to_owned(),
        until: Some(claim.until),
    }))
}
