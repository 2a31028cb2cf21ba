//! How laws count their periods.

use std::convert::Infallible;

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use super::{MissingYear, Official, Zone, years};
use crate::time::{SignedDuration, Timestamp, shift};

/// A period that a law sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// With the receipt itself.
    AtOnce,
    /// Hours, from the instant on.
    Hours(u16),
    /// Working days of the law's calendar.
    WorkingDays(u16),
    /// Days of the calendar.
    CalendarDays(u16),
    /// Months of the calendar: the same day of a later month, or that month's
    /// last day when it has no such day.
    Months(u16),
}

/// The end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last instant.
    pub at: Timestamp,
    /// A year whose calendar was missing: `at` is then the earliest end that any
    /// calendar could give, and an alarm is due.
    #[serde(default)]
    pub missing: Option<MissingYear>,
}

/// How a law counts: where its days begin, which days it takes for working
/// days, and whether a period that ends on a day off goes on to the next
/// working day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counting {
    zone: Zone,
    official: Option<Official>,
    rolls: bool,
}

impl Counting {
    /// Law of the Russian Federation: Moscow, production calendar, rolling end
    /// (Civil Code art. 193).
    pub const RUSSIA: Self = Self {
        zone: Zone::Moscow,
        official: Some(Official::Russia),
        rolls: true,
    };
    /// CCPA: Los Angeles, business days. The 45 days run through (11 CCR § 7021).
    pub const CALIFORNIA: Self = Self {
        zone: Zone::California,
        official: Some(Official::California),
        rolls: false,
    };

    /// GDPR, in the zone of a member state. The end does not roll over days off,
    /// though Regulation 1182/71 art. 3(4) would let it: every member state has
    /// days off of its own, and this is the earliest end that any of them knows.
    #[must_use]
    pub const fn union(zone: Zone) -> Self {
        Self {
            zone,
            official: None,
            rolls: false,
        }
    }

    /// The zone.
    #[must_use]
    pub fn zone(self) -> Zone {
        self.zone
    }

    fn works(self, date: Date) -> Result<bool, MissingYear> {
        match self.official {
            Some(official) => years::is_working(official, date),
            None => Ok(!years::is_weekend(date)),
        }
    }

    fn count<E>(
        self,
        term: Term,
        receipt: Timestamp,
        works: impl Fn(Date) -> Result<bool, E>,
    ) -> Result<Timestamp, E> {
        let received = self.zone.date(receipt);
        let days = |count: u16| received.saturating_add(i64::from(count).days());
        let months = |count: u16| received.saturating_add(i64::from(count).months());
        let last = match term {
            Term::AtOnce => return Ok(receipt),
            Term::Hours(count) => {
                return Ok(shift(receipt, SignedDuration::from_hours(count.into())));
            }
            Term::WorkingDays(count) => nth_working(received, count, works)?,
            Term::CalendarDays(count) => self.rolled(days(count), works)?,
            Term::Months(count) => self.rolled(months(count), works)?,
        };
        Ok(self.zone.end_of(last))
    }

    fn rolled<E>(self, mut date: Date, works: impl Fn(Date) -> Result<bool, E>) -> Result<Date, E> {
        while self.rolls && !works(date)? {
            date = next(date);
        }
        Ok(date)
    }

    /// The last instant of the period.
    ///
    /// # Errors
    /// [`MissingYear`] when it can't be counted without a year's calendar.
    pub fn end(self, term: Term, receipt: Timestamp) -> Result<Timestamp, MissingYear> {
        self.count(term, receipt, |date| self.works(date))
    }

    /// The last instant of the period, with the year that is missing to count
    /// it. Every day of that year is then taken for a working day: nobody's
    /// request waits for a data file, and the law's own end is never earlier.
    #[must_use]
    pub fn due(self, term: Term, receipt: Timestamp) -> Due {
        let missing = match self.end(term, receipt) {
            Ok(at) => return Due { at, missing: None },
            Err(missing) => missing,
        };
        let works = |date| Ok::<_, Infallible>(self.works(date).unwrap_or(true));
        let Ok(at) = self.count(term, receipt, works);
        Due {
            at,
            missing: Some(missing),
        }
    }
}

fn next(date: Date) -> Date {
    date.saturating_add(1.day())
}

fn nth_working<E>(
    mut date: Date,
    count: u16,
    works: impl Fn(Date) -> Result<bool, E>,
) -> Result<Date, E> {
    let mut left = count;
    while left > 0 {
        date = next(date);
        if works(date)? {
            left -= 1;
        }
    }
    Ok(date)
}
