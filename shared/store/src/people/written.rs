//! What is written in requests, by the person and by the staff; stored sealed.

use domain::{data_map::Field, request::Details};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Request;
use crate::{
    Entity, StoreError,
    personal::{GateError, Person, Sealed},
};

/// The staff's words about each step that they took.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reasons {
    /// How it was established who asks.
    #[serde(default)]
    pub verification: Option<String>,
    /// Why the answer takes longer.
    pub extension: Option<String>,
    /// Why it is carried out.
    #[serde(default)]
    pub approval: Option<String>,
    /// Why it is refused.
    pub refusal: Option<String>,
}

impl std::fmt::Debug for Reasons {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reasons(…)")
    }
}

impl Request {
    /// What the person wrote; nothing if they wrote nothing.
    ///
    /// # Errors
    /// [`GateError`] when the access does not reach requests, or the text was changed.
    pub fn open_details(&self, person: &Person) -> Result<Details, GateError> {
        self.open(person, Field::RequestDetails, self.details.as_ref())
    }

    /// What the staff wrote; nothing if they wrote nothing.
    ///
    /// # Errors
    /// As [`Request::open_details`].
    pub fn open_reasons(&self, person: &Person) -> Result<Reasons, GateError> {
        self.open(person, Field::RequestReason, self.reason.as_ref())
    }

    /// Notes what the person wrote; nothing is stored of nothing.
    ///
    /// # Errors
    /// [`GateError`] when the access does not reach requests.
    pub fn seal_details(&mut self, person: &Person, details: &Details) -> Result<(), GateError> {
        self.details = match details.is_empty() {
            true => None,
            false => Some(self.seal(person, Field::RequestDetails, details)?),
        };
        Ok(())
    }

    /// Notes what the staff wrote.
    ///
    /// # Errors
    /// As [`Request::seal_details`].
    pub fn seal_reasons(&mut self, person: &Person, reasons: &Reasons) -> Result<(), GateError> {
        self.reason = Some(self.seal(person, Field::RequestReason, reasons)?);
        Ok(())
    }

    fn open<T: DeserializeOwned + Default>(
        &self,
        person: &Person,
        field: Field,
        sealed: Option<&Sealed>,
    ) -> Result<T, GateError> {
        let Some(sealed) = sealed else {
            return Ok(T::default());
        };
        let text = person.unseal::<Self>(field, &self.key(), sealed)?;
        serde_json::from_str(&text).map_err(|_| GateError::Tampered(field.row().attribute))
    }

    fn seal(
        &self,
        person: &Person,
        field: Field,
        written: &impl Serialize,
    ) -> Result<Sealed, GateError> {
        // the error may quote what was written
        let text = serde_json::to_string(written)
            .map_err(|_| StoreError::Rejected("a text that is no JSON".to_owned()))?;
        person.seal::<Self>(field, &self.key(), &text)
    }
}
