#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::{Counting, MissingYear, Official, Term, Year, Zone, all, is_working, missing_ahead};
use crate::time::{SignedDuration, Timestamp, shift};
use Term::{CalendarDays, Hours, Months, WorkingDays};
use jiff::{
    ToSpan,
    civil::{Date, Weekday, date},
    tz::TimeZone,
};
use proptest::prelude::*;

const RUSSIA: Counting = Counting::RUSSIA;
const CALIFORNIA: Counting = Counting::CALIFORNIA;
const BERLIN: Counting = Counting::union(Zone::Central);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn moscow(at: Timestamp) -> Date {
    Zone::Moscow.date(at)
}

fn end(counting: Counting, term: Term, receipt: &str) -> String {
    counting.end(term, at(receipt)).unwrap().to_string()
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[test]
fn every_file_is_read_and_lists_only_what_differs_from_an_ordinary_week() {
    let known: Vec<_> = all().map(|year| (year.calendar, year.year)).collect();
    let expected: Vec<_> = Official::ALL
        .into_iter()
        .flat_map(|calendar| [(calendar, 2026), (calendar, 2027)])
        .collect();
    assert_eq!(known, expected);
    assert_eq!(known.len(), super::years::FILES.len());
    for year in all() {
        assert!(!year.source.is_empty() && !year.note.is_empty());
        for day in &year.days_off {
            assert!(day.year() == year.year && !is_weekend(*day), "{day}");
        }
        for day in &year.working_weekends {
            assert!(day.year() == year.year && is_weekend(*day), "{day}");
        }
    }
    let strange = r#"{"calendar": "russia", "year": 2026, "days_of": []}"#;
    assert!(serde_json::from_str::<Year>(strange).is_err());
}

#[test]
fn known_days_are_what_the_calendars_say() {
    for (calendar, day, working) in [
        (Official::Russia, date(2026, 1, 9), false),
        (Official::Russia, date(2026, 1, 12), true),
        (Official::Russia, date(2026, 3, 9), false),
        (Official::Russia, date(2026, 11, 4), false),
        (Official::Russia, date(2026, 12, 31), false),
        (Official::Russia, date(2027, 2, 20), true),
        (Official::Russia, date(2027, 2, 22), false),
        (Official::Russia, date(2027, 6, 14), false),
        (Official::California, date(2026, 1, 9), true),
        (Official::California, date(2026, 11, 26), false),
        (Official::California, date(2026, 11, 28), false),
        (Official::California, date(2027, 7, 5), false),
    ] {
        assert_eq!(is_working(calendar, day), Ok(working), "{calendar:?} {day}");
    }
}

/// The rules of the holidays that fall on a weekday of a month.
#[test]
fn movable_holidays_of_california_stand_where_their_rules_put_them() {
    for year in [2026, 2027] {
        let nth = |month, nth, weekday| {
            date(year, month, 1)
                .nth_weekday_of_month(nth, weekday)
                .unwrap()
        };
        for day in [
            nth(1, 3, Weekday::Monday),
            nth(2, 3, Weekday::Monday),
            nth(5, -1, Weekday::Monday),
            nth(9, 1, Weekday::Monday),
            nth(11, 4, Weekday::Thursday),
        ] {
            assert_eq!(is_working(Official::California, day), Ok(false), "{day}");
        }
    }
}

#[test]
fn zones_are_the_rules_that_the_law_sets() {
    for zone in Zone::ALL {
        assert!(TimeZone::posix(zone.rule()).is_ok(), "{zone:?}");
    }
    // the days on which summer time begins and ends, in 2026
    for (zone, day, length) in [
        (Zone::Moscow, date(2026, 3, 29), 24),
        (Zone::Iceland, date(2026, 3, 29), 24),
        (Zone::Western, date(2026, 3, 29), 23),
        (Zone::Central, date(2026, 3, 29), 23),
        (Zone::Eastern, date(2026, 10, 25), 25),
        (Zone::California, date(2026, 3, 8), 23),
        (Zone::California, date(2026, 11, 1), 25),
    ] {
        let before = zone.end_of(day.yesterday().unwrap());
        let elapsed = zone.end_of(day).as_millisecond() - before.as_millisecond();
        assert_eq!(elapsed, length * 3_600_000, "{zone:?} {day}");
    }
}

#[test]
fn the_day_of_receipt_is_the_zones_and_is_not_counted() {
    // 30 April 2026, 20:59 UTC is still the 30th in Moscow; a minute later it is 1 May, a day off
    let before = RUSSIA.end(WorkingDays(1), at("2026-04-30T20:59:59.999Z"));
    let after = RUSSIA.end(WorkingDays(1), at("2026-04-30T21:00:00Z"));
    assert_eq!(moscow(before.unwrap()), date(2026, 5, 4));
    assert_eq!(before, after);
    // 31 January, 23:30 in Moscow
    assert_eq!(
        end(RUSSIA, CalendarDays(30), "2026-01-31T20:30:00Z"),
        "2026-03-02T20:59:59.999Z"
    );
    // 31 May, 23:30 in Berlin is 1 June in Moscow
    assert_eq!(
        end(BERLIN, Months(1), "2026-05-31T21:30:00Z"),
        "2026-06-30T21:59:59.999Z"
    );
    // 31 May, 23:30 in Los Angeles is 1 June everywhere else
    assert_eq!(
        end(CALIFORNIA, CalendarDays(45), "2026-06-01T06:30:00Z"),
        "2026-07-16T06:59:59.999Z"
    );
}

#[test]
fn an_end_on_a_day_off_moves_in_russia_only() {
    // 30 days after 2 December 2026 is 1 January 2027
    let receipt = "2026-12-02T09:00:00Z";
    assert_eq!(
        end(RUSSIA, CalendarDays(30), receipt),
        "2027-01-11T20:59:59.999Z"
    );
    assert_eq!(
        end(CALIFORNIA, CalendarDays(30), receipt),
        "2027-01-02T07:59:59.999Z"
    );
    assert_eq!(
        end(BERLIN, Months(1), "2026-12-01T09:00:00Z"),
        "2027-01-01T22:59:59.999Z"
    );
    // six months after 1 November 2026 is Saturday 1 May 2027; Monday the 3rd is off as well
    assert_eq!(
        end(RUSSIA, Months(6), "2026-11-01T09:00:00Z"),
        "2027-05-04T20:59:59.999Z"
    );
}

#[test]
fn hours_run_through_nights_and_changes_of_the_clock() {
    for counting in [RUSSIA, BERLIN, CALIFORNIA] {
        assert_eq!(
            end(counting, Hours(72), "2026-10-24T00:00:00Z"),
            "2026-10-27T00:00:00.000Z"
        );
        assert_eq!(
            end(counting, Hours(24), "2035-01-01T00:00:00Z"),
            "2035-01-02T00:00:00.000Z"
        );
    }
}

#[test]
fn a_year_without_a_calendar_is_an_error_and_gives_the_earliest_end() {
    let missing = |calendar, year| MissingYear { calendar, year };
    let receipt = at("2027-12-30T09:00:00Z");
    assert_eq!(
        RUSSIA.end(WorkingDays(2), receipt),
        Err(missing(Official::Russia, 2028))
    );
    assert_eq!(
        RUSSIA.end(CalendarDays(10), at("2025-11-01T09:00:00Z")),
        Err(missing(Official::Russia, 2025))
    );
    assert_eq!(
        CALIFORNIA.end(WorkingDays(10), at("2028-01-05T09:00:00Z")),
        Err(missing(Official::California, 2028))
    );
    // 31 December 2027 is off, 1 January 2028 is not known
    let due = RUSSIA.due(WorkingDays(2), receipt);
    assert_eq!(moscow(due.at), date(2028, 1, 2));
    assert_eq!(due.missing, Some(missing(Official::Russia, 2028)));
    let due = RUSSIA.due(WorkingDays(2), at("2026-06-01T09:00:00Z"));
    assert_eq!((moscow(due.at), due.missing), (date(2026, 6, 3), None));
}

#[test]
fn a_year_that_will_be_needed_is_missed_sixty_days_before() {
    assert!(missing_ahead(at("2026-06-01T00:00:00Z")).is_empty());
    assert!(missing_ahead(at("2027-11-01T00:00:00Z")).is_empty());
    let years: BTreeSet<_> = missing_ahead(at("2027-11-05T00:00:00Z"))
        .into_iter()
        .map(|missing| (missing.calendar, missing.year))
        .collect();
    assert_eq!(years, Official::ALL.map(|calendar| (calendar, 2028)).into());
}

#[test]
fn months_end_with_the_shorter_month_also_in_leap_years() {
    for (receipt, months, last) in [
        ("2028-01-31T12:00:00Z", 1, date(2028, 2, 29)),
        ("2027-01-31T12:00:00Z", 1, date(2027, 2, 28)),
        ("2027-01-29T12:00:00Z", 1, date(2027, 2, 28)),
        ("2028-02-29T12:00:00Z", 1, date(2028, 3, 29)),
        ("2027-11-30T12:00:00Z", 3, date(2028, 2, 29)),
        ("2026-12-31T12:00:00Z", 2, date(2027, 2, 28)),
        ("2026-03-31T12:00:00Z", 1, date(2026, 4, 30)),
    ] {
        let end = BERLIN.end(Months(months), at(receipt)).unwrap();
        assert_eq!(Zone::Central.date(end), last, "{receipt}");
        assert_eq!(end, Zone::Central.end_of(last));
    }
}

fn within_known_years() -> impl Strategy<Value = Timestamp> {
    let first = at("2026-01-02T00:00:00Z").as_millisecond();
    let last = at("2027-10-01T00:00:00Z").as_millisecond();
    (first..last).prop_map(Timestamp::from_millis)
}

fn any_year() -> impl Strategy<Value = Timestamp> {
    let first = at("1996-01-01T00:00:00Z").as_millisecond();
    let last = at("2110-01-01T00:00:00Z").as_millisecond();
    (first..last).prop_map(Timestamp::from_millis)
}

fn with_calendar() -> impl Strategy<Value = (Counting, Official)> {
    prop::sample::select(vec![
        (RUSSIA, Official::Russia),
        (CALIFORNIA, Official::California),
    ])
}

fn any_counting() -> impl Strategy<Value = Counting> {
    let unions = Zone::ALL.map(Counting::union);
    prop::sample::select([&[RUSSIA, CALIFORNIA][..], &unions[..]].concat())
}

fn any_term() -> impl Strategy<Value = Term> {
    prop_oneof![
        Just(Term::AtOnce),
        (0u16..200).prop_map(Hours),
        (1u16..30).prop_map(WorkingDays),
        (1u16..100).prop_map(CalendarDays),
        (1u16..8).prop_map(Months),
    ]
}

fn longer(term: Term) -> Term {
    match term {
        Term::AtOnce => Term::AtOnce,
        Hours(count) => Hours(count + 1),
        WorkingDays(count) => WorkingDays(count + 1),
        CalendarDays(count) => CalendarDays(count + 1),
        Months(count) => Months(count + 1),
    }
}

proptest! {
    #[test]
    fn a_period_holds_exactly_its_working_days_and_ends_on_one(
        (counting, calendar) in with_calendar(), receipt in within_known_years(), count in 1u16..30,
    ) {
        let zone = counting.zone();
        let end = zone.date(counting.end(WorkingDays(count), receipt).unwrap());
        prop_assert!(is_working(calendar, end).unwrap());
        let (mut day, mut working) = (zone.date(receipt), 0);
        while day < end {
            day = day.tomorrow().unwrap();
            working += u16::from(is_working(calendar, day).unwrap());
        }
        prop_assert_eq!(working, count);
    }

    #[test]
    fn russian_days_end_on_a_working_day_with_only_days_off_before_it(receipt in within_known_years(), count in 1u16..60) {
        let end = moscow(RUSSIA.end(CalendarDays(count), receipt).unwrap());
        prop_assert!(is_working(Official::Russia, end).unwrap());
        let mut day = moscow(receipt).checked_add(i64::from(count).days()).unwrap();
        prop_assert!(day <= end);
        while day < end {
            prop_assert!(!is_working(Official::Russia, day).unwrap());
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn a_month_ends_on_the_same_day_or_on_the_last_of_a_shorter_month(
        zone in prop::sample::select(Zone::ALL.to_vec()), receipt in any_year(), count in 1u16..25,
    ) {
        let received = zone.date(receipt);
        let end = zone.date(Counting::union(zone).end(Months(count), receipt).unwrap());
        let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
        prop_assert_eq!(months(end) - months(received), i32::from(count));
        prop_assert!(end.day() == received.day() || (end.day() < received.day() && end == end.last_of_month()));
    }

    #[test]
    fn a_period_of_days_ends_with_the_last_millisecond_of_a_day(counting in any_counting(), term in any_term(), receipt in any_year()) {
        let due = counting.due(term, receipt).at;
        prop_assert!(due >= receipt);
        if !matches!(term, Term::AtOnce | Hours(_)) {
            let zone = counting.zone();
            let after = shift(due, SignedDuration::from_millis(1));
            prop_assert_eq!(zone.date(after), zone.date(due).tomorrow().unwrap());
        }
    }

    #[test]
    fn every_instant_of_one_day_has_the_same_deadline(counting in any_counting(), term in any_term(), receipt in any_year()) {
        if !matches!(term, Term::AtOnce | Hours(_)) {
            let zone = counting.zone();
            let last = zone.end_of(zone.date(receipt));
            let first = shift(zone.end_of(zone.date(receipt).yesterday().unwrap()), SignedDuration::from_millis(1));
            prop_assert_eq!(counting.due(term, first), counting.due(term, last));
        }
    }

    #[test]
    fn later_receipt_or_a_longer_term_never_means_an_earlier_deadline(
        counting in any_counting(), term in any_term(), receipt in any_year(), seconds in 0i64..5_000_000,
    ) {
        let later = shift(receipt, SignedDuration::from_secs(seconds));
        let due = counting.due(term, receipt).at;
        prop_assert!(due <= counting.due(term, later).at);
        prop_assert!(due <= counting.due(longer(term), receipt).at);
    }

    #[test]
    fn what_holds_without_a_calendar_is_never_later_than_what_the_law_counts((counting, _) in with_calendar(), receipt in within_known_years(), count in 1u16..30) {
        // what `due` gives for a year without any calendar: every day counts
        let zone = counting.zone();
        let plain = zone.end_of(zone.date(receipt).checked_add(i64::from(count).days()).unwrap());
        prop_assert!(plain <= counting.end(WorkingDays(count), receipt).unwrap());
        prop_assert!(plain <= counting.end(CalendarDays(count), receipt).unwrap());
    }

    #[test]
    fn no_instant_makes_it_panic(millis in any::<i64>(), count in any::<u16>(), counting in any_counting()) {
        let receipt = Timestamp::from_millis(millis);
        for term in [Hours(count), WorkingDays(count % 400), CalendarDays(count), Months(count)] {
            let _ = counting.due(term, receipt);
        }
    }
}
