//! Kinds of personal data: the rows of clause 5.2a's table, as section 3 names them.

use serde::{Deserialize, Serialize};

/// A kind of personal data (clauses 1.5 and 3.3 to 3.5, 5.2a).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Name (3.3a).
    Identity,
    /// Phone and e-mail address (3.3b, 3.3c).
    Contact,
    /// Company and position (3.3d, 3.3e).
    Employment,
    /// What signing in needs: password hash, sessions, links, memberships (1.6, 1.7).
    Account,
    /// Proof that consent was given: with address and browser at that moment (2.2).
    ConsentEvidence,
    /// What a person asked for, and what was answered (6.3, 6.7).
    Request,
    /// What is in or behind a mail on its way, and the threads that are kept (3.3f).
    Correspondence,
    /// Visits: address, browser, time, origin of the page before (3.3g, 3.4).
    Visit,
    /// Any other technical information (3.5).
    OtherTechnical,
    /// Answers to a survey under one's name (3.3h).
    Survey,
    /// What had to be asked for in order to answer a request (3.3i).
    Verification,
    /// What the payment providers say of a payer; no card data (3.2c).
    Payment,
    /// Who uploaded an asset of the company (1.4).
    Authorship,
    /// Actions with personal data, under a pseudonym (5.10).
    ActionLog,
    /// The keyed hash of an address that refuses advertising (4.10).
    Suppression,
    /// Keyed hashes of an address and a company that had a trial (3.2b).
    TrialRecord,
    /// To whom data was disclosed, on which ground (5.5).
    Disclosure,
    /// The act of destruction and the export of the event log (order of
    /// Roskomnadzor No. 179).
    DestructionAct,
    /// The log of requests under the CCPA (11 CCR § 7101).
    RequestLog,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 19] = [
        Self::Identity,
        Self::Contact,
        Self::Employment,
        Self::Account,
        Self::ConsentEvidence,
        Self::Request,
        Self::Correspondence,
        Self::Visit,
        Self::OtherTechnical,
        Self::Survey,
        Self::Verification,
        Self::Payment,
        Self::Authorship,
        Self::ActionLog,
        Self::Suppression,
        Self::TrialRecord,
        Self::Disclosure,
        Self::DestructionAct,
        Self::RequestLog,
    ];

    /// What an erasure destroys. The others outlive the account, each on a ground
    /// of its own that the certificate names (5.2a).
    pub const ERASED: [Self; 12] = [
        Self::Identity,
        Self::Contact,
        Self::Employment,
        Self::Account,
        Self::ConsentEvidence,
        Self::Request,
        Self::Correspondence,
        Self::Visit,
        Self::OtherTechnical,
        Self::Survey,
        Self::Verification,
        Self::Authorship,
    ];

    /// The name in records and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Contact => "contact",
            Self::Employment => "employment",
            Self::Account => "account",
            Self::ConsentEvidence => "consent_evidence",
            Self::Request => "request",
            Self::Correspondence => "correspondence",
            Self::Visit => "visit",
            Self::OtherTechnical => "other_technical",
            Self::Survey => "survey",
            Self::Verification => "verification",
            Self::Payment => "payment",
            Self::Authorship => "authorship",
            Self::ActionLog => "action_log",
            Self::Suppression => "suppression",
            Self::TrialRecord => "trial_record",
            Self::Disclosure => "disclosure",
            Self::DestructionAct => "destruction_act",
            Self::RequestLog => "request_log",
        }
    }
}
