use domain::{
    asset::ObjectKind,
    certificate::{Certificate, CertificateFile, Step, object_key},
    consequence::Job,
    ids::CaseId,
    processing::Category,
    request::{RequestKind, State},
    time::SignedDuration,
};
use store::{
    Table,
    catalog::{Workspace, workspace::workspace_key},
    erasure::Census,
    personal::{GateError, wrapped_key},
};

use crate::support::{Account, Stage, access, carry_out};

async fn certificate(stage: &Stage, case: CaseId) -> Certificate {
    let bytes = stage.proofs.get(&object_key(case)).await.unwrap();
    let key = stage.cloud.env.required("LEDGER_KEY").unwrap();
    let public_key = stage.cloud.services.kms().public_key(&key).unwrap();
    let file = CertificateFile::parse(&bytes).unwrap();
    file.verify(&public_key).unwrap()
}

async fn nothing_is_left(stage: &Stage, account: Account, canary: &str) {
    let subject = account.subject.to_string();
    for text in stage.everything().await {
        assert!(!text.contains(canary), "{canary} is left in {text}");
        assert!(!text.contains(&subject), "the person is left in {text}");
    }
    assert!(stage.record(account.subject).await.is_none());
    let now = stage.cloud.now();
    let opened = stage
        .gate
        .open(account.subject, access(&[Category::Contact]), now)
        .await;
    assert!(matches!(opened, Err(GateError::Unknown)));
}

#[tokio::test]
async fn the_last_member_goes_with_the_workspace_and_a_certificate_says_so() {
    let stage = Stage::new().await;
    let account = stage.account("canary-of-one").await;
    let other = stage.account("somebody-else").await;
    let request = stage
        .approved(account.subject, RequestKind::Erasure, None, "canary-of-one")
        .await;
    let job = carry_out(&request);
    assert!(stage.handle(&job).await);

    nothing_is_left(&stage, account, "canary-of-one").await;
    assert!(stage.record(other.subject).await.is_some());
    assert!(
        !stage
            .assets
            .versions("originals/")
            .await
            .unwrap()
            .is_empty()
    );

    let certificate = certificate(&stage, request.case.unwrap()).await;
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
    assert!(found(Step::Sessions) >= 1);
    assert!(found(Step::Records) >= 6, "{}", found(Step::Records));
    assert!(
        certificate
            .kept
            .iter()
            .any(|kept| kept.category.contains("trial-email"))
    );

    let census = Census::new(&stage.cloud.aws, stage.cloud.env.tables());
    for sightings in census.probe(&certificate).await.unwrap() {
        assert_eq!(sightings.found, [], "{:?}", sightings.table);
        assert!(sightings.read > 0);
    }
    let entries = stage.cloud.entries("erasure.completed").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].id, certificate.ledger_entry);
    assert_eq!(entries[0].person, None);

    // the job comes again, and changes nothing
    let before = stage.everything().await;
    assert!(stage.handle(&job).await);
    assert!(
        stage
            .handle(&Job::Erase {
                subject: account.subject
            })
            .await
    );
    assert_eq!(stage.everything().await, before);
}

#[tokio::test]
async fn a_probe_sees_what_an_erasure_has_missed() {
    let stage = Stage::new().await;
    let account = stage.account("missed").await;
    let workspace = stage
        .cloud
        .db
        .get::<Workspace>(&workspace_key(account.workspace))
        .await
        .unwrap()
        .unwrap();
    let request = stage
        .approved(account.subject, RequestKind::Erasure, None, "x")
        .await;
    assert!(stage.handle(&carry_out(&request)).await);
    let certificate = certificate(&stage, request.case.unwrap()).await;
    stage.cloud.db.put(&workspace).await.unwrap();
    let census = Census::new(&stage.cloud.aws, stage.cloud.env.tables());
    let sightings = census.probe(&certificate).await.unwrap();
    let catalog = sightings
        .iter()
        .find(|s| s.table == Table::Catalog)
        .unwrap();
    assert_eq!(catalog.found, [workspace_key(account.workspace)]);
}

#[tokio::test]
async fn killed_after_any_call_it_resumes_and_ends_the_same() {
    for calls in 1.. {
        let stage = Stage::new().await;
        let canary = format!("killed-after-{calls}-calls");
        let account = stage.account(&canary).await;
        let request = stage
            .approved(account.subject, RequestKind::Erasure, None, &canary)
            .await;
        let job = carry_out(&request);
        stage.life.end_after(calls);
        let done = stage.handle(&job).await;
        let survived = !stage.life.is_over();
        stage.life.end_after(i64::MAX);
        if !survived {
            assert!(
                stage.handle(&job).await,
                "it does not resume after {calls} calls"
            );
        }
        nothing_is_left(&stage, account, &canary).await;
        let certificate = certificate(&stage, request.case.unwrap()).await;
        let key = certificate.steps.iter().find(|r| r.step == Step::Key);
        assert_eq!(key.unwrap().before, 1);
        let entries = stage.cloud.entries("erasure.completed").await;
        assert_eq!(entries.len(), 1, "after {calls} calls");
        if survived && done {
            assert!(calls > 50, "an erasure of {calls} calls is none");
            return;
        }
    }
}

#[tokio::test]
async fn a_shared_workspace_keeps_its_assets_and_forgets_who_uploaded_them() {
    let stage = Stage::new().await;
    let leaving = stage.account("leaving").await;
    let staying = stage.account("staying").await;
    stage.join(staying, leaving.workspace).await;
    let asset = stage.asset(leaving, "company picture.jpg").await;
    let request = stage
        .approved(leaving.subject, RequestKind::Erasure, None, "x")
        .await;
    assert!(stage.handle(&carry_out(&request)).await);

    let kept = stage
        .cloud
        .db
        .asset(leaving.workspace, asset.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.uploaded_by, None);
    assert_eq!(kept.name, "company picture.jpg");
    assert!(kept.revision > asset.revision);
    let key = asset.objects().key(ObjectKind::Original);
    assert!(stage.assets.get(&key).await.is_ok());
    let workspace: Workspace = stage
        .cloud
        .db
        .get(&workspace_key(leaving.workspace))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(workspace.owner, staying.subject);
    assert_eq!(workspace.closing_since, None);
    let subject = leaving.subject.to_string();
    for text in stage.everything().await {
        assert!(!text.contains(&subject), "the person is left in {text}");
    }
}

#[tokio::test]
async fn letters_that_are_on_their_way_are_waited_for_within_bounds() {
    let stage = Stage::new().await;
    let account = stage.account("waiting").await;
    let request = stage
        .approved(account.subject, RequestKind::Erasure, None, "x")
        .await;
    let mut tx = store::Tx::new();
    let letter = domain::consequence::Letter::ErasureBegins {
        case: request.case.unwrap(),
    };
    tx.mail(account.subject, letter, stage.cloud.now());
    stage.cloud.db.commit(tx).await.unwrap();
    let job = carry_out(&request);
    assert!(!stage.handle(&job).await);
    // the address is there as long as the letter is
    let key = wrapped_key(account.subject);
    let wrapped: Option<store::personal::WrappedKey> = stage.cloud.db.get(&key).await.unwrap();
    assert!(wrapped.is_some());
    stage.cloud.clock.advance(SignedDuration::from_mins(11));
    assert!(stage.handle(&job).await);
    nothing_is_left(&stage, account, "waiting").await;
}

#[tokio::test]
async fn only_an_approved_request_erases() {
    let stage = Stage::new().await;
    let account = stage.account("still-here").await;
    let request = stage
        .approved(account.subject, RequestKind::Restriction, None, "x")
        .await;
    assert!(stage.handle(&carry_out(&request)).await);
    let ended = stage.request(&request).await.unwrap();
    assert_eq!(ended.progress.state(), State::Completed);
    assert!(stage.record(account.subject).await.is_some());
}
