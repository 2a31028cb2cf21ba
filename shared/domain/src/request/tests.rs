#![allow(clippy::unwrap_used)]

use super::*;
use crate::time::{SignedDuration, shift};
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
    for kind in [Access, Rectification, Erasure] {
        assert_eq!(due(Regime::Gdpr, kind), "2026-07-01T20:59:59.999Z");
    }
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
        "2026-09-01T20:59:59.999Z"
    );
}

#[test]
fn a_missing_calendar_year_gives_the_earliest_end_and_refuses_nobody() {
    let at: Timestamp = "2035-03-01T09:00:00Z".parse().unwrap();
    let request = Progress::received(RequestKind::Access, Regime::Ru152, Level::L3, at);
    assert_eq!(request.due_at().to_string(), "2035-03-11T20:59:59.999Z");
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
}

impl Step {
    fn take(self, request: Progress, now: Timestamp) -> Result<Progress, IllegalMove> {
        match self {
            Self::Confirm(level) => request.confirm(level, now),
            Self::Verify => request.verify(now),
            Self::Approve => request.approve(now),
            Self::Begin => request.begin(),
            Self::Complete => request.complete(now),
            Self::Refuse => request.refuse(ground(), now),
            Self::Extend => request.extend(now),
        }
    }
}

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(vec![Level::L0, Level::L2, Level::L3])
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
    if matches!(
        state,
        State::Verified | State::Approved | State::InProgress | State::Completed
    ) {
        assert!(request.level() >= request.kind().required_level());
    }
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
