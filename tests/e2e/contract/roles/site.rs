//! The site in the story: visits, statistics, a survey of each kind, and the end of a day.

use assetbox::template::Source;
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::site::Day;
use domain::time::{days, shift};
use serde_json::json;

use crate::support::{TestMachine, User};

/// What visitors, a person and the staff do at the site.
pub async fn site(machine: &TestMachine, user: &User, staff: &User) {
    let nobody = machine.anonymous();
    nobody.post("/visits", &json!({})).await.is(204);
    let day = Day::of(machine.now());
    let path = format!("/compliance/visits?day={day}");
    staff.api.get(path).await.is(200);
    let view = json!({"page": "home", "visit": "00".repeat(16), "cookies": true});
    for _ in 0..2 {
        nobody.post("/statistics/views", &view).await.is(204);
    }
    staff.api.get("/compliance/statistics").await.is(200);
    user.api.get("/me/preferences").await.is(200);

    let [anonymous, named] = [
        survey(machine, staff, "anonymous").await,
        survey(machine, staff, "named").await,
    ];
    let answer = json!({"answers": [0]});
    let path = format!("/surveys/{anonymous}/answers");
    nobody.post(path, &answer).await.is(204);
    let own = format!("/me/surveys/{named}/answer");
    user.api.put(&own, &answer).await.is(204);
    user.api.get(&own).await.is(200);
    // the answers are spread over as many queues
    for cursor in 0..16 {
        let path = format!("/compliance/surveys/{named}/answers?cursor={cursor}");
        staff.api.get(path).await.is(200);
    }
    user.api.delete(&own).await.is(204);
    day_ends(machine).await;
    machine.settled().await;
}

/// The salt of yesterday is destroyed. It has no expiry, so that nothing else clears it away.
async fn day_ends(machine: &TestMachine) {
    let yesterday = Day::of(machine.now()).before(1);
    let key = store::site::salt_key(yesterday);
    let put = machine.dynamodb().put_item();
    put.table_name(machine.name_of("KeysTable"))
        .item("pk", AttributeValue::S(key.pk))
        .item("sk", AttributeValue::S(key.sk))
        .item("day", AttributeValue::S(yesterday.to_string()))
        .item("salt", AttributeValue::B(Blob::new([7; 32])))
        .send()
        .await
        .unwrap();
    let function = machine
        .model()
        .function("SiteFunction")
        .expect("a function");
    let input = function.sources.iter().find_map(|source| match source {
        Source::Schedule(schedule) => schedule.input.clone(),
        _ => None,
    });
    let event = input.expect("a schedule with an input");
    machine.invoke("SiteFunction", event).await.unwrap();
}

/// Opens a survey; gives its id.
pub async fn survey(machine: &TestMachine, staff: &User, kind: &str) -> String {
    let survey = json!({
        "kind": kind,
        "title": "The search",
        "questions": [{"text": "How is the search?", "options": ["Good", "Bad"]}],
        "closes_at": shift(machine.now(), days(7)),
    });
    let opened = staff.api.post("/compliance/surveys", &survey).await;
    opened.json(201)["id"].as_str().expect("an id").to_owned()
}
