//! A letter is taken in: one commit with everything that follows, then the reply.
//!
//! Every step may be done again. What is known of a letter is found by SES's id of it; a letter
//! that was committed and not finished goes on from there.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{
    calendar::Counting,
    consequence::{Consequence, Job},
    ids::{RequestId, SubjectId},
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    request::{RequestKind, Term},
    time::Timestamp,
};
use platform::objects::ObjectError;
use store::{
    StoreError, Tx, Update,
    lookup::LookupHash,
    outbox::{Message, Owner},
    people::{
        Correspondence, Intake, Origin, Suppression, UnprovenLetter, find_login, intake_key,
        letters_prefix, withdraw_marketing, withdrawals,
    },
    personal::{Access, GateError, Person},
};

use crate::{
    App, Error,
    decision::{self, Decision, MAX_LETTER_BYTES, Outcome},
    limits,
    note::Note,
    notification::Announced,
    reply,
};

/// The shortest time that the law gives for an answer (152-FZ art. 21(2)): nobody knows yet what
/// a letter asks for that a person must read.
const ANSWER: Term = Term::WorkingDays(7);
/// How often a commit that met another one is tried again.
const ATTEMPTS: u32 = 4;
/// Where a withdrawal was stated, as its evidence names it.
const FORM: &str = "letter";
/// Where infected letters lie.
const QUARANTINE: &str = "quarantine/";

/// A letter becomes part of its writer's correspondence, restricted or not (clause 6.7), and a
/// withdrawal in it evidence.
const TAKE_IN: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Record,
    actor: Actor::Subject,
    categories: &[Category::Correspondence, Category::ConsentEvidence],
    clause: "3.3f",
};

/// A letter with what was decided about it.
struct Case<'a> {
    announced: &'a Announced,
    /// As it came; empty for one that is too large.
    bytes: Bytes,
    decision: Decision,
    /// The keyed hash of the sender's address.
    login: Option<LookupHash>,
    now: Timestamp,
}

impl Case<'_> {
    fn received_at(&self) -> Timestamp {
        self.announced.received_at.min(self.now)
    }

    fn answered_by(&self) -> Timestamp {
        Counting::RUSSIA.due(ANSWER, self.received_at()).at
    }

    fn asks_for(&self) -> Option<RequestKind> {
        match self.decision.outcome {
            Outcome::Act(Note::WithdrawConsent) => Some(RequestKind::Withdrawal),
            Outcome::Act(Note::UpdateData) => Some(RequestKind::Rectification),
            _ => None,
        }
    }
}

/// What follows a letter.
struct Plan {
    /// The proven writer, where they have an account.
    writer: Option<Person>,
    /// Otherwise whose address on file its sender has, proven or not.
    named: Option<SubjectId>,
    /// The request to take in; whose it is, is found out by the job.
    request: Option<RequestKind>,
    /// A person of the staff must read it.
    for_staff: bool,
    /// A reply goes out.
    replies: bool,
}

/// Takes a letter in; one that was taken in before changes nothing.
pub(crate) async fn take(app: &App, announced: &Announced) -> Result<(), Error> {
    let known: Option<Intake> = app.db.get(&intake_key(&announced.id)).await?;
    if known.as_ref().is_some_and(|intake| intake.done) {
        return Ok(());
    }
    let case = match read(app, announced).await {
        Ok(case) => case,
        // it was taken in, replied to and destroyed
        Err(Error::Objects(ObjectError::Missing)) if known.is_some() => {
            return done(app, announced).await;
        }
        Err(error) => return Err(error),
    };
    let intake = match known {
        Some(intake) => intake,
        None => commit(app, &case).await?,
    };
    if intake.replies {
        reply::once(app, &announced.id, &case.decision, case.answered_by()).await?;
    }
    if intake.object.as_deref() != Some(announced.object.as_str()) {
        destroy(app, &announced.object).await?;
    }
    done(app, announced).await
}

async fn read<'a>(app: &App, announced: &'a Announced) -> Result<Case<'a>, Error> {
    let info = app.letters.head(&announced.object).await?;
    let (bytes, decision) = if info.size_bytes > MAX_LETTER_BYTES {
        (Bytes::new(), decision::too_large())
    } else {
        let bytes = app.letters.get(&announced.object).await?;
        let decision = decision::decide(&bytes, &announced.envelope, &app.ours);
        (bytes, decision)
    };
    let login = decision.sender.as_ref().map(|s| app.lookup.email(s));
    Ok(Case {
        announced,
        bytes,
        decision,
        login,
        now: app.clock.now(),
    })
}

async fn commit(app: &App, case: &Case<'_>) -> Result<Intake, Error> {
    let mut plan = plan(app, case).await?;
    for _ in 0..ATTEMPTS {
        match attempt(app, case, &plan).await {
            Err(Error::Store(error)) if error.refused("mail") => break,
            Err(Error::Store(error)) if error.refused("reply") => plan.replies = false,
            Err(Error::Store(error)) if error.refused("person") => {
                forget(app, case, &plan).await?;
                (plan.writer, plan.named) = (None, None);
            }
            Err(Error::Store(error)) if error.refused("stop") => {
                // the consents were changed, or the writer's data is being destroyed
                forget(app, case, &plan).await?;
                plan.writer = again(app, case, &plan).await?;
            }
            other => return other,
        }
    }
    // another delivery of the same letter came first
    let committed: Option<Intake> = app.db.get(&intake_key(&case.announced.id)).await?;
    let contended = || StoreError::Unavailable("the letter is changed all the time".to_owned());
    Ok(committed.ok_or_else(contended)?)
}

async fn plan(app: &App, case: &Case<'_>) -> Result<Plan, Error> {
    let decision = &case.decision;
    let account = match &case.login {
        Some(login) => find_login(&app.db, login).await?,
        None => None,
    };
    let subject = account.map(|account| account.subject);
    if let (Some(subject), Outcome::Act(Note::RefuseNews)) = (subject, decision.outcome) {
        stop_news(app, subject, case.now).await?;
    }
    let writer = match subject.filter(|_| decision.proven) {
        Some(subject) => open(app, subject, case.now).await?,
        None => None,
    };
    let asked = case.asks_for();
    let request = match (asked, &case.login) {
        (Some(kind), Some(login)) => {
            let allowed = limits::of_requests(app, domain_of(decision), login, case.now).await?;
            allowed.then_some(kind)
        }
        _ => None,
    };
    let replies = match &case.login {
        Some(login) if decision.may_reply => limits::of_replies(app, login, case.now).await?,
        _ => false,
    };
    let unknown = asked.is_some() && subject.is_none();
    let withdrawn = asked == Some(RequestKind::Withdrawal) && writer.is_some();
    let for_staff = matches!(decision.outcome, Outcome::Person(_))
        || unknown
        || withdrawn
        || (asked.is_some() && request.is_none());
    Ok(Plan {
        named: subject.filter(|_| writer.is_none()),
        writer,
        request,
        for_staff,
        replies,
    })
}

/// The domain of the sender's address.
fn domain_of(decision: &Decision) -> &str {
    let sender = decision.sender.as_ref();
    let parts = sender.and_then(|sender| sender.reveal().rsplit_once('@'));
    parts.map_or("", |(_, domain)| domain)
}

/// A refusal of news counts whoever sent it.
async fn stop_news(app: &App, subject: SubjectId, now: Timestamp) -> Result<(), Error> {
    let origin = Origin::default();
    match withdraw_marketing(&app.db, &app.gate, subject, FORM, &origin, now).await {
        // there is nobody any more to whom news could go
        Err(GateError::Unknown) => Ok(()),
        other => Ok(other?),
    }
}

/// The writer's data; nobody's while it is being destroyed.
async fn open(app: &App, subject: SubjectId, now: Timestamp) -> Result<Option<Person>, Error> {
    match app.gate.open(subject, TAKE_IN, now).await {
        Ok(person) => Ok(Some(person).filter(|p| p.record().erasing_since.is_none())),
        Err(GateError::Unknown) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn again(app: &App, case: &Case<'_>, plan: &Plan) -> Result<Option<Person>, Error> {
    match &plan.writer {
        Some(writer) => open(app, writer.subject(), case.now).await,
        None => Ok(None),
    }
}

async fn attempt(app: &App, case: &Case<'_>, plan: &Plan) -> Result<Intake, Error> {
    let (decision, announced) = (&case.decision, case.announced);
    let mut tx = Tx::new();
    let mut intake = Intake::new(&announced.id, decision.outcome.as_str(), case.received_at());
    intake.replies = plan.replies;
    if let Some(writer) = &plan.writer {
        let letter = file(app, case, plan, writer).await?;
        tx.put("letter", &letter);
        stop(app, &mut tx, case, writer).await?;
    } else {
        intake = keep(app, case, intake).await?;
        if plan.for_staff {
            intake = intake.read_by(case.answered_by());
        }
        if let (Some(subject), Some(object)) = (plan.named, &intake.object) {
            let letter = UnprovenLetter::new(subject, &announced.id, object, case.received_at());
            tx.alive(subject);
            tx.put("unproven", &letter);
        }
    }
    tx.create("mail", &intake);
    follow(&mut tx, case, plan)?;
    tx.record(entry(case, plan));
    app.db.commit(tx).await?;
    Ok(intake)
}

/// A proven withdrawal stops at once what rests on the consents (5.2b); destroying can be cancelled
/// for seven days. Either way the writer must not be under erasure.
async fn stop(app: &App, tx: &mut Tx, case: &Case<'_>, writer: &Person) -> Result<(), Error> {
    let withdrawn = match case.decision.outcome {
        Outcome::Act(Note::WithdrawConsent) => {
            withdrawals(&app.db, writer, FORM, &Origin::default(), case.now).await?
        }
        _ => Vec::new(),
    };
    if withdrawn.is_empty() {
        tx.alive(writer.subject());
        return Ok(());
    }
    Ok(tx.withdraw(writer, &withdrawn, case.now)?)
}

/// The letter for its writer's file; the object is there before the item that names it.
async fn file(
    app: &App,
    case: &Case<'_>,
    plan: &Plan,
    writer: &Person,
) -> Result<Correspondence, Error> {
    let thread = conversation(case)?.map(|thread| thread.to_string());
    let id = &case.announced.id;
    let words = &case.decision.words;
    let mut letter = Correspondence::new(writer, id, case.received_at(), thread, words)?;
    if plan.for_staff {
        letter = letter.read_by(case.answered_by());
    }
    let sealed = letter.seal_raw(writer, &STANDARD.encode(&case.bytes))?;
    let bytes = Bytes::copy_from_slice(sealed.as_bytes());
    app.letters
        .put(&letter.object, "application/octet-stream", bytes)
        .await?;
    Ok(letter)
}

/// What becomes of a letter that is in nobody's file: what a machine wrote is not kept, what is
/// infected lies apart.
async fn keep(app: &App, case: &Case<'_>, intake: Intake) -> Result<Intake, Error> {
    match case.decision.outcome {
        Outcome::File(_) => Ok(intake),
        Outcome::Quarantine => {
            let object = format!("{QUARANTINE}{}", case.announced.id);
            let bytes = case.bytes.clone();
            app.letters
                .put(&object, "application/octet-stream", bytes)
                .await?;
            Ok(intake.keeping(&object))
        }
        Outcome::Act(_) | Outcome::Person(_) => Ok(intake.keeping(&case.announced.object)),
    }
}

fn follow(tx: &mut Tx, case: &Case<'_>, plan: &Plan) -> Result<(), Error> {
    let Some(login) = &case.login else {
        return Ok(());
    };
    if case.decision.outcome == Outcome::Act(Note::RefuseNews) {
        let suppression = Suppression {
            login: login.clone(),
            since: case.received_at(),
        };
        tx.put("suppression", &suppression);
    }
    if let Some(kind) = plan.request {
        let job = Job::TakeRequest {
            login: login.to_string(),
            request: RequestId::derived(&["letter", &case.announced.id]),
            kind,
            received_at: case.received_at(),
            proven: plan.writer.is_some(),
        };
        // nobody is known yet, so the message stands under an id that is nobody's
        let nobody = Owner::Subject(SubjectId::new(case.now));
        tx.emit(&Message::new(nobody, Consequence::Job { job }, case.now));
    }
    if let (true, Some(conversation)) = (plan.replies, conversation(case)?) {
        limits::one_reply(tx, &conversation, case.now)?;
    }
    Ok(())
}

/// One thread of one sender, as a hash that nobody can guess: it is made of a keyed one.
fn conversation(case: &Case<'_>) -> Result<Option<LookupHash>, Error> {
    let Some(login) = &case.login else {
        return Ok(None);
    };
    let thread = case.decision.thread.as_deref().unwrap_or_default();
    Ok(Some(limits::derived(login, "thread", thread)?))
}

fn entry(case: &Case<'_>, plan: &Plan) -> Entry {
    let outcome = case.decision.outcome;
    let clause = match outcome {
        Outcome::Act(note) => note.clause(),
        _ => "3.3f",
    };
    let entry = Entry::new(case.now, Actor::System, "mail.received", clause)
        .with_fact("letter", &case.announced.id)
        .with_fact("outcome", outcome.as_str())
        .with_fact("sender_proven", case.decision.proven)
        .with_fact("received_at", case.received_at());
    match &plan.writer {
        Some(writer) => entry.with_person(writer.pseudonym()),
        None => entry,
    }
}

/// Destroys what was put for a writer whose data is being destroyed.
async fn forget(app: &App, case: &Case<'_>, plan: &Plan) -> Result<(), Error> {
    let Some(writer) = &plan.writer else {
        return Ok(());
    };
    let prefix = letters_prefix(writer.subject());
    destroy(app, &format!("{prefix}{}", case.announced.id)).await
}

async fn destroy(app: &App, object: &str) -> Result<(), Error> {
    let mut versions = app.letters.versions(object).await?;
    versions.retain(|version| version.key == object);
    Ok(app.letters.destroy(&versions).await?)
}

/// Notes that nothing is left to do.
async fn done(app: &App, announced: &Announced) -> Result<(), Error> {
    let done = Update::new().set("done", true)?;
    Ok(app.db.change_intake(&announced.id, done).await?)
}
