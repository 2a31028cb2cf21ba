//! Visits, statistics, surveys, preferences.

use domain::site::Day;
use domain::time::{days, shift};
use serde_json::{Value, json};

use super::book::Book;
use super::{act, get, post, text};
use crate::support::{Call, User};

pub async fn site(book: &mut Book<'_>, staff: &User) {
    let machine = book.machine;
    let staff = machine.sign_in(&staff.person).await;
    let user = machine.user().await;
    let nobody = machine.anonymous();
    let route = "GET /.well-known/gpc.json";
    book.pay(route, &nobody, get("/.well-known/gpc.json"), 200)
        .await;
    book.pay(
        "GET /me/preferences",
        &user.api,
        get("/me/preferences"),
        200,
    )
    .await;
    visits(book, &staff).await;
    let survey = ask(book, &staff, "anonymous").await;
    let path = format!("/surveys/{survey}");
    book.pay("GET /surveys", &nobody, get("/surveys"), 200)
        .await;
    book.pay("GET /surveys/{id}", &nobody, get(&path), 200)
        .await;
    let answer = json!({"answers": [0]});
    let call = post(format!("{path}/answers"), &answer);
    book.pay("POST /surveys/{id}/answers", &nobody, call.clone(), 204)
        .await;
    // results are told of five answers on, once the survey is closed
    for _ in 0..4 {
        nobody.send(call.clone()).await.is(204);
    }
    let case = format!("/compliance/surveys/{survey}");
    let close = act(format!("{case}/close"));
    book.pay(
        "POST /compliance/surveys/{id}/close",
        &staff.api,
        close,
        204,
    )
    .await;
    book.pay("GET /compliance/surveys/{id}", &staff.api, get(case), 200)
        .await;
    let all = get("/compliance/surveys");
    book.pay("GET /compliance/surveys", &staff.api, all, 200)
        .await;
    let survey = ask(book, &staff, "named").await;
    own_answer(book, &user, &format!("/me/surveys/{survey}/answer")).await;
}

async fn visits(book: &mut Book<'_>, staff: &User) {
    let machine = book.machine;
    let nobody = machine.anonymous();
    for _ in 0..2 {
        let visit = json!({"referrer": "https://news.example/"});
        book.pay("POST /visits", &nobody, post("/visits", &visit), 204)
            .await;
    }
    let log = get(format!("/compliance/visits?day={}", Day::of(machine.now())));
    book.pay("GET /compliance/visits", &staff.api, log, 200)
        .await;
    for visit in [1_u8, 2] {
        let view = json!({"page": "home", "visit": hex::encode([visit; 16]), "cookies": true});
        let view = post("/statistics/views", &view);
        book.pay("POST /statistics/views", &nobody, view, 204).await;
    }
    let counters = get("/compliance/statistics");
    book.pay("GET /compliance/statistics", &staff.api, counters, 200)
        .await;
}

async fn ask(book: &mut Book<'_>, staff: &User, kind: &str) -> String {
    let survey = json!({
        "kind": kind,
        "title": "The search",
        "questions": [{"text": "How is the search?", "options": ["Good", "Bad"]}],
        "closes_at": shift(book.machine.now(), days(7)),
    });
    let survey = post("/compliance/surveys", &survey);
    let route = "POST /compliance/surveys";
    let opened: Value = book.pay(route, &staff.api, survey, 201).await.json(201);
    text(&opened["id"])
}

async fn own_answer(book: &mut Book<'_>, user: &User, path: &str) {
    let answer = Call::new("PUT", path).json(&json!({"answers": [0]}));
    for (route, call, status) in [
        ("PUT /me/surveys/{id}/answer", answer, 204),
        ("GET /me/surveys/{id}/answer", get(path), 200),
        (
            "DELETE /me/surveys/{id}/answer",
            Call::new("DELETE", path),
            204,
        ),
    ] {
        book.pay(route, &user.api, call, status).await;
    }
}
