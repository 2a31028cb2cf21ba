//! What goes in and out.

use std::collections::BTreeSet;

use domain::{
    contact::{CompanyName, InvalidContact, PersonName, PhoneNumber, Position},
    processing::Purpose,
    request::{Correction, Details, Mandate, RequestKind, State},
    time::Timestamp,
};
use platform::http::Problem;
use serde::{Deserialize, Serialize};
use store::people::{Reasons, Request};
use utoipa::ToSchema;

/// What may be asked for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A copy of the data with where it comes from and goes (6.3a).
    Access,
    /// Correction (6.3b).
    Rectification,
    /// Restriction of processing, from receipt on (6.7).
    Restriction,
    /// Destruction (5.2b).
    Erasure,
    /// An end to processing for some purposes (6.3).
    Objection,
    /// Withdrawal of every consent: processing stops now, and the data is
    /// destroyed in time (5.2b).
    Withdrawal,
    /// The data in a form that other services read (6.3a).
    Portability,
}

impl From<Kind> for RequestKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Access => Self::Access,
            Kind::Rectification => Self::Rectification,
            Kind::Restriction => Self::Restriction,
            Kind::Erasure => Self::Erasure,
            Kind::Objection => Self::Objection,
            Kind::Withdrawal => Self::Withdrawal,
            Kind::Portability => Self::Portability,
        }
    }
}

impl From<RequestKind> for Kind {
    fn from(kind: RequestKind) -> Self {
        match kind {
            RequestKind::Access => Self::Access,
            RequestKind::Rectification => Self::Rectification,
            RequestKind::Restriction => Self::Restriction,
            RequestKind::Erasure => Self::Erasure,
            RequestKind::Objection => Self::Objection,
            RequestKind::Withdrawal => Self::Withdrawal,
            RequestKind::Portability => Self::Portability,
        }
    }
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateView {
    /// The link in the letter has not been used.
    AwaitingConfirmation,
    /// It counts; who asks is not proven as far as the kind demands.
    Open,
    /// The person is known; a decision is due.
    Verified,
    /// It will be carried out.
    Approved,
    /// It is being carried out.
    InProgress,
    /// It was carried out.
    Completed,
    /// It was refused.
    Refused,
    /// The person took it back.
    Cancelled,
}

impl From<State> for StateView {
    fn from(state: State) -> Self {
        match state {
            State::AwaitingConfirmation => Self::AwaitingConfirmation,
            State::Open => Self::Open,
            State::Verified => Self::Verified,
            State::Approved => Self::Approved,
            State::InProgress => Self::InProgress,
            State::Completed => Self::Completed,
            State::Refused => Self::Refused,
            State::Cancelled => Self::Cancelled,
        }
    }
}

/// Values that should stand instead. The e-mail address is not among them: it is
/// the login, and changes with links to the old and the new address.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fields {
    /// The name.
    pub name: Option<String>,
    /// The phone number, with its country code.
    #[schema(example = "+442071838750")]
    pub phone: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// The position in the company.
    pub position: Option<String>,
}

fn checked<T>(
    field: &str,
    text: Option<&String>,
    new: fn(&str) -> Result<T, InvalidContact>,
) -> Result<Option<T>, Problem> {
    text.map(|text| new(text).map_err(|reason| Problem::field(field, reason)))
        .transpose()
}

impl Fields {
    fn read(&self) -> Result<Correction, Problem> {
        Ok(Correction {
            name: checked("fields.name", self.name.as_ref(), PersonName::new)?,
            phone: checked("fields.phone", self.phone.as_ref(), PhoneNumber::new)?,
            company: checked("fields.company", self.company.as_ref(), CompanyName::new)?,
            position: checked("fields.position", self.position.as_ref(), Position::new)?,
        })
    }
}

impl From<Correction> for Fields {
    fn from(correction: Correction) -> Self {
        Self {
            name: correction.name.map(String::from),
            phone: correction.phone.map(String::from),
            company: correction.company.map(String::from),
            position: correction.position.map(String::from),
        }
    }
}

/// Reads what a person wrote with a request of this kind.
pub(crate) fn details(
    kind: RequestKind,
    text: Option<&str>,
    fields: Option<&Fields>,
    purposes: Option<&BTreeSet<Purpose>>,
) -> Result<Details, Problem> {
    let fields = fields.map(Fields::read).transpose()?;
    let details = Details::new(kind, text, fields);
    let details = details.map_err(|reason| Problem::field("details", reason))?;
    let details = details.objecting_to(kind, purposes.cloned().unwrap_or_default());
    details.map_err(|reason| Problem::field("purposes", reason))
}

/// A request: with a session for oneself, or with `email` for whoever owns that
/// address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// What is asked.
    pub kind: Kind,
    /// The address on file, where there is no session. A link is mailed there.
    pub email: Option<String>,
    /// In your own words. Not with `email`: say it when you confirm, so that
    /// nobody but the person writes into the person's file.
    pub details: Option<String>,
    /// The values of a rectification; as `details`, not with `email`.
    #[serde(default, deserialize_with = "platform::http::optional_object")]
    pub fields: Option<Fields>,
    /// The purposes of an objection, as the policy tags them; advertising and
    /// statistics unless said. As `details`, not with `email`.
    #[schema(value_type = Option<Vec<String>>, example = json!(["marketing"]))]
    pub purposes: Option<BTreeSet<Purpose>>,
}

/// Confirms a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Confirm {
    /// The secret of the mailed link; without one, the session confirms.
    pub token: Option<String>,
    /// In your own words.
    pub details: Option<String>,
    /// The values of a rectification.
    #[serde(default, deserialize_with = "platform::http::optional_object")]
    pub fields: Option<Fields>,
    /// The purposes of an objection; advertising and statistics unless said.
    #[schema(value_type = Option<Vec<String>>, example = json!(["marketing"]))]
    pub purposes: Option<BTreeSet<Purpose>>,
}

/// Takes a withdrawal back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    /// The secret of the mailed link; without one, the session cancels.
    pub token: Option<String>,
}

/// The answer to a request by address: the same for every address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Received {
    /// What happens now.
    pub message: String,
}

/// A copy that is ready.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportView {
    /// When it was made.
    pub made_at: String,
    /// Until when it can be downloaded.
    pub expires_at: String,
    /// Its parts: what `GET …/export?part=` takes.
    pub parts: Vec<String>,
}

/// Who asks, where it is not the person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MandateView {
    /// `representative` or `authority`.
    pub by: String,
    /// SHA-256 of the document that it rests on, hexadecimal.
    pub document_sha256: String,
    /// Their name; in the request's own page only.
    pub name: Option<String>,
    /// The document's reference; in the request's own page only.
    pub reference: Option<String>,
}

impl From<Mandate> for MandateView {
    fn from(mandate: Mandate) -> Self {
        Self {
            by: mandate.by.as_str().to_owned(),
            document_sha256: mandate.document.to_string(),
            name: None,
            reference: None,
        }
    }
}

/// A request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestView {
    /// The request.
    #[schema(example = "dsr_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// What is asked.
    pub kind: Kind,
    /// Where it stands.
    pub state: StateView,
    /// When it was received: everything counts from here.
    pub received_at: String,
    /// By when it must be answered.
    pub due_at: String,
    /// The provision that sets the deadline.
    pub article: String,
    /// The clause of the privacy policy.
    pub policy_clause: String,
    /// When the deadline was extended.
    pub extended_at: Option<String>,
    /// When it ended.
    pub closed_at: Option<String>,
    /// Who asks, where it is not the person themselves.
    pub mandate: Option<MandateView>,
    /// When a withdrawal that came by letter is carried out, unless it is
    /// cancelled before.
    pub destruction_at: Option<String>,
    /// The provision that allows a refusal.
    pub ground: Option<String>,
    /// Where to complain about a refusal.
    pub complaint_route: Option<String>,
    /// Where the certificate of an erasure will be found.
    pub certificate: Option<String>,
    /// The copy, while it can be downloaded.
    pub export: Option<ExportView>,
    /// What was written with it; in the request's own page only.
    pub details: Option<String>,
    /// The proposed values; in the request's own page only.
    pub fields: Option<Fields>,
    /// The purposes that are objected to; in the request's own page only.
    #[schema(value_type = Vec<String>)]
    pub purposes: BTreeSet<Purpose>,
    /// Why it takes longer; in the request's own page only.
    pub extension_reason: Option<String>,
    /// Why it was refused; in the request's own page only.
    pub refusal_reason: Option<String>,
}

pub(crate) fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

impl RequestView {
    /// What can be shown without opening anything.
    pub fn closed(request: &Request, now: Timestamp) -> Self {
        let progress = &request.progress;
        let refused = progress.ground().is_some();
        Self {
            id: request.id.to_string(),
            kind: progress.kind().into(),
            state: progress.state().into(),
            received_at: progress.received_at().to_string(),
            due_at: progress.due_at().to_string(),
            article: progress.rule().article.to_owned(),
            policy_clause: progress.kind().clause().to_owned(),
            extended_at: text(progress.extended_at()),
            closed_at: text(progress.closed_at()),
            mandate: progress.mandate().map(MandateView::from),
            destruction_at: text(progress.destruction_at()),
            ground: progress.ground().map(|g| g.as_str().to_owned()),
            complaint_route: refused.then(|| progress.regimes().complaint_routes()),
            certificate: request.case.map(|case| format!("/certificates/{case}")),
            export: request
                .export
                .as_ref()
                .filter(|copy| now < copy.expires_at)
                .map(|copy| ExportView {
                    made_at: copy.made_at.to_string(),
                    expires_at: copy.expires_at.to_string(),
                    parts: copy.parts.clone(),
                }),
            details: None,
            fields: None,
            purposes: BTreeSet::new(),
            extension_reason: None,
            refusal_reason: None,
        }
    }

    /// With what was written about it.
    pub fn opened(request: &Request, details: Details, reasons: Reasons, now: Timestamp) -> Self {
        let closed = Self::closed(request, now);
        let mandate = closed.mandate.map(|mandate| MandateView {
            name: details
                .on_behalf
                .as_ref()
                .map(|b| b.name.reveal().to_owned()),
            reference: details
                .on_behalf
                .as_ref()
                .map(|b| b.reference.reveal().to_owned()),
            ..mandate
        });
        Self {
            mandate,
            details: details.text,
            fields: details.fields.map(Fields::from),
            purposes: details.purposes,
            extension_reason: reasons.extension,
            refusal_reason: reasons.refusal,
            ..closed
        }
    }
}

/// A person's requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestList {
    /// The requests, oldest first.
    pub items: Vec<RequestView>,
    /// Always absent: the list is whole.
    pub next_cursor: Option<String>,
}

/// The ledger's public key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerKey {
    /// `Ed25519` (RFC 8032).
    pub algorithm: String,
    /// SubjectPublicKeyInfo, DER, base64.
    pub public_key: String,
    /// SHA-256 of the DER, hexadecimal: what signatures name.
    pub sha256: String,
}
