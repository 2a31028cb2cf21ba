//! Deeds whose answers were lost, each at the place where it hurt.

use assetbox::cloud::{Failure, Fault, Moment};
use jiff::SignedDuration;
use serde_json::json;

use crate::erasure::{erase, proven};
use crate::support::upload::send_to;
use crate::support::{Call, Person, TestMachine};

/// How often the SDK of one machine tries.
const ATTEMPTS: usize = 3;

fn lose(function: &str, operation: &str, times: usize) -> Fault {
    Fault {
        caller: Some(function.to_owned()),
        operation: Some(operation.to_owned()),
        skip: 0,
        times,
        failure: Failure::Timeout,
        moment: Moment::After,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_does_not_wait_for_a_lease_whose_answer_was_lost() {
    let machine = TestMachine::start().await;
    for times in [1, ATTEMPTS] {
        let person = Person::new();
        machine
            .faults()
            .add(lose("OutboxFunction", "UpdateItem", times));
        machine.sign_up(&person, &[]).await.is(202);
        assert_eq!(machine.faults().pending(), 0);
        assert_eq!(machine.mails_to(&person.email).await.len(), 1, "{times}");
    }
    assert!(machine.clock().offset().is_zero(), "nobody has waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_can_be_sent_to_an_upload_that_was_begun_without_an_answer() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let size = 100 * 1024 * 1024 + 3;
    let film = json!({"name": "film.mp4", "content_type": "video/mp4", "size_bytes": size});
    let call = Call::new("POST", "/uploads").header("idempotency-key", "1");
    let call = call.json(&film);
    let faults = machine.faults();
    faults.add(lose("UploadsFunction", "TransactWriteItems", ATTEMPTS));
    user.api.send(call.clone()).await;
    assert_eq!(faults.pending(), 0);
    let upload = user.api.send(call).await.json(201);

    let path = format!("/uploads/{}", upload["id"].as_str().unwrap());
    let parts = format!("{path}/parts");
    let last = user.api.post(parts, &json!({"numbers": [7]})).await;
    let last = &last.json(200)["items"][0];
    let length = domain::upload::part_length(size, 7).unwrap();
    let bytes = vec![7; usize::try_from(length).unwrap()];
    send_to(machine.http(), last, bytes).await.is(200);
    let arrived = user.api.get(&path).await.json(200);
    assert_eq!(arrived["parts"]["arrived"][0]["number"], 7, "{arrived}");
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(billing["stored_bytes"], size, "reserved once");
}

/// Whichever call of the destruction fails, the ledger tells of it once.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_sign_up_is_told_once() {
    const A_SIGN_UP_IS_OVER: SignedDuration = SignedDuration::from_hours(25);
    let machine = TestMachine::start().await;
    for call in 0..12 {
        machine.sign_up(&Person::new(), &[]).await.is(202);
        machine.faults().add(Fault {
            caller: Some("ErasureFunction".to_owned()),
            operation: None,
            skip: call,
            times: ATTEMPTS,
            failure: Failure::ServerError,
            moment: Moment::Before,
        });
        machine.pass(A_SIGN_UP_IS_OVER).await;
        machine.faults().clear();
        let told = machine.entries("sign_up.destroyed").await.len();
        assert_eq!(told, call + 1, "after a failure of call {call}");
    }
    assert_eq!(machine.items("KeysTable").await.len(), 0);
}

/// A certificate says how much was destroyed, however often the work broke off between batches.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_erasure_found_is_counted_once() {
    let machine = TestMachine::start().await;
    let staff = machine.staff().await;
    let mut found = Vec::new();
    for broken_off in [false, true] {
        let user = machine.user().await;
        for number in 0..14 {
            let name = format!("{number}.txt");
            let sent = machine.send_file(&user.api, &name, "text/plain", b"words");
            sent.await;
        }
        machine.settled().await;
        if broken_off {
            // sessions are one batch, the workspace's items are two: the second of these fails
            machine.faults().add(Fault {
                skip: 2,
                failure: Failure::ServerError,
                moment: Moment::Before,
                ..lose("ErasureFunction", "BatchWriteItem", ATTEMPTS)
            });
        }
        let address = erase(&machine, &user, &staff).await;
        assert_eq!(machine.faults().pending(), 0);
        let certificate = proven(&machine, &address).await;
        let steps = certificate.steps.iter();
        found.push(
            steps
                .map(|step| (step.step, step.before))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(found[0], found[1]);
}
