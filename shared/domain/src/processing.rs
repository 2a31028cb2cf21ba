//! The closed lists of the policy: purposes (section 4), operations (clause
//! 1.8), categories of personal data (sections 1 and 3) and who acts.

use serde::{Deserialize, Serialize};

/// Why personal data is processed: exactly the purposes of section 4, and the
/// security purpose of clause 3.4. A purpose that is not here needs a new
/// version of the policy and a new consent (clauses 6.4 and 9.1).
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
    /// Clause 3.4: prevent, detect and solve technical problems and attacks.
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
            Self::Security => "3.4",
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

/// A kind of personal data (clauses 1.5 and 3.3 to 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Name (3.3a).
    Identity,
    /// Phone and e-mail address (3.3b, 3.3c).
    Contact,
    /// Company and position (3.3d, 3.3e).
    Employment,
    /// Proof that consent was given: with address and browser at that moment (2.2).
    ConsentEvidence,
    /// What a person asked for, and what was answered (6.3, 6.7).
    Request,
    /// What is in or behind a mail on its way (3.3f).
    Correspondence,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 6] = [
        Self::Identity,
        Self::Contact,
        Self::Employment,
        Self::ConsentEvidence,
        Self::Request,
        Self::Correspondence,
    ];

    /// The name in records and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Contact => "contact",
            Self::Employment => "employment",
            Self::ConsentEvidence => "consent_evidence",
            Self::Request => "request",
            Self::Correspondence => "correspondence",
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
    /// The data map does not allow this category for this purpose (clause 6.4).
    #[error("this purpose does not reach this category of personal data")]
    OutsidePurpose,
    /// The purpose needs a consent that is not there (clauses 4.8, 4.9).
    #[error("the person has not consented to this purpose")]
    NoConsent,
    /// Processing is restricted (clauses 6.3c, 6.7).
    #[error("processing of this person's data is restricted")]
    Restricted,
}

/// May a restricted person's data be processed so? Storage, destruction, the
/// verification itself with its notices, and legal claims stay allowed
/// (clause 6.7, 152-FZ art. 21(1)), and the person may always read their own.
#[must_use]
pub fn allowed_while_restricted(purpose: Purpose, operation: Operation, actor: Actor) -> bool {
    let keeps_or_ends = matches!(operation, Operation::Block | Operation::Destroy);
    let reads_own = operation == Operation::Extract && actor == Actor::Subject;
    let verification = purpose == Purpose::Feedback
        && matches!(
            operation,
            Operation::Record | Operation::Extract | Operation::Use
        );
    let claim = purpose == Purpose::PaymentDispute && operation == Operation::Use;
    keeps_or_ends || reads_own || verification || claim
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restriction_stops_service_and_marketing_and_keeps_rights() {
        use {Actor::*, Operation as O, Purpose as P};
        assert!(!allowed_while_restricted(P::ProvideService, O::Use, System));
        assert!(!allowed_while_restricted(P::Marketing, O::Use, System));
        assert!(!allowed_while_restricted(P::Accuracy, O::Clarify, Subject));
        assert!(!allowed_while_restricted(
            P::ProvideService,
            O::Transfer,
            System
        ));
        assert!(allowed_while_restricted(P::Identify, O::Extract, Subject));
        assert!(!allowed_while_restricted(P::Identify, O::Extract, Staff));
        assert!(allowed_while_restricted(P::Feedback, O::Use, System));
        for purpose in P::ALL {
            assert!(allowed_while_restricted(purpose, O::Destroy, System));
        }
    }
}
