#![allow(clippy::unwrap_used)]

use super::*;
use crate::time::{SignedDuration, shift};
use proptest::prelude::*;

fn known() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

fn after(hours: i64) -> Timestamp {
    shift(known(), SignedDuration::from_hours(hours))
}

fn any_access() -> Accesses {
    Accesses {
        period: Period::new(after(-48), known()).unwrap(),
        purpose: None,
        actor: None,
        operation: None,
    }
}

fn incident(further: &[Regime]) -> Progress {
    let further = further.iter().copied().collect();
    Progress::register(known(), &further, any_access(), known()).unwrap()
}

const NOTICE: (Regime, Duty) = (Regime::Ru152, Duty::IncidentNotice);
const FINDINGS: (Regime, Duty) = (Regime::Ru152, Duty::IncidentFindings);
const UNION: (Regime, Duty) = (Regime::Gdpr, Duty::IncidentNotice);

#[test]
fn the_clocks_are_24_and_72_hours_with_alarms_four_hours_before() {
    let incident = incident(&[Regime::Gdpr]);
    let clocks: Vec<_> = incident
        .clocks()
        .iter()
        .map(|c| (c.regime(), c.duty(), c.due_at()))
        .collect();
    assert_eq!(
        clocks,
        [
            (NOTICE.0, NOTICE.1, after(24)),
            (FINDINGS.0, FINDINGS.1, after(72)),
            (UNION.0, UNION.1, after(72)),
        ]
    );
    assert_eq!(incident.due_at(), Some(after(24)));
    let stage = |hours| {
        incident
            .clocks()
            .iter()
            .map(|c| c.stage(after(hours)).unwrap())
            .collect::<Vec<_>>()
    };
    use Stage::{Alarm, Overdue, Running};
    assert_eq!(stage(19), [Running, Running, Running]);
    assert_eq!(stage(20), [Alarm, Running, Running]);
    assert_eq!(stage(25), [Overdue, Running, Running]);
    assert_eq!(stage(68), [Overdue, Alarm, Alarm]);
    assert_eq!(stage(73), [Overdue, Overdue, Overdue]);
}

#[test]
fn the_clocks_run_from_when_it_became_known_not_from_its_registration() {
    let further = BTreeSet::new();
    let late = Progress::register(known(), &further, any_access(), after(30)).unwrap();
    assert_eq!(late.due_at(), Some(after(24)));
    assert!(late.clocks()[0].is_late(after(30)));
    let early = Progress::register(after(1), &further, any_access(), known());
    assert_eq!(early, Err(IllegalMove::NotYetKnown));
}

#[test]
fn it_is_closed_when_every_authority_was_told_or_need_not_be() {
    let open = incident(&[Regime::Gdpr]);
    assert_eq!(open.clone().close(known()), Err(IllegalMove::ClockRuns));
    let reported = open.report(NOTICE, after(10)).unwrap();
    assert_eq!(
        reported.clone().report(NOTICE, after(11)),
        Err(IllegalMove::NoClock)
    );
    assert_eq!(
        reported.clone().waive(FINDINGS, after(11)),
        Err(IllegalMove::NoException)
    );
    let reported = reported.report(FINDINGS, after(80)).unwrap();
    let lateness: Vec<_> = reported
        .clocks()
        .iter()
        .map(|c| c.is_late(after(10)))
        .collect();
    assert_eq!(lateness, [false, true, false]);
    let waived = reported.waive(UNION, after(50)).unwrap();
    let closed = waived.close(after(90)).unwrap();
    assert_eq!(closed.due_at(), None);
    assert_eq!(closed.clone().close(after(91)), Err(IllegalMove::Closed));
    assert_eq!(closed.told_more(1), Err(IllegalMove::Closed));
    let ccpa = incident(&[Regime::Ccpa]);
    let unknown = ccpa.waive((Regime::Ccpa, Duty::IncidentNotice), known());
    assert_eq!(unknown, Err(IllegalMove::NoClock));
}

fn access(person: &str, hours: i64, actor: Actor, purpose: Purpose) -> Entry {
    let mut entry = Entry::new(after(hours), actor, "personal_data.accessed", "4.7")
        .with_person(person.to_owned());
    entry.purpose = Some(purpose);
    entry.operation = Some(Operation::Extract);
    entry
}

#[test]
fn the_affected_are_those_of_the_log_in_the_period_by_purpose_and_actor() {
    use Actor::{Staff, System};
    use Purpose::{Feedback, Marketing};
    let mut foreign = access("z", -10, Staff, Feedback);
    "request.received".clone_into(&mut foreign.event);
    let mut nobody = access("y", -10, Staff, Feedback);
    nobody.person = None;
    let entries = [
        access("a", -49, Staff, Feedback),
        access("b", -48, Staff, Feedback),
        access("c", -10, Staff, Feedback),
        access("c", -9, Staff, Feedback),
        access("d", -9, System, Feedback),
        access("e", -9, Staff, Marketing),
        access("f", 0, Staff, Feedback),
        access("g", 1, Staff, Feedback),
        foreign,
        nobody,
    ];
    let list = |accesses: &Accesses| {
        let affected = Affected::of(accesses, &entries);
        affected.pseudonyms.into_iter().collect::<Vec<_>>().concat()
    };
    assert_eq!(list(&any_access()), "bcdef");
    let by_staff = Accesses {
        actor: Some(Staff),
        purpose: Some(Feedback),
        ..any_access()
    };
    assert_eq!(list(&by_staff), "bcf");
    assert_eq!(Affected::of(&by_staff, &entries).accesses, 4);
    let destroyed = Accesses {
        operation: Some(Operation::Destroy),
        ..any_access()
    };
    assert_eq!(list(&destroyed), "");
}

proptest! {
    #[test]
    fn whoever_makes_the_list_again_gets_the_same(order in Just((0i64..20).collect::<Vec<_>>()).prop_shuffle()) {
        let entry = |n: &i64| access(&format!("p{}", n % 7), -n, Actor::Staff, Purpose::Feedback);
        let entries: Vec<_> = order.iter().map(entry).collect();
        let mut sorted = entries.clone();
        sorted.sort_by_key(|entry| entry.at);
        let summary = |entries: &[Entry]| Affected::of(&any_access(), entries).summary(known());
        prop_assert_eq!(summary(&entries), summary(&sorted));
        prop_assert_eq!(summary(&entries).persons, 7);
        prop_assert_ne!(summary(&entries).sha256, summary(&[]).sha256);
    }
}
