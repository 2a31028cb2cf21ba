//! A controller in the story: a request that its person confirms, whose callback fails once, and
//! one that is taken back.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::controller::{Controller, path_of};
use crate::support::provider::Provider;
use crate::support::{Person, TestMachine};

/// From two requests to the callbacks about them.
pub async fn exchanges(machine: &TestMachine) {
    let (controller, receiver) = (machine.controller("example"), Provider::start().await);
    let callbacks = [format!("{}/callbacks", receiver.url)];
    let person = Person::new();
    machine.user_like(person.clone(), &[]).await;
    let access = Controller::request("access", &person.email, &callbacks);
    let stray = Controller::request("erasure", &Person::new().email, &callbacks);
    for request in [&access, &stray] {
        controller.pass(request).await.is(201);
    }
    machine.settled().await;
    controller.api.delete(path_of(&stray)).await.is(202);

    let link = machine.link(&person.email, "request").await;
    let (request, token) = link.split_once('.').expect("request and token");
    let path = format!("/data-subject-requests/{request}/confirm");
    let confirm = json!({"token": token});
    machine.anonymous().post(path, &confirm).await.is(200);
    machine.exchanges().await;
    assert_ne!(receiver.asked().len(), 0, "it was tried");
    receiver.answers("POST /callbacks", 200, Value::Null);
    machine.pass(SignedDuration::from_mins(6)).await;
    machine.exchanges().await;
    let status = controller.status(&access).await;
    assert_eq!(status["request_status"], "completed");
}
