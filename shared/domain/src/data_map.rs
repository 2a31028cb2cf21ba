//! The data map (clause 1.5, GDPR art. 30): every attribute that holds
//! personal data, with its category, the purposes that may reach it, how long
//! it is kept and where it comes from. The gate consults it at every access;
//! an attribute that is not here can't be sealed, and so can't be stored.

use crate::processing::{Category, Purpose};

/// How long a category is kept. None is kept without end (clause 5.2, 152-FZ art. 5(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// While the account lives, and at most this many days after its purpose ended.
    AccountThenDays(u16),
    /// This many days from when it was stored.
    Days(u16),
}

/// Where a value comes from (clause 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The person gave it.
    Subject,
    /// Our service noted it while serving the person.
    Service,
}

/// One sealed attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The entity that carries it.
    pub entity: &'static str,
    /// The attribute's name in the table.
    pub attribute: &'static str,
    /// What kind of personal data it is.
    pub category: Category,
    /// Until when it is kept.
    pub retention: Retention,
    /// Where it comes from.
    pub source: Source,
    /// The clause that names it.
    pub clause: &'static str,
}

macro_rules! field {
    ($($name:ident = $entity:literal . $attribute:literal, $category:ident, $retention:expr, $source:ident, $clause:literal;)*) => {
        /// A personal attribute by name: what code says instead of a string.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Field { $($name),* }

        impl Field {
            /// Every personal attribute.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The attribute's row in the data map.
            #[must_use]
            pub fn row(self) -> Row {
                match self { $(Self::$name => Row {
                    entity: $entity, attribute: $attribute, category: Category::$category,
                    retention: $retention, source: Source::$source, clause: $clause,
                }),* }
            }
        }
    };
}

use Retention::{AccountThenDays, Days};
field! {
    Name = "profile"."name", Identity, AccountThenDays(30), Subject, "3.3a";
    Phone = "profile"."phone", Contact, AccountThenDays(30), Subject, "3.3b";
    Email = "profile"."email", Contact, AccountThenDays(30), Subject, "3.3c";
    Company = "profile"."company", Employment, AccountThenDays(30), Subject, "3.3d";
    Position = "profile"."position", Employment, AccountThenDays(30), Subject, "3.3e";
    PendingEmail = "address_change"."new_email", Contact, Days(1), Subject, "5.3";
    ConsentAddress = "consent"."source_ip", ConsentEvidence, AccountThenDays(1095), Service, "2.2";
    ConsentBrowser = "consent"."user_agent", ConsentEvidence, AccountThenDays(1095), Service, "2.2";
    RequestDetails = "request"."details", Request, AccountThenDays(30), Subject, "6.3";
    RequestReason = "request"."reason", Request, AccountThenDays(30), Service, "6.3e";
    Export = "export"."content", Request, Days(7), Service, "6.3a";
    MailAddress = "message"."address", Contact, Days(1), Subject, "5.11";
    MailSecret = "message"."secret", Correspondence, Days(1), Service, "3.3f";
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
        Category::ConsentEvidence => &[P::Identify, P::Feedback, P::PaymentDispute],
        Category::Request => &[P::Feedback],
        Category::Correspondence => &[
            P::Identify,
            P::ProvideService,
            P::Payment,
            P::Feedback,
            P::Support,
            P::Marketing,
            P::Security,
        ],
    }
}

/// May this purpose reach this category?
#[must_use]
pub fn allows(category: Category, purpose: Purpose) -> bool {
    purposes(category).contains(&purpose)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_attribute_has_one_row_and_an_end() {
        let mut seen = HashSet::new();
        for field in Field::ALL {
            let row = field.row();
            assert!(seen.insert((row.entity, row.attribute)), "{row:?} twice");
            assert!(!purposes(row.category).is_empty());
            let (Retention::Days(days) | Retention::AccountThenDays(days)) = row.retention;
            assert!((1..=1095).contains(&days));
        }
    }

    #[test]
    fn marketing_reaches_only_what_a_letter_needs() {
        let reached: Vec<_> = Category::ALL
            .into_iter()
            .filter(|c| allows(*c, Purpose::Marketing))
            .collect();
        assert_eq!(
            reached,
            [
                Category::Identity,
                Category::Contact,
                Category::Correspondence
            ]
        );
    }

    #[test]
    fn advertising_and_statistics_reach_no_stored_person() {
        for category in Category::ALL {
            assert!(!allows(category, Purpose::AdTargeting));
            assert!(!allows(category, Purpose::AnonymousStats));
        }
    }
}
