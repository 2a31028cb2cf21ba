//! The copy of a person's data with everything that 152-FZ art. 14(7) and GDPR
//! art. 15 ask for: for machines as JSON, for people as a page (clause 6.3a).

mod gather;
mod held;
mod letters;
mod page;
mod registers;
mod statement;

use bytes::Bytes;
use domain::{
    contact::Profile,
    data_map::Field,
    processing::{Actor, Category, Operation, Purpose},
    time::{Timestamp, shift},
};
use serde_json::{Value, json};
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
        Category::Correspondence,
        Category::Survey,
    ],
    clause: "6.3a",
};

/// How many rows of a list stand in the main document, and of how many bytes of JSON; the rest is
/// in parts, so that every part can be handed out in one answer (Lambda's has at most 6 MB).
const INSIDE: Size = Size {
    rows: 2_000,
    bytes: 512 * 1024,
};
/// How many a further part holds.
const IN_PART: Size = Size {
    rows: 10_000,
    bytes: 3 * 1024 * 1024,
};

/// A number of rows with the length of their JSON.
#[derive(Clone, Copy, Default)]
struct Size {
    rows: usize,
    bytes: usize,
}

impl Size {
    fn with(self, row: &Value) -> Self {
        Self {
            rows: self.rows + 1,
            bytes: self.bytes + row.to_string().len(),
        }
    }

    fn fits(self, into: Self) -> bool {
        self.rows <= into.rows && self.bytes <= into.bytes
    }
}

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

/// What the copy has of one category, for a legal hold.
pub(crate) async fn of_category(
    app: &App,
    person: &Person,
    category: Category,
    now: Timestamp,
) -> Result<Vec<Value>, Error> {
    Ok(match category {
        Category::Identity | Category::Contact | Category::Employment => {
            vec![of_profile(&person.profile()?, category)]
        }
        Category::Account => vec![gather::account(app, person).await?],
        Category::ConsentEvidence => gather::consents(app, person).await?,
        Category::Request => gather::requests(app, person, now).await?,
        Category::Correspondence => letters::whole(app, person).await?,
        _ => Vec::new(),
    })
}

/// What a profile has of one category; nothing of those that are not in it.
pub(crate) fn of_profile(profile: &Profile, category: Category) -> Value {
    match category {
        Category::Identity => json!({ "name": profile.name }),
        Category::Contact => json!({ "email": profile.email, "phone": profile.phone }),
        Category::Employment => {
            json!({ "company": profile.company, "position": profile.position })
        }
        _ => Value::Null,
    }
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
            let all = rows.iter().fold(Size::default(), Size::with);
            if all.fits(INSIDE) {
                continue;
            }
            let mut names = Vec::new();
            for (rows, number) in chunks(rows, IN_PART).into_iter().zip(1u32..) {
                let part = format!("{name}-{number}");
                further.push((part.clone(), serde_json::to_string_pretty(rows)?));
                names.push(Value::from(part));
            }
            *list = json!({ "rows": all.rows, "in_parts": names });
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

/// Rows in runs of which each fits into so much; one that is larger stands alone.
fn chunks(rows: &[Value], into: Size) -> Vec<&[Value]> {
    let (mut chunks, mut first, mut size) = (Vec::new(), 0, Size::default());
    for (at, row) in rows.iter().enumerate() {
        let with = size.with(row);
        if at > first && !with.fits(into) {
            chunks.push(&rows[first..at]);
            (first, size) = (at, Size::default().with(row));
        } else {
            size = with;
        }
    }
    chunks.push(&rows[first..]);
    chunks
}

#[cfg(test)]
mod tests;
