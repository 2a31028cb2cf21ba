//! Statistics without persons (clauses 2.5 and 4.11): counters by page and day.
//!
//! A page view is counted when the page's script says that the browser keeps
//! cookies and the browser sends neither Global Privacy Control nor Do Not Track.
//! What a visit has counted already is told by a mark: a keyed hash of a random
//! number that the script made for this visit, under a salt of the day that is
//! destroyed with it. There is no network address and no lasting identifier in it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Fewer visits than this are not told: a small number may be somebody. Our own
/// figure; no law names one.
pub const FEWEST: u64 = 5;

/// A page that is counted. The list is closed, so that no address with a secret or
/// a name in it can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// The first page.
    Home,
    /// What is sold.
    Plans,
    /// The sign-up form.
    SignUp,
    /// The sign-in form.
    SignIn,
    /// The policy and the consents.
    Policies,
    /// The catalogue.
    Assets,
    /// Upload.
    Upload,
    /// The account.
    Account,
    /// Help.
    Help,
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 9] = [
        Self::Home,
        Self::Plans,
        Self::SignUp,
        Self::SignIn,
        Self::Policies,
        Self::Assets,
        Self::Upload,
        Self::Account,
        Self::Help,
    ];

    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Plans => "plans",
            Self::SignUp => "sign_up",
            Self::SignIn => "sign_in",
            Self::Policies => "policies",
            Self::Assets => "assets",
            Self::Upload => "upload",
            Self::Account => "account",
            Self::Help => "help",
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What decides whether a page view is counted.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// The browser keeps cookies (`navigator.cookieEnabled`): the page's script says
    /// so, because no cookie may be set to find out (clause 3.4).
    pub cookies: bool,
    /// A script of the page asked, so JavaScript runs.
    pub script: bool,
    /// Global Privacy Control or Do Not Track is on.
    pub refused: bool,
}

impl Allowed {
    /// Whether the view is counted (clause 2.5).
    #[must_use]
    pub fn counts(self) -> bool {
        self.cookies && self.script && !self.refused
    }
}

/// The mark that a visit leaves on a page for a day: means nothing once the salt
/// is destroyed, and never the same under two salts.
#[must_use]
pub fn mark(salt: &[u8], page: Page, visit: &[u8; 16]) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(salt).expect("any key length");
    mac.update(page.as_str().as_bytes());
    mac.update(&[0]);
    mac.update(visit);
    hex::encode(&mac.finalize().into_bytes()[..16])
}

/// A count as it is told: none while it is below [`FEWEST`].
#[must_use]
pub fn told(visits: u64, count: u64) -> Option<u64> {
    (visits >= FEWEST).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_must_allow_it() {
        for (cookies, script, refused, counts) in [
            (true, true, false, true),
            (true, false, false, false),
            (false, true, false, false),
            (false, false, false, false),
            (true, true, true, false),
        ] {
            let allowed = Allowed {
                cookies,
                script,
                refused,
            };
            assert_eq!(allowed.counts(), counts, "{allowed:?}");
        }
    }

    #[test]
    fn small_numbers_are_not_told() {
        assert_eq!(told(FEWEST - 1, 400), None);
        assert_eq!(told(FEWEST, 400), Some(400));
    }

    #[test]
    fn a_page_is_named_as_it_is_stored() {
        for page in Page::ALL {
            let stored = serde_json::to_value(page).ok();
            assert_eq!(stored, Some(page.as_str().into()));
        }
    }

    proptest! {
        #[test]
        fn a_visit_of_two_days_leaves_two_marks(
            today in any::<[u8; 32]>(), tomorrow in any::<[u8; 32]>(), visit in any::<[u8; 16]>(),
        ) {
            prop_assume!(today != tomorrow);
            let here = mark(&today, Page::Home, &visit);
            prop_assert_eq!(&here, &mark(&today, Page::Home, &visit));
            prop_assert_ne!(&here, &mark(&tomorrow, Page::Home, &visit));
            prop_assert_ne!(&here, &mark(&today, Page::Help, &visit));
            prop_assert!(!here.contains(&hex::encode(visit)));
        }
    }
}
