//! The periods of the law, with their articles, as data.

use serde::{Deserialize, Serialize};

use super::RequestKind;
use crate::{
    calendar::{self, MissingYear},
    time::Timestamp,
};

/// The law that sets the periods (clause 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// Federal law 152-FZ of the Russian Federation.
    #[default]
    Ru152,
    /// Regulation (EU) 2016/679.
    Gdpr,
}

impl Regime {
    /// Every regime.
    pub const ALL: [Self; 2] = [Self::Ru152, Self::Gdpr];

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
        }
    }
}

/// A period from receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// With the receipt itself.
    AtOnce,
    /// Working days of the production calendar.
    WorkingDays(u16),
    /// Days of the calendar; the last one rolls over days off.
    CalendarDays(u16),
    /// Months of the calendar.
    Months(u16),
}

impl Term {
    /// The last instant of the period.
    ///
    /// # Errors
    /// [`MissingYear`].
    pub fn end(self, receipt: Timestamp) -> Result<Timestamp, MissingYear> {
        match self {
            Self::AtOnce => Ok(receipt),
            Self::WorkingDays(count) => calendar::working_days(receipt, count),
            Self::CalendarDays(count) => calendar::calendar_days(receipt, count),
            Self::Months(count) => Ok(calendar::months(receipt, count)),
        }
    }

    /// The last instant of the period. Where a year's calendar is missing, days
    /// are counted through: nobody's request waits for a data file, and the
    /// law's own end is never earlier.
    #[must_use]
    pub fn end_or_earliest(self, receipt: Timestamp) -> Timestamp {
        let plain = match self {
            Self::WorkingDays(count) | Self::CalendarDays(count) => {
                calendar::plain_days(receipt, count)
            }
            Self::AtOnce | Self::Months(_) => receipt,
        };
        self.end(receipt).unwrap_or(plain)
    }
}

/// What the law says about one kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The period for the answer.
    pub term: Term,
    /// The article that sets it.
    pub article: &'static str,
    /// The whole period after an extension, where the law gives one.
    pub extended: Option<Term>,
}

/// The table.
#[must_use]
pub fn rule(regime: Regime, kind: RequestKind) -> Rule {
    use RequestKind as K;
    use Term::{AtOnce, CalendarDays, Months, WorkingDays};
    let (term, article, extended) = match (regime, kind) {
        (Regime::Ru152, K::Access) => (
            WorkingDays(10),
            "152-FZ art. 14, 20(1)",
            Some(WorkingDays(15)),
        ),
        (Regime::Ru152, K::Rectification) => (WorkingDays(7), "152-FZ art. 21(2)", None),
        (Regime::Ru152, K::Restriction) => (AtOnce, "152-FZ art. 21(1)", None),
        (Regime::Ru152, K::Erasure) => (CalendarDays(30), "152-FZ art. 21(5)", None),
        (Regime::Gdpr, K::Access) => (Months(1), "GDPR art. 12(3), 15", Some(Months(3))),
        (Regime::Gdpr, K::Rectification) => (Months(1), "GDPR art. 12(3), 16", Some(Months(3))),
        (Regime::Gdpr, K::Restriction) => (AtOnce, "GDPR art. 18", None),
        (Regime::Gdpr, K::Erasure) => (Months(1), "GDPR art. 12(3), 17", Some(Months(3))),
    };
    Rule {
        term,
        article,
        extended,
    }
}
