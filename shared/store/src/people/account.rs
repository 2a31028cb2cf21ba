//! The password and the profile of a person with an account (clauses 1.6, 5.11, 6.2).

use domain::{
    consequence::{Letter, Recipient},
    contact::Profile,
    data_map::Field,
    ledger::Entry,
    policy::Locale,
    processing::{Actor, Category, Operation, Purpose},
    regime::Regimes,
    time::{SignedDuration, Timestamp, shift},
    token::{LinkToken, TokenHash},
};

use super::{Link, LinkPurpose, Login, MailedLink, link_key, login_key, person_key};
use crate::{
    Db, Entity, StoreError, Table, Tx, Update,
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
/// How often a new password that met another change is tried again.
const ATTEMPTS: u32 = 20;

/// A notice about the account (clause 4.5). Not to identify: whoever has
/// restricted processing follows the verification and exercises the rights of
/// section 6 signed in (6.3a, 6.7), and must get back in without a password.
const MAIL_A_LINK: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Use,
    actor: Actor::System,
    categories: &[Category::Correspondence],
    clause: "4.5",
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

/// Sets a password and ends every other session, in one transaction. Refused
/// under `link` when the link is used or over, under `login` when the account
/// was changed after the link was mailed or the present password verified.
///
/// # Errors
/// [`StoreError`].
pub async fn set_password(
    db: &Db,
    person: &Person,
    new: &NewPassword<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for _ in 0..ATTEMPTS {
        let found = find_login(db, &person.record().login).await?;
        let login = found
            .filter(|login| login.subject == person.subject() && new.may_replace(login))
            .ok_or(StoreError::Refused("login"))?;
        match db.commit(replacing(person, &login, new, now)?).await {
            // a session was opened at the same time: it must end, too
            Err(error) if error.refused("login") => {}
            other => return other,
        }
    }
    Err(StoreError::Unavailable(
        "the account is changed all the time".to_owned(),
    ))
}

impl NewPassword<'_> {
    /// The login is as it was when the link was mailed, or the present password verified.
    fn may_replace(&self, login: &Login) -> bool {
        // a link that was mailed before the last change is void
        let by_link = self.link.is_none_or(|link| {
            let mailed_at = shift(link.expires_at, -RESET_LENGTH);
            login.password_set_at < mailed_at
        });
        let by_password = self
            .verified
            .is_none_or(|verified| verified.password_set_at == login.password_set_at);
        by_link && by_password
    }
}

fn replacing(
    person: &Person,
    login: &Login,
    new: &NewPassword<'_>,
    now: Timestamp,
) -> Result<Tx, StoreError> {
    let mut tx = Tx::new();
    tx.alive(login.subject);
    if let Some(link) = new.link {
        tx.use_up(link, now)?;
        tx.reached(&login.login);
    }
    let update = login
        .with_sessions(&login.only(new.keep))?
        .set("password_hash", &new.hash)?
        .set("password_set_at", now)?;
    tx.update("login", Table::People, &login.key(), &update);
    tx.end_sessions_of(login, new.keep);
    tx.mail(login.subject, Letter::PasswordChanged, now);
    let entry = Entry::new(now, Actor::Subject, "password.changed", "1.6");
    tx.record(entry.with_person(person.pseudonym()));
    Ok(tx)
}

/// Replaces the profile by a corrected one (clause 6.2), with the laws that protect
/// the person then. The ledger notes which
/// fields changed, by fingerprints that die with the person's key. Refused
/// under `profile` when another change came first, and under `person` when they are
/// being erased or a legal hold was placed since they were opened.
///
/// # Errors
/// [`GateError`]; restricted processing was refused when the person was opened.
pub async fn change_profile(
    db: &Db,
    lookup: &LookupKey,
    person: &Person,
    new: &Profile,
    locale: Locale,
    regimes: &Regimes,
    now: Timestamp,
) -> Result<(), GateError> {
    let old = person.profile()?;
    let mut tx = Tx::new();
    tx.replace_profile(person, new, now)?;
    let update = Update::new()
        .set("company", lookup.company(&new.company))?
        .set("locale", locale)?
        .set("regimes", regimes)?
        .when(person.record().alive_as_read());
    tx.update(
        "person",
        Table::People,
        &person_key(person.subject()),
        &update,
    );
    let laws: Vec<_> = regimes.names().collect();
    let entry = change_entry(person, &old, new, "6.2", now);
    tx.record(entry.with_fact("regimes", laws.join(",")));
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
