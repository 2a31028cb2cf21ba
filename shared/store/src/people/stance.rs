//! What a person says of the documents that they acknowledge (clause 2.6): that
//! they decline a version, or accept it after all.

use std::collections::BTreeSet;

use domain::{
    consequence::Letter,
    ids::SubjectId,
    ledger::Entry,
    policy::{Locale, Name},
    processing::{Actor, Category, Operation, Purpose},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{PersonRecord, partition, person_key, preference::statement, record::alive};
use crate::{
    Condition, Db, Entity, Key, StoreError, Table, Tx, Update,
    catalog::workspace::member_key,
    personal::{Access, Person},
};

/// The access with which a stance is written down: a notice about the account
/// (4.5), which a restriction does not stop.
pub const STATE_STANCE: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Record,
    actor: Actor::Subject,
    categories: &[Category::ConsentEvidence],
    clause: "2.6",
};

const PREFIX: &str = "POLICY#";

/// One acceptance or refusal of a version, with what was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stance {
    /// Whose.
    pub subject: SubjectId,
    /// The document, such as `privacy-policy`.
    pub document: String,
    /// The version.
    pub version: String,
    /// SHA-256 of the text that was shown, hexadecimal.
    pub sha256: String,
    /// The language in which it was shown.
    pub locale: Locale,
    /// Accepted, or declined.
    pub accepted: bool,
    /// When.
    pub at: Timestamp,
}

impl Entity for Stance {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        let (at, document) = (self.at, &self.document);
        Key::new(partition(self.subject), format!("{PREFIX}{at}#{document}"))
    }
}

/// Everything that a person has accepted and declined, oldest first.
///
/// # Errors
/// [`StoreError`].
pub async fn stances(db: &Db, subject: SubjectId) -> Result<Vec<Stance>, StoreError> {
    db.list_all(&partition(subject), PREFIX).await
}

/// The documents that are declined as the record says.
fn as_declined(record: &PersonRecord) -> Result<Condition, StoreError> {
    let same = Condition::equals("declined", &record.declined)?;
    if record.declined.is_empty() {
        // a record of an older build has none
        return Ok(same.or(Condition::lacks("declined")));
    }
    Ok(same)
}

fn entry(person: &Person, stance: &Stance) -> Entry {
    let event = if stance.accepted {
        "policy.accepted"
    } else {
        "policy.declined"
    };
    let shown: [&str; 3] = [&stance.document, &stance.version, &stance.sha256];
    statement(person, shown, stance.at, event, "2.6")
}

/// Writes down what a person says of a version, with its ledger entry. Whoever
/// declines a document may from then on look and download in their workspaces
/// and change nothing; a letter tells them what they can do. It ends when no
/// document is declined any more.
///
/// # Errors
/// [`StoreError::Refused`] with `person` when another stance came first or the
/// person is being erased.
pub async fn state_stance(db: &Db, person: &Person, stance: &Stance) -> Result<(), StoreError> {
    let record = person.record();
    let mut declined: BTreeSet<String> = record.declined.clone();
    if stance.accepted {
        declined.remove(&stance.document);
    } else {
        declined.insert(stance.document.clone());
    }
    let standing = if declined.is_empty() {
        Update::new().remove("declined_at")
    } else {
        Update::new().set("declined_at", stance.at)?
    };
    let standing = standing.when(Condition::item_exists());
    let update = Update::new()
        .set("declined", &declined)?
        .when(alive().and(as_declined(record)?));

    let mut tx = Tx::new();
    tx.update(
        "person",
        Table::People,
        &person_key(record.subject),
        &update,
    );
    for workspace in &record.workspaces {
        let member = member_key(*workspace, record.subject);
        tx.update("member", Table::Catalog, &member, &standing);
    }
    tx.create("stance", stance);
    if !stance.accepted {
        let name = Name {
            document: stance.document.clone(),
            version: stance.version.clone(),
        };
        let declined = Letter::PolicyDeclined {
            name,
            at: stance.at,
        };
        tx.mail(record.subject, declined, stance.at);
    }
    tx.record(entry(person, stance));
    db.commit(tx).await
}
