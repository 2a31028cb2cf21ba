//! The process dies at any AWS call of the erasure: the next delivery ends in the same state.
//!
//! Dying before a call is, for the stores, the same as dying after the one before it; so each
//! call but the first is died after, with its answer lost.

use assetbox::cloud::{Failure, Fault, Moment};
use domain::certificate::Certificate;
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

async fn erase_dying_at(
    machine: &TestMachine,
    staff: &User,
    skip: usize,
    moment: Moment,
) -> Certificate {
    let user = somebody(machine).await;
    machine.faults().add(Fault {
        caller: Some(FUNCTION.to_owned()),
        operation: None,
        skip,
        times: 1,
        failure: Failure::Kill,
        moment,
    });
    let address = erase(machine, &user, staff).await;
    assert_eq!(machine.faults().pending(), 0, "call {skip} was made");
    let certificate = proven(machine, &address).await;
    let dead = machine
        .services()
        .sqs()
        .depth(&machine.name_of("JobsDeadLetters"))
        .await
        .unwrap();
    assert_eq!(dead.visible, 0);
    certificate
}

/// Dies at every call whose number leaves this rest by three.
async fn dying_at_every_third_call(rest: usize) {
    let machine = TestMachine::start().await;
    let mut staff = machine.staff().await;
    let count = machine.count(FUNCTION);
    let user = somebody(&machine).await;
    let address = erase(&machine, &user, &staff).await;
    let undisturbed = end_state(&proven(&machine, &address).await);
    let calls = count.operations();
    assert!(calls.len() > 40, "{calls:?}");
    for (number, operation) in calls
        .iter()
        .enumerate()
        .filter(|(number, _)| number % 3 == rest)
    {
        if number % 30 == rest {
            // Limits count per hour, and a session ends.
            machine.pass(SignedDuration::from_hours(2)).await;
            staff = machine.sign_in(&staff.person).await;
        }
        let certificate = erase_dying_at(&machine, &staff, number, Moment::After).await;
        assert_eq!(
            end_state(&certificate),
            undisturbed,
            "killed after call {number}, {operation}"
        );
    }
    if rest == 0 {
        let certificate = erase_dying_at(&machine, &staff, 0, Moment::Before).await;
        assert_eq!(end_state(&certificate), undisturbed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_calls_0_3_6_it_resumes() {
    dying_at_every_third_call(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_calls_1_4_7_it_resumes() {
    dying_at_every_third_call(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_calls_2_5_8_it_resumes() {
    dying_at_every_third_call(2).await;
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
