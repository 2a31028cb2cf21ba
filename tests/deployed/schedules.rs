//! Every schedule reaches its function, which does its work.

use assetbox_tests::upload::announced;
use domain::time::{days, shift};
use platform::Clock;
use serde_json::{Value, json};

use crate::deployment::{Deployment, until};
use crate::journey::ledger_holds;
use crate::report::row;

/// The schedules whose work is looked at here.
const SCHEDULES: [&str; 8] = [
    "ErasureFunctionReconcile",
    "OpendsrFunctionExchanges",
    "OutboxFunctionSealRoots",
    "OutboxFunctionSweep",
    "PaymentsFunctionDuties",
    "RetentionFunctionTick",
    "SiteFunctionDaily",
    "TrialExpiryFunctionTick",
];

/// Makes every schedule of the stack due within a minute, as an operator may. What it calls and
/// with which input is left as it was deployed.
async fn hasten(deployed: &Deployment) -> Vec<String> {
    let of_type = |(_, kind): &(&String, &String)| *kind == "AWS::Scheduler::Schedule";
    let schedules: Vec<&String> = deployed
        .told
        .types
        .iter()
        .filter(of_type)
        .map(|(id, _)| id)
        .collect();
    for id in &schedules {
        let path = format!("/schedules/{}", deployed.name(id));
        let mut schedule = deployed.aws.rest("scheduler", "GET", &path, None).await;
        schedule["ScheduleExpression"] = json!("rate(1 minute)");
        deployed
            .aws
            .rest("scheduler", "PUT", &path, Some(&schedule))
            .await;
    }
    schedules.into_iter().cloned().collect()
}

fn past() -> String {
    shift(Clock::system().now(), days(-1)).to_string()
}

/// A consequence whose stream record got lost: the letter waits, overdue.
async fn lost_letter(deployed: &Deployment) -> (String, String) {
    let person = assetbox_tests::Person::new();
    let user = deployed.user_like(person, &[]).await;
    // the stream is held while the letter is committed, and goes on past it
    let mapping = mapping_of(deployed, "CatalogTable").await;
    enable(deployed, &mapping, false).await;
    user.api
        .post("/password-resets", &json!({"email": user.person.email}))
        .await
        .is(202);
    // the letter of welcome may wait beside it
    let waiting = until("the waiting letter", || async {
        let items = deployed.items("CatalogTable").await;
        items
            .into_iter()
            .find(|item| item["consequence"]["letter"]["letter"] == "password_reset")
    })
    .await;
    let key = (
        waiting["pk"].as_str().unwrap(),
        waiting["sk"].as_str().unwrap(),
    );
    deployed
        .set("CatalogTable", key, &["due_at"], &past())
        .await;
    (user.person.email.clone(), mapping)
}

async fn mapping_of(deployed: &Deployment, table: &str) -> String {
    let list = deployed
        .aws
        .rest("lambda", "GET", "/2015-03-31/event-source-mappings/", None)
        .await;
    let source = format!(":table/{}/stream/", deployed.name(table));
    let mappings = list["EventSourceMappings"].as_array().unwrap();
    let found = mappings.iter().find(|mapping| {
        mapping["EventSourceArn"]
            .as_str()
            .unwrap()
            .contains(&source)
    });
    found.expect("an event source")["UUID"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn enable(deployed: &Deployment, mapping: &str, enabled: bool) {
    let path = format!("/2015-03-31/event-source-mappings/{mapping}");
    deployed
        .aws
        .rest("lambda", "PUT", &path, Some(&json!({"Enabled": enabled})))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn every_schedule_does_its_work() {
    let deployed = Deployment::open().await;
    // what the clock has left to do: a trial's notice, an abandoned upload, a letter
    let trial = deployed.user().await;
    deployed.end_trial(&trial).await;
    let uploader = deployed.user().await;
    let begun = uploader
        .api
        .post("/uploads", &announced("late.png", "image/png", b"late"))
        .await
        .json(201);
    let upload = begun["id"].as_str().unwrap();
    let key = (
        format!("WSP#{}", uploader.workspace),
        format!("UPLOAD#{upload}"),
    );
    for attribute in ["expires_at", "due_at"] {
        deployed
            .set("CatalogTable", (&key.0, &key.1), &[attribute], &past())
            .await;
    }
    let (address, mapping) = lost_letter(&deployed).await;

    let schedules = hasten(&deployed).await;
    assert_eq!(schedules, SCHEDULES);
    let reset = deployed.link(&address, "reset").await;
    assert!(!reset.is_empty());
    row(
        "schedule sweep",
        "a letter that the stream lost was delivered",
    );
    enable(&deployed, &mapping, true).await;

    deployed.letter_with(&trial.person, "read-only").await;
    row("schedule of trial-expiry", "the notice of the end was sent");

    until("the upload to be given up", || async {
        let view = uploader
            .api
            .get(format!("/uploads/{upload}"))
            .await
            .json(200);
        (view["state"] != "open").then_some(())
    })
    .await;
    let billing = uploader.api.get("/billing").await.json(200);
    assert_eq!(
        billing["stored_bytes"],
        Value::from(0),
        "the quota was returned"
    );
    row(
        "schedule of retention",
        "an abandoned upload was given up, its quota returned",
    );

    until("a signed root", || async {
        let keys = deployed.versions("ProofsBucket").await;
        keys.iter()
            .any(|key| key.starts_with("roots/"))
            .then_some(())
    })
    .await;
    row("schedule seal_roots", &ledger_holds(&deployed).await);

    for (function, line, seen) in [
        (
            "PaymentsFunction",
            "duties looked at",
            "the duties of billing were looked at",
        ),
        (
            "OpendsrFunction",
            "exchanges looked at",
            "what controllers wait for was looked at",
        ),
        (
            "SiteFunction",
            "days looked at",
            "salts of days that are over were looked for",
        ),
    ] {
        until(line, || async {
            let lines = deployed.log(function).await;
            lines
                .iter()
                .any(|logged| logged.contains(line))
                .then_some(())
        })
        .await;
        row(&format!("schedule of {function}"), seen);
    }

    until("a round of the reconciler", || async {
        let items = deployed.items("PeopleTable").await;
        let rounds = |item: &Value| {
            item["pk"]
                .as_str()
                .is_some_and(|pk| pk.starts_with("RECONCILE"))
        };
        items.iter().any(rounds).then_some(())
    })
    .await;
    row("schedule of erasure", "the nightly round has begun");
}
