//! The nightly round: what nobody owns is told, and destroyed after its grace; what somebody owns
//! is left alone.

use std::collections::BTreeSet;

use assetbox_tests::stage::jobs;
use assetbox_tests::{Person, log};
use bytes::Bytes;
use domain::asset::{ObjectKeys, ObjectKind};
use domain::consequence::Job;
use domain::ids::{AssetId, CaseId, SubjectId};
use domain::time::{days, shift};
use serde_json::{Value, json};
use store::Entity;
use store::catalog::LabelRow;
use store::catalog::label::LabelSource;
use store::erasure::{Case, Replay, Run};
use store::people::{PendingSignUp, find_login, letters_prefix};
use store::personal::{Sealed, WrappedKey, wrapped_key};

use super::{Account, Registry};

impl Registry {
    async fn night(&self) -> Value {
        let task = json!({"task": "reconcile"});
        let answer = self.hand("ErasureFunction", task).await.unwrap();
        self.advance(days(1));
        answer
    }

    /// An account without the assets that [`Registry::account`] imagines.
    async fn quiet_account(&self) -> Account {
        let user = self.stage.account(Person::new(), &[]).await;
        Account {
            subject: self.subject_of(&user.person.email).await,
            workspace: user.workspace.parse().unwrap(),
            user,
            word: String::new(),
        }
    }

    /// A label of an asset that is not there.
    fn label(&self, account: &Account) -> LabelRow {
        LabelRow {
            workspace: account.workspace,
            asset: AssetId::new(self.now()),
            key: "lost".to_owned(),
            name: "Lost".to_owned(),
            source: LabelSource::Person,
            confidence: None,
            parents: Vec::new(),
            model: None,
        }
    }

    /// An upload under way in parts, which its reservation owns.
    async fn begin_film(&self, account: &Account) {
        let film = json!({"name": "a.mp4", "content_type": "video/mp4", "size_bytes": 104_857_600});
        let api = &account.user.api;
        api.post("/uploads", &film).await.is(201);
    }

    /// What stands in the tables, but for the round's own memory and the ledger.
    async fn owned(&self) -> BTreeSet<String> {
        let all = self.everything().await.into_iter();
        all.filter(|text| !text.contains("RECONCILE") && !text.starts_with("LedgerTable"))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_owns_is_an_alarm_and_destroyed_after_its_grace() {
    let registry = Registry::new().await;
    let account = registry.quiet_account().await;
    registry.begin_film(&account).await;
    let before = registry.owned().await;

    let (db, now) = (registry.db(), registry.now());
    let nobody = SubjectId::new(now);
    db.put(&registry.label(&account)).await.unwrap();
    let pending = PendingSignUp {
        subject: nobody,
        password_hash: "$argon2id$not-of-this-test".to_owned(),
        expires_at: now,
    };
    db.put(&pending).await.unwrap();
    let login = find_login(&db, &registry.record(account.subject).await.unwrap().login).await;
    let mut login = login.unwrap().unwrap();
    login.subject = SubjectId::new(now);
    login.login = registry.lookup().network("203.0.113.9");
    db.put(&login).await.unwrap();
    let key = WrappedKey {
        subject: nobody,
        wrapped: Sealed::from_bytes(vec![1; 184]),
        created_at: now,
    };
    db.put(&key).await.unwrap();
    let lost = ObjectKeys::new(account.workspace, AssetId::new(now), 1);
    let lost = lost.key(ObjectKind::Original);
    let bytes = Bytes::from_static(b"bytes");
    registry
        .assets
        .put(&lost, "image/jpeg", bytes)
        .await
        .unwrap();
    let unreserved = ObjectKeys::new(account.workspace, AssetId::new(now), 1);
    let unreserved = unreserved.key(ObjectKind::Original);
    let begun = registry.assets.create_multipart(&unreserved, "image/jpeg");
    begun.await.unwrap();
    let exports = registry.bucket("BUCKET_EXPORTS");
    let copy = format!("exports/{nobody}/dsr_1/json");
    let bytes = Bytes::from_static(b"sealed");
    exports.put(&copy, "application/json", bytes).await.unwrap();
    let letters = registry.bucket("BUCKET_MAIL");
    let letter = format!("{}ses1", letters_prefix(nobody));
    let bytes = Bytes::from_static(b"sealed");
    let put = letters.put(&letter, "application/octet-stream", bytes);
    put.await.unwrap();

    let first = registry.night().await;
    assert_eq!(first["standing"], json!({}), "it may be a passing state");
    let each = json!({
        "correspondence": 1, "data_key": 1, "exports": 1, "label": 1, "login": 1, "objects": 1, "person": 1, "upload": 1,
    });
    for _ in 1..7 {
        let night = registry.night().await;
        assert_eq!((&night["standing"], &night["settled"]), (&each, &json!({})));
    }
    assert!(log::mentions("unowned_data"));
    let night = registry.night().await;
    let mut settled = each.clone();
    settled.as_object_mut().unwrap().remove("data_key");
    assert_eq!(night["settled"], settled);
    let told = registry.entries("reconcile.found").await;
    let mut facts = told.iter().map(|entry| &entry.facts["label.settled"]);
    assert!(facts.any(|settled| settled == "1"));

    // its backups are not over
    let only_the_key = json!({"data_key": 1});
    for _ in 8..30 {
        let night = registry.night().await;
        assert_eq!(night["standing"], only_the_key);
        assert_eq!(night["settled"], json!({}));
    }
    assert_eq!(registry.night().await["settled"], only_the_key);
    assert_eq!(registry.night().await["standing"], json!({}));
    let key: Option<WrappedKey> = db.get(&wrapped_key(nobody)).await.unwrap();
    assert!(key.is_none());
    assert_eq!(registry.owned().await, before);
    let key: Option<WrappedKey> = db.get(&wrapped_key(account.subject)).await.unwrap();
    assert!(key.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_at_once_that_something_else_is_wrong_are_left_alone() {
    let registry = Registry::new().await;
    let account = registry.quiet_account().await;
    for _ in 0..101 {
        let label = registry.label(&account);
        registry.db().put(&label).await.unwrap();
    }
    for _ in 0..9 {
        registry.night().await;
    }
    let night = registry.night().await;
    assert_eq!(night["standing"], json!({"label": 101}));
    assert_eq!(night["settled"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_stands_still_goes_on() {
    let registry = Registry::new().await;
    let account = registry.quiet_account().await;
    let record = registry.record(account.subject).await.unwrap();
    let began_at = registry.now();
    let case = CaseId::new(began_at);
    let run = Run {
        subject: account.subject,
        case,
        request: None,
        login: record.login,
        company: record.company,
        destroyed: [account.workspace].into(),
        left: BTreeSet::new(),
        exchanges: Vec::new(),
    };
    let case = Case {
        case,
        clause: "5.2a".to_owned(),
        law: "152-FZ art. 21(4)".to_owned(),
        received_at: began_at,
        began_at,
        key_fingerprint: None,
        finished_at: None,
        ledger_entry: None,
        kept: Vec::new(),
        certificate_sha256: None,
    };
    let mut tx = store::Tx::new();
    tx.begin_erasure(&run, &case).unwrap();
    registry.db().commit(tx).await.unwrap();
    assert_eq!(registry.night().await["standing"], json!({}));

    let night = registry.night().await;
    assert_eq!(night["standing"], json!({"erasure_standing_still": 1}));
    let ordered = jobs(&registry.take().await);
    let subject = account.subject;
    assert_eq!(ordered, [Job::Erase { subject }]);
    assert!(registry.carry_out(&ordered[0]).await);
    registry.assert_nowhere(&[subject.to_string()]).await;
    assert_eq!(registry.night().await["standing"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_backup_is_put_back_nothing_is_judged() {
    let registry = Registry::new().await;
    let account = registry.quiet_account().await;
    let (db, now) = (registry.db(), registry.now());
    let label = registry.label(&account);
    db.put(&label).await.unwrap();
    let mut replay = Replay::beginning(now, now, now);
    db.save_replay(&mut replay, Vec::new()).await.unwrap();
    for _ in 0..10 {
        assert_eq!(registry.night().await, json!({"skipped": true}));
    }
    let left: Option<LabelRow> = db.get(&label.key()).await.unwrap();
    assert_eq!(left, Some(label));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_names_a_backup_of_the_past() {
    let registry = Registry::new().await;
    let now = registry.now();
    let task = |since, restored_at| json!({"task": "replay_tombstones", "since": since, "restored_at": restored_at});
    for task in [
        task(now, shift(now, -days(1))),
        task(now, shift(now, days(1))),
        json!({"task": "replay_tombstones"}),
        json!({"task": "make_coffee"}),
    ] {
        registry.hand("ErasureFunction", task).await.unwrap_err();
    }
}
