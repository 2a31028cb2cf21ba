//! The evidence of consents (clause 2.2).

use domain::{
    consent::{ConsentPurpose, Tick},
    ids::SubjectId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::{
    db::{Db, Entity, Key, StoreError, Table},
    personal::Sealed,
};

/// One giving or withdrawing of a consent, with its proof.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Consent {
    /// Whose consent.
    pub subject: SubjectId,
    /// Which one.
    pub consent: ConsentPurpose,
    /// Given, or withdrawn.
    pub given: bool,
    /// When.
    pub at: Timestamp,
    /// The box: document, version, hash of the text, language.
    pub tick: Tick,
    /// The label beside the box, word for word.
    pub label: String,
    /// The form on which it stood, such as `signup` or `preferences`.
    pub form: String,
    /// The network address it came from ([`domain::data_map::Field::ConsentAddress`]).
    pub source_ip: Option<Sealed>,
    /// The browser it came from ([`domain::data_map::Field::ConsentBrowser`]).
    pub user_agent: Option<Sealed>,
}

impl Consent {
    /// Where this evidence stands.
    #[must_use]
    pub fn key_of(subject: SubjectId, at: Timestamp, consent: ConsentPurpose) -> Key {
        Key::new(partition(subject), format!("CONSENT#{at}#{consent}"))
    }
}

impl Entity for Consent {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        Self::key_of(self.subject, self.at, self.consent)
    }
}

/// Everything that a person has consented to and withdrawn, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn consent_history(db: &Db, subject: SubjectId) -> Result<Vec<Consent>, StoreError> {
    db.list_all(&partition(subject), "CONSENT#").await
}
