//! Where a law's day begins and ends.

use jiff::{
    civil::{Date, time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A zone in which a law counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Moscow: UTC+3 since 26 October 2014 (federal law 248-FZ of 21 July 2014).
    Moscow,
    /// Portugal and Ireland, as Directive 2000/84/EC sets the summer time.
    Western,
    /// Iceland: UTC, no summer time.
    Iceland,
    /// Brussels and most of the Union, as Directive 2000/84/EC sets the summer time.
    Central,
    /// Helsinki, Athens, Bucharest and others, likewise.
    Eastern,
    /// Los Angeles, as the Energy Policy Act of 2005, section 110, sets the summer time.
    California,
}

impl Zone {
    /// Every zone.
    pub const ALL: [Self; 6] = [
        Self::Moscow,
        Self::Western,
        Self::Iceland,
        Self::Central,
        Self::Eastern,
        Self::California,
    ];

    /// The zone's rule in the form of POSIX `TZ`: it holds for every year of our
    /// calendars and needs no database of zones beside the program.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Moscow => "MSK-3",
            Self::Western => "WET0WEST,M3.5.0/1,M10.5.0",
            Self::Iceland => "GMT0",
            Self::Central => "CET-1CEST,M3.5.0,M10.5.0/3",
            Self::Eastern => "EET-2EEST,M3.5.0/3,M10.5.0/4",
            Self::California => "PST8PDT,M3.2.0,M11.1.0",
        }
    }

    fn time_zone(self) -> TimeZone {
        // the rules are constants, and a test parses each of them
        TimeZone::posix(self.rule()).unwrap_or(TimeZone::UTC)
    }

    /// The date here at an instant.
    #[must_use]
    pub fn date(self, at: Timestamp) -> Date {
        at.to_zoned(self.time_zone()).date()
    }

    /// The last millisecond of a day here.
    #[must_use]
    pub fn end_of(self, date: Date) -> Timestamp {
        date.to_datetime(time(23, 59, 59, 999_000_000))
            .to_zoned(self.time_zone())
            .map_or(Timestamp::from_millis(i64::MAX), |zoned| {
                zoned.timestamp().into()
            })
    }
}
