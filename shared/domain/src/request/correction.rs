//! What a person writes with a request: words, for a correction the values that
//! should stand instead (clause 5.3), for an objection the purposes (6.3).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Behalf, RequestKind};
use crate::{
    contact::{CompanyName, PersonName, PhoneNumber, Position, Profile},
    processing::Purpose,
};

/// The longest text of a request, in characters.
pub const MAX_TEXT_CHARACTERS: usize = 4_000;

/// Values that should replace those on file. The address is not among them: it
/// is the login and changes with links to the old and the new one only (5.3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Clause 3.3a.
    #[serde(default)]
    pub name: Option<PersonName>,
    /// Clause 3.3b.
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    /// Clause 3.3d.
    #[serde(default)]
    pub company: Option<CompanyName>,
    /// Clause 3.3e.
    #[serde(default)]
    pub position: Option<Position>,
}

impl Correction {
    /// Proposes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The profile as it should be.
    #[must_use]
    pub fn apply(self, profile: Profile) -> Profile {
        Profile {
            name: self.name.unwrap_or(profile.name),
            phone: self.phone.unwrap_or(profile.phone),
            email: profile.email,
            company: self.company.unwrap_or(profile.company),
            position: self.position.unwrap_or(profile.position),
        }
    }
}

/// Why details were refused, in words for the person who wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDetails {
    /// The text is too long or holds control characters.
    #[error("the text has at most 4,000 characters, without control characters")]
    Text,
    /// A correction proposes nothing.
    #[error("say which fields should have which values: name, phone, company or position")]
    NothingToCorrect,
    /// Fields with a request that corrects nothing.
    #[error("only a request for rectification takes fields")]
    FieldsNotExpected,
    /// Purposes with a request that objects to nothing.
    #[error("only an objection takes purposes")]
    PurposesNotExpected,
}

/// What a person wrote. Personal data: stored sealed only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// In their own words.
    pub text: Option<String>,
    /// The proposed values of a correction.
    pub fields: Option<Correction>,
    /// The purposes that are objected to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub purposes: BTreeSet<Purpose>,
    /// Who asks for the person, where they don't ask themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf: Option<Behalf>,
}

impl std::fmt::Debug for Details {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Details(…)")
    }
}

impl Details {
    /// Checks what was written with a request of this kind. An objection that
    /// names no purpose means those that it [stops at once](Purpose::stops_on_objection).
    ///
    /// # Errors
    /// [`InvalidDetails`].
    pub fn new(
        kind: RequestKind,
        text: Option<&str>,
        fields: Option<Correction>,
    ) -> Result<Self, InvalidDetails> {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        let fields = fields.filter(|fields| !fields.is_empty());
        let readable = |text: &str| {
            text.chars().count() <= MAX_TEXT_CHARACTERS
                && !text
                    .chars()
                    .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        };
        if !text.is_none_or(readable) {
            return Err(InvalidDetails::Text);
        }
        match (kind, &fields) {
            (RequestKind::Rectification, None) => Err(InvalidDetails::NothingToCorrect),
            (RequestKind::Rectification, Some(_)) | (_, None) => Ok(Self {
                text: text.map(str::to_owned),
                fields,
                purposes: stopped_at_once(kind),
                on_behalf: None,
            }),
            (_, Some(_)) => Err(InvalidDetails::FieldsNotExpected),
        }
    }

    /// An objection to these purposes; to name none changes nothing.
    ///
    /// # Errors
    /// [`InvalidDetails::PurposesNotExpected`].
    pub fn objecting_to(
        mut self,
        kind: RequestKind,
        purposes: BTreeSet<Purpose>,
    ) -> Result<Self, InvalidDetails> {
        if purposes.is_empty() {
            return Ok(self);
        }
        if kind != RequestKind::Objection {
            return Err(InvalidDetails::PurposesNotExpected);
        }
        self.purposes = purposes;
        Ok(self)
    }

    /// Nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn stopped_at_once(kind: RequestKind) -> BTreeSet<Purpose> {
    let stops = |purpose: &Purpose| kind == RequestKind::Objection && purpose.stops_on_objection();
    Purpose::ALL.into_iter().filter(stops).collect()
}
