//! Claims: made by people, answered by the staff within 30 calendar days (8.1, 8.2).

mod api;
pub(crate) mod own;

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    compliance::{
        StaffRole,
        claim::{File, IllegalMove, Progress},
    },
    consequence::Letter,
    ids::ClaimId,
    ledger::Entry,
    processing::{Actor, Operation},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff};
use store::{
    Tx,
    compliance::{Case, Reference},
};

use crate::{
    App,
    desk::{self, ListQuery, erasing, find, illegal},
};
use api::{AnswerClaim, ClaimFile, ClaimList, ClaimView, RegisterClaim};

type Claim = Case<Progress>;

const CLAUSE: &str = "8.2";

fn refused(reason: IllegalMove) -> Problem {
    match reason {
        IllegalMove::Answered => illegal("claim_answered", reason),
        IllegalMove::NotYetReceived => Problem::field("received_at", reason),
    }
}

fn entry(case: &Claim, actor: Actor, event: &str, now: Timestamp) -> Entry {
    case.entry(actor, event, CLAUSE, now)
        .with_fact("received_at", case.progress.received_at())
        .with_fact("due_at", case.progress.due_at())
}

/// Stores a new claim, with the letter that says so.
async fn store_new(
    app: &App,
    file: &File,
    received_at: Timestamp,
    actor: Actor,
    now: Timestamp,
) -> Result<Claim, Problem> {
    let progress = Progress::received(received_at, now).map_err(refused)?;
    let id = ClaimId::new(now);
    let (case, key) = Case::new(&app.gate, id, progress, file, actor, now).await?;
    let subject = file.subject;
    let mut received = entry(&case, actor, "claim.received", now);
    received.person = app.gate.pseudonym_of(subject).await?;
    let mut tx = Tx::new();
    tx.alive(subject);
    tx.open_case(&case, &key);
    tx.create(
        "reference",
        &Reference {
            subject,
            case: id.to_string(),
            at: now,
            tell_at: None,
            told_at: None,
        },
    );
    let letter = Letter::ClaimReceived {
        claim: id,
        due_at: case.progress.due_at(),
    };
    tx.mail(subject, letter, now);
    tx.record(received);
    app.db.commit(tx).await.map_err(erasing)?;
    Ok(case)
}

/// The register of claims
#[utoipa::path(
    get, path = "/compliance/claims", tag = "compliance",
    params(ListQuery),
    responses(
        (status = 200, body = ClaimList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<ClaimList>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let (cases, next_cursor) = desk::list::<Progress>(&app, &query).await?;
    let now = staff.0.now;
    Ok(Json(ClaimList {
        items: cases.iter().map(|case| ClaimView::of(case, now)).collect(),
        next_cursor,
    }))
}

/// Register a claim that came by letter
///
/// Its 30 days count from its receipt.
#[utoipa::path(
    post, path = "/compliance/claims", tag = "compliance",
    request_body = RegisterClaim,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 201, body = ClaimView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn register(
    State(app): State<App>,
    staff: Staff,
    JsonBody { value: body, .. }: JsonBody<RegisterClaim>,
) -> Result<(StatusCode, Json<ClaimView>), Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let received_at = desk::instant("received_at", &body.received_at)?;
    let file = File {
        subject: desk::person(&app, &body.person).await?,
        text: desk::words("text", &body.text)?,
        answer: None,
    };
    let case = store_new(&app, &file, received_at, Actor::Staff, now).await?;
    Ok((StatusCode::CREATED, Json(ClaimView::of(&case, now))))
}

/// Read one claim
#[utoipa::path(
    get, path = "/compliance/claims/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The claim's id")),
    responses(
        (status = 200, body = ClaimFile), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<ClaimId>,
) -> Result<Json<ClaimFile>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let case: Claim = find(&app, id).await?;
    let (_, file) = case
        .open(&app.gate, Operation::Extract, Actor::Staff, now)
        .await?;
    let person = file.subject.to_string();
    Ok(Json(ClaimFile {
        person: Some(person),
        ..ClaimFile::of(&case, file, now)
    }))
}

/// Answer a claim
///
/// Once. The person is told, and reads the answer signed in.
#[utoipa::path(
    post, path = "/compliance/claims/{id}/answer", tag = "compliance",
    params(("id" = String, Path, description = "The claim's id")),
    request_body = AnswerClaim,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = ClaimView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn answer(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<ClaimId>,
    JsonBody { value: body, .. }: JsonBody<AnswerClaim>,
) -> Result<Json<ClaimView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let words = desk::words("answer", &body.answer)?;
    let case: Claim = find(&app, id).await?;
    let progress = case.progress.clone().answer(now).map_err(refused)?;
    let (open, mut file) = case
        .open(&app.gate, Operation::Record, Actor::Staff, now)
        .await?;
    file.answer = Some(words);
    let case = case.with(progress).written(&open, &file)?;
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    // whoever was erased is told nothing; the register is kept all the same
    if app.db.can_be_told(file.subject).await? {
        tx.alive(file.subject);
        tx.mail(file.subject, Letter::ClaimAnswered { claim: id }, now);
    }
    let late = case.progress.is_late(now);
    tx.record(entry(&case, Actor::Staff, "claim.answered", now).with_fact("late", late));
    app.db.commit(tx).await.map_err(erasing)?;
    Ok(Json(ClaimView::of(&case, now)))
}
