//! Requests of data subjects, and the staff's decisions.

use assetbox_tests::{User, pictures};
use serde_json::{Value, json};

use crate::deployment::{Deployment, until};
use crate::report::row;

async fn ask(user: &User, body: &Value) -> String {
    let asked = user
        .api
        .post("/data-subject-requests", body)
        .await
        .json(201);
    asked["id"].as_str().unwrap().to_owned()
}

async fn completed(user: &User, request: &str) -> Value {
    until("a completed request", || async {
        let view = user
            .api
            .get(format!("/data-subject-requests/{request}"))
            .await
            .json(200);
        (view["state"] == "completed").then_some(view)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn a_person_gets_a_copy_of_everything() {
    let deployed = Deployment::open().await;
    let user = deployed.user().await;
    let asset = deployed
        .upload(&user, "dot.png", "image/png", &pictures::png())
        .await;
    deployed.looked_at(&user, &asset).await;
    let request = ask(&user, &json!({"kind": "access"})).await;
    completed(&user, &request).await;
    let path = format!("/data-subject-requests/{request}/export");
    let copy = user.api.get(&path).await.json(200).to_string();
    for word in [&user.person.name, &user.person.email, &user.person.phone] {
        assert!(copy.contains(word.as_str()), "{word}");
    }
    user.api.get(format!("{path}?part=html")).await.is(200);
    user.api.get("/data-subject-requests").await.is(200);
    row("access", "a copy in JSON and HTML, with the person's data");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn the_staff_correct_extend_refuse_and_verify() {
    let deployed = Deployment::open().await;
    let (user, staff) = (deployed.user().await, deployed.staff().await);
    user.api
        .get("/compliance/requests")
        .await
        .problem(403, "staff_only");
    let decide = async |request: &str, what: &str, body: &Value| {
        staff
            .api
            .post(format!("/compliance/requests/{request}/{what}"), body)
            .await
    };

    let correction = ask(
        &user,
        &json!({"kind": "rectification", "fields": {"position": "Director"}}),
    )
    .await;
    staff
        .api
        .get(format!("/compliance/requests/{correction}"))
        .await
        .is(200);
    let reason = json!({"reason": "Checked."});
    decide(&correction, "approve", &reason).await.is(200);
    completed(&user, &correction).await;
    assert_eq!(user.api.get("/me").await.json(200)["position"], "Director");

    let restriction = ask(&user, &json!({"kind": "restriction"})).await;
    assert_ne!(
        user.api.get("/me").await.json(200)["restricted_from"],
        Value::Null
    );
    let refusal = json!({"ground": "152-FZ art. 21(5)", "reason": "There is a claim."});
    decide(&restriction, "refuse", &refusal).await.is(200);
    assert_eq!(
        user.api.get("/me").await.json(200)["restricted_from"],
        Value::Null
    );

    // by address, confirmed by the mailed link or by the staff
    let by_address = json!({"kind": "erasure", "email": user.person.email});
    deployed
        .anonymous()
        .post("/data-subject-requests", &by_address)
        .await
        .is(202);
    let link = deployed.link(&user.person.email, "request").await;
    let (request, token) = link.split_once('.').unwrap();
    let path = format!("/data-subject-requests/{request}/confirm");
    deployed
        .anonymous()
        .post(path, &json!({"token": token}))
        .await
        .is(200);
    decide(request, "refuse", &refusal).await.is(200);
    let again = json!({"kind": "access", "email": user.person.email});
    deployed
        .anonymous()
        .post("/data-subject-requests", &again)
        .await
        .is(202);
    let waiting = until("the request of the address", || async {
        let list = user.api.get("/data-subject-requests").await.json(200);
        let items = list["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["kind"] == "access")
    })
    .await;
    let waiting = waiting["id"].as_str().unwrap();
    decide(waiting, "verify", &reason).await.is(200);
    decide(
        waiting,
        "extend",
        &json!({"reason": "We wait for the archive."}),
    )
    .await;
    completed(&user, waiting).await;
    let queue = staff.api.get("/compliance/requests").await.json(200);
    assert!(!queue.to_string().contains(&user.person.email));
    row(
        "rectification, restriction, requests by address",
        "decided by staff, carried out",
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn what_was_signed_can_be_checked_by_anybody() {
    let deployed = Deployment::open().await;
    let key = deployed.anonymous().get("/ledger/key").await.json(200);
    assert!(key.to_string().len() > 40, "{key}");
    let nothing = domain::ids::CaseId::new(platform::Clock::system().now());
    deployed
        .anonymous()
        .get(format!("/certificates/{nothing}"))
        .await
        .problem(404, "not_found");
    row(
        "the ledger's public key, and a certificate that is not there",
        "200 and 404",
    );
}
