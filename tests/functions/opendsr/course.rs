//! What becomes of a request that a controller passes on.

use assetbox_tests::controller::{Controller, path_of};
use assetbox_tests::provider::{Asked, Provider};
use assetbox_tests::{Person, TestMachine};
use domain::contact::EmailAddress;
use domain::opendsr::AddressDigest;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::Key;

use super::certificate;

/// The statuses that an address was told, with how each ended.
fn told(receiver: &Provider, request: &Value) -> Vec<(String, Value)> {
    let id = &request["subject_request_id"];
    let asked = receiver.asked().into_iter();
    let bodies = asked.map(|call| serde_json::from_str::<Value>(&call.body).unwrap());
    let about = bodies.filter(|body| body["subject_request_id"] == *id);
    about
        .map(|body| {
            let status = body["request_status"].as_str().unwrap().to_owned();
            (status, body["extensions"]["127.0.0.1"]["outcome"].clone())
        })
        .collect()
}

async fn confirm(machine: &TestMachine, person: &Person) -> String {
    let link = machine.link(&person.email, "request").await;
    let (request, token) = link.split_once('.').expect("request and token");
    let path = format!("/data-subject-requests/{request}/confirm");
    let token = json!({"token": token});
    machine.anonymous().post(path, &token).await.is(200);
    request.to_owned()
}

/// Clause 6.3, and no enumeration: until the person acts, nothing differs.
#[tokio::test(flavor = "multi_thread")]
async fn whether_anybody_is_known_by_an_address_shows_nowhere() {
    let (machine, receiver) = (TestMachine::start().await, Provider::start().await);
    receiver.answers("POST /callbacks", 200, Value::Null);
    let callbacks = [format!("{}/callbacks", receiver.url)];
    let controller = machine.controller("example");
    let user = machine.user().await;
    let address = EmailAddress::new(&user.person.email).unwrap();
    let mut hashed = Controller::request("access", &user.person.email, &callbacks);
    hashed["subject_identities"][0]["identity_format"] = json!("sha256");
    let digest = AddressDigest::of(&address).0;
    hashed["subject_identities"][0]["identity_value"] = json!(hex::encode(digest));
    let requests = [
        Controller::request("erasure", &user.person.email, &callbacks),
        Controller::request("erasure", &Person::new().email, &callbacks),
        hashed,
    ];
    let mut operations = Vec::new();
    for request in &requests {
        let count = machine.count("OpendsrFunction");
        controller.pass(request).await.is(201);
        operations.push(count.operations());
        machine.settled().await;
    }
    assert!(
        operations.iter().all(|calls| *calls == operations[0]),
        "{operations:?}"
    );
    let links = machine.mails_to(&user.person.email).await;
    let links = links
        .iter()
        .filter_map(|mail| assetbox_tests::mail::link_in(mail, "request"));
    assert_eq!(links.count(), 2, "only the owner gets letters");
    let letter = machine.last_mail_to(&user.person.email).await;
    assert!(letter.text.unwrap().contains("Passed on to us by: example"));

    machine.pass(SignedDuration::from_hours(8 * 24 + 1)).await;
    machine.exchanges().await;
    for request in &requests {
        let status = controller.status(request).await;
        assert_eq!(status["request_status"], "cancelled");
        assert_eq!(
            told(&receiver, request),
            [("cancelled".to_owned(), json!("unconfirmed"))]
        );
    }
}

/// Sections 8.5, 8.6 and 9: every change is told until it is heard, signed; a request that its
/// person has confirmed can't be taken back; an erasure that is done says so.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_confirmed_by_its_person_decided_and_told() {
    let (machine, receiver) = (TestMachine::start().await, Provider::start().await);
    let controller = machine.controller("example");
    let person = Person::new();
    machine.user_like(person.clone(), &[]).await;
    let callbacks = [format!("{}/callbacks", receiver.url)];
    let request = Controller::request("erasure", &person.email, &callbacks);
    controller.pass(&request).await.is(201);
    machine.settled().await;
    let here = confirm(&machine, &person).await;
    let status = controller.status(&request).await;
    assert_eq!(
        status["request_status"], "in_progress",
        "before any schedule has run"
    );
    let late = controller.api.delete(path_of(&request)).await;
    assert_eq!(
        late.json(400)["error"]["errors"][0]["reason"],
        "not_pending"
    );

    // nobody listens there yet: the callback waits a minute, and is heard then
    machine.exchanges().await;
    assert!(!told(&receiver, &request).is_empty());
    receiver.answers("POST /callbacks", 204, Value::Null);
    machine.pass(SignedDuration::from_mins(6)).await;
    machine.exchanges().await;
    let heard = told(&receiver, &request).len();
    machine.pass(SignedDuration::from_mins(6)).await;
    assert_eq!(told(&receiver, &request).len(), heard, "heard once");

    let staff = machine.staff().await;
    let approve = format!("/compliance/requests/{here}/approve");
    let reason = json!({"reason": "Checked."});
    staff.api.post(approve, &reason).await.is(200);
    machine.settled().await;
    machine.exchanges().await;
    let told = told(&receiver, &request);
    assert_eq!(
        told.last(),
        Some(&("completed".to_owned(), json!("erased"))),
        "{told:?}"
    );
    let progress = told.iter().filter(|(status, _)| status == "in_progress");
    assert_eq!(progress.count(), told.len() - 1, "{told:?}");
    let status = controller.status(&request).await;
    assert_eq!(status["request_status"], "completed");
    are_signed(&machine, &receiver.asked(), &callbacks[0]).await;
}

async fn are_signed(machine: &TestMachine, calls: &[Asked], url: &str) {
    let certificate = certificate(machine).await;
    for call in calls {
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert_eq!(body["status_callback_url"], url);
        assert_eq!(body["controller_id"], "example");
        assert!(body["expected_completion_time"].is_string());
        for header in ["x-opendsr-signature", "x-opengdpr-signature"] {
            let signature = call.headers[header].to_str().unwrap();
            assert!(certificate.has_signed(call.body.as_bytes(), signature));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_no_delivery() {
    let (machine, receiver) = (TestMachine::start().await, Provider::start().await);
    receiver.answers("POST /callbacks", 307, Value::Null);
    let controller = machine.controller("example");
    let callbacks = [format!("{}/callbacks", receiver.url)];
    let request = Controller::request("access", &Person::new().email, &callbacks);
    controller.pass(&request).await.is(201);
    controller.api.delete(path_of(&request)).await.is(202);
    machine.exchanges().await;
    let asked = receiver.asked();
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|call| call.what == "POST /callbacks"));
    let items = machine.items("CatalogTable").await;
    let waits = items
        .iter()
        .filter(|item| assetbox_tests::text(item, "sk").starts_with("CALLBACK#"));
    assert_eq!(waits.count(), 1, "it is tried again");
}

/// The person confirms at the moment at which the wait for them ends: whichever comes first, they
/// are heard.
#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_to_which_word_is_on_its_way_does_not_end() {
    let machine = TestMachine::start().await;
    let controller = machine.controller("example");
    let person = Person::new();
    machine.user_like(person.clone(), &[]).await;
    let confirmed = Controller::request("erasure", &person.email, &[]);
    let stray = Controller::request("erasure", &Person::new().email, &[]);
    for request in [&confirmed, &stray] {
        controller.pass(request).await.is(201);
    }
    machine.settled().await;
    confirm(&machine, &person).await;
    for (request, status) in [(&confirmed, "in_progress"), (&stray, "cancelled")] {
        let id = request["subject_request_id"].as_str().unwrap();
        let key = Key::new(format!("OPENDSR#example#{id}"), "EXCHANGE");
        let ended = machine.db().end_waiting(&key, machine.now()).await;
        ended.unwrap();
        let now = controller.status(request).await;
        assert_eq!(now["request_status"], status);
    }
}

/// Who does not answer is asked once in a run: the time is for the others, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_controller_is_called_once_in_a_run() {
    let machine = TestMachine::start().await;
    let controller = machine.controller("example");
    // nothing listens on that port
    let callbacks = ["http://127.0.0.1:9/callbacks".to_owned()];
    for _ in 0..3 {
        let request = Controller::request("access", &Person::new().email, &callbacks);
        controller.pass(&request).await.is(201);
        controller.api.delete(path_of(&request)).await.is(202);
    }
    machine.exchanges().await;
    let items = machine.items("CatalogTable").await;
    let tried = items
        .iter()
        .filter(|item| assetbox_tests::text(item, "sk").starts_with("CALLBACK#"))
        .map(|item| item["attempts"].as_n().unwrap().parse::<u32>().unwrap());
    let tried: Vec<u32> = tried.collect();
    assert_eq!((tried.len(), tried.contains(&0)), (3, true), "{tried:?}");
}

/// A person who asked by themselves is asked no second time, and the controller learns nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_request_of_the_person_absorbs_it_in_silence() {
    let machine = TestMachine::start().await;
    let controller = machine.controller("example");
    let user = machine.user().await;
    let own = json!({"kind": "erasure"});
    user.api.post("/data-subject-requests", &own).await.is(201);
    machine.settled().await;
    let letters = machine.mails_to(&user.person.email).await.len();
    let request = Controller::request("erasure", &user.person.email, &[]);
    controller.pass(&request).await.is(201);
    machine.settled().await;
    machine.exchanges().await;
    assert_eq!(machine.mails_to(&user.person.email).await.len(), letters);
    let status = controller.status(&request).await;
    assert_eq!(status["request_status"], "pending");
}
