//! An invocation that fails is told to Lambda as an error, and the process goes on.

use std::env;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use super::send;
use crate::support::TestMachine;
use crate::support::lambda::{ApiRequest, Outcome, Program, environment};

async fn error_of(program: &Program, event: Value) -> String {
    let outcome = program.invoke(event).await;
    let Outcome::Error(error) = outcome else {
        panic!("an answer: {outcome:?}");
    };
    error["errorMessage"]
        .as_str()
        .expect("a message")
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_none_or_makes_the_runtime_panic_fails_alone() {
    let machine = TestMachine::start().await;
    let program = Program::start(&machine, "UploadsFunction").await;
    let read = || ApiRequest::new("GET", "/uploads/upl_1");
    error_of(&program, json!({"not": "an event"})).await;
    send(&program, read())
        .await
        .problem(401, "sign_in_required");
    // API Gateway never sends it: the runtime's own decoder panics, outside the router
    let error = error_of(&program, read().base64("no base64").event()).await;
    assert!(error.contains("panicked"), "{error}");
    send(&program, read())
        .await
        .problem(401, "sign_in_required");
}

/// What makes the program below panic.
fn panicking() -> Value {
    json!({"panics": true})
}

async fn echo(event: Value) -> Result<Value, String> {
    assert_ne!(event, panicking(), "as the event says");
    Ok(event)
}

/// No event is known to make a handler of the product panic, so this one does it on the same
/// entry point.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is the process that the next test starts"]
async fn a_program_that_panics() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        platform::lambda::listen(echo).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_fails_one_invocation() {
    let machine = TestMachine::start().await;
    let mut command = Command::new(env::current_exe().unwrap());
    let test = format!("{}::a_program_that_panics", module_path!());
    let (_, test) = test.split_once("::").unwrap();
    command.args(["--exact", test, "--ignored"]);
    command.envs(environment(&machine, "OutboxFunction").await);
    // it starts while the other programs are linked
    let program = Program::spawn(command, Duration::from_secs(60)).await;
    for _ in 0..2 {
        let error = error_of(&program, panicking()).await;
        assert!(error.contains("as the event says"), "{error}");
        let answer = program.answer(json!({"hello": 1})).await;
        assert_eq!(answer, json!({"hello": 1}));
    }
}
