//! Schedule expressions: `rate(…)`, `cron(…)` and `at(…)`, in UTC
//! (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>).

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// An expression that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the schedule {0} is not understood")]
pub struct ScheduleError(String);

/// When a schedule is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// So long after the last time.
    Rate(SignedDuration),
    /// At the minutes that the fields name.
    Cron(Box<Cron>),
    /// Once.
    At(Timestamp),
}

/// The fields of a cron expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i64>,
    hours: BTreeSet<i64>,
    /// `None` for `?`.
    days: Option<BTreeSet<i64>>,
    months: BTreeSet<i64>,
    /// 1 is Sunday; `None` for `?`.
    weekdays: Option<BTreeSet<i64>>,
    years: BTreeSet<i64>,
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// How far ahead a cron expression is searched: a leap day of one weekday comes within 40 years.
const HORIZON_YEARS: i16 = 40;

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// Another form, or `L`, `W` and `#` in a cron expression.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let parsed = text
            .strip_suffix(')')
            .and_then(|text| text.split_once('('))
            .and_then(|(form, argument)| match form {
                "rate" => rate(argument).map(Self::Rate),
                "cron" => Cron::parse(argument).map(|cron| Self::Cron(Box::new(cron))),
                "at" => argument
                    .parse::<DateTime>()
                    .ok()
                    .and_then(utc)
                    .map(Self::At),
                _ => None,
            });
        parsed.ok_or_else(|| ScheduleError(text.to_owned()))
    }

    /// The first time due after `last`, `None` where there is none.
    #[must_use]
    pub fn next_after(&self, last: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Rate(every) => last.checked_add(*every).ok(),
            Self::Cron(cron) => cron.next_after(last),
            Self::At(time) => (*time > last).then_some(*time),
        }
    }
}

fn utc(time: DateTime) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(time).ok()
}

fn rate(argument: &str) -> Option<SignedDuration> {
    let (count, unit) = argument.split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|count| *count > 0)?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    Some(SignedDuration::from_secs(count.checked_mul(seconds)?))
}

impl Cron {
    fn parse(argument: &str) -> Option<Self> {
        let fields: Vec<_> = argument.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else {
            return None;
        };
        // One of the two day fields must be `?`.
        if (*days == "?") == (*weekdays == "?") {
            return None;
        }
        let day_field = |text: &str, low, high, names: &[&str]| match text {
            "?" => Some(None),
            _ => field(text, low, high, names).map(Some),
        };
        Some(Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: day_field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: day_field(weekdays, 1, 7, &WEEKDAYS)?,
            years: field(years, 1970, 2199, &[])?,
        })
    }

    fn next_after(&self, last: Timestamp) -> Option<Timestamp> {
        let start = last.to_zoned(TimeZone::UTC).datetime();
        let first = start.date();
        let end = first.checked_add(HORIZON_YEARS.years()).ok()?;
        first
            .series(1.day())
            .take_while(|date| *date <= end)
            .filter(|date| self.takes(*date))
            .flat_map(|date| self.times_of(date))
            .filter_map(utc)
            .find(|time| *time > last)
    }

    fn takes(&self, date: Date) -> bool {
        let holds = |set: &Option<BTreeSet<i64>>, value: i64| {
            set.as_ref().is_none_or(|set| set.contains(&value))
        };
        self.years.contains(&i64::from(date.year()))
            && self.months.contains(&i64::from(date.month()))
            && holds(&self.days, i64::from(date.day()))
            && holds(
                &self.weekdays,
                i64::from(date.weekday().to_sunday_one_offset()),
            )
    }

    fn times_of(&self, date: Date) -> impl Iterator<Item = DateTime> {
        self.hours.iter().flat_map(move |hour| {
            self.minutes.iter().map(move |minute| {
                date.at(
                    i8::try_from(*hour).unwrap_or(0),
                    i8::try_from(*minute).unwrap_or(0),
                    0,
                    0,
                )
            })
        })
    }
}

/// The values that a field names: `*`, lists, ranges, steps and names.
fn field(text: &str, low: i64, high: i64, names: &[&str]) -> Option<BTreeSet<i64>> {
    let value = |text: &str| -> Option<i64> {
        let named = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(index) => low + i64::try_from(index).ok()?,
            None => text.parse().ok()?,
        };
        (low..=high).contains(&value).then_some(value)
    };
    let mut values = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => (value(first)?, value(last)?),
            // `5/15` runs from 5 to the field's end.
            None => (
                value(range)?,
                if step.is_some() { high } else { value(range)? },
            ),
        };
        values.extend((first..=last).step_by(step.unwrap_or(1)));
    }
    (!values.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn next(expression: &str, after: &str) -> Option<String> {
        Expression::parse(expression)
            .unwrap()
            .next_after(after.parse().unwrap())
            .map(|time| time.to_string())
    }

    #[test]
    fn rates_count_from_the_last_time() {
        let next = |expression| next(expression, "2026-01-31T23:50:00Z").unwrap();
        assert_eq!(next("rate(15 minutes)"), "2026-02-01T00:05:00Z");
        assert_eq!(next("rate(1 hour)"), "2026-02-01T00:50:00Z");
        assert_eq!(next("rate(2 days)"), "2026-02-02T23:50:00Z");
    }

    #[test]
    fn cron_follows_its_fields() {
        let next = |expression| next(expression, "2026-01-31T23:50:00Z").unwrap();
        assert_eq!(next("cron(0 6 * * ? *)"), "2026-02-01T06:00:00Z");
        assert_eq!(next("cron(0/15 * ? * MON-FRI *)"), "2026-02-02T00:00:00Z");
        assert_eq!(next("cron(30 8,20 1 MAR ? *)"), "2026-03-01T08:30:00Z");
        assert_eq!(next("cron(0 0 29 2 ? *)"), "2028-02-29T00:00:00Z");
        assert_eq!(next("cron(55 23 ? * 7 *)"), "2026-01-31T23:55:00Z");
    }

    #[test]
    fn a_time_comes_once() {
        let at = "at(2026-02-01T10:00:00)";
        assert_eq!(
            next(at, "2026-01-01T00:00:00Z").unwrap(),
            "2026-02-01T10:00:00Z"
        );
        assert_eq!(next(at, "2026-02-01T10:00:00Z"), None);
        assert_eq!(next("cron(0 0 1 1 ? 2020)", "2026-01-01T00:00:00Z"), None);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "rate(0 minutes)",
            "rate(5 weeks)",
            "cron(0 6 * * * *)",
            "cron(0 6 L * ? *)",
            "cron(61 6 * * ? *)",
            "every day",
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
