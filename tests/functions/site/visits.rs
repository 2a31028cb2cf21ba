//! The log of visits (clause 3.4).

use std::collections::BTreeSet;

use assetbox_tests::{Person, Stage, text};
use domain::processing::{Actor, Category, Operation, Purpose, Refusal};
use domain::site::Day;
use domain::time::days;
use serde_json::{Value, json};
use store::personal::{Access, GateError};

use super::{day_ends, staff};

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_is_four_sealed_fields_for_security_only_and_ends() {
    let stage = Stage::start().await;
    let (staff, visitor) = (staff(&stage).await, Person::new());
    let day = Day::of(stage.now());
    let browser = stage.browser_of(&visitor);
    let visit = json!({"referrer": "https://ada@news.example/canarypath?q=canaryquery"});
    browser.post("/visits", &visit).await.is(204);
    browser.post("/visits", &json!({})).await.is(204);

    let items = stage.items("PeopleTable").await;
    let visits: Vec<_> = items
        .iter()
        .filter(|item| text(item, "pk").starts_with("VISITS#"))
        .collect();
    assert_eq!(visits.len(), 2);
    let fields = ["address", "browser", "at", "origin"];
    let known = ["pk", "sk", "expires_at_epoch"].into_iter().chain(fields);
    let known: BTreeSet<&str> = known.collect();
    for visit in &visits {
        let names: BTreeSet<&str> = visit.keys().map(String::as_str).collect();
        assert!(names.is_subset(&known), "{names:?}");
        assert!(visit.contains_key("expires_at_epoch"), "it ends by itself");
    }
    for item in stage.everything().await {
        for word in [
            visitor.user_agent.as_str(),
            "127.0.0.1",
            "canarypath",
            "canaryquery",
        ] {
            assert!(!item.contains(word), "{word} in {item}");
        }
    }

    let path = format!("/compliance/visits?day={day}");
    let read = staff.api.get(&path).await.json(200);
    let logged = read["items"].as_array().expect("a list");
    let first = logged.iter().find(|visit| !visit["origin"].is_null());
    let mut first = first.expect("the visit with a referrer").clone();
    let at = first["at"].take();
    assert!(at.as_str().expect("a time").starts_with(&day.to_string()));
    let seen = json!({
        "address": "127.0.0.1", "browser": visitor.user_agent,
        "at": Value::Null, "origin": "https://news.example",
    });
    assert_eq!((first, logged.len()), (seen, 2));
    let opened = stage.entries("register.opened").await;
    let readings = opened.iter().filter(|entry| {
        entry.operation == Some(Operation::Extract) && entry.categories == [Category::Visit]
    });
    assert_eq!(readings.count(), 1);
    // the day was opened once for both visits, and the ledger tells the time of neither
    let openings = opened.iter().filter(|entry| {
        entry.operation == Some(Operation::Record) && entry.categories == [Category::Visit]
    });
    assert_eq!(openings.count(), 1);
    assert!(opened.iter().all(|e| e.purpose == Some(Purpose::Security)));
    let stranger = stage.account(Person::new(), &[]).await;
    stranger.api.get(&path).await.problem(403, "staff_only");

    let for_marketing = Access {
        purpose: Purpose::Marketing,
        operation: Operation::Use,
        actor: Actor::System,
        categories: &[Category::Visit],
        clause: "4.8",
    };
    let key = format!("visits-{day}");
    let refused = stage
        .gate()
        .open_case(&key, for_marketing, stage.now())
        .await;
    assert!(
        matches!(refused, Err(GateError::Refused(Refusal::OutsidePurpose))),
        "{refused:?}"
    );

    // by the clock, though the items are still there; then their key is destroyed
    stage.advance(days(91));
    let staff = stage.sign_in(&staff.person).await;
    let late = staff.api.get(&path).await.json(200);
    assert_eq!(late["items"], json!([]));
    let keys = async || stage.keys("KeysTable", "CASEKEY#visits-").await.len();
    assert_eq!(keys().await, 1);
    day_ends(&stage).await;
    assert_eq!(keys().await, 0);
}
