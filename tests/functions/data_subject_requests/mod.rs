//! Requests of data subjects: what comes in by address, and what the staff decide, while no job
//! runs by itself.

mod abuse;
mod by_address;
mod by_letter;
mod decisions;
mod desk;
mod regimes;
mod stops;

use assetbox_tests::{Person, Stage, User};
use serde_json::Value;

async fn somebody(stage: &Stage) -> User {
    stage.account(Person::new(), &[]).await
}

async fn staff(stage: &Stage) -> User {
    let person = Person {
        email: "staff@assetbox.example".to_owned(),
        ..Person::new()
    };
    stage.account(person, &[]).await
}

/// Makes a request in a session.
async fn ask(user: &User, body: Value) -> Value {
    let answer = user.api.post("/data-subject-requests", &body).await;
    answer.json(201)
}

async fn read(user: &User, request: &str) -> Value {
    let path = format!("/data-subject-requests/{request}");
    user.api.get(path).await.json(200)
}

fn id(request: &Value) -> &str {
    request["id"].as_str().expect("an id")
}
