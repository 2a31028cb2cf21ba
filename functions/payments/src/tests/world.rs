//! The function beside an in-process DynamoDB and the stand-in provider.

use std::{collections::HashSet, net::SocketAddr, sync::Arc};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use domain::{
    billing::{Account, stripe::sign},
    contact::EmailAddress,
    ids::{SubjectId, WorkspaceId},
    policy::Locale,
    time::{days, shift},
    token::SessionToken,
    trial::Trial,
    workspace::Role,
};
use lambda_http::request::RequestContext;
use local_provider::{Options, ProviderStandIn};
use platform::{
    Clock, Env,
    secret::{AppSecret, StripeSecret, YookassaSecret},
};
use serde_json::{Value, json};
use store::{
    Db, Key, Table, Tables,
    catalog::{Member, Workspace, partition, workspace::workspace_key},
    lookup::LookupKey,
    people::{PersonRecord, PersonState, Session},
};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::{App, router};

pub const WEBHOOK_SECRET: &str = "whsec_of_these_tests";

pub struct World {
    pub db: Db,
    pub dynamo: aws_sdk_dynamodb::Client,
    pub clock: Clock,
    pub provider: ProviderStandIn,
    pub router: Router,
    pub workspace: WorkspaceId,
    pub owner: SubjectId,
    _data: tempfile::TempDir,
}

fn context(source: &str) -> RequestContext {
    let context = json!({
        "requestId": "r1",
        "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": source, "userAgent": "test"},
    });
    RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap())
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn dynamo() -> aws_types::SdkConfig {
    let (listener, address) = listen().await;
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(
        listener,
        database,
        std::future::pending(),
    ));
    aws_types::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .endpoint_url(format!("http://{address}"))
        .region(aws_types::region::Region::new("eu-central-1"))
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
            aws_credential_types::Credentials::new("test", "test", None, None, "test"),
        ))
        .build()
}

async fn create_table(client: &aws_sdk_dynamodb::Client, name: &str) {
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let mut table = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range));
    for attribute in ["pk", "sk", "due_queue", "due_at"] {
        if name != "catalog" && attribute.starts_with("due") {
            continue;
        }
        table = table.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(attribute)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap(),
        );
    }
    if name == "catalog" {
        let keys_only = Projection::builder()
            .projection_type(ProjectionType::KeysOnly)
            .build();
        let due = GlobalSecondaryIndex::builder()
            .index_name("due")
            .key_schema(key("due_queue", KeyType::Hash))
            .key_schema(key("due_at", KeyType::Range))
            .projection(keys_only)
            .build()
            .unwrap();
        table = table.global_secondary_indexes(due);
    }
    table.send().await.unwrap();
}

fn secret() -> AppSecret {
    AppSecret {
        lookup: LookupKey::new("a lookup key of more than 32 characters"),
        staff: Arc::new(HashSet::new()),
        stripe: StripeSecret {
            api_key: "sk_test_key".to_owned().into(),
            webhook_secrets: vec![
                "whsec_next".to_owned().into(),
                WEBHOOK_SECRET.to_owned().into(),
            ],
        },
        yookassa: YookassaSecret {
            shop_id: "100500".to_owned(),
            secret_key: "test_key".to_owned().into(),
        },
    }
}

fn env(provider: &str, public: &str) -> Env {
    let plans = json!([
        {"code": "team", "name": "Team", "amount_minor": 4900, "currency": "usd", "storage_bytes": 1u64 << 40, "stripe_price": null},
        {"code": "studio", "name": "Studio", "amount_minor": 99000, "currency": "rub", "storage_bytes": 1u64 << 41, "stripe_price": null},
    ]);
    let vars = [
        ("TABLE_CATALOG", "catalog"),
        ("TABLE_PEOPLE", "people"),
        ("TABLE_LEDGER", "ledger"),
        ("PUBLIC_URL", public),
        ("WEB_ORIGINS", "https://app.example"),
        ("PLANS", &plans.to_string()),
        ("STRIPE_API_URL", provider),
        ("YOOKASSA_API_URL", provider),
        ("YOOKASSA_SOURCES", "127.0.0.1/32,185.71.76.0/27"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Env::of(vars)
}

impl World {
    pub async fn new() -> Self {
        let aws = dynamo().await;
        let dynamo = aws_sdk_dynamodb::Client::new(&aws);
        for table in ["catalog", "people", "ledger"] {
            create_table(&dynamo, table).await;
        }
        let clock = Clock::system();
        let data = tempfile::tempdir().unwrap();
        let (provider_listener, provider_address) = listen().await;
        let (api_listener, api_address) = listen().await;
        let provider_clock = clock.clone();
        let provider_url = format!("http://{provider_address}/provider");
        let provider = ProviderStandIn::start(Options {
            webhook_base_url: format!("http://{api_address}"),
            page_base_url: provider_url.clone(),
            stripe_secret: WEBHOOK_SECRET.to_owned(),
            stripe_api_key: "sk_test_key".to_owned(),
            yookassa_shop: "100500".to_owned(),
            yookassa_key: "test_key".to_owned(),
            clock: Arc::new(move || provider_clock.now()),
            data: data.path().to_owned(),
        })
        .await
        .unwrap();
        let pages = Router::new().nest("/provider", provider.router());
        tokio::spawn(async move { axum::serve(provider_listener, pages).await });

        let env = env(&provider_url, "https://api.example");
        let app = App::with_secret(&aws, &env, clock.clone(), &secret()).unwrap();
        let router = router(app);
        let served = router.clone().layer(Extension(context("127.0.0.1")));
        tokio::spawn(async move { axum::serve(api_listener, served).await });

        let tables = Tables {
            catalog: "catalog".to_owned(),
            people: "people".to_owned(),
            keys: String::new(),
            ledger: "ledger".to_owned(),
        };
        let now = clock.now();
        let world = Self {
            db: Db::new(&aws, tables),
            dynamo,
            provider,
            router,
            workspace: WorkspaceId::new(now),
            owner: SubjectId::new(now),
            clock,
            _data: data,
        };
        world.put_workspace().await;
        world.put_owner().await;
        world
    }

    pub async fn put_workspace(&self) {
        let now = self.clock.now();
        let billing = Account::opened(Some(Trial::starting(now)));
        let mut workspace = Workspace::opened(self.workspace, self.owner, billing, now);
        workspace.stored_bytes = 1000;
        self.db.put(&workspace).await.unwrap();
    }

    async fn put_owner(&self) {
        let lookup = secret().lookup;
        let login = lookup.email(&EmailAddress::new("owner@company.example").unwrap());
        let person = PersonRecord {
            subject: self.owner,
            state: PersonState::Active,
            company: login.clone(),
            login,
            locale: Locale::En,
            created_at: self.clock.now(),
            workspaces: [self.workspace].into(),
            consents: [].into(),
            restricted_from: None,
            erasing_since: None,
        };
        self.db.put(&person).await.unwrap();
    }

    /// Signs somebody in, as a member of this role; gives the bearer token.
    pub async fn sign_in(&self, subject: SubjectId, role: Role) -> String {
        let now = self.clock.now();
        let token = SessionToken::generate(self.workspace, subject);
        let session = Session {
            subject,
            workspace: self.workspace,
            token: token.hash(),
            login: secret()
                .lookup
                .email(&EmailAddress::new("owner@company.example").unwrap()),
            authenticated_at: now,
            expires_at: shift(now, days(400)),
        };
        let member = Member {
            workspace: self.workspace,
            subject,
            role,
            joined_at: now,
        };
        self.db.put(&session).await.unwrap();
        self.db.put(&member).await.unwrap();
        token.reveal()
    }

    pub async fn workspace(&self) -> Option<Workspace> {
        self.db.get(&workspace_key(self.workspace)).await.unwrap()
    }

    /// Everything of the workspace is gone, as after its destruction.
    pub async fn destroy_workspace(&self) {
        let pk = partition(self.workspace);
        let keys = self.db.keys(Table::Catalog, &pk, 1000).await.unwrap();
        self.db.delete_all(Table::Catalog, &keys).await.unwrap();
    }

    pub async fn forget_event(&self, id: &str) {
        let key = Key::new(format!("EVENT#stripe#{id}"), "EVENT");
        self.db.delete_all(Table::Catalog, &[key]).await.unwrap();
    }

    pub async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub async fn get(&self, path: &str, token: &str) -> Value {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let (status, body) = self.send(request).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    pub async fn checkout(&self, token: &str, key: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post("/billing/checkout")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    /// Opens a checkout; gives its id at the provider.
    pub async fn open(&self, plan: &str, provider: &str) -> String {
        let token = self.sign_in(self.owner, Role::Owner).await;
        let body = json!({"plan": plan, "provider": provider});
        let (status, body) = self
            .checkout(&token, &format!("{plan}-{provider}"), body)
            .await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        let url = body["url"].as_str().unwrap();
        ProviderStandIn::checkout_in(url).to_owned()
    }

    pub async fn webhook(
        &self,
        provider: &str,
        source: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, Value) {
        let mut request = Request::post(format!("/webhooks/payments/{provider}"))
            .extension(context(source))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    /// Posts a Stripe event as Stripe would; gives what became of it.
    pub async fn stripe(&self, body: &str) -> String {
        let signature = sign(WEBHOOK_SECRET, self.clock.now(), body.as_bytes());
        let headers = [("stripe-signature", signature.as_str())];
        let (status, body) = self.webhook("stripe", "3.18.12.63", &headers, body).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["outcome"].as_str().unwrap().to_owned()
    }

    /// The items of a table whose partition key begins so.
    pub async fn items(
        &self,
        table: &str,
        prefix: &str,
    ) -> Vec<std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>> {
        let answer = self.dynamo.scan().table_name(table).send().await.unwrap();
        let mut items = answer.items.unwrap_or_default();
        items.retain(|item| item["pk"].as_s().unwrap().starts_with(prefix));
        items
    }
}
