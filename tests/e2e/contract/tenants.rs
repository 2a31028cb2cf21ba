//! Another workspace's thing is a 404 that looks like any missing thing (invariant 8).

use std::collections::{BTreeMap, BTreeSet};

use domain::time::Timestamp;
use serde_json::{Value, json};

use super::document::routes;
use super::registers::{incident, investigation};
use crate::requests::ask;
use crate::support::upload::announced;
use crate::support::{Call, TestMachine, User, told};

/// Everything of somebody that has an id, by the beginning of its routes.
struct Things {
    ids: BTreeMap<&'static str, Vec<String>>,
}

async fn things(machine: &TestMachine, user: &User) -> Things {
    let live = machine.upload_png(&user.api).await;
    let trashed = machine.upload_png(&user.api).await;
    let etag = user.api.get(format!("/assets/{trashed}")).await.etag();
    user.api
        .change("DELETE", format!("/assets/{trashed}"), &etag, None)
        .await
        .is(200);
    let small = user
        .api
        .post("/uploads", &announced("a.png", "image/png", b"x"))
        .await
        .json(201);
    let film =
        json!({"name": "a.mp4", "content_type": "video/mp4", "size_bytes": 200 * 1024 * 1024});
    let film = user.api.post("/uploads", &film).await.json(201);
    let id = |upload: &Value| upload["id"].as_str().unwrap().to_owned();
    let [disclosure, incident, claim] = cases(machine, user).await;
    let requests = vec![
        ask(machine, user, "access").await,
        ask(machine, user, "restriction").await,
    ];
    Things {
        ids: BTreeMap::from([
            ("/assets/", vec![live, trashed]),
            ("/uploads/", vec![id(&small), id(&film)]),
            ("/data-subject-requests/", requests),
            ("/disclosures/", vec![disclosure]),
            ("/incidents/", vec![incident]),
            ("/claims/", vec![claim]),
        ]),
    }
}

/// A case of each register: a disclosure of this person's data, an incident, a claim of theirs.
async fn cases(machine: &TestMachine, user: &User) -> [String; 3] {
    let staff = machine.staff().await;
    let id = |case: Value| case["id"].as_str().unwrap().to_owned();
    let opening = investigation(user);
    let disclosure = staff.api.post("/compliance/disclosures", &opening).await;
    let registering = incident(machine);
    let incident = staff.api.post("/compliance/incidents", &registering).await;
    let claim = json!({"text": "You have lost my files."});
    let claim = user.api.post("/claims", &claim).await;
    [disclosure, incident, claim].map(|case| id(case.json(201)))
}

/// An id of the same kind that nobody has.
fn missing(id: &str) -> String {
    format!(
        "{}_{}",
        &id[..3],
        hex::encode(crate::support::random::<16>())
    )
}

fn call(method: &str, path: &str) -> Call {
    let call = Call::new(method, path).header("if-match", "\"1\"");
    match path.rsplit('/').next() {
        _ if method == "GET" || method == "DELETE" => call,
        Some("parts") => call.json(&json!({"numbers": [1]})),
        _ if method == "PATCH" => call.json(&json!({"name": "mine.png"})),
        _ => call.json(&json!({})),
    }
}

/// Routes whose parameter is nothing that a workspace owns.
const OF_NOBODY: &[&str] = &[
    "GET /policies/{document}",
    "GET /policies/{document}/diff",
    "GET /policies/{document}/versions",
    "GET /policies/{document}/versions/{version}",
    "GET /certificates/{case}",
    "GET /compliance/acts/{id}",
    "GET /compliance/business-transfers/{id}",
    "POST /compliance/business-transfers/{id}/approve",
    "POST /compliance/business-transfers/{id}/cancel",
    "POST /compliance/business-transfers/{id}/objections",
    "POST /compliance/business-transfers/{id}/package",
    "GET /compliance/business-transfers/{id}/package",
    "GET /compliance/business-transfers/{id}/manifest",
    "POST /compliance/business-transfers/{id}/hand-over",
    // a transfer is announced to everybody, and each person has an objection of their own
    "PUT /me/business-transfers/{id}/objection",
    "GET /compliance/holds/{id}",
    "POST /compliance/holds/{id}/review",
    "POST /compliance/holds/{id}/lift",
    "GET /me/consents/{purpose}",
    "PUT /me/consents/{purpose}",
    "PUT /me/policies/{document}",
    "GET /unsubscribe/{token}",
    "POST /unsubscribe/{token}",
    "POST /webhooks/payments/{provider}",
    "GET /opendsr/v2/requests/{id}",
    "DELETE /opendsr/v2/requests/{id}",
    "GET /opendsr/v2/status/{id}",
    "GET /opengdpr/v1/opengdpr_requests/{id}",
    "DELETE /opengdpr/v1/opengdpr_requests/{id}",
    "GET /opengdpr/v1/status/{id}",
    "GET /compliance/processors/{processor}/transfers",
    // surveys are asked by the operator, and each person has an answer of their own
    "GET /surveys/{id}",
    "POST /surveys/{id}/answers",
    "GET /me/surveys/{id}/answer",
    "PUT /me/surveys/{id}/answer",
    "DELETE /me/surveys/{id}/answer",
    "GET /compliance/surveys/{id}",
    "POST /compliance/surveys/{id}/close",
    "GET /compliance/surveys/{id}/answers",
    "POST /compliance/notices/{id}/receipt",
];

#[tokio::test(flavor = "multi_thread")]
async fn on_every_route_a_strangers_thing_is_a_missing_one() {
    let machine = TestMachine::start().await;
    let (owner, stranger) = (machine.user().await, machine.user().await);
    let things = things(&machine, &owner).await;
    let before = machine.counts().await;
    let mut tried = BTreeSet::new();
    for route in routes(&machine)
        .into_keys()
        .filter(|route| route.contains('{'))
    {
        let (method, pattern) = route.split_once(' ').unwrap();
        let of_staff = pattern.starts_with("/compliance/");
        let plain = pattern
            .trim_start_matches("/compliance")
            .replace("/requests/", "/data-subject-requests/");
        let kind = if of_staff { plain.as_str() } else { pattern };
        let Some((_, ids)) = things
            .ids
            .iter()
            .find(|(prefix, _)| kind.starts_with(**prefix))
        else {
            assert!(OF_NOBODY.contains(&route.as_str()), "{route} is not tried");
            continue;
        };
        for id in ids {
            let theirs = stranger
                .api
                .send(call(method, &pattern.replace("{id}", id)))
                .await;
            let nothing = stranger
                .api
                .send(call(method, &pattern.replace("{id}", &missing(id))))
                .await;
            if of_staff {
                theirs.problem(403, "staff_only");
            } else {
                theirs.problem(404, "not_found");
            }
            assert_eq!(told(&theirs), told(&nothing), "{route}");
        }
        tried.insert(route);
    }
    assert!(tried.len() >= 20, "{tried:?}");
    machine.settled().await;
    let after = machine.counts().await;
    assert_eq!(
        (before["CatalogTable"], before["PeopleTable"]),
        (after["CatalogTable"], after["PeopleTable"])
    );
    for asset in &things.ids["/assets/"] {
        owner.api.get(format!("/assets/{asset}")).await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_shows_what_is_anothers() {
    let machine = TestMachine::start().await;
    let (owner, stranger) = (machine.user().await, machine.user().await);
    let things = things(&machine, &owner).await;
    let hidden: Vec<String> = things
        .ids
        .values()
        .flatten()
        .cloned()
        .chain(owner.person.canaries())
        .chain([owner.workspace.clone()])
        .collect();
    let secured = routes(&machine)
        .into_keys()
        .filter(|route| route.starts_with("GET ") && !route.contains('{'));
    for route in secured {
        let answer = stranger.api.get(route.trim_start_matches("GET ")).await;
        for word in &hidden {
            assert!(
                !answer.text().contains(word.as_str()),
                "{route} shows {word}"
            );
        }
    }
    // A cursor of one workspace finds nothing in another.
    machine.upload_png(&owner.api).await;
    let page = owner.api.get("/assets?limit=1").await.json(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let answer = stranger
        .api
        .get(format!("/assets?limit=1&cursor={cursor}"))
        .await;
    assert!(
        answer.status == 422 || answer.json(200)["items"] == json!([]),
        "{}",
        answer.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_none_are_missing_things_too() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let now: Timestamp = machine.now();
    let other_kind = domain::ids::UploadId::new(now).to_string();
    let mut answers = Vec::new();
    for id in [
        "x",
        "ast_",
        "ast_00",
        "ast_0000000000000000000000000000000G",
        &other_kind,
    ] {
        answers.push(user.api.get(format!("/assets/{id}")).await);
    }
    for answer in &answers {
        answer.problem(404, "not_found");
    }
}
