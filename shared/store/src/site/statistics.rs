//! Counters of page views (clauses 2.5 and 4.11), and the salt of each day, which is
//! destroyed when the day is over.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ledger::Entry,
    processing::{Actor, Purpose},
    site::{
        Day,
        statistics::{Page as SitePage, mark},
    },
    time::{Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    Condition, Update,
    db::{Db, Entity, Key, Page, Range, StoreError, Table, Tx, expires},
    personal::Sealed,
};

const SALTS: &str = "SALT";
const COUNTERS: &str = "STATISTICS";
/// How long counters are kept: three years, to compare years. No law names a period
/// for what is about nobody.
const KEPT_DAYS: i64 = 1096;

/// The salt of a day. It stands in the table without point-in-time recovery, so that
/// it is gone from everywhere when it is deleted.
#[derive(Debug, Serialize, Deserialize)]
struct Salt {
    day: Day,
    salt: Sealed,
}

/// Where the salt of a day stands.
#[must_use]
pub fn salt_key(day: Day) -> Key {
    Key::new(SALTS, day.to_string())
}

impl Entity for Salt {
    const TABLE: Table = Table::Keys;

    fn key(&self) -> Key {
        salt_key(self.day)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.day.end())]
    }
}

/// That a visit was counted on a page.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    day: Day,
    mark: String,
}

impl Entity for Mark {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        Key::new(format!("MARKS#{}", self.day), self.mark.clone())
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.day.end())]
    }
}

/// How often a page was seen on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageViews {
    /// The day.
    pub day: Day,
    /// The page.
    pub page: SitePage,
    /// How often it was seen.
    #[serde(default)]
    pub views: u64,
    /// In how many visits.
    #[serde(default)]
    pub visits: u64,
}

fn counter_key(day: Day, page: SitePage) -> Key {
    Key::new(COUNTERS, format!("{day}#{page}"))
}

impl Entity for PageViews {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        counter_key(self.day, self.page)
    }
}

fn one_more(day: Day, page: SitePage) -> Result<Update, StoreError> {
    let until = shift(day.end(), days(KEPT_DAYS));
    Update::new()
        .set("day", day)?
        .set("page", page)?
        .set("expires_at_epoch", until.as_second())
        .map(|update| update.add("views", 1))
}

async fn salt_of(db: &Db, day: Day) -> Result<Salt, StoreError> {
    if let Some(salt) = db.get::<Salt>(&salt_key(day)).await? {
        return Ok(salt);
    }
    let mut bytes = vec![0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|_| StoreError::Unavailable("no random bytes".to_owned()))?;
    let salt = Salt {
        day,
        salt: Sealed::from_bytes(bytes),
    };
    match db.create("salt", &salt).await {
        Ok(()) => Ok(salt),
        // another view was the first of the day
        Err(error) if error.refused("salt") => {
            let first = db.get::<Salt>(&salt_key(day)).await?;
            first.ok_or(StoreError::Unavailable("the salt was destroyed".to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// Counts a page view, and the visit where it is the visit's first of this page today.
///
/// # Errors
/// [`StoreError`].
pub async fn count_view(
    db: &Db,
    page: SitePage,
    visit: &[u8; 16],
    now: Timestamp,
) -> Result<(), StoreError> {
    let day = Day::of(now);
    let salt = salt_of(db, day).await?;
    let marked = Mark {
        day,
        mark: mark(salt.salt.as_bytes(), page, visit),
    };
    let key = counter_key(day, page);
    let mut tx = Tx::new();
    tx.create("mark", &marked);
    let first = one_more(day, page)?.add("visits", 1);
    tx.update("views", Table::People, &key, &first);
    match db.commit(tx).await {
        Err(error) if error.refused("mark") => {
            let again = one_more(day, page)?;
            db.update::<PageViews>("views", &key, &again).await?;
            Ok(())
        }
        other => other,
    }
}

/// Deletes the salts of the days that are over, with an entry in the ledger; how
/// many there were. From then on nobody can tell whose mark a mark is.
///
/// # Errors
/// [`StoreError`].
pub async fn destroy_salts(db: &Db, now: Timestamp) -> Result<usize, StoreError> {
    let today = Day::of(now);
    let mut over: Vec<Salt> = db.list_all(SALTS, "").await?;
    over.retain(|salt| salt.day < today);
    // few enough for one transaction, however long nobody looked
    over.truncate(90);
    if over.is_empty() {
        return Ok(0);
    }
    let mut tx = Tx::new();
    let there = Condition::item_exists();
    for salt in &over {
        tx.delete("salt", Table::Keys, &salt.key(), Some(&there));
    }
    let names: Vec<_> = over.iter().map(|salt| salt.day.to_string()).collect();
    let mut entry = Entry::new(now, Actor::System, "statistics.salts_destroyed", "2.5")
        .with_fact("days", names.join(","));
    entry.purpose = Some(Purpose::AnonymousStats);
    tx.record(entry);
    match db.commit(tx).await {
        // another run has destroyed them
        Err(error) if error.refused("salt") => Ok(0),
        other => other.map(|()| over.len()),
    }
}

impl Db {
    /// The counters of the days that are over, the newest first, page by page. Those
    /// of today are not told: their salt still lives.
    ///
    /// # Errors
    /// [`StoreError`]; a foreign cursor is [`StoreError::InvalidCursor`].
    pub async fn page_views(
        &self,
        cursor: Option<&str>,
        limit: i32,
        now: Timestamp,
    ) -> Result<Page<PageViews>, StoreError> {
        let range = Range {
            pk: COUNTERS,
            prefix: "",
            newest_first: true,
            limit,
            cursor,
        };
        let mut page = self.list::<PageViews>(&range).await?;
        page.items.retain(|views| views.day < Day::of(now));
        Ok(page)
    }
}
