//! Forgets what every reader of a stream has done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::stream::StreamReader;
use crate::activity::Shutdown;
use crate::cloud::CloudError;

/// How long records may stay that are done: many go in one transaction.
const REST: Duration = Duration::from_secs(2);

/// The readers of one table's stream, one at least.
struct Readers {
    all: Vec<Arc<StreamReader>>,
    /// Up to where the stream was forgotten.
    trimmed: Option<String>,
}

/// Trims the streams of the database `file` until the machine ends, and then writes it anew.
pub(super) async fn run(readers: Vec<Arc<StreamReader>>, file: PathBuf, shutdown: Shutdown) {
    let mut streams = by_table(readers);
    while let Some(()) = shutdown.or(tokio::time::sleep(REST)).await {
        trim(&mut streams, &file).await;
    }
    trim(&mut streams, &file).await;
    if let Some(reader) = streams.first().and_then(|readers| readers.all.first())
        && let Err(error) = reader.stream().compact(file).await
    {
        tracing::warn!(%error, "the database was not compacted");
    }
}

fn by_table(readers: Vec<Arc<StreamReader>>) -> Vec<Readers> {
    let mut tables = BTreeMap::<String, Vec<_>>::new();
    for reader in readers {
        let table = reader.table().to_owned();
        tables.entry(table).or_default().push(reader);
    }
    let readers = tables.into_values();
    readers.map(|all| Readers { all, trimmed: None }).collect()
}

async fn trim(streams: &mut [Readers], file: &Path) {
    for readers in streams {
        if let Err(error) = readers.trim(file).await {
            tracing::warn!(%error, "a stream was not trimmed");
        }
    }
}

impl Readers {
    /// Up to the slowest reader's position, if it has moved.
    async fn trim(&mut self, file: &Path) -> Result<(), CloudError> {
        let positions = self.all.iter().map(|reader| reader.kept_position());
        // Sequence numbers are of one width: their order is that of their texts.
        let slowest = positions.collect::<Option<Vec<_>>>();
        let slowest = slowest.and_then(|positions| positions.into_iter().min());
        if let (Some(through), Some(reader)) = (slowest, self.all.first())
            && self.trimmed.as_ref() != Some(&through)
        {
            reader
                .stream()
                .trim(file.to_owned(), through.clone())
                .await?;
            self.trimmed = Some(through);
        }
        Ok(())
    }
}
