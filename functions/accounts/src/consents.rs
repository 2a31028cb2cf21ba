//! Reading, giving and withdrawing consents, one by one (clauses 2.2, 4.8 to 4.10).

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue},
};
use domain::{
    consent::{self, ConsentPurpose, Tick},
    ids::SubjectId,
    policy::{self, Locale},
    processing::Purpose,
    time::Timestamp,
};
use platform::http::{
    ClientInfo, JsonBody, PathId, Problem, ProblemDocument, Signals, SignedIn, VARY_GPC,
};
use serde::{Deserialize, Serialize};
use store::{
    Db,
    people::{
        Consent, Origin, PersonRecord, STATE_CONSENT, consent_history, evidence, person_key,
        state_consent, taken_back,
    },
    site::opt_out_by_signal,
};
use utoipa::ToSchema;

use crate::App;

/// The text that binds now: what a front end shows before it asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct CurrentText {
    /// The document.
    #[schema(example = "marketing-consent")]
    document: &'static str,
    /// The version.
    version: String,
    /// SHA-256 of the text in the person's language.
    sha256: String,
    /// The language.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// What stands beside the box, word for word.
    label: String,
}

/// The last time that the person stated their will.
#[derive(Serialize, ToSchema)]
pub(crate) struct Statement {
    /// Given, or withdrawn.
    given: bool,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The document.
    document: String,
    /// The version.
    version: String,
    /// SHA-256 of the text.
    sha256: String,
    /// The language of the text.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// What stood beside the box, word for word.
    label: String,
    /// The form on which it stood.
    #[schema(example = "signup")]
    form: String,
}

/// One consent.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentView {
    /// `processing`, `marketing` or `transfer`.
    #[schema(example = "marketing")]
    purpose: &'static str,
    /// Whether it holds now, and the person objects to nothing that rests on it.
    given: bool,
    /// The last statement, if there was one.
    last: Option<Statement>,
    /// The text that binds now.
    current: Option<CurrentText>,
}

/// The person's consents.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentList {
    /// One for each purpose.
    items: Vec<ConsentView>,
    /// Always `null`: the list is short.
    next_cursor: Option<String>,
}

fn current_text(purpose: ConsentPurpose, locale: Locale, now: Timestamp) -> Option<CurrentText> {
    let publication = policy::current(purpose.document(), now)?;
    Some(CurrentText {
        document: purpose.document(),
        version: publication.version.clone(),
        sha256: publication.text(locale)?.sha256.clone(),
        locale,
        label: consent::label(purpose, locale)?,
    })
}

pub(crate) fn statement(evidence: &Consent) -> Statement {
    Statement {
        given: evidence.given,
        at: evidence.at,
        document: evidence.tick.document.clone(),
        version: evidence.tick.version.clone(),
        sha256: evidence.tick.sha256.clone(),
        locale: evidence.tick.locale,
        label: evidence.label.clone(),
        form: evidence.form.clone(),
    }
}

/// An answer that depends on the browser's signal.
pub(crate) type Varied<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

/// Keeps the opt-out of a browser that sends Global Privacy Control (clause 4.9). It
/// costs one read, and five calls more where it is news.
pub(crate) async fn honour(
    app: &App,
    signals: Signals,
    subject: SubjectId,
    client: &ClientInfo,
    now: Timestamp,
) -> Result<(), Problem> {
    if signals.gpc {
        let origin = Origin::from(client);
        opt_out_by_signal(&app.db, &app.gate, subject, &origin, now).await?;
    }
    Ok(())
}

pub(crate) struct Known {
    pub(crate) record: PersonRecord,
    pub(crate) history: Vec<Consent>,
}

impl Known {
    pub(crate) async fn of(db: &Db, signed_in: &SignedIn) -> Result<Self, Problem> {
        let subject = signed_in.subject();
        let record: Option<PersonRecord> = db.get(&person_key(subject)).await?;
        Ok(Self {
            record: record.ok_or_else(Problem::not_found)?,
            history: consent_history(db, subject).await?,
        })
    }

    pub(crate) fn view(&self, purpose: ConsentPurpose, now: Timestamp) -> ConsentView {
        let mut newest_first = self.history.iter().rev();
        ConsentView {
            purpose: purpose.as_str(),
            given: self.record.agrees_to(purpose),
            last: newest_first.find(|e| e.consent == purpose).map(statement),
            current: current_text(purpose, self.record.locale, now),
        }
    }
}

fn purpose(text: &str) -> Result<ConsentPurpose, Problem> {
    text.parse().map_err(|()| Problem::not_found())
}

/// List one's own consents
#[utoipa::path(
    get, path = "/me/consents", tag = "consents",
    responses(
        (status = 200, body = ConsentList), (status = 401, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
    client: ClientInfo,
    signals: Signals,
) -> Result<Varied<ConsentList>, Problem> {
    let now = signed_in.now;
    honour(&app, signals, signed_in.subject(), &client, now).await?;
    let known = Known::of(&app.db, &signed_in).await?;
    let items = ConsentPurpose::ALL.map(|purpose| known.view(purpose, now));
    let list = ConsentList {
        items: items.into(),
        next_cursor: None,
    };
    Ok((VARY_GPC, Json(list)))
}

/// Read one of one's own consents
#[utoipa::path(
    get, path = "/me/consents/{purpose}", tag = "consents",
    params(("purpose" = String, Path, description = "`processing`, `marketing` or `transfer`")),
    responses(
        (status = 200, body = ConsentView), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(asked): PathId<String>,
    client: ClientInfo,
    signals: Signals,
) -> Result<Varied<ConsentView>, Problem> {
    let (purpose, now) = (purpose(&asked)?, signed_in.now);
    honour(&app, signals, signed_in.subject(), &client, now).await?;
    let known = Known::of(&app.db, &signed_in).await?;
    Ok((VARY_GPC, Json(known.view(purpose, now))))
}

/// The person's will. To give a consent, name the text that it is given to; to
/// withdraw one, `given` alone is enough.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentChange {
    /// Give, or withdraw.
    given: bool,
    /// The document that was shown.
    #[schema(example = "marketing-consent")]
    document: Option<String>,
    /// The version that was shown.
    version: Option<String>,
    /// SHA-256 of the text that was shown.
    sha256: Option<String>,
    /// The language in which it was shown.
    #[schema(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
}

impl ConsentChange {
    fn tick(self, purpose: ConsentPurpose, now: Timestamp) -> Result<Tick, Problem> {
        let (Some(document), Some(version), Some(sha256), Some(locale)) =
            (self.document, self.version, self.sha256, self.locale)
        else {
            return Err(Problem::invalid(
                "text_required",
                "To give a consent, name `document`, `version`, `sha256` and `locale` of the text that was shown.",
            ));
        };
        let tick = Tick {
            document,
            version,
            sha256,
            locale,
            ticked: true,
        };
        if tick.check(now)? == purpose {
            return Ok(tick);
        }
        Err(Problem::field(
            "document",
            "it asks for another consent than this address",
        ))
    }
}

/// The box that a change writes down; none when nothing changes.
fn to_write(
    known: &Known,
    purpose: ConsentPurpose,
    change: ConsentChange,
    now: Timestamp,
) -> Result<Option<Tick>, Problem> {
    let holds = known.record.has_consented(purpose);
    if change.given {
        let tick = change.tick(purpose, now)?;
        let last = known.history.iter().rev().find(|e| e.consent == purpose);
        let agrees = known.record.agrees_to(purpose);
        let same = agrees && last.is_some_and(|last| last.tick == tick);
        return Ok((!same).then_some(tick));
    }
    if purpose == ConsentPurpose::Processing {
        return Err(Problem::conflict(
            "withdraw_by_request",
            "Without this consent there is no account. To withdraw it, and every other consent with it, POST /data-subject-requests with the kind `withdrawal`: processing stops at once, and your data is destroyed.",
        )
        .with("see", "/data-subject-requests"));
    }
    Ok(taken_back(&known.history, purpose).filter(|_| holds))
}

/// A signal and a click of one browser contradict each other: the signal holds (4.9).
fn kept_off_by_signal() -> Problem {
    Problem::conflict(
        "global_privacy_control",
        "Your browser sends Global Privacy Control, which keeps sharing for advertising off. To consent to it, switch the signal off for this site first.",
    )
}

/// Give or withdraw a consent
///
/// Takes effect at once; a receipt is mailed. While the browser sends Global Privacy
/// Control, the consent to sharing (`transfer`) can't be given.
#[utoipa::path(
    put, path = "/me/consents/{purpose}", tag = "consents", request_body = ConsentChange,
    params(("purpose" = String, Path, description = "`processing`, `marketing` or `transfer`")),
    responses(
        (status = 200, body = ConsentView),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = 409, description = "The text has changed, the browser sends Global Privacy Control, or the consent can be withdrawn by a request only", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn change(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(asked): PathId<String>,
    client: ClientInfo,
    signals: Signals,
    JsonBody { value: change, .. }: JsonBody<ConsentChange>,
) -> Result<Varied<ConsentView>, Problem> {
    let (purpose, now) = (purpose(&asked)?, signed_in.now);
    let subject = signed_in.subject();
    honour(&app, signals, subject, &client, now).await?;
    if signals.gpc && change.given && purpose == ConsentPurpose::Transfer {
        return Err(kept_off_by_signal());
    }
    let mut known = Known::of(&app.db, &signed_in).await?;
    let Some(tick) = to_write(&known, purpose, change, now)? else {
        return Ok((VARY_GPC, Json(known.view(purpose, now))));
    };
    let person = app.gate.open(subject, STATE_CONSENT, now).await?;
    let origin = Origin::from(&client);
    let evidence = evidence(&person, purpose, tick, "preferences", &origin, now)?;
    state_consent(&app.db, &person, &evidence, now).await?;
    if evidence.given {
        known.record.consents.insert(purpose);
        let rests_on_it = |o: &Purpose| ConsentPurpose::required_by(*o) == Some(purpose);
        known.record.objections.retain(|o| !rests_on_it(o));
    } else {
        known.record.consents.remove(&purpose);
    }
    known.history.push(evidence);
    Ok((VARY_GPC, Json(known.view(purpose, now))))
}
