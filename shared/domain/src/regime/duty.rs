//! What a law asks of us within a period, as data: `calendars/periods.json`
//! holds each figure with its article and whether it was confirmed at the
//! source (policy, section 6).

use std::{collections::BTreeMap, sync::OnceLock};

use serde::{Deserialize, Serialize};

use super::Regime;
use crate::calendar::Term;

/// What must be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Say that a request has arrived.
    Acknowledgement,
    /// Give the information and the copy (6.3a).
    Access,
    /// Give the data in a form that can be taken elsewhere (6.3a).
    Portability,
    /// Refuse, with reasons (6.3e).
    Refusal,
    /// Correct (6.3b, 5.3).
    Rectification,
    /// Restrict (6.3c, 6.7).
    Restriction,
    /// Destroy what the person asks to destroy (6.3d, 5.2b).
    Erasure,
    /// Destroy after consent was withdrawn (5.2b).
    Withdrawal,
    /// Stop processing that the person objects to.
    Objection,
    /// Stop selling and sharing.
    OptOut,
    /// Stop unlawful processing.
    StopUnlawful,
    /// Destroy what is processed unlawfully and can't be made lawful (6.3d).
    DestroyUnlawful,
    /// Destroy what was obtained unlawfully or is not needed, as the person showed (6.3d).
    DestroyUnneeded,
    /// Destroy when the purpose is reached (5.2a).
    PurposeReached,
    /// Destroy what could only be blocked at first.
    DeferredDestruction,
    /// Tell the authority that an incident happened (5.9).
    IncidentNotice,
    /// Tell the authority what the internal investigation found (5.9).
    IncidentFindings,
    /// Answer a claim (8.2).
    Claim,
}

impl Duty {
    /// Every duty.
    pub const ALL: [Self; 18] = [
        Self::Acknowledgement,
        Self::Access,
        Self::Portability,
        Self::Refusal,
        Self::Rectification,
        Self::Restriction,
        Self::Erasure,
        Self::Withdrawal,
        Self::Objection,
        Self::OptOut,
        Self::StopUnlawful,
        Self::DestroyUnlawful,
        Self::DestroyUnneeded,
        Self::PurposeReached,
        Self::DeferredDestruction,
        Self::IncidentNotice,
        Self::IncidentFindings,
        Self::Claim,
    ];

    /// What a law says about it; `None` when that law sets no period for it.
    #[must_use]
    pub fn rule(self, regime: Regime) -> Option<Rule> {
        rules().get(&(regime, self)).copied()
    }
}

/// What a law says about one duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The period.
    pub term: Term,
    /// The article that sets it.
    pub article: &'static str,
    /// The whole period after an extension, where the law gives one: once, and
    /// only if the person is told why before the first period ends.
    pub extended: Option<Term>,
    /// Whether the figure was read at the source.
    pub confirmed: bool,
}

impl Rule {
    /// What holds where a law names no period: without delay.
    pub const AT_ONCE: Self = Self {
        term: Term::AtOnce,
        article: "no period of its own: without delay",
        extended: None,
        confirmed: true,
    };
}

pub(super) const FILE: &str = include_str!("../../calendars/periods.json");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Period {
    pub regime: Regime,
    pub duty: Duty,
    pub term: Term,
    pub extended: Option<Term>,
    pub article: &'static str,
    pub confirmed: bool,
}

fn rules() -> &'static BTreeMap<(Regime, Duty), Rule> {
    static RULES: OnceLock<BTreeMap<(Regime, Duty), Rule>> = OnceLock::new();
    RULES.get_or_init(|| {
        // a test reads the file; without it every duty is due at once
        let periods: Vec<Period> = serde_json::from_str(FILE).unwrap_or_default();
        let rule = |period: &Period| Rule {
            term: period.term,
            article: period.article,
            extended: period.extended,
            confirmed: period.confirmed,
        };
        periods
            .iter()
            .map(|period| ((period.regime, period.duty), rule(period)))
            .collect()
    })
}

/// The figures that nobody has read at the source yet: what a lawyer must confirm.
pub fn unconfirmed() -> impl Iterator<Item = (Regime, Duty, Rule)> {
    rules()
        .iter()
        .filter(|(_, rule)| !rule.confirmed)
        .map(|((regime, duty), rule)| (*regime, *duty, *rule))
}
