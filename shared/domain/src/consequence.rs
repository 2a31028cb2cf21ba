//! What must follow a commit (invariant 6): stored in the same transaction,
//! delivered by `outbox` from the table's stream. Holds no personal data:
//! a mail names the person by id and is filled when it is sent.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    billing::ending::Cause,
    compliance::{disclosure::GroundKind, transfer},
    ids::{
        AssetId, CaseId, ClaimId, DisclosureId, IncidentId, NoticeId, RequestId, SubjectId,
        WorkspaceId,
    },
    opendsr::{ControllerId, ExchangeRef, Regulation},
    policy,
    processing::Purpose,
    request::{Applicant, RequestKind},
    trial::Notice,
};

/// A consequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "consequence")]
pub enum Consequence {
    /// A letter to a person.
    Mail {
        /// To whom.
        to: Recipient,
        /// Which letter.
        letter: Letter,
    },
    /// Work for a queue.
    Job {
        /// The work.
        job: Job,
    },
    /// A letter to a processor that was given a person's data.
    Notice {
        /// Which notice of the register.
        notice: NoticeId,
    },
}

/// Whom a letter goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The address on file.
    OnFile,
    /// The address that waits for confirmation.
    Pending,
    /// The address that was on file until the commit.
    Former,
}

/// A letter. What it says beside these values comes through the gate when it
/// is sent; the secret of a link travels sealed beside the consequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "letter")]
pub enum Letter {
    /// To confirm a sign-up, with a receipt of the consents; to the owner of an
    /// existing account it says instead that there is one.
    SignUp {
        /// When the link ends.
        expires_at: Timestamp,
    },
    /// The trial has begun (or can't, because there was one before).
    Welcome {
        /// The trial's end, if one has begun.
        trial_ends_at: Option<Timestamp>,
    },
    /// A link to set a new password.
    PasswordReset {
        /// When the link ends.
        expires_at: Timestamp,
    },
    /// The password was changed and every session ended.
    PasswordChanged,
    /// To the old address: somebody asks to change the login address; a link to agree.
    AddressChangeOld {
        /// When the link ends.
        expires_at: Timestamp,
    },
    /// To the new address: a link to confirm it.
    AddressChangeNew {
        /// When the link ends.
        expires_at: Timestamp,
    },
    /// The login address was changed; to the old and to the new one.
    AddressChanged,
    /// A consent was given or withdrawn: the receipt (clause 2.2).
    ConsentReceipt {
        /// The document.
        document: String,
        /// Its version.
        version: String,
        /// SHA-256 of the text.
        sha256: String,
        /// Given, or withdrawn.
        given: bool,
        /// When.
        at: Timestamp,
    },
    /// New versions of documents were posted (clause 9.2).
    PoliciesChanged {
        /// The versions, in the order of their publication.
        news: Vec<policy::Name>,
    },
    /// The person declined a version of a document: what follows (clause 2.6).
    PolicyDeclined {
        /// The version.
        name: policy::Name,
        /// When.
        at: Timestamp,
    },
    /// The course of a trial (clause 3.2b).
    Trial {
        /// Which notice.
        notice: Notice,
        /// The trial's end.
        ends_at: Timestamp,
        /// When the data is due for destruction.
        destruction_at: Timestamp,
    },
    /// What follows when nobody pays for a plan any more, or nobody has ever paid
    /// (terms 4.5).
    Unpaid {
        /// What ends.
        cause: Cause,
        /// Which notice.
        notice: Notice,
        /// From when on the workspace is read-only.
        ends_at: Timestamp,
        /// When the data is due for destruction.
        destruction_at: Timestamp,
    },
    /// A payment arrived.
    PaymentReceived {
        /// In the currency's smallest unit.
        amount_minor: u64,
        /// ISO 4217, lower case.
        currency: String,
        /// End of the period that is paid for.
        paid_until: Option<Timestamp>,
    },
    /// A payment failed.
    PaymentFailed {
        /// End of the days of grace.
        grace_until: Option<Timestamp>,
    },
    /// Money was paid back.
    Refunded {
        /// In the currency's smallest unit.
        amount_minor: u64,
        /// ISO 4217, lower case.
        currency: String,
    },
    /// A request was received by address: a link to confirm it (contracts, level L2).
    RequestLink {
        /// Which request.
        request: RequestId,
        /// What is asked.
        kind: RequestKind,
        /// When the link ends.
        expires_at: Timestamp,
        /// The controllers that passed it on, and learn what becomes of it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        controllers: Vec<ControllerId>,
    },
    /// A request was received and counts from now.
    RequestReceived {
        /// Which request.
        request: RequestId,
        /// What is asked.
        kind: RequestKind,
        /// By when it must be answered.
        due_at: Timestamp,
    },
    /// A withdrawal came by a letter from the address on file (level L1): a link
    /// to take it back before the destruction begins.
    WithdrawalByLetter {
        /// Which request.
        request: RequestId,
        /// When the destruction begins, and the link ends.
        destruction_at: Timestamp,
    },
    /// Somebody else than the person asked to restrict processing (6.7).
    RestrictionEntered {
        /// Which request.
        request: RequestId,
        /// Who asked.
        by: Applicant,
        /// When that was received: it counts from then.
        received_at: Timestamp,
    },
    /// The deadline of a request was extended, with the reason on the request's page.
    RequestExtended {
        /// Which request.
        request: RequestId,
        /// The new deadline.
        due_at: Timestamp,
    },
    /// A request was refused; ground and complaint route are on the request's page.
    RequestRefused {
        /// Which request.
        request: RequestId,
        /// What was asked.
        kind: RequestKind,
        /// The article or clause that allows the refusal.
        ground: String,
    },
    /// A request was carried out.
    RequestCompleted {
        /// Which request.
        request: RequestId,
        /// What was asked.
        kind: RequestKind,
    },
    /// An erasure begins; the certificate will be found under this case.
    ErasureBegins {
        /// The case that the certificate names.
        case: CaseId,
    },
    /// Data was disclosed (clause 5.5), and telling of it is not forbidden (any more).
    DataDisclosed {
        /// Which disclosure.
        disclosure: DisclosureId,
        /// On which ground.
        ground: GroundKind,
        /// When the recipient had it.
        at: Timestamp,
    },
    /// The person's data will be passed on with a sale of the business unless they object
    /// (clause 5.6c).
    BusinessTransfer {
        /// Which transfer.
        transfer: DisclosureId,
        /// To whom, on which ground, which data.
        terms: transfer::Terms,
        /// Until when they may object.
        object_until: Timestamp,
    },
    /// The person is affected by an incident (clause 5.9).
    Incident {
        /// Which incident.
        incident: IncidentId,
        /// When it became known.
        known_at: Timestamp,
    },
    /// A claim was received (clause 8.2).
    ClaimReceived {
        /// Which claim.
        claim: ClaimId,
        /// By when it must be answered.
        due_at: Timestamp,
    },
    /// A claim was answered; the answer is on the claim's page.
    ClaimAnswered {
        /// Which claim.
        claim: ClaimId,
    },
    /// News and offers (clause 4.8): sent only with a live consent.
    Marketing {
        /// Which campaign.
        campaign: String,
    },
}

impl Letter {
    /// The purpose that the letter serves; the gate decides by it at sending.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        match self {
            Self::Marketing { .. } => Purpose::Marketing,
            Self::PaymentReceived { .. } | Self::PaymentFailed { .. } | Self::Refunded { .. } => {
                Purpose::Payment
            }
            Self::Trial { .. } | Self::Unpaid { .. } | Self::Welcome { .. } => {
                Purpose::ProvideService
            }
            Self::SignUp { .. } | Self::AddressChangeOld { .. } | Self::AddressChangeNew { .. } => {
                Purpose::Identify
            }
            // Notices about the account and its security (clause 4.5), which a
            // restriction does not stop: while it holds, the verification is
            // followed and rights are exercised signed in (clauses 6.3a, 6.7),
            // so the way in, and word of every change of it (5.11), are part of it.
            Self::PasswordReset { .. }
            | Self::PasswordChanged
            | Self::AddressChanged
            | Self::ConsentReceipt { .. }
            | Self::PoliciesChanged { .. }
            | Self::PolicyDeclined { .. }
            | Self::RequestLink { .. }
            | Self::RequestReceived { .. }
            | Self::WithdrawalByLetter { .. }
            | Self::RestrictionEntered { .. }
            | Self::RequestExtended { .. }
            | Self::RequestRefused { .. }
            | Self::RequestCompleted { .. }
            | Self::ErasureBegins { .. }
            | Self::DataDisclosed { .. }
            | Self::BusinessTransfer { .. }
            | Self::Incident { .. }
            | Self::ClaimReceived { .. }
            | Self::ClaimAnswered { .. } => Purpose::Feedback,
        }
    }
}

/// Work for a queue, as its message's body says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "job")]
pub enum Job {
    /// Take in a request that somebody made by naming an address: find out
    /// whose it is, if anybody's, and mail the link there. Queued for every
    /// address alike, so that the answer is the same whether one is known.
    TakeRequest {
        /// The address's keyed hash.
        login: String,
        /// The id that the request has from its receipt on.
        request: RequestId,
        /// What is asked.
        kind: RequestKind,
        /// When it was received.
        received_at: Timestamp,
        /// It came by a letter that is proven to come from that address.
        #[serde(default)]
        proven: bool,
    },
    /// Take in a request that a controller has passed on, as [`Job::TakeRequest`]:
    /// the link goes to the address, and what the person does with it to the controller.
    TakeExchange {
        /// The address's keyed hash.
        login: String,
        /// The id that the request has from its receipt on.
        request: RequestId,
        /// What is asked.
        kind: RequestKind,
        /// When it was received.
        received_at: Timestamp,
        /// The law that the controller invokes.
        regulation: Regulation,
        /// The exchange.
        exchange: ExchangeRef,
    },
    /// Carry out an approved request of this person.
    CarryOut {
        /// Whose request.
        subject: SubjectId,
        /// Which request.
        request: RequestId,
    },
    /// Go on with an erasure that has begun because its purpose has ended.
    Erase {
        /// Who is erased.
        subject: SubjectId,
    },
    /// Destroy a workspace whose time is up (clause 5.2, retention).
    DestroyWorkspace {
        /// Which workspace.
        workspace: WorkspaceId,
    },
    /// Destroy an asset whose stay in the trash is over, or that was purged.
    PurgeAsset {
        /// Whose asset.
        workspace: WorkspaceId,
        /// Which asset.
        asset: AssetId,
    },
    /// Go on with a transfer of the business: tell the next people, or pack the next page.
    PassOn {
        /// Which transfer.
        transfer: DisclosureId,
        /// The revision that it goes on from: at another one the work is done.
        revision: u64,
    },
    /// Pack a page of a transfer of the business again, because somebody in its package has
    /// stopped it since.
    PackAgain {
        /// Which transfer.
        transfer: DisclosureId,
        /// The number of the page.
        page: u32,
    },
    /// Destroy a sign-up that was never confirmed.
    DestroySignUp {
        /// Which person.
        subject: SubjectId,
    },
    /// Copy what the legal holds on a person's data name and do not have yet (clause 5.8).
    FillHolds {
        /// Whose data.
        subject: SubjectId,
    },
}
