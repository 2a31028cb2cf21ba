//! Persons with accounts, assets and requests.

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use domain::{
    asset::{ObjectKind, PreviewState, TaggingState},
    consent::{ConsentPurpose, Tick},
    consequence::{Consequence, Job, Letter},
    contact::{CompanyName, EmailAddress, PersonName, PhoneNumber, Position, Profile},
    data_map::Field,
    ids::{AssetId, CaseId, RequestId, SubjectId, WorkspaceId},
    policy::{self, Locale},
    processing::{Actor, Category, Operation, Purpose},
    request::{Correction, Details, Level, Progress, Regime, RequestKind},
    time::SignedDuration,
    token::LinkToken,
    workspace::Role,
};
use erasure::App;
use platform::{Env, objects::Objects};
use serde_json::{Value, json};
use store::{
    Entity, Table, Tx, Update,
    catalog::{Asset, Member},
    lookup::LookupKey,
    outbox::Message,
    people::{
        self, Confirmed, Origin, PersonRecord, Request, SignUp, find_login, open_session,
        person_key, request_key,
    },
    personal::{Access, Gate, Person},
};

use crate::{cloud::Cloud, fault::Life};

pub struct Stage {
    pub cloud: Cloud,
    pub app: App,
    pub gate: Gate,
    pub lookup: LookupKey,
    pub assets: Objects,
    pub proofs: Objects,
    pub life: Life,
}

#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub subject: SubjectId,
    pub workspace: WorkspaceId,
}

/// What stands for the personal data of one person: found nowhere else.
pub fn profile(canary: &str) -> Profile {
    Profile {
        name: PersonName::new(&format!("Name {canary}")).unwrap(),
        phone: PhoneNumber::new("+442071838750").unwrap(),
        email: EmailAddress::new(&format!("{canary}@example.com")).unwrap(),
        company: CompanyName::new(&format!("Company {canary}")).unwrap(),
        position: Position::new(&format!("Position {canary}")).unwrap(),
    }
}

pub fn access(categories: &'static [Category]) -> Access {
    Access {
        purpose: Purpose::Feedback,
        operation: Operation::Use,
        actor: Actor::System,
        categories,
        clause: "6.3",
    }
}

const COPIED: [&str; 13] = [
    "TABLE_CATALOG",
    "TABLE_PEOPLE",
    "TABLE_KEYS",
    "TABLE_LEDGER",
    "BUCKET_ASSETS",
    "BUCKET_PROOFS",
    "S3_FORCE_PATH_STYLE",
    "PERSONAL_DATA_KEY",
    "LEDGER_KEY",
    "QUEUE_JOBS",
    "PUBLIC_URL",
    "PRIVACY_ADDRESS",
    "OPERATOR_NAME",
];

impl Stage {
    pub async fn new() -> Self {
        let cloud = Cloud::new().await;
        let life = Life::new();
        let vars = COPIED.map(|name| (name.to_owned(), cloud.env.required(name).unwrap()));
        // the copies stand in a bucket of their own in production, under a prefix of their own here
        let exports = ("BUCKET_EXPORTS".to_owned(), "assets".to_owned());
        let env = Env::of(vars.into_iter().chain([exports]));
        let mortal = cloud.aws.to_builder().http_client(life.client()).build();
        let app = App::new(&mortal, &env, cloud.clock.clone()).await.unwrap();
        let key = env.required("PERSONAL_DATA_KEY").unwrap();
        Self {
            gate: Gate::new(&cloud.aws, cloud.db.clone(), key),
            lookup: LookupKey::new("a lookup key of a test with many characters"),
            assets: Objects::new(&cloud.aws, &env, "BUCKET_ASSETS").unwrap(),
            proofs: Objects::new(&cloud.aws, &env, "BUCKET_PROOFS").unwrap(),
            app,
            life,
            cloud,
        }
    }

    /// Hands a job over as SQS does; `true` when it is done.
    pub async fn handle(&self, job: &Job) -> bool {
        let body = serde_json::to_string(job).unwrap();
        let event = json!({"Records": [{
            "messageId": "1", "receiptHandle": "1", "body": body,
            "attributes": {}, "messageAttributes": {}, "md5OfBody": "",
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:0:jobs", "awsRegion": "eu-central-1",
        }]});
        let answer = erasure::handle(&self.app, event).await.unwrap();
        answer == json!({"batchItemFailures": []})
    }

    /// The waiting letters and jobs, which are taken as delivered.
    pub async fn deliver(&self) -> Vec<Message> {
        let keys = self.cloud.keys("catalog", "OUT#").await;
        let mut messages = Vec::new();
        for key in &keys {
            messages.push(self.cloud.db.get(key).await.unwrap().unwrap());
        }
        self.cloud
            .db
            .delete_all(Table::Catalog, &keys)
            .await
            .unwrap();
        messages
    }

    pub async fn letters(&self) -> Vec<Letter> {
        let messages = self.deliver().await;
        messages
            .into_iter()
            .filter_map(|message| match message.consequence {
                Consequence::Mail { letter, .. } => Some(letter),
                Consequence::Job { .. } => None,
            })
            .collect()
    }

    pub async fn secret(&self, message: &Message) -> LinkToken {
        let store::outbox::Owner::Subject(subject) = message.owner else {
            panic!("a link that belongs to nobody");
        };
        let person = self.open(subject, &[Category::Correspondence]).await;
        let sealed = message.secret.as_ref().unwrap();
        let text = person.unseal::<Message>(Field::MailSecret, &message.key(), sealed);
        LinkToken::parse(&text.unwrap()).unwrap()
    }

    pub async fn open(&self, subject: SubjectId, categories: &'static [Category]) -> Person {
        let now = self.cloud.now();
        self.gate
            .open(subject, access(categories), now)
            .await
            .unwrap()
    }

    pub async fn sign_up(&self, canary: &str) -> LinkToken {
        self.cloud.clock.advance(SignedDuration::from_secs(61));
        let consents = ConsentPurpose::ALL.map(|consent| (consent, self.tick(consent)));
        let profile = profile(canary);
        let given = SignUp {
            profile: &profile,
            password_hash: "$argon2id$not-of-this-test".into(),
            consents: &consents,
            locale: Locale::En,
            origin: &Origin {
                source_ip: Some(format!("ip {canary}")),
                user_agent: Some(format!("browser {canary}")),
            },
            network: self.lookup.network("192.0.2.1"),
        };
        let now = self.cloud.now();
        let taken = people::sign_up(&self.cloud.db, &self.gate, &self.lookup, &given, now).await;
        assert!(taken.unwrap());
        let messages = self.deliver().await;
        let mailed = messages.iter().find(|message| message.secret.is_some());
        self.secret(mailed.unwrap()).await
    }

    fn tick(&self, consent: ConsentPurpose) -> Tick {
        let publication = policy::current(consent.document(), self.cloud.now()).unwrap();
        Tick {
            document: consent.document().into(),
            version: publication.version.clone(),
            sha256: publication.text(Locale::En).unwrap().sha256.clone(),
            locale: Locale::En,
            ticked: true,
        }
    }

    /// Somebody with an account, a session and two assets, one in the trash.
    pub async fn account(&self, canary: &str) -> Account {
        let token = self.sign_up(canary).await;
        let now = self.cloud.now();
        let confirmed = people::confirm_sign_up(&self.cloud.db, &self.gate, &token, now).await;
        let Confirmed::Opened { workspace, .. } = confirmed.unwrap() else {
            panic!("the account is not open");
        };
        self.deliver().await;
        let account = Account {
            subject: token.subject(),
            workspace,
        };
        let login = self.lookup.email(&profile(canary).email);
        let login = find_login(&self.cloud.db, &login).await.unwrap().unwrap();
        open_session(&self.cloud.db, &login, now)
            .await
            .unwrap()
            .unwrap();
        self.asset(account, &format!("live {canary}.jpg")).await;
        let trashed = self.asset(account, &format!("trashed {canary}.jpg")).await;
        self.cloud.db.trash_asset(&trashed, now).await.unwrap();
        account
    }

    /// An asset with a label and two versions of its original.
    pub async fn asset(&self, account: Account, name: &str) -> Asset {
        let now = self.cloud.now();
        let asset = Asset {
            workspace: account.workspace,
            id: AssetId::new(now),
            version: 1,
            revision: 1,
            name: name.to_owned(),
            description: None,
            content_type: "image/jpeg".to_owned(),
            size_bytes: 5,
            sha256: None,
            uploaded_by: Some(account.subject),
            created_at: now,
            updated_at: now,
            preview: PreviewState::Ready,
            technical: None,
            tagging: TaggingState::Done,
            labels: Vec::new(),
            text: Vec::new(),
            moderation: Vec::new(),
            own_labels: vec!["Mine".to_owned()],
            trashed_at: None,
        };
        let mut tx = Tx::new();
        tx.create("asset", &asset);
        for row in asset.label_rows() {
            tx.put("label", &row);
        }
        let used = Update::new().add("stored_bytes", 5);
        let workspace = store::catalog::workspace::workspace_key(account.workspace);
        tx.update("workspace", Table::Catalog, &workspace, &used);
        self.cloud.db.commit(tx).await.unwrap();
        for kind in ObjectKind::ALL {
            for bytes in ["bytes", "again"] {
                let key = asset.objects().key(kind);
                let bytes = Bytes::from_static(bytes.as_bytes());
                self.assets.put(&key, "image/jpeg", bytes).await.unwrap();
            }
        }
        let key = asset.objects().key(ObjectKind::Original);
        self.assets
            .create_multipart(&key, "image/jpeg")
            .await
            .unwrap();
        asset
    }

    /// Makes somebody a member of somebody else's workspace, too.
    pub async fn join(&self, account: Account, workspace: WorkspaceId) {
        let member = Member {
            workspace,
            subject: account.subject,
            role: Role::Member,
            joined_at: self.cloud.now(),
        };
        let mut record = self.record(account.subject).await.unwrap();
        record.workspaces.insert(workspace);
        let mut tx = Tx::new();
        tx.create("member", &member);
        tx.put("person", &record);
        self.cloud.db.commit(tx).await.unwrap();
    }

    pub async fn record(&self, subject: SubjectId) -> Option<PersonRecord> {
        self.cloud.db.get(&person_key(subject)).await.unwrap()
    }

    /// A request that the person made in a session and the staff approved.
    pub async fn approved(
        &self,
        subject: SubjectId,
        kind: RequestKind,
        fields: Option<Correction>,
        text: &str,
    ) -> Request {
        let now = self.cloud.now();
        let progress = Progress::received(kind, Regime::Ru152, Level::L3, now);
        let progress = progress.clone().approve(now).unwrap_or(progress);
        let mut request = Request::new(subject, RequestId::new(now), progress);
        request.case = (kind == RequestKind::Erasure).then(|| CaseId::new(now));
        let details = Details::new(kind, Some(text), fields).unwrap();
        let person = self.open(subject, &[Category::Request]).await;
        let key = request_key(subject, request.id);
        let text = serde_json::to_string(&details).unwrap();
        let sealed = person.seal::<Request>(Field::RequestDetails, &key, &text);
        request.details = Some(sealed.unwrap());
        let mut tx = Tx::new();
        tx.open_request(&request, now).unwrap();
        if kind.restricts_processing() {
            tx.restrict(person.record(), now).unwrap();
        }
        self.cloud.db.commit(tx).await.unwrap();
        request
    }

    pub async fn request(&self, request: &Request) -> Option<Request> {
        let now = self.cloud.now();
        self.cloud
            .db
            .request(request.subject, request.id, now)
            .await
            .unwrap()
    }

    /// Every item of every table, and every object's key, as text.
    pub async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in ["catalog", "people", "keys", "ledger"] {
            let answer = self
                .cloud
                .raw
                .scan()
                .table_name(table)
                .send()
                .await
                .unwrap();
            let items = answer.items().iter();
            all.extend(
                items.map(|item| format!("{table} {}", written(&AttributeValue::M(item.clone())))),
            );
        }
        for bucket in [&self.assets, &self.proofs] {
            let versions = bucket.versions("").await.unwrap();
            all.extend(versions.into_iter().map(|version| version.key));
        }
        all.sort();
        all
    }
}

/// A value as text; DynamoDB's order of attributes is nobody's.
fn written(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let sorted: std::collections::BTreeMap<_, _> = map
                .iter()
                .map(|(name, value)| (name, written(value)))
                .collect();
            format!("{sorted:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.iter().map(written).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

pub fn carry_out(request: &Request) -> Job {
    Job::CarryOut {
        subject: request.subject,
        request: request.id,
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
