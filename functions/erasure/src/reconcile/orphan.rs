//! What has no owner, and what is done about it.

use domain::{
    consequence::{Consequence, Job},
    ids::{AssetId, SubjectId, WorkspaceId},
    time::{SignedDuration, days},
};
use store::{
    Condition, Key, StoreError, Table, Tx,
    outbox::{Message, Owner},
    people::{exports_prefix, letters_prefix, partition},
};

use crate::{
    App, Error,
    due::{self, nothing_to_count},
    erase, objects as bucket,
};

/// A week, in each night of which there is an alarm.
const GRACE: SignedDuration = days(7);
/// A key opens what is in the backups; it goes when those are over (28 days).
const KEY_GRACE: SignedDuration = days(30);

/// Something without an owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Orphan {
    /// Items of a workspace that is gone.
    Workspace(WorkspaceId),
    /// A label of an asset that is not there.
    Label(Key),
    /// A workspace names a person who is gone.
    Reference(WorkspaceId, SubjectId),
    /// Letters and jobs of a person who is gone.
    Letters(SubjectId),
    /// Items of a person who is gone.
    Person(SubjectId),
    /// The login of a person who is gone.
    Login(Key, SubjectId),
    /// The data key of a person who is gone.
    DataKey(SubjectId),
    /// Copies for a person who is gone.
    Exports(SubjectId),
    /// Letters of a person who is gone.
    Correspondence(SubjectId),
    /// Objects of an asset that is not there.
    Objects(WorkspaceId, AssetId),
    /// An upload in parts, by its object and id, that nobody has reserved.
    Upload(String, String),
    /// An object whose key is not one of ours.
    Foreign(String),
    /// A person whose data nobody can open.
    Keyless(SubjectId),
    /// An erasure that has begun and goes on no more.
    Erasure(SubjectId),
}

impl Orphan {
    /// Its kind in alarms and in the ledger.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Workspace(_) => "workspace",
            Self::Label(_) => "label",
            Self::Reference(..) => "reference",
            Self::Letters(_) => "letters",
            Self::Person(_) => "person",
            Self::Login(..) => "login",
            Self::DataKey(_) => "data_key",
            Self::Exports(_) => "exports",
            Self::Correspondence(_) => "correspondence",
            Self::Objects(..) => "objects",
            Self::Upload(..) => "upload",
            Self::Foreign(_) => "foreign_object",
            Self::Keyless(_) => "person_without_key",
            Self::Erasure(_) => "erasure_standing_still",
        }
    }

    /// What it is known by from night to night.
    pub(super) fn name(&self) -> String {
        format!("{self:?}")
    }

    /// It says itself that it is older than a day.
    pub(super) fn is_old(&self) -> bool {
        matches!(self, Self::Erasure(_))
    }

    /// For how long it is left alone; `None` for what a person has to decide.
    pub(super) fn grace(&self) -> Option<SignedDuration> {
        match self {
            Self::Foreign(_) | Self::Keyless(_) => None,
            // nothing is destroyed: its job is ordered again
            Self::Erasure(_) => Some(SignedDuration::ZERO),
            Self::DataKey(_) => Some(KEY_GRACE),
            _ => Some(GRACE),
        }
    }

    /// Destroys it; an erasure goes on.
    pub(super) async fn settle(&self, app: &App) -> Result<(), Error> {
        match self {
            Self::Workspace(workspace) => {
                erase::destroy_workspace(app, *workspace, nothing_to_count).await
            }
            Self::Label(key) => Ok(app
                .db
                .delete_all(Table::Catalog, std::slice::from_ref(key))
                .await?),
            Self::Reference(workspace, subject) => {
                erase::leave(app, *workspace, *subject, nothing_to_count).await
            }
            Self::Letters(subject) => {
                let outbox = Owner::Subject(*subject).partition();
                empty(app, Table::Catalog, &outbox).await
            }
            Self::Person(subject) => empty(app, Table::People, &partition(*subject)).await,
            Self::Login(key, subject) => forget_login(app, key, *subject).await,
            Self::DataKey(subject) => empty(app, Table::Keys, &partition(*subject)).await,
            Self::Exports(subject) => {
                let prefix = exports_prefix(*subject);
                bucket::destroy(&app.exports, &prefix, nothing_to_count).await
            }
            Self::Correspondence(subject) => {
                let prefix = letters_prefix(*subject);
                bucket::destroy_versions(&app.letters, &prefix, nothing_to_count).await
            }
            Self::Objects(workspace, asset) => due::asset(app, *workspace, *asset).await,
            Self::Upload(object, id) => Ok(app.assets.abort(object, id).await?),
            Self::Erasure(subject) => order_again(app, *subject).await,
            Self::Foreign(_) | Self::Keyless(_) => Ok(()),
        }
    }
}

async fn empty(app: &App, table: Table, pk: &str) -> Result<(), Error> {
    erase::destroy_items(app, table, pk, nothing_to_count).await?;
    Ok(())
}

async fn forget_login(app: &App, key: &Key, subject: SubjectId) -> Result<(), Error> {
    let theirs = Condition::equals("subject", subject)?;
    let mut tx = Tx::new();
    tx.delete("login", Table::People, key, Some(&theirs));
    match app.db.commit(tx).await {
        // meanwhile it became somebody else's, or went
        Ok(()) | Err(StoreError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn order_again(app: &App, subject: SubjectId) -> Result<(), Error> {
    let job = Consequence::Job {
        job: Job::Erase { subject },
    };
    let mut tx = Tx::new();
    tx.emit(&Message::new(Owner::Subject(subject), job, app.clock.now()));
    Ok(app.db.commit(tx).await?)
}
