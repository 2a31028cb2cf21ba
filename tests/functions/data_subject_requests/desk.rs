//! The staff's desk: who may decide, one case with its whole history, and restrictions that
//! somebody else than the person asks for (6.7).

use assetbox_tests::stage::{jobs, letters};
use assetbox_tests::{Call, Client, Person, Stage, User};
use data_subject_requests::App;
use domain::consequence::Letter;
use domain::request::Applicant;
use domain::time::{SignedDuration, shift};
use platform::{Clock, Env};
use serde_json::{Value, json};

use super::{ask, id, somebody, staff};

/// Who makes the function's calls here.
const CALLER: &str = "Desk";
/// The secret that names this staff.
const SECRET: &str = "request-staff";
const FUNCTION: &str = "DataSubjectRequestsFunction";

/// The routes once more, for a staff of several roles; gives their address.
async fn desk_of_roles(stage: &Stage) -> String {
    let mut secret = stage.secret();
    secret["staff"] = json!([
        {"email": "legal@assetbox.example", "roles": ["legal", "security"]},
        {"email": "privacy@assetbox.example", "roles": ["privacy"]},
    ]);
    let secrets = stage.services().secrets();
    secrets
        .ensure_secret(SECRET, || secret.to_string())
        .unwrap();
    let function = stage.model().function(FUNCTION).expect("a function");
    let declared = function.environment.iter();
    let mut all: Vec<(String, String)> = declared.map(|(n, v)| (n.clone(), v.clone())).collect();
    all.retain(|(name, _)| name != "APP_SECRET");
    all.push(("APP_SECRET".to_owned(), SECRET.to_owned()));
    let app = App::new(&stage.sdk_config(CALLER), &Env::of(all), Clock::system()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = axum::serve(listener, data_subject_requests::router(app.unwrap()));
    tokio::spawn(serving.into_future());
    base
}

/// The letter of an authority as the staff enter it.
fn letter(person: &User, received_at: impl ToString) -> Value {
    json!({
        "person": person.person.email,
        "applicant": "authority",
        "name": "Roskomnadzor",
        "reference": "No. 08-1234",
        "document_sha256": "cd".repeat(32),
        "received_at": received_at.to_string(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_role_for_privacy_sees_and_decides_requests() {
    let stage = Stage::start().await;
    let base = desk_of_roles(&stage).await;
    let user = somebody(&stage).await;
    let asked = ask(&user, json!({"kind": "erasure"})).await;
    let case = format!("/compliance/requests/{}", id(&asked));
    let member = async |email: &str| {
        let person = Person {
            email: email.to_owned(),
            ..Person::new()
        };
        let user = stage.account(person, &[]).await;
        Client {
            base: base.clone(),
            ..user.api
        }
    };
    let legal = member("legal@assetbox.example").await;
    let reason = json!({"reason": "x"});
    let refusal = json!({"ground": "152-FZ art. 14(8)", "reason": "x"});
    for (method, path, body) in [
        ("GET", "/compliance/requests".to_owned(), &Value::Null),
        ("GET", case.clone(), &Value::Null),
        ("GET", format!("{case}/ledger"), &Value::Null),
        (
            "POST",
            "/compliance/requests".to_owned(),
            &letter(&user, stage.now()),
        ),
        ("POST", format!("{case}/verify"), &reason),
        ("POST", format!("{case}/extend"), &reason),
        ("POST", format!("{case}/refuse"), &refusal),
        ("POST", format!("{case}/approve"), &reason),
    ] {
        let call = Call::new(method, path).json(body);
        legal.send(call).await.problem(403, "staff_role");
    }
    let privacy = member("privacy@assetbox.example").await;
    privacy.get(&case).await.is(200);
    privacy
        .post(format!("{case}/approve"), &reason)
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_s_restriction_is_dated_back_and_answers_for_the_time_between() {
    let stage = Stage::start().await;
    let (user, staff) = (somebody(&stage).await, staff(&stage).await);
    let restricted = async || user.api.get("/me").await.json(200)["restricted_from"].clone();
    let received = stage.now();
    let later = shift(received, SignedDuration::from_hours(1));
    stage.advance(SignedDuration::from_secs(10));
    // somebody works with the data meanwhile
    user.api.get("/me").await.is(200);
    stage.advance(SignedDuration::from_secs(10));

    let body = letter(&user, later);
    let in_future = staff.api.post("/compliance/requests", &body).await;
    assert_eq!(in_future.json(422)["field"], "received_at");
    let body = letter(&user, received);
    let entered = staff.api.post("/compliance/requests", &body).await;
    let entered = entered.json(201);
    assert_eq!(entered["state"], "verified");
    assert_eq!(entered["received_at"], received.to_string());
    assert_eq!(restricted().await, entered["received_at"]);
    let followed = stage.take().await;
    assert!(
        matches!(letters(&followed)[..], [Letter::RestrictionEntered { .. }]),
        "{followed:?}"
    );
    let again = staff.api.post("/compliance/requests", &body).await;
    again.problem(409, "entered_before");
    for item in stage.everything().await {
        assert!(!item.contains("No. 08-1234"), "{item}");
    }

    let entries = stage.ledger().await;
    let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
    stage.db().seal(&ids).await.unwrap();
    let case = format!("/compliance/requests/{}", id(&entered));
    let ledger = async |query: &str| {
        let report = staff.api.get(format!("{case}/ledger{query}")).await;
        report.json(200)["items"].as_array().unwrap().clone()
    };
    let between = ledger("?window=true").await;
    assert!(
        between
            .iter()
            .any(|entry| entry["event"] == "personal_data.accessed"
                && entry["purpose"].is_string()
                && entry["operation"] == "extract")
    );
    assert!(between.iter().all(|entry| entry["in_window"] == true));
    let whole = ledger("").await;
    assert!(
        whole
            .iter()
            .any(|entry| entry["event"] == "request.entered" && entry["in_window"] == false)
    );

    // the person's own restriction holds when the authority's is lifted
    let own = ask(&user, json!({"kind": "restriction"})).await;
    stage.take().await;
    let decided = json!({"reason": "The check found nothing."});
    let lift = async |case: &str| {
        let path = format!("/compliance/requests/{case}/approve");
        staff.api.post(path, &decided).await.is(200);
        for job in jobs(&stage.take().await) {
            assert!(stage.carry_out(&job).await);
        }
    };
    lift(id(&entered)).await;
    assert_eq!(restricted().await, entered["received_at"]);
    lift(id(&own)).await;
    assert_eq!(restricted().await, Value::Null);

    let file = staff.api.get(&case).await.json(200);
    assert_eq!(file["mandate"]["name"], "Roskomnadzor");
    assert_eq!(file["mandate"]["reference"], "No. 08-1234");
    let steps = file["history"].as_array().unwrap();
    let told: Vec<_> = steps
        .iter()
        .map(|step| {
            (
                step["event"].as_str().unwrap(),
                step["by"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("received", "authority"),
            ("entered", "staff"),
            ("approved", "staff"),
            ("completed", "system"),
        ]
    );
    assert_eq!(steps[1]["officer"], steps[2]["officer"]);
    assert!(steps[1]["officer"].is_string());
    assert_eq!(steps[2]["reason"], decided["reason"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_representative_s_restriction_needs_the_mandate() {
    let stage = Stage::start().await;
    let (user, staff) = (somebody(&stage).await, staff(&stage).await);
    let mut body = letter(&user, stage.now());
    body["applicant"] = json!("representative");
    body["name"] = json!("An advocate");
    let mut without = body.clone();
    without["document_sha256"] = json!("");
    let refused = staff.api.post("/compliance/requests", &without).await;
    assert_eq!(refused.json(422)["field"], "document_sha256");
    assert!(user.api.get("/me").await.json(200)["restricted_from"].is_null());

    let entered = staff.api.post("/compliance/requests", &body).await;
    let entered = entered.json(201);
    let me = user.api.get("/me").await.json(200);
    assert_eq!(me["restricted_from"], entered["received_at"]);
    let followed = stage.take().await;
    let [Letter::RestrictionEntered { by, .. }] = letters(&followed)[..] else {
        panic!("one letter to the person: {followed:?}");
    };
    assert_eq!(by, Applicant::Representative);
}
