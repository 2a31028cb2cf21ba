//! The copy of a person's data with everything that 152-FZ art. 14(7) and GDPR
//! art. 15 ask for: for machines as JSON, for people as a page (clause 6.3a).

mod gather;
mod page;
mod statement;

use bytes::Bytes;
use domain::{
    data_map::Field,
    processing::{Actor, Category, Operation, Purpose},
    time::{Timestamp, shift},
};
use serde_json::Value;
use store::{
    Tx,
    people::{EXPORT_LENGTH, ExportCopy, Request, export_key, export_object},
    personal::{Access, Person},
};

use crate::{
    App, Error,
    carry_out::{close, completed},
};

const COPY: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Extract,
    actor: Actor::System,
    categories: &[
        Category::Identity,
        Category::Contact,
        Category::Employment,
        Category::ConsentEvidence,
        Category::Request,
    ],
    clause: "6.3a",
};

/// How many rows of a list stand in the main document; the rest is in parts,
/// so that every part can be handed out in one answer.
const ROWS_INSIDE: usize = 2_000;
/// How many rows a further part holds.
const ROWS_IN_PART: usize = 10_000;

pub(crate) async fn make(app: &App, request: Request, now: Timestamp) -> Result<(), Error> {
    let person = app.gate.open(request.subject, COPY, now).await?;
    let gathered = gather::gather(app, &person, now).await?;
    let parts = parts(&person, gathered)?;
    for (name, text) in &parts {
        store_part(app, &person, &request, name, text).await?;
    }
    let mut request = completed(request, now)?;
    request.export = Some(ExportCopy {
        made_at: now,
        expires_at: shift(now, EXPORT_LENGTH),
        parts: parts.into_iter().map(|(name, _)| name).collect(),
    });
    let mut tx = Tx::new();
    tx.alive(request.subject);
    close(&mut tx, &person, &request, "request.copy_made", now)?;
    app.db.commit(tx).await?;
    Ok(())
}

async fn store_part(
    app: &App,
    person: &Person,
    request: &Request,
    name: &str,
    text: &str,
) -> Result<(), Error> {
    let key = export_key(request.subject, request.id, name);
    let sealed = person.seal::<Request>(Field::Export, &key, text)?;
    let object = export_object(request.subject, request.id, name);
    let bytes = Bytes::copy_from_slice(sealed.as_bytes());
    app.exports
        .put(&object, "application/octet-stream", bytes)
        .await?;
    Ok(())
}

/// The main document twice, and long lists in parts of their own.
fn parts(person: &Person, mut document: Value) -> Result<Vec<(String, String)>, Error> {
    let mut further = Vec::new();
    if let Some(lists) = document.as_object_mut() {
        for (name, list) in lists.iter_mut() {
            let Value::Array(rows) = list else { continue };
            if rows.len() <= ROWS_INSIDE {
                continue;
            }
            let mut names = Vec::new();
            for (rows, number) in rows.chunks(ROWS_IN_PART).zip(1u32..) {
                let part = format!("{name}-{number}");
                further.push((part.clone(), serde_json::to_string_pretty(rows)?));
                names.push(Value::from(part));
            }
            *list = serde_json::json!({ "rows": rows.len(), "in_parts": names });
        }
    }
    let locale = person.record().locale;
    let mut all = vec![
        ("json".to_owned(), serde_json::to_string_pretty(&document)?),
        ("html".to_owned(), page::page(&document, locale)),
    ];
    all.append(&mut further);
    Ok(all)
}

#[cfg(test)]
mod tests;
