//! Sign-in: an address's keyed hash claims one account, and lists its sessions.

use domain::{
    ids::{SubjectId, WorkspaceId},
    time::Timestamp,
    token::TokenHash,
};
use serde::{Deserialize, Serialize};

use super::session_key;
use crate::{
    db::{Entity, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
    lookup::LookupHash,
};

/// How many sessions a person has at most: the newest stay open. Bounded, so
/// that all of them can end in one transaction of 100 actions.
pub const MAX_SESSIONS: usize = 50;

/// An address that signs in. That there is one item per hash makes an address
/// unique (clause 1.6).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    /// The address's keyed hash.
    pub login: LookupHash,
    /// Whose account it is.
    pub subject: SubjectId,
    /// The workspace that a session opens unless another is asked for.
    pub workspace: WorkspaceId,
    /// The password's Argon2id hash in PHC form.
    pub password_hash: String,
    /// When the password was set, or the address changed: links that were mailed
    /// before are void.
    pub password_set_at: Timestamp,
    /// Counts changes: whoever ends all sessions knows by it that no other was
    /// opened meanwhile.
    pub revision: u64,
    /// The sessions that were opened with it, in their order: every open one,
    /// and some that have ended.
    pub sessions: Vec<OpenedSession>,
}

/// A session as its login lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedSession {
    /// The hash of its token.
    pub token: TokenHash,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// Where a login stands.
#[must_use]
pub fn login_key(login: &LookupHash) -> Key {
    Key::new(format!("LOGIN#{login}"), "LOGIN")
}

impl Entity for Login {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        login_key(&self.login)
    }
}

impl Login {
    /// Nobody has changed it since it was read.
    pub(super) fn unchanged(&self) -> Result<Condition, StoreError> {
        Condition::equals("revision", self.revision)
    }

    /// The next revision, with these sessions.
    pub(super) fn with_sessions(&self, sessions: &[OpenedSession]) -> Result<Update, StoreError> {
        Ok(Update::new()
            .set("sessions", sessions)?
            .add("revision", 1)
            .when(self.unchanged()?))
    }

    /// What it lists of a session that goes on; nothing when none does.
    pub(super) fn only(&self, keep: Option<&TokenHash>) -> Vec<OpenedSession> {
        let mut kept = self.sessions.clone();
        kept.retain(|session| Some(&session.token) == keep);
        kept
    }

    /// The sessions that stay beside a new one, and those that must end for it:
    /// the oldest, when there are [`MAX_SESSIONS`].
    pub(super) fn making_room(&self, now: Timestamp) -> (Vec<OpenedSession>, Vec<OpenedSession>) {
        let mut stay = self.sessions.clone();
        stay.retain(|session| session.expires_at > now);
        let too_many = (stay.len() + 1).saturating_sub(MAX_SESSIONS);
        let end = stay.drain(..too_many).collect();
        (stay, end)
    }
}

impl Tx {
    /// Ends these sessions of a person.
    pub(super) fn end_sessions<'a>(
        &mut self,
        subject: SubjectId,
        sessions: impl IntoIterator<Item = &'a OpenedSession>,
    ) {
        for session in sessions {
            let key = session_key(subject, &session.token);
            self.delete("session", Table::People, &key, None);
        }
    }

    /// Ends every session that a login has opened, all but one if one is kept.
    /// The caller's change of the login must demand that it is
    /// [unchanged](Login::unchanged), so that none is missed.
    pub(super) fn end_sessions_of(&mut self, login: &Login, keep: Option<&TokenHash>) {
        let ended = login.sessions.iter();
        let ended = ended.filter(|session| Some(&session.token) != keep);
        self.end_sessions(login.subject, ended);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use domain::time::{SignedDuration, shift};
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        shift(Timestamp::UNIX_EPOCH, SignedDuration::from_secs(seconds))
    }

    fn login(ends: &[i64]) -> Login {
        let sessions = ends.iter().map(|end| OpenedSession {
            token: domain::token::LinkToken::generate(SubjectId::new(at(0))).hash(),
            expires_at: at(*end),
        });
        Login {
            login: crate::lookup::LookupKey::new("secret").network("203.0.113.7"),
            subject: SubjectId::new(at(0)),
            workspace: WorkspaceId::new(at(0)),
            password_hash: String::new(),
            password_set_at: at(0),
            revision: 1,
            sessions: sessions.collect(),
        }
    }

    proptest! {
        #[test]
        fn with_a_new_session_there_are_never_too_many(ends in prop::collection::vec(0i64..100, 0..80)) {
            let login = login(&ends);
            let open: Vec<_> = login.sessions.iter().filter(|s| s.expires_at > at(50)).cloned().collect();
            let (stay, end) = login.making_room(at(50));
            prop_assert!(stay.len() < MAX_SESSIONS);
            prop_assert!(end.is_empty() || stay.len() == MAX_SESSIONS - 1);
            // the oldest end, and what has not ended by itself is in one of the two
            prop_assert_eq!([end, stay].concat(), open);
        }
    }
}
