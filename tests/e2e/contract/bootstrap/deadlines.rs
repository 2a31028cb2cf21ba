//! Work that would outlast its invocation is given up before Lambda kills it.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Reply, failed, send, test_event};
use crate::support::TestMachine;
use crate::support::events::{object_created, object_key, sqs};
use crate::support::lambda::{ApiRequest, Outcome, Program};
use crate::support::upload::announced;

/// A program whose database takes connections and never answers, until the first value is dropped.
async fn beside_a_dead_database(machine: &TestMachine, function: &str) -> (TcpListener, Program) {
    // connections wait to be accepted for ever
    let dead = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", dead.local_addr().unwrap());
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", url.as_str())];
    let program = Program::start_with(machine, function, &variables).await;
    (dead, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_gets_an_answer_that_can_be_acted_on() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let (_dead, program) = beside_a_dead_database(&machine, "UploadsFunction").await;
    let form = announced("dot.png", "image/png", b"bytes");
    let begin = ApiRequest::new("POST", "/uploads").json(&form);
    // what needs no database is answered
    let nobody = || send(&program, begin.clone());
    nobody().await.problem(401, "sign_in_required");
    let second = Duration::from_secs(1);
    for within in [second * 2, second / 4, Duration::ZERO] {
        let began = Instant::now();
        let event = begin.clone().by(&user).event();
        let outcome = program.invoke_within(event, within).await;
        // where next to nothing is left of the time: at once
        assert!(began.elapsed() < within.max(second), "{within:?}");
        let Outcome::Answer(answer) = outcome else {
            panic!("an error: {outcome:?}");
        };
        let reply = Reply::of(answer);
        assert_eq!(reply.headers["retry-after"], "1");
        reply.problem(503, "busy");
    }
    nobody().await.problem(401, "sign_in_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_names_the_messages_that_are_not_done() {
    let machine = TestMachine::start().await;
    let (_dead, program) = beside_a_dead_database(&machine, "RenditionsFunction").await;
    let zeros = "0".repeat(32);
    let key = object_key(
        "originals",
        &format!("wsp_{zeros}"),
        &format!("ast_{zeros}"),
    );
    let stuck = object_created(&machine, &key, "0055AED6DCD90281E5");
    let event = sqs(
        &machine,
        "RenditionsQueue",
        &[stuck.clone(), test_event(), stuck],
    );
    let of_the_set_up = sqs(&machine, "RenditionsQueue", &[test_event()]);
    assert_eq!(program.answer(of_the_set_up).await, failed(&[]));
    let id = |index: usize| event["Records"][index]["messageId"].as_str().unwrap();
    let within = Duration::from_secs(3);
    let began = Instant::now();
    let outcome = program.invoke_within(event.clone(), within).await;
    assert!(began.elapsed() < within);
    let Outcome::Answer(answer) = outcome else {
        panic!("an error: {outcome:?}");
    };
    // one after the other: the first uses up the time, and nothing begins after it
    assert_eq!(answer, failed(&[id(0), id(1), id(2)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_s_work_fails_so_that_it_is_tried_again() {
    let machine = TestMachine::start().await;
    let (_dead, program) = beside_a_dead_database(&machine, "OutboxFunction").await;
    let nothing = json!({"Records": []});
    assert_eq!(program.answer(nothing).await, failed(&[]));
    let within = Duration::from_secs(2);
    let began = Instant::now();
    let outcome = program
        .invoke_within(json!({"task": "sweep"}), within)
        .await;
    assert!(began.elapsed() < within);
    let Outcome::Error(error) = outcome else {
        panic!("an answer: {outcome:?}");
    };
    assert_eq!(error["errorMessage"], "the invocation's time is over");
}
