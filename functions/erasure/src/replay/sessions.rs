//! Nobody is signed in by a session of the backup, and no mailed link works:
//! whether it was ended since is not known any more.

use store::{
    Entity, Key, Table,
    erasure::Seen,
    people::{Link, LinkPurpose, Session},
};

use super::Work;
use crate::Error;

impl Work<'_> {
    /// Ends the sessions of a page that were opened before the restore, and the
    /// links. Those that unsubscribe stay: they only ever refuse.
    pub(super) async fn end_sessions(&self, rows: &[Seen]) -> Result<(), Error> {
        let restored_at = self.restored_at;
        let over = |session: &Session| session.authenticated_at < restored_at;
        let mut ended = self.those(rows, "SESSION#", over).await?;
        let acts = |link: &Link| link.purpose != LinkPurpose::Unsubscribe;
        ended.extend(self.those(rows, "LINK#", acts).await?);
        if ended.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = ended.iter().map(|key| key.sk.clone()).collect();
        let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
        self.save(|replay| {
            if replay.is_new(&names) {
                replay.ended += count;
            }
        })
        .await?;
        Ok(self.app.db.delete_all(Table::People, &ended).await?)
    }

    async fn those<E: Entity>(
        &self,
        rows: &[Seen],
        prefix: &str,
        end: impl Fn(&E) -> bool,
    ) -> Result<Vec<Key>, Error> {
        let keys = rows.iter().map(|row| &row.key);
        let wanted: Vec<_> = keys
            .filter(|key| key.sk.starts_with(prefix))
            .map(|key| (Table::People, key.clone()))
            .collect();
        let mut those = Vec::new();
        for chunk in wanted.chunks(100) {
            let mut found = self.app.db.get_many(chunk).await?;
            for (_, key) in chunk {
                if found.take::<E>(key)?.is_some_and(|item| end(&item)) {
                    those.push(key.clone());
                }
            }
        }
        Ok(those)
    }
}
