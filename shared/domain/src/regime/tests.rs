#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::{
    duty::{FILE, Period, unconfirmed},
    residence::EEA,
    *,
};
use crate::{
    calendar::Term,
    contact::PhoneNumber,
    time::{SignedDuration, days, shift},
};
use Regime::{Ccpa, Gdpr, Ru152};
use Term::{AtOnce, CalendarDays, Hours, Months, WorkingDays};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn residence(code: &str) -> Residence {
    Residence::new(code).unwrap()
}

fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::new(number).unwrap()
}

type Further = Option<(Regime, Basis, Zone)>;

/// (declared residence, phone, what applies beside 152-FZ)
const RESOLVED: [(Option<&str>, Option<&str>, Further); 16] = [
    (None, None, None),
    (None, Some("+79161234567"), None),
    (None, Some("+442071838750"), None),
    (None, Some("+14155550100"), None),
    (
        None,
        Some("+4930123456"),
        Some((Gdpr, Basis::Phone, Zone::Central)),
    ),
    (
        None,
        Some("+351211234567"),
        Some((Gdpr, Basis::Phone, Zone::Western)),
    ),
    (
        None,
        Some("+37061234567"),
        Some((Gdpr, Basis::Phone, Zone::Eastern)),
    ),
    (Some("RU"), None, None),
    // what is declared outweighs the number
    (Some("RU"), Some("+4930123456"), None),
    (
        Some("FR"),
        Some("+79161234567"),
        Some((Gdpr, Basis::Residence, Zone::Central)),
    ),
    (
        Some("is"),
        None,
        Some((Gdpr, Basis::Residence, Zone::Iceland)),
    ),
    (
        Some("DE-BE"),
        None,
        Some((Gdpr, Basis::Residence, Zone::Central)),
    ),
    (Some("GB"), None, None),
    (
        Some("us-ca"),
        Some("+4930123456"),
        Some((Ccpa, Basis::Residence, Zone::California)),
    ),
    (Some("US-NY"), None, None),
    (Some("US"), None, None),
];

#[test]
fn the_laws_follow_from_what_the_person_declared_or_else_from_their_number() {
    for (declared, number, further) in RESOLVED {
        let declared = declared.map(residence);
        let number = number.map(phone);
        let regimes = resolve(declared.as_ref(), number.as_ref());
        let mut applied = regimes.iter();
        let first = applied.next().unwrap();
        assert_eq!((first.regime, first.basis), (Ru152, Basis::Policy));
        let second = applied.next().map(|a| (a.regime, a.basis, a.zone));
        assert_eq!(second, further, "{declared:?} {number:?}");
        assert_eq!(applied.next(), None);
        assert_eq!(regimes.resolver(), RESOLVER);
    }
}

#[test]
fn every_country_of_the_eea_is_known_by_its_code_and_its_number() {
    for (country, prefix, zone) in EEA {
        let by_code = resolve(Some(&residence(country)), None);
        let by_number = resolve(None, Some(&phone(&format!("+{prefix}1234567"))));
        for regimes in [by_code, by_number] {
            let gdpr = regimes.iter().find(|a| a.regime == Gdpr).unwrap();
            assert_eq!(gdpr.zone, zone, "{country}");
        }
        let others = EEA.iter().filter(|row| row.0 != country);
        for other in others {
            assert!(!other.1.starts_with(prefix) && other.0 != country);
        }
    }
}

#[test]
fn a_residence_is_a_code_and_shows_itself_to_nobody() {
    for bad in [
        "", "D", "DEU", "D1", "US-", "US-CALI", "US CA", "ДЕ", "US-C!",
    ] {
        assert_eq!(Residence::new(bad), Err(InvalidResidence), "{bad:?}");
    }
    assert!(serde_json::from_str::<Residence>("\"Germany\"").is_err());
    assert_eq!(format!("{:?}", residence("de")), "Residence(…)");
}

#[test]
fn somebody_is_always_protected_by_some_law() {
    let empty = r#"{"resolver": 1, "applied": []}"#;
    assert!(serde_json::from_str::<Regimes>(empty).is_err());
    let regimes = resolve(Some(&residence("FI")), None);
    let text = serde_json::to_string(&regimes).unwrap();
    assert_eq!(serde_json::from_str::<Regimes>(&text).unwrap(), regimes);
    assert!(regimes.contains(Gdpr) && !regimes.contains(Ccpa));
    let routes = regimes.complaint_routes();
    assert!(routes.contains("Roskomnadzor") && routes.contains("member state"));
}

/// Period, and the whole period after an extension.
type Law = Option<(Term, Option<Term>)>;

/// Clause 6.3's table and clauses 5.9 and 8.2, written a second time.
const TABLE: [(Duty, [Law; 3]); 18] = [
    (
        Duty::Acknowledgement,
        [None, None, Some((WorkingDays(10), None))],
    ),
    (Duty::Access, ANSWER),
    (Duty::Portability, ANSWER),
    (
        Duty::Refusal,
        [
            Some((WorkingDays(10), None)),
            Some((Months(1), None)),
            CALIFORNIAN,
        ],
    ),
    (
        Duty::Rectification,
        [Some((WorkingDays(7), None)), MONTHS, CALIFORNIAN],
    ),
    (
        Duty::Restriction,
        [Some((AtOnce, None)), Some((AtOnce, None)), None],
    ),
    (
        Duty::Erasure,
        [Some((CalendarDays(30), None)), MONTHS, CALIFORNIAN],
    ),
    (
        Duty::Withdrawal,
        [Some((CalendarDays(30), None)), MONTHS, None],
    ),
    (Duty::Objection, [ANSWER[0], MONTHS, None]),
    (Duty::OptOut, [None, None, Some((WorkingDays(15), None))]),
    (
        Duty::StopUnlawful,
        [Some((WorkingDays(3), None)), Some((AtOnce, None)), None],
    ),
    (
        Duty::DestroyUnlawful,
        [Some((WorkingDays(10), None)), MONTHS, None],
    ),
    (
        Duty::DestroyUnneeded,
        [Some((WorkingDays(7), None)), MONTHS, None],
    ),
    (
        Duty::PurposeReached,
        [Some((CalendarDays(30), None)), None, None],
    ),
    (
        Duty::DeferredDestruction,
        [Some((Months(6), None)), None, None],
    ),
    (
        Duty::IncidentNotice,
        [Some((Hours(24), None)), Some((Hours(72), None)), None],
    ),
    (
        Duty::IncidentFindings,
        [Some((Hours(72), None)), None, None],
    ),
    (Duty::Claim, [Some((CalendarDays(30), None)), None, None]),
];
const MONTHS: Law = Some((Months(1), Some(Months(3))));
const CALIFORNIAN: Law = Some((CalendarDays(45), Some(CalendarDays(90))));
const ANSWER: [Law; 3] = [
    Some((WorkingDays(10), Some(WorkingDays(15)))),
    MONTHS,
    CALIFORNIAN,
];

#[test]
fn the_periods_are_those_of_the_policy() {
    assert_eq!(TABLE.map(|(duty, _)| duty), Duty::ALL);
    for (duty, laws) in TABLE {
        for (regime, expected) in Regime::ALL.into_iter().zip(laws) {
            let found = duty.rule(regime).map(|rule| (rule.term, rule.extended));
            assert_eq!(found, expected, "{duty:?} {regime:?}");
        }
    }
}

#[test]
fn the_file_names_each_duty_once_with_its_article() {
    let periods: Vec<Period> = serde_json::from_str(FILE).unwrap();
    let mut seen = BTreeMap::new();
    for period in &periods {
        assert!(!period.article.is_empty());
        let twice = seen.insert((period.regime, period.duty), period.article);
        assert_eq!(twice, None, "{period:?}");
    }
    let open: Vec<_> = unconfirmed().map(|(r, duty, _)| (r, duty)).collect();
    assert_eq!(
        open,
        [
            (Ru152, Duty::Objection),
            (Ru152, Duty::DestroyUnneeded),
            (Ru152, Duty::DeferredDestruction),
            (Gdpr, Duty::IncidentNotice),
            (Ccpa, Duty::OptOut),
        ]
    );
}

#[test]
fn incidents_have_the_clocks_of_each_law() {
    let found = at("2026-12-31T20:00:00Z");
    let german = resolve(Some(&residence("DE")), None);
    let notice = german.deadline(Duty::IncidentNotice, found).unwrap();
    assert_eq!(
        (notice.regime, notice.due.at),
        (Ru152, shift(found, days(1)))
    );
    let gdpr = Regimes::from(Gdpr).deadline(Duty::IncidentNotice, found);
    assert_eq!(gdpr.unwrap().due.at, shift(found, days(3)));
    for (hours, alarm) in [(24, 20), (72, 68)] {
        let end = shift(found, SignedDuration::from_hours(hours));
        let term = Hours(u16::try_from(hours).unwrap());
        let watch = Watch::over(term, found, end);
        let alarm = shift(found, SignedDuration::from_hours(alarm));
        assert_eq!(watch.alarm_at(), alarm);
        assert_eq!(watch.next_after(found), Some(alarm));
    }
}

#[test]
fn a_claim_is_recalled_seven_three_and_one_day_before() {
    // 31 January, 23:30 in Moscow
    let received = at("2027-01-31T20:30:00Z");
    let claim = Regimes::default().deadline(Duty::Claim, received).unwrap();
    assert_eq!(claim.due.at.to_string(), "2027-03-02T20:59:59.999Z");
    let watch = Watch::over(claim.rule.term, received, claim.due.at);
    let reminded: Vec<_> = watch
        .reminders()
        .iter()
        .map(|at| Zone::Moscow.date(*at))
        .collect();
    let day = |month, day| jiff::civil::date(2027, month, day);
    assert_eq!(reminded, [day(2, 23), day(2, 27), day(3, 1)]);
    assert_eq!(watch.stage(received), Stage::Running);
    assert_eq!(watch.stage(watch.reminders()[0]), Stage::Reminded);
    assert_eq!(watch.stage(watch.alarm_at()), Stage::Alarm);
    assert_eq!(watch.stage(watch.due_at()), Stage::Alarm);
    let passed = shift(watch.due_at(), SignedDuration::from_millis(1));
    assert_eq!(watch.stage(passed), Stage::Overdue);
    assert_eq!(watch.next_after(passed), None);
}

fn regimes() -> impl Strategy<Value = Regimes> {
    let places = ["RU", "DE", "PT", "FI", "IS", "US-CA"];
    prop::sample::select(places.to_vec())
        .prop_map(|place| resolve(Some(&Residence::new(place).unwrap()), None))
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let first = at("2024-01-01T00:00:00Z").as_millisecond();
    let last = at("2032-01-01T00:00:00Z").as_millisecond();
    (first..last).prop_map(Timestamp::from_millis)
}

fn duty() -> impl Strategy<Value = Duty> {
    prop::sample::select(Duty::ALL.to_vec())
}

proptest! {
    #[test]
    fn no_law_that_protects_the_person_is_ever_missed(regimes in regimes(), duty in duty(), received in instant()) {
        let bound: Vec<_> = regimes.iter().filter_map(|a| Some((a, duty.rule(a.regime)?))).collect();
        let Some(deadline) = regimes.deadline(duty, received) else {
            prop_assert!(bound.is_empty());
            return Ok(());
        };
        for (applied, rule) in bound {
            prop_assert!(deadline.due.at <= applied.counting().due(rule.term, received).at);
        }
        let extended = regimes.extended_deadline(duty, received).unwrap();
        prop_assert!(extended.due.at >= deadline.due.at);
    }

    #[test]
    fn somebody_is_told_before_the_end_and_the_stages_follow_each_other(
        regimes in regimes(), duty in duty(), received in instant(), steps in prop::collection::vec(0i64..200_000_000, 0..20),
    ) {
        let Some(deadline) = regimes.deadline(duty, received) else { return Ok(()) };
        let watch = Watch::over(deadline.rule.term, received, deadline.due.at);
        prop_assert!(watch.alarm_at() >= received && watch.alarm_at() <= watch.due_at());
        prop_assert!(watch.reminders().iter().all(|at| received < *at && *at < watch.due_at()));
        let (mut now, mut stage) = (received, watch.stage(received));
        for step in steps {
            now = shift(now, SignedDuration::from_millis(step));
            prop_assert!(watch.stage(now) >= stage);
            stage = watch.stage(now);
            prop_assert_eq!(watch.next_after(now).is_none(), stage == Stage::Overdue);
        }
    }

    #[test]
    fn whoever_wakes_at_each_named_instant_misses_no_stage(received in instant(), duty in duty()) {
        let Some(deadline) = Regimes::default().deadline(duty, received) else { return Ok(()) };
        let watch = Watch::over(deadline.rule.term, received, deadline.due.at);
        let mut seen = vec![watch.stage(received)];
        let mut now = received;
        while let Some(next) = watch.next_after(now) {
            prop_assert!(next > now);
            now = next;
            seen.push(watch.stage(now));
        }
        prop_assert!(seen.contains(&Stage::Alarm) && seen.contains(&Stage::Overdue));
    }
}
