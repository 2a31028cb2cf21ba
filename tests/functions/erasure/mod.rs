//! Copies, corrections, restrictions and erasures: jobs in the test's hands.

mod due;
mod erasing;
mod holds;
mod reconcile;
mod requests;
mod told;

use std::ops::Deref;

use assetbox_tests::stage::letters;
use assetbox_tests::{Person, Stage, User, canary};
use bytes::Bytes;
use domain::asset::{ObjectKind, PreviewState, TaggingState};
use domain::compliance::disclosure::{self, Approver, Ban, Grounds, Package, Scope};
use domain::compliance::{Period, Words as Said};
use domain::consequence::{Job, Letter};
use domain::data_map::Field;
use domain::ids::{AssetId, CaseId, DisclosureId, RequestId, SubjectId, WorkspaceId};
use domain::ledger::Hash;
use domain::processing::{Actor, Category, Operation, Purpose};
use domain::request::{Correction, Details, Ground, Level, Progress, Regime, RequestKind};
use domain::time::Timestamp;
use domain::workspace::Role;
use platform::objects::Objects;
use serde_json::json;
use store::catalog::workspace::workspace_key;
use store::catalog::{Asset, Member, Workspace};
use store::compliance::Case;
use store::people::{Correspondence, PersonRecord, Request, Words, person_key, request_key};
use store::personal::{Access, Person as Opened};
use store::{Table, Tx, Update};

/// A machine on which the erasure function does what it is handed.
struct Registry {
    stage: Stage,
    assets: Objects,
}

impl Deref for Registry {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

/// Somebody with an account, a session, a consent of each kind and two assets, one in the trash.
struct Account {
    user: User,
    subject: SubjectId,
    workspace: WorkspaceId,
    /// Stands in the assets' names.
    word: String,
}

fn access(categories: &'static [Category]) -> Access {
    Access {
        purpose: Purpose::Feedback,
        operation: Operation::Use,
        actor: Actor::System,
        categories,
        clause: "6.3",
    }
}

fn carry_out(request: &Request) -> Job {
    Job::CarryOut {
        subject: request.subject,
        request: request.id,
    }
}

impl Registry {
    async fn new() -> Self {
        let stage = Stage::start().await;
        let assets = stage.bucket("BUCKET_ASSETS");
        Self { stage, assets }
    }

    async fn letters(&self) -> Vec<Letter> {
        letters(&self.take().await)
    }

    async fn open(&self, subject: SubjectId, categories: &'static [Category]) -> Opened {
        let gate = self.gate();
        let opened = gate.open(subject, access(categories), self.now()).await;
        opened.unwrap()
    }

    async fn account(&self) -> Account {
        let also = ["marketing-consent", "transfer-consent"];
        let user = self.stage.account(Person::new(), &also).await;
        let account = Account {
            subject: self.subject_of(&user.person.email).await,
            workspace: user.workspace.parse().unwrap(),
            user,
            word: canary("File"),
        };
        let name = |what: &str| format!("{what} {}.jpg", account.word);
        self.asset(&account, &name("live")).await;
        let trashed = self.asset(&account, &name("trashed")).await;
        self.db().trash_asset(&trashed, self.now()).await.unwrap();
        account
    }

    /// An asset with a label, two versions of each object and an upload in parts under way.
    async fn asset(&self, account: &Account, name: &str) -> Asset {
        let asset = imagined(account, name, self.now());
        let mut tx = Tx::new();
        tx.create("asset", &asset);
        for row in asset.label_rows() {
            tx.put("label", &row);
        }
        let used = Update::new().add("stored_bytes", 5);
        let workspace = workspace_key(account.workspace);
        tx.update("workspace", Table::Catalog, &workspace, &used);
        self.db().commit(tx).await.unwrap();
        for kind in ObjectKind::ALL {
            for bytes in ["bytes", "again"] {
                let key = asset.objects().key(kind);
                let bytes = Bytes::from_static(bytes.as_bytes());
                self.assets.put(&key, "image/jpeg", bytes).await.unwrap();
            }
        }
        let key = asset.objects().key(ObjectKind::Original);
        let unfinished = self.assets.create_multipart(&key, "image/jpeg").await;
        unfinished.unwrap();
        asset
    }

    /// Makes somebody a member of somebody else's workspace, too.
    async fn join(&self, account: &Account, workspace: WorkspaceId) {
        let member = Member {
            workspace,
            subject: account.subject,
            role: Role::Member,
            joined_at: self.now(),
            declined_at: None,
        };
        let mut record = self.record(account.subject).await.unwrap();
        record.workspaces.insert(workspace);
        let mut tx = Tx::new();
        tx.create("member", &member);
        tx.put("person", &record);
        self.db().commit(tx).await.unwrap();
    }

    async fn record(&self, subject: SubjectId) -> Option<PersonRecord> {
        self.db().get(&person_key(subject)).await.unwrap()
    }

    async fn workspace(&self, id: WorkspaceId) -> Option<Workspace> {
        self.db().get(&workspace_key(id)).await.unwrap()
    }

    /// A request that the person made in a session and the staff approved.
    async fn approved(
        &self,
        subject: SubjectId,
        kind: RequestKind,
        fields: Option<Correction>,
        text: &str,
    ) -> Request {
        let now = self.now();
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
        self.db().commit(tx).await.unwrap();
        request
    }

    /// A letter in the person's file, with its object.
    async fn letter(&self, account: &Account, words: &Words) {
        let person = self
            .open(account.subject, &[Category::Correspondence])
            .await;
        let letter = Correspondence::new(&person, "ses1", self.now(), None, words).unwrap();
        let raw = letter.seal_raw(&person, "cmF3").unwrap();
        let bytes = Bytes::copy_from_slice(raw.as_bytes());
        let bucket = self.bucket("BUCKET_MAIL");
        let put = bucket.put(&letter.object, "application/octet-stream", bytes);
        put.await.unwrap();
        self.db().put(&letter).await.unwrap();
    }

    /// A claim of the person's; nothing waits afterwards.
    async fn claim(&self, account: &Account, text: &str) {
        let claim = json!({"text": text});
        account.user.api.post("/claims", &claim).await.is(201);
        self.take().await;
    }

    /// The person's name was handed to a bank, which they may not know of under a ban.
    async fn disclosed(&self, account: &Account, ban: Option<Ban>) {
        let (now, subject) = (self.now(), account.subject);
        let words = |text| Said::new(text).unwrap();
        let grounds = Grounds::Investigation {
            recipient: words("A bank"),
            case: words("Complaint 5"),
            law: Ground::new("152-FZ art. 6(1)(7)").unwrap(),
        };
        let period = Period::new(Timestamp::UNIX_EPOCH, now).unwrap();
        let scope = Scope::new([Category::Identity].into(), period).unwrap();
        let id = DisclosureId::new(now);
        let staff = || Approver::new(id, SubjectId::new(now));
        let package = Package {
            sha256: Hash::ZERO,
            bytes: 1,
            made_at: now,
        };
        let opened = disclosure::Progress::open(&grounds, scope, staff(), now);
        let opened = match ban {
            Some(ban) => opened.forbid(ban, now).unwrap(),
            None => opened,
        };
        let approved = opened.approve(staff(), now).unwrap();
        let packed = approved.clone().packed(package, now).unwrap();
        let handed_over = packed.hand_over(now).unwrap();
        let file = disclosure::File {
            subject,
            grounds,
            requested: words("The name."),
            minimisation: words("No more than the name."),
            channel: None,
            declined: None,
        };
        let (gate, by) = (self.gate(), Actor::Staff);
        let grant = approved.grant(id, &file, now).unwrap();
        gate.disclose(grant, now).await.unwrap();
        let case = Case::new(&gate, id, handed_over, &file, by, now).await;
        let (case, key) = case.unwrap();
        let mut tx = Tx::new();
        tx.open_case(&case, &key);
        tx.refer(subject, &case, now);
        self.db().commit(tx).await.unwrap();
        self.take().await;
    }

    async fn request(&self, request: &Request) -> Option<Request> {
        let (db, now) = (self.db(), self.now());
        let found = db.request(request.subject, request.id, now).await;
        found.unwrap()
    }

    /// Nothing anywhere has one of these words.
    async fn assert_nowhere(&self, words: &[String]) {
        for text in self.everything().await {
            for word in words {
                assert!(!text.contains(word), "{word} is left in {text}");
            }
        }
    }

    /// Nothing of the person is anywhere.
    async fn assert_gone(&self, account: &Account) {
        let traces = [account.subject.to_string(), account.word.clone()];
        self.assert_nowhere(&traces).await;
        assert!(self.record(account.subject).await.is_none());
    }
}

fn imagined(account: &Account, name: &str, now: domain::time::Timestamp) -> Asset {
    Asset {
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
    }
}
