//! Visits, statistics and surveys (clauses 2.5, 3.3h, 3.4).

mod statistics;
mod surveys;
mod visits;

use assetbox_tests::{Person, Stage, User};
use serde_json::Value;

/// Somebody of the staff, with all of its roles.
async fn staff(stage: &Stage) -> User {
    let person = Person {
        email: "staff@assetbox.example".to_owned(),
        ..Person::new()
    };
    stage.account(person, &[]).await
}

/// Runs what the schedule of the day's end runs.
async fn day_ends(stage: &Stage) -> Value {
    let function = stage.model().function("SiteFunction").expect("a function");
    let input = function.sources.iter().find_map(|source| match source {
        assetbox::template::Source::Schedule(schedule) => schedule.input.clone(),
        _ => None,
    });
    let event = input.expect("a schedule with an input");
    let answer = stage.invoke("SiteFunction", event).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    serde_json::from_str(answer["body"].as_str().expect("a body")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_says_that_it_honours_global_privacy_control() {
    let stage = Stage::start().await;
    let answer = stage.anonymous().get("/.well-known/gpc.json").await;
    let said = answer.json(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(said["gpc"], true);
    let date = said["lastUpdate"].as_str().expect("a date");
    assert!(date.parse::<domain::site::Day>().is_ok(), "{date}");
    // the way in of the schedule is no route
    stage.anonymous().act("/daily").await.is(404);
}
