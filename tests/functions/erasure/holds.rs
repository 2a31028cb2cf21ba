//! Legal holds: what the staff decide to keep outlives an erasure, and nothing else does (5.8).

use assetbox_tests::{Person, canary};
use domain::request::RequestKind;
use domain::time::{days, shift};
use serde_json::{Value, json};
use store::people::Words;
use store::personal::case_key;

use super::{Registry, carry_out};

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_what_it_names_until_it_is_lifted() {
    let registry = Registry::new().await;
    let staff = Person {
        email: "staff@assetbox.example".to_owned(),
        ..Person::new()
    };
    let staff = registry.stage.account(staff, &[]).await;
    let account = registry.account().await;
    let word = canary("Letter");
    let words = Words {
        text: word.clone(),
        ..Words::default()
    };
    registry.letter(&account, &words).await;
    let person = &account.user.person;
    let hold = |until: i64| {
        json!({
            "person": person.email,
            "categories": ["correspondence", "identity"],
            "law": "Civil Code art. 196",
            "reason": "A claim is before the court.",
            "until": shift(registry.now(), days(until)),
        })
    };
    let too_long = staff.api.post("/compliance/holds", &hold(1100)).await;
    too_long.problem(422, "invalid_field");
    let placed = staff.api.post("/compliance/holds", &hold(365)).await;
    let placed = placed.json(201);
    let id = placed["id"].as_str().unwrap();
    let path = format!("/compliance/holds/{id}");

    let request = registry
        .approved(account.subject, RequestKind::Erasure, None, "x")
        .await;
    assert!(registry.carry_out(&carry_out(&request)).await);
    registry.assert_gone(&account).await;
    let sealed = [person.name.clone(), word.clone()];
    registry.assert_nowhere(&sealed).await;
    let address = format!("/certificates/{}", request.case.unwrap());
    let certificate = registry.anonymous().get(&address).await;
    let certificate = certificate.text();
    assert!(certificate.contains("legal hold: identity, correspondence"));
    assert!(certificate.contains("Civil Code art. 196"));

    // read by the staff, and nothing else than what it names
    let shown = staff.api.get(format!("{path}?part=1")).await.json(200);
    assert_eq!(shown["parts"], 1);
    assert_eq!(shown["person"], account.subject.to_string());
    let kept: Value = serde_json::from_str(shown["part"].as_str().unwrap()).unwrap();
    assert_eq!(kept["identity"]["name"], json!(person.name));
    assert_eq!(kept["correspondence"][0]["text"], json!(word));
    assert_eq!(kept.as_object().unwrap().len(), 2);

    registry.advance(days(1));
    let staff = registry.sign_in(&staff.person).await;
    let reviewed = staff.api.post(format!("{path}/review"), &json!({})).await;
    assert_ne!(reviewed.json(200)["reviewed_at"], placed["reviewed_at"]);
    let key = case_key(id);
    assert_eq!(registry.keys("KeysTable", &key.pk).await.len(), 1);
    let lifted = staff.api.act(format!("{path}/lift")).await;
    assert_ne!(lifted.json(200)["lifted_at"], Value::Null);
    // with the key, what was kept is destroyed
    assert_eq!(registry.keys("KeysTable", &key.pk).await, []);
    let shown = staff.api.get(format!("{path}?part=1")).await.json(200);
    assert_eq!(
        (&shown["part"], &shown["person"]),
        (&Value::Null, &Value::Null)
    );
    let again = staff.api.act(format!("{path}/lift")).await;
    again.problem(409, "hold_over");
}
