//! The evidence of consents (clause 2.2).

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    consent::{ConsentPurpose, Tick},
    data_map::retention,
    ids::SubjectId,
    processing::Category,
    time::{SignedDuration, Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
    personal::Sealed,
};

/// The queue of withdrawals, by the end of the time that they are kept.
const QUEUE: &str = "CONSENTS";
/// When evidence is looked at again that a legal hold needs.
const LOOK_AGAIN_AFTER: SignedDuration = days(1);

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

    /// A withdrawal waits for the end of the time in which it, and what it took
    /// back, may have to be proven.
    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        if self.given {
            return Vec::new();
        }
        let end = retention(Category::ConsentEvidence).end(self.at);
        vec![
            ("queue", AttributeValue::S(QUEUE.to_owned())),
            ("queue_due", AttributeValue::S(end.to_string())),
        ]
    }
}

impl Db {
    /// Up to 100 withdrawals that nobody has to prove any more, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn old_withdrawals(&self, now: Timestamp) -> Result<Vec<Consent>, StoreError> {
        self.queued_below(QUEUE, &now.to_string()).await
    }

    /// Destroys the evidence of a consent up to its withdrawal; gives how many
    /// pieces it was. While a legal hold is on it, it is looked at again every day (5.8).
    ///
    /// # Errors
    /// [`StoreError`]; refused under `held` when a hold was placed meanwhile.
    pub async fn forget_consent(
        &self,
        withdrawal: &Consent,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let subject = withdrawal.subject;
        let held = self.held(subject).await?;
        let evidence = Category::ConsentEvidence;
        if held.is_some() && self.is_held(subject, evidence, now).await? {
            let later = Update::new()
                .set("queue_due", shift(now, LOOK_AGAIN_AFTER))?
                .when(Condition::item_exists());
            self.update::<Consent>("consent", &withdrawal.key(), &later)
                .await?;
            return Ok(0);
        }
        let history = consent_history(self, withdrawal.subject).await?;
        let over = |one: &&Consent| one.consent == withdrawal.consent && one.at <= withdrawal.at;
        let keys: Vec<Key> = history.iter().filter(over).map(Entity::key).collect();
        // a transaction has 100 actions; the withdrawal is the last, so that the rest is found again
        for some in keys.chunks(99) {
            let mut tx = Tx::new();
            tx.held_as_read(subject, held.as_ref())?;
            for key in some {
                tx.delete("consent", Table::People, key, None);
            }
            self.commit(tx).await?;
        }
        Ok(keys.len())
    }
}

/// Everything that a person has consented to and withdrawn, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn consent_history(db: &Db, subject: SubjectId) -> Result<Vec<Consent>, StoreError> {
    db.list_all(&partition(subject), "CONSENT#").await
}
