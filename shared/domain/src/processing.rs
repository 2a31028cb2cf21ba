//! The closed lists of the policy: purposes (section 4), operations (clause
//! 1.8), categories of personal data (sections 1 and 3) and who acts; and what
//! of them goes together.

mod category;
mod decision;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use category::Category;
pub use decision::{SubjectState, allowed_while_restricted, decide, permits};

/// Why personal data is processed: exactly the purposes of section 4. A purpose
/// that is not here needs a new version of the policy and a new consent (clauses
/// 6.4 and 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Clause 4.2: recognise the person at the login.
    Identify,
    /// Clause 4.3: give the service that was ordered.
    ProvideService,
    /// Clause 4.4: take payment and give a receipt.
    Payment,
    /// Clause 4.4: answer a disputed payment.
    PaymentDispute,
    /// Clause 4.5: notices and requests, with the requests of section 6.
    Feedback,
    /// Clause 4.6: confirm that data is right and complete.
    Accuracy,
    /// Clause 4.7: help the person.
    Support,
    /// Clause 4.8: news and offers, with consent only.
    Marketing,
    /// Clause 4.9: advertising, with consent only.
    AdTargeting,
    /// Clause 4.11: statistics without persons.
    AnonymousStats,
    /// Clauses 4.12, 3.4: prevent, detect and solve technical problems and attacks.
    Security,
}

impl Purpose {
    /// Every purpose, in the order of the policy.
    pub const ALL: [Self; 11] = [
        Self::Identify,
        Self::ProvideService,
        Self::Payment,
        Self::PaymentDispute,
        Self::Feedback,
        Self::Accuracy,
        Self::Support,
        Self::Marketing,
        Self::AdTargeting,
        Self::AnonymousStats,
        Self::Security,
    ];

    /// The name in records and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::ProvideService => "provide_service",
            Self::Payment => "payment",
            Self::PaymentDispute => "payment_dispute",
            Self::Feedback => "feedback",
            Self::Accuracy => "accuracy",
            Self::Support => "support",
            Self::Marketing => "marketing",
            Self::AdTargeting => "ad_targeting",
            Self::AnonymousStats => "anonymous_stats",
            Self::Security => "security",
        }
    }

    /// Whether an objection stops it at once: direct marketing and what goes with
    /// it (GDPR art. 21(2), (3)), and statistics, which need the browser's leave
    /// (2.5). An objection to anything else stops it when the staff uphold it.
    #[must_use]
    pub fn stops_on_objection(self) -> bool {
        matches!(
            self,
            Self::Marketing | Self::AdTargeting | Self::AnonymousStats
        )
    }

    /// The clause that states the purpose.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Identify => "4.2",
            Self::ProvideService => "4.3",
            Self::Payment | Self::PaymentDispute => "4.4",
            Self::Feedback => "4.5",
            Self::Accuracy => "4.6",
            Self::Support => "4.7",
            Self::Marketing => "4.8",
            Self::AdTargeting => "4.9",
            Self::AnonymousStats => "4.11",
            Self::Security => "4.12",
        }
    }
}

/// What is done with personal data (clause 1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Take it in and write it down.
    Record,
    /// Correct or complete it.
    Clarify,
    /// Read it to show or hand it to the person themselves.
    Extract,
    /// Read it to act on it: send a mail, fill a receipt.
    Use,
    /// Hand it to somebody else.
    Transfer,
    /// Take the person out of it.
    Anonymise,
    /// Set or lift a restriction.
    Block,
    /// Destroy it.
    Destroy,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 8] = [
        Self::Record,
        Self::Clarify,
        Self::Extract,
        Self::Use,
        Self::Transfer,
        Self::Anonymise,
        Self::Block,
        Self::Destroy,
    ];

    /// The name in records and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Clarify => "clarify",
            Self::Extract => "extract",
            Self::Use => "use",
            Self::Transfer => "transfer",
            Self::Anonymise => "anonymise",
            Self::Block => "block",
            Self::Destroy => "destroy",
        }
    }
}

/// Who acts, as the ledger names them: a role, never a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The person themselves, signed in or by a mailed link.
    Subject,
    /// Compliance staff.
    Staff,
    /// A function on its own: a schedule, a queue, a stream.
    System,
}

/// Why the gate refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The purpose does not reach this category, or not with this operation (clause 6.4).
    #[error("this purpose does not reach this category of personal data in this way")]
    OutsidePurpose,
    /// The person does not agree to the purpose: the consent that it needs was not
    /// given or was withdrawn (clauses 4.8, 4.9, 5.2b), or they objected to it.
    #[error("the person has not consented to this purpose, or has objected to it")]
    NoConsent,
    /// Processing is restricted (clauses 6.3c, 6.7).
    #[error("processing of this person's data is restricted")]
    Restricted,
}
