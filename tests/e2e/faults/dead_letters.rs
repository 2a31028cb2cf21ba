//! What was given up is done after all, once the cause is gone and the operator says so.

use assetbox::MachineOptions;
use assetbox::cli::replay::{Replayed, replay};
use assetbox::cloud::{Failure, Fault, Moment};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Person, TestMachine, pictures};

/// For as long as nobody ends it, no call of this function succeeds, or none of one operation.
fn break_down(machine: &TestMachine, function: &str, operation: Option<&str>) {
    machine.faults().add(Fault {
        caller: Some(function.to_owned()),
        operation: operation.map(str::to_owned),
        skip: 0,
        times: 1_000_000,
        failure: Failure::ServerError,
        moment: Moment::Before,
    });
}

async fn dead(machine: &TestMachine, queue: &str) -> u64 {
    let name = machine.name_of(queue);
    let depth = machine.services().sqs().depth(&name).await;
    depth.unwrap().visible
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_failed_too_often_are_replayed() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    break_down(&machine, "RenditionsFunction", None);
    let bytes = pictures::png();
    let asset = machine
        .send_file(&user.api, "dot.png", "image/png", &bytes)
        .await;
    machine.settled().await;
    assert_eq!(dead(&machine, "RenditionsDeadLetters").await, 1);

    // as long as the cause is there, a replay changes nothing
    let replayed = Replayed { moved: 1, notes: 0 };
    assert_eq!(replay(&machine).await.unwrap(), replayed);
    machine.settled().await;
    assert_eq!(dead(&machine, "RenditionsDeadLetters").await, 1);

    machine.faults().clear();
    assert_eq!(replay(&machine).await.unwrap(), replayed);
    machine.settled().await;
    assert_eq!(dead(&machine, "RenditionsDeadLetters").await, 0);
    let view = user.api.get(format!("/assets/{asset}")).await.json(200);
    assert_eq!(
        (&view["preview"]["state"], &view["tagging"]),
        (&json!("ready"), &json!("done"))
    );
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(billing["stored_bytes"], view["size_bytes"], "counted once");
    assert!(replay(&machine).await.unwrap().is_nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_stream_that_were_given_up_are_swept() {
    let template = MachineOptions::default().template;
    let (often, once) = ("MaximumRetryAttempts: 10\n", "MaximumRetryAttempts: 1\n");
    assert!(template.contains(often));
    let machine = TestMachine::start_with(MachineOptions {
        template: template.replace(often, once),
        ..MachineOptions::default()
    })
    .await;
    let person = Person::new();
    break_down(&machine, "OutboxFunction", Some("SendRawEmail"));
    machine.sign_up(&person, &[]).await.is(202);
    assert_eq!(dead(&machine, "OutboxDeadLetters").await, 1);
    assert_eq!(machine.mails().await.len(), 0);

    machine.faults().clear();
    let replayed = Replayed { moved: 0, notes: 1 };
    assert_eq!(replay(&machine).await.unwrap(), replayed);
    assert_eq!(dead(&machine, "OutboxDeadLetters").await, 0);
    // an item that is five minutes old is the sweep's
    machine.pass(SignedDuration::from_mins(6)).await;
    assert_eq!(machine.mails_to(&person.email).await.len(), 1);
    assert_eq!(machine.keys("CatalogTable", "OUT#").await, []);
    machine.verify(&person).await.is(200);
}
