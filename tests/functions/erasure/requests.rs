//! Copies, corrections, restrictions, and requests by address.

use assetbox_tests::Person;
use domain::compliance::disclosure::Ban;
use domain::consequence::{Job, Letter};
use domain::contact::{EmailAddress, PersonName, Position};
use domain::data_map::Field;
use domain::ids::RequestId;
use domain::processing::Category;
use domain::request::{Correction, Ground, RequestKind, State};
use domain::time::{days, shift};
use domain::token::LinkToken;
use serde_json::{Value, json};
use store::Tx;
use store::people::{Request, Words, export_key, export_object};
use store::personal::{Sealed, case_key};

use super::holds::staff;
use super::{Account, Registry, carry_out};

const PROFILE: &[Category] = &[Category::Identity, Category::Contact, Category::Employment];

/// The parts of a copy, opened with the person's key.
async fn parts(registry: &Registry, account: &Account, request: &Request) -> Vec<String> {
    let copy = request.export.as_ref().expect("a copy");
    assert_eq!(copy.parts, ["json", "html"]);
    let person = registry.open(account.subject, &[Category::Request]).await;
    let exports = registry.bucket("BUCKET_EXPORTS");
    let mut parts = Vec::new();
    for part in &copy.parts {
        let object = export_object(account.subject, request.id, part);
        let bytes = exports.get(&object).await.unwrap().to_vec();
        let in_clear = String::from_utf8_lossy(&bytes).contains(&account.word);
        assert!(!in_clear, "it is sealed");
        let key = export_key(account.subject, request.id, part);
        let sealed = Sealed::from_bytes(bytes);
        let opened = person.unseal::<Request>(Field::Export, &key, &sealed);
        parts.push(opened.unwrap().to_string());
    }
    parts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_holds_everything_of_its_person_and_is_made_once() {
    let registry = Registry::new().await;
    let (account, stranger) = (registry.account().await, registry.account().await);
    let theirs = &stranger.user.person.email;
    let words = Words {
        subject: "About my files".to_owned(),
        text: format!("{theirs} wrote:\n> Words of a stranger\nThey are mine."),
        own: format!("[…]\nThey are mine, {theirs} says."),
    };
    registry.letter(&account, &words).await;
    registry.claim(&account, "You have lost my files.").await;
    registry.disclosed(&account, None).await;
    let ban = Ban {
        until: shift(registry.now(), days(10)),
        law: Ground::new("144-FZ art. 12").unwrap(),
    };
    registry.disclosed(&account, Some(ban)).await;
    registry.claim(&stranger, "Claim of a stranger").await;
    let request = registry
        .approved(account.subject, RequestKind::Access, None, "I wrote this")
        .await;
    let job = carry_out(&request);
    assert!(registry.carry_out(&job).await);

    let done = registry.request(&request).await.unwrap();
    assert_eq!(done.progress.state(), State::Completed);
    let parts = parts(&registry, &account, &done).await;
    let json: Value = serde_json::from_str(&parts[0]).unwrap();
    let person = &account.user.person;
    assert_eq!(json["profile"]["name"], person.name.as_str());
    assert_eq!(json["profile"]["email"], person.email.as_str());
    assert_eq!(json["requests"][0]["you_wrote"]["text"], "I wrote this");
    assert_eq!(json["consents"].as_array().unwrap().len(), 3);
    assert_eq!(json["uploaded_assets"].as_array().unwrap().len(), 2);
    assert_eq!(json["data_map"].as_array().unwrap().len(), Field::ALL.len());
    for (path, value) in [
        ("/correspondence/0/subject", "About my files"),
        (
            "/correspondence/0/you_wrote",
            "[…]\nThey are mine, […@…] says.",
        ),
        ("/claims/0/you_wrote", "You have lost my files."),
        ("/disclosures/0/to", "A bank"),
    ] {
        assert_eq!(json.pointer(path), Some(&Value::from(value)), "{path}");
    }
    for word in [
        "They are mine",
        "About my files",
        "You have lost my files",
        "I wrote this",
        &person.name,
        &person.phone,
        &person.email,
        &person.company,
        &person.position,
    ] {
        assert_eq!(parts[0].matches(word).count(), 1, "{word}");
    }
    let disclosures = json["disclosures"].as_array().unwrap();
    assert_eq!(disclosures.len(), 1, "and not the one that is banned");
    let laws = json["account"]["laws_that_protect_you"]["applied"].as_array();
    assert!(laws.is_some_and(|laws| !laws.is_empty()));
    let held = json["what_we_hold"].as_array().unwrap();
    let held: Vec<_> = held
        .iter()
        .map(|said| said["category"].as_str().unwrap())
        .collect();
    assert!(
        held.contains(&"correspondence") && held.contains(&"disclosure"),
        "{held:?}"
    );
    assert!(
        !held.contains(&"survey") && !held.contains(&"payment"),
        "{held:?}"
    );
    let actions = json["actions_with_your_data"].as_array().unwrap();
    assert!(!actions.is_empty());
    let disclosed = |action: &&Value| action["what"] == "personal_data.disclosed";
    let told: Vec<_> = actions.iter().filter(disclosed).collect();
    assert_eq!(told.len(), 1, "and not the one that is banned");
    assert_eq!(told[0]["facts"]["disclosure"], disclosures[0]["id"]);
    let files = ["live", "trashed"].map(|what| format!("{what} {}.jpg", account.word));
    for value in [
        person.name.as_str(),
        &person.phone,
        &person.email,
        &person.company,
        &person.position,
        &person.user_agent,
        "127.0.0.1",
        "I wrote this",
        &files[0],
        &files[1],
        "art. 14(7)",
    ] {
        for part in &parts {
            assert!(part.contains(value), "{value} is missing");
        }
    }
    let of_stranger = stranger.user.person.canaries();
    let said = ["Words of a stranger", "Claim of a stranger"].map(str::to_owned);
    for word in of_stranger.iter().chain([&stranger.word]).chain(&said) {
        assert!(!parts.iter().any(|part| part.contains(word)), "{word}");
    }
    let letters = registry.letters().await;
    assert!(
        matches!(letters[..], [Letter::RequestCompleted { .. }]),
        "{letters:?}"
    );

    // redelivered, it makes no second copy and writes no second letter
    let before = registry.everything().await;
    assert!(registry.carry_out(&job).await);
    assert_eq!(registry.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_over_stays_secret_as_long_as_telling_is_forbidden() {
    let registry = Registry::new().await;
    let staff = staff(&registry).await;
    let account = registry.account().await;
    let subject = account.subject;
    let hold = json!({
        "person": account.user.person.email,
        "categories": ["identity"],
        "law": "144-FZ art. 12",
        "reason": "An authority demands it.",
        "until": shift(registry.now(), days(20)),
        "secret_until": shift(registry.now(), days(60)),
    });
    let placed = staff.api.post("/compliance/holds", &hold).await.json(201);
    assert!(registry.carry_out(&Job::FillHolds { subject }).await);
    let id = placed["id"].as_str().unwrap();
    let is_told = async || {
        let request = registry.approved(subject, RequestKind::Access, None, "x");
        let request = request.await;
        assert!(registry.carry_out(&carry_out(&request)).await);
        let done = registry.request(&request).await.unwrap();
        let copy = parts(&registry, &account, &done).await;
        let copy: Value = serde_json::from_str(&copy[0]).unwrap();
        let actions = copy["actions_with_your_data"].as_array().unwrap();
        assert!(!actions.is_empty());
        actions
            .iter()
            .any(|action| action["policy_clause"] == "5.8")
    };
    // the functions' time, and the one by which the store lets items go
    let pass = async |count| {
        registry.advance(days(count));
        registry.pass(days(count)).await;
    };
    let key = case_key(id);
    assert!(!is_told().await);
    pass(21).await;
    assert_eq!(registry.keys("KeysTable", &key.pk).await, []);
    assert!(!is_told().await, "it is over, and forbidden still");
    let staff = registry.sign_in(&staff.person).await;
    let open = staff.api.get("/compliance/holds?open=true").await;
    assert_eq!(open.json(200)["items"], json!([]));
    pass(40).await;
    assert!(is_told().await);
    assert_eq!(registry.keys("PeopleTable", "REGISTER#HOLDS").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_comes_twice_replaces_what_it_names_and_leaves_the_rest() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    let fields = Correction {
        name: Some(PersonName::new("Another Name").unwrap()),
        position: Some(Position::new("Another Position").unwrap()),
        ..Correction::default()
    };
    let request = registry
        .approved(
            account.subject,
            RequestKind::Rectification,
            Some(fields),
            "please",
        )
        .await;
    for _ in 0..2 {
        assert!(registry.carry_out(&carry_out(&request)).await);
    }
    let opened = registry.open(account.subject, PROFILE).await;
    let now = opened.profile().unwrap();
    let before = &account.user.person;
    assert_eq!(now.name.reveal(), "Another Name");
    assert_eq!(now.position.reveal(), "Another Position");
    assert_eq!(now.phone.reveal(), before.phone);
    assert_eq!(now.email.reveal(), before.email);
    assert_eq!(now.company.reveal(), before.company);
    assert_eq!(registry.letters().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restriction_ends_when_no_request_needs_it_any_more() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    let restriction = registry
        .approved(account.subject, RequestKind::Restriction, None, "check")
        .await;
    let erasure = registry
        .approved(account.subject, RequestKind::Erasure, None, "and destroy")
        .await;
    assert!(registry.carry_out(&carry_out(&restriction)).await);
    let record = registry.record(account.subject).await.unwrap();
    assert!(record.restricted_from.is_some(), "the erasure holds it");
    registry.take().await;
    assert!(registry.carry_out(&carry_out(&erasure)).await);

    let account = registry.account().await;
    let restriction = registry
        .approved(account.subject, RequestKind::Restriction, None, "check")
        .await;
    assert!(registry.carry_out(&carry_out(&restriction)).await);
    let record = registry.record(account.subject).await.unwrap();
    assert_eq!(record.restricted_from, None);
    let ended = registry.request(&restriction).await.unwrap();
    assert_eq!(ended.progress.state(), State::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_restriction_does_not_lift_one_that_began_meanwhile() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    let old = registry
        .approved(account.subject, RequestKind::Restriction, None, "check")
        .await;
    let (db, now) = (registry.db(), registry.now());
    let record = registry.record(account.subject).await.unwrap();
    let requests = db.requests_of(account.subject, now).await.unwrap();
    registry
        .approved(account.subject, RequestKind::Erasure, None, "and destroy")
        .await;
    let mut tx = Tx::new();
    tx.end_restriction(&record, &old, &requests).unwrap();
    assert!(db.commit(tx).await.unwrap_err().refused("restriction"));
    assert_eq!(
        registry.record(account.subject).await.unwrap().restrictions,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn by_address_the_owner_gets_one_link_and_nobody_else_leaves_a_trace() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    let lookup = registry.lookup();
    let take = |email: &str, request| Job::TakeRequest {
        login: lookup.email(&EmailAddress::new(email).unwrap()).to_string(),
        request,
        kind: RequestKind::Erasure,
        received_at: registry.now(),
        proven: false,
    };
    let email = account.user.person.email.as_str();
    let before = registry.everything().await;
    let unknown = take(&Person::new().email, RequestId::new(registry.now()));
    assert!(registry.carry_out(&unknown).await);
    assert_eq!(registry.everything().await, before);

    let first = RequestId::new(registry.now());
    let job = take(email, first);
    for _ in 0..2 {
        assert!(registry.carry_out(&job).await);
    }
    let messages = registry.take().await;
    assert_eq!(messages.len(), 1, "one letter however often the job comes");
    let token = LinkToken::parse(&registry.secret_in(&messages[0]).await).unwrap();
    assert_eq!(token.subject(), account.subject);

    let second = take(email, RequestId::new(registry.now()));
    assert!(registry.carry_out(&second).await);
    let again = registry.take().await;
    assert_eq!(again.len(), 1, "a lost letter is written again");
    let (db, now) = (registry.db(), registry.now());
    let requests = db.requests_of(account.subject, now).await.unwrap();
    assert_eq!(requests.len(), 1, "and absorbed");
    assert_eq!(requests[0].id, first);
    assert_eq!(requests[0].progress.state(), State::AwaitingConfirmation);
    let record = registry.record(account.subject).await.unwrap();
    assert_eq!(
        record.restricted_from, None,
        "nothing counts before it is confirmed"
    );
}
