//! The periods of the law for the kinds of requests.

pub use crate::{
    calendar::Term,
    regime::{Regime, Rule},
};

use super::RequestKind;
use crate::regime::Duty;

impl RequestKind {
    /// What the law asks of us when somebody asks for this.
    #[must_use]
    pub fn duty(self) -> Duty {
        match self {
            Self::Access => Duty::Access,
            Self::Rectification => Duty::Rectification,
            Self::Restriction => Duty::Restriction,
            Self::Erasure => Duty::Erasure,
            Self::Objection => Duty::Objection,
            Self::Withdrawal => Duty::Withdrawal,
            Self::Portability => Duty::Portability,
        }
    }
}

/// What a law says about a kind of request; where it names no period, the
/// request is answered without delay.
#[must_use]
pub fn rule(regime: Regime, kind: RequestKind) -> Rule {
    kind.duty().rule(regime).unwrap_or(Rule::AT_ONCE)
}
