#![allow(clippy::unwrap_used)]

use super::*;
use crate::time::{SignedDuration, shift};
use jiff::civil::date;
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn due(text: &str) -> Date {
    moscow_date(at(text))
}

#[test]
fn every_file_is_read_and_lists_only_what_differs_from_an_ordinary_week() {
    let known: Vec<i16> = years().values().map(|year| year.year).collect();
    assert_eq!(known, [2026, 2027]);
    for year in years().values() {
        assert!(!year.source.is_empty() && !year.note.is_empty());
        for day in &year.days_off {
            assert_eq!(day.year(), year.year);
            assert!(
                !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
                "{day}"
            );
        }
        for day in &year.working_weekends {
            assert_eq!(day.year(), year.year);
            assert!(
                matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
                "{day}"
            );
        }
    }
}

#[test]
fn known_days_are_what_the_calendar_says() {
    for (day, working) in [
        (date(2026, 1, 9), false),
        (date(2026, 1, 12), true),
        (date(2026, 3, 9), false),
        (date(2026, 11, 4), false),
        (date(2026, 12, 31), false),
        (date(2027, 2, 20), true),
        (date(2027, 2, 22), false),
        (date(2027, 6, 14), false),
    ] {
        assert_eq!(is_working(day), Ok(working), "{day}");
    }
}

#[test]
fn the_day_of_receipt_is_moscows_and_is_not_counted() {
    // 30 April 2026, 20:59 UTC is still the 30th in Moscow; a minute later it is 1 May, a day off
    let before = working_days(at("2026-04-30T20:59:59.999Z"), 1).unwrap();
    let after = working_days(at("2026-04-30T21:00:00Z"), 1).unwrap();
    assert_eq!(moscow_date(before), date(2026, 5, 4));
    assert_eq!(before, after);
    // 31 January, 23:30 in Moscow
    let late = at("2026-01-31T20:30:00Z");
    assert_eq!(
        moscow_date(calendar_days(late, 30).unwrap()),
        date(2026, 3, 2)
    );
    assert_eq!(
        calendar_days(late, 30).unwrap().to_string(),
        "2026-03-02T20:59:59.999Z"
    );
}

#[test]
fn an_end_on_a_day_off_moves_to_the_next_working_day() {
    // 30 days after 2 December 2026 is 1 January 2027
    let end = calendar_days(at("2026-12-02T09:00:00Z"), 30).unwrap();
    assert_eq!(moscow_date(end), date(2027, 1, 11));
}

#[test]
fn a_year_without_a_calendar_is_an_error() {
    assert_eq!(
        working_days(at("2027-12-30T09:00:00Z"), 2),
        Err(MissingYear(2028))
    );
    assert_eq!(
        calendar_days(at("2025-11-01T09:00:00Z"), 10),
        Err(MissingYear(2025))
    );
}

#[test]
fn months_end_with_the_shorter_month_also_in_leap_years() {
    assert_eq!(
        moscow_date(months(at("2028-01-31T12:00:00Z"), 1)),
        date(2028, 2, 29)
    );
    assert_eq!(
        moscow_date(months(at("2027-01-31T12:00:00Z"), 1)),
        date(2027, 2, 28)
    );
    assert_eq!(
        moscow_date(months(at("2027-11-30T12:00:00Z"), 3)),
        due("2028-02-29T00:00:00Z")
    );
}

fn within_known_years() -> impl Strategy<Value = Timestamp> {
    let first = at("2026-01-01T00:00:00Z").as_millisecond();
    let last = at("2027-10-01T00:00:00Z").as_millisecond();
    (first..last).prop_map(Timestamp::from_millis)
}

proptest! {
    #[test]
    fn a_period_holds_exactly_its_working_days_and_ends_on_one(receipt in within_known_years(), count in 1u16..30) {
        let end = moscow_date(working_days(receipt, count).unwrap());
        prop_assert!(is_working(end).unwrap());
        let (mut date, mut working) = (moscow_date(receipt), 0);
        while date < end {
            date = next(date);
            working += u32::from(is_working(date).unwrap());
        }
        prop_assert_eq!(working, u32::from(count));
    }

    #[test]
    fn later_receipt_never_means_an_earlier_deadline(receipt in within_known_years(), seconds in 0i64..5_000_000, count in 1u16..30) {
        let later = shift(receipt, SignedDuration::from_secs(seconds));
        if let (Ok(first), Ok(second)) = (working_days(receipt, count), working_days(later, count)) {
            prop_assert!(first <= second);
        }
        if let (Ok(first), Ok(second)) = (calendar_days(receipt, count), calendar_days(later, count)) {
            prop_assert!(first <= second);
        }
    }

    #[test]
    fn plain_days_are_never_later_than_what_the_law_counts(receipt in within_known_years(), count in 1u16..30) {
        let plain = plain_days(receipt, count);
        prop_assert!(plain <= working_days(receipt, count).unwrap());
        prop_assert!(plain <= calendar_days(receipt, count).unwrap());
        prop_assert!(plain > receipt);
    }

    #[test]
    fn every_instant_of_one_moscow_day_has_the_same_deadline(receipt in within_known_years(), count in 1u16..30) {
        let day_start = shift(end_of(moscow_date(receipt)), SignedDuration::from_millis(1 - 24 * 3600 * 1000));
        prop_assert_eq!(working_days(receipt, count), working_days(day_start, count));
    }

    #[test]
    fn no_instant_makes_it_panic(millis in any::<i64>(), count in any::<u16>()) {
        let receipt = Timestamp::from_millis(millis);
        let _ = (plain_days(receipt, count), months(receipt, count), calendar_days(receipt, count));
    }
}
