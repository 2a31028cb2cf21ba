//! The copy of a person's data: complete, and handed out after a fresh sign-in only (6.3a).

use domain::data_map::Field;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{ask, state_of};
use crate::support::{Person, TestMachine, canary};

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_has_everything_that_is_stored() {
    let machine = TestMachine::start().await;
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let (file_name, words) = (format!("{}.png", canary("File")), canary("Words"));
    machine
        .upload(
            &user.api,
            &file_name,
            "image/png",
            &crate::support::pictures::png(),
        )
        .await;
    let correction =
        json!({"kind": "rectification", "details": words, "fields": {"position": "Director"}});
    super::ask_with(&machine, &user, correction).await;
    let pending = Person::new().email;
    user.api
        .post("/me/email-change", &json!({"new_email": pending}))
        .await
        .is(202);

    let request = ask(&machine, &user, "access").await;
    assert_eq!(state_of(&user, &request).await, "completed");
    let path = format!("/data-subject-requests/{request}");
    let parts = user.api.get(&path).await.json(200)["export"]["parts"].clone();
    assert_eq!(parts, json!(["json", "html"]));
    let export = user.api.get(format!("{path}/export")).await;
    assert!(
        export
            .is(200)
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment; ")
    );
    let machine_readable = export.json(200);
    let for_people = user.api.get(format!("{path}/export?part=html")).await;
    assert!(
        for_people
            .is(200)
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let page = for_people.text();

    let person = &user.person;
    for word in [
        &person.name,
        &person.email,
        &person.phone,
        &person.company,
        &person.position,
        &person.user_agent,
        &file_name,
        &words,
        &pending,
    ] {
        assert!(
            machine_readable.to_string().contains(word.as_str()),
            "{word}"
        );
        assert!(page.contains(word.as_str()), "{word}");
    }
    assert!(!machine_readable.to_string().contains(&person.password));
    assert_eq!(machine_readable["consents"].as_array().unwrap().len(), 2);
    assert_eq!(
        machine_readable["consents"][0]["network_address"],
        "127.0.0.1"
    );
    assert_eq!(
        machine_readable["data_map"].as_array().unwrap().len(),
        Field::ALL.len()
    );
    let events: Vec<_> = machine_readable["actions_with_your_data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["what"].clone())
        .collect();
    for event in [
        "person.signed_up",
        "consent.given",
        "account.opened",
        "request.received",
    ] {
        assert!(events.contains(&json!(event)), "{event}");
    }
    user.api
        .get(format!("{path}/export?part=nothing"))
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_handed_out_after_a_fresh_sign_in_to_its_person_for_a_week() {
    let machine = TestMachine::start().await;
    let (user, stranger) = (machine.user().await, machine.user().await);
    let request = ask(&machine, &user, "access").await;
    let path = format!("/data-subject-requests/{request}/export");
    user.api.get(&path).await.is(200);
    stranger.api.get(&path).await.problem(404, "not_found");
    machine
        .anonymous()
        .get(&path)
        .await
        .problem(401, "sign_in_required");
    machine.advance(SignedDuration::from_mins(10)).unwrap();
    user.api
        .get(&path)
        .await
        .problem(401, "fresh_sign_in_required");
    let user = machine.sign_in(&user.person).await;
    user.api.get(&path).await.is(200);
    machine.pass(SignedDuration::from_hours(7 * 24)).await;
    let user = machine.sign_in(&user.person).await;
    user.api.get(&path).await.problem(410, "export_expired");
    assert_eq!(
        user.api
            .get(format!("/data-subject-requests/{request}"))
            .await
            .json(200)["export"],
        Value::Null
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stored_copy_is_sealed() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    ask(&machine, &user, "access").await;
    let (s3, bucket) = (machine.s3(), machine.name_of("ExportsBucket"));
    let keys = machine.keys_of("ExportsBucket");
    assert_eq!(keys.len(), 2);
    for key in keys {
        let object = s3
            .get_object()
            .bucket(&bucket)
            .key(&key)
            .send()
            .await
            .unwrap();
        let bytes = object.body.collect().await.unwrap().into_bytes();
        for word in user.person.canaries() {
            assert!(!crate::support::contains(&bytes, word.as_bytes()) && !key.contains(&word));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_one_request_is_not_that_of_another() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let correction = super::ask_with(
        &machine,
        &user,
        json!({"kind": "rectification", "fields": {"name": "Ada"}}),
    )
    .await;
    user.api
        .get(format!("/data-subject-requests/{correction}/export"))
        .await
        .problem(404, "not_found");
}
