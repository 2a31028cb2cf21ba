#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::{
    billing::{
        Access, Fact,
        ending::Cause,
        history::{Customer, Refund},
    },
    time::{SignedDuration, days, shift},
};
use proptest::prelude::*;

const DAY: i64 = 24 * 3600;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn subscription(seconds: i64, status: S, period: i64) -> Fact {
    let value = Subscription {
        status,
        provider: Provider::Stripe,
        period_start: at(period * 30 * DAY),
        period_end: at((period + 1) * 30 * DAY),
        plan: Some("team".into()),
        customer: Some("cus_1".into()),
        cancel_at_period_end: false,
    };
    Fact::Subscription("sub_1".into(), Seen::told(at(seconds), value))
}

fn invoice(seconds: i64, state: PaymentState, period: i64) -> Fact {
    let value = Payment {
        state,
        provider: Provider::Stripe,
        amount_minor: 4900,
        currency: "usd".into(),
        covers: Covers::Until(at((period + 1) * 30 * DAY)),
        plan: Some("team".into()),
        subscription: Some("sub_1".into()),
        method: None,
    };
    Fact::Payment(format!("in_{period}"), Seen::told(at(seconds), value))
}

fn month(seconds: i64, state: PaymentState, id: &str) -> Fact {
    let value = Payment {
        state,
        provider: Provider::Yookassa,
        amount_minor: 99_000,
        currency: "rub".into(),
        covers: Covers::Month,
        plan: Some("studio".into()),
        subscription: None,
        method: None,
    };
    Fact::Payment(id.into(), Seen::told(at(seconds), value))
}

fn refund(seconds: i64, amount_minor: u64, payment: &str) -> Fact {
    let value = Refund {
        amount_minor,
        currency: "usd".into(),
        payment: Some(payment.into()),
    };
    Fact::Refund(format!("ch_{payment}"), Seen::told(at(seconds), value))
}

fn dispute(seconds: i64, objection: Objection, payment: &str) -> Fact {
    let value = Disputed {
        objection,
        payment: Some(payment.into()),
    };
    Fact::Dispute("dp_1".into(), Seen::told(at(seconds), value))
}

fn bound() -> Fact {
    let customer = Customer {
        provider: Provider::Stripe,
        id: "cus_1".into(),
    };
    Fact::Customer(Seen::told(at(5), customer))
}

fn after(facts: &[Fact]) -> Account {
    let mut history = History::default();
    facts.iter().for_each(|fact| history.merge(fact));
    history.account(Some(Trial::starting(at(0))))
}

#[test]
fn a_subscription_goes_its_way() {
    let mut facts = vec![subscription(10, S::Incomplete, 0)];
    assert_eq!(after(&facts).status, Status::Trialing);
    facts.push(subscription(11, S::Active, 0));
    facts.push(invoice(11, PaymentState::Paid, 0));
    let account = after(&facts);
    assert_eq!(account.status, Status::Active);
    assert_eq!(account.paid_until, Some(at(30 * DAY)));
    assert_eq!(account.plan.as_deref(), Some("team"));
    assert_eq!(account.customer.as_deref(), Some("cus_1"));

    facts.push(invoice(30 * DAY + 3600, PaymentState::Failed, 1));
    facts.push(subscription(30 * DAY + 3600, S::PastDue, 1));
    let account = after(&facts);
    assert_eq!(account.status, Status::PastDue);
    assert_eq!(account.grace_until, Some(at(37 * DAY)));
    // a second attempt that fails gives no further grace
    facts.push(invoice(33 * DAY, PaymentState::Failed, 1));
    assert_eq!(after(&facts).grace_until, Some(at(37 * DAY)));

    facts.push(subscription(40 * DAY, S::Unpaid, 1));
    assert_eq!(after(&facts).status, Status::Suspended);
    facts.push(invoice(41 * DAY, PaymentState::Paid, 1));
    facts.push(subscription(41 * DAY, S::Active, 1));
    assert_eq!(after(&facts).status, Status::Active);
    assert_eq!(after(&facts).paid_until, Some(at(60 * DAY)));
    facts.push(subscription(50 * DAY, S::Canceled, 1));
    let account = after(&facts);
    assert_eq!(account.status, Status::Canceled);
    // what was paid for stays open
    assert_eq!(account.access(at(60 * DAY - 1)), Access::Full);
    assert_eq!(account.standing(at(60 * DAY - 1)), Status::Active);
    assert_eq!(account.access(at(60 * DAY)), Access::ReadOnly);
    assert_eq!(account.standing(at(60 * DAY)), Status::Canceled);
}

#[test]
fn a_plan_ends_when_its_access_does_and_its_data_is_due_thirty_days_later() {
    let paid = invoice(11, PaymentState::Paid, 0);
    let due = |facts: &[Fact]| {
        let ending = after(facts).ending(at(0)).unwrap();
        assert_eq!(ending.cause, Cause::Plan);
        assert_eq!(ending.destruction_at(), shift(ending.at, days(30)));
        ending.at.as_second() / DAY
    };
    // nobody pays on: the days of grace
    assert_eq!(due(std::slice::from_ref(&paid)), 37);
    // canceled before, in and after the days of grace
    for (canceled, ends) in [(20, 30), (33, 33), (45, 37)] {
        let facts = [paid.clone(), subscription(canceled * DAY, S::Canceled, 1)];
        assert_eq!(due(&facts), ends, "canceled on day {canceled}");
    }
    // given up by the provider, paused by the customer
    let unpaid = [paid.clone(), subscription(45 * DAY, S::Unpaid, 1)];
    assert_eq!(due(&unpaid), 37);
    let paused = [paid.clone(), subscription(9 * DAY, S::Paused, 0)];
    assert_eq!(due(&paused), 9);
    // the money was taken back
    let refunded = [paid.clone(), refund(12 * DAY, 4900, "in_0")];
    assert_eq!(due(&refunded), 12);
    let lost = [paid, dispute(50 * DAY, Objection::Lost, "in_0")];
    assert_eq!(due(&lost), 37);
}

#[test]
fn who_cancels_keeps_the_period_that_is_paid_for_and_may_think_again() {
    let canceled = |seconds, cancel| {
        let Fact::Subscription(id, mut seen) = subscription(seconds, S::Active, 0) else {
            unreachable!()
        };
        seen.value.cancel_at_period_end = cancel;
        Fact::Subscription(id, seen)
    };
    let paid = invoice(11, PaymentState::Paid, 0);
    let mut facts = vec![paid, canceled(12, false)];
    assert!(after(&facts).renews);
    facts.push(canceled(13, true));
    let account = after(&facts);
    assert!(!account.renews);
    // without days of grace: no payment is awaited
    assert_eq!(account.open_until(), Some(at(30 * DAY)));
    assert_eq!(account.standing(at(29 * DAY)), Status::Active);
    assert_eq!(account.standing(at(30 * DAY)), Status::Canceled);
    facts.push(canceled(14, false));
    assert!(after(&facts).renews);
    assert_eq!(after(&facts).open_until(), Some(at(37 * DAY)));
}

#[test]
fn what_was_asked_for_is_newer_than_what_was_told_before_and_older_than_what_is_told_then() {
    let failed = invoice(30 * DAY, PaymentState::Failed, 1);
    let told = [
        invoice(10, PaymentState::Paid, 0),
        subscription(10, S::Active, 0),
        failed,
    ];
    assert_eq!(after(&told).status, Status::PastDue);
    let Fact::Subscription(id, seen) = subscription(10, S::Active, 1) else {
        unreachable!()
    };
    // the payment's own event was lost
    let asked = Seen::fetched(seen.at, at(31 * DAY), seen.value);
    let mut facts = told.to_vec();
    facts.push(Fact::Subscription(id, asked));
    let account = after(&facts);
    assert_eq!(account.status, Status::Active);
    assert_eq!(account.paid_until, Some(at(60 * DAY)));
    facts.push(subscription(40 * DAY, S::Canceled, 1));
    assert_eq!(after(&facts).status, Status::Canceled);
}

#[test]
fn who_never_had_a_trial_and_never_paid_is_due_from_the_opening() {
    let ending = Account::opened(None).ending(at(5)).unwrap();
    assert_eq!((ending.cause, ending.at), (Cause::Opening, at(5)));
    let trial = after(&[]).ending(at(0)).unwrap();
    assert_eq!((trial.cause, trial.at), (Cause::Trial, at(14 * DAY)));
    // a subscription that never began changes nothing
    for status in [S::Canceled, S::Unpaid, S::IncompleteExpired] {
        let begun = after(&[subscription(10, status, 0)]);
        assert_eq!(begun.ending(at(0)).unwrap(), trial);
    }
}

#[test]
fn amounts_of_different_currencies_are_not_added() {
    let mut rubles = refund(30, 99_000, "p1");
    if let Fact::Refund(_, seen) = &mut rubles {
        seen.value.currency = "rub".into();
    }
    let facts = [refund(20, 100, "in_0"), rubles, refund(25, 50, "in_1")];
    assert_eq!(after(&facts).refunded_minor, 99_000);
    assert_eq!(after(&facts[..1]).refunded_minor, 100);
}

#[test]
fn a_first_payment_that_fails_leaves_the_trial_as_it_is() {
    let facts = [
        subscription(10, S::Incomplete, 0),
        invoice(11, PaymentState::Failed, 0),
    ];
    assert_eq!(after(&facts).status, Status::Trialing);
    assert_eq!(after(&facts).access(at(12)), Access::Full);
    let declined = [month(10, PaymentState::Failed, "p1")];
    assert_eq!(after(&declined).status, Status::Trialing);
}

#[test]
fn a_part_paid_back_changes_no_access_and_the_whole_suspends() {
    let paid = [
        subscription(10, S::Active, 0),
        invoice(10, PaymentState::Paid, 0),
    ];
    let part = after(&[&paid[..], &[refund(20, 4899, "in_0")]].concat());
    assert_eq!((part.status, part.refunded_minor), (Status::Active, 4899));
    let whole = after(&[&paid[..], &[refund(20, 4900, "in_0")]].concat());
    assert_eq!(whole.status, Status::Suspended);
    assert_eq!(whole.access(at(21)), Access::ReadOnly);
    let failed = [refund(20, 4900, "in_0"), refund(30, 0, "in_0")];
    let failed = after(&[&paid[..], &failed].concat());
    assert_eq!((failed.status, failed.refunded_minor), (Status::Active, 0));
}

#[test]
fn an_open_dispute_leaves_access_and_a_lost_one_takes_it() {
    let paid = [invoice(10, PaymentState::Paid, 0)];
    let with = |objection| after(&[&paid[..], &[dispute(20, objection, "in_0")]].concat());
    let open = with(Objection::Open);
    assert_eq!(
        (open.status, open.dispute),
        (Status::Active, Some(Dispute::Open))
    );
    let won = with(Objection::Won);
    assert_eq!(
        (won.status, won.dispute),
        (Status::Active, Some(Dispute::Won))
    );
    let lost = with(Objection::Lost);
    assert_eq!(
        (lost.status, lost.dispute),
        (Status::Suspended, Some(Dispute::Lost))
    );
    assert_eq!(with(Objection::Dropped).dispute, None);
}

#[test]
fn prepaid_months_follow_each_other_and_one_that_was_paid_back_is_gone() {
    let two = [
        month(0, PaymentState::Paid, "p1"),
        month(DAY, PaymentState::Paid, "p2"),
    ];
    let account = after(&two);
    assert_eq!(account.status, Status::Active);
    // 1970-01-01 and two months
    assert_eq!(account.paid_until, Some(at(59 * DAY)));
    assert_eq!(account.standing(at(58 * DAY)), Status::Active);
    assert_eq!(account.standing(at(59 * DAY)), Status::PastDue);
    assert_eq!(account.standing(at(66 * DAY)), Status::Suspended);
    let mut one = two.to_vec();
    one.push(refund(2 * DAY, 99_000, "p2"));
    assert_eq!(after(&one).paid_until, Some(at(31 * DAY)));
    one.push(refund(2 * DAY, 99_000, "p1"));
    assert_eq!(after(&one).status, Status::Suspended);
}

#[test]
fn the_claim_that_lasts_longest_counts() {
    let facts = [
        subscription(10, S::Canceled, 0),
        month(20, PaymentState::Paid, "p1"),
    ];
    let account = after(&facts);
    assert_eq!(account.status, Status::Active);
    assert_eq!(account.provider, Some(Provider::Yookassa));
    assert_eq!(account.subscription, None);
}

#[test]
fn the_clock_alone_ends_access() {
    let account = after(&[invoice(10, PaymentState::Paid, 0)]);
    let grace_end = shift(at(30 * DAY), days(7));
    let just_before = shift(grace_end, SignedDuration::from_millis(-1));
    assert_eq!(account.access(just_before), Access::Full);
    assert_eq!(account.access(grace_end), Access::ReadOnly);
    assert_eq!(account.standing(grace_end), Status::Suspended);
}

#[test]
fn only_versions_of_one_second_are_ambiguous_until_one_is_fetched() {
    let mut history = History::default();
    history.merge(&subscription(10, S::Incomplete, 0));
    assert!(!history.is_ambiguous(&subscription(10, S::Incomplete, 0)));
    assert!(!history.is_ambiguous(&subscription(11, S::Active, 0)));
    assert!(history.is_ambiguous(&subscription(10, S::Active, 0)));
    let Fact::Subscription(id, seen) = subscription(10, S::Active, 0) else {
        unreachable!()
    };
    let fetched = Seen::fetched(seen.at, at(12), seen.value);
    history.merge(&Fact::Subscription(id, fetched.clone()));
    history.merge(&subscription(10, S::Canceled, 0));
    assert_eq!(history.subscriptions["sub_1"], fetched);
}

#[test]
fn each_thing_is_told_once_in_whatever_order() {
    let facts = [
        invoice(10, PaymentState::Paid, 0),
        invoice(5, PaymentState::Failed, 0),
        refund(20, 100, "in_0"),
        refund(30, 150, "in_0"),
        invoice(10, PaymentState::Paid, 0),
    ];
    let mut history = History::default();
    let mut told = Vec::new();
    for fact in &facts {
        let before = history.clone();
        history.merge(fact);
        let account = history.account(None);
        told.extend(letters(&before, &history, &account));
    }
    let names: Vec<String> = told
        .iter()
        .map(|letter| match letter {
            Letter::PaymentReceived { amount_minor, .. } => format!("received {amount_minor}"),
            Letter::Refunded { amount_minor, .. } => format!("refunded {amount_minor}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["received 4900", "refunded 100", "refunded 50"]);
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let status = prop::sample::select(vec![
        S::Incomplete,
        S::Trialing,
        S::Active,
        S::PastDue,
        S::Paused,
        S::Unpaid,
        S::IncompleteExpired,
        S::Canceled,
    ]);
    let state = prop::sample::select(vec![
        PaymentState::Pending,
        PaymentState::Failed,
        PaymentState::Void,
        PaymentState::Paid,
    ]);
    let objection = prop::sample::select(vec![
        Objection::Open,
        Objection::Dropped,
        Objection::Won,
        Objection::Lost,
    ]);
    let payment = prop::sample::select(vec!["in_0", "in_1", "p1", "p2"]);
    let when = 0i64..40;
    prop_oneof![
        Just(bound()),
        (when.clone(), status, 0i64..3).prop_map(|(t, s, p)| subscription(t, s, p)),
        (when.clone(), state.clone(), 0i64..3).prop_map(|(t, s, p)| invoice(t, s, p)),
        (when.clone(), state, "p[12]").prop_map(|(t, s, id)| month(t, s, &id)),
        (when.clone(), 0u64..6000, payment.clone()).prop_map(|(t, a, p)| refund(t, a, p)),
        (when, objection, payment).prop_map(|(t, o, p)| dispute(t, o, p)),
    ]
}

proptest! {
    #[test]
    fn every_order_and_every_repetition_ends_in_the_same_state(
        (facts, other) in prop::collection::vec(any_fact(), 1..12).prop_flat_map(|facts| {
            let doubled: Vec<Fact> = facts.iter().chain(facts.iter()).cloned().collect();
            let more = prop::sample::subsequence(doubled.clone(), facts.len()..=doubled.len());
            let all = facts.clone();
            // every fact at least once, some twice, shuffled
            let other = more.prop_map(move |more| [all.clone(), more].concat()).prop_shuffle();
            (Just(facts), other)
        }),
    ) {
        prop_assert_eq!(after(&facts), after(&other));
    }

    #[test]
    fn whoever_may_write_has_paid_or_is_in_the_trial(
        facts in prop::collection::vec(any_fact(), 0..12),
        now in 1i64..200,
    ) {
        let account = after(&facts);
        let now = at(now * DAY);
        if account.access(now) == Access::Full {
            let trial = account.status == Status::Trialing && now < at(14 * DAY);
            let paid = account.paid_until.is_some_and(|end| now < with_grace(end));
            prop_assert!(trial || paid);
        }
    }

    #[test]
    fn every_workspace_ends_some_day_and_a_payment_opens_it_again(
        facts in prop::collection::vec(any_fact(), 0..12),
        day in 1i64..400,
    ) {
        let account = after(&facts);
        let ending = account.ending(at(0)).unwrap();
        let open = at(day * DAY) < ending.at;
        prop_assert_eq!(account.access(at(day * DAY)) == Access::Full, open);
        prop_assert!(shift(ending.at, days(30)) == ending.destruction_at());

        // at any time before the destruction
        let when = at(day * DAY).min(ending.destruction_at());
        let mut paid = facts.clone();
        paid.push(month(when.as_second(), PaymentState::Paid, "again"));
        let reopened = after(&paid);
        prop_assert_eq!(reopened.access(when), Access::Full);
        let later = reopened.ending(at(0)).unwrap();
        prop_assert!(later.at > when && later.destruction_at() > ending.destruction_at().min(when));
    }
}

#[test]
fn all_720_orders_of_a_realistic_set_end_in_the_same_state() {
    let facts = [
        bound(),
        subscription(10, S::Incomplete, 0),
        subscription(11, S::Active, 0),
        invoice(11, PaymentState::Paid, 0),
        refund(20, 900, "in_0"),
        dispute(30, Objection::Open, "in_0"),
    ];
    let expected = after(&facts);
    assert_eq!(expected.status, Status::Active);
    let mut orders = 0;
    permutations(&mut facts.to_vec(), 0, &mut |order| {
        assert_eq!(after(order), expected);
        orders += 1;
    });
    assert_eq!(orders, 720);
}

fn permutations(facts: &mut Vec<Fact>, from: usize, visit: &mut impl FnMut(&[Fact])) {
    if from == facts.len() {
        return visit(facts);
    }
    for next in from..facts.len() {
        facts.swap(from, next);
        permutations(facts, from + 1, visit);
        facts.swap(from, next);
    }
}
