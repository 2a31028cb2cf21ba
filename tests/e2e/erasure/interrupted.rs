//! The process dies at any AWS call of the erasure: the next delivery ends in the same state.
//!
//! Dying before a call is, for the stores, the same as dying after the one before it, and a call
//! that only reads leaves them as they were. So the process dies before its first call, and after
//! each that may have changed something, with its answer lost.

use assetbox::cloud::{Failure, Fault, Moment};
use domain::certificate::Certificate;
use domain::ids::SubjectId;
use jiff::SignedDuration;

use super::{erase, proven, somebody};
use crate::support::{TestMachine, User};

const FUNCTION: &str = "ErasureFunction";

/// What must be the same however often the work broke off.
fn end_state(certificate: &Certificate) -> Vec<(String, u64, u64)> {
    let steps = certificate.steps.iter();
    steps
        .map(|receipt| {
            (
                receipt.step.as_str().to_owned(),
                receipt.before,
                receipt.after,
            )
        })
        .collect()
}

/// Operations that change nothing: to die after one is to die after the call before it. What is
/// not named here counts as one that changes something.
fn only_reads(operation: &str) -> bool {
    const NAMES: [&str; 7] = [
        "BatchGetItem",
        "Decrypt",
        "Encrypt",
        "Query",
        "Scan",
        "Sign",
        "TransactGetItems",
    ];
    const FAMILIES: [&str; 4] = ["Describe", "Get", "Head", "List"];
    NAMES.contains(&operation) || FAMILIES.iter().any(|family| operation.starts_with(family))
}

/// A call to die at: the first of all, before it, or one that changes something, after it.
#[derive(Debug, Clone)]
struct Death {
    operation: Option<String>,
    /// How many such calls there are before.
    skip: usize,
    moment: Moment,
}

/// Everywhere that the process can die so that the stores differ.
fn deaths(calls: &[String]) -> Vec<Death> {
    let mut all = vec![Death {
        operation: None,
        skip: 0,
        moment: Moment::Before,
    }];
    for (number, operation) in calls.iter().enumerate() {
        if !only_reads(operation) {
            all.push(Death {
                operation: Some(operation.clone()),
                skip: calls[..number].iter().filter(|o| *o == operation).count(),
                moment: Moment::After,
            });
        }
    }
    all
}

async fn erase_dying_at(
    machine: &TestMachine,
    staff: &User,
    death: &Death,
) -> (SubjectId, Certificate) {
    let user = somebody(machine).await;
    let subject = machine.subject_of(&user.person.email).await;
    machine.faults().add(Fault {
        caller: Some(FUNCTION.to_owned()),
        operation: death.operation.clone(),
        skip: death.skip,
        times: 1,
        failure: Failure::Kill,
        moment: death.moment,
    });
    let address = erase(machine, &user, staff).await;
    assert_eq!(machine.faults().pending(), 0, "{death:?} came");
    let certificate = proven(machine, &address).await;
    let dead = machine
        .services()
        .sqs()
        .depth(&machine.name_of("JobsDeadLetters"))
        .await
        .unwrap();
    assert_eq!(dead.visible, 0, "{death:?}");
    (subject, certificate)
}

/// Dies at every second place, from this one on.
async fn dying_at_every_second_place(first: usize) {
    let machine = TestMachine::start().await;
    let mut staff = machine.staff().await;
    let count = machine.count(FUNCTION);
    let user = somebody(&machine).await;
    let address = erase(&machine, &user, &staff).await;
    let undisturbed = end_state(&proven(&machine, &address).await);
    let calls = count.operations();
    let deaths = deaths(&calls);
    assert!(calls.len() > 40 && deaths.len() > 15, "{calls:?}");
    let mut erased = Vec::new();
    for (place, death) in deaths.iter().skip(first).step_by(2).enumerate() {
        if place % 10 == 9 {
            // Limits count per hour, and a session ends.
            machine.pass(SignedDuration::from_hours(2)).await;
            staff = machine.sign_in(&staff.person).await;
        }
        let (subject, certificate) = erase_dying_at(&machine, &staff, death).await;
        assert_eq!(end_state(&certificate), undisturbed, "{death:?}");
        erased.push((subject.to_string(), death));
    }
    // the tables are read once: they grow with every erasure
    let completed = machine.entries("erasure.completed").await.len();
    assert_eq!(completed, erased.len() + 1, "each erasure ends once");
    for item in machine.everything().await {
        for (subject, death) in &erased {
            assert!(!item.contains(subject), "{death:?}: {item}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_the_first_call_and_every_second_change_it_resumes() {
    dying_at_every_second_place(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_the_other_changes_it_resumes() {
    dying_at_every_second_place(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_and_failing_calls_are_outlived() {
    let machine = TestMachine::start().await;
    let staff = machine.staff().await;
    let failing = [
        ("TransactWriteItems", Failure::ServerError),
        ("BatchWriteItem", Failure::Throttle),
        ("DeleteObjects", Failure::Throttle),
        ("ListObjectVersions", Failure::ServerError),
        ("Query", Failure::Timeout),
        ("Sign", Failure::ServerError),
        ("PutObject", Failure::ServerError),
    ];
    for (operation, failure) in failing {
        let user = somebody(&machine).await;
        machine.faults().add(Fault {
            caller: Some(FUNCTION.to_owned()),
            operation: Some(operation.to_owned()),
            skip: 0,
            times: 5,
            failure,
            moment: Moment::Before,
        });
        let address = erase(&machine, &user, &staff).await;
        assert_eq!(machine.faults().pending(), 0, "{operation}");
        proven(&machine, &address).await;
    }
}
