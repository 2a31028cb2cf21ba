#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::billing::{
    Fact,
    history::{Choice, Refund, Subscription, SubscriptionStatus},
};
use proptest::prelude::*;

const DAY: i64 = 24 * 3600;
/// The end of the first month: 1970-02-01.
const END: i64 = 31 * DAY;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn payment(id: &str, seconds: i64, state: PaymentState, covers: Covers) -> Fact {
    let value = Payment {
        state,
        provider: Provider::Yookassa,
        amount_minor: 99_000,
        currency: "rub".into(),
        covers,
        plan: Some("studio".into()),
        subscription: None,
        method: Some(SavedMethod {
            id: "pm_1".into(),
            agreed_at: at(0),
        }),
    };
    Fact::Payment(id.into(), Seen::told(at(seconds), value))
}

fn bought() -> Fact {
    payment("p1", 0, PaymentState::Paid, Covers::Month)
}

fn charged(id: &str, seconds: i64, state: PaymentState) -> Fact {
    payment(id, seconds, state, Covers::Renewal(at(END)))
}

fn after(facts: &[Fact]) -> History {
    let mut history = History::default();
    facts.iter().for_each(|fact| history.merge(fact));
    history
}

/// The next charge with its time; nothing else is to be done.
fn next(history: &History) -> Option<(Charge, Timestamp)> {
    let duty = history.duty()?;
    match duty.work {
        Work::Charge(charge) => Some((charge, duty.due_at)),
        other => panic!("{other:?}"),
    }
}

fn choose(history: &mut History, seconds: i64, plan: Option<&str>) {
    history.choose(Choice {
        at: at(seconds),
        plan: plan.map(str::to_owned),
    });
}

#[test]
fn the_next_month_is_charged_just_before_its_begin_and_begins_where_the_last_ended() {
    let mut facts = vec![bought()];
    let (charge, due_at) = next(&after(&facts)).unwrap();
    assert_eq!((charge.attempt, charge.after), (0, at(END)));
    assert_eq!(due_at, at(END - 3600));
    assert_eq!(charge.agreement.method.id, "pm_1");
    let duty = after(&facts).duty().unwrap();
    assert!(!duty.is_due(at(END - 3601)) && duty.is_due(at(END - 3600)));
    // nobody is charged for what has lapsed
    let lapsed = END + 7 * DAY;
    assert!(duty.is_due(at(lapsed - 1)) && !duty.is_due(at(lapsed)));

    facts.push(charged("p2", END - 3600, PaymentState::Paid));
    let history = after(&facts);
    // 1970-03-01, at midnight as before
    assert_eq!(history.account(None).paid_until, Some(at(59 * DAY)));
    assert_eq!(next(&history).unwrap().0.after, at(59 * DAY));
}

#[test]
fn a_failure_is_tried_again_on_the_following_days_and_then_no_more() {
    let mut facts = vec![bought()];
    let times = [END - 3600, END + DAY, END + 3 * DAY, END + 5 * DAY];
    for (n, time) in times.into_iter().enumerate() {
        let (charge, due_at) = next(&after(&facts)).unwrap();
        assert_eq!((charge.attempt, due_at), (n, at(time)));
        facts.push(charged(&format!("f{n}"), time, PaymentState::Failed));
        let account = after(&facts).account(None);
        assert_eq!(account.status, Status::PastDue);
        assert_eq!(account.grace_until, Some(at(END + 7 * DAY)));
    }
    assert_eq!(after(&facts).duty(), None);
    let account = after(&facts).account(None);
    assert_eq!(account.standing(at(END + 7 * DAY)), Status::Suspended);
    // a month that was paid late begins where the last one ended
    facts.push(charged("p2", END + 6 * DAY, PaymentState::Paid));
    let account = after(&facts).account(None);
    assert_eq!(account.paid_until, Some(at(59 * DAY)));
    assert_eq!(account.status, Status::Active);
}

#[test]
fn what_is_under_way_is_asked_about_and_not_charged_again() {
    let pending = charged("p2", END - 3600, PaymentState::Pending);
    let duty = after(&[bought(), pending]).duty().unwrap();
    assert_eq!(duty.work, Work::AskPayment("p2".to_owned()));
    assert_eq!(duty.due_at, at(END));
    // also when the grace is over: the money may have been taken
    assert!(duty.is_due(at(END + 100 * DAY)));
}

#[test]
fn a_subscription_of_which_nothing_is_heard_is_asked_about_each_day() {
    let value = Subscription {
        status: SubscriptionStatus::Active,
        provider: Provider::Stripe,
        period_start: at(0),
        period_end: at(END),
        plan: Some("team".into()),
        customer: Some("cus_1".into()),
        cancel_at_period_end: false,
    };
    let mut history = History::default();
    let seen = Seen::told(at(0), value.clone());
    history.merge(&Fact::Subscription("sub_1".into(), seen));
    let asked = |history: &History| {
        let duty = history.duty().unwrap();
        assert_eq!(duty.work, Work::AskSubscription("sub_1".into()));
        duty.due_at
    };
    assert_eq!(asked(&history), at(END + DAY));
    let seen = Seen::fetched(at(END + DAY), at(END + DAY), value.clone());
    history.merge(&Fact::Subscription("sub_1".into(), seen));
    assert_eq!(asked(&history), at(END + 2 * DAY));
    let renewed = Subscription {
        period_start: at(END),
        period_end: at(2 * END),
        ..value
    };
    let seen = Seen::fetched(at(END + 2 * DAY), at(END + 2 * DAY), renewed);
    history.merge(&Fact::Subscription("sub_1".into(), seen));
    assert_eq!(history.account(None).paid_until, Some(at(2 * END)));
    assert_eq!(asked(&history), at(2 * END + DAY));
}

#[test]
fn nobody_is_charged_who_did_not_agree_or_has_withdrawn() {
    let mut unsaved = bought();
    if let Fact::Payment(_, seen) = &mut unsaved {
        seen.value.method = None;
    }
    assert_eq!(after(&[unsaved.clone()]).duty(), None);
    assert!(!after(&[unsaved.clone()]).account(None).renews);

    let mut history = after(&[bought()]);
    assert!(history.account(None).renews);
    choose(&mut history, 100, None);
    assert_eq!(history.duty(), None);
    assert!(!history.account(None).renews && history.has_saved_method());
    // an older word changes nothing, a newer one does
    choose(&mut history, 99, Some("team"));
    assert_eq!(history.duty(), None);
    choose(&mut history, 101, Some("team"));
    assert_eq!(history.agreement().unwrap().plan.as_deref(), Some("team"));

    // who pays by hand without a saved method is not charged any more
    if let Fact::Payment(id, seen) = &mut unsaved {
        "p9".clone_into(id);
        seen.at = at(200);
    }
    history.merge(&unsaved);
    assert_eq!(history.duty(), None);
}

#[test]
fn what_was_taken_back_is_not_charged_again() {
    let renewed = charged("p2", END - 3600, PaymentState::Paid);
    let refund = Refund {
        amount_minor: 99_000,
        currency: "rub".into(),
        payment: Some("p2".into()),
    };
    let refund = Fact::Refund("p2".into(), Seen::told(at(END), refund));
    let history = after(&[bought(), renewed, refund]);
    assert_eq!(history.account(None).paid_until, Some(at(END)));
    assert_eq!(history.duty(), None);
}

proptest! {
    #[test]
    fn in_whatever_order_it_is_told_one_month_is_paid_at_most_once(
        states in prop::collection::vec(prop::sample::select(vec![
            PaymentState::Failed, PaymentState::Pending, PaymentState::Paid,
        ]), 0..5),
        shift_by in any::<prop::sample::Index>(),
    ) {
        let charges = states.iter().enumerate().map(|(n, state)| {
            charged(&format!("c{n}"), END - 3600 + i64::try_from(n).unwrap() * DAY, *state)
        });
        let facts: Vec<Fact> = std::iter::once(bought()).chain(charges).collect();
        let mut other = facts.clone();
        other.rotate_left(shift_by.index(facts.len()));
        other.extend(facts.clone());
        let history = after(&facts);
        prop_assert_eq!(&history, &after(&other));
        if let Some(Work::Charge(charge)) = history.duty().map(|duty| duty.work) {
            let this_month = |fact: &Fact| matches!(fact, Fact::Payment(_, p)
                if p.value.covers == Covers::Renewal(charge.after)
                    && p.value.state != PaymentState::Failed);
            prop_assert!(!facts.iter().any(this_month));
        }
    }
}
