//! Sessions, passwords and the profile of a person with an account
//! (clauses 1.6, 1.7, 5.11, 6.2).

use domain::{
    consequence::{Letter, Recipient},
    contact::Profile,
    data_map::Field,
    ids::{SubjectId, WorkspaceId},
    ledger::Entry,
    policy::Locale,
    processing::{Actor, Category, Operation, Purpose},
    time::{SignedDuration, Timestamp, shift},
    token::{LinkToken, SessionToken, TokenHash},
};

use super::{
    Link, LinkPurpose, Login, MailedLink, SESSION_LENGTH, Session, link_key, login_key, partition,
    person_key, record::alive,
};
use crate::{
    Condition, Db, Entity, Key, StoreError, Table, Tx, Update,
    limits::Limit,
    lookup::{LookupHash, LookupKey},
    personal::{Access, Gate, GateError, Person},
};

/// How long the link to a new password works.
pub const RESET_LENGTH: SignedDuration = SignedDuration::from_hours(1);
/// How long the next request for a new password is ignored.
const RESET_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// Requests for a new password from one network address.
const RESETS_FROM_ONE_NETWORK: Limit = Limit {
    name: "reset-network",
    max: 30,
    window: SignedDuration::from_hours(1),
};
/// How many sessions end in the transaction itself; DynamoDB takes 100 actions.
const ENDED_AT_ONCE: usize = 80;

const MAIL_A_LINK: Access = Access {
    purpose: Purpose::Identify,
    operation: Operation::Use,
    actor: Actor::System,
    categories: &[Category::Correspondence],
    clause: "1.6",
};

/// The link of this secret, if it is for this purpose and not over.
///
/// # Errors
/// [`StoreError`].
pub async fn find_link(
    db: &Db,
    secret: &LinkToken,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    let key = link_key(secret.subject(), &secret.hash());
    let link: Option<Link> = db.get(&key).await?;
    Ok(link.filter(|link| link.purpose == purpose && link.expires_at > now))
}

/// The account of an address.
///
/// # Errors
/// [`StoreError`].
pub async fn find_login(db: &Db, login: &LookupHash) -> Result<Option<Login>, StoreError> {
    db.get(&login_key(login)).await
}

fn unchanged(login: &Login) -> Result<Condition, StoreError> {
    Condition::equals("password_set_at", login.password_set_at)
}

/// Opens a session for the account whose password was just verified. `None`
/// when the password was changed meanwhile or the person is being erased.
///
/// # Errors
/// [`StoreError`].
pub async fn open_session(
    db: &Db,
    login: &Login,
    now: Timestamp,
) -> Result<Option<(SessionToken, Session)>, StoreError> {
    let token = SessionToken::generate(login.workspace, login.subject);
    let session = Session {
        subject: login.subject,
        workspace: login.workspace,
        token: token.hash(),
        login: login.login.clone(),
        authenticated_at: now,
        expires_at: shift(now, SESSION_LENGTH),
    };
    let mut tx = Tx::new();
    tx.alive(login.subject);
    tx.check(
        "login",
        Table::People,
        &login_key(&login.login),
        &unchanged(login)?,
    );
    tx.create("session", &session);
    tx.record(session_entry("session.opened", login.workspace, "1.7", now));
    match db.commit(tx).await {
        Ok(()) => Ok(Some((token, session))),
        Err(error) if error.refused("person") || error.refused("login") => Ok(None),
        Err(error) => Err(error),
    }
}

// a session is found without the person's key, so its entries name the workspace only
fn session_entry(event: &str, workspace: WorkspaceId, clause: &str, now: Timestamp) -> Entry {
    Entry::new(now, Actor::Subject, event, clause).with_workspace(workspace)
}

async fn stored_sessions(db: &Db, subject: SubjectId) -> Result<Vec<Session>, StoreError> {
    db.list_all(&partition(subject), "SESSION#").await
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
    let mut sessions = stored_sessions(db, subject).await?;
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
    tx.record(session_entry(
        "session.ended",
        session.workspace,
        "5.11",
        now,
    ));
    db.commit(tx).await
}

/// Ends every session of a person: signs out everywhere (clause 5.11).
///
/// # Errors
/// [`StoreError`].
pub async fn end_all_sessions(
    db: &Db,
    subject: SubjectId,
    workspace: WorkspaceId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let keys: Vec<Key> = stored_sessions(db, subject)
        .await?
        .iter()
        .map(Entity::key)
        .collect();
    db.delete_all(Table::People, &keys).await?;
    let entry = session_entry("session.all_ended", workspace, "5.11", now);
    db.record(entry.with_fact("sessions", keys.len())).await
}

/// Ends the sessions of before, all but one if one is kept. The first ones end
/// in the transaction; [`end_stragglers`] must follow its commit.
pub(super) async fn end_sessions_with(
    tx: &mut Tx,
    db: &Db,
    subject: SubjectId,
    keep: Option<&TokenHash>,
) -> Result<(), StoreError> {
    let sessions = stored_sessions(db, subject).await?;
    let ended = sessions.iter().filter(|s| Some(&s.token) != keep);
    for session in ended.take(ENDED_AT_ONCE) {
        tx.delete("session", Table::People, &session.key(), None);
    }
    Ok(())
}

/// Ends what is left: sessions above the transaction's size, and one that was
/// opened between listing and commit.
pub(super) async fn end_stragglers(
    db: &Db,
    subject: SubjectId,
    keep: Option<&TokenHash>,
    until: Timestamp,
) -> Result<(), StoreError> {
    let sessions = stored_sessions(db, subject).await?;
    let left: Vec<Key> = sessions
        .iter()
        .filter(|s| Some(&s.token) != keep && s.authenticated_at <= until)
        .map(Entity::key)
        .collect();
    db.delete_all(Table::People, &left).await
}

/// Mails a link to a new password, if the address has an account. The same
/// number of calls is made if it has none; the answer is the same.
///
/// # Errors
/// [`GateError`].
pub async fn ask_password_reset(
    db: &Db,
    gate: &Gate,
    address: &LookupHash,
    network: &LookupHash,
    now: Timestamp,
) -> Result<(), GateError> {
    let person = match find_login(db, address).await? {
        Some(login) => match gate.open(login.subject, MAIL_A_LINK, now).await {
            Ok(person) => Some(person),
            Err(GateError::Unknown | GateError::Refused(_)) => None,
            Err(error) => return Err(error),
        },
        None => {
            gate.pretend(MAIL_A_LINK, now).await?;
            None
        }
    };
    let mut tx = Tx::new();
    tx.spaced("spacing", "reset", address, RESET_PAUSE, now)?;
    tx.within("network", RESETS_FROM_ONE_NETWORK, network, now)?;
    let mut entry = Entry::new(now, Actor::System, "password_reset.asked", "1.6");
    if let Some(person) = &person {
        let expires_at = shift(now, RESET_LENGTH);
        let mailed = MailedLink {
            purpose: LinkPurpose::PasswordReset,
            expires_at,
            to: Recipient::OnFile,
            letter: Letter::PasswordReset { expires_at },
        };
        tx.alive(person.subject());
        tx.mail_link(person, mailed, now)?;
        entry = entry.with_person(person.pseudonym());
    }
    tx.record(entry);
    match db.commit(tx).await {
        Err(StoreError::Refused(_)) => Ok(()),
        other => Ok(other?),
    }
}

/// A new password on its way into an account.
#[derive(Debug, Clone)]
pub struct NewPassword<'a> {
    /// Its Argon2id hash in PHC form.
    pub hash: String,
    /// The link that allows it, to be used up.
    pub link: Option<&'a Link>,
    /// The account whose present password was verified instead.
    pub verified: Option<&'a Login>,
    /// The session that goes on.
    pub keep: Option<&'a TokenHash>,
}

/// Sets a password and ends every other session. Refused under `link` when the
/// link is used or over, under `login` when the account was changed after the
/// link was mailed or the present password verified.
///
/// # Errors
/// [`StoreError`].
pub async fn set_password(
    db: &Db,
    person: &Person,
    new: &NewPassword<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let subject = person.subject();
    let mut tx = Tx::new();
    tx.alive(subject);
    let mut update = Update::new()
        .set("password_hash", &new.hash)?
        .set("password_set_at", now)?
        .when(Condition::equals("subject", subject)?);
    if let Some(link) = new.link {
        tx.use_up(link, now)?;
        // a link that was mailed before the last change is void
        let mailed_at = shift(link.expires_at, -RESET_LENGTH);
        update = update.when(Condition::below("password_set_at", mailed_at)?);
    }
    if let Some(login) = new.verified {
        update = update.when(unchanged(login)?);
    }
    tx.update(
        "login",
        Table::People,
        &login_key(&person.record().login),
        &update,
    );
    end_sessions_with(&mut tx, db, subject, new.keep).await?;
    tx.mail(subject, Letter::PasswordChanged, now);
    tx.record(
        Entry::new(now, Actor::Subject, "password.changed", "1.6").with_person(person.pseudonym()),
    );
    db.commit(tx).await?;
    end_stragglers(db, subject, new.keep, now).await
}

/// Replaces the profile by a corrected one (clause 6.2). The ledger notes which
/// fields changed, by fingerprints that die with the person's key. Refused
/// under `profile` when another change came first.
///
/// # Errors
/// [`GateError`]; restricted processing was refused when the person was opened.
pub async fn change_profile(
    db: &Db,
    lookup: &LookupKey,
    person: &Person,
    new: &Profile,
    locale: Locale,
    now: Timestamp,
) -> Result<(), GateError> {
    let old = person.profile()?;
    let mut tx = Tx::new();
    let read = Condition::equals("revision", person.profile_revision())?;
    tx.put_if("profile", &person.seal_profile(new)?, Some(&read));
    let update = Update::new()
        .set("company", lookup.company(&new.company))?
        .set("locale", locale)?
        .when(alive());
    tx.update(
        "person",
        Table::People,
        &person_key(person.subject()),
        &update,
    );
    tx.record(change_entry(person, &old, new, "6.2", now));
    Ok(db.commit(tx).await?)
}

/// The ledger's entry about a corrected profile: the changed fields, each with
/// the fingerprints of its old and new value.
#[must_use]
pub fn change_entry(
    person: &Person,
    old: &Profile,
    new: &Profile,
    clause: &str,
    now: Timestamp,
) -> Entry {
    let values = [
        (Field::Name, old.name.reveal(), new.name.reveal()),
        (Field::Phone, old.phone.reveal(), new.phone.reveal()),
        (Field::Email, old.email.reveal(), new.email.reveal()),
        (Field::Company, old.company.reveal(), new.company.reveal()),
        (
            Field::Position,
            old.position.reveal(),
            new.position.reveal(),
        ),
    ];
    let mut entry =
        Entry::new(now, Actor::Subject, "profile.changed", clause).with_person(person.pseudonym());
    entry.operation = Some(Operation::Clarify);
    for (field, before, after) in values {
        if before == after {
            continue;
        }
        let row = field.row();
        for (when, value) in [("old", before), ("new", after)] {
            let fact = format!("{}.{when}", row.attribute);
            entry = entry.with_fact(&fact, person.fingerprint(field, value));
        }
        if !entry.categories.contains(&row.category) {
            entry.categories.push(row.category);
        }
    }
    entry
}
