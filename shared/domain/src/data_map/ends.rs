//! What ends the items of a kind (clause 5.2a): a kind that holds personal data
//! and has no end here fails a test.

use super::{Item, Store};

/// What sweeps an item when its time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ends {
    /// It goes with the person: an erasure empties their partition after it has
    /// destroyed their key, and its certificate counts it. What ends earlier in a
    /// living account is [swept](Ends::Swept) or expires.
    WithPerson,
    /// It goes with the workspace, by the same counting walk.
    WithWorkspace,
    /// It goes when it is delivered or given up, at the latest with its owner.
    Delivered,
    /// The retention function destroys it by the clock, and the ledger counts it.
    Swept,
    /// The store itself expires it, at the time that the item or the bucket's rule
    /// names. Whoever reads it checks the time.
    Expires,
    /// It stays as long as the refusal that it proves.
    Revoked,
    /// It stays, without a person: the key of the pseudonym goes with them.
    Unnamed,
}

impl Item {
    /// What ends items of this kind; `None` for kinds that hold nothing about
    /// anybody.
    #[must_use]
    pub fn ends(&self) -> Option<Ends> {
        let begins = |names: &[&str]| names.iter().any(|name| self.partition.starts_with(name));
        match (self.store, self.sort) {
            // withdrawn consents, long before their person goes
            (Store::People, "CONSENT#") => Some(Ends::Swept),
            (Store::People, "MAIL#" | "SURVEY#" | "SESSION#" | "LINK#") => Some(Ends::Expires),
            (Store::People, "SUPPRESS") => Some(Ends::Revoked),
            (Store::People | Store::Keys, _) if begins(&["SUBJ#", "LOGIN#", "ERASURE#"]) => {
                Some(Ends::WithPerson)
            }
            (Store::Catalog, _) if begins(&["WSP#"]) => Some(Ends::WithWorkspace),
            (Store::Catalog, _) if begins(&["OUT#"]) => Some(Ends::Delivered),
            (Store::Catalog, _) if begins(&["EVENT#", "PAYMENT#", "CLAIM#", "OPENDSR#"]) => {
                Some(Ends::Expires)
            }
            (Store::People, _)
                if begins(&[
                    "REGISTER#",
                    "LIMIT#",
                    "SUPPRESS#",
                    "MAILREPORT#",
                    "MAILBOX#",
                    "VISITS#",
                ]) =>
            {
                Some(Ends::Expires)
            }
            (Store::Keys, _) if begins(&["CASEKEY#"]) => Some(Ends::Expires),
            (Store::Ledger, "EVT") => Some(Ends::Unnamed),
            (Store::Exports, _) => Some(Ends::Expires),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{data_map::items, processing::Category as C};

    /// Which sweepers each category has.
    fn sweepers() -> BTreeMap<C, BTreeSet<Ends>> {
        let mut all = BTreeMap::<C, BTreeSet<Ends>>::new();
        for item in items() {
            let held = item.attributes().map(|attribute| attribute.holds);
            for category in held.chain([item.keys]).filter_map(|holds| holds.category()) {
                let ends = item.ends();
                assert!(ends.is_some(), "nothing ends {}", item.entity);
                all.entry(category).or_default().extend(ends);
            }
        }
        all
    }

    #[test]
    fn every_category_that_is_held_has_its_sweeper() {
        use Ends::{Delivered, Expires, Revoked, Swept, Unnamed, WithPerson, WithWorkspace};
        let found = sweepers();
        // nothing of these is stored: what was asked for is in the request, and the log of
        // requests is the ledger's
        let not_held = [C::Verification, C::RequestLog];
        for (category, needed) in [
            (C::Identity, &[WithPerson][..]),
            (C::Contact, &[WithPerson, Delivered]),
            (C::Employment, &[WithPerson]),
            (C::Account, &[WithPerson, WithWorkspace, Expires]),
            (C::ConsentEvidence, &[Swept, WithPerson]),
            (C::Request, &[WithPerson, Expires]),
            (C::Correspondence, &[Delivered, Expires]),
            (C::Visit, &[Expires]),
            (C::OtherTechnical, &[Expires]),
            (C::Survey, &[Expires]),
            (C::Payment, &[WithWorkspace, WithPerson, Expires]),
            (C::Authorship, &[WithWorkspace]),
            (C::ActionLog, &[Unnamed]),
            (C::Suppression, &[Revoked]),
            (C::TrialRecord, &[Expires]),
            (C::Disclosure, &[WithPerson, Expires]),
            (C::DestructionAct, &[Expires]),
        ] {
            let ends = found.get(&category).cloned().unwrap_or_default();
            let needed: BTreeSet<Ends> = needed.iter().copied().collect();
            assert!(ends.is_superset(&needed), "{category:?}: {ends:?}");
        }
        for category in C::ALL {
            let held = found.contains_key(&category);
            assert_eq!(held, !not_held.contains(&category), "{category:?}");
        }
    }
}
