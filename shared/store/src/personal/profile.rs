//! The sealed profile (clauses 3.3a–e), and those that it has replaced while a legal hold stands.

use domain::{contact::Profile, data_map::Field, ids::SubjectId, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::{GateError, Person, Sealed};
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx},
    expression::Condition,
    people::partition,
};

/// What the sort keys of former profiles begin with.
const FORMER_PREFIX: &str = "FORMER#";

/// A person's profile as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedProfile {
    /// Whose profile.
    pub subject: SubjectId,
    /// Counts changes; the ETag of `GET /me`.
    pub revision: u64,
    pub(super) name: Sealed,
    pub(super) phone: Sealed,
    pub(super) email: Sealed,
    pub(super) company: Sealed,
    pub(super) position: Sealed,
}

/// Where a person's profile stands.
#[must_use]
pub fn profile_key(subject: SubjectId) -> Key {
    Key::new(partition(subject), "PROFILE")
}

impl Entity for SealedProfile {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        profile_key(self.subject)
    }
}

/// A profile that was replaced while a legal hold was on it (clause 5.8). Waits in the person's
/// partition until it was copied for the hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FormerProfile {
    /// Whose profile.
    pub subject: SubjectId,
    /// Its revision.
    pub revision: u64,
    content: Sealed,
}

impl Entity for FormerProfile {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        former_key(self.subject, self.revision)
    }
}

fn former_key(subject: SubjectId, revision: u64) -> Key {
    Key::new(partition(subject), format!("{FORMER_PREFIX}{revision:010}"))
}

impl Person {
    /// The profile as it stands, for the time after it was replaced; needs what
    /// [`Person::profile`] needs.
    fn former_profile(&self) -> Result<FormerProfile, GateError> {
        let (subject, revision) = (self.subject(), self.profile_revision());
        let key = former_key(subject, revision);
        // the error may quote what was written
        let text = serde_json::to_string(&self.profile()?)
            .map_err(|_| StoreError::Rejected("a profile that is no JSON".to_owned()))?;
        Ok(FormerProfile {
            subject,
            revision,
            content: self.seal::<FormerProfile>(Field::FormerProfile, &key, &text)?,
        })
    }

    /// A profile that was replaced; needs the category contact.
    ///
    /// # Errors
    /// As [`Person::unseal`].
    pub fn open_former(&self, former: &FormerProfile) -> Result<Profile, GateError> {
        let field = Field::FormerProfile;
        let text = self.unseal::<FormerProfile>(field, &former.key(), &former.content)?;
        serde_json::from_str(&text).map_err(|_| GateError::Tampered(field.row().attribute))
    }
}

impl Tx {
    /// Replaces a person's profile; refused under `profile` when another change came first. Where
    /// a hold was placed, the former profile is kept until it was copied; that no hold was placed
    /// since the person was read is for the caller to demand
    /// ([`crate::people::PersonRecord::alive_as_read`]).
    ///
    /// # Errors
    /// [`GateError`].
    pub fn replace_profile(
        &mut self,
        person: &Person,
        new: &Profile,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let unchanged = Condition::equals("revision", person.profile_revision())?;
        self.put_if("profile", &person.seal_profile(new)?, Some(&unchanged));
        if person.record().held {
            self.put("former profile", &person.former_profile()?);
            self.fill_holds(person.subject(), now);
        }
        Ok(())
    }
}

impl Db {
    /// The profiles that a person's profile has replaced and that wait to be copied, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn former_profiles(
        &self,
        subject: SubjectId,
    ) -> Result<Vec<FormerProfile>, StoreError> {
        self.list_all(&partition(subject), FORMER_PREFIX).await
    }
}
