//! Signing in and out.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use domain::{
    contact::EmailAddress,
    password::Password,
    time::{SignedDuration, Timestamp},
};
use platform::{
    http::{
        ClientInfo, JsonBody, Problem, ProblemDocument, Signals, SignedIn, clear_cookie,
        session_cookie,
    },
    password_hash,
};
use serde::{Deserialize, Serialize};
use store::{
    limits::Limit,
    lookup::LookupHash,
    people::{SESSION_LENGTH, Session, end_all_sessions, end_session, find_login, open_session},
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{App, consents::honour};

/// Attempts on one account (SP 800-63B, section 3.2.2: far below 100 in all).
const ON_ONE_ACCOUNT: Limit = Limit {
    name: "sign-in-account",
    max: 20,
    window: SignedDuration::from_mins(15),
};
/// Attempts from one network address.
const FROM_ONE_NETWORK: Limit = Limit {
    name: "sign-in-network",
    max: 100,
    window: SignedDuration::from_mins(15),
};

/// Counts an attempt to give a password; 429 when there were too many.
pub(crate) async fn count_attempt(
    app: &App,
    account: &LookupHash,
    client: &ClientInfo,
    now: Timestamp,
) -> Result<(), Problem> {
    let network = app.lookup.network(&client.network_text());
    for (limit, whose) in [(FROM_ONE_NETWORK, &network), (ON_ONE_ACCOUNT, account)] {
        if !app.db.within(limit, whose, now).await? {
            return Err(Problem::too_many(limit.retry_after(now)));
        }
    }
    Ok(())
}

/// The sign-in form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInForm {
    /// The login address.
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    #[serde(deserialize_with = "platform::secret::text")]
    password: Zeroizing<String>,
}

/// An open session.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenedSession {
    /// The secret to send as `Authorization: Bearer …`; browsers have it in a cookie.
    #[schema(example = "abs_…")]
    token: String,
    /// When the session ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// The workspace that it opens.
    workspace_id: String,
    /// The person.
    person_id: String,
}

type WithCookie<T> = (StatusCode, [(HeaderName, HeaderValue); 1], T);

fn wrong_credentials() -> Problem {
    Problem::unauthorized(
        "wrong_credentials",
        "The e-mail address or the password is wrong.",
    )
}

/// Sign in
///
/// Opens a session of 12 hours: for browsers in a cookie, for others as a
/// bearer secret. The newest 50 stay open. A browser that sends Global Privacy
/// Control (`Sec-GPC: 1`) opts the person out of sharing for advertising.
#[utoipa::path(
    post, path = "/sessions", tag = "sessions", request_body = SignInForm,
    responses(
        (status = 201, body = OpenedSession, headers(("Set-Cookie" = String, description = "The session for browsers"))),
        (status = 400, body = ProblemDocument),
        (status = 401, description = "The address or the password is wrong", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = 429, headers(("Retry-After" = u32, description = "Seconds to wait")), body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn sign_in(
    State(app): State<App>,
    client: ClientInfo,
    signals: Signals,
    JsonBody { value: form, .. }: JsonBody<SignInForm>,
) -> Result<WithCookie<Json<OpenedSession>>, Problem> {
    let now = app.clock.now();
    let email =
        EmailAddress::new(&form.email).map_err(|invalid| Problem::field("email", invalid))?;
    let address = app.lookup.email(&email);
    count_attempt(&app, &address, &client, now).await?;

    let login = find_login(&app.db, &address).await?;
    let stored = login.as_ref().map(|login| login.password_hash.as_str());
    let matches =
        password_hash::verify_or_waste(stored, &Password::presented(&form.password)).await;
    let login = login.filter(|_| matches).ok_or_else(wrong_credentials)?;
    let (token, session) = open_session(&app.db, &login, now)
        .await?
        .ok_or_else(wrong_credentials)?;
    honour(&app, signals, session.subject, &client, now).await?;
    let opened = OpenedSession {
        token: token.reveal(),
        expires_at: session.expires_at,
        workspace_id: session.workspace.to_string(),
        person_id: session.subject.to_string(),
    };
    let cookie = session_cookie(&token, SESSION_LENGTH);
    Ok((
        StatusCode::CREATED,
        [(header::SET_COOKIE, cookie)],
        Json(opened),
    ))
}

/// One of one's own sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The beginning of the secret's hash: tells sessions apart, opens none.
    #[schema(example = "3f9a0c41d2be")]
    id: String,
    /// When the password was given.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether this request came with it.
    current: bool,
}

/// One's own sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// The newest first.
    items: Vec<SessionView>,
    /// Always `null`: there are at most 50.
    next_cursor: Option<String>,
}

fn view(session: &Session, current: &Session) -> SessionView {
    SessionView {
        id: session.token.chars().take(12).collect(),
        created_at: session.authenticated_at,
        expires_at: session.expires_at,
        current: session.token == current.token,
    }
}

/// List one's own sessions
#[utoipa::path(
    get, path = "/sessions", tag = "sessions",
    responses(
        (status = 200, body = SessionList), (status = 401, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<SessionList>, Problem> {
    let mut sessions = store::people::sessions(&app.db, signed_in.subject(), signed_in.now).await?;
    sessions.sort_by_key(|session| std::cmp::Reverse(session.authenticated_at));
    let items = sessions.iter().map(|s| view(s, &signed_in.session));
    Ok(Json(SessionList {
        items: items.collect(),
        next_cursor: None,
    }))
}

fn signed_out() -> WithCookie<()> {
    let cookie = [(header::SET_COOKIE, clear_cookie())];
    (StatusCode::NO_CONTENT, cookie, ())
}

/// Sign out
#[utoipa::path(
    delete, path = "/sessions/current", tag = "sessions",
    responses(
        (status = 204), (status = 401, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn sign_out(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<WithCookie<()>, Problem> {
    end_session(&app.db, &signed_in.session, signed_in.now).await?;
    Ok(signed_out())
}

/// Sign out everywhere
///
/// Ends every session of the person, this one included.
#[utoipa::path(
    delete, path = "/sessions", tag = "sessions",
    responses(
        (status = 204), (status = 401, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn sign_out_everywhere(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<WithCookie<()>, Problem> {
    end_all_sessions(&app.db, &signed_in.session, signed_in.now).await?;
    Ok(signed_out())
}
