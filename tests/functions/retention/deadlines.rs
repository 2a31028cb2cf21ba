//! The guard of the deadlines: at day 25 of 30 somebody is told, and again when it is over.

use std::collections::BTreeSet;

use assetbox_tests::log;
use domain::compliance::incident::Accesses;
use domain::compliance::notice::{Matter, Recipient};
use domain::compliance::processor::Processor;
use domain::compliance::{Period, Words, claim, hold, incident};
use domain::ids::{ClaimId, HoldId, IncidentId, RequestId, SubjectId};
use domain::processing::{Actor, Category};
use domain::regime::{Duty, Regime};
use domain::request::{Ground, Level, Progress, RequestKind};
use domain::time::{SignedDuration, days, shift};
use store::Tx;
use store::compliance::{Case, Notice};
use store::people::Request;

use super::Warehouse;

impl Warehouse {
    async fn asked_for(&self, kind: RequestKind) {
        let progress = Progress::received(kind, Regime::Ru152, Level::L3, self.now());
        self.asked(progress).await;
    }

    async fn asked(&self, progress: Progress) {
        let now = self.now();
        let request = Request::new(SubjectId::new(now), RequestId::new(now), progress);
        self.db().put(&request).await.unwrap();
    }

    /// How many deadlines of this register stand so.
    async fn count(&self, register: &str, how: [&str; 2]) -> (u64, u64) {
        let answer = self.run().await;
        let counts = &answer["deadlines"][register];
        let [one, other] = how.map(|of| counts[of].as_u64().unwrap());
        (one, other)
    }

    /// How many deadlines of this register are near, and how many were missed.
    async fn standing(&self, register: &str) -> (u64, u64) {
        self.count(register, ["at_risk", "overdue"]).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_nobody_decides_is_an_alarm_on_day_25() {
    let warehouse = Warehouse::new().await;
    warehouse.asked_for(RequestKind::Erasure).await;
    // it took effect with its receipt
    warehouse.asked_for(RequestKind::Restriction).await;
    warehouse.advance(days(25) - SignedDuration::from_mins(1));
    assert_eq!(warehouse.standing("requests").await, (0, 0));

    warehouse.advance(SignedDuration::from_mins(2));
    assert_eq!(warehouse.standing("requests").await, (1, 0));
    assert!(log::mentions("deadline_at_risk"));
    // the end may roll over days off
    warehouse.advance(days(20));
    assert_eq!(warehouse.standing("requests").await, (0, 1));
    assert!(log::mentions("deadline_missed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn shorter_periods_are_told_of_two_days_before() {
    let warehouse = Warehouse::new().await;
    warehouse.asked_for(RequestKind::Rectification).await;
    assert_eq!(warehouse.standing("requests").await, (0, 0));
    // seven working days are nine days at least
    warehouse.advance(days(6));
    assert_eq!(warehouse.standing("requests").await, (0, 0));
    warehouse.advance(days(30));
    assert_eq!(warehouse.standing("requests").await, (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_and_notices_are_guarded_like_requests() {
    let warehouse = Warehouse::new().await;
    let (db, gate, now) = (warehouse.db(), warehouse.gate(), warehouse.now());
    let words = |text: &str| Words::new(text).unwrap();
    let claim = claim::File {
        subject: SubjectId::new(now),
        text: words("You have lost my files."),
        answer: None,
    };
    let received = claim::Progress::received(now, now).unwrap();
    let claim = Case::new(
        &gate,
        ClaimId::new(now),
        received,
        &claim,
        Actor::System,
        now,
    )
    .await;
    let (claim, key) = claim.unwrap();
    let stripe = Recipient::Processor(Processor::Stripe);
    let notice = Notice::due(stripe, Matter::Destruction, Vec::new(), now);
    let mut tx = Tx::new();
    tx.open_case(&claim, &key);
    tx.notify(&notice, now);
    db.commit(tx).await.unwrap();
    assert_eq!(warehouse.standing("claims").await, (0, 0));
    assert_eq!(warehouse.standing("notices").await, (0, 0));
    warehouse.advance(days(25));
    assert_eq!(warehouse.standing("claims").await, (1, 0));
    assert_eq!(warehouse.standing("notices").await, (1, 0));
    warehouse.advance(days(20));
    assert_eq!(warehouse.standing("claims").await, (0, 1));
    assert_eq!(warehouse.standing("notices").await, (0, 1));

    let (hash, then) = (domain::ledger::Hash([7; 32]), warehouse.now());
    let answered = notice.progress.clone().answered(hash, then, then).unwrap();
    db.put(&notice.with(answered)).await.unwrap();
    let answered = claim.progress.clone().answer(then).unwrap();
    db.put(&claim.with(answered)).await.unwrap();
    assert_eq!(warehouse.standing("claims").await, (0, 0));
    assert_eq!(warehouse.standing("notices").await, (0, 0));
}

/// Clause 8.2: reminders before the alarm, counted and told in the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_is_counted_before_the_alarm() {
    let warehouse = Warehouse::new().await;
    // a month that rolls over no days off: the alarm is five days before its end
    let progress = Progress::received(
        RequestKind::Access,
        Regime::Gdpr,
        Level::L3,
        warehouse.now(),
    );
    let due_at = progress.due_at();
    warehouse.asked(progress).await;
    let how = ["reminded", "at_risk"];
    let until = |left: i64| shift(due_at, -days(left)).duration_since(*warehouse.now());
    warehouse.advance(until(8));
    assert_eq!(warehouse.count("requests", how).await, (0, 0));
    warehouse.advance(until(6));
    assert_eq!(warehouse.count("requests", how).await, (1, 0));
    assert!(log::mentions("deadlines come near"));
    assert!(log::metrics("DeadlinesReminded").contains(&1));
    warehouse.advance(until(4));
    assert_eq!(warehouse.count("requests", how).await, (0, 1));
}

/// Clause 5.9: the notice within 24 hours, the findings within 72.
#[tokio::test(flavor = "multi_thread")]
async fn the_clocks_of_an_incident_are_guarded() {
    let warehouse = Warehouse::new().await;
    let (db, gate, now) = (warehouse.db(), warehouse.gate(), warehouse.now());
    let accesses = Accesses {
        period: Period::new(now, now).unwrap(),
        purpose: None,
        actor: None,
        operation: None,
    };
    let known = incident::Progress::register(now, &BTreeSet::new(), accesses, now).unwrap();
    let file = incident::File {
        description: Words::new("A laptop was stolen.").unwrap(),
        findings: None,
        remarks: Vec::new(),
    };
    let case = Case::new(&gate, IncidentId::new(now), known, &file, Actor::Staff, now).await;
    let (case, key) = case.unwrap();
    let mut tx = Tx::new();
    tx.open_case(&case, &key);
    db.commit(tx).await.unwrap();
    // (hours since it became known, near, missed)
    let course = [(0, 0, 0), (20, 1, 0), (25, 0, 1), (68, 1, 1), (73, 0, 2)];
    let mut passed = 0;
    for (hours, near, missed) in course {
        warehouse.advance(SignedDuration::from_hours(hours - passed));
        passed = hours;
        let standing = warehouse.standing("incidents").await;
        assert_eq!(standing, (near, missed), "hour {hours}");
    }
    let then = warehouse.now();
    let told = [Duty::IncidentNotice, Duty::IncidentFindings]
        .into_iter()
        .try_fold(case.progress.clone(), |progress, duty| {
            progress.report((Regime::Ru152, duty), then)
        });
    db.put(&case.with(told.unwrap())).await.unwrap();
    assert_eq!(warehouse.standing("incidents").await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_review_of_a_hold_is_guarded() {
    let warehouse = Warehouse::new().await;
    let (gate, now) = (warehouse.gate(), warehouse.now());
    let law = Ground::new("Civil Code art. 196").unwrap();
    let until = shift(now, days(200));
    let placed = hold::Progress::place([Category::Contact].into(), law, until, now).unwrap();
    let file = hold::File {
        subject: SubjectId::new(now),
        reason: Words::new("A claim is before the court.").unwrap(),
    };
    let hold = Case::new(&gate, HoldId::new(now), placed, &file, Actor::Staff, now).await;
    let (hold, key) = hold.unwrap();
    let mut tx = Tx::new();
    tx.open_case(&hold, &key);
    warehouse.db().commit(tx).await.unwrap();
    assert_eq!(warehouse.standing("holds").await, (0, 0));
    warehouse.advance(days(84));
    assert_eq!(warehouse.standing("holds").await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_is_no_risk() {
    let warehouse = Warehouse::new().await;
    let now = warehouse.now();
    let progress = Progress::received(RequestKind::Erasure, Regime::Ru152, Level::L3, now);
    let ground = Ground::new("152-FZ art. 21(5)").unwrap();
    let refused = progress.refuse(ground, now).unwrap();
    let request = Request::new(SubjectId::new(now), RequestId::new(now), refused);
    warehouse.db().put(&request).await.unwrap();
    warehouse.advance(days(60));
    assert_eq!(warehouse.standing("requests").await, (0, 0));
}
