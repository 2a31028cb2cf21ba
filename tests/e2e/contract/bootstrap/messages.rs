//! Batches of queues and streams, as the machine's own sources made them: what is done is done
//! once, and only what failed is named.

use assetbox_tests::Stage;
use assetbox_tests::stage::jobs;
use serde_json::{Value, json};

use super::{failed, message, test_event};
use crate::support::events::sqs;
use crate::support::lambda::{Outcome, Program};
use crate::support::{Person, User, pictures};

/// The records that have come to a function which has done nothing with them.
async fn received(stage: &Stage, function: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for event in stage.received(function).await {
        all.extend(event["Records"].as_array().cloned().unwrap_or_default());
    }
    all
}

async fn asset(user: &User, id: &str) -> Value {
    user.api.get(format!("/assets/{id}")).await.json(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_rendered_and_tagged_beside_messages_that_are_poisoned() {
    let stage = Stage::start().await;
    let user = stage.account(Person::new(), &[]).await;
    let cat = pictures::shipped("cat.jpg");
    let id = stage
        .send_file(&user.api, "cat.jpg", "image/jpeg", &cat)
        .await;
    for (function, state) in [
        ("RenditionsFunction", "/preview/state"),
        ("TaggingFunction", "/tagging"),
    ] {
        let announced = received(&stage, function).await;
        let [announced] = announced.as_slice() else {
            panic!("{function} was told {announced:?}");
        };
        let event = json!({"Records": [
            message(announced, "poisoned", "{\"Records\":"),
            announced,
            message(announced, "of-the-set-up", &test_event()),
        ]});
        let program = Program::start(&stage, function).await;
        assert_eq!(program.answer(event.clone()).await, failed(&["poisoned"]));
        let after = asset(&user, &id).await;
        let reached = after.pointer(state).and_then(Value::as_str);
        assert!(matches!(reached, Some("ready" | "done")), "{after}");
        // at least once: the same batch again changes nothing
        assert_eq!(program.answer(event).await, failed(&["poisoned"]));
        assert_eq!(asset(&user, &id).await, after);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_carried_out_beside_one_that_is_poisoned() {
    let stage = Stage::start().await;
    let user = stage.account(Person::new(), &[]).await;
    let id = stage
        .send_file(&user.api, "dot.png", "image/png", &pictures::png())
        .await;
    let upload = id.replace("ast_", "upl_");
    let complete = format!("/uploads/{upload}/complete");
    user.api.act(complete).await.is(200);
    let path = format!("/assets/{id}");
    let etag = user.api.get(&path).await.etag();
    user.api.change("DELETE", &path, &etag, None).await.is(200);
    user.api.act(format!("{path}/purge")).await.is(202);

    let ordered = jobs(&stage.take().await);
    let [job] = ordered.as_slice() else {
        panic!("{ordered:?}");
    };
    let bodies = [
        serde_json::to_string(job).unwrap(),
        "{\"job\":\"unheard_of\"}".to_owned(),
    ];
    let event = sqs(&stage, "JobsQueue", &bodies);
    let poisoned = event["Records"][1]["messageId"].as_str().unwrap();
    let program = Program::start(&stage, "ErasureFunction").await;
    for _ in 0..2 {
        assert_eq!(program.answer(event.clone()).await, failed(&[poisoned]));
        assert_eq!(stage.keys_of("AssetsBucket"), Vec::<String>::new());
        user.api.get(&path).await.problem(404, "not_found");
    }
}

/// The sequence number of a stream's record.
fn sequence(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_sent_and_the_ledger_is_sealed_from_the_streams() {
    let stage = Stage::start().await;
    let people = [Person::new(), Person::new()];
    for person in &people {
        stage.sign_up(person, &[]).await.is(202);
    }
    let records = received(&stage, "OutboxFunction").await;
    let of_ledger = |record: &&Value| {
        let key = record["dynamodb"]["Keys"]["pk"]["S"].as_str();
        key.is_some_and(|key| key.starts_with("EVT#"))
    };
    let (entries, letters): (Vec<&Value>, Vec<&Value>) = records.iter().partition(of_ledger);
    let letters_event = json!({"Records": letters});
    let program = Program::start(&stage, "OutboxFunction").await;

    // somebody else is at the first letter
    let [first, _] = <[_; 2]>::try_from(stage.waiting().await).expect("two letters");
    let lease = stage.db().lease(&first, stage.now()).await;
    let taken = lease.unwrap().expect("a letter that nobody is at");
    let holder = taken.lease_holder.expect("who is at it");
    let held = letters
        .iter()
        .find(|record| record["dynamodb"]["Keys"]["sk"]["S"] == first.sk.as_str());
    let held = sequence(held.expect("its record"));
    assert_eq!(program.answer(letters_event.clone()).await, failed(&[held]));
    assert_eq!(stage.mails_to(&people[0].email).await.len(), 0);
    assert_eq!(stage.mails_to(&people[1].email).await.len(), 1);

    // they gave up: Lambda hands the batch over again
    stage.db().release(&first, &holder).await.unwrap();
    for _ in 0..2 {
        assert_eq!(program.answer(letters_event.clone()).await, failed(&[]));
        for person in &people {
            assert_eq!(stage.mails_to(&person.email).await.len(), 1);
        }
    }

    assert!(!entries.is_empty());
    let entries = json!({"Records": entries});
    assert_eq!(program.answer(entries).await, failed(&[]));
    let sealed = program.answer(json!({"task": "seal_roots"})).await;
    assert!(
        sealed["roots"].as_u64().is_some_and(|roots| roots > 0),
        "{sealed}"
    );
    assert!(!stage.keys_of("ProofsBucket").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_ours_fails_its_batch_and_no_other() {
    let stage = Stage::start().await;
    stage.sign_up(&Person::new(), &[]).await.is(202);
    let record = received(&stage, "OutboxFunction").await.remove(0);
    let mut foreign = record.clone();
    let arn =
        "arn:aws:dynamodb:eu-central-1:000000000000:table/other/stream/2026-11-22T00:00:00.000";
    foreign["eventSourceARN"] = json!(arn);
    let program = Program::start(&stage, "OutboxFunction").await;
    let outcome = program.invoke(json!({"Records": [record, foreign]})).await;
    let Outcome::Error(error) = outcome else {
        panic!("an answer: {outcome:?}");
    };
    assert!(error["errorMessage"].is_string(), "{error}");
    let answer = program.answer(json!({"Records": [record]})).await;
    assert_eq!(answer, failed(&[]));
}
