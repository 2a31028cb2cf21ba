//! What the clock has made due: workspaces, assets and sign-ups, and what it has not.

use assetbox_tests::Person;
use assetbox_tests::stage::jobs;
use domain::asset::ObjectKind;
use domain::consequence::Job;
use domain::time::{SignedDuration, days};
use domain::token::LinkToken;
use serde_json::json;
use store::catalog::Asset;
use store::catalog::asset::trash_key;

use super::Registry;

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_whose_trial_nobody_paid_goes_with_its_only_member() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    let (subject, workspace) = (account.subject, account.workspace);
    let job = Job::DestroyWorkspace { workspace };
    let erasing = async || {
        let record = registry.record(subject).await.unwrap();
        record.erasing_since.is_some()
    };
    // too early: nothing happens
    assert!(registry.carry_out(&job).await);
    assert!(!erasing().await);

    registry.advance(days(45));
    assert!(registry.carry_out(&job).await);
    assert!(erasing().await);
    // the work goes on in a job of its own, which was committed with the mark
    let ordered = jobs(&registry.take().await);
    assert_eq!(ordered, [Job::Erase { subject }]);
    assert!(registry.carry_out(&ordered[0]).await);
    registry.assert_gone(&account).await;
    assert!(registry.carry_out(&job).await);
    assert_eq!(registry.entries("erasure.completed").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_with_another_workspace_outlives_one_that_is_destroyed() {
    let registry = Registry::new().await;
    let (owner, guest) = (registry.account().await, registry.account().await);
    registry.join(&guest, owner.workspace).await;
    registry.advance(days(45));
    let workspace = owner.workspace;
    let job = Job::DestroyWorkspace { workspace };
    assert!(registry.carry_out(&job).await);
    let record = registry.record(guest.subject).await.unwrap();
    assert_eq!(record.workspaces, [guest.workspace].into());
    registry.take().await;
    let subject = owner.subject;
    assert!(registry.carry_out(&Job::Erase { subject }).await);
    assert!(registry.record(owner.subject).await.is_none());
    assert!(registry.record(guest.subject).await.is_some());
    let workspace = workspace.to_string();
    for text in registry.everything().await {
        let remembers = text.starts_with("LedgerTable ");
        assert!(remembers || !text.contains(&workspace), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_destroys_what_is_in_the_trash_once_and_spares_what_was_restored() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    let asset = registry.asset(&account, "a.jpg").await;
    let workspace = account.workspace;
    let job = Job::PurgeAsset {
        workspace,
        asset: asset.id,
    };
    let stored = async || registry.workspace(workspace).await.unwrap().stored_bytes;
    let before = stored().await;
    // live: it was restored after somebody asked for the purge
    assert!(registry.carry_out(&job).await);
    let original = asset.objects().key(ObjectKind::Original);
    assert!(registry.assets.get(&original).await.is_ok());

    let db = registry.db();
    db.trash_asset(&asset, registry.now()).await.unwrap();
    for _ in 0..2 {
        assert!(registry.carry_out(&job).await);
        let key = trash_key(workspace, asset.id);
        let trashed: Option<Asset> = db.get(&key).await.unwrap();
        assert!(trashed.is_none());
        assert_eq!(stored().await, before - asset.size_bytes);
        for kind in ObjectKind::ALL {
            let prefix = asset.objects().prefix(kind);
            let versions = registry.assets.versions(&prefix).await.unwrap();
            let unfinished = registry.assets.unfinished(&prefix).await.unwrap();
            assert!(versions.is_empty() && unfinished.is_empty());
        }
    }
    assert_eq!(registry.entries("asset.purged").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_that_was_not_confirmed_is_destroyed_and_a_confirmed_one_is_not() {
    let registry = Registry::new().await;
    let secret = registry.ask_for_account(&Person::new(), &[]).await;
    let subject = LinkToken::parse(&secret).unwrap().subject();
    let job = Job::DestroySignUp { subject };
    assert!(registry.carry_out(&job).await);
    let is_there = registry.record(subject).await.is_some();
    assert!(is_there, "there is time left");
    registry.advance(SignedDuration::from_hours(25));
    for _ in 0..2 {
        assert!(registry.carry_out(&job).await);
    }
    registry.assert_nowhere(&[subject.to_string()]).await;
    let token = json!({"token": secret});
    let late = registry.anonymous().post("/signup/verify", &token).await;
    late.problem(410, "link_used_or_over");

    let account = registry.account().await;
    let subject = account.subject;
    assert!(registry.carry_out(&Job::DestroySignUp { subject }).await);
    assert!(registry.record(subject).await.is_some());
    assert_eq!(registry.keys("KeysTable", "SUBJ#").await.len(), 1);
}
