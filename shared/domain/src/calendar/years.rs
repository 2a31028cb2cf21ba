//! The official calendars of working days, year by year.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use jiff::{
    ToSpan,
    civil::{Date, Weekday},
};
use serde::{Deserialize, Serialize};

use super::Zone;
use crate::time::Timestamp;

/// Whose working days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Official {
    /// The production calendar of the Russian Federation (Labour Code arts. 111, 112).
    Russia,
    /// Business days in California (Civil Code §§ 7, 9).
    California,
}

impl Official {
    /// Every calendar.
    pub const ALL: [Self; 2] = [Self::Russia, Self::California];

    /// The name in records and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Russia => "russia",
            Self::California => "california",
        }
    }
}

/// A year of a calendar has no data file. Whoever meets it raises an alarm;
/// [`Counting::due`](super::Counting::due) says what date holds meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("there is no calendar of working days of {} for the year {year}", .calendar.as_str())]
pub struct MissingYear {
    /// The calendar.
    pub calendar: Official,
    /// The year.
    pub year: i16,
}

/// One year of a calendar, as its data file says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Year {
    /// The calendar.
    pub calendar: Official,
    /// The year.
    pub year: i16,
    /// Whether somebody compared the file with the official publication.
    pub confirmed: bool,
    /// What the days rest on.
    pub source: String,
    /// What a reader must know of the source.
    pub note: String,
    /// Days off from Monday to Friday.
    pub days_off: BTreeSet<Date>,
    /// Working days on Saturday or Sunday.
    pub working_weekends: BTreeSet<Date>,
}

pub(super) const FILES: [&str; 4] = [
    include_str!("../../calendars/ru-2026.json"),
    include_str!("../../calendars/ru-2027.json"),
    include_str!("../../calendars/us-ca-2026.json"),
    include_str!("../../calendars/us-ca-2027.json"),
];

fn years() -> &'static BTreeMap<(Official, i16), Year> {
    static YEARS: OnceLock<BTreeMap<(Official, i16), Year>> = OnceLock::new();
    YEARS.get_or_init(|| {
        FILES
            .iter()
            .filter_map(|file| serde_json::from_str::<Year>(file).ok())
            .map(|year| ((year.calendar, year.year), year))
            .collect()
    })
}

/// Every year that there is, with its source.
pub fn all() -> impl Iterator<Item = &'static Year> {
    years().values()
}

pub(super) fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn year(calendar: Official, year: i16) -> Result<&'static Year, MissingYear> {
    years()
        .get(&(calendar, year))
        .ok_or(MissingYear { calendar, year })
}

/// Whether this is a working day.
///
/// # Errors
/// [`MissingYear`].
pub fn is_working(calendar: Official, date: Date) -> Result<bool, MissingYear> {
    let year = year(calendar, date.year())?;
    Ok(if is_weekend(date) {
        year.working_weekends.contains(&date)
    } else {
        !year.days_off.contains(&date)
    })
}

/// How long before a year begins its files have to be there: periods that end
/// in it are counted from now on. In Russia the Government fixes a year's days
/// in the autumn before.
const AHEAD_DAYS: i64 = 60;

/// The years that are needed today or within 60 days and have no file: what a
/// daily run turns into an alarm before any deadline depends on it.
#[must_use]
pub fn missing_ahead(now: Timestamp) -> Vec<MissingYear> {
    let today = Zone::Moscow.date(now);
    let soon = today.saturating_add(AHEAD_DAYS.days());
    let needed: BTreeSet<i16> = [today.year(), soon.year()].into();
    Official::ALL
        .into_iter()
        .flat_map(|calendar| needed.iter().filter_map(move |y| year(calendar, *y).err()))
        .collect()
}
