use domain::{
    consequence::{Job, Letter},
    contact::{PersonName, Position},
    data_map::Field,
    ids::RequestId,
    processing::Category,
    request::{Correction, RequestKind, State},
};
use serde_json::Value;
use store::{
    people::{Request, export_key, export_object},
    personal::Sealed,
};

use crate::support::{Stage, carry_out, profile, text};

const PROFILE: &[Category] = &[Category::Identity, Category::Contact, Category::Employment];

#[tokio::test]
async fn a_copy_holds_everything_and_only_the_person_s_key_opens_it() {
    let stage = Stage::new().await;
    let account = stage.account("copied").await;
    stage.account("stranger").await;
    let request = stage
        .approved(account.subject, RequestKind::Access, None, "I wrote copied")
        .await;
    assert!(stage.handle(&carry_out(&request)).await);

    let done = stage.request(&request).await.unwrap();
    assert_eq!(done.progress.state(), State::Completed);
    let copy = done.export.unwrap();
    assert_eq!(copy.parts, ["json", "html"]);
    let person = stage.open(account.subject, &[Category::Request]).await;
    let mut parts = Vec::new();
    for part in &copy.parts {
        let object = export_object(account.subject, request.id, part);
        let bytes = stage.assets.get(&object).await.unwrap().to_vec();
        assert!(
            !String::from_utf8_lossy(&bytes).contains("copied"),
            "it is sealed"
        );
        let key = export_key(account.subject, request.id, part);
        let sealed = Sealed::from_bytes(bytes);
        let opened = person.unseal::<Request>(Field::Export, &key, &sealed);
        parts.push(opened.unwrap().to_string());
    }
    let json: Value = serde_json::from_str(&parts[0]).unwrap();
    let profile = profile("copied");
    assert_eq!(text(&json["profile"]["name"]), profile.name.reveal());
    assert_eq!(text(&json["profile"]["email"]), profile.email.reveal());
    assert_eq!(
        text(&json["requests"][0]["you_wrote"]["text"]),
        "I wrote copied"
    );
    assert_eq!(json["consents"].as_array().unwrap().len(), 3);
    assert_eq!(json["uploaded_assets"].as_array().unwrap().len(), 2);
    assert_eq!(json["data_map"].as_array().unwrap().len(), Field::ALL.len());
    assert!(
        !json["actions_with_your_data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    for value in [
        "Name copied",
        "+442071838750",
        "copied@example.com",
        "Company copied",
        "Position copied",
        "ip copied",
        "browser copied",
        "I wrote copied",
        "live copied.jpg",
        "trashed copied.jpg",
        "art. 14(7)",
    ] {
        for part in &parts {
            assert!(part.contains(value), "{value} is missing");
        }
    }
    assert!(!parts[0].contains("stranger") && !parts[1].contains("stranger"));
    let letters = stage.letters().await;
    assert!(
        matches!(letters[..], [Letter::RequestCompleted { .. }]),
        "{letters:?}"
    );

    // redelivered, it makes no second copy and writes no second letter
    assert!(stage.handle(&carry_out(&request)).await);
    assert!(stage.letters().await.is_empty());
}

#[tokio::test]
async fn a_correction_replaces_what_it_names_and_leaves_the_rest() {
    let stage = Stage::new().await;
    let account = stage.account("corrected").await;
    let fields = Correction {
        name: Some(PersonName::new("Another Name").unwrap()),
        position: Some(Position::new("Another Position").unwrap()),
        ..Correction::default()
    };
    let request = stage
        .approved(
            account.subject,
            RequestKind::Rectification,
            Some(fields),
            "please",
        )
        .await;
    for _ in 0..2 {
        assert!(stage.handle(&carry_out(&request)).await);
    }
    let now = stage
        .open(account.subject, PROFILE)
        .await
        .profile()
        .unwrap();
    let before = profile("corrected");
    assert_eq!(now.name.reveal(), "Another Name");
    assert_eq!(now.position.reveal(), "Another Position");
    assert_eq!(
        (now.phone, now.email, now.company),
        (before.phone, before.email, before.company)
    );
    assert_eq!(stage.letters().await.len(), 1);
}

#[tokio::test]
async fn a_restriction_ends_when_no_request_needs_it_any_more() {
    let stage = Stage::new().await;
    let account = stage.account("restricted").await;
    let restriction = stage
        .approved(account.subject, RequestKind::Restriction, None, "check")
        .await;
    let erasure = stage
        .approved(account.subject, RequestKind::Erasure, None, "and destroy")
        .await;
    assert!(stage.handle(&carry_out(&restriction)).await);
    let record = stage.record(account.subject).await.unwrap();
    assert!(record.restricted_from.is_some(), "the erasure holds it");
    stage.deliver().await;
    assert!(stage.handle(&carry_out(&erasure)).await);

    let account = stage.account("released").await;
    let restriction = stage
        .approved(account.subject, RequestKind::Restriction, None, "check")
        .await;
    assert!(stage.handle(&carry_out(&restriction)).await);
    let record = stage.record(account.subject).await.unwrap();
    assert_eq!(record.restricted_from, None);
}

#[tokio::test]
async fn by_address_the_owner_gets_one_link_and_nobody_else_leaves_a_trace() {
    let stage = Stage::new().await;
    let account = stage.account("asked").await;
    let take = |canary: &str, id| Job::TakeRequest {
        login: stage.lookup.email(&profile(canary).email).to_string(),
        request: id,
        kind: RequestKind::Erasure,
        received_at: stage.cloud.now(),
    };
    let before = stage.everything().await;
    let unknown = take("unknown", RequestId::new(stage.cloud.now()));
    assert!(stage.handle(&unknown).await);
    assert_eq!(stage.everything().await, before);

    let first = RequestId::new(stage.cloud.now());
    let job = take("asked", first);
    for _ in 0..2 {
        assert!(stage.handle(&job).await);
    }
    let messages = stage.deliver().await;
    assert_eq!(messages.len(), 1, "one letter however often the job comes");
    let token = stage.secret(&messages[0]).await;
    assert_eq!(token.subject(), account.subject);

    let second = take("asked", RequestId::new(stage.cloud.now()));
    assert!(stage.handle(&second).await);
    assert_eq!(
        stage.deliver().await.len(),
        1,
        "a lost letter is written again"
    );
    let now = stage.cloud.now();
    let requests = stage
        .cloud
        .db
        .requests_of(account.subject, now)
        .await
        .unwrap();
    assert_eq!(requests.len(), 1, "and absorbed");
    assert_eq!(requests[0].id, first);
    assert_eq!(requests[0].progress.state(), State::AwaitingConfirmation);
    let record = stage.record(account.subject).await.unwrap();
    assert_eq!(
        record.restricted_from, None,
        "nothing counts before it is confirmed"
    );
}
