//! Every function has a program that takes what each of its sources sends.

use assetbox::template::{Function, Source, StreamSource};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{failed, send};
use crate::support::TestMachine;
use crate::support::events::{scheduled, sqs};
use crate::support::lambda::{ApiRequest, Program};

/// A record of a change that the mapping's filter would keep back.
fn change(source: &StreamSource) -> Value {
    let key = json!({"pk": {"S": "WSP#wsp_1"}, "sk": {"S": "META"}});
    json!({"Records": [{
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_392_000.0,
            "Keys": key,
            "NewImage": key,
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 26,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": source.stream_arn,
    }]})
}

async fn takes_its_events(machine: &TestMachine, function: &Function) {
    let model = machine.model();
    let program = Program::start(machine, &function.id).await;
    if model
        .routes
        .iter()
        .any(|route| route.function == function.id)
    {
        let nowhere = send(&program, ApiRequest::new("GET", "/nowhere")).await;
        nowhere.problem(404, "not_found");
    }
    for source in &function.sources {
        match source {
            Source::Queue(source) => {
                let queue = model.queues.iter().find(|queue| queue.name == source.queue);
                let event = sqs(machine, &queue.unwrap().id, &["no JSON".to_owned()]);
                let id = event["Records"][0]["messageId"].clone();
                let answer = program.answer(event).await;
                assert_eq!(answer, failed(&[id.as_str().unwrap()]), "{}", function.id);
            }
            Source::Stream(source) => {
                let answer = program.answer(change(source)).await;
                assert_eq!(answer, failed(&[]), "{}", function.id);
            }
            Source::Schedule(schedule) => {
                let event = schedule.input.clone().unwrap_or_else(scheduled);
                let answer = program.answer(event).await;
                // one that takes requests answers as an HTTP API wants it
                let status = answer.get("statusCode");
                assert!(status.is_none_or(|status| status == 200), "{answer}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_program_takes_what_its_sources_send() {
    let machine = TestMachine::start().await;
    let functions = &machine.model().functions;
    assert!(functions.len() >= 12);
    join_all(
        functions
            .iter()
            .map(|function| takes_its_events(&machine, function)),
    )
    .await;
}
