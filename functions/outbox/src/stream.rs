//! Records of the two tables' streams.

use aws_lambda_events::{dynamodb, dynamodb::EventRecord};
use domain::ids::EntryId;
use futures::{StreamExt, stream};
use platform::lambda::{InvalidEvent, workspace_in};
use serde_json::{Value, json};
use store::{Key, Table, ledger, outbox};
use tracing::{Instrument, error_span, field};

use crate::{App, Error, deliver};

/// How many consequences are delivered at a time.
const AT_ONCE: usize = 5;

/// Handles every record. Those that failed are named in the answer; Lambda
/// gives all from the first of them on again, and what is done by then is
/// found done.
pub async fn records(app: &App, event: Value) -> Result<Value, Error> {
    let event: dynamodb::Event = serde_json::from_value(event).map_err(InvalidEvent::from)?;
    let mut messages = Vec::new();
    let mut entries = Vec::new();
    for record in event.records {
        let table = table(app, &record).ok_or(Error::UnknownEvent)?;
        let sequence = record.change.sequence_number.unwrap_or_default();
        let key = store::stream::key_of(record.change.keys)?;
        if record.event_name != "INSERT" {
            continue;
        }
        match (table, ledger::entry_at(&key)) {
            (Table::Ledger, Some(entry)) => entries.push((sequence, entry)),
            (Table::Catalog, _) if key.pk.starts_with(outbox::PREFIX) => {
                messages.push((sequence, key));
            }
            _ => {}
        }
    }
    let mut failed = deliver_all(app, messages).await;
    failed.extend(seal(app, entries).await);
    let failures: Vec<Value> = failed
        .iter()
        .map(|sequence| json!({"itemIdentifier": sequence}))
        .collect();
    Ok(json!({"batchItemFailures": failures}))
}

fn table(app: &App, record: &EventRecord) -> Option<Table> {
    // arn:aws:dynamodb:{region}:{account}:table/{name}/stream/{label}
    let arn = record.event_source_arn.as_deref()?;
    let name = arn.split('/').nth(1)?;
    match name {
        _ if name == app.tables.catalog => Some(Table::Catalog),
        _ if name == app.tables.ledger => Some(Table::Ledger),
        _ => None,
    }
}

async fn deliver_all(app: &App, messages: Vec<(String, Key)>) -> Vec<String> {
    stream::iter(messages)
        .map(|(sequence, key)| {
            let span = error_span!(
                "consequence",
                message = key.sk,
                workspace = workspace_in(&key.pk).map(field::display),
            );
            async move {
                let error = deliver::deliver(app, &key).await.err()?;
                tracing::warn!(%error, "a delivery failed, it will come again");
                Some(sequence)
            }
            .instrument(span)
        })
        .buffered(AT_ONCE)
        .filter_map(|failed| async { failed })
        .collect()
        .await
}

async fn seal(app: &App, entries: Vec<(String, EntryId)>) -> Vec<String> {
    let ids: Vec<EntryId> = entries.iter().map(|(_, id)| *id).collect();
    match app.db.seal(&ids).await {
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::warn!(%error, "entries could not be sealed, they will come again");
            entries.into_iter().map(|(sequence, _)| sequence).collect()
        }
    }
}
