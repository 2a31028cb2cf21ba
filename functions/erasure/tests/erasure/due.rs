use domain::{
    asset::ObjectKind,
    consequence::Job,
    time::{SignedDuration, days},
};
use store::{
    Table,
    catalog::{Asset, Workspace, asset::trash_key, workspace::workspace_key},
    people::Confirmed,
};

use crate::support::Stage;

#[tokio::test]
async fn a_workspace_whose_trial_nobody_paid_goes_with_its_only_member() {
    let stage = Stage::new().await;
    let account = stage.account("unpaid").await;
    let job = Job::DestroyWorkspace {
        workspace: account.workspace,
    };
    // too early: nothing happens
    assert!(stage.handle(&job).await);
    assert!(
        stage
            .record(account.subject)
            .await
            .unwrap()
            .erasing_since
            .is_none()
    );

    stage.cloud.clock.advance(days(45));
    assert!(stage.handle(&job).await);
    assert!(
        stage
            .record(account.subject)
            .await
            .unwrap()
            .erasing_since
            .is_some()
    );
    // the work goes on in a job of its own, which was committed with the mark
    let jobs = stage.deliver().await;
    assert_eq!(jobs.len(), 1);
    assert!(
        stage
            .handle(&Job::Erase {
                subject: account.subject
            })
            .await
    );
    let subject = account.subject.to_string();
    for text in stage.everything().await {
        assert!(
            !text.contains("unpaid") && !text.contains(&subject),
            "{text}"
        );
    }
    assert!(stage.handle(&job).await);
    assert_eq!(stage.cloud.entries("erasure.completed").await.len(), 1);
}

#[tokio::test]
async fn a_member_with_another_workspace_outlives_one_that_is_destroyed() {
    let stage = Stage::new().await;
    let owner = stage.account("goes").await;
    let guest = stage.account("stays").await;
    stage.join(guest, owner.workspace).await;
    stage.cloud.clock.advance(days(45));
    let job = Job::DestroyWorkspace {
        workspace: owner.workspace,
    };
    assert!(stage.handle(&job).await);
    let record = stage.record(guest.subject).await.unwrap();
    assert_eq!(record.workspaces, [guest.workspace].into());
    stage.deliver().await;
    let erase = Job::Erase {
        subject: owner.subject,
    };
    assert!(stage.handle(&erase).await);
    assert!(stage.record(owner.subject).await.is_none());
    assert!(stage.record(guest.subject).await.is_some());
    let workspace = owner.workspace.to_string();
    for text in stage.everything().await {
        let remembers = text.starts_with("ledger ");
        assert!(remembers || !text.contains(&workspace), "{text}");
    }
}

#[tokio::test]
async fn a_purge_destroys_what_is_in_the_trash_once_and_spares_what_was_restored() {
    let stage = Stage::new().await;
    let account = stage.account("purging").await;
    let asset = stage.asset(account, "a.jpg").await;
    let (workspace, now) = (account.workspace, stage.cloud.now());
    let job = Job::PurgeAsset {
        workspace,
        asset: asset.id,
    };
    let stored = || async {
        let found: Option<Workspace> = stage.cloud.db.get(&workspace_key(workspace)).await.unwrap();
        found.unwrap().stored_bytes
    };
    let before = stored().await;
    // live: it was restored after somebody asked for the purge
    assert!(stage.handle(&job).await);
    let original = asset.objects().key(ObjectKind::Original);
    assert!(stage.assets.get(&original).await.is_ok());

    stage.cloud.db.trash_asset(&asset, now).await.unwrap();
    for _ in 0..2 {
        assert!(stage.handle(&job).await);
        let trashed: Option<Asset> = stage
            .cloud
            .db
            .get(&trash_key(workspace, asset.id))
            .await
            .unwrap();
        assert!(trashed.is_none());
        assert_eq!(stored().await, before - asset.size_bytes);
        for kind in ObjectKind::ALL {
            let prefix = asset.objects().prefix(kind);
            assert!(stage.assets.versions(&prefix).await.unwrap().is_empty());
            assert!(stage.assets.unfinished(&prefix).await.unwrap().is_empty());
        }
    }
    assert_eq!(stage.cloud.entries("asset.purged").await.len(), 1);
}

#[tokio::test]
async fn a_sign_up_that_was_not_confirmed_is_destroyed_and_a_confirmed_one_is_not() {
    let stage = Stage::new().await;
    let link = stage.sign_up("unconfirmed").await;
    let job = Job::DestroySignUp {
        subject: link.subject(),
    };
    assert!(stage.handle(&job).await);
    assert!(
        stage.record(link.subject()).await.is_some(),
        "there is time left"
    );
    stage.cloud.clock.advance(SignedDuration::from_hours(25));
    assert!(stage.handle(&job).await);
    assert!(stage.handle(&job).await);
    let subject = link.subject().to_string();
    for text in stage.everything().await {
        assert!(!text.contains(&subject), "{text}");
    }
    let now = stage.cloud.now();
    let late = store::people::confirm_sign_up(&stage.cloud.db, &stage.gate, &link, now).await;
    assert_eq!(late.unwrap(), Confirmed::LinkOver);

    let account = stage.account("confirmed").await;
    let job = Job::DestroySignUp {
        subject: account.subject,
    };
    assert!(stage.handle(&job).await);
    assert!(stage.record(account.subject).await.is_some());
    let keys = stage.cloud.keys("keys", "SUBJ#").await;
    assert_eq!(keys.len(), 1);
    assert_eq!(
        stage
            .cloud
            .db
            .keys(Table::Keys, &keys[0].pk, 1)
            .await
            .unwrap()
            .len(),
        1
    );
}
