//! Notices of trials, run by run (clause 3.2b).

mod notices;
mod queue;

use std::ops::Deref;

use assetbox_tests::Stage;
use assetbox_tests::events::scheduled;
use domain::billing::Account;
use domain::consequence::{Consequence, Job, Letter, Recipient};
use domain::ids::{SubjectId, WorkspaceId};
use domain::time::{Timestamp, days, shift};
use domain::trial::{Notice, Trial};
use serde_json::{Value, json};
use store::Entity;
use store::catalog::Workspace;
use store::catalog::ending::{plan_queues, trial_queues};
use store::outbox::{Message, Owner};

/// A machine on which trials run out.
struct Trials(Stage);

impl Deref for Trials {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

fn on_trial(now: Timestamp) -> Workspace {
    let account = Account::opened(Some(Trial::starting(now)));
    Workspace::opened(WorkspaceId::new(now), SubjectId::new(now), account, now)
}

impl Trials {
    async fn new() -> Self {
        Self(Stage::start().await)
    }

    async fn workspace(&self) -> Workspace {
        let workspace = on_trial(self.now());
        self.db().put(&workspace).await.unwrap();
        workspace
    }

    async fn run(&self) -> Value {
        self.hand("TrialExpiryFunction", scheduled()).await.unwrap()
    }

    async fn messages_of(&self, owner: Owner) -> Vec<Message> {
        let all = self.db().list_all(&owner.partition(), "msg_").await;
        all.unwrap()
    }

    /// The notices that were ordered, in order.
    async fn notices(&self, workspace: &Workspace) -> Vec<Notice> {
        let letters = self.messages_of(Owner::Subject(workspace.owner)).await;
        letters
            .into_iter()
            .map(|message| match message.consequence {
                Consequence::Mail {
                    to: Recipient::OnFile,
                    letter: Letter::Trial { notice, .. },
                } => notice,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    async fn jobs(&self, workspace: &Workspace) -> Vec<Job> {
        let messages = self.messages_of(Owner::Workspace(workspace.id)).await;
        assetbox_tests::stage::jobs(&messages)
    }

    async fn stored(&self, workspace: &Workspace) -> Workspace {
        let stored = self.db().get(&workspace.key()).await.unwrap();
        stored.unwrap()
    }

    async fn is_queued(&self, workspace: &Workspace) -> bool {
        let far = shift(self.now(), days(1000));
        for queue in trial_queues().into_iter().chain(plan_queues()) {
            let keys = self.db().due(&queue, far, 100).await.unwrap();
            if keys.contains(&workspace.key()) {
                return true;
            }
        }
        false
    }
}

fn worked(processed: usize, failed: usize) -> Value {
    json!({"processed": processed, "failed": failed, "more": false})
}
