//! The beginning: the person is marked, so that nothing can be added any more,
//! and what will be kept is written down while it can still be looked up.

use std::collections::BTreeSet;

use domain::{
    billing::{Provider, history::History},
    consequence::{Consequence, Job},
    ids::{CaseId, SubjectId, WorkspaceId},
    ledger::Entry,
    opendsr::{ExchangeRef, Standing},
    processing::{Actor, Category, Operation, Purpose},
    time::Timestamp,
};
use store::{
    Tx,
    catalog::{self, Member},
    compliance::{Notice, notices_of_erasure},
    erasure::{Act, Case, Hold, Run},
    outbox::{Message, Owner},
    people::{PersonRecord, Request, person_key},
    personal::{CaseKey, GateError, Person},
};

use super::{act, disputes, holds, kept::kept};
use crate::{App, Error, holds::outliving};

/// Begins the erasure that a request asks for, and carries it through.
pub(crate) async fn begin_for(app: &App, request: Request, now: Timestamp) -> Result<(), Error> {
    let subject = request.subject;
    let Some(record) = app.db.get::<PersonRecord>(&person_key(subject)).await? else {
        return Ok(());
    };
    let Some(person) = open(app, subject, now).await? else {
        return Ok(());
    };
    let case = request.case.unwrap_or_else(|| CaseId::new(now));
    let run = plan(app, &record, case, Some(&request)).await?;
    let why = Why {
        clause: request.progress.kind().clause(),
        law: request.progress.rule().article,
        since: request.progress.received_at(),
    };
    let beginning = Beginning::of(app, &run, Some(&person), why, now).await?;
    let run = beginning.told(run);
    let progress = request.progress.clone().begin();
    let progress = progress.map_err(|reason| Error::Unwritable(reason.to_string()))?;
    let request = request.with(progress);

    let mut tx = Tx::new();
    let entry = beginning.store(&mut tx, &run, Some(&person))?;
    tx.change_request(&request)?;
    tx.record(entry.with_fact("request", request.id));
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
    let subject = record.subject;
    let run = plan(app, record, CaseId::new(now), None).await?;
    // somebody whose key is gone already is erased all the same
    let person = open(app, subject, now).await?;
    let why = Why {
        clause: "5.2a",
        law: "152-FZ art. 21(4)",
        since,
    };
    let beginning = Beginning::of(app, &run, person.as_ref(), why, now).await?;
    let run = beginning.told(run);
    let job = Consequence::Job {
        job: Job::Erase { subject },
    };
    let mut tx = Tx::new();
    let entry = beginning.store(&mut tx, &run, person.as_ref())?;
    tx.emit(&Message::new(Owner::Subject(subject), job, now));
    tx.record(entry);
    commit(app, tx).await
}

async fn open(app: &App, subject: SubjectId, now: Timestamp) -> Result<Option<Person>, Error> {
    match app.gate.open(subject, act::NAME, now).await {
        Ok(person) => Ok(Some(person)),
        Err(GateError::Unknown) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// On what an erasure rests.
struct Why {
    clause: &'static str,
    law: &'static str,
    since: Timestamp,
}

/// An erasure as it begins.
struct Beginning {
    case: Case,
    act: Act,
    key: CaseKey,
    holds: Vec<Hold>,
    notices: Vec<Notice>,
}

impl Beginning {
    async fn of(
        app: &App,
        run: &Run,
        person: Option<&Person>,
        why: Why,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let billing = billing(app, run).await?;
        let payments = billing.iter().flat_map(|history| history.payments.values());
        let paid: BTreeSet<Provider> = payments.map(|seen| seen.value.provider).collect();
        let (act, key) = act::begun(app, run, person, &paid, now).await?;
        if person.is_some() && billing.iter().any(disputes::is_open) {
            disputes::hold(app, run, now).await?;
        }
        let active = app.db.holds_on(run.subject, now).await?;
        let holds = outliving(app, run.subject, active, now).await?;
        let mut kept = kept(app, run, !paid.is_empty(), now).await?;
        kept.extend(holds::kept(&holds, now));
        let case = Case {
            case: run.case,
            clause: why.clause.to_owned(),
            law: why.law.to_owned(),
            received_at: why.since,
            began_at: now,
            key_fingerprint: None,
            finished_at: None,
            ledger_entry: None,
            kept,
            certificate_sha256: None,
        };
        let destroyed = &run.destroyed;
        let notices = notices_of_erasure(&app.db, run.subject, run.case, destroyed, now).await?;
        Ok(Self {
            case,
            act,
            key,
            holds,
            notices,
        })
    }

    fn told(&self, run: Run) -> Run {
        holds::told(&self.holds, run, self.case.began_at)
    }

    /// Stores it; gives what the ledger has to say of it.
    fn store(&self, tx: &mut Tx, run: &Run, person: Option<&Person>) -> Result<Entry, Error> {
        tx.begin_erasure(run, &self.case)?;
        tx.open_case(&self.act, &self.key);
        let (began_at, clause) = (self.case.began_at, &self.case.clause);
        for hold in &self.holds {
            tx.change_case(hold)?;
        }
        for notice in &self.notices {
            tx.notify(notice, began_at);
        }
        let mut entry = Entry::new(began_at, Actor::System, "erasure.began", clause);
        entry.purpose = Some(Purpose::Feedback);
        entry.operation = Some(Operation::Destroy);
        entry.categories = Category::ERASED.to_vec();
        entry.person = person.map(Person::pseudonym);
        Ok(entry)
    }
}

/// What was paid for the workspaces that go with somebody.
async fn billing(app: &App, run: &Run) -> Result<Vec<History>, Error> {
    let mut all = Vec::new();
    for workspace in &run.destroyed {
        all.push(app.db.billing_history(*workspace).await?);
    }
    Ok(all)
}

/// Somebody else began it: there is nothing left to begin.
pub(super) async fn commit(app: &App, tx: Tx) -> Result<(), Error> {
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
        exchanges: exchanges(app, record.subject).await?,
    })
}

/// The controllers that learn of the end: those whose request the person has confirmed.
async fn exchanges(app: &App, subject: SubjectId) -> Result<Vec<(ExchangeRef, Standing)>, Error> {
    let mut requests = app.db.requests_of(subject, app.clock.now()).await?;
    requests.retain(|request| request.progress.state().is_pending());
    let ends = requests.into_iter().flat_map(|request| {
        let end = Standing::of_erased(&request.progress);
        request.exchanges.into_iter().map(move |name| (name, end))
    });
    Ok(ends.collect())
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
