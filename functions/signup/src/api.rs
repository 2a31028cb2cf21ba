//! What the routes of sign-up take and give.

use std::collections::BTreeSet;

use domain::{
    consent::{ConsentPurpose, InvalidTick, Tick},
    contact::{
        CompanyName, EmailAddress, InvalidContact, PersonName, PhoneNumber, Position, Profile,
    },
    policy::Locale,
    time::Timestamp,
};
use platform::http::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// The sign-up form. Nothing else is taken (data minimisation).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUpForm {
    /// The person's name.
    #[schema(min_length = 1, max_length = 200, example = "Ada Lovelace")]
    name: String,
    /// The e-mail address: the login.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    email: String,
    /// The phone number with its country code (E.164).
    #[schema(example = "+442071838750")]
    phone: String,
    /// The company.
    #[schema(min_length = 1, max_length = 200, example = "Analytical Engines")]
    company: String,
    /// The position in the company.
    #[schema(min_length = 1, max_length = 200, example = "Programmer")]
    position: String,
    /// At least 12 characters that are not easy to guess.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128)]
    #[serde(deserialize_with = "platform::secret::text")]
    pub(crate) password: Zeroizing<String>,
    /// The language of letters, `en` or `ru`; that of the processing consent without it.
    #[schema(value_type = Option<String>, example = "en")]
    pub(crate) locale: Option<Locale>,
    /// The boxes, each as it was left. That of `processing-consent` must be ticked.
    #[serde(default, deserialize_with = "platform::http::objects")]
    pub(crate) consents: Vec<ConsentBox>,
}

/// A consent's box as the person left it, with the text that it stood under.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBox {
    /// The document.
    #[schema(example = "processing-consent")]
    document: String,
    /// The version that was shown.
    #[schema(example = "2026-11-22")]
    version: String,
    /// SHA-256 of the text that was shown, hexadecimal.
    #[schema(min_length = 64, max_length = 64)]
    sha256: String,
    /// The language in which it was shown.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// Whether the person ticked it.
    ticked: bool,
}

impl From<ConsentBox> for Tick {
    fn from(left: ConsentBox) -> Self {
        Self {
            document: left.document,
            version: left.version,
            sha256: left.sha256,
            locale: left.locale,
            ticked: left.ticked,
        }
    }
}

fn checked<T>(field: &'static str, value: Result<T, InvalidContact>) -> Result<T, Problem> {
    value.map_err(|invalid| Problem::field(field, invalid))
}

impl SignUpForm {
    pub(crate) fn profile(&self) -> Result<Profile, Problem> {
        Ok(Profile {
            name: checked("name", PersonName::new(&self.name))?,
            phone: checked("phone", PhoneNumber::new(&self.phone))?,
            email: checked("email", EmailAddress::new(&self.email))?,
            company: checked("company", CompanyName::new(&self.company))?,
            position: checked("position", Position::new(&self.position))?,
        })
    }
}

/// The consents that were given, each under the text that binds now.
pub(crate) fn consents(
    boxes: Vec<ConsentBox>,
    now: Timestamp,
) -> Result<Vec<(ConsentPurpose, Tick)>, Problem> {
    let mut seen = BTreeSet::new();
    let mut given = Vec::new();
    for tick in boxes.into_iter().map(Tick::from) {
        let consent = ConsentPurpose::of_document(&tick.document)
            .ok_or_else(|| InvalidTick::UnknownDocument(tick.document.clone()))?;
        if !seen.insert(consent) {
            return Err(Problem::field("consents", "name each document once"));
        }
        if tick.ticked {
            given.push((tick.check(now)?, tick));
        }
    }
    if given.iter().any(|(c, _)| *c == ConsentPurpose::Processing) {
        return Ok(given);
    }
    Err(Problem::invalid(
        "processing_consent_required",
        "Without your consent to the processing of your personal data there is no account; nothing was stored.",
    ))
}

/// What a sign-up is answered with, always.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignUpAnswer {
    /// `check_your_mail`.
    #[schema(example = "check_your_mail")]
    pub(crate) status: &'static str,
}

/// A mailed link's secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkSecret {
    /// The secret, from the link in the letter.
    #[schema(value_type = String, example = "abl_…")]
    #[serde(deserialize_with = "platform::secret::text")]
    pub(crate) token: Zeroizing<String>,
}

/// The account that was opened.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenedAccount {
    /// The workspace.
    pub(crate) workspace_id: String,
    /// The trial's end; `null` when the address or the company had a trial before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) trial_ends_at: Option<Timestamp>,
}
