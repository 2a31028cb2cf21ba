//! Surveys, anonymous and named (clause 3.3h).

use std::collections::BTreeSet;

use assetbox_tests::{Person, Stage, TestMachine, User, canary, text};
use domain::time::{days, shift};
use serde_json::{Value, json};

use super::staff;

/// Opens a survey of a question with choices, and one for words if it is named.
async fn ask(machine: &TestMachine, staff: &User, kind: &str) -> String {
    let mut questions = vec![json!({"text": "How is the search?", "options": ["Good", "Bad"]})];
    if kind == "named" {
        questions.push(json!({"text": "Why?"}));
    }
    let closes_at = shift(machine.now(), days(7));
    let survey = json!({
        "kind": kind, "title": "The search", "questions": questions, "closes_at": closes_at,
    });
    let opened = staff.api.post("/compliance/surveys", &survey).await;
    opened.json(201)["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_anonymous_answer_only_counters_are_left() {
    let stage = Stage::start().await;
    let (staff, user) = (staff(&stage).await, stage.account(Person::new(), &[]).await);
    let survey = ask(&stage, &staff, "anonymous").await;
    let path = format!("/surveys/{survey}/answers");
    for choice in [0, 0, 0, 1, 1] {
        let answer = json!({"answers": [choice]});
        user.api.post(&path, &answer).await.is(204);
    }
    let unfit = user
        .api
        .post(&path, &json!({"answers": ["I am Ada"]}))
        .await;
    assert_eq!(unfit.json(422)["field"], "answers");
    let named = format!("/me/surveys/{survey}/answer");
    let answer = json!({"answers": [0]});
    let other_way = user.api.put(&named, &answer).await;
    other_way.problem(409, "other_kind_of_survey");

    let known = [
        "pk",
        "sk",
        "survey",
        "question",
        "option",
        "count",
        "expires_at_epoch",
    ];
    let known: BTreeSet<&str> = known.into();
    let subject = stage.subject_of(&user.person.email).await.to_string();
    let mut tallies = 0;
    for item in stage.items("PeopleTable").await {
        let (pk, sk) = (text(&item, "pk"), text(&item, "sk"));
        assert!(
            !(pk.contains(&subject) && sk.contains(&survey)),
            "{pk} {sk}"
        );
        if pk.starts_with("SURVEY#") {
            let names: BTreeSet<&str> = item.keys().map(String::as_str).collect();
            assert_eq!(names, known);
            tallies += 1;
        }
    }
    assert_eq!(tallies, 2, "one counter a choice, no row an answer");

    let page = format!("/compliance/surveys/{survey}");
    let open = staff.api.get(&page).await.json(200);
    assert_eq!(
        (&open["answers"], &open["results"]),
        (&json!(5), &Value::Null)
    );
    user.api.get(&page).await.problem(403, "staff_only");
    staff.api.act(format!("{page}/close")).await.is(204);
    let late = user.api.post(&path, &json!({"answers": [0]})).await;
    late.problem(409, "survey_closed");
    let closed = staff.api.get(&page).await.json(200);
    let choices = &closed["results"][0]["choices"];
    assert_eq!(
        (&choices[0]["count"], &choices[1]["count"]),
        (&json!(3), &json!(2))
    );
    let list = stage.anonymous().get("/surveys").await.json(200);
    assert_eq!(list["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_answer_is_the_persons_own_sealed_data() {
    let stage = Stage::start().await;
    let staff = staff(&stage).await;
    let (user, other) = (
        stage.account(Person::new(), &[]).await,
        stage.account(Person::new(), &[]).await,
    );
    let survey = ask(&stage, &staff, "named").await;
    let (own, word) = (format!("/me/surveys/{survey}/answer"), canary("Survey"));
    user.api.get(&own).await.problem(404, "not_found");
    for words in ["At first.", &word] {
        let answer = json!({"answers": [1, words]});
        user.api.put(&own, &answer).await.is(204);
    }
    for item in stage.everything().await {
        assert!(!item.contains(&word), "{item}");
    }
    let shown = user.api.get(&own).await.json(200);
    assert_eq!(shown["answers"][0]["answer"], "Bad");
    assert_eq!(shown["answers"][1]["answer"], word);
    other.api.get(&own).await.problem(404, "not_found");

    // it stands where the copy and the erasure of the person's data look
    let subject = stage.subject_of(&user.person.email).await;
    let stored = store::site::answers_of(&stage.db(), subject).await.unwrap();
    assert_eq!(stored.len(), 1);
    let asked = user
        .api
        .post("/data-subject-requests", &json!({"kind": "access"}))
        .await;
    let request = asked.json(201)["id"].as_str().expect("an id").to_owned();
    for job in assetbox_tests::stage::jobs(&stage.take().await) {
        assert!(stage.carry_out(&job).await);
    }
    let export = format!("/data-subject-requests/{request}/export");
    let copy = user.api.get(export).await;
    assert!(copy.is(200).text().contains(&word), "{}", copy.text());

    let page = format!("/compliance/surveys/{survey}/answers");
    let all = async || {
        let (mut items, mut cursor) = (Vec::new(), Some("0".to_owned()));
        while let Some(at) = cursor {
            let read = staff.api.get(format!("{page}?cursor={at}")).await.json(200);
            items.extend(read["items"].as_array().expect("a list").clone());
            cursor = read["next_cursor"].as_str().map(str::to_owned);
        }
        items
    };
    let read = all().await;
    assert_eq!(
        read.len(),
        1,
        "the second answer took the first one's place"
    );
    assert_eq!(read[0]["person"], subject.to_string());
    assert_eq!(read[0]["answers"][1]["answer"], word);
    user.api.delete(&own).await.is(204);
    user.api.delete(&own).await.problem(404, "not_found");
    assert_eq!(all().await, Vec::<Value>::new());
    let survey = format!("/compliance/surveys/{survey}");
    assert_eq!(staff.api.get(survey).await.json(200)["answers"], 0);
}
