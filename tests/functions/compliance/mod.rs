//! Disclosures, incidents, claims and processors: the registers of the staff (clauses 5.5 to 5.9,
//! 8.1, 8.2).

mod claims;
mod disclosures;
mod incidents;
mod notices;
mod transfers;

use std::ops::Deref;

use assetbox_tests::{Bearer, Client, Person, Stage, User};
use compliance::App;
use domain::processing::{Actor, Category, Operation, Purpose};
use domain::time::SignedDuration;
use platform::{Clock, Env};
use serde_json::{Value, json};
use store::personal::Access;

/// Who makes the function's calls here.
const CALLER: &str = "Compliance";
/// The secret that names this staff.
const SECRET: &str = "compliance-staff";

/// A machine with the registers' function beside it.
struct Desk {
    stage: Stage,
    clock: Clock,
    base: String,
}

impl Deref for Desk {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl Desk {
    async fn new() -> Self {
        let stage = Stage::start().await;
        let mut secret = stage.secret();
        secret["staff"] = json!([
            "staff@assetbox.example",
            {"email": "second@assetbox.example", "roles": ["legal", "privacy"]},
            {"email": "security@assetbox.example", "roles": ["security"]},
        ]);
        let secrets = stage.services().secrets();
        secrets
            .ensure_secret(SECRET, || secret.to_string())
            .unwrap();
        let clock = Clock::system();
        let config = stage.sdk_config(CALLER);
        let app = App::new(&config, &environment(&stage), clock.clone()).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let serving = axum::serve(listener, compliance::router(app.unwrap()));
        tokio::spawn(serving.into_future());
        Self { stage, clock, base }
    }

    /// Somebody at the registers, at the time that the machine has.
    fn at(&self, user: &User) -> Client<Bearer> {
        let behind = self.now().duration_since(self.clock.now().into());
        self.clock.advance(behind);
        Client {
            base: self.base.clone(),
            ..user.api.clone()
        }
    }

    async fn member(&self, email: &str) -> User {
        let person = Person {
            email: email.to_owned(),
            ..Person::new()
        };
        self.account(person, &[]).await
    }

    async fn somebody(&self) -> User {
        self.account(Person::new(), &["marketing-consent"]).await
    }

    /// The staff read what a person asked for, as the access log will show.
    async fn look_at(&self, user: &User) {
        let access = Access {
            purpose: Purpose::Feedback,
            operation: Operation::Extract,
            actor: Actor::Staff,
            categories: &[Category::Request],
            clause: "6.3",
        };
        let subject = self.subject_of(&user.person.email).await;
        self.gate().open(subject, access, self.now()).await.unwrap();
    }

    /// Chains what the stream would have brought.
    async fn seal(&self) {
        let entries = self.ledger().await;
        let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
        self.db().seal(&ids).await.unwrap();
    }
}

/// The variables that the function reads, as other functions have them.
fn environment(stage: &Stage) -> Env {
    let functions = ["ErasureFunction", "DataSubjectRequestsFunction"];
    let declared = functions.map(|id| &stage.model().function(id).expect("a function").environment);
    let all = declared.into_iter().flatten();
    let mut all: Vec<(String, String)> = all.map(|(n, v)| (n.clone(), v.clone())).collect();
    all.retain(|(name, _)| name != "APP_SECRET");
    all.push(("APP_SECRET".to_owned(), SECRET.to_owned()));
    Env::of(all)
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn id(case: &Value) -> &str {
    case["id"].as_str().expect("an id")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_register_is_open_to_its_role_only() {
    let desk = Desk::new().await;
    let somebody = desk.somebody().await;
    let security = desk.member("security@assetbox.example").await;
    let legal = desk.member("second@assetbox.example").await;
    let all = desk.member("staff@assetbox.example").await;
    for (register, theirs, foreign) in [
        ("disclosures", &legal, &security),
        ("business-transfers", &legal, &security),
        ("acts", &legal, &security),
        ("claims", &legal, &security),
        ("holds", &legal, &security),
        ("notices", &legal, &security),
        ("processors", &legal, &security),
        ("incidents", &security, &legal),
    ] {
        let path = format!("/compliance/{register}");
        desk.at(theirs).get(&path).await.is(200);
        desk.at(&all).get(&path).await.is(200);
        desk.at(foreign).get(&path).await.problem(403, "staff_role");
        desk.at(&somebody)
            .get(&path)
            .await
            .problem(403, "staff_only");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_passed_to_a_processor_is_in_its_log() {
    use domain::compliance::processor::{Processor, Transfer};
    let desk = Desk::new().await;
    let staff = desk.member("staff@assetbox.example").await;
    let transfer = Transfer {
        to: Processor::Stripe,
        purpose: Purpose::Payment,
        categories: &[Category::Contact],
    };
    let now = desk.now();
    desk.db()
        .record(transfer.entry(now).unwrap())
        .await
        .unwrap();
    desk.seal().await;
    let path = |processor: &str| {
        let (from, to) = (domain::time::shift(now, -hours(1)), now);
        format!("/compliance/processors/{processor}/transfers?from={from}&to={to}")
    };
    let api = desk.at(&staff);
    let stripe = api.get(path("stripe")).await.json(200);
    assert_eq!(stripe["items"].as_array().unwrap().len(), 1, "{stripe}");
    assert_eq!(stripe["items"][0]["categories"], json!(["contact"]));
    let other = api.get(path("yookassa")).await.json(200);
    assert_eq!(other["items"], json!([]));
    api.get(path("somebody_else"))
        .await
        .problem(404, "not_found");
}
