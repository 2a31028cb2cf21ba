//! Claims: made signed in or registered from a letter, answered within 30 days (8.1, 8.2).

use assetbox_tests::stage::letters;
use domain::consequence::Letter;
use domain::time::{days, shift};
use serde_json::json;

use super::{Desk, id};

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_answered_once_and_read_by_its_maker_only() {
    let desk = Desk::new().await;
    let (user, other) = (desk.somebody().await, desk.somebody().await);
    let legal = desk.member("second@assetbox.example").await;
    let made = desk
        .at(&user)
        .post("/claims", &json!({"text": "Canary claim."}))
        .await;
    let made = made.json(201);
    let messages = desk.take().await;
    assert!(
        matches!(letters(&messages)[..], [Letter::ClaimReceived { .. }]),
        "{messages:?}"
    );
    let page = format!("/claims/{}", id(&made));
    let shown = desk.at(&user).get(&page).await.json(200);
    assert_eq!(shown["text"], "Canary claim.");
    assert!(shown["answer"].is_null() && shown["person"].is_null());
    desk.at(&other).get(&page).await.problem(404, "not_found");
    let list = desk.at(&user).get("/claims").await.json(200);
    assert_eq!(list["items"][0]["id"], made["id"]);
    assert_eq!(
        desk.at(&other).get("/claims").await.json(200)["items"],
        json!([])
    );

    let queue = desk
        .at(&legal)
        .get("/compliance/claims?open=true")
        .await
        .json(200);
    assert_eq!(queue["items"][0]["id"], made["id"]);
    let file = format!("/compliance/claims/{}", id(&made));
    let read = desk.at(&legal).get(&file).await.json(200);
    let subject = desk.subject_of(&user.person.email).await.to_string();
    assert_eq!(
        (&read["text"], &read["person"]),
        (&json!("Canary claim."), &json!(subject))
    );
    let answer = json!({"answer": "Canary answer."});
    let answered = desk
        .at(&legal)
        .post(format!("{file}/answer"), &answer)
        .await
        .json(200);
    assert_eq!(answered["late"], false);
    let twice = desk
        .at(&legal)
        .post(format!("{file}/answer"), &answer)
        .await;
    twice.problem(409, "claim_answered");
    assert!(matches!(
        letters(&desk.take().await)[..],
        [Letter::ClaimAnswered { .. }]
    ));
    let shown = desk.at(&user).get(&page).await.json(200);
    assert_eq!(shown["answer"], "Canary answer.");
    let queue = desk
        .at(&legal)
        .get("/compliance/claims?open=true")
        .await
        .json(200);
    assert_eq!(queue["items"], json!([]));
    for item in desk.everything().await {
        assert!(
            !item.contains("Canary claim") && !item.contains("Canary answer"),
            "{item}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_by_letter_counts_from_its_receipt() {
    let desk = Desk::new().await;
    let user = desk.somebody().await;
    let legal = desk.member("second@assetbox.example").await;
    let received_at = shift(desk.now(), -days(50));
    let body = |at| json!({"person": user.person.email, "text": "By letter.", "received_at": at});
    let path = "/compliance/claims";
    let late = desk
        .at(&legal)
        .post(path, &body(received_at))
        .await
        .json(201);
    assert_eq!(
        (&late["late"], &late["received_at"]),
        (&json!(true), &json!(received_at))
    );
    let future = shift(desk.now(), days(1));
    let refused = desk.at(&legal).post(path, &body(future)).await;
    assert_eq!(refused.json(422)["field"], "received_at");
    let file = format!("{path}/{}/answer", id(&late));
    let answer = json!({"answer": "Sorry, and yes."});
    desk.at(&legal).post(file, &answer).await.is(200);
    let entry = &desk.entries("claim.answered").await[0];
    assert_eq!(entry.facts["late"], "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_makes_a_bounded_number_of_claims_a_day() {
    let desk = Desk::new().await;
    let user = desk.somebody().await;
    let claim = json!({"text": "Again."});
    for _ in 0..10 {
        desk.at(&user).post("/claims", &claim).await.is(201);
    }
    let more = desk.at(&user).post("/claims", &claim).await;
    more.problem(429, "too_many_requests");
}
