//! The log of visits (clauses 3.3g and 3.4): four fields, for security only, gone
//! after 90 days. It is joined with no account: its items name none, and each day's
//! are sealed under a key of that day, which is destroyed when the day's time is up.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    data_map::{Field, retention},
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    site::{Day, Visit},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::{
    db::{Db, Entity, Key, Page, Range, StoreError, Table, Tx, expires, unique},
    personal::{Access, CaseFile, CaseKey, Gate, GateError, Sealed, case_key},
};

/// For how many days past their time keys are looked for: runs may be missed.
const LOOK_BACK: u16 = 8;

const WRITE: Access = Access {
    purpose: Purpose::Security,
    operation: Operation::Record,
    actor: Actor::System,
    categories: &[Category::Visit],
    clause: "3.4",
};

const READ: Access = Access {
    purpose: Purpose::Security,
    operation: Operation::Extract,
    actor: Actor::Staff,
    categories: &[Category::Visit],
    clause: "3.4",
};

/// A visit as it is stored: the four fields and the item's own key.
#[derive(Debug, Serialize, Deserialize)]
struct StoredVisit {
    pk: String,
    sk: String,
    address: Option<Sealed>,
    browser: Option<Sealed>,
    at: Timestamp,
    origin: Option<Sealed>,
}

fn partition(day: Day) -> String {
    format!("VISITS#{day}")
}

/// The key of a day's visits, as the register's keys are named.
fn day_key(day: Day) -> String {
    format!("visits-{day}")
}

impl Entity for StoredVisit {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        Key::new(self.pk.clone(), self.sk.clone())
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(retention(Category::Visit).end(self.at))]
    }
}

/// A day's wrapped key, which ends with the last visit of the day.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct DayKey(CaseKey);

impl Entity for DayKey {
    const TABLE: Table = Table::Keys;

    fn key(&self) -> Key {
        self.0.key()
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        let last = Day::of(self.0.created_at).end();
        vec![expires(retention(Category::Visit).end(last))]
    }
}

/// The day's key, made by its first visit.
async fn open(db: &Db, gate: &Gate, now: Timestamp) -> Result<CaseFile, GateError> {
    let name = day_key(Day::of(now));
    match gate.open_case(&name, WRITE, now).await {
        Err(GateError::Unknown) => {}
        opened => return opened,
    }
    let (file, wrapped) = gate.new_case(&name, WRITE, now).await?;
    let mut entry = Entry::new(now, WRITE.actor, "register.opened", WRITE.clause);
    entry.purpose = Some(WRITE.purpose);
    entry.operation = Some(WRITE.operation);
    entry.categories = WRITE.categories.to_vec();
    let mut tx = Tx::new();
    tx.create("day key", &DayKey(wrapped));
    tx.record(entry.with_fact("case", &name));
    match db.commit(tx).await {
        // another visit was the first
        Err(error) if error.refused("day key") => gate.open_case(&name, WRITE, now).await,
        other => Ok(other.map(|()| file)?),
    }
}

/// The day of the log that one process has open. It is opened once for all visits of
/// the day: the ledger, which is kept for longer than visits are, neither fills with
/// them nor tells the time of each.
#[derive(Debug, Clone, Default)]
pub struct VisitLog {
    today: Arc<Mutex<Option<Arc<OpenDay>>>>,
}

#[derive(Debug)]
struct OpenDay {
    day: Day,
    file: CaseFile,
}

impl VisitLog {
    /// The day of this time, opened by the first visit that needs it; the others wait.
    async fn open(&self, db: &Db, gate: &Gate, now: Timestamp) -> Result<Arc<OpenDay>, GateError> {
        let day = Day::of(now);
        let mut today = self.today.lock().await;
        if let Some(known) = today.as_ref().filter(|known| known.day == day) {
            return Ok(Arc::clone(known));
        }
        let file = open(db, gate, now).await?;
        let opened = Arc::new(OpenDay { day, file });
        *today = Some(Arc::clone(&opened));
        Ok(opened)
    }
}

/// Writes a visit down. That the process opened the day is in the ledger before.
///
/// # Errors
/// [`GateError`].
pub async fn record_visit(
    db: &Db,
    gate: &Gate,
    log: &VisitLog,
    visit: &Visit,
) -> Result<(), GateError> {
    let today = log.open(db, gate, visit.at).await?;
    let key = Key::new(
        partition(Day::of(visit.at)),
        format!("{}#{}", visit.at, unique()),
    );
    let seal = |field, text: &Option<String>| -> Result<Option<Sealed>, GateError> {
        let sealed = text
            .as_ref()
            .map(|text| today.file.seal::<StoredVisit>(field, &key, text));
        sealed.transpose()
    };
    let stored = StoredVisit {
        address: seal(Field::VisitAddress, &visit.address)?,
        browser: seal(Field::VisitBrowser, &visit.browser)?,
        at: visit.at,
        origin: seal(Field::VisitOrigin, &visit.origin)?,
        pk: key.pk.clone(),
        sk: key.sk.clone(),
    };
    Ok(db.put(&stored).await?)
}

/// A day's visits, the newest first, page by page; none of those whose time is up,
/// whether they are deleted yet or not.
///
/// # Errors
/// [`GateError`]; a foreign cursor is [`StoreError::InvalidCursor`].
pub async fn visits(
    db: &Db,
    gate: &Gate,
    day: Day,
    cursor: Option<&str>,
    limit: i32,
    now: Timestamp,
) -> Result<Page<Visit>, GateError> {
    let kept = |at: Timestamp| now < retention(Category::Visit).end(at);
    let nothing = Page {
        items: Vec::new(),
        next: None,
    };
    if !kept(day.end()) {
        return Ok(nothing);
    }
    let file = match gate.open_case(&day_key(day), READ, now).await {
        // nobody came on that day
        Err(GateError::Unknown) => return Ok(nothing),
        other => other?,
    };
    let pk = partition(day);
    let range = Range {
        pk: &pk,
        prefix: "",
        newest_first: true,
        limit,
        cursor,
    };
    let page = db.list::<StoredVisit>(&range).await?;
    let live = page.items.iter().filter(|visit| kept(visit.at));
    let items = live
        .map(|visit| visit.open(&file))
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next: page.next,
    })
}

impl StoredVisit {
    fn open(&self, file: &CaseFile) -> Result<Visit, GateError> {
        let key = self.key();
        let unseal = |field, sealed: &Option<Sealed>| -> Result<Option<String>, GateError> {
            let text = sealed
                .as_ref()
                .map(|sealed| file.unseal::<Self, String>(field, &key, sealed));
            text.transpose()
        };
        Ok(Visit {
            address: unseal(Field::VisitAddress, &self.address)?,
            browser: unseal(Field::VisitBrowser, &self.browser)?,
            at: self.at,
            origin: unseal(Field::VisitOrigin, &self.origin)?,
        })
    }
}

/// Destroys the keys of the days whose visits are all over: with them what is left
/// of those in backups is noise.
///
/// # Errors
/// [`StoreError`].
pub async fn destroy_visit_keys(db: &Db, now: Timestamp) -> Result<(), StoreError> {
    let kept = retention(Category::Visit).days();
    let first_over = Day::of(now).before(kept + 1);
    let days = (0..LOOK_BACK).map(|more| first_over.before(more));
    let keys: Vec<Key> = days.map(|day| case_key(&day_key(day))).collect();
    db.delete_all(Table::Keys, &keys).await
}
