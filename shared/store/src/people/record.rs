//! A person's state.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    consent::ConsentPurpose,
    ids::{SubjectId, WorkspaceId},
    policy::Locale,
    processing::{Purpose, SubjectState},
    regime::Regimes,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{news, partition, signup::pending_index};
use crate::{
    db::{Entity, Key, Table, Tx},
    expression::Condition,
    lookup::LookupHash,
};

/// Whether a person has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// Signed up, address not confirmed: due for destruction after 24 hours.
    Pending,
    /// The address is confirmed.
    Active,
}

/// A person without personal data: the subject of clause 1.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRecord {
    /// Who.
    pub subject: SubjectId,
    /// With an account or not yet.
    pub state: PersonState,
    /// The keyed hash of the login address.
    pub login: LookupHash,
    /// The keyed hash of the company, for the one trial per company.
    pub company: LookupHash,
    /// The language in which letters are written.
    pub locale: Locale,
    /// When they signed up.
    pub created_at: Timestamp,
    /// The workspaces that they are a member of.
    #[serde(default)]
    pub workspaces: BTreeSet<WorkspaceId>,
    /// The consents that hold now.
    #[serde(default)]
    pub consents: BTreeSet<ConsentPurpose>,
    /// The purposes that they object to (GDPR art. 21, 152-FZ art. 21(5.1)).
    #[serde(default)]
    pub objections: BTreeSet<Purpose>,
    /// The laws that protect them (clause 2.1).
    #[serde(default)]
    pub regimes: Regimes,
    /// The documents whose new version they have declined (clause 2.6).
    #[serde(default)]
    pub declined: BTreeSet<String>,
    /// How many publications of the documents' chain they signed up under or
    /// were told of (clause 9.2).
    #[serde(default)]
    pub told_of: Option<usize>,
    /// From when on processing is restricted (clause 6.7: from receipt).
    pub restricted_from: Option<Timestamp>,
    /// Counts the restrictions that have begun, so that the end of one lifts no later one.
    #[serde(default)]
    pub restrictions: u64,
    /// A legal hold was placed on their data (clause 5.8): what replaces something of it keeps
    /// that first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// An erasure has begun: nothing may be added any more.
    pub erasing_since: Option<Timestamp>,
}

/// Where a person's record stands.
#[must_use]
pub fn person_key(subject: SubjectId) -> Key {
    Key::new(partition(subject), "META")
}

impl Entity for PersonRecord {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        person_key(self.subject)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        match (self.state, self.told_of) {
            (PersonState::Active, Some(told_of)) => news::queued(told_of),
            _ => Vec::new(),
        }
    }
}

impl PersonRecord {
    /// This consent holds now.
    #[must_use]
    pub fn has_consented(&self, consent: ConsentPurpose) -> bool {
        self.consents.contains(&consent)
    }

    /// This consent holds now, and they object to nothing that rests on it.
    #[must_use]
    pub fn agrees_to(&self, consent: ConsentPurpose) -> bool {
        let rests_on_it =
            |purpose: &Purpose| ConsentPurpose::required_by(*purpose) == Some(consent);
        self.has_consented(consent) && !self.objections.iter().any(rests_on_it)
    }

    /// Processing is restricted at `now`.
    #[must_use]
    pub fn is_restricted(&self, now: Timestamp) -> bool {
        self.restricted_from.is_some_and(|from| from <= now)
    }

    /// They are not being erased, and no hold was placed since this was read: for what replaces
    /// something that a hold would have to keep.
    #[must_use]
    pub fn alive_as_read(&self) -> Condition {
        match self.held {
            true => alive(),
            false => alive().and(Condition::lacks("held")),
        }
    }

    /// What they have said that bears on every processing of their data at `now`.
    #[must_use]
    pub fn stance(&self, now: Timestamp) -> SubjectState<'_> {
        SubjectState {
            consents: &self.consents,
            objections: &self.objections,
            restricted: self.is_restricted(now),
        }
    }
}

/// The person exists and is not being erased: for updates of the record itself,
/// which a transaction can't check beside.
pub(crate) fn alive() -> Condition {
    Condition::item_exists().and(Condition::lacks("erasing_since"))
}

impl Tx {
    /// Demands that the person exists and is not being erased; refused under
    /// `person`. Every transaction that adds something to a person says this
    /// (no resurrection).
    pub fn alive(&mut self, subject: SubjectId) {
        self.check("person", Table::People, &person_key(subject), &alive());
    }
}

/// What a sign-up that is not confirmed yet waits for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingSignUp {
    /// Who signed up.
    pub subject: SubjectId,
    /// The password's Argon2id hash in PHC form.
    pub password_hash: String,
    /// When the link ends and the sign-up is destroyed.
    pub expires_at: Timestamp,
}

/// Where a pending sign-up stands.
#[must_use]
pub fn pending_key(subject: SubjectId) -> Key {
    Key::new(partition(subject), "SIGNUP")
}

impl Entity for PendingSignUp {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        pending_key(self.subject)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        pending_index(self)
    }
}
