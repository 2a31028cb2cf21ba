//! The profile, read and corrected (clauses 5.3, 6.2, 6.3).

use serde_json::{Value, json};

use crate::support::{Call, Person, TestMachine, canary};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_what_they_gave_and_corrects_it() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let read = user.api.get("/me").await;
    let (etag, profile) = (read.etag(), read.json(200));
    let Person {
        name,
        email,
        phone,
        company,
        position,
        ..
    } = &user.person;
    let given = json!([name, email, phone, company, position]);
    assert_eq!(
        json!(["name", "email", "phone", "company", "position"].map(|field| &profile[field])),
        given
    );

    let (new_name, new_position) = (canary("Married"), canary("Director"));
    let change = json!({"name": new_name, "position": new_position, "locale": "ru"});
    user.api
        .send(Call::new("PATCH", "/me").json(&change))
        .await
        .problem(428, "if_match_required");
    user.api
        .change("PATCH", "/me", "\"999\"", Some(&change))
        .await
        .problem(412, "changed_meanwhile");
    let changed = user.api.change("PATCH", "/me", &etag, Some(&change)).await;
    assert_ne!(changed.etag(), etag);
    let view = changed.json(200);
    assert_eq!(
        (&view["name"], &view["position"], &view["phone"]),
        (&json!(new_name), &json!(new_position), &json!(phone))
    );
    user.api
        .change("PATCH", "/me", &etag, Some(&json!({"name": "Third"})))
        .await
        .problem(412, "changed_meanwhile");
    let again = user.api.get("/me").await;
    assert_eq!((again.etag(), again.json(200)), (changed.etag(), view));
    // Nothing changes, nothing is written.
    let counts = machine.counts().await;
    user.api
        .change(
            "PATCH",
            "/me",
            &again.etag(),
            Some(&json!({"name": new_name})),
        )
        .await
        .is(200);
    let grown = machine.counts().await;
    assert_eq!(
        (counts["PeopleTable"], counts["CatalogTable"]),
        (grown["PeopleTable"], grown["CatalogTable"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_values_are_named_and_the_address_is_not_changed_here() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let etag = user.api.get("/me").await.etag();
    for (field, value) in [
        ("name", ""),
        ("phone", "123"),
        ("company", "\u{7}"),
        ("position", ""),
    ] {
        let answer = user
            .api
            .change("PATCH", "/me", &etag, Some(&json!({field: value})))
            .await;
        assert_eq!(answer.problem(422, "invalid_field")["field"], field);
    }
    let email = json!({"email": Person::new().email});
    user.api
        .change("PATCH", "/me", &etag, Some(&email))
        .await
        .problem(422, "invalid_body");
    assert_eq!(user.api.get("/me").await.etag(), etag);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_tells_of_a_correction_without_its_values() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let etag = user.api.get("/me").await.etag();
    let new = canary("Married");
    user.api
        .change("PATCH", "/me", &etag, Some(&json!({"name": new})))
        .await
        .is(200);
    let entries = machine.items("LedgerTable").await;
    let told = entries.iter().map(|entry| format!("{entry:?}"));
    let of_change: Vec<_> = told
        .filter(|entry| entry.contains("profile.changed"))
        .collect();
    assert_eq!(of_change.len(), 1);
    assert!(of_change[0].contains("name.old") && of_change[0].contains("name.new"));
    assert!(!of_change[0].contains("phone.old"));
    for value in [&new, &user.person.name] {
        assert!(!of_change[0].contains(value.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_switches_the_ai() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let read = user.api.get("/workspace").await;
    let all = json!({"labels": true, "text": true, "moderation": true});
    assert_eq!(read.json(200)["features"], all);
    let off = json!({"features": {"labels": false, "moderation": false}});
    user.api
        .change("PATCH", "/workspace", "\"77\"", Some(&off))
        .await
        .problem(412, "changed_meanwhile");
    let changed = user
        .api
        .change("PATCH", "/workspace", &read.etag(), Some(&off))
        .await
        .json(200);
    assert_eq!(
        changed["features"],
        json!({"labels": false, "text": true, "moderation": false})
    );
    let faces = json!({"features": {"faces": true}});
    let etag = user.api.get("/workspace").await.etag();
    user.api
        .change("PATCH", "/workspace", &etag, Some(&faces))
        .await
        .problem(422, "invalid_body");
    assert_ne!(changed["trial"], Value::Null);
}
