//! Erasures: what their certificates count, shared workspaces, and letters on their way.

use assetbox_tests::Person;
use domain::asset::ObjectKind;
use domain::certificate::{Certificate, CertificateFile, Step, act, object_key};
use domain::compliance::disclosure::Ban;
use domain::consequence::{Job, Letter};
use domain::ids::CaseId;
use domain::processing::{Actor, Category, Operation};
use domain::request::{Ground, RequestKind};
use domain::time::{SignedDuration, days, shift};
use serde_json::json;
use store::Tx;
use store::compliance::Filed;
use store::erasure::{Act, Census};
use store::people::Words;
use store::personal::{GateError, WrappedKey, case_key, wrapped_key};

use super::{Account, Registry, access, carry_out};

async fn certificate(registry: &Registry, case: CaseId) -> Certificate {
    let proofs = registry.bucket("BUCKET_PROOFS");
    let bytes = proofs.get(&object_key(case)).await.unwrap();
    let file = CertificateFile::parse(&bytes).unwrap();
    file.verify(&registry.ledger_key()).unwrap()
}

async fn assert_key_is_gone(registry: &Registry, account: &Account) {
    let contact = access(&[Category::Contact]);
    let gate = registry.gate();
    let opened = gate.open(account.subject, contact, registry.now()).await;
    assert!(matches!(opened, Err(GateError::Unknown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_member_goes_with_the_workspace_and_a_certificate_counts_it() {
    let registry = Registry::new().await;
    let (account, other) = (registry.account().await, registry.account().await);
    registry.letter(&account, &Words::default()).await;
    let request = registry
        .approved(account.subject, RequestKind::Erasure, None, "x")
        .await;
    let job = carry_out(&request);
    assert!(registry.carry_out(&job).await);

    registry.assert_gone(&account).await;
    assert_key_is_gone(&registry, &account).await;
    assert!(registry.record(other.subject).await.is_some());
    let originals = registry.assets.versions("originals/").await.unwrap();
    assert_eq!(originals.len(), 4, "those of the other");

    let certificate = certificate(&registry, request.case.unwrap()).await;
    assert_eq!(certificate.clause, "5.2b");
    assert_eq!(certificate.law, "152-FZ art. 21(5)");
    let found = |step| {
        let receipt = certificate.steps.iter().find(|r| r.step == step);
        receipt.unwrap().before
    };
    // two assets: twice three kinds of objects, two versions each, and an unfinished upload
    assert_eq!(found(Step::Objects), 14);
    assert_eq!(found(Step::Key), 1);
    assert_eq!(found(Step::Login), 1);
    assert_eq!(found(Step::Letters), 1);
    assert!(found(Step::Sessions) >= 1);
    assert!(found(Step::Records) >= 6, "{}", found(Step::Records));
    let mut kept = certificate.kept.iter();
    assert!(kept.any(|kept| kept.category.contains("trial-email")));

    let tables = registry.environment("ErasureFunction").tables();
    let census = Census::new(&registry.sdk_config("test"), tables);
    for sightings in census.probe(&certificate).await.unwrap() {
        assert_eq!(sightings.found, [], "{:?}", sightings.table);
        assert!(sightings.read > 0);
    }
    let entries = registry.entries("erasure.completed").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].id, certificate.ledger_entry);
    assert_eq!(entries[0].person, None);

    // the job comes again, and changes nothing
    let before = registry.everything().await;
    let subject = account.subject;
    for again in [job, Job::Erase { subject }] {
        assert!(registry.carry_out(&again).await);
    }
    assert_eq!(registry.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_workspace_keeps_its_assets_and_forgets_who_uploaded_them() {
    let registry = Registry::new().await;
    let (leaving, staying) = (registry.account().await, registry.account().await);
    registry.join(&staying, leaving.workspace).await;
    let asset = registry.asset(&leaving, "company picture.jpg").await;
    let request = registry
        .approved(leaving.subject, RequestKind::Erasure, None, "x")
        .await;
    assert!(registry.carry_out(&carry_out(&request)).await);

    let kept = registry.db().asset(leaving.workspace, asset.id).await;
    let kept = kept.unwrap().unwrap();
    assert_eq!(kept.uploaded_by, None);
    assert_eq!(kept.name, "company picture.jpg");
    assert!(kept.revision > asset.revision);
    let key = asset.objects().key(ObjectKind::Original);
    assert!(registry.assets.get(&key).await.is_ok());
    let workspace = registry.workspace(leaving.workspace).await.unwrap();
    assert_eq!(workspace.owner, staying.subject);
    assert_eq!(workspace.closing_since, None);
    let subject = [leaving.subject.to_string()];
    registry.assert_nowhere(&subject).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_are_on_their_way_are_waited_for_within_bounds() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    let request = registry
        .approved(account.subject, RequestKind::Erasure, None, "x")
        .await;
    let case = request.case.unwrap();
    let mut tx = Tx::new();
    let letter = Letter::ErasureBegins { case };
    tx.mail(account.subject, letter, registry.now());
    registry.db().commit(tx).await.unwrap();
    let job = carry_out(&request);
    assert!(!registry.carry_out(&job).await);
    // the address is there as long as the letter is
    let key = wrapped_key(account.subject);
    let wrapped: Option<WrappedKey> = registry.db().get(&key).await.unwrap();
    assert!(wrapped.is_some());
    registry.advance(SignedDuration::from_mins(11));
    assert!(registry.carry_out(&job).await);
    registry.assert_gone(&account).await;
    assert_key_is_gone(&registry, &account).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registers_go_on_and_the_act_of_destruction_alone_names_the_person() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    registry.claim(&account, "You have lost my files.").await;
    registry.disclosed(&account, None).await;
    let ban = Ban {
        until: shift(registry.now(), days(400)),
        law: Ground::new("144-FZ art. 12").unwrap(),
    };
    registry.disclosed(&account, Some(ban)).await;
    let request = registry
        .approved(account.subject, RequestKind::Erasure, None, "x")
        .await;
    assert!(registry.carry_out(&carry_out(&request)).await);
    registry.assert_gone(&account).await;

    let case = request.case.unwrap();
    let certificate = certificate(&registry, case).await;
    let kept = |what: &str| {
        let mut kept = certificate.kept.iter();
        kept.find(|kept| kept.category.contains(what)).unwrap()
    };
    assert_eq!(kept("claims before court, 1").until, None, "it is open");
    // the certificate is public: it does not tell of the one that is banned
    let disclosures = kept("register of disclosures, 1 entries").until.unwrap();
    assert!(disclosures > shift(registry.now(), days(1095)));
    let three_years = shift(certificate.finished_at, days(1096));
    assert_eq!(kept("act of destruction").until, Some(three_years));

    let stored = registry.db().case::<act::Progress>(case).await;
    let stored: Act = stored.unwrap().expect("an act");
    assert_eq!(stored.progress.kept_until(), Some(three_years));
    let (gate, now) = (registry.gate(), registry.now());
    let opened = stored.open(&gate, Operation::Extract, Actor::Staff, now);
    let (_, file) = opened.await.unwrap();
    let name = account.user.person.name.clone();
    assert_eq!(file.name.as_deref(), Some(name.as_str()));
    registry.assert_nowhere(std::slice::from_ref(&name)).await;
    let key = case_key(&case.to_string());
    assert_eq!(registry.keys("KeysTable", &key.pk).await, [key]);

    // read by the staff, each time with an entry
    let staff = Person {
        email: "staff@assetbox.example".to_owned(),
        ..Person::new()
    };
    let staff = registry.stage.account(staff, &[]).await;
    let register = staff.api.get("/compliance/acts").await.json(200);
    assert_eq!(register["items"][0]["id"], case.to_string());
    assert!(!register.to_string().contains(&name));
    let path = format!("/compliance/acts/{case}");
    let before = registry.entries("register.opened").await.len();
    let shown = staff.api.get(&path).await.json(200);
    assert_eq!(registry.entries("register.opened").await.len(), before + 1);
    assert_eq!(shown["act"]["subject"]["name"], json!(name));
    assert_eq!(
        shown["act"]["certificate_sha256"].as_str().map(str::len),
        Some(64)
    );
    let log = shown["log_csv"].as_str().unwrap();
    assert_eq!(log.lines().count(), 1 + Step::ALL.len());
    assert!(log.lines().skip(1).all(|line| line.contains(&name)));
    let stranger = registry.account().await;
    stranger
        .user
        .api
        .get(&path)
        .await
        .problem(403, "staff_only");
}
