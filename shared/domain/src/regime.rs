//! Which laws protect a person, and what they ask of us (clause 2.1, section 6).
//!
//! The policy governs all processing under the law of the Russian Federation,
//! and where the GDPR or the CCPA protects a person, their rules apply as well;
//! the shorter period prevails (clause 2.1). So the answer is a list that always
//! begins with 152-FZ: that is the default for a person of whom nothing else is
//! known, not a guess about them.

pub mod duty;
pub mod watch;

mod residence;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    calendar::{Counting, Due, Zone},
    time::Timestamp,
};

pub use duty::{Duty, Rule};
pub use residence::{InvalidResidence, RESOLVER, Residence, resolve};
pub use watch::{Stage, Watch};

/// A law on personal data.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// Federal law 152-FZ of the Russian Federation.
    #[default]
    Ru152,
    /// Regulation (EU) 2016/679.
    Gdpr,
    /// California Consumer Privacy Act, Civil Code § 1798.100 and following.
    Ccpa,
}

impl Regime {
    /// Every regime.
    pub const ALL: [Self; 3] = [Self::Ru152, Self::Gdpr, Self::Ccpa];

    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ru152 => "ru152",
            Self::Gdpr => "gdpr",
            Self::Ccpa => "ccpa",
        }
    }

    /// Where a person may complain about a refusal (6.3e).
    #[must_use]
    pub fn complaint_route(self) -> &'static str {
        match self {
            Self::Ru152 => {
                "Roskomnadzor (the authority for the rights of data subjects) or a court, 152-FZ art. 17"
            }
            Self::Gdpr => {
                "the supervisory authority of your member state, GDPR art. 77, or a court, art. 79"
            }
            Self::Ccpa => {
                "the California Privacy Protection Agency, Civil Code § 1798.199.45, or the California Attorney General"
            }
        }
    }

    /// The zone in which it counts when the person's own is not known: Moscow,
    /// Brussels, Los Angeles.
    #[must_use]
    pub fn zone(self) -> Zone {
        match self {
            Self::Ru152 => Zone::Moscow,
            Self::Gdpr => Zone::Central,
            Self::Ccpa => Zone::California,
        }
    }
}

/// Why a law applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Clause 2.1: the operator is bound by it whoever the person is.
    Policy,
    /// The person declared where they live.
    Residence,
    /// Nothing was declared; the number that the person gave belongs to a
    /// country of the EEA. A presumption in the person's favour.
    Phone,
    /// Compliance staff established it.
    Decided,
}

/// A law that applies to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The law.
    pub regime: Regime,
    /// Why.
    pub basis: Basis,
    /// Where its days begin and end for this person.
    pub zone: Zone,
}

impl Applied {
    /// How its periods are counted.
    #[must_use]
    pub fn counting(self) -> Counting {
        match self.regime {
            Regime::Ru152 => Counting::RUSSIA,
            Regime::Gdpr => Counting::union(self.zone),
            Regime::Ccpa => Counting::CALIFORNIA,
        }
    }
}

/// The laws that protect one person; never none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Resolved", into = "Resolved")]
pub struct Regimes {
    resolver: u32,
    first: Applied,
    more: Vec<Applied>,
}

#[derive(Serialize, Deserialize)]
struct Resolved {
    resolver: u32,
    applied: Vec<Applied>,
}

/// A list of laws that is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at least one law applies to everybody")]
pub struct NoRegime;

impl TryFrom<Resolved> for Regimes {
    type Error = NoRegime;

    fn try_from(resolved: Resolved) -> Result<Self, NoRegime> {
        let mut applied = resolved.applied.into_iter();
        Ok(Self {
            resolver: resolved.resolver,
            first: applied.next().ok_or(NoRegime)?,
            more: applied.collect(),
        })
    }
}

impl From<Regimes> for Resolved {
    fn from(regimes: Regimes) -> Self {
        Self {
            resolver: regimes.resolver,
            applied: regimes.iter().collect(),
        }
    }
}

impl Default for Regimes {
    fn default() -> Self {
        resolve(None, None)
    }
}

/// This law alone, as compliance staff may decide.
impl From<Regime> for Regimes {
    fn from(regime: Regime) -> Self {
        Self {
            resolver: RESOLVER,
            first: Applied {
                regime,
                basis: Basis::Decided,
                zone: regime.zone(),
            },
            more: Vec::new(),
        }
    }
}

/// The end of what the law gives us for a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The law whose period ends first.
    pub regime: Regime,
    /// What it says.
    pub rule: Rule,
    /// When it ends.
    pub due: Due,
}

impl Regimes {
    /// These laws, and one more if it is not among them: somebody who acts for the
    /// person invokes it.
    #[must_use]
    pub fn with(mut self, regime: Regime) -> Self {
        if !self.contains(regime) {
            self.more.extend(Self::from(regime).iter());
        }
        self
    }

    /// Each law, 152-FZ first.
    pub fn iter(&self) -> impl Iterator<Item = Applied> + '_ {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    /// The law that stands first.
    #[must_use]
    pub fn first(&self) -> Regime {
        self.first.regime
    }

    /// This law is among them.
    #[must_use]
    pub fn contains(&self, regime: Regime) -> bool {
        self.iter().any(|applied| applied.regime == regime)
    }

    /// The names of the laws, 152-FZ first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.iter().map(|applied| applied.regime.as_str())
    }

    /// One of them follows from more than a presumption: a number says nothing then.
    #[must_use]
    pub fn are_declared(&self) -> bool {
        self.iter()
            .any(|applied| matches!(applied.basis, Basis::Residence | Basis::Decided))
    }

    /// The version of the rules that said so.
    #[must_use]
    pub fn resolver(&self) -> u32 {
        self.resolver
    }

    /// Where the person may complain, under each law.
    #[must_use]
    pub fn complaint_routes(&self) -> String {
        let routes: Vec<_> = self.iter().map(|a| a.regime.complaint_route()).collect();
        routes.join("; ")
    }

    /// When a duty must be done: the earliest end among the laws that set one
    /// (clause 2.1); `None` when none of them does.
    #[must_use]
    pub fn deadline(&self, duty: Duty, received: Timestamp) -> Option<Deadline> {
        self.earliest(duty, received, |rule| rule.term)
    }

    /// When it must be done after an extension. A law that gives none goes on
    /// to bind with its own period, so this may be no later than before.
    #[must_use]
    pub fn extended_deadline(&self, duty: Duty, received: Timestamp) -> Option<Deadline> {
        self.earliest(duty, received, |rule| rule.extended.unwrap_or(rule.term))
    }

    fn earliest(
        &self,
        duty: Duty,
        received: Timestamp,
        term: impl Fn(Rule) -> crate::calendar::Term,
    ) -> Option<Deadline> {
        self.iter()
            .filter_map(|applied| {
                let rule = duty.rule(applied.regime)?;
                Some(Deadline {
                    regime: applied.regime,
                    rule,
                    due: applied.counting().due(term(rule), received),
                })
            })
            .min_by_key(|deadline| deadline.due.at)
    }
}
