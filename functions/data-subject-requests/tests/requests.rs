//! Intake, confirmation and decisions, over the real routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../signup/tests/support/mod.rs"]
mod support;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use aws_types::{
    SdkConfig,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};
use axum::{Router, http::Method};
use domain::{
    consent::{ConsentPurpose, Tick},
    consequence::{Consequence, Job, Letter},
    contact::{CompanyName, EmailAddress, PersonName, PhoneNumber, Position, Profile},
    ids::{RequestId, SubjectId},
    policy::Locale,
    processing::{Actor, Category, Operation, Purpose, Refusal},
    request::{Level, Progress, Regime, RequestKind},
    time::{SignedDuration, Timestamp, shift},
    token::LinkToken,
};
use local_services::Services;
use platform::Env;
use serde_json::{Value, json};
use store::{
    Tx,
    outbox::Message,
    people::{
        ExportCopy, Link, LinkPurpose, Origin, PersonRecord, Request, SignUp, confirm_sign_up,
        find_login, open_session, person_key, sign_up,
    },
    personal::{Access, GateError},
};
use support::{Answer, World, call, consent_box, subject_of};
use tempfile::TempDir;

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";
const STAFF: &str = "staff@example.com";

struct Stage {
    world: World,
    router: Router,
    _secrets: TempDir,
}

/// The world's services, with a secret of our own: it names the staff.
#[derive(Debug)]
struct WithStaff {
    world: SdkConfig,
    secrets: String,
}

impl LoadServiceConfig for WithStaff {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if key.service_id() == "Secrets Manager" {
            return (key.env() == "AWS_ENDPOINT_URL").then(|| self.secrets.clone());
        }
        self.world.service_config()?.load_config(key)
    }
}

async fn secrets(folder: &TempDir) -> String {
    let root = folder.path().join("services");
    let services = Services::open(root, "eu-central-1".into(), "000000000000".into()).unwrap();
    let secret = json!({
        "lookup_key": "a lookup key of these tests, which is long enough for them",
        "staff": [STAFF],
    });
    services
        .secrets()
        .ensure_secret("app", || secret.to_string())
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = services.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// The table of people with the indexes that the staff find requests by.
async fn with_request_indexes(world: &World) {
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let index = |name: &str, parts: Vec<KeySchemaElement>| {
        let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly);
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .projection(keys_only.build())
            .set_key_schema(Some(parts))
            .build()
            .unwrap()
    };
    let (hash, range) = (KeyType::Hash, KeyType::Range);
    let by_deadline = vec![key("queue", hash.clone()), key("queue_due", range.clone())];
    let by_id = vec![key("request_id", hash.clone())];
    let mut table = world
        .raw
        .create_table()
        .table_name("people")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", hash))
        .key_schema(key("sk", range))
        .global_secondary_indexes(index("queue", by_deadline))
        .global_secondary_indexes(index("requests", by_id));
    for name in ["pk", "sk", "queue", "queue_due", "request_id"] {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        table = table.attribute_definitions(attribute.build().unwrap());
    }
    let old = world.raw.delete_table().table_name("people");
    old.send().await.unwrap();
    table.send().await.unwrap();
}

async fn start() -> Stage {
    let world = World::new().await;
    with_request_indexes(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let aws = world
        .aws
        .to_builder()
        .service_config(WithStaff {
            world: world.aws.clone(),
            secrets: secrets(&folder).await,
        })
        .build();
    let names = [
        "TABLE_CATALOG",
        "TABLE_PEOPLE",
        "TABLE_KEYS",
        "TABLE_LEDGER",
        "PERSONAL_DATA_KEY",
        "APP_SECRET",
        "PUBLIC_URL",
    ];
    let vars = names.map(|name| (name.to_owned(), world.env.required(name).unwrap()));
    let more = ["BUCKET_EXPORTS", "BUCKET_PROOFS", "LEDGER_KEY"]
        .map(|name| (name.to_owned(), "not-of-these-tests".to_owned()));
    let env = Env::of(vars.into_iter().chain(more));
    let app = data_subject_requests::App::new(&aws, &env, world.clock.clone()).await;
    let router = data_subject_requests::router(app.unwrap());
    for (email, company) in [(ADA, "Engines"), (EVE, "Others"), (STAFF, "Assetbox")] {
        open_account(&world, email, company).await;
    }
    let stage = Stage {
        world,
        router,
        _secrets: folder,
    };
    stage.delivered().await;
    stage
}

async fn open_account(world: &World, email: &str, company: &str) {
    let profile = Profile {
        name: PersonName::new("Ada Lovelace").unwrap(),
        phone: PhoneNumber::new("+442071838750").unwrap(),
        email: EmailAddress::new(email).unwrap(),
        company: CompanyName::new(company).unwrap(),
        position: Position::new("Programmer").unwrap(),
    };
    let consent = ConsentPurpose::Processing;
    let tick: Tick = serde_json::from_value(consent_box(consent, &world.clock)).unwrap();
    let given = SignUp {
        profile: &profile,
        password_hash: "$argon2id$not-of-this-test".into(),
        consents: &[(consent, tick)],
        locale: Locale::En,
        origin: &Origin::default(),
        network: world.lookup.network("192.0.2.1"),
    };
    let (db, gate, now) = (&world.db, &world.gate, world.clock.now());
    assert!(sign_up(db, gate, &world.lookup, &given, now).await.unwrap());
    let links = world
        .mailed(|letter| matches!(letter, Letter::SignUp { .. }))
        .await;
    let token = LinkToken::parse(links.last().unwrap()).unwrap();
    confirm_sign_up(db, gate, &token, now).await.unwrap();
}

impl Stage {
    async fn session(&self, email: &str) -> String {
        let address = EmailAddress::new(email).unwrap();
        let login = find_login(&self.world.db, &self.world.lookup.email(&address)).await;
        let opened = open_session(&self.world.db, &login.unwrap().unwrap(), self.now()).await;
        opened.unwrap().unwrap().0.reveal()
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    async fn post(&self, path: &str, session: Option<&str>, body: &Value) -> Answer {
        let request = call(Method::POST, path).json(body);
        match session {
            Some(token) => request.bearer(token).to(&self.router).await,
            None => request.to(&self.router).await,
        }
    }

    async fn get(&self, path: &str, session: &str) -> Answer {
        call(Method::GET, path)
            .bearer(session)
            .to(&self.router)
            .await
    }

    /// What waits in the outbox, taken as delivered.
    async fn delivered(&self) -> Vec<Consequence> {
        let keys = self.world.keys("catalog", "OUT#").await;
        let mut all = Vec::new();
        for key in &keys {
            let message: Message = self.world.db.get(key).await.unwrap().unwrap();
            all.push(message.consequence);
        }
        let (db, table) = (&self.world.db, store::Table::Catalog);
        db.delete_all(table, &keys).await.unwrap();
        all
    }

    async fn record(&self, subject: SubjectId) -> PersonRecord {
        self.world
            .db
            .get(&person_key(subject))
            .await
            .unwrap()
            .unwrap()
    }

    async fn may_serve(&self, subject: SubjectId) -> bool {
        let access = Access {
            purpose: Purpose::ProvideService,
            operation: Operation::Use,
            actor: Actor::System,
            categories: &[Category::Contact],
            clause: "4.3",
        };
        match self.world.gate.open(subject, access, self.now()).await {
            Ok(_) => true,
            Err(GateError::Refused(Refusal::Restricted)) => false,
            Err(other) => panic!("{other}"),
        }
    }

    /// A request by address, as the job takes it in: it waits for this link.
    async fn by_address(&self, email: &str, kind: RequestKind) -> (RequestId, String, Timestamp) {
        let subject = subject_of(&self.world, email).await;
        let received = self.now();
        let progress = Progress::received(kind, Regime::Ru152, Level::L0, received);
        let request = Request::new(subject, RequestId::new(received), progress);
        let token = LinkToken::generate(subject);
        let mut tx = Tx::new();
        tx.open_request(&request, received).unwrap();
        tx.create(
            "link",
            &Link {
                subject,
                token: token.hash(),
                purpose: LinkPurpose::Request {
                    request: request.id,
                },
                expires_at: request.expires_at.unwrap(),
            },
        );
        self.world.db.commit(tx).await.unwrap();
        (request.id, token.reveal(), received)
    }
}

fn jobs(consequences: &[Consequence]) -> Vec<&Job> {
    consequences
        .iter()
        .filter_map(|consequence| match consequence {
            Consequence::Job { job } => Some(job),
            Consequence::Mail { .. } => None,
        })
        .collect()
}

fn letters(consequences: &[Consequence]) -> Vec<&Letter> {
    consequences
        .iter()
        .filter_map(|consequence| match consequence {
            Consequence::Mail { letter, .. } => Some(letter),
            Consequence::Job { .. } => None,
        })
        .collect()
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_access_in_a_session_is_carried_out_and_absorbs_its_double() {
    let stage = start().await;
    let ada = stage.session(ADA).await;
    let body = json!({"kind": "access", "details": "Everything, please."});
    let first = stage
        .post("/data-subject-requests", Some(&ada), &body)
        .await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(first.json()["state"], "approved");
    let second = stage
        .post("/data-subject-requests", Some(&ada), &body)
        .await;
    assert_eq!(second.status, 200);
    assert_eq!(id(&first), id(&second));

    let followed = stage.delivered().await;
    assert!(matches!(
        letters(&followed)[..],
        [Letter::RequestReceived { .. }]
    ));
    assert!(matches!(jobs(&followed)[..], [Job::CarryOut { .. }]));

    let path = format!("/data-subject-requests/{}", id(&first));
    let read = stage.get(&path, &ada).await;
    assert_eq!(read.json()["details"], "Everything, please.");
    let listed = stage.get("/data-subject-requests", &ada).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["details"], Value::Null);
    // what was written is stored sealed only
    for item in stage.world.everything().await {
        assert!(!item.contains("Everything, please."), "{item}");
    }
    let eve = stage.session(EVE).await;
    assert_eq!(stage.get(&path, &eve).await.status, 404);
}

#[tokio::test]
async fn a_restriction_holds_from_receipt_until_its_refusal_which_names_a_ground() {
    let stage = start().await;
    let (ada, staff) = (stage.session(ADA).await, stage.session(STAFF).await);
    let subject = subject_of(&stage.world, ADA).await;
    assert!(stage.may_serve(subject).await);
    let answer = stage
        .post(
            "/data-subject-requests",
            Some(&ada),
            &json!({"kind": "restriction"}),
        )
        .await;
    assert_eq!(answer.json()["state"], "verified");
    let from = stage.record(subject).await.restricted_from.unwrap();
    assert_eq!(from.to_string(), answer.json()["received_at"]);
    assert!(!stage.may_serve(subject).await);

    let refuse = format!("/compliance/requests/{}/refuse", id(&answer));
    let no_ground = json!({"ground": "because", "reason": "No."});
    let refused = stage.post(&refuse, Some(&staff), &no_ground).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (422, "invalid_field")
    );
    assert!(!stage.may_serve(subject).await);
    let ground = json!({"ground": "152-FZ art. 21(1)", "reason": "The data is right."});
    let refused = stage.post(&refuse, Some(&staff), &ground).await;
    assert_eq!(refused.status, 200, "{}", refused.text);
    assert_eq!(refused.json()["ground"], "152-FZ art. 21(1)");
    assert!(
        refused.json()["complaint_route"]
            .as_str()
            .unwrap()
            .contains("Roskomnadzor")
    );
    assert!(stage.may_serve(subject).await);

    let path = format!("/data-subject-requests/{}", id(&answer));
    let read = stage.get(&path, &ada).await;
    assert_eq!(read.json()["refusal_reason"], "The data is right.");
    let followed = stage.delivered().await;
    assert!(
        letters(&followed)
            .iter()
            .any(|l| matches!(l, Letter::RequestRefused { .. }))
    );
}

#[tokio::test]
async fn by_address_the_answer_and_the_work_are_the_same_for_everybody() {
    let stage = start().await;
    let before = stage.world.stored().await;
    let mut answers = Vec::new();
    for email in [ADA, "nobody@example.com"] {
        let body = json!({"kind": "erasure", "email": email});
        let answer = stage.post("/data-subject-requests", None, &body).await;
        answers.push((answer.status, answer.text));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 202);
    assert_eq!(stage.world.stored().await, before + 2);
    let followed = stage.delivered().await;
    assert!(matches!(
        jobs(&followed)[..],
        [Job::TakeRequest { .. }, Job::TakeRequest { .. }]
    ));
    for item in stage.world.everything().await {
        assert!(!item.contains("nobody@example.com"), "{item}");
    }
    for _ in 0..2 {
        let body = json!({"kind": "access", "email": "nobody@example.com"});
        stage.post("/data-subject-requests", None, &body).await;
    }
    let body = json!({"kind": "access", "email": "nobody@example.com"});
    let limited = stage.post("/data-subject-requests", None, &body).await;
    assert_eq!(limited.status, 429);
    let with_text = json!({"kind": "access", "email": ADA, "details": "x"});
    let refused = stage.post("/data-subject-requests", None, &with_text).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (422, "details_when_confirming")
    );
    let nobody = stage
        .post("/data-subject-requests", None, &json!({"kind": "access"}))
        .await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
async fn a_link_works_once_and_counts_from_receipt() {
    let stage = start().await;
    let subject = subject_of(&stage.world, ADA).await;
    let (request, token, received) = stage.by_address(ADA, RequestKind::Erasure).await;
    assert!(stage.may_serve(subject).await);
    stage.world.clock.advance(SignedDuration::from_hours(30));
    let path = format!("/data-subject-requests/{request}/confirm");
    let confirmed = stage.post(&path, None, &json!({"token": token})).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    assert_eq!(confirmed.json()["state"], "verified");
    assert_eq!(confirmed.json()["received_at"], received.to_string());
    assert_eq!(stage.record(subject).await.restricted_from, Some(received));
    assert!(!stage.may_serve(subject).await);
    let again = stage.post(&path, None, &json!({"token": token})).await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (410, "link_over")
    );

    let (_, late, _) = stage.by_address(EVE, RequestKind::Access).await;
    let other = stage.post(&path, None, &json!({"token": late})).await;
    assert_eq!(other.status, 410, "a link is for its own request");
}

#[tokio::test]
async fn a_forgotten_request_makes_room_and_its_link_is_over() {
    let stage = start().await;
    let (request, token, _) = stage.by_address(ADA, RequestKind::Access).await;
    stage
        .world
        .clock
        .advance(SignedDuration::from_hours(7 * 24));
    let path = format!("/data-subject-requests/{request}/confirm");
    assert_eq!(
        stage
            .post(&path, None, &json!({"token": token}))
            .await
            .status,
        410
    );
    let ada = stage.session(ADA).await;
    let anew = stage
        .post(
            "/data-subject-requests",
            Some(&ada),
            &json!({"kind": "access"}),
        )
        .await;
    assert_eq!(anew.status, 201, "{}", anew.text);
}

#[tokio::test]
async fn a_session_takes_up_what_a_stranger_began() {
    let stage = start().await;
    let (request, _, received) = stage.by_address(ADA, RequestKind::Access).await;
    let ada = stage.session(ADA).await;
    let answer = stage
        .post(
            "/data-subject-requests",
            Some(&ada),
            &json!({"kind": "access"}),
        )
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(id(&answer), request.to_string());
    assert_eq!(answer.json()["state"], "approved");
    assert_eq!(answer.json()["received_at"], received.to_string());
}

#[tokio::test]
async fn an_approved_erasure_names_its_case_and_is_decided_once() {
    let stage = start().await;
    let (ada, staff) = (stage.session(ADA).await, stage.session(STAFF).await);
    let asked = stage
        .post(
            "/data-subject-requests",
            Some(&ada),
            &json!({"kind": "erasure"}),
        )
        .await;
    stage.delivered().await;
    let path = |what: &str| format!("/compliance/requests/{}{what}", id(&asked));
    for route in [path("/approve"), path("/verify")] {
        assert_eq!(stage.post(&route, Some(&ada), &json!({})).await.status, 403);
        assert_eq!(stage.post(&route, None, &json!({})).await.status, 401);
    }
    assert_eq!(stage.get("/compliance/requests", &ada).await.status, 403);
    let queue = stage.get("/compliance/requests", &staff).await.json();
    assert_eq!(queue["items"][0]["id"], id(&asked));
    assert_eq!(
        stage
            .post(&path("/verify"), Some(&staff), &json!({}))
            .await
            .status,
        200
    );
    let approved = stage
        .post(&path("/approve"), Some(&staff), &json!({}))
        .await;
    assert_eq!(approved.status, 200, "{}", approved.text);
    assert!(
        approved.json()["certificate"]
            .as_str()
            .unwrap()
            .starts_with("/certificates/cas_")
    );
    let twice = stage
        .post(&path("/approve"), Some(&staff), &json!({}))
        .await;
    assert_eq!(
        (twice.status.as_u16(), twice.code().as_str()),
        (409, "request_state")
    );
    let followed = stage.delivered().await;
    assert!(matches!(
        letters(&followed)[..],
        [Letter::ErasureBegins { .. }]
    ));
    assert!(matches!(jobs(&followed)[..], [Job::CarryOut { .. }]));
}

#[tokio::test]
async fn an_extension_is_given_once_with_its_reason() {
    let stage = start().await;
    let (ada, staff) = (stage.session(ADA).await, stage.session(STAFF).await);
    let asked = stage
        .post(
            "/data-subject-requests",
            Some(&ada),
            &json!({"kind": "access"}),
        )
        .await;
    let path = format!("/compliance/requests/{}/extend", id(&asked));
    let reason = json!({"reason": "Many files."});
    let extended = stage.post(&path, Some(&staff), &reason).await;
    assert_eq!(extended.status, 200, "{}", extended.text);
    assert!(extended.json()["due_at"].as_str() > asked.json()["due_at"].as_str());
    let again = stage.post(&path, Some(&staff), &reason).await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (409, "extended_before")
    );
    let read = stage
        .get(&format!("/data-subject-requests/{}", id(&asked)), &ada)
        .await;
    assert_eq!(read.json()["extension_reason"], "Many files.");
}

#[tokio::test]
async fn a_correction_is_compared_before_it_is_approved() {
    let stage = start().await;
    let (ada, staff) = (stage.session(ADA).await, stage.session(STAFF).await);
    let post = |body: Value| {
        let (stage, ada) = (&stage, &ada);
        async move { stage.post("/data-subject-requests", Some(ada), &body).await }
    };
    assert_eq!(post(json!({"kind": "rectification"})).await.status, 422);
    let login = json!({"kind": "rectification", "fields": {"email": "new@example.com"}});
    assert_eq!(
        post(login).await.status,
        422,
        "the login address changes elsewhere"
    );
    let wrong = json!({"kind": "rectification", "fields": {"phone": "12"}});
    assert_eq!(post(wrong).await.json()["field"], "fields.phone");
    let asked = post(json!({"kind": "rectification", "fields": {"name": "Ada King"}})).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    let path = format!("/compliance/requests/{}", id(&asked));
    let file = stage.get(&path, &staff).await.json();
    assert_eq!(file["fields"]["name"], "Ada King");
    assert_eq!(file["current"]["name"], "Ada Lovelace");

    // what is restricted is not corrected
    post(json!({"kind": "restriction"})).await;
    let approved = stage
        .post(&format!("{path}/approve"), Some(&staff), &json!({}))
        .await;
    assert_eq!(approved.code(), "processing_restricted");
}

#[tokio::test]
async fn a_copy_is_handed_out_after_a_fresh_sign_in_and_for_seven_days_only() {
    let stage = start().await;
    let ada = stage.session(ADA).await;
    let asked = stage
        .post(
            "/data-subject-requests",
            Some(&ada),
            &json!({"kind": "access"}),
        )
        .await;
    let path = format!("/data-subject-requests/{}/export", id(&asked));
    assert_eq!(stage.get(&path, &ada).await.code(), "export_not_ready");

    let subject = subject_of(&stage.world, ADA).await;
    let (db, now) = (&stage.world.db, stage.now());
    let open = db.open_request(subject, RequestKind::Access, now).await;
    let open = open.unwrap().unwrap();
    let progress = open
        .progress
        .clone()
        .begin()
        .unwrap()
        .complete(now)
        .unwrap();
    let mut done = open.with(progress);
    done.export = Some(ExportCopy {
        made_at: now,
        expires_at: shift(now, SignedDuration::from_hours(7 * 24)),
        parts: vec!["json".into()],
    });
    let mut tx = Tx::new();
    tx.change_request(&done).unwrap();
    db.commit(tx).await.unwrap();

    stage.world.clock.advance(SignedDuration::from_mins(11));
    let stale = stage.get(&path, &ada).await;
    assert_eq!(
        (stale.status.as_u16(), stale.code().as_str()),
        (401, "fresh_sign_in_required")
    );
    stage
        .world
        .clock
        .advance(SignedDuration::from_hours(7 * 24));
    let fresh = stage.session(ADA).await;
    assert_eq!(stage.get(&path, &fresh).await.code(), "export_expired");
}

#[test]
fn every_route_has_a_budget() {
    let document = serde_json::to_value(data_subject_requests::openapi()).unwrap();
    let mut routes: Vec<String> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            routes.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    routes.sort();
    let mut budgeted: Vec<_> = data_subject_requests::BUDGETS
        .iter()
        .map(|(r, _)| (*r).to_owned())
        .collect();
    budgeted.sort();
    assert_eq!(routes, budgeted);
}
