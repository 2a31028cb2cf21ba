//! What goes in and out.

use std::collections::BTreeSet;

use domain::{
    compliance::disclosure::{Ban, File, GroundKind, Grounds, Progress, State},
    processing::Category,
};
use platform::http::Problem;
use serde::{Deserialize, Serialize};
use store::compliance::Case;
use utoipa::ToSchema;

use crate::desk::{self, PeriodBody, text};

/// The ground of a disclosure, with what proves it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub(crate) enum GroundsBody {
    /// An authority or a court demands it (5.5, 5.8).
    Authority {
        /// Who demands.
        authority: String,
        /// The demand's own number and date.
        reference: String,
        /// The provision that allows it.
        #[schema(example = "152-FZ art. 6(1)(2)")]
        law: String,
        /// SHA-256 of the document, hexadecimal.
        document_sha256: String,
    },
    /// A third party needs it for the service (5.6).
    ThirdParty {
        /// Who receives.
        recipient: String,
        /// The contract, or the person's written permission (6.5).
        agreement: String,
        /// The provision that allows it.
        law: String,
    },
    /// An investigation or a complaint needs it (5.7).
    Investigation {
        /// Who receives.
        recipient: String,
        /// The case.
        case: String,
        /// The provision that allows it.
        law: String,
    },
}

impl GroundsBody {
    pub fn read(&self) -> Result<Grounds, Problem> {
        let law_of = |law: &str| desk::law("grounds.law", law);
        let recipient_of = |recipient: &str| desk::words("grounds.recipient", recipient);
        Ok(match self {
            Self::Authority {
                authority,
                reference,
                law,
                document_sha256,
            } => Grounds::Authority {
                authority: desk::words("grounds.authority", authority)?,
                reference: desk::words("grounds.reference", reference)?,
                law: law_of(law)?,
                document: desk::sha256("grounds.document_sha256", document_sha256)?,
            },
            Self::ThirdParty {
                recipient,
                agreement,
                law,
            } => Grounds::ThirdParty {
                recipient: recipient_of(recipient)?,
                agreement: desk::words("grounds.agreement", agreement)?,
                law: law_of(law)?,
            },
            Self::Investigation {
                recipient,
                case,
                law,
            } => Grounds::Investigation {
                recipient: recipient_of(recipient)?,
                case: desk::words("grounds.case", case)?,
                law: law_of(law)?,
            },
        })
    }
}

impl From<Grounds> for GroundsBody {
    fn from(grounds: Grounds) -> Self {
        match grounds {
            Grounds::Authority {
                authority,
                reference,
                law,
                document,
            } => Self::Authority {
                authority: authority.into(),
                reference: reference.into(),
                law: law.into(),
                document_sha256: document.to_string(),
            },
            Grounds::ThirdParty {
                recipient,
                agreement,
                law,
            } => Self::ThirdParty {
                recipient: recipient.into(),
                agreement: agreement.into(),
                law: law.into(),
            },
            Grounds::Investigation {
                recipient,
                case,
                law,
            } => Self::Investigation {
                recipient: recipient.into(),
                case: case.into(),
                law: law.into(),
            },
        }
    }
}

/// A ban on telling the person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForbidTelling {
    /// Until when.
    pub until: String,
    /// The provision that forbids it.
    pub law: String,
}

impl ForbidTelling {
    pub fn read(&self) -> Result<Ban, Problem> {
        Ok(Ban {
            until: desk::instant("until", &self.until)?,
            law: desk::law("law", &self.law)?,
        })
    }
}

/// Opens a disclosure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenDisclosure {
    /// Whose data: the person's id, or the address on file.
    pub person: String,
    /// On which ground.
    #[serde(deserialize_with = "platform::http::object")]
    pub grounds: GroundsBody,
    /// What is asked for, in the asker's words.
    pub requested: String,
    /// Why the scope is no wider than it must be.
    pub minimisation: String,
    /// What may be disclosed: `identity`, `contact`, `employment`, `account`,
    /// `consent_evidence`, `request`.
    #[schema(value_type = Vec<String>, example = json!(["contact"]))]
    pub categories: BTreeSet<Category>,
    /// Of what bears a date: from when to when.
    #[serde(deserialize_with = "platform::http::object")]
    pub period: PeriodBody,
    /// Where the law forbids to tell the person.
    #[serde(default, deserialize_with = "platform::http::optional_object")]
    pub ban: Option<ForbidTelling>,
}

/// Declines a disclosure.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclineDisclosure {
    /// Why.
    pub reason: String,
}

/// Notes that a package was handed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOver {
    /// How: by which channel, to whom.
    pub channel: String,
}

/// Which of the policy's grounds.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroundView {
    /// An authority or a court (5.5, 5.8).
    Authority,
    /// A third party (5.6).
    ThirdParty,
    /// An investigation or a complaint (5.7).
    Investigation,
}

impl From<GroundKind> for GroundView {
    fn from(kind: GroundKind) -> Self {
        match kind {
            GroundKind::Authority => Self::Authority,
            GroundKind::ThirdParty => Self::ThirdParty,
            GroundKind::Investigation => Self::Investigation,
        }
    }
}

/// Where a disclosure stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DisclosureState {
    /// Somebody has to approve it.
    Open,
    /// The package may be made.
    Approved,
    /// The package may be fetched.
    Ready,
    /// The recipient has the package.
    HandedOver,
    /// It was declined.
    Declined,
}

impl From<State> for DisclosureState {
    fn from(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Approved => Self::Approved,
            State::Ready => Self::Ready,
            State::HandedOver => Self::HandedOver,
            State::Declined => Self::Declined,
        }
    }
}

/// A package that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PackageView {
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
    /// How long its text is.
    pub bytes: u64,
    /// When it was made.
    pub made_at: String,
}

/// A disclosure as the register shows it: without personal data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisclosureView {
    /// The disclosure.
    #[schema(example = "dis_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// On which ground.
    pub ground: GroundView,
    /// The clause of the privacy policy.
    pub policy_clause: String,
    /// Where it stands.
    pub state: DisclosureState,
    /// When it was opened.
    pub opened_at: String,
    /// How many people have approved it.
    pub approvals: usize,
    /// How many have to.
    pub approvals_needed: usize,
    /// Until when it may be carried out.
    pub granted_until: Option<String>,
    /// What may be disclosed.
    #[schema(value_type = Vec<String>)]
    pub categories: BTreeSet<Category>,
    /// Of what bears a date: from when to when.
    pub period: PeriodBody,
    /// The package, once it was made.
    pub package: Option<PackageView>,
    /// Until when the person may not be told.
    pub banned_until: Option<String>,
    /// The provision that forbids it.
    pub ban_law: Option<String>,
    /// When the recipient had the package.
    pub handed_over_at: Option<String>,
    /// When the person will be told.
    pub tell_at: Option<String>,
    /// When the person was told.
    pub told_at: Option<String>,
    /// When it ended.
    pub closed_at: Option<String>,
}

impl DisclosureView {
    pub fn of(case: &Case<Progress>) -> Self {
        let progress = &case.progress;
        let scope = progress.scope();
        Self {
            id: case.id.to_string(),
            ground: progress.kind().into(),
            policy_clause: progress.kind().clause().to_owned(),
            state: progress.state().into(),
            opened_at: progress.opened_at().to_string(),
            approvals: progress.approved_by(),
            approvals_needed: progress.kind().approvals(),
            granted_until: text(progress.granted_until()),
            categories: scope.categories().clone(),
            period: scope.period().into(),
            package: progress.package().map(|package| PackageView {
                sha256: package.sha256.to_string(),
                bytes: package.bytes,
                made_at: package.made_at.to_string(),
            }),
            banned_until: text(progress.ban().map(|ban| ban.until)),
            ban_law: progress.ban().map(|ban| ban.law.as_str().to_owned()),
            handed_over_at: text(progress.handed_over_at()),
            tell_at: text(progress.tell_at()),
            told_at: text(progress.told_at()),
            closed_at: text(progress.closed_at()),
        }
    }
}

/// A disclosure with its file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisclosureFile {
    /// The disclosure.
    #[serde(flatten)]
    pub disclosure: DisclosureView,
    /// Whose data.
    pub person: String,
    /// The ground with its proof.
    pub grounds: GroundsBody,
    /// What was asked for.
    pub requested: String,
    /// Why the scope is no wider.
    pub minimisation: String,
    /// How it was handed over.
    pub channel: Option<String>,
    /// Why it was declined.
    pub declined: Option<String>,
}

impl DisclosureFile {
    pub fn of(case: &Case<Progress>, file: File) -> Self {
        Self {
            disclosure: DisclosureView::of(case),
            person: file.subject.to_string(),
            grounds: file.grounds.into(),
            requested: file.requested.into(),
            minimisation: file.minimisation.into(),
            channel: file.channel.map(String::from),
            declined: file.declined.map(String::from),
        }
    }
}

/// The register of disclosures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisclosureList {
    /// The newest first; of the open ones the nearest end first.
    pub items: Vec<DisclosureView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
