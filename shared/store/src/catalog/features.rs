//! The workspace's switch for AI.

use domain::{ledger::Entry, processing::Actor, time::Timestamp, workspace::Features};

use super::{Workspace, workspace::workspace_key};
use crate::{Condition, Db, StoreError, Table, Tx, Update};

/// Switches the workspace's AI as told and returns the workspace as it is then.
///
/// # Errors
/// [`StoreError::Refused`] with `workspace` when another change came first or
/// the workspace is being destroyed.
pub async fn change_features(
    db: &Db,
    workspace: Workspace,
    features: Features,
    now: Timestamp,
) -> Result<Workspace, StoreError> {
    let read = Condition::equals("revision", workspace.revision)?;
    let update = Update::new()
        .set("features", features)?
        .add("revision", 1)
        .when(read.and(Condition::lacks("closing_since")));
    let mut tx = Tx::new();
    tx.update(
        "workspace",
        Table::Catalog,
        &workspace_key(workspace.id),
        &update,
    );
    tx.record(
        Entry::new(now, Actor::Subject, "workspace.features_changed", "4.3")
            .with_workspace(workspace.id)
            .with_fact("labels", features.labels)
            .with_fact("text", features.text)
            .with_fact("moderation", features.moderation),
    );
    db.commit(tx).await?;
    Ok(Workspace {
        features,
        revision: workspace.revision + 1,
        ..workspace
    })
}
