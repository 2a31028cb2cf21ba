//! The data map (clause 1.5, GDPR art. 30): every attribute of every table,
//! with the category of personal data that it holds, the purposes that may
//! reach it, their legal basis, how long it is kept and where it comes from.
//! The gate consults it at every access; an attribute that is not here can't be
//! sealed, and so can't be stored.

mod basis;
mod ends;
mod holdings;
mod items;
pub mod record;
mod retention;
mod words;

#[cfg(test)]
mod tests;

pub use basis::{LegalBasis, bases};
pub use ends::Ends;
pub use holdings::{Statement, Why, what_we_hold, why};
pub use items::{Attribute, Holds, Item, explain, item_at, items};
pub use retention::{Event, Retention, retention, retention_with_claim};

use serde::{Deserialize, Serialize};

use crate::processing::{Category, Purpose};

/// Where data stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// The table of workspaces, assets and what waits to be delivered.
    Catalog,
    /// The table of persons.
    People,
    /// The table of wrapped data keys.
    Keys,
    /// The table of the event log.
    Ledger,
    /// The bucket of copies for download.
    Exports,
}

impl Store {
    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::People => "people",
            Self::Keys => "keys",
            Self::Ledger => "ledger",
            Self::Exports => "exports",
        }
    }
}

/// Where a value comes from (clause 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The person gave it.
    Subject,
    /// Our service noted it while serving the person.
    Service,
    /// A payment provider told us.
    Provider,
}

/// One sealed attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The table or bucket that holds it.
    pub store: Store,
    /// The entity that carries it.
    pub entity: &'static str,
    /// The attribute's name in the table.
    pub attribute: &'static str,
    /// What kind of personal data it is.
    pub category: Category,
    /// Until when it is kept: no longer than its category.
    pub retention: Retention,
    /// Where it comes from.
    pub source: Source,
    /// The clause that names it.
    pub clause: &'static str,
}

macro_rules! field {
    ($($name:ident = $store:ident : $entity:literal . $attribute:literal, $category:ident, $retention:expr, $source:ident, $clause:literal;)*) => {
        /// A personal attribute by name: what code says instead of a string.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum Field { $($name),* }

        impl Field {
            /// Every personal attribute.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The attribute's row in the data map.
            #[must_use]
            pub fn row(self) -> Row {
                match self { $(Self::$name => Row {
                    store: Store::$store, entity: $entity, attribute: $attribute,
                    category: Category::$category, retention: $retention,
                    source: Source::$source, clause: $clause,
                }),* }
            }
        }
    };
}

const ACCOUNT: Retention = Retention::after(Event::AccountEnded, 30);
const DAY: Retention = Retention::after(Event::Stored, 1);
const YEAR: Retention = Retention::after(Event::Stored, 365);
const WEEK: Retention = Retention::after(Event::Stored, 7);
const QUARTER: Retention = Retention::after(Event::Stored, 90);
const PROOF: Retention = Retention::after(Event::ConsentWithdrawn, 1095);
const REGISTER: Retention = Retention::after(Event::Stored, 1096);

field! {
    Name = People: "profile"."name", Identity, ACCOUNT, Subject, "3.3a";
    Phone = People: "profile"."phone", Contact, ACCOUNT, Subject, "3.3b";
    Email = People: "profile"."email", Contact, ACCOUNT, Subject, "3.3c";
    Company = People: "profile"."company", Employment, ACCOUNT, Subject, "3.3d";
    Position = People: "profile"."position", Employment, ACCOUNT, Subject, "3.3e";
    FormerProfile = People: "former_profile"."content", Contact, ACCOUNT, Subject, "5.8";
    PendingEmail = People: "address_change"."new_email", Contact, DAY, Subject, "5.3";
    ConsentAddress = People: "consent"."source_ip", ConsentEvidence, PROOF, Service, "2.2";
    ConsentBrowser = People: "consent"."user_agent", ConsentEvidence, PROOF, Service, "2.2";
    RequestDetails = People: "request"."details", Request, ACCOUNT, Subject, "6.3";
    RequestReason = People: "request"."reason", Request, ACCOUNT, Service, "6.3e";
    Export = Exports: "export"."content", Request, WEEK, Service, "6.3a";
    MailAddress = Catalog: "message"."address", Contact, DAY, Subject, "5.11";
    Letter = People: "correspondence"."content", Correspondence, YEAR, Subject, "3.3f";
    MailSecret = Catalog: "message"."secret", Correspondence, DAY, Service, "3.3f";
    DisclosureFile = People: "disclosure"."file", Disclosure, REGISTER, Service, "5.5";
    DisclosurePackage = Exports: "disclosure_package"."content", Disclosure, WEEK, Service, "5.5";
    TransferFile = People: "business_transfer"."file", Disclosure, REGISTER, Service, "5.6c";
    TransferPeople = People: "transfer_page"."content", Disclosure, REGISTER, Service, "5.6c";
    IncidentFile = People: "incident"."file", Disclosure, REGISTER, Service, "5.9";
    HoldFile = People: "hold"."file", Disclosure, REGISTER, Service, "5.8";
    HoldPart = People: "hold_part"."content", Disclosure, REGISTER, Service, "5.8";
    DestructionAct = People: "destruction_act"."file", DestructionAct, REGISTER, Service, "5.2b";
    ClaimFile = People: "claim_case"."file", Correspondence, YEAR, Subject, "8.1";
    VisitAddress = People: "visit"."address", Visit, QUARTER, Service, "3.4";
    VisitBrowser = People: "visit"."browser", Visit, QUARTER, Service, "3.4";
    VisitOrigin = People: "visit"."origin", Visit, QUARTER, Service, "3.4";
    SurveyAnswer = People: "survey_answer"."content", Survey, YEAR, Subject, "3.3h";
}

/// The purposes for which a category may be processed (clause 6.4).
#[must_use]
pub fn purposes(category: Category) -> &'static [Purpose] {
    use Purpose as P;
    match category {
        Category::Identity => &[
            P::Identify,
            P::ProvideService,
            P::Payment,
            P::PaymentDispute,
            P::Feedback,
            P::Accuracy,
            P::Support,
            P::Marketing,
        ],
        Category::Contact => &[
            P::Identify,
            P::ProvideService,
            P::Payment,
            P::PaymentDispute,
            P::Feedback,
            P::Accuracy,
            P::Support,
            P::Marketing,
            P::Security,
        ],
        Category::Employment => &[
            P::Identify,
            P::ProvideService,
            P::PaymentDispute,
            P::Feedback,
            P::Accuracy,
            P::Support,
        ],
        Category::Account => &[P::Identify, P::ProvideService, P::Feedback, P::Security],
        Category::ConsentEvidence => &[P::Identify, P::Feedback, P::PaymentDispute],
        Category::Correspondence => &[
            P::Identify,
            P::ProvideService,
            P::Payment,
            P::Feedback,
            P::Support,
            P::Marketing,
            P::Security,
        ],
        Category::Visit | Category::OtherTechnical => &[P::Security],
        Category::Verification => &[P::Identify, P::Feedback],
        Category::Payment => &[P::Payment, P::PaymentDispute],
        Category::Authorship => &[P::ProvideService, P::Feedback],
        Category::ActionLog => &[P::Feedback, P::Security],
        Category::TrialRecord => &[P::ProvideService],
        // requests, their answers and the proof of both: section 6 is answered
        // under the purpose of clause 4.5
        Category::Request
        | Category::Survey
        | Category::Suppression
        | Category::Disclosure
        | Category::DestructionAct
        | Category::RequestLog => &[P::Feedback],
    }
}

/// May this purpose reach this category?
#[must_use]
pub fn allows(category: Category, purpose: Purpose) -> bool {
    purposes(category).contains(&purpose)
}

/// Where the data of a category comes from (clause 7.2).
#[must_use]
pub fn sources(category: Category) -> &'static [Source] {
    use Source::{Provider, Service, Subject};
    match category {
        Category::Identity | Category::Contact | Category::Employment | Category::Survey => {
            &[Subject]
        }
        Category::Request | Category::Correspondence | Category::Verification => {
            &[Subject, Service]
        }
        Category::Payment => &[Provider, Service],
        Category::Account
        | Category::ConsentEvidence
        | Category::Visit
        | Category::OtherTechnical
        | Category::Authorship
        | Category::ActionLog
        | Category::Suppression
        | Category::TrialRecord
        | Category::Disclosure
        | Category::DestructionAct
        | Category::RequestLog => &[Service],
    }
}
