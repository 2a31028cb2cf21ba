//! Sessions (clauses 1.7, 5.11).

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{SubjectId, WorkspaceId},
    ledger::Entry,
    processing::Actor,
    time::{SignedDuration, Timestamp, shift},
    token::{SessionToken, TokenHash},
};
use serde::{Deserialize, Serialize};

use super::{Login, find_login, login::OpenedSession, login_key, partition};
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx, expires},
    lookup::LookupHash,
};

/// How long a session lasts.
pub const SESSION_LENGTH: SignedDuration = SignedDuration::from_hours(12);
/// How often a change of the sessions that met another one is tried again: as
/// often as a password may be tried at once.
const ATTEMPTS: u32 = 20;

/// A session, found by its token's hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Whose session.
    pub subject: SubjectId,
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// The token's hash.
    pub token: TokenHash,
    /// The login that opened it; staff are known by it.
    pub login: LookupHash,
    /// When the password was given last (level L3 asks that it is recent).
    pub authenticated_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Where a session stands.
#[must_use]
pub fn session_key(subject: SubjectId, token: &TokenHash) -> Key {
    Key::new(partition(subject), format!("SESSION#{token}"))
}

impl Entity for Session {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        session_key(self.subject, &self.token)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.expires_at)]
    }
}

// a session is found without the person's key, so its entries name the workspace only
fn session_entry(event: &str, workspace: WorkspaceId, clause: &str, now: Timestamp) -> Entry {
    Entry::new(now, Actor::Subject, event, clause).with_workspace(workspace)
}

fn contended() -> StoreError {
    StoreError::Unavailable("the account is changed all the time".to_owned())
}

/// Opens a session for the account whose password was just verified; the oldest
/// one ends when there are too many. `None` when the password was changed
/// meanwhile or the person is being erased.
///
/// # Errors
/// [`StoreError`].
pub async fn open_session(
    db: &Db,
    verified: &Login,
    now: Timestamp,
) -> Result<Option<(SessionToken, Session)>, StoreError> {
    let token = SessionToken::generate(verified.workspace, verified.subject);
    let session = Session {
        subject: verified.subject,
        workspace: verified.workspace,
        token: token.hash(),
        login: verified.login.clone(),
        authenticated_at: now,
        expires_at: shift(now, SESSION_LENGTH),
    };
    let mut login = verified.clone();
    for _ in 0..ATTEMPTS {
        match db.commit(opening(&login, &session, now)?).await {
            Ok(()) => return Ok(Some((token, session))),
            Err(error) if error.refused("person") => return Ok(None),
            // another session was opened at the same time, or the account has changed
            Err(error) if error.refused("login") => {
                let found = find_login(db, &verified.login).await?;
                match found.filter(|found| found.password_set_at == verified.password_set_at) {
                    Some(found) => login = found,
                    None => return Ok(None),
                }
            }
            Err(error) => return Err(error),
        }
    }
    Err(contended())
}

fn opening(login: &Login, session: &Session, now: Timestamp) -> Result<Tx, StoreError> {
    let (mut sessions, ended) = login.making_room(now);
    sessions.push(OpenedSession {
        token: session.token.clone(),
        expires_at: session.expires_at,
    });
    let mut tx = Tx::new();
    tx.alive(login.subject);
    let update = login.with_sessions(&sessions)?;
    tx.update("login", Table::People, &login.key(), &update);
    tx.end_sessions(login.subject, &ended);
    tx.create("session", session);
    tx.record(session_entry("session.opened", login.workspace, "1.7", now));
    Ok(tx)
}

/// A person's sessions that have not ended.
///
/// # Errors
/// [`StoreError`].
pub async fn sessions(
    db: &Db,
    subject: SubjectId,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let mut sessions: Vec<Session> = db.list_all(&partition(subject), "SESSION#").await?;
    sessions.retain(|session| session.expires_at > now);
    Ok(sessions)
}

/// Ends one session.
///
/// # Errors
/// [`StoreError`].
pub async fn end_session(db: &Db, session: &Session, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = Tx::new();
    tx.delete("session", Table::People, &session.key(), None);
    let workspace = session.workspace;
    tx.record(session_entry("session.ended", workspace, "5.11", now));
    db.commit(tx).await
}

/// Ends every session of the person whose session this is: signs out
/// everywhere (clause 5.11).
///
/// # Errors
/// [`StoreError`].
pub async fn end_all_sessions(
    db: &Db,
    session: &Session,
    now: Timestamp,
) -> Result<(), StoreError> {
    for _ in 0..ATTEMPTS {
        let found = find_login(db, &session.login).await?;
        // without its login the address was changed just now, which ended every session
        let Some(login) = found.filter(|login| login.subject == session.subject) else {
            return Ok(());
        };
        let mut tx = Tx::new();
        let update = login.with_sessions(&[])?;
        tx.update("login", Table::People, &login_key(&login.login), &update);
        tx.end_sessions_of(&login, None);
        tx.record(session_entry(
            "session.all_ended",
            session.workspace,
            "5.11",
            now,
        ));
        match db.commit(tx).await {
            // another session was opened at the same time: it must end, too
            Err(error) if error.refused("login") => {}
            other => return other,
        }
    }
    Err(contended())
}
