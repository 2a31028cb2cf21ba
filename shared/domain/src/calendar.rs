//! Deadlines in the calendar that the law names (invariant 10).
//!
//! Under Russian law days are counted from the day after receipt, by the date
//! in Moscow (Civil Code art. 191); a period whose last day is not a working
//! day ends on the next one (art. 193), at midnight (art. 194). Working days
//! follow the production calendar, which the Government fixes year by year: a
//! data file per year. A year without a file is an error, not a guess.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use jiff::{
    ToSpan,
    civil::{Date, Weekday, time},
    tz::{Offset, TimeZone},
};
use serde::Deserialize;

use crate::time::Timestamp;

/// There is no production calendar for this year yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no production calendar for the year {0}")]
pub struct MissingYear(pub i16);

/// One year of the production calendar, as its data file says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Year {
    /// The year.
    pub year: i16,
    /// Whether somebody compared the file with the official publication.
    pub confirmed: bool,
    /// What the days rest on.
    pub source: String,
    /// What a reader must know of the source.
    pub note: String,
    days_off: BTreeSet<Date>,
    working_weekends: BTreeSet<Date>,
}

const FILES: [&str; 2] = [
    include_str!("calendar/ru-2026.json"),
    include_str!("calendar/ru-2027.json"),
];

fn years() -> &'static BTreeMap<i16, Year> {
    static YEARS: OnceLock<BTreeMap<i16, Year>> = OnceLock::new();
    YEARS.get_or_init(|| {
        FILES
            .iter()
            .filter_map(|file| serde_json::from_str::<Year>(file).ok())
            .map(|year| (year.year, year))
            .collect()
    })
}

/// Moscow has kept UTC+3 since 26 October 2014 (federal law 248-FZ of
/// 21 July 2014), before the first year of our calendars.
fn moscow() -> TimeZone {
    TimeZone::fixed(Offset::constant(3))
}

/// The date in Moscow at an instant.
#[must_use]
pub fn moscow_date(at: Timestamp) -> Date {
    at.to_zoned(moscow()).date()
}

/// The last millisecond of a day in Moscow.
fn end_of(date: Date) -> Timestamp {
    date.to_datetime(time(23, 59, 59, 999_000_000))
        .to_zoned(moscow())
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp().into())
}

fn next(date: Date) -> Date {
    date.saturating_add(1.day())
}

/// Whether this is a working day.
///
/// # Errors
/// [`MissingYear`].
pub fn is_working(date: Date) -> Result<bool, MissingYear> {
    let year = years().get(&date.year()).ok_or(MissingYear(date.year()))?;
    let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    Ok(if weekend {
        year.working_weekends.contains(&date)
    } else {
        !year.days_off.contains(&date)
    })
}

/// The end of the `count`-th working day after the day of receipt.
///
/// # Errors
/// [`MissingYear`].
pub fn working_days(receipt: Timestamp, count: u16) -> Result<Timestamp, MissingYear> {
    let mut date = moscow_date(receipt);
    let mut left = count;
    while left > 0 {
        date = next(date);
        if is_working(date)? {
            left -= 1;
        }
    }
    Ok(end_of(date))
}

/// The end of the `count`-th day after the day of receipt, or of the next
/// working day when that is none.
///
/// # Errors
/// [`MissingYear`].
pub fn calendar_days(receipt: Timestamp, count: u16) -> Result<Timestamp, MissingYear> {
    let mut date = moscow_date(receipt).saturating_add(i64::from(count).days());
    while !is_working(date)? {
        date = next(date);
    }
    Ok(end_of(date))
}

/// The end of the `count`-th day after the day of receipt, whatever day that
/// is. A period counted in working days, or one that rolls over days off, never
/// ends before it: the deadline to keep when a year is missing.
#[must_use]
pub fn plain_days(receipt: Timestamp, count: u16) -> Timestamp {
    end_of(moscow_date(receipt).saturating_add(i64::from(count).days()))
}

/// The end of the day `count` months after the day of receipt (GDPR art. 12(3));
/// the last day of a shorter month. Days off are not skipped: every member
/// state has its own, so this is the earliest end that any of them knows.
#[must_use]
pub fn months(receipt: Timestamp, count: u16) -> Timestamp {
    end_of(moscow_date(receipt).saturating_add(i64::from(count).months()))
}

#[cfg(test)]
mod tests;
