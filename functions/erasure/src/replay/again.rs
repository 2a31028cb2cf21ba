//! What came back is destroyed again, the way it was the first time.

use domain::{
    ids::{CaseId, SubjectId, WorkspaceId},
    ledger::Entry,
};
use store::{
    Condition, Entity, Table, Tx,
    catalog::{self, Asset},
    erasure::{Run, run_key},
    outbox::Owner,
    people::{exports_prefix, letters_prefix, partition},
};

use super::{Work, hits::Hit};
use crate::{App, Error, due, erase, objects as bucket};

impl Work<'_> {
    /// A person whose certificate says that nothing is left: the key first, in
    /// case it came back too.
    pub(super) async fn erase(&self, subject: SubjectId, hit: &Hit) -> Result<(), Error> {
        let app = self.app;
        let found = |batch: Vec<String>| self.found(Some(hit.case), batch);
        erase::destroy_items(app, Table::Keys, &partition(subject), found).await?;
        let outbox = Owner::Subject(subject).partition();
        erase::destroy_items(app, Table::Catalog, &outbox, found).await?;
        bucket::destroy(&app.exports, &exports_prefix(subject), found).await?;
        bucket::destroy_versions(&app.letters, &letters_prefix(subject), found).await?;
        for workspace in &hit.shared {
            erase::leave(app, *workspace, subject, found).await?;
        }
        for login in &hit.logins {
            found(vec![login.pk.clone()]).await?;
            let mut tx = Tx::new();
            let theirs = Condition::equals("subject", subject)?;
            tx.delete("login", Table::People, login, Some(&theirs));
            match app.db.commit(tx).await {
                Err(error) if error.refused("login") => {}
                other => other?,
            }
        }
        let run = run_key(subject);
        if app.db.get::<Run>(&run).await?.is_some() {
            found(vec![run.pk.clone()]).await?;
            app.db.delete_all(Table::People, &[run]).await?;
        }
        erase::destroy_items(app, Table::People, &partition(subject), found).await?;
        Ok(())
    }

    /// A workspace that a certificate or the ledger says is destroyed.
    pub(super) async fn destroy_workspace(
        &self,
        case: Option<CaseId>,
        workspace: WorkspaceId,
    ) -> Result<(), Error> {
        let found = |batch: Vec<String>| self.found(case, batch);
        erase::destroy_workspace(self.app, workspace, found).await
    }

    /// What an entry of the ledger says was destroyed, if it is back.
    pub(super) async fn destroy_told(&self, entry: &Entry) -> Result<(), Error> {
        let Some(workspace) = entry.workspace else {
            return Ok(());
        };
        let app = self.app;
        match entry.event.as_str() {
            "workspace.destroyed" => {
                let pk = catalog::partition(workspace);
                if !app.db.keys(Table::Catalog, &pk, 1).await?.is_empty() {
                    self.destroy_workspace(None, workspace).await?;
                }
            }
            "asset.purged" => {
                let asset = entry.facts.get("asset").and_then(|id| id.parse().ok());
                let Some(asset) = asset else { return Ok(()) };
                if let Some(back) = app.db.asset_anywhere(workspace, asset).await? {
                    self.found(None, vec![back.key().sk]).await?;
                    purge(app, &back).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Through the trash, as it went before.
async fn purge(app: &App, asset: &Asset) -> Result<(), Error> {
    if asset.trashed_at.is_none() {
        app.db.trash_asset(asset, app.clock.now()).await?;
    }
    due::asset(app, asset.workspace, asset.id).await
}
