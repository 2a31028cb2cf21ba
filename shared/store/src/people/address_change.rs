//! Change of the login address: asked for in a fresh session, confirmed at the
//! old and at the new address (clause 5.3).

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    consequence::{Letter, Recipient},
    contact::EmailAddress,
    data_map::Field,
    ids::SubjectId,
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    time::{SignedDuration, Timestamp, shift},
    token::{LinkToken, TokenHash},
};
use serde::{Deserialize, Serialize};

use super::{
    Link, LinkPurpose, Login, MailedLink, Suppression, account, find_login, link_key, partition,
    person_key, suppression_key,
};
use crate::{
    Condition, Db, Entity, Key, StoreError, Table, Tx, Update,
    db::expires,
    lookup::{LookupHash, LookupKey},
    personal::{Access, Gate, GateError, Person, Sealed},
};

/// How long the links of a change of address work.
pub const ADDRESS_CHANGE_LENGTH: SignedDuration = SignedDuration::from_hours(24);
/// How often a confirmation that met the other one is tried again.
const ATTEMPTS: u32 = 3;

/// The access with which a change of address is asked for and made.
pub const CHANGE_ADDRESS: Access = Access {
    purpose: Purpose::Identify,
    operation: Operation::Clarify,
    actor: Actor::Subject,
    categories: &[
        Category::Identity,
        Category::Contact,
        Category::Employment,
        Category::Correspondence,
    ],
    clause: "5.3",
};

/// A change of address that waits for its confirmations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressChange {
    /// Whose address.
    pub subject: SubjectId,
    /// The new address ([`Field::PendingEmail`]).
    pub new_email: Sealed,
    /// The new address's keyed hash.
    pub new_login: LookupHash,
    /// The link that was mailed to the old address.
    pub old_link: TokenHash,
    /// The link that was mailed to the new address.
    pub new_link: TokenHash,
    /// When the old address agreed.
    pub old_confirmed_at: Option<Timestamp>,
    /// When the new address was confirmed.
    pub new_confirmed_at: Option<Timestamp>,
    /// When both links end.
    pub expires_at: Timestamp,
}

/// Where a person's change of address stands; there is one at most.
#[must_use]
pub fn address_change_key(subject: SubjectId) -> Key {
    Key::new(partition(subject), "ADDRESSCHANGE")
}

impl Entity for AddressChange {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        address_change_key(self.subject)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.expires_at)]
    }
}

impl Person {
    /// The address that waits for confirmation; needs the category contact.
    ///
    /// # Errors
    /// As [`Person::unseal`].
    pub fn pending_email(&self, change: &AddressChange) -> Result<EmailAddress, GateError> {
        let text =
            self.unseal::<AddressChange>(Field::PendingEmail, &change.key(), &change.new_email)?;
        EmailAddress::new(&text).map_err(|_| GateError::Tampered("new_email"))
    }
}

/// Asks both addresses to confirm a change; an earlier one that waits is replaced.
///
/// # Errors
/// [`GateError`].
pub async fn ask_address_change(
    db: &Db,
    lookup: &LookupKey,
    person: &Person,
    new_email: &EmailAddress,
    now: Timestamp,
) -> Result<(), GateError> {
    let subject = person.subject();
    let expires_at = shift(now, ADDRESS_CHANGE_LENGTH);
    let mut tx = Tx::new();
    tx.alive(subject);
    let old = MailedLink {
        purpose: LinkPurpose::AddressChangeOld,
        expires_at,
        to: Recipient::OnFile,
        letter: Letter::AddressChangeOld { expires_at },
    };
    let new = MailedLink {
        purpose: LinkPurpose::AddressChangeNew,
        expires_at,
        to: Recipient::Pending,
        letter: Letter::AddressChangeNew { expires_at },
    };
    let key = address_change_key(subject);
    let change = AddressChange {
        subject,
        new_email: person.seal::<AddressChange>(Field::PendingEmail, &key, new_email.reveal())?,
        new_login: lookup.email(new_email),
        old_link: tx.mail_link(person, old, now)?,
        new_link: tx.mail_link(person, new, now)?,
        old_confirmed_at: None,
        new_confirmed_at: None,
        expires_at,
    };
    tx.put("change", &change);
    tx.record(
        Entry::new(now, Actor::Subject, "address_change.asked", "5.3")
            .with_person(person.pseudonym()),
    );
    Ok(db.commit(tx).await?)
}

/// What came of using one of the two links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressConfirmed {
    /// The other address has not confirmed yet.
    OtherOneMissing,
    /// The login address is changed.
    Changed,
    /// The link was used, replaced, or its time is over.
    LinkOver,
    /// The new address has an account of its own.
    AddressTaken,
}

/// Uses one of the two links; the second one changes the login address and
/// ends every session.
///
/// # Errors
/// [`GateError`].
pub async fn confirm_address_change(
    db: &Db,
    gate: &Gate,
    secret: &LinkToken,
    now: Timestamp,
) -> Result<AddressConfirmed, GateError> {
    for _ in 0..ATTEMPTS {
        let Some(confirmation) = find(db, secret, now).await? else {
            return Ok(AddressConfirmed::LinkOver);
        };
        let person = match gate.open(secret.subject(), CHANGE_ADDRESS, now).await {
            Err(GateError::Unknown) => return Ok(AddressConfirmed::LinkOver),
            other => other?,
        };
        if person.record().erasing_since.is_some() {
            return Ok(AddressConfirmed::LinkOver);
        }
        let done = if confirmation.completes() {
            confirmation.complete(db, &person, now).await
        } else {
            confirmation.note(db, &person, now).await
        };
        match done {
            Err(GateError::Store(StoreError::Refused("login"))) => {
                return Ok(AddressConfirmed::AddressTaken);
            }
            // the other link was used at the same time, or something of the account changed
            Err(GateError::Store(StoreError::Refused(_))) => {}
            other => return other,
        }
    }
    Err(StoreError::Unavailable("the account is changed all the time".to_owned()).into())
}

async fn find(
    db: &Db,
    secret: &LinkToken,
    now: Timestamp,
) -> Result<Option<Confirmation>, StoreError> {
    let keys = [
        (Table::People, link_key(secret.subject(), &secret.hash())),
        (Table::People, address_change_key(secret.subject())),
    ];
    let mut found = db.get_many(&keys).await?;
    let link: Option<Link> = found.take(&keys[0].1)?;
    let change: Option<AddressChange> = found.take(&keys[1].1)?;
    Ok(link
        .zip(change)
        .map(|(link, change)| Confirmation { link, change })
        .filter(|confirmation| confirmation.is_good(now)))
}

struct Confirmation {
    link: Link,
    change: AddressChange,
}

impl Confirmation {
    fn is_good(&self, now: Timestamp) -> bool {
        let current = match self.link.purpose {
            LinkPurpose::AddressChangeOld => &self.change.old_link,
            LinkPurpose::AddressChangeNew => &self.change.new_link,
            _ => return false,
        };
        *current == self.link.token && self.link.expires_at > now && self.change.expires_at > now
    }

    /// The attributes of this address's confirmation and of the other one's.
    fn sides(&self) -> (&'static str, &'static str) {
        match self.link.purpose {
            LinkPurpose::AddressChangeOld => ("old_confirmed_at", "new_confirmed_at"),
            _ => ("new_confirmed_at", "old_confirmed_at"),
        }
    }

    fn completes(&self) -> bool {
        match self.link.purpose {
            LinkPurpose::AddressChangeOld => self.change.new_confirmed_at.is_some(),
            _ => self.change.old_confirmed_at.is_some(),
        }
    }

    fn is_current(&self) -> Result<Condition, StoreError> {
        Ok(Condition::equals("old_link", &self.change.old_link)?
            .and(Condition::equals("new_link", &self.change.new_link)?))
    }

    async fn note(
        &self,
        db: &Db,
        person: &Person,
        now: Timestamp,
    ) -> Result<AddressConfirmed, GateError> {
        let (this, other) = self.sides();
        let update = Update::new()
            .set(this, now)?
            .when(self.is_current()?.and(Condition::lacks(other)));
        let mut tx = Tx::new();
        tx.use_up(&self.link, now)?;
        tx.alive(person.subject());
        tx.update("change", Table::People, &self.change.key(), &update);
        tx.record(
            Entry::new(now, Actor::Subject, "address_change.confirmed", "5.3")
                .with_person(person.pseudonym())
                .with_fact("side", this.trim_end_matches("_confirmed_at")),
        );
        db.commit(tx).await?;
        Ok(AddressConfirmed::OtherOneMissing)
    }

    async fn complete(
        &self,
        db: &Db,
        person: &Person,
        now: Timestamp,
    ) -> Result<AddressConfirmed, GateError> {
        let record = person.record();
        let subject = record.subject;
        let old = person.profile()?;
        let mut new = old.clone();
        new.email = person.pending_email(&self.change)?;
        let Some(login) = find_login(db, &record.login).await? else {
            return Ok(AddressConfirmed::LinkOver);
        };

        let mut tx = Tx::new();
        tx.use_up(&self.link, now)?;
        let (_, other) = self.sides();
        let confirmed = self.is_current()?.and(Condition::has(other));
        tx.delete(
            "change",
            Table::People,
            &self.change.key(),
            Some(&confirmed),
        );
        let unchanged = login.unchanged()?;
        tx.delete("old login", Table::People, &login.key(), Some(&unchanged));
        tx.end_sessions_of(&login, None);
        let claimed = Login {
            login: self.change.new_login.clone(),
            // links to a new password that went to the old address are void from now on
            password_set_at: now,
            sessions: Vec::new(),
            ..login
        };
        tx.create("login", &claimed);
        // the new address was reached just now, the old one is nobody's any more
        tx.reached(&claimed.login);
        tx.reached(&record.login);
        let update = Update::new().set("login", &self.change.new_login)?.when(
            record
                .alive_as_read()
                .and(Condition::equals("login", &record.login)?),
        );
        tx.update("person", Table::People, &person_key(subject), &update);
        tx.replace_profile(person, &new, now)?;
        self.carry_refusal(&mut tx, db, &record.login, now).await?;
        tx.mail(subject, Letter::AddressChanged, now);
        // whoever loses the account by this must hear of it, too (clause 5.11)
        tx.mail_former(person, &old.email, Letter::AddressChanged, now)?;
        tx.record(account::change_entry(person, &old, &new, "5.3", now));
        db.commit(tx).await?;
        Ok(AddressConfirmed::Changed)
    }

    /// A refusal of marketing holds for the new address, too (clause 4.10).
    async fn carry_refusal(
        &self,
        tx: &mut Tx,
        db: &Db,
        old: &LookupHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let refused: Option<Suppression> = db.get(&suppression_key(old)).await?;
        if refused.is_some() {
            tx.put(
                "suppression",
                &Suppression {
                    login: self.change.new_login.clone(),
                    since: now,
                },
            );
        }
        Ok(())
    }
}
