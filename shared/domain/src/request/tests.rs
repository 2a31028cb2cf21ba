#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;
use crate::{
    processing::Purpose,
    regime::{self, Duty, Regimes, Residence, Stage},
    time::{SignedDuration, Timestamp, shift},
};
use proptest::prelude::*;

fn start() -> Timestamp {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

fn ground() -> Ground {
    Ground::new("152-FZ art. 14(8)(5)").unwrap()
}

#[test]
fn the_periods_are_the_laws() {
    let due = |regime, kind| {
        Progress::received(kind, regime, Level::L3, start())
            .due_at()
            .to_string()
    };
    use RequestKind::*;
    assert_eq!(due(Regime::Ru152, Access), "2026-06-16T20:59:59.999Z");
    assert_eq!(
        due(Regime::Ru152, Rectification),
        "2026-06-10T20:59:59.999Z"
    );
    assert_eq!(due(Regime::Ru152, Restriction), "2026-06-01T09:00:00.000Z");
    assert_eq!(due(Regime::Ru152, Erasure), "2026-07-01T20:59:59.999Z");
    assert_eq!(due(Regime::Ru152, Objection), "2026-06-16T20:59:59.999Z");
    assert_eq!(due(Regime::Ru152, Withdrawal), "2026-07-01T20:59:59.999Z");
    assert_eq!(due(Regime::Ru152, Portability), "2026-06-16T20:59:59.999Z");
    for kind in [Objection, Withdrawal] {
        assert_eq!(due(Regime::Gdpr, kind), "2026-07-01T21:59:59.999Z");
    }
    for kind in [Access, Rectification, Erasure, Portability] {
        // midnight in Brussels, in Los Angeles
        assert_eq!(due(Regime::Gdpr, kind), "2026-07-01T21:59:59.999Z");
        assert_eq!(due(Regime::Ccpa, kind), "2026-07-17T06:59:59.999Z");
    }
    assert_eq!(due(Regime::Ccpa, Restriction), "2026-06-01T09:00:00.000Z");
}

fn lives_in(code: &str) -> Regimes {
    regime::resolve(Some(&Residence::new(code).unwrap()), None)
}

fn received(kind: RequestKind, regimes: &Regimes, at: &str) -> Progress {
    Progress::received(kind, regimes.clone(), Level::L3, at.parse().unwrap())
}

#[test]
fn the_shortest_period_of_all_laws_binds() {
    let german = lives_in("DE");
    // February: one month (28 days) ends before 30 days
    let erasure = received(RequestKind::Erasure, &german, "2027-02-01T09:00:00Z");
    assert_eq!(erasure.regime(), Regime::Gdpr);
    assert_eq!(erasure.due_at().to_string(), "2027-03-01T22:59:59.999Z");
    // the GDPR gives two more months, 152-FZ gives none: its 30 days bind then
    let extended = erasure.extend("2027-02-10T09:00:00Z".parse().unwrap());
    let extended = extended.unwrap();
    assert_eq!(extended.regime(), Regime::Ru152);
    assert_eq!(extended.due_at().to_string(), "2027-03-03T20:59:59.999Z");
    // in a month of 31 days the 30 days end first, and nothing extends them
    let erasure = received(RequestKind::Erasure, &german, "2026-07-01T09:00:00Z");
    assert_eq!(erasure.regime(), Regime::Ru152);
    assert_eq!(erasure.extend(start()), Err(IllegalMove::NoExtension));

    let access = received(RequestKind::Access, &german, "2026-06-01T09:00:00Z");
    assert_eq!(access.regime(), Regime::Ru152);
    assert_eq!(access.regimes(), &german);
}

#[test]
fn receipt_is_acknowledged_where_the_law_asks_for_it() {
    // 3 September 2026 is a Thursday; Monday the 7th is Labor Day
    let at = "2026-09-03T18:00:00Z";
    let access = received(RequestKind::Access, &lives_in("US-CA"), at);
    let by = access.acknowledge_by().unwrap();
    assert_eq!(by.at.to_string(), "2026-09-19T06:59:59.999Z");
    assert_eq!(by.missing, None);
    let access = received(RequestKind::Access, &lives_in("DE"), at);
    assert_eq!(access.acknowledge_by(), None);
}

#[test]
fn the_guard_of_an_erasure_stands_at_day_25() {
    let erasure = received(
        RequestKind::Erasure,
        &Regimes::default(),
        "2026-06-01T09:00:00Z",
    );
    let watch = erasure.watch();
    assert_eq!(watch.alarm_at().to_string(), "2026-06-26T09:00:00.000Z");
    assert_eq!(watch.due_at(), erasure.due_at());
    assert_eq!(watch.stage(watch.alarm_at()), Stage::Alarm);
    let restriction = received(
        RequestKind::Restriction,
        &Regimes::default(),
        "2026-06-01T09:00:00Z",
    );
    assert_eq!(restriction.watch().stage(start()), Stage::Alarm);
}

#[test]
fn every_kind_has_a_duty_that_its_law_knows() {
    for kind in RequestKind::ALL {
        for regime in [Regime::Ru152, Regime::Gdpr] {
            assert!(kind.duty().rule(regime).is_some(), "{kind:?} {regime:?}");
        }
    }
    assert_eq!(
        terms::rule(Regime::Ccpa, RequestKind::Restriction),
        Rule::AT_ONCE
    );
    assert_eq!(Duty::Restriction.rule(Regime::Ccpa), None);
}

#[test]
fn a_request_of_an_older_record_is_one_under_152_fz() {
    let request = received(
        RequestKind::Access,
        &Regimes::default(),
        "2026-06-01T09:00:00Z",
    );
    let mut stored = serde_json::to_value(&request).unwrap();
    let fields = stored.as_object_mut().unwrap();
    fields.remove("regimes");
    fields.remove("missing");
    assert_eq!(serde_json::from_value::<Progress>(stored).unwrap(), request);
}

#[test]
fn access_is_extended_once_by_five_working_days_and_in_time_only() {
    let request = Progress::received(RequestKind::Access, Regime::Ru152, Level::L2, start());
    let late = shift(request.due_at(), SignedDuration::from_millis(1));
    assert_eq!(request.clone().extend(late), Err(IllegalMove::TooLate));
    let extended = request.extend(start()).unwrap();
    assert_eq!(extended.due_at().to_string(), "2026-06-23T20:59:59.999Z");
    assert_eq!(extended.extend(start()), Err(IllegalMove::ExtendedBefore));

    let erasure = Progress::received(RequestKind::Erasure, Regime::Ru152, Level::L3, start());
    assert_eq!(erasure.extend(start()), Err(IllegalMove::NoExtension));
    let erasure = Progress::received(RequestKind::Erasure, Regime::Gdpr, Level::L3, start());
    assert_eq!(
        erasure.extend(start()).unwrap().due_at().to_string(),
        "2026-09-01T21:59:59.999Z"
    );
}

#[test]
fn a_missing_calendar_year_gives_the_earliest_end_and_says_so() {
    let at: Timestamp = "2035-03-01T09:00:00Z".parse().unwrap();
    let request = Progress::received(RequestKind::Access, Regime::Ru152, Level::L3, at);
    assert_eq!(request.due_at().to_string(), "2035-03-11T20:59:59.999Z");
    assert_eq!(request.missing_calendar().unwrap().year, 2035);
    let request = Progress::received(RequestKind::Access, Regime::Gdpr, Level::L3, at);
    assert_eq!(request.missing_calendar(), None);
}

#[test]
fn a_correction_by_link_waits_for_a_session() {
    let by_address = Progress::received(
        RequestKind::Rectification,
        Regime::Ru152,
        Level::L0,
        start(),
    );
    assert_eq!(by_address.state(), State::AwaitingConfirmation);
    let by_link = by_address.confirm(Level::L2, start()).unwrap();
    assert_eq!(by_link.state(), State::Open);
    assert!(by_link.clone().approve(start()).is_err());
    assert!(by_link.clone().confirm(Level::L2, start()).is_err());
    let in_session = by_link.confirm(Level::L3, start()).unwrap();
    assert_eq!(in_session.state(), State::Verified);
}

#[test]
fn what_its_decision_carries_out_is_closed_with_it() {
    let objection = Progress::received(RequestKind::Objection, Regime::Ru152, Level::L3, start());
    let done = objection.carried_out(start()).unwrap();
    assert_eq!(done.state(), State::Completed);
    assert_eq!(done.decided_at(), done.closed_at());
    assert!(done.carried_out(start()).is_err());
    let unknown = Progress::received(RequestKind::Objection, Regime::Ru152, Level::L0, start());
    assert!(unknown.carried_out(start()).is_err());
}

fn officer() -> Officer {
    Officer::new(
        crate::ids::RequestId::derived(&["r"]),
        crate::ids::SubjectId::derived(&["s"]),
    )
}

fn told(request: &Progress) -> Vec<(Event, Party)> {
    let steps = request.steps().iter();
    steps.map(|step| (step.event, step.by)).collect()
}

#[test]
fn a_request_of_an_authority_counts_from_its_receipt_and_says_who_entered_it() {
    let mandate = Mandate {
        by: Applicant::Authority,
        document: crate::ledger::Hash::of(b"letter"),
    };
    let enter = |received_at| {
        let regime = Regime::Ru152;
        Progress::entered(
            RequestKind::Restriction,
            regime,
            mandate,
            officer(),
            received_at,
            start(),
        )
    };
    let received_at = shift(start(), -SignedDuration::from_secs(20));
    let request = enter(received_at).unwrap();
    assert_eq!(request.state(), State::Verified);
    assert!(request.restricts());
    assert_eq!(request.received_at(), received_at);
    assert_eq!(request.confirmed_at(), Some(start()));
    assert_eq!(request.mandate(), Some(mandate));
    let lifted = request.approve(start()).unwrap().by(officer());
    let lifted = lifted.begin().unwrap().complete(start()).unwrap();
    assert_eq!(
        told(&lifted),
        [
            (Event::Received, Party::Authority),
            (Event::Entered, Party::Staff),
            (Event::Approved, Party::Staff),
            (Event::Completed, Party::System),
        ]
    );
    let officers = lifted.steps().iter().map(|step| step.officer.is_some());
    assert_eq!(officers.collect::<Vec<_>>(), [false, true, true, false]);
    let later = shift(start(), SignedDuration::from_secs(1));
    assert_eq!(enter(later), Err(IllegalMove::NotYetReceived));
}

#[test]
fn a_withdrawal_by_letter_can_be_cancelled_for_seven_days_and_is_carried_out_then() {
    let of = |kind| {
        Progress::received(kind, Regime::Ru152, Level::L0, start())
            .confirm(Level::L1, start())
            .unwrap()
    };
    let withdrawal = of(RequestKind::Withdrawal);
    let at = shift(start(), CANCEL_LENGTH);
    assert_eq!(withdrawal.destruction_at(), Some(at));
    assert!(at < withdrawal.due_at());
    let before = shift(at, -SignedDuration::from_millis(1));
    assert!(withdrawal.clone().uncancelled(before).is_err());
    let cancelled = withdrawal.clone().cancel(before).unwrap();
    assert_eq!(cancelled.state(), State::Cancelled);
    assert!(cancelled.uncancelled(at).is_err());
    let due = withdrawal.clone().uncancelled(at).unwrap();
    assert_eq!(due.state(), State::Approved);
    assert!(due.cancel(at).is_err());
    // the staff, or the person in a session, take it into their hands
    let verified = withdrawal.verify(officer(), start()).unwrap();
    assert_eq!(verified.destruction_at(), None);
    assert!(verified.uncancelled(at).is_err());
    let correction = of(RequestKind::Rectification);
    assert_eq!(correction.destruction_at(), None);
    assert!(correction.cancel(start()).is_err());
}

#[test]
fn a_ground_names_a_provision() {
    for bad in ["", "no", "because", "12345", "152-FZ\nart. 14"] {
        assert_eq!(Ground::new(bad), Err(InvalidGround), "{bad:?}");
    }
    assert!(serde_json::from_str::<Ground>("\"because\"").is_err());
}

#[test]
fn details_fit_the_kind() {
    let fields = Correction {
        name: Some(crate::contact::PersonName::new("Ada").unwrap()),
        ..Correction::default()
    };
    let of = Details::new;
    assert_eq!(
        of(RequestKind::Rectification, Some("x"), None),
        Err(InvalidDetails::NothingToCorrect)
    );
    assert_eq!(
        of(RequestKind::Access, None, Some(fields.clone())),
        Err(InvalidDetails::FieldsNotExpected)
    );
    let named = of(RequestKind::Objection, None, None).unwrap();
    let stopped: Vec<_> = named.purposes.iter().copied().collect();
    assert_eq!(
        stopped,
        [
            Purpose::Marketing,
            Purpose::AdTargeting,
            Purpose::AnonymousStats
        ]
    );
    let support = || BTreeSet::from([Purpose::Support]);
    let objection = named.objecting_to(RequestKind::Objection, support());
    assert_eq!(objection.unwrap().purposes, support());
    let access = of(RequestKind::Access, None, None).unwrap();
    assert!(access.purposes.is_empty());
    assert_eq!(
        access.objecting_to(RequestKind::Access, support()),
        Err(InvalidDetails::PurposesNotExpected)
    );
    assert_eq!(
        of(RequestKind::Access, Some(&"x".repeat(4001)), None),
        Err(InvalidDetails::Text)
    );
    assert!(of(RequestKind::Rectification, None, Some(fields)).is_ok());
    assert!(
        of(RequestKind::Access, Some("  "), None)
            .unwrap()
            .is_empty()
    );
    let email = serde_json::from_str::<Correction>(r#"{"email": "a@example.com"}"#);
    assert!(
        email.is_err(),
        "the login address is not corrected this way"
    );
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Confirm(Level),
    Verify,
    Approve,
    Begin,
    Complete,
    Refuse,
    Extend,
    Cancel,
    Uncancelled,
}

impl Step {
    fn take(self, request: Progress, now: Timestamp) -> Result<Progress, IllegalMove> {
        match self {
            Self::Confirm(level) => request.confirm(level, now),
            Self::Verify => request.verify(officer(), now),
            Self::Approve => request.approve(now),
            Self::Begin => request.begin(),
            Self::Complete => request.complete(now),
            Self::Refuse => request.refuse(ground(), now),
            Self::Extend => request.extend(now),
            Self::Cancel => request.cancel(now),
            Self::Uncancelled => request.uncancelled(now),
        }
    }
}

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(vec![Level::L0, Level::L1, Level::L2, Level::L3])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        level().prop_map(Step::Confirm),
        prop::sample::select(vec![
            Step::Verify,
            Step::Approve,
            Step::Begin,
            Step::Complete,
            Step::Refuse,
            Step::Extend,
            Step::Cancel,
            Step::Uncancelled,
        ]),
    ]
}

fn holds(request: &Progress) {
    let state = request.state();
    assert_eq!(state.is_closed(), request.closed_at().is_some());
    assert_eq!(state == State::Refused, request.ground().is_some());
    assert_eq!(
        state == State::AwaitingConfirmation,
        request.confirmed_at().is_none()
    );
    let decided = [
        State::Approved,
        State::InProgress,
        State::Completed,
        State::Refused,
    ];
    assert_eq!(decided.contains(&state), request.decided_at().is_some());
    // what a letter asks for is carried out when nobody cancels it
    let by_letter = request.kind() == RequestKind::Withdrawal && request.level() == Level::L1;
    if matches!(
        state,
        State::Verified | State::Approved | State::InProgress | State::Completed
    ) {
        assert!(by_letter || request.level() >= request.kind().required_level());
    }
    let in_order = request.steps().is_sorted_by_key(|step| step.at);
    assert!(in_order && !request.steps().is_empty());
    let stored: Progress = serde_json::from_value(serde_json::to_value(request).unwrap()).unwrap();
    assert_eq!(&stored, request);
}

proptest! {
    #[test]
    fn whatever_is_tried_only_lawful_steps_happen(
        kind in prop::sample::select(RequestKind::ALL.to_vec()),
        regime in prop::sample::select(Regime::ALL.to_vec()),
        first in level(),
        steps in prop::collection::vec((step(), 0i64..100), 0..30),
    ) {
        let mut now = start();
        let mut request = Progress::received(kind, regime, first, now);
        let (received, mut extensions) = (now, 0);
        holds(&request);
        for (step, hours) in steps {
            now = shift(now, SignedDuration::from_hours(hours));
            let before = request.clone();
            let Ok(after) = step.take(before.clone(), now) else { continue };
            holds(&after);
            prop_assert!(!before.state().is_closed(), "{step:?} after the end");
            prop_assert!(after.due_at() >= before.due_at());
            prop_assert!(after.level() >= before.level());
            prop_assert_eq!(after.received_at(), received);
            prop_assert!(after.state() >= before.state());
            extensions += u32::from(matches!(step, Step::Extend));
            prop_assert!(extensions <= 1);
            request = after;
        }
    }

    #[test]
    fn nothing_is_carried_out_without_a_known_person(kind in prop::sample::select(RequestKind::ALL.to_vec()), steps in prop::collection::vec(step(), 0..20)) {
        let mut request = Progress::received(kind, Regime::Ru152, Level::L0, start());
        let mut known = false;
        for step in steps {
            if let Ok(after) = step.take(request.clone(), start()) {
                known |= matches!(step, Step::Confirm(_) | Step::Verify);
                request = after;
            }
            prop_assert!(known || request.state() == State::AwaitingConfirmation);
        }
    }
}
