//! Reading a person's data to hand it out: only with a grant, and only what the
//! grant's scope names (clause 2.4).

use domain::{
    compliance::disclosure::Grant,
    consent::ConsentPurpose,
    contact::Profile,
    data_map::Field,
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose, Refusal},
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::{Access, Gate, GateError, Person, Sealed, pseudonym};
use crate::{
    db::{Entity, Key},
    people::PersonRecord,
};

/// A person's data within the scope of one disclosure.
#[derive(Debug)]
pub struct Disclosed {
    person: Person,
    grant: Grant,
}

/// What we disclose because we want to, not because we must, stops with a
/// restriction, a withdrawal of consent or an erasure that has begun (5.6c).
fn check(grant: &Grant, record: &PersonRecord, now: Timestamp) -> Result<(), Refusal> {
    if grant.binds_us() {
        return Ok(());
    }
    if !record.has_consented(ConsentPurpose::Processing) {
        return Err(Refusal::NoConsent);
    }
    if record.is_restricted(now) || record.erasing_since.is_some() {
        return Err(Refusal::Restricted);
    }
    Ok(())
}

impl Gate {
    /// Opens what a grant reaches. The disclosure is in the ledger before
    /// anything is returned. A grant is used up by it.
    ///
    /// # Errors
    /// [`GateError::Refused`] when the person's stance forbids it or the grant is
    /// over; [`GateError::Unknown`] when there is no such person any more.
    pub async fn disclose(&self, grant: Grant, now: Timestamp) -> Result<Disclosed, GateError> {
        if now > grant.until() {
            return Err(Refusal::OutsidePurpose.into());
        }
        let subject = grant.subject();
        let (record, profile, wrapped) = self.read(subject).await?;
        check(&grant, &record, now)?;
        let key = self.unwrap(&wrapped).await?;
        let pseudonym = pseudonym(&key, subject)?;
        let clause = grant.clause();
        let mut entry = Entry::new(now, Actor::Staff, "personal_data.disclosed", clause)
            .with_person(pseudonym.clone())
            .with_fact("disclosure", grant.disclosure())
            .with_fact("ground", grant.ground());
        entry.operation = Some(Operation::Transfer);
        entry.categories = grant.scope().categories().iter().copied().collect();
        self.db.record(entry).await?;
        let access = Access {
            // the purpose of clause 4.5 answers under section 5, too; the scope binds, below
            purpose: Purpose::Feedback,
            operation: Operation::Transfer,
            actor: Actor::Staff,
            categories: &Category::ALL,
            clause,
        };
        let person = Person {
            subject,
            record,
            profile,
            key,
            access,
            pseudonym,
        };
        Ok(Disclosed { person, grant })
    }
}

impl Disclosed {
    /// The grant.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The person's name in the ledger.
    #[must_use]
    pub fn pseudonym(&self) -> String {
        self.person.pseudonym()
    }

    fn reach(&self, category: Category) -> Result<(), Refusal> {
        match self.grant.scope().reaches(category) {
            true => Ok(()),
            false => Err(Refusal::OutsidePurpose),
        }
    }

    /// The person's state.
    ///
    /// # Errors
    /// [`Refusal::OutsidePurpose`] unless the scope names accounts.
    pub fn account(&self) -> Result<&PersonRecord, GateError> {
        self.reach(Category::Account)?;
        Ok(self.person.record())
    }

    /// The profile, to take what the scope names out of it.
    ///
    /// # Errors
    /// [`Refusal::OutsidePurpose`] unless the scope names the category.
    pub fn profile(&self, category: Category) -> Result<Profile, GateError> {
        self.reach(category)?;
        self.person.profile()
    }

    /// Opens a value that stands in one attribute of one item.
    ///
    /// # Errors
    /// [`Refusal::OutsidePurpose`] unless the scope names its category.
    pub fn unseal<E: Entity>(
        &self,
        field: Field,
        key: &Key,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, GateError> {
        self.reach(field.row().category)?;
        self.person.unseal::<E>(field, key, sealed)
    }
}
