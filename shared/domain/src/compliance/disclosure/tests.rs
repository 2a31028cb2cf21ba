#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::time::shift;

fn start() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

fn words(text: &str) -> Words {
    Words::new(text).unwrap()
}

fn law() -> Ground {
    Ground::new("152-FZ art. 6(1)(2)").unwrap()
}

fn grounds(kind: GroundKind) -> Grounds {
    match kind {
        GroundKind::Authority => Grounds::Authority {
            authority: words("District court"),
            reference: words("No. 2-17 of 1 November 2026"),
            law: law(),
            document: Hash([1; 32]),
        },
        GroundKind::ThirdParty => Grounds::ThirdParty {
            recipient: words("Carrier"),
            agreement: words("Contract 12"),
            law: law(),
        },
        GroundKind::Investigation => Grounds::Investigation {
            recipient: words("Bank"),
            case: words("Complaint 5"),
            law: law(),
        },
    }
}

fn scope() -> Scope {
    let period = Period::new(Timestamp::UNIX_EPOCH, start()).unwrap();
    Scope::new(BTreeSet::from([Category::Contact]), period).unwrap()
}

fn file(kind: GroundKind) -> File {
    File {
        subject: SubjectId::new(start()),
        grounds: grounds(kind),
        requested: words("Everything."),
        minimisation: words("The address is enough."),
        channel: None,
        declined: None,
    }
}

struct Desk {
    id: DisclosureId,
    staff: [SubjectId; 3],
}

impl Desk {
    fn new() -> Self {
        Self {
            id: DisclosureId::new(start()),
            staff: [(); 3].map(|()| SubjectId::new(start())),
        }
    }

    fn member(&self, number: usize) -> Approver {
        Approver::new(self.id, self.staff[number % 3])
    }
}

fn package() -> Package {
    Package {
        sha256: Hash([2; 32]),
        bytes: 2,
        made_at: start(),
    }
}

#[test]
fn a_scope_holds_what_can_be_disclosed_and_never_nothing() {
    let period = Period::new(start(), start()).unwrap();
    assert_eq!(
        Scope::new(BTreeSet::new(), period),
        Err(InvalidScope::Empty)
    );
    for category in Category::ALL {
        let scope = Scope::new(BTreeSet::from([category]), period);
        let disclosable = Scope::DISCLOSABLE.contains(&category);
        assert_eq!(scope.is_ok(), disclosable, "{category:?}");
    }
    assert!(Period::new(start(), Timestamp::UNIX_EPOCH).is_err());
}

#[test]
fn an_authority_needs_two_people_and_the_others_somebody_else() {
    let desk = Desk::new();
    let open = |kind| Progress::open(&grounds(kind), scope(), desk.member(0), start());
    let once = open(GroundKind::Authority)
        .approve(desk.member(0), start())
        .unwrap();
    assert_eq!(once.state(), State::Open);
    let again = once.clone().approve(desk.member(0), start());
    assert_eq!(again, Err(IllegalMove::SamePerson));
    let twice = once.approve(desk.member(1), start()).unwrap();
    assert_eq!(twice.state(), State::Approved);
    for kind in [GroundKind::ThirdParty, GroundKind::Investigation] {
        let own = open(kind).approve(desk.member(0), start());
        assert_eq!(own, Err(IllegalMove::OwnCase));
        let other = open(kind).approve(desk.member(1), start()).unwrap();
        assert_eq!(other.state(), State::Approved);
    }
}

#[test]
fn an_approval_is_over_after_a_week() {
    let desk = Desk::new();
    let kind = GroundKind::Investigation;
    let opened = Progress::open(&grounds(kind), scope(), desk.member(0), start());
    let approved = opened.approve(desk.member(1), start()).unwrap();
    let last = shift(start(), GRANT_LENGTH);
    assert!(approved.grant(desk.id, &file(kind), last).is_ok());
    let late = shift(last, SignedDuration::from_millis(1));
    let grant = approved.grant(desk.id, &file(kind), late);
    assert_eq!(grant.unwrap_err(), IllegalMove::Over);
    let ready = approved.packed(package(), start()).unwrap();
    assert_eq!(ready.may_be_fetched(late), Err(IllegalMove::Over));
    assert_eq!(ready.hand_over(late).unwrap_err(), IllegalMove::Over);
}

#[test]
fn the_person_is_told_with_the_handing_over_or_when_the_ban_ends() {
    let desk = Desk::new();
    let kind = GroundKind::Investigation;
    let opened = Progress::open(&grounds(kind), scope(), desk.member(0), start());
    let ready = opened.approve(desk.member(1), start()).unwrap();
    let ready = ready.packed(package(), start()).unwrap();
    assert_eq!(ready.tell_at(), None);
    let free = ready.clone().hand_over(start()).unwrap();
    assert_eq!(free.tell_at(), Some(start()));
    assert!(free.may_be_known(start()) && free.clone().told(start()).is_ok());

    let until = shift(start(), days(30));
    let banned = ready.forbid(Ban { until, law: law() }, start()).unwrap();
    let banned = banned.hand_over(start()).unwrap();
    assert_eq!(banned.tell_at(), Some(until));
    assert!(!banned.may_be_known(start()) && banned.may_be_known(until));
    let early = banned.clone().told(start());
    assert_eq!(early.unwrap_err(), IllegalMove::NotToBeTold);
    let told = banned.told(until).unwrap();
    assert_eq!(told.tell_at(), None);
    assert_eq!(told.told(until).unwrap_err(), IllegalMove::NotToBeTold);
}

#[test]
fn a_file_is_read_as_it_was_written_and_an_approver_is_named_in_one_case_only() {
    for kind in GroundKind::ALL {
        let file = file(kind);
        let text = serde_json::to_string(&file).unwrap();
        assert_eq!(serde_json::from_str::<File>(&text).unwrap(), file);
    }
    let (one, other) = (Desk::new(), Desk::new());
    let here = Approver::new(one.id, one.staff[0]);
    assert_eq!(here, Approver::new(one.id, one.staff[0]));
    assert_ne!(here, Approver::new(one.id, one.staff[1]));
    assert_ne!(here, Approver::new(other.id, one.staff[0]));
    assert!(
        crate::certificate::identifiers(here.as_str())
            .next()
            .is_none()
    );
}

#[derive(Debug, Clone)]
enum Move {
    Approve(usize),
    Decline,
    Pack,
    HandOver,
    Forbid(i64),
    Tell,
    Wait(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0usize..3).prop_map(Move::Approve),
        1 => Just(Move::Decline),
        3 => Just(Move::Pack),
        3 => Just(Move::HandOver),
        2 => (-2i64..60).prop_map(Move::Forbid),
        3 => Just(Move::Tell),
        2 => (0i64..5).prop_map(Move::Wait),
    ];
    proptest::collection::vec(one, 0..24)
}

proptest! {
    #[test]
    fn nothing_leaves_without_its_approvals_and_nobody_is_told_under_a_ban(
        kind in 0usize..3,
        moves in moves(),
    ) {
        let (desk, kind) = (Desk::new(), GroundKind::ALL[kind]);
        let mut now = start();
        let mut progress = Progress::open(&grounds(kind), scope(), desk.member(0), now);
        let mut approved_by = BTreeSet::new();
        for step in moves {
            let before = progress.clone();
            let tried = match step {
                Move::Approve(member) => progress.clone().approve(desk.member(member), now),
                Move::Decline => progress.clone().decline(now),
                Move::Pack => progress.clone().packed(package(), now),
                Move::HandOver => progress.clone().hand_over(now),
                Move::Forbid(length) => {
                    let until = shift(now, days(length));
                    progress.clone().forbid(Ban { until, law: law() }, now)
                }
                Move::Tell => progress.clone().told(now),
                Move::Wait(length) => {
                    now = shift(now, days(length));
                    continue;
                }
            };
            let Ok(moved) = tried else { continue };
            if let Move::Approve(member) = step {
                prop_assert!(approved_by.insert(member));
            }
            if let Move::Tell = step {
                prop_assert!(moved.ban().is_none_or(|ban| ban.until <= now));
                prop_assert!(moved.handed_over_at().is_some());
            }
            if matches!(step, Move::Pack | Move::HandOver) {
                prop_assert!(now <= before.granted_until().unwrap());
            }
            // what is closed stays as it is, but for the notice to the person
            if before.state().is_closed() {
                prop_assert_eq!(moved.state(), before.state());
            }
            progress = moved;
            let out = !matches!(progress.state(), State::Open | State::Declined);
            prop_assert!(!out || approved_by.len() >= kind.approvals());
            prop_assert!(!out || kind == GroundKind::Authority || approved_by.iter().any(|m| *m != 0));
            prop_assert_eq!(progress.approved_by(), approved_by.len());
            let leave = progress.grant(desk.id, &file(kind), now).is_ok();
            prop_assert!(!leave || progress.state() == State::Approved);
            prop_assert_eq!(progress.handed_over_at().is_some(), progress.state() == State::HandedOver);
            prop_assert!(progress.state() != State::HandedOver || progress.package().is_some());
            prop_assert!(progress.told_at().is_none() || progress.state() == State::HandedOver);
        }
    }
}
