//! Days: as coarse as the times of what must not be told apart.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::time::{Timestamp, days, shift};

const SECONDS: i64 = 24 * 60 * 60;

/// A day in UTC. Its text is `YYYY-MM-DD`, so that text order is time order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

/// The text is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a day as 2026-11-23")]
pub struct InvalidDay;

impl Day {
    /// The day of an instant.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(SECONDS))
    }

    /// The day's first instant.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_mul(SECONDS))
    }

    /// The first instant after the day.
    #[must_use]
    pub fn end(self) -> Timestamp {
        shift(self.start(), days(1))
    }

    /// So many days before.
    #[must_use]
    pub fn before(self, count: u16) -> Self {
        Self(self.0.saturating_sub(i64::from(count)))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start().strftime("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let start: Timestamp = format!("{text}T00:00:00Z")
            .parse()
            .map_err(|_| InvalidDay)?;
        let day = Self::of(start);
        (day.to_string() == text).then_some(day).ok_or(InvalidDay)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_instant_is_within_its_day_and_text_order_is_time_order(
            a in 0i64..4_102_444_800_000, b in 0i64..4_102_444_800_000,
        ) {
            let (at, other) = (Timestamp::from_millis(a), Timestamp::from_millis(b));
            let day = Day::of(at);
            prop_assert!(day.start() <= at && at < day.end());
            prop_assert_eq!(day.to_string().parse::<Day>().unwrap(), day);
            let texts = day.to_string().cmp(&Day::of(other).to_string());
            prop_assert_eq!(texts, day.cmp(&Day::of(other)));
        }

        #[test]
        fn no_other_text_is_a_day(text in "[-0-9T: Z]{0,12}") {
            if let Ok(day) = text.parse::<Day>() {
                prop_assert_eq!(day.to_string(), text);
            }
        }
    }

    #[test]
    fn days_are_counted_over_the_end_of_february() {
        let day: Day = "2028-03-01".parse().unwrap();
        assert_eq!(day.before(1).to_string(), "2028-02-29");
        assert_eq!("2026-02-29".parse::<Day>(), Err(InvalidDay));
    }
}
