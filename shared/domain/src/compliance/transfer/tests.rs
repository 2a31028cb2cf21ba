#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn start() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

fn terms(categories: &[Category]) -> Terms {
    Terms {
        counterparty: Words::new("Acquirer Ltd.").unwrap(),
        address: Words::new("1 Market Square").unwrap(),
        law: Ground::new("GDPR art. 6(1)(f)").unwrap(),
        categories: categories.iter().copied().collect(),
    }
}

struct Desk {
    id: DisclosureId,
    staff: [SubjectId; 2],
}

impl Desk {
    fn new() -> Self {
        Self {
            id: DisclosureId::new(start()),
            staff: [(); 2].map(|()| SubjectId::new(start())),
        }
    }

    fn member(&self, number: usize) -> Approver {
        Approver::new(self.id, self.staff[number % 2])
    }

    fn proposed(&self) -> Progress {
        let terms = terms(&[Category::Contact]);
        Progress::propose(terms, SHORTEST_WINDOW, self.member(0), start()).unwrap()
    }
}

#[test]
fn a_transfer_names_what_can_be_disclosed_and_gives_time_to_object() {
    let desk = Desk::new();
    let propose = |categories: &[Category], window| {
        Progress::propose(terms(categories), window, desk.member(0), start()).map(|_| ())
    };
    let contact = [Category::Contact];
    for window in [SHORTEST_WINDOW, LONGEST_WINDOW] {
        assert_eq!(propose(&contact, window), Ok(()));
    }
    for window in [0, SHORTEST_WINDOW - 1, LONGEST_WINDOW + 1] {
        assert_eq!(propose(&contact, window), Err(InvalidTerms::Window));
    }
    let none = Err(InvalidTerms::Scope(InvalidScope::Empty));
    assert_eq!(propose(&[], SHORTEST_WINDOW), none);
    for category in Category::ALL {
        let can_be = TRANSFERABLE.contains(&category);
        assert_eq!(propose(&[category], SHORTEST_WINDOW).is_ok(), can_be);
    }
    let letters = [Category::Contact, Category::Request];
    let unbounded = Err(InvalidTerms::Unbounded(Category::Request));
    assert_eq!(propose(&letters, SHORTEST_WINDOW), unbounded);
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Approve(usize),
    Announce(bool),
    Order,
    Pack(bool),
    PackAgain,
    HandOver,
    Cancel,
    Wait(i64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        (0usize..2).prop_map(Move::Approve),
        any::<bool>().prop_map(Move::Announce),
        Just(Move::Announce(true)),
        Just(Move::Order),
        any::<bool>().prop_map(Move::Pack),
        Just(Move::PackAgain),
        Just(Move::HandOver),
        Just(Move::Cancel),
        (0i64..40).prop_map(Move::Wait),
    ];
    prop::collection::vec(one, 0..40)
}

proptest! {
    /// Nothing is packed before everybody had their time, nothing is fetched that is older than a
    /// week, and what is closed stays so.
    #[test]
    fn only_what_was_approved_announced_and_packed_in_time_is_passed(moves in moves()) {
        let desk = Desk::new();
        let mut progress = desk.proposed();
        let mut now = start();
        for one in moves {
            let before = progress.clone();
            let next = progress.clone();
            let next = match one {
                Move::Approve(by) => next.approve(&desk.member(by), now),
                Move::Announce(last) => next.announced(1, last, now),
                Move::Order => next.order_packing(now),
                Move::Pack(last) => {
                    let counts = Counts { packed: 1, ..Counts::default() };
                    next.packed(counts, last, now)
                }
                Move::PackAgain => {
                    let before = Counts { packed: 1, ..Counts::default() };
                    let counts = Counts { objected: 1, ..Counts::default() };
                    let some = next.packing().is_some_and(|packing| packing.counts.packed > 0);
                    let before = if some { before } else { counts };
                    next.packed_again(before, counts, now)
                }
                Move::HandOver => next.hand_over(Hash([1; 32]), now),
                Move::Cancel => next.cancel(now),
                Move::Wait(count) => {
                    now = shift(now, days(count));
                    Ok(next)
                }
            };
            let Ok(next) = next else { continue };
            progress = next;
            let (from, to) = (before.state(), progress.state());
            prop_assert!(from == to || !from.is_closed());
            prop_assert_eq!(progress.due_at().is_none(), to.is_closed());
            if to != State::Proposed && to != State::Cancelled {
                prop_assert!(progress.approved_at().is_some());
            }
            if matches!(one, Move::Approve(_)) {
                prop_assert!(matches!(one, Move::Approve(1)));
            }
            if let Some(packing) = progress.packing() {
                let until = progress.until().unwrap();
                prop_assert!(packing.ordered_at >= until);
                prop_assert!(until >= shift(progress.approved_at().unwrap(), days(30)));
                let people = packing.counts.packed + packing.counts.objected;
                prop_assert_eq!(people, u64::from(packing.pages));
            }
            let leave = progress.grant(desk.id, desk.staff[0], now).is_ok();
            let may_be_fetched = progress.may_be_fetched(now).is_ok();
            prop_assert_eq!(leave, progress.may_be_packed(now).is_ok() || may_be_fetched);
            prop_assert_eq!(leave, progress.may_be_opened(now).is_ok());
            if may_be_fetched {
                prop_assert!(now <= progress.packing().unwrap().until());
            }
            if matches!(one, Move::HandOver) {
                prop_assert_eq!(progress.packing().unwrap().root, Some(Hash([1; 32])));
                prop_assert_eq!(from, State::Packed);
            }
        }
    }
}

#[test]
fn another_order_makes_the_packages_anew() {
    let desk = Desk::new();
    let told = desk.proposed().approve(&desk.member(1), start()).unwrap();
    let told = told.announced(2, true, start()).unwrap();
    let over = shift(start(), days(30));
    assert_eq!(told.clone().order_packing(start()), Err(IllegalMove::Early));
    let counts = Counts {
        packed: 2,
        ..Counts::default()
    };
    let made = told.order_packing(over).unwrap();
    let made = made.packed(counts, true, over).unwrap();
    assert!(made.may_be_fetched(over).is_ok());
    let late = shift(over, days(8));
    assert_eq!(made.may_be_fetched(late), Err(IllegalMove::Over));
    // what was fetched in time may be handed over later
    assert!(made.clone().hand_over(Hash([1; 32]), late).is_ok());
    let anew = made.order_packing(late).unwrap();
    let packing = anew.may_be_packed(late).unwrap();
    assert_eq!((packing.run, packing.counts), (2, Counts::default()));
}
