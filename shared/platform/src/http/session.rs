//! Who is signed in: one BatchGetItem brings session, member and workspace.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
};
use domain::{
    billing::Access,
    compliance::StaffRole,
    ids::{SubjectId, WorkspaceId},
    time::{SignedDuration, Timestamp, shift},
    token::SessionToken,
    workspace::Role,
};
use store::{
    Db, Table,
    catalog::{
        Member, Workspace,
        workspace::{member_key, workspace_key},
    },
    lookup::LookupHash,
    people::{Session, session_key},
};

use super::Problem;
use crate::{
    clock::Clock,
    env::{ConfigError, Env},
    secret::AppSecret,
};

/// The cookie that holds a session's token in browsers.
pub const SESSION_COOKIE: &str = "__Host-session";

/// What recognises sessions; part of every HTTP function's state.
#[derive(Clone)]
pub struct Auth {
    db: Db,
    clock: Clock,
    staff: Arc<HashMap<LookupHash, BTreeSet<StaffRole>>>,
    origins: Arc<Vec<String>>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(…)")
    }
}

impl Auth {
    /// Of the environment: `PUBLIC_URL` and `WEB_ORIGINS` are the origins whose
    /// pages may use a cookie.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(db: Db, clock: Clock, secret: &AppSecret, env: &Env) -> Result<Self, ConfigError> {
        let mut origins = env.list("WEB_ORIGINS");
        origins.push(origin_of(&env.required("PUBLIC_URL")?));
        Ok(Self {
            db,
            clock,
            staff: Arc::clone(&secret.staff),
            origins: Arc::new(origins),
        })
    }
}

fn origin_of(url: &str) -> String {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    match url[after_scheme..].find('/') {
        Some(slash) => url[..after_scheme + slash].to_owned(),
        None => url.to_owned(),
    }
}

/// A signed-in person in a workspace. The only source of a workspace's id in a
/// handler (invariant 8).
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The person's place in the workspace.
    pub member: Member,
    /// The workspace as it is now.
    pub workspace: Workspace,
    /// The time of the request.
    pub now: Timestamp,
    /// What the person may do as compliance staff; `None` for everybody else.
    pub staff: Option<BTreeSet<StaffRole>>,
}

impl SignedIn {
    /// The workspace.
    #[must_use]
    pub fn workspace_id(&self) -> WorkspaceId {
        self.workspace.id
    }

    /// The person.
    #[must_use]
    pub fn subject(&self) -> SubjectId {
        self.session.subject
    }

    /// 403 while the person declines a document in force (clause 2.6): nothing new
    /// is agreed upon with them.
    ///
    /// # Errors
    /// The problem that says how to go on.
    pub fn may_agree(&self) -> Result<(), Problem> {
        if self.member.declined_at.is_some() {
            return Err(Problem::forbidden(
                "policy_declined",
                "You have declined a document in force. You can see and download everything, \
                 get a copy of your data and close your account; accept the document with \
                 PUT /me/policies/{document} to change things again.",
            ));
        }
        Ok(())
    }

    /// 403 while the workspace is read-only, or as [`SignedIn::may_agree`] says.
    ///
    /// # Errors
    /// The problem that says how to go on.
    pub fn may_write(&self) -> Result<(), Problem> {
        self.may_agree()?;
        match self.workspace.access(self.now) {
            Access::Full => Ok(()),
            Access::ReadOnly => Err(Problem::forbidden(
                "workspace_read_only",
                "This workspace is read-only: its trial or its paid period has ended. \
                 You can see and download everything; choose a plan to go on.",
            )),
        }
    }

    /// 403 unless the person owns the workspace.
    ///
    /// # Errors
    /// The problem that says so.
    pub fn must_own(&self) -> Result<(), Problem> {
        match self.member.role {
            Role::Owner => Ok(()),
            Role::Member => Err(Problem::forbidden(
                "owner_only",
                "Only an owner of the workspace may do this.",
            )),
        }
    }

    /// 401 unless the password was given within the last ten minutes (level L3).
    ///
    /// # Errors
    /// The problem that asks for it.
    pub fn must_be_fresh(&self) -> Result<(), Problem> {
        let fresh_until = shift(self.session.authenticated_at, SignedDuration::from_mins(10));
        if self.now < fresh_until {
            return Ok(());
        }
        Err(Problem::unauthorized(
            "fresh_sign_in_required",
            "For this, sign in again: your password must have been given within the last ten minutes.",
        ))
    }
}

fn unauthorized() -> Problem {
    Problem::unauthorized("sign_in_required", "Sign in first.")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(cookie::Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == SESSION_COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

/// A cookie is sent by browsers whatever page makes them: a change through one
/// must come from our own pages. Browsers say so in `Sec-Fetch-Site`, older
/// ones in `Origin`.
fn same_site(parts: &Parts, origins: &[String]) -> bool {
    if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
    let known = text("origin").is_some_and(|origin| origins.iter().any(|o| o == origin));
    known || text("sec-fetch-site") == Some("same-origin")
}

impl<S> FromRequestParts<S> for SignedIn
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let auth = Auth::from_ref(state);
        let token = match bearer(&parts.headers) {
            Some(token) => SessionToken::parse(token),
            None => {
                let value = cookie(&parts.headers).ok_or_else(unauthorized)?;
                if !same_site(parts, &auth.origins) {
                    return Err(Problem::forbidden(
                        "cross_site",
                        "A change with a session cookie must come from one of our own pages.",
                    ));
                }
                SessionToken::parse(&value)
            }
        };
        let token = token.ok_or_else(unauthorized)?;
        auth.recognise(&token).await
    }
}

impl Auth {
    async fn recognise(&self, token: &SessionToken) -> Result<SignedIn, Problem> {
        let now = self.clock.now();
        let (workspace, subject) = (token.workspace(), token.subject());
        let keys = [
            (Table::People, session_key(subject, &token.hash())),
            (Table::Catalog, member_key(workspace, subject)),
            (Table::Catalog, workspace_key(workspace)),
        ];
        let mut found = self.db.get_many(&keys).await?;
        let session: Session = found.take(&keys[0].1)?.ok_or_else(unauthorized)?;
        let member: Member = found.take(&keys[1].1)?.ok_or_else(unauthorized)?;
        let workspace: Workspace = found.take(&keys[2].1)?.ok_or_else(unauthorized)?;
        if session.expires_at <= now || session.workspace != workspace.id {
            return Err(unauthorized());
        }
        tracing::Span::current().record("workspace", tracing::field::display(workspace.id));
        Ok(SignedIn {
            staff: self.staff.get(&session.login).cloned(),
            session,
            member,
            workspace,
            now,
        })
    }
}

/// A signed-in member of the compliance staff; anybody else gets 403.
#[derive(Debug, Clone)]
pub struct Staff(pub SignedIn);

impl<S> FromRequestParts<S> for Staff
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let signed_in = SignedIn::from_request_parts(parts, state).await?;
        if signed_in.staff.is_some() {
            return Ok(Self(signed_in));
        }
        Err(Problem::forbidden(
            "staff_only",
            "Only compliance staff may do this.",
        ))
    }
}

impl Staff {
    /// 403 unless the person has this role (least rights).
    ///
    /// # Errors
    /// The problem that names the role.
    pub fn must_be(&self, role: StaffRole) -> Result<(), Problem> {
        let roles = self.0.staff.as_ref();
        if roles.is_some_and(|roles| roles.contains(&role)) {
            return Ok(());
        }
        Err(Problem::forbidden(
            "staff_role",
            format!("This needs the staff role `{}`.", role.as_str()),
        ))
    }
}

/// The `Set-Cookie` that gives a browser its session.
#[must_use]
pub fn session_cookie(token: &SessionToken, lasts: SignedDuration) -> HeaderValue {
    let text = format!(
        "{SESSION_COOKIE}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax",
        token.reveal(),
        lasts.as_secs()
    );
    HeaderValue::from_str(&text).unwrap_or_else(|_| clear_cookie())
}

/// The `Set-Cookie` that takes it away.
#[must_use]
pub fn clear_cookie() -> HeaderValue {
    HeaderValue::from_static("__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}
