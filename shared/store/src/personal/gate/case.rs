//! Registers that outlive the person: what is written in a case is sealed under
//! the case's own key, so that the erasure of a person neither opens nor spoils
//! it, and its own retention ends it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::{primitives::Blob, types::DataKeySpec};
use domain::{
    data_map::Field,
    ledger::Entry,
    processing::{Refusal, permits},
    time::Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{Access, Gate, GateError, Sealed, key_failure};
use crate::{
    db::{Entity, Key, StoreError, Table, expires},
    personal::key::{DataKey, Place},
};

/// The data key of one case, wrapped by the KMS key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CaseKey {
    /// The case's id.
    pub case: String,
    /// The KMS ciphertext.
    pub wrapped: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where a case's wrapped key stands.
#[must_use]
pub fn case_key(case: &str) -> Key {
    Key::new(format!("CASEKEY#{case}"), "KEY")
}

impl Entity for CaseKey {
    const TABLE: Table = Table::Keys;

    fn key(&self) -> Key {
        case_key(&self.case)
    }
}

/// The key of a case that the store expires by itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EndingKey {
    pub(crate) key: CaseKey,
    /// When; `None` for never.
    #[serde(skip)]
    pub(crate) until: Option<Timestamp>,
}

impl Entity for EndingKey {
    const TABLE: Table = CaseKey::TABLE;

    fn key(&self) -> Key {
        self.key.key()
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        self.until.map(expires).into_iter().collect()
    }
}

/// A case that is open for one purpose and operation.
pub struct CaseFile {
    case: String,
    key: DataKey,
    access: Access,
}

impl std::fmt::Debug for CaseFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CaseFile({})", self.case)
    }
}

fn context(case: &str) -> HashMap<String, String> {
    HashMap::from([
        ("case".to_owned(), case.to_owned()),
        ("use".to_owned(), "register".to_owned()),
    ])
}

/// A register has no person who could restrict it: only the matrix binds.
fn check(access: &Access) -> Result<(), Refusal> {
    let within = |category| permits(category, access.purpose, access.operation);
    match access.categories.iter().all(|category| within(*category)) {
        true => Ok(()),
        false => Err(Refusal::OutsidePurpose),
    }
}

impl Gate {
    /// A case with a key of its own. Nothing is stored yet: the wrapped key goes
    /// into the caller's transaction.
    ///
    /// # Errors
    /// [`GateError::Refused`] outside the matrix; [`GateError::Keys`].
    pub async fn new_case(
        &self,
        case: &str,
        access: Access,
        now: Timestamp,
    ) -> Result<(CaseFile, CaseKey), GateError> {
        check(&access)?;
        let made = self
            .kms
            .generate_data_key()
            .key_id(&self.master_key)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(context(case)))
            .send()
            .await
            .map_err(key_failure)?;
        let incomplete = || GateError::Keys("no key in the answer".to_owned());
        let plain = Zeroizing::new(made.plaintext.ok_or_else(incomplete)?.into_inner());
        let key = DataKey::new(&plain).ok_or_else(incomplete)?;
        let wrapped = made.ciphertext_blob.ok_or_else(incomplete)?.into_inner();
        let wrapped = CaseKey {
            case: case.to_owned(),
            wrapped: Sealed::from_bytes(wrapped),
            created_at: now,
        };
        let file = CaseFile {
            case: case.to_owned(),
            key,
            access,
        };
        Ok((file, wrapped))
    }

    /// Opens a case. The access is in the ledger before anything is returned
    /// (clause 5.10).
    ///
    /// # Errors
    /// [`GateError::Unknown`] when there is no such case any more;
    /// [`GateError::Refused`] outside the matrix.
    pub async fn open_case(
        &self,
        case: &str,
        access: Access,
        now: Timestamp,
    ) -> Result<CaseFile, GateError> {
        check(&access)?;
        let wrapped: Option<CaseKey> = self.db.get(&case_key(case)).await?;
        let wrapped = wrapped.ok_or(GateError::Unknown)?;
        let opened = self
            .kms
            .decrypt()
            .key_id(&self.master_key)
            .ciphertext_blob(Blob::new(wrapped.wrapped.as_bytes()))
            .set_encryption_context(Some(context(case)))
            .send()
            .await
            .map_err(key_failure)?;
        let plain = opened.plaintext.map(|p| Zeroizing::new(p.into_inner()));
        let key = plain.and_then(|plain| DataKey::new(&plain));
        let key = key.ok_or_else(|| GateError::Keys("no key in the answer".to_owned()))?;
        let mut entry =
            Entry::new(now, access.actor, "register.opened", access.clause).with_fact("case", case);
        entry.purpose = Some(access.purpose);
        entry.operation = Some(access.operation);
        entry.categories = access.categories.to_vec();
        self.db.record(entry).await?;
        Ok(CaseFile {
            case: case.to_owned(),
            key,
            access,
        })
    }
}

impl CaseFile {
    fn place<'a>(&self, field: Field, table: Table, key: &'a Key) -> Result<Place<'a>, GateError> {
        if !self.access.categories.contains(&field.row().category) {
            return Err(Refusal::OutsidePurpose.into());
        }
        Ok(Place { table, key, field })
    }

    /// Seals something for one attribute of one item, as JSON.
    ///
    /// # Errors
    /// [`Refusal::OutsidePurpose`] when the access does not reach the category.
    pub fn seal<E: Entity>(
        &self,
        field: Field,
        key: &Key,
        content: &impl Serialize,
    ) -> Result<Sealed, GateError> {
        let place = self.place(field, E::TABLE, key)?;
        // the error may quote what was written
        let text = serde_json::to_string(content)
            .map_err(|_| StoreError::Rejected("a text that is no JSON".to_owned()))?;
        self.key
            .seal(&place, &Zeroizing::new(text))
            .ok_or(GateError::Tampered(field.row().attribute))
    }

    /// Opens what stands in one attribute of one item.
    ///
    /// # Errors
    /// [`Refusal::OutsidePurpose`], or [`GateError::Tampered`].
    pub fn unseal<E: Entity, T: DeserializeOwned>(
        &self,
        field: Field,
        key: &Key,
        sealed: &Sealed,
    ) -> Result<T, GateError> {
        let place = self.place(field, E::TABLE, key)?;
        let tampered = || GateError::Tampered(field.row().attribute);
        let text = self.key.open(&place, sealed).ok_or_else(tampered)?;
        serde_json::from_str(&text).map_err(|_| tampered())
    }
}
