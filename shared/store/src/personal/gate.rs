//! Opening a person's data, and refusing to.

mod case;
mod disclosing;

pub(crate) use case::EndingKey;
pub use case::{CaseFile, CaseKey, case_key};
pub use disclosing::Disclosed;

use std::collections::HashMap;

use aws_sdk_kms::{Client, primitives::Blob, types::DataKeySpec};
use domain::{
    contact::Profile,
    data_map::Field,
    ids::SubjectId,
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose, Refusal, decide},
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::{
    Sealed, SealedProfile, WrappedKey,
    key::{DataKey, Place},
    profile_key, wrapped_key,
};
use crate::{
    db::{Db, Entity, Key, StoreError, Table},
    people::{PersonRecord, person_key},
};

/// Why personal data is wanted, and what for.
#[derive(Debug, Clone)]
pub struct Access {
    /// The purpose of section 4.
    pub purpose: Purpose,
    /// What is done.
    pub operation: Operation,
    /// By whom.
    pub actor: Actor,
    /// Which kinds of data are reached; nothing else can be read or written.
    pub categories: &'static [Category],
    /// The clause that it rests on.
    pub clause: &'static str,
}

/// Why the gate stays shut.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// There is no such person, or their key was destroyed.
    #[error("there is no such person")]
    Unknown,
    /// The policy forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A sealed value does not open: it was changed or moved.
    #[error("a sealed value of {0} does not open")]
    Tampered(&'static str),
    /// The key service can't answer now.
    #[error("the key service can't answer now: {0}")]
    Keys(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The gate. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate {
    db: Db,
    kms: Client,
    master_key: String,
}

/// A person whose data is open for one purpose, one operation and some categories.
pub struct Person {
    subject: SubjectId,
    record: PersonRecord,
    profile: Option<SealedProfile>,
    key: DataKey,
    access: Access,
    pseudonym: String,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Person({}, for {})",
            self.subject,
            self.access.purpose.as_str()
        )
    }
}

fn context(subject: SubjectId) -> HashMap<String, String> {
    HashMap::from([
        ("subject".to_owned(), subject.to_string()),
        ("use".to_owned(), "personal-data".to_owned()),
    ])
}

fn key_failure<E, R>(error: aws_sdk_kms::error::SdkError<E, R>) -> GateError
where
    E: aws_sdk_kms::error::ProvideErrorMetadata,
{
    let code = error
        .as_service_error()
        .and_then(|e| e.code())
        .unwrap_or("no answer");
    GateError::Keys(code.to_owned())
}

fn check(access: &Access, record: &PersonRecord, now: Timestamp) -> Result<(), Refusal> {
    decide(
        access.categories,
        access.purpose,
        access.operation,
        access.actor,
        record.stance(now),
    )
}

fn pseudonym(key: &DataKey, subject: SubjectId) -> Result<String, GateError> {
    key.pseudonym(subject)
        .ok_or_else(|| GateError::Keys("no pseudonym".to_owned()))
}

impl Gate {
    /// Over these tables, with keys wrapped by `master_key` (a KMS key id or ARN).
    #[must_use]
    pub fn new(aws: &aws_types::SdkConfig, db: Db, master_key: String) -> Self {
        Self {
            db,
            kms: Client::new(aws),
            master_key,
        }
    }

    /// A new person with a key of their own. Nothing is stored yet: the wrapped
    /// key and the record go into the caller's transaction.
    ///
    /// # Errors
    /// [`GateError::Keys`].
    pub async fn enrol(
        &self,
        record: PersonRecord,
        now: Timestamp,
    ) -> Result<(Person, WrappedKey), GateError> {
        let subject = record.subject;
        let made = self
            .kms
            .generate_data_key()
            .key_id(&self.master_key)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(context(subject)))
            .send()
            .await
            .map_err(key_failure)?;
        let incomplete = || GateError::Keys("no key in the answer".to_owned());
        let plain = Zeroizing::new(made.plaintext.ok_or_else(incomplete)?.into_inner());
        let key = DataKey::new(&plain).ok_or_else(incomplete)?;
        let wrapped = made.ciphertext_blob.ok_or_else(incomplete)?.into_inner();
        let pseudonym = key.pseudonym(subject).ok_or_else(incomplete)?;
        let access = Access {
            purpose: Purpose::Identify,
            operation: Operation::Record,
            actor: Actor::Subject,
            categories: &[
                Category::Identity,
                Category::Contact,
                Category::Employment,
                Category::ConsentEvidence,
                Category::Correspondence,
            ],
            clause: "3.2a",
        };
        let person = Person {
            subject,
            record,
            profile: None,
            key,
            access,
            pseudonym,
        };
        let wrapped = WrappedKey {
            subject,
            wrapped: Sealed::from_bytes(wrapped),
            created_at: now,
        };
        Ok((person, wrapped))
    }

    /// Opens a person's data. The access is in the ledger before anything is
    /// returned (clause 5.10, 152-FZ art. 19(2)(8): all actions are registered).
    ///
    /// # Errors
    /// [`GateError::Refused`] when data map, consent, objection or restriction forbid it;
    /// [`GateError::Unknown`] when there is no such person any more.
    pub async fn open(
        &self,
        subject: SubjectId,
        access: Access,
        now: Timestamp,
    ) -> Result<Person, GateError> {
        let (record, profile, wrapped) = self.read(subject).await?;
        check(&access, &record, now)?;

        let key = self.unwrap(&wrapped).await?;
        let pseudonym = pseudonym(&key, subject)?;
        let mut entry = Entry::new(now, access.actor, "personal_data.accessed", access.clause)
            .with_person(pseudonym.clone());
        entry.purpose = Some(access.purpose);
        entry.operation = Some(access.operation);
        entry.categories = access.categories.to_vec();
        self.db.record(entry).await?;
        Ok(Person {
            subject,
            record,
            profile,
            key,
            access,
            pseudonym,
        })
    }

    async fn read(
        &self,
        subject: SubjectId,
    ) -> Result<(PersonRecord, Option<SealedProfile>, WrappedKey), GateError> {
        let keys = [
            (Table::People, person_key(subject)),
            (Table::People, profile_key(subject)),
            (Table::Keys, wrapped_key(subject)),
        ];
        let mut found = self.db.get_many(&keys).await?;
        let record = found.take(&keys[0].1)?.ok_or(GateError::Unknown)?;
        let profile = found.take(&keys[1].1)?;
        let wrapped = found.take(&keys[2].1)?.ok_or(GateError::Unknown)?;
        Ok((record, profile, wrapped))
    }

    /// A person's name in the ledger; `None` when their key was destroyed. Opens
    /// no data, so it needs no purpose: whom an incident affects is found by it.
    ///
    /// # Errors
    /// [`GateError::Keys`] and [`GateError::Store`].
    pub async fn pseudonym_of(&self, subject: SubjectId) -> Result<Option<String>, GateError> {
        let wrapped: Option<WrappedKey> = self.db.get(&wrapped_key(subject)).await?;
        let Some(wrapped) = wrapped else {
            return Ok(None);
        };
        let key = self.unwrap(&wrapped).await?;
        pseudonym(&key, subject).map(Some)
    }

    /// Makes the calls of [`Gate::open`] for nobody, so that whoever asks about
    /// an address without an account waits as long as about one with it.
    ///
    /// # Errors
    /// As [`Gate::open`], when a service can't answer.
    pub async fn pretend(&self, access: Access, now: Timestamp) -> Result<(), GateError> {
        let nobody = SubjectId::new(now);
        let keys = [
            (Table::People, person_key(nobody)),
            (Table::People, profile_key(nobody)),
            (Table::Keys, wrapped_key(nobody)),
        ];
        self.db.get_many(&keys).await?;
        let noise = WrappedKey {
            subject: nobody,
            wrapped: Sealed::from_bytes(vec![0; 184]),
            created_at: now,
        };
        // there is nothing to unwrap; only the call counts
        let _ = self.unwrap(&noise).await;
        let entry = Entry::new(now, access.actor, "personal_data.not_found", access.clause);
        Ok(self.db.record(entry).await?)
    }

    async fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, GateError> {
        let opened = self
            .kms
            .decrypt()
            .key_id(&self.master_key)
            .ciphertext_blob(Blob::new(wrapped.wrapped.as_bytes()))
            .set_encryption_context(Some(context(wrapped.subject)))
            .send()
            .await
            .map_err(key_failure)?;
        let plain = opened.plaintext.map(|p| Zeroizing::new(p.into_inner()));
        plain
            .and_then(|plain| DataKey::new(&plain))
            .ok_or_else(|| GateError::Keys("no key in the answer".to_owned()))
    }
}

impl Person {
    /// Who it is.
    #[must_use]
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// The person's state, without personal data.
    #[must_use]
    pub fn record(&self) -> &PersonRecord {
        &self.record
    }

    /// The person's name in the ledger.
    #[must_use]
    pub fn pseudonym(&self) -> String {
        self.pseudonym.clone()
    }

    /// A value's name in the ledger ([`crate::people::change_entry`]):
    /// compares values of this person without showing them, until the key is destroyed.
    #[must_use]
    pub fn fingerprint(&self, field: Field, value: &str) -> String {
        self.key.fingerprint(field, value).unwrap_or_default()
    }

    /// How often the profile was changed: the ETag of `GET /me`.
    #[must_use]
    pub fn profile_revision(&self) -> u64 {
        self.profile.as_ref().map_or(0, |profile| profile.revision)
    }

    fn place<'a>(&self, field: Field, table: Table, key: &'a Key) -> Result<Place<'a>, GateError> {
        if !self.access.categories.contains(&field.row().category) {
            return Err(Refusal::OutsidePurpose.into());
        }
        Ok(Place { table, key, field })
    }

    /// Seals a value for one attribute of one item.
    ///
    /// # Errors
    /// [`Refusal::OutsidePurpose`] when the access does not reach the category.
    pub fn seal<E: Entity>(
        &self,
        field: Field,
        key: &Key,
        text: &str,
    ) -> Result<Sealed, GateError> {
        let place = self.place(field, E::TABLE, key)?;
        self.key
            .seal(&place, text)
            .ok_or(GateError::Tampered(field.row().attribute))
    }

    /// Opens a value that stands in one attribute of one item.
    ///
    /// # Errors
    /// [`Refusal::OutsidePurpose`], or [`GateError::Tampered`].
    pub fn unseal<E: Entity>(
        &self,
        field: Field,
        key: &Key,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, GateError> {
        let place = self.place(field, E::TABLE, key)?;
        self.key
            .open(&place, sealed)
            .ok_or(GateError::Tampered(field.row().attribute))
    }

    /// The profile; needs the categories identity, contact and employment.
    ///
    /// # Errors
    /// As [`Person::unseal`]; [`GateError::Unknown`] when there is no profile.
    pub fn profile(&self) -> Result<Profile, GateError> {
        let sealed = self.profile.as_ref().ok_or(GateError::Unknown)?;
        let key = sealed.key();
        let open = |field, value| self.unseal::<SealedProfile>(field, &key, value);
        let malformed = |field: Field| move |_| GateError::Tampered(field.row().attribute);
        use domain::contact::{CompanyName, EmailAddress, PersonName, PhoneNumber, Position};
        Ok(Profile {
            name: PersonName::new(&open(Field::Name, &sealed.name)?)
                .map_err(malformed(Field::Name))?,
            phone: PhoneNumber::new(&open(Field::Phone, &sealed.phone)?)
                .map_err(malformed(Field::Phone))?,
            email: EmailAddress::new(&open(Field::Email, &sealed.email)?)
                .map_err(malformed(Field::Email))?,
            company: CompanyName::new(&open(Field::Company, &sealed.company)?)
                .map_err(malformed(Field::Company))?,
            position: Position::new(&open(Field::Position, &sealed.position)?)
                .map_err(malformed(Field::Position))?,
        })
    }

    /// The address on file; needs the category contact.
    ///
    /// # Errors
    /// As [`Person::profile`].
    pub fn email(&self) -> Result<domain::contact::EmailAddress, GateError> {
        let sealed = self.profile.as_ref().ok_or(GateError::Unknown)?;
        let text = self.unseal::<SealedProfile>(Field::Email, &sealed.key(), &sealed.email)?;
        domain::contact::EmailAddress::new(&text).map_err(|_| GateError::Tampered("email"))
    }

    /// The name; needs the category identity.
    ///
    /// # Errors
    /// As [`Person::profile`].
    pub fn name(&self) -> Result<domain::contact::PersonName, GateError> {
        let sealed = self.profile.as_ref().ok_or(GateError::Unknown)?;
        let text = self.unseal::<SealedProfile>(Field::Name, &sealed.key(), &sealed.name)?;
        domain::contact::PersonName::new(&text).map_err(|_| GateError::Tampered("name"))
    }

    /// A profile sealed anew, one revision on; it replaces the old one in the
    /// caller's transaction.
    ///
    /// # Errors
    /// As [`Person::seal`].
    pub fn seal_profile(&self, profile: &Profile) -> Result<SealedProfile, GateError> {
        let key = profile_key(self.subject);
        let seal = |field, text: &str| self.seal::<SealedProfile>(field, &key, text);
        Ok(SealedProfile {
            subject: self.subject,
            revision: self.profile_revision() + 1,
            name: seal(Field::Name, profile.name.reveal())?,
            phone: seal(Field::Phone, profile.phone.reveal())?,
            email: seal(Field::Email, profile.email.reveal())?,
            company: seal(Field::Company, profile.company.reveal())?,
            position: seal(Field::Position, profile.position.reveal())?,
        })
    }
}
