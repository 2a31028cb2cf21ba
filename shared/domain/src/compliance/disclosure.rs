//! Disclosures: the only way out for personal data (clauses 2.4, 5.5 to 5.8).
//!
//! Nothing leaves without a [`Grant`], and a grant comes from
//! [`Progress::grant`] alone, once enough people have approved a scope on a
//! ground of the law.

mod progress;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Period, Words};
use crate::{
    ids::{DisclosureId, SubjectId},
    ledger::Hash,
    processing::Category,
    request::Ground,
    time::{SignedDuration, Timestamp, days},
};

pub use progress::{Ban, IllegalMove, Package, Progress, State};

/// How long an approved disclosure may be carried out: who approved it knew
/// the state of the case then.
pub const GRANT_LENGTH: SignedDuration = days(7);

/// On which of the policy's three grounds data leaves (clause 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroundKind {
    /// An authority or a court demands it, on grounds and in the manner of the
    /// law (5.5, 5.8).
    Authority,
    /// A third party needs it for the service (5.6).
    ThirdParty,
    /// An investigation or a complaint needs it (5.7).
    Investigation,
}

impl GroundKind {
    /// Every ground.
    pub const ALL: [Self; 3] = [Self::Authority, Self::ThirdParty, Self::Investigation];

    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::ThirdParty => "third_party",
            Self::Investigation => "investigation",
        }
    }

    /// The clause of the policy.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Authority => "5.5",
            Self::ThirdParty => "5.6",
            Self::Investigation => "5.7",
        }
    }

    /// How many different people have to approve it.
    #[must_use]
    pub fn approvals(self) -> usize {
        match self {
            Self::Authority => 2,
            Self::ThirdParty | Self::Investigation => 1,
        }
    }

    /// A demand under law reaches the data of somebody who restricted processing
    /// or withdrew consent (152-FZ art. 6(1)(2); GDPR art. 6(1)(c)); what we
    /// disclose because we want to does not (5.6c).
    #[must_use]
    pub fn binds_us(self) -> bool {
        self == Self::Authority
    }
}

/// The ground with what proves it: a disclosure can't be opened without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Grounds {
    /// An authority's demand.
    Authority {
        /// Who demands.
        authority: Words,
        /// The demand's own number and date.
        reference: Words,
        /// The provision that allows it.
        law: Ground,
        /// SHA-256 of the document.
        document: Hash,
    },
    /// A third party's need.
    ThirdParty {
        /// Who receives.
        recipient: Words,
        /// The contract or the person's written permission (6.5).
        agreement: Words,
        /// The provision that allows it.
        law: Ground,
    },
    /// An investigation or a complaint.
    Investigation {
        /// Who receives.
        recipient: Words,
        /// The case: the scope is the case's (5.7).
        case: Words,
        /// The provision that allows it.
        law: Ground,
    },
}

impl Grounds {
    /// Which ground it is.
    #[must_use]
    pub fn kind(&self) -> GroundKind {
        match self {
            Self::Authority { .. } => GroundKind::Authority,
            Self::ThirdParty { .. } => GroundKind::ThirdParty,
            Self::Investigation { .. } => GroundKind::Investigation,
        }
    }

    /// The provision that allows it.
    #[must_use]
    pub fn law(&self) -> &Ground {
        match self {
            Self::Authority { law, .. }
            | Self::ThirdParty { law, .. }
            | Self::Investigation { law, .. } => law,
        }
    }

    /// Who receives the data.
    #[must_use]
    pub fn recipient(&self) -> &Words {
        match self {
            Self::Authority { authority, .. } => authority,
            Self::ThirdParty { recipient, .. } | Self::Investigation { recipient, .. } => recipient,
        }
    }
}

/// What a disclosure may hold: nothing else is read for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    categories: BTreeSet<Category>,
    period: Period,
}

/// Why a scope is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidScope {
    /// It names nothing.
    #[error("name at least one category")]
    Empty,
    /// It names what can't be disclosed.
    #[error("`{}` can't be disclosed", .0.as_str())]
    Undisclosable(Category),
}

impl Scope {
    /// What can be disclosed. Never keyed hashes, network addresses, other
    /// technical information (3.5) or registers; files are the customer's.
    pub const DISCLOSABLE: [Category; 6] = [
        Category::Identity,
        Category::Contact,
        Category::Employment,
        Category::Account,
        Category::ConsentEvidence,
        Category::Request,
    ];

    /// These categories, of what bears a date within this period.
    ///
    /// # Errors
    /// [`InvalidScope`].
    pub fn new(categories: BTreeSet<Category>, period: Period) -> Result<Self, InvalidScope> {
        let foreign = |category: &&Category| !Self::DISCLOSABLE.contains(category);
        if let Some(foreign) = categories.iter().find(foreign) {
            return Err(InvalidScope::Undisclosable(*foreign));
        }
        if categories.is_empty() {
            return Err(InvalidScope::Empty);
        }
        Ok(Self { categories, period })
    }

    /// These categories, of all time until `now`.
    ///
    /// # Errors
    /// [`InvalidScope`].
    pub(super) fn whole(
        categories: BTreeSet<Category>,
        now: Timestamp,
    ) -> Result<Self, InvalidScope> {
        let from = Timestamp::UNIX_EPOCH;
        Self::new(categories, Period { from, to: now })
    }

    /// The categories.
    #[must_use]
    pub fn categories(&self) -> &BTreeSet<Category> {
        &self.categories
    }

    /// The period.
    #[must_use]
    pub fn period(&self) -> Period {
        self.period
    }

    /// This category is in it.
    #[must_use]
    pub fn reaches(&self, category: Category) -> bool {
        self.categories.contains(&category)
    }
}

/// What the register keeps sealed of a disclosure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Whose data.
    pub subject: SubjectId,
    /// On which ground, with its proof.
    pub grounds: Grounds,
    /// What was asked for, in the asker's words.
    pub requested: Words,
    /// Why the scope is no wider than it must be.
    pub minimisation: Words,
    /// How the package was handed over.
    #[serde(default)]
    pub channel: Option<Words>,
    /// Why it was declined.
    #[serde(default)]
    pub declined: Option<Words>,
}

/// A member of the staff within one case: tells whether two are the same, and
/// names nobody outside of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Approver(String);

impl Approver {
    /// Whoever is signed in, in this case.
    #[must_use]
    pub fn new(case: DisclosureId, staff: SubjectId) -> Self {
        let digest = Sha256::digest(format!("assetbox approver\0{case}\0{staff}"));
        // no identifier of the form that an erasure looks for
        Self(format!("approver-{}", &hex::encode(digest)[..32]))
    }

    /// The name in the ledger.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// On what a grant rests.
#[derive(Debug, Clone, Copy)]
enum Basis {
    Disclosure(GroundKind),
    BusinessTransfer,
}

/// Leave to read one person's data within one scope and hand it out. Only an
/// approved disclosure gives it ([`Progress::grant`]), or an approved transfer of
/// the business ([`transfer::Progress::grant`]).
///
/// [`transfer::Progress::grant`]: super::transfer::Progress::grant
#[derive(Debug)]
pub struct Grant {
    disclosure: DisclosureId,
    subject: SubjectId,
    basis: Basis,
    scope: Scope,
    until: Timestamp,
}

impl Grant {
    pub(super) fn of_transfer(
        transfer: DisclosureId,
        subject: SubjectId,
        scope: Scope,
        until: Timestamp,
    ) -> Self {
        Self {
            disclosure: transfer,
            subject,
            basis: Basis::BusinessTransfer,
            scope,
            until,
        }
    }

    /// The disclosure or the transfer that gives it.
    #[must_use]
    pub fn disclosure(&self) -> DisclosureId {
        self.disclosure
    }

    /// Whose data.
    #[must_use]
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// On which ground, by its name in records.
    #[must_use]
    pub fn ground(&self) -> &'static str {
        match self.basis {
            Basis::Disclosure(kind) => kind.as_str(),
            Basis::BusinessTransfer => "business_transfer",
        }
    }

    /// The clause of the policy.
    #[must_use]
    pub fn clause(&self) -> &'static str {
        match self.basis {
            Basis::Disclosure(kind) => kind.clause(),
            Basis::BusinessTransfer => super::transfer::CLAUSE,
        }
    }

    /// As [`GroundKind::binds_us`]: a sale of the business does not.
    #[must_use]
    pub fn binds_us(&self) -> bool {
        match self.basis {
            Basis::Disclosure(kind) => kind.binds_us(),
            Basis::BusinessTransfer => false,
        }
    }

    /// Which data.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Until when.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }
}
