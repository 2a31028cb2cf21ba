//! Whom an incident affects: found in the access log by pseudonym, and told.

use std::time::{Duration, Instant};

use axum::{Json, extract::State};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    compliance::{StaffRole, incident::Affected},
    consequence::Letter,
    ids::{IncidentId, SubjectId},
    processing::Actor,
};
use platform::{
    deadline,
    http::{JsonBody, PathId, Problem, ProblemDocument, Staff},
};
use store::{
    Key, StoreError, Table, Tx,
    compliance::Reference,
    erasure::{Cursor, Seen},
    people::person_key,
};
use tokio::time::timeout;

use super::{
    CLAUSE, Incident,
    api::{AffectedView, Notified, Notify},
    entry, refused,
};
use crate::{App, desk::find};

/// How many pages of 500 items one step of telling reads.
const PAGES: usize = 2;
/// After this long a step begins with nobody else; it always comes to one row at least.
const BEGUN_WITHIN: Duration = Duration::from_secs(15);
/// When a step is given up: the function has 29 seconds, and who was told is still noted.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(22);
/// How often a step that met another change of the case is noted again.
const ATTEMPTS: usize = 5;

/// Make the list of who is affected
///
/// From the chains of the ledger: whoever makes it again gets the same.
#[utoipa::path(
    post, path = "/compliance/incidents/{id}/affected", tag = "compliance",
    params(("id" = String, Path, description = "The incident's id")),
    responses(
        (status = 200, body = AffectedView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn affected(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<IncidentId>,
) -> Result<Json<AffectedView>, Problem> {
    staff.must_be(StaffRole::Security)?;
    let case: Incident = find(&app, id).await?;
    let affected = list(&app, &case, deadline::end()).await?;
    let summary = affected.summary(staff.0.now);
    let progress = case.progress.clone().listed(summary).map_err(refused)?;
    let case = case.with(progress);
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.record(
        entry(&case, &staff, "incident.listed")
            .with_fact("persons", summary.persons)
            .with_fact("accesses", summary.accesses)
            .with_fact("sha256", summary.sha256),
    );
    app.db.commit(tx).await?;
    Ok(Json(AffectedView {
        summary: summary.into(),
        pseudonyms: affected.pseudonyms.into_iter().collect(),
    }))
}

async fn list(app: &App, case: &Incident, end: Option<Instant>) -> Result<Affected, Problem> {
    let accesses = case.progress.accesses();
    let entries = app.db.ledger_of(accesses.period, end).await?;
    let entries = entries.ok_or_else(|| {
        Problem::conflict(
            "too_many_accesses",
            "There are too many accesses in this period for one list. Register the incident in shorter periods.",
        )
    })?;
    Ok(Affected::of(&accesses, &entries))
}

/// Tell those who are affected
///
/// Each once. One call looks at a part of the people: repeat it with
/// `next_cursor` until there is none.
#[utoipa::path(
    post, path = "/compliance/incidents/{id}/notify", tag = "compliance",
    params(("id" = String, Path, description = "The incident's id")),
    request_body = Notify,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = Notified), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn notify(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<IncidentId>,
    JsonBody { value: body, .. }: JsonBody<Notify>,
) -> Result<Json<Notified>, Problem> {
    staff.must_be(StaffRole::Security)?;
    let (started, after) = (Instant::now(), read_cursor(body.cursor.as_deref())?);
    let case: Incident = find(&app, id).await?;
    // a closed incident tells nobody
    case.progress.clone().told_more(0).map_err(refused)?;
    let affected = list(&app, &case, started.checked_add(BEGUN_WITHIN)).await?;
    let mut notified = Notified {
        told: 0,
        told_before: 0,
        next_cursor: None,
    };
    let step = Step {
        app: &app,
        staff: &staff,
        case: &case,
        affected: &affected,
        started,
    };
    let left = GIVEN_UP_AFTER.saturating_sub(started.elapsed());
    let stopped = timeout(left, step.tell_from(after, &mut notified)).await;
    // who was told is noted, whatever came after
    note(&app, &staff, id, notified.told).await?;
    let stopped = stopped.unwrap_or_else(|_| Err(Problem::busy()))?;
    notified.next_cursor = stopped.as_ref().map(write_cursor);
    Ok(Json(notified))
}

/// One step of telling.
struct Step<'a> {
    app: &'a App,
    staff: &'a Staff,
    case: &'a Incident,
    affected: &'a Affected,
    started: Instant,
}

/// The person whose record this is.
fn person(row: &Seen) -> Option<SubjectId> {
    let subject = row.key.pk.strip_prefix("SUBJ#")?.parse().ok()?;
    (row.key == person_key(subject)).then_some(subject)
}

impl Step<'_> {
    /// Tells whom it finds behind a place; gives the place where it stopped before the end.
    async fn tell_from(
        &self,
        mut after: Option<Key>,
        notified: &mut Notified,
    ) -> Result<Option<Key>, Problem> {
        for _ in 0..PAGES {
            let walked = self.app.census.walk(&place(after)).await?;
            // behind the people a walk goes on to other tables
            let Some((Table::People, sheet)) = walked else {
                return Ok(None);
            };
            for row in &sheet.rows {
                if let Some(subject) = person(row) {
                    self.tell(subject, notified).await?;
                }
                if self.started.elapsed() >= BEGUN_WITHIN {
                    return Ok(Some(row.key.clone()));
                }
            }
            if sheet.next.is_none() {
                return Ok(None);
            }
            after = sheet.next;
        }
        Ok(after)
    }

    async fn tell(&self, subject: SubjectId, notified: &mut Notified) -> Result<(), Problem> {
        let (case, now) = (self.case, self.staff.0.now);
        let Some(pseudonym) = self.app.gate.pseudonym_of(subject).await? else {
            return Ok(());
        };
        if !self.affected.pseudonyms.contains(&pseudonym) {
            return Ok(());
        }
        let mut tx = Tx::new();
        tx.alive(subject);
        tx.create(
            "reference",
            &Reference {
                subject,
                case: case.id.to_string(),
                at: now,
                tell_at: None,
                told_at: Some(now),
            },
        );
        let letter = Letter::Incident {
            incident: case.id,
            known_at: case.progress.known_at(),
        };
        tx.mail(subject, letter, now);
        let told = case.entry(Actor::Staff, "incident.person_told", CLAUSE, now);
        tx.record(told.with_person(pseudonym));
        match self.app.db.commit(tx).await {
            Ok(()) => notified.told += 1,
            Err(error) if error.refused("reference") => notified.told_before += 1,
            // whoever is being erased is told nothing more
            Err(error) if error.refused("person") => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Notes in the register how many more were told, and in the ledger.
async fn note(app: &App, staff: &Staff, id: IncidentId, told: u64) -> Result<(), Problem> {
    if told == 0 {
        return Ok(());
    }
    let mut outcome = Ok(());
    for _ in 0..ATTEMPTS {
        let case: Incident = find(app, id).await?;
        let progress = case.progress.clone().told_more(told).map_err(refused)?;
        let case = case.with(progress);
        let mut tx = Tx::new();
        tx.change_case(&case)?;
        tx.record(entry(&case, staff, "incident.persons_told").with_fact("told", told));
        outcome = app.db.commit(tx).await;
        if !matches!(outcome, Err(StoreError::Refused(_))) {
            break;
        }
    }
    Ok(outcome?)
}

/// The place in the walk after a key of the people table; its beginning without one.
fn place(after: Option<Key>) -> Cursor {
    let mut cursor = Cursor::default();
    if after.is_some() {
        cursor.turn(after);
    }
    cursor
}

/// The key of the people table that a cursor names. What can't be a key of a
/// table, as a cursor of another list, is refused here and not by the table.
fn read_cursor(text: Option<&str>) -> Result<Option<Key>, StoreError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let key: Result<[String; 2], _> = serde_json::from_slice(&bytes);
    let [pk, sk] = key.map_err(|_| StoreError::InvalidCursor)?;
    if pk.is_empty() || pk.len() > 2048 || sk.is_empty() || sk.len() > 1024 {
        return Err(StoreError::InvalidCursor);
    }
    Ok(Some(Key::new(pk, sk)))
}

fn write_cursor(after: &Key) -> String {
    // two texts can always be written
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&[&after.pk, &after.sk]).unwrap_or_default())
}
