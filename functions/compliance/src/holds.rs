//! Legal holds (clause 5.8): what of a person's data is copied and outlives its end, on which
//! ground and until when; reviewed, and lifted when it is not needed any more.

use std::collections::BTreeSet;

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    compliance::{
        StaffRole,
        hold::{File, IllegalMove, Progress},
    },
    ids::HoldId,
    ledger::Entry,
    processing::{Actor, Category, Operation},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff};
use serde::{Deserialize, Serialize};
use store::{
    StoreError, Tx,
    erasure::{Hold, HoldPart},
    personal::CaseFile,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    desk::{self, ListQuery, erasing, find, illegal, text},
};

const CLAUSE: &str = "5.8";

/// Places a hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceHold {
    /// Whose data: the person's id, or the address on file.
    pub person: String,
    /// What is held, and no more.
    #[schema(value_type = Vec<String>, example = json!(["identity", "correspondence"]))]
    pub categories: BTreeSet<Category>,
    /// The provision that demands or allows it.
    #[schema(example = "Civil Code art. 196")]
    pub law: String,
    /// Why it is needed.
    pub reason: String,
    /// Until when, at most 1,096 days from now.
    #[schema(example = "2027-11-23T09:00:00Z")]
    pub until: String,
    /// Until when the law forbids telling of it: what is published meanwhile leaves it out.
    #[schema(example = "2027-05-23T09:00:00Z")]
    pub secret_until: Option<String>,
}

/// Says that a hold is needed still.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewHold {
    /// Until another day.
    #[schema(example = "2027-11-23T09:00:00Z")]
    pub until: Option<String>,
    /// Until another day the law forbids telling of it.
    #[schema(example = "2027-05-23T09:00:00Z")]
    pub secret_until: Option<String>,
}

/// Which part of what is kept.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartQuery {
    /// Its number, from 1. Each is a JSON list of copies with their category and time; later
    /// parts have what came later.
    part: Option<u32>,
}

/// A hold without its words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldView {
    /// The hold.
    #[schema(example = "hld_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// What is held.
    #[schema(value_type = Vec<String>)]
    pub categories: BTreeSet<Category>,
    /// The provision.
    pub law: String,
    /// Since when.
    pub placed_at: String,
    /// Until when.
    pub until: String,
    /// Until when the law forbids telling of it.
    pub secret_until: Option<String>,
    /// When somebody looked last whether it is needed.
    pub reviewed_at: String,
    /// When somebody has to look again.
    pub review_due_at: String,
    /// When something was copied for it last.
    pub kept_at: Option<String>,
    /// In how many parts.
    pub parts: usize,
    /// When it was lifted, and what it kept destroyed.
    pub lifted_at: Option<String>,
}

impl HoldView {
    fn of(hold: &Hold) -> Self {
        let progress = &hold.progress;
        let kept = progress.kept();
        Self {
            id: hold.id.to_string(),
            categories: progress.categories().clone(),
            law: progress.law().as_str().to_owned(),
            placed_at: progress.placed_at().to_string(),
            until: progress.until().to_string(),
            secret_until: text(progress.secret_until()),
            reviewed_at: progress.reviewed_at().to_string(),
            review_due_at: progress.review_due_at().to_string(),
            kept_at: text(kept.map(|kept| kept.at)),
            parts: kept.map_or(0, |kept| kept.parts),
            lifted_at: text(progress.lifted_at()),
        }
    }
}

/// A hold with its words, while it holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldFile {
    /// The hold.
    #[serde(flatten)]
    pub hold: HoldView,
    /// Whose data.
    pub person: Option<String>,
    /// Why it is needed.
    pub reason: Option<String>,
    /// The part that was asked for.
    pub part: Option<String>,
}

/// Holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldList {
    /// The newest first, or the nearest review first.
    pub items: Vec<HoldView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

fn refused(reason: IllegalMove) -> Problem {
    match reason {
        IllegalMove::Empty | IllegalMove::Unholdable(_) => Problem::field("categories", reason),
        IllegalMove::End => Problem::field("until", reason),
        IllegalMove::SecretOver => Problem::field("secret_until", reason),
        IllegalMove::Over => illegal("hold_over", reason),
    }
}

/// With the ban on telling of it, if there is one.
fn secret(progress: Progress, until: Option<&str>, now: Timestamp) -> Result<Progress, Problem> {
    let Some(until) = until else {
        return Ok(progress);
    };
    let until = desk::instant("secret_until", until)?;
    progress.forbid_telling(until, now).map_err(refused)
}

/// A part of what a hold keeps, which is there as long as the hold.
async fn part(app: &App, hold: HoldId, number: usize) -> Result<HoldPart, Problem> {
    let part = app.db.hold_part(hold, number).await?;
    part.ok_or_else(|| {
        let missing = "a part of what a hold keeps is not there".to_owned();
        Problem::internal(&StoreError::Rejected(missing))
    })
}

fn text_of(part: &HoldPart, open: &CaseFile) -> Result<String, Problem> {
    let copies = part.open(open)?;
    serde_json::to_string(&copies).map_err(|error| Problem::internal(&error))
}

fn entry(hold: &Hold, staff: &Staff, event: &str) -> Entry {
    hold.entry(Actor::Staff, event, CLAUSE, staff.0.now)
        .with_fact("law", hold.progress.law().as_str())
        .with_fact("until", hold.progress.until())
}

/// The register of legal holds
#[utoipa::path(
    get, path = "/compliance/holds", tag = "compliance",
    params(ListQuery),
    responses(
        (status = 200, body = HoldList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<HoldList>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let (mut holds, next_cursor) = desk::list::<Progress>(&app, &query).await?;
    // one that is over may be kept for the ban on telling of it
    holds.retain(|hold| !query.open || hold.progress.is_active(staff.0.now));
    Ok(Json(HoldList {
        items: holds.iter().map(HoldView::of).collect(),
        next_cursor,
    }))
}

/// Place a legal hold
///
/// What it names is copied for it, sealed, and nothing else: what stands now, what a correction
/// replaces, and once a day what came since. It is there in a moment, and outlives an erasure.
#[utoipa::path(
    post, path = "/compliance/holds", tag = "compliance",
    request_body = PlaceHold,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 201, body = HoldView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn place(
    State(app): State<App>,
    staff: Staff,
    JsonBody { value: body, .. }: JsonBody<PlaceHold>,
) -> Result<(StatusCode, Json<HoldView>), Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let until = desk::instant("until", &body.until)?;
    let law = desk::law("law", &body.law)?;
    let progress = Progress::place(body.categories, law, until, now).map_err(refused)?;
    let progress = secret(progress, body.secret_until.as_deref(), now)?;
    let file = File {
        subject: desk::person(&app, &body.person).await?,
        reason: desk::words("reason", &body.reason)?,
    };
    let id = HoldId::new(now);
    let (hold, key) = Hold::new(&app.gate, id, progress, &file, Actor::Staff, now).await?;
    let mut tx = Tx::new();
    tx.place_hold(&hold, key, file.subject)?;
    tx.record(entry(&hold, &staff, "hold.placed"));
    app.db.commit(tx).await.map_err(erasing)?;
    Ok((StatusCode::CREATED, Json(HoldView::of(&hold))))
}

/// Read one legal hold
///
/// Of what was copied for it, one part at a time.
#[utoipa::path(
    get, path = "/compliance/holds/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The hold's id"), PartQuery),
    responses(
        (status = 200, body = HoldFile), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<HoldId>,
    QueryOf(query): QueryOf<PartQuery>,
) -> Result<Json<HoldFile>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let hold: Hold = find(&app, id).await?;
    let view = HoldView::of(&hold);
    if !hold.progress.is_active(now) {
        return Ok(Json(HoldFile {
            hold: view,
            person: None,
            reason: None,
            part: None,
        }));
    }
    let (open, file) = hold
        .open(&app.gate, Operation::Extract, Actor::Staff, now)
        .await?;
    let number = query.part.and_then(|part| usize::try_from(part).ok());
    let part = match number.filter(|number| (1..=view.parts).contains(number)) {
        Some(number) => Some(part(&app, id, number).await?),
        None => None,
    };
    Ok(Json(HoldFile {
        hold: view,
        person: Some(file.subject.to_string()),
        reason: Some(file.reason.into()),
        part: part.map(|part| text_of(&part, &open)).transpose()?,
    }))
}

/// Say that a legal hold is needed still
#[utoipa::path(
    post, path = "/compliance/holds/{id}/review", tag = "compliance",
    params(("id" = String, Path, description = "The hold's id")),
    request_body = ReviewHold,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = HoldView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn review(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<HoldId>,
    JsonBody { value: body, .. }: JsonBody<ReviewHold>,
) -> Result<Json<HoldView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let until = body.until.as_deref();
    let until = until.map(|text| desk::instant("until", text)).transpose()?;
    let hold: Hold = find(&app, id).await?;
    let now = staff.0.now;
    let progress = hold.progress.clone().review(until, now).map_err(refused)?;
    let progress = secret(progress, body.secret_until.as_deref(), now)?;
    let hold = hold.with(progress);
    let mut tx = Tx::new();
    tx.change_case(&hold)?;
    tx.record(entry(&hold, &staff, "hold.reviewed"));
    app.db.commit(tx).await?;
    Ok(Json(HoldView::of(&hold)))
}

/// Lift a legal hold
///
/// What was copied for it is destroyed.
#[utoipa::path(
    post, path = "/compliance/holds/{id}/lift", tag = "compliance",
    params(("id" = String, Path, description = "The hold's id")),
    responses(
        (status = 200, body = HoldView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn lift(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<HoldId>,
) -> Result<Json<HoldView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let hold: Hold = find(&app, id).await?;
    let progress = hold.progress.clone().lift(staff.0.now);
    let hold = hold.with(progress.map_err(refused)?);
    let mut tx = Tx::new();
    tx.lift_hold(&hold)?;
    tx.record(entry(&hold, &staff, "hold.lifted"));
    app.db.commit(tx).await?;
    Ok(Json(HoldView::of(&hold)))
}
