//! Transfers of personal data with a sale of the business (clause 5.6c): the register, who was
//! told of one, the pages in which they were told, and where the packages lie.
//!
//! A transfer has an id of disclosures, because it is one: grants, objects and notices lead to it
//! by that id. Whom a page tells, and who is in its package, is sealed under the transfer's key. The
//! packages are sealed under a key of their own, which ends with the time in which they may be
//! fetched.

use domain::{
    compliance::transfer::{CLAUSE, Counts, File, LeftOut, Progress},
    consent::ConsentPurpose,
    consequence::{Consequence, Job, Letter},
    data_map::{Field, retention},
    ids::{DisclosureId, SubjectId},
    ledger::{Entry, Hash},
    processing::{Actor, Category, Operation, Purpose},
    regime::Stage,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Case, Filed, disclosure_object};
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx},
    erasure::Cursor,
    expression::{Condition, Update},
    outbox::{Message, Owner},
    people::{PersonRecord, partition, person_key},
    personal::{Access, CaseFile, CaseKey, EndingKey, Gate, GateError, Sealed, case_key},
};

/// A transfer in its register.
pub type BusinessTransfer = Case<Progress>;

/// How many people a page has at most: a package is read by a request, which notes in one
/// transaction of at most 100 actions that each of them is passed on.
pub const PEOPLE_OF_PAGE: usize = 50;

impl Filed for Progress {
    type Id = DisclosureId;
    type File = File;
    const REGISTER: &'static str = "REGISTER#TRANSFERS";
    const FIELD: Field = Field::TransferFile;
    const CATEGORIES: &'static [Category] = &[Category::Disclosure];
    const CLAUSE: &'static str = CLAUSE;

    fn due_at(&self) -> Option<Timestamp> {
        Progress::due_at(self)
    }

    fn kept_until(&self) -> Option<Timestamp> {
        Some(retention(Category::Disclosure).end(self.closed_at()?))
    }

    fn stages(&self, _: Timestamp) -> Vec<Stage> {
        Vec::new()
    }
}

/// A transfer that a person was told of. Stands in their partition and goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Who was told.
    pub subject: SubjectId,
    /// Of which transfer.
    pub transfer: DisclosureId,
    /// When.
    pub at: Timestamp,
    /// Until when they may object at least.
    pub object_until: Timestamp,
    /// When they objected.
    pub objected_at: Option<Timestamp>,
    /// When a package with their data was fetched first, to be handed over.
    pub passed_at: Option<Timestamp>,
}

const ANNOUNCEMENT: &str = "TRANSFER#";

fn announcement_key(subject: SubjectId, transfer: DisclosureId) -> Key {
    Key::new(partition(subject), format!("{ANNOUNCEMENT}{transfer}"))
}

impl Entity for Announcement {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        announcement_key(self.subject, self.transfer)
    }
}

/// A package as the register knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedPage {
    /// Which making of the packages.
    pub run: u32,
    /// SHA-256 of its text.
    pub sha256: Hash,
    /// How long its text is, in bytes.
    pub bytes: u64,
    /// How many people are in it, and how many of its page are not.
    pub counts: Counts,
    /// When it was fetched first.
    pub fetched_at: Option<Timestamp>,
}

/// A page of the people of a transfer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TransferPage {
    /// The transfer.
    pub transfer: DisclosureId,
    /// Its number, from 1.
    pub number: u32,
    /// Who was told and who is in the package, sealed under the transfer's key.
    pub content: Sealed,
    /// Its package that was made last; none when nobody is in it.
    pub packed: Option<PackedPage>,
    expires_at_epoch: i64,
}

/// What is sealed of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageContent {
    /// Who was told.
    pub people: Vec<SubjectId>,
    /// Where the walk over all accounts goes on; none at its end.
    pub next: Option<Cursor>,
    /// Who is in the package that was made last.
    pub packed: Vec<SubjectId>,
}

fn pages(transfer: DisclosureId) -> String {
    format!("REGISTER#TRANSFER#{transfer}")
}

const PAGE: &str = "PAGE#";

fn page_key(transfer: DisclosureId, number: u32) -> Key {
    Key::new(pages(transfer), format!("{PAGE}{number:06}"))
}

impl Entity for TransferPage {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        page_key(self.transfer, self.number)
    }
}

impl TransferPage {
    /// The page with this number, for a transfer that is open.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn new(
        transfer: DisclosureId,
        number: u32,
        open: &CaseFile,
        content: &PageContent,
        now: Timestamp,
    ) -> Result<Self, GateError> {
        let key = page_key(transfer, number);
        Ok(Self {
            transfer,
            number,
            content: open.seal::<Self>(Field::TransferPeople, &key, content)?,
            packed: None,
            expires_at_epoch: retention(Category::Disclosure).end(now).as_second(),
        })
    }

    /// With the package that was made last, if anybody is in it.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn with_package(
        mut self,
        open: &CaseFile,
        content: &PageContent,
        packed: Option<PackedPage>,
    ) -> Result<Self, GateError> {
        self.content = open.seal::<Self>(Field::TransferPeople, &self.key(), content)?;
        self.packed = packed;
        Ok(self)
    }

    /// Who was told, and who is in the package.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn open(&self, open: &CaseFile) -> Result<PageContent, GateError> {
        open.unseal::<Self, _>(Field::TransferPeople, &self.key(), &self.content)
    }

    /// Its package of this making.
    #[must_use]
    pub fn packed_in(&self, run: u32) -> Option<PackedPage> {
        self.packed.filter(|packed| packed.run == run)
    }
}

fn package_name(number: u32, packed: PackedPage) -> String {
    // two deliveries of a job make two texts, of which the page has one
    format!("{}/{number:06}-{}", packed.run, packed.sha256)
}

/// The object that holds a page's package, sealed.
#[must_use]
pub fn transfer_object(transfer: DisclosureId, number: u32, packed: PackedPage) -> String {
    let name = package_name(number, packed);
    format!("{}/{name}", disclosure_object(transfer))
}

/// The place that a package is sealed for.
#[must_use]
pub fn transfer_package_key(transfer: DisclosureId, number: u32, packed: PackedPage) -> Key {
    let name = package_name(number, packed);
    Key::new("disclosures/", format!("{transfer}/{name}"))
}

/// Under which name the key of the packages stands.
#[must_use]
pub fn transfer_package_case(transfer: DisclosureId, run: u32) -> String {
    format!("{transfer}.{run}")
}

/// How one of a page's people stands at the moment.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub subject: SubjectId,
    /// When a package with their data was fetched first.
    pub passed_at: Option<Timestamp>,
    /// Why their data may not be passed on; nothing for who neither objects nor has stopped it.
    pub left_out: Option<LeftOut>,
}

fn left_out(
    record: Option<&PersonRecord>,
    announcement: Option<&Announcement>,
    now: Timestamp,
) -> Option<LeftOut> {
    let there = record.filter(|record| record.erasing_since.is_none());
    let (Some(record), Some(announcement)) = (there, announcement) else {
        return Some(LeftOut::Erased);
    };
    if !record.has_consented(ConsentPurpose::Processing) {
        return Some(LeftOut::Withdrawn);
    }
    if record.is_restricted(now) {
        return Some(LeftOut::Restricted);
    }
    let objects = record.objections.contains(&Purpose::ProvideService);
    (objects || announcement.objected_at.is_some()).then_some(LeftOut::Objected)
}

/// What comes of an objection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// It stands since then.
    Stands(Announcement),
    /// They were not told of such a transfer.
    NotTold,
    /// The transfer is over.
    Closed,
}

impl Tx {
    /// Lets the job that goes on with a transfer follow the commit of this state of it.
    pub fn pass_on(&mut self, transfer: &BusinessTransfer, now: Timestamp) {
        let job = Job::PassOn {
            transfer: transfer.id,
            revision: transfer.revision,
        };
        let job = Consequence::Job { job };
        self.emit(&Message::new(Owner::Operator, job, now));
    }

    /// Lets the job that packs a page again follow.
    pub fn pack_again(&mut self, transfer: DisclosureId, page: u32, now: Timestamp) {
        let job = Job::PackAgain { transfer, page };
        let job = Consequence::Job { job };
        self.emit(&Message::new(Owner::Operator, job, now));
    }

    /// Stores that the packages were ordered, with the key for them; that of the ones before ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn order_packing(
        &mut self,
        before: &Progress,
        transfer: &BusinessTransfer,
        key: CaseKey,
    ) -> Result<(), StoreError> {
        self.change_case(transfer)?;
        self.end_packages(transfer.id, before);
        let until = transfer.progress.packing().map(|packing| packing.until());
        self.create("package key", &EndingKey { key, until });
        Ok(())
    }

    /// Destroys the key of the packages, and with it whatever is left of them.
    pub fn end_packages(&mut self, transfer: DisclosureId, progress: &Progress) {
        if let Some(packing) = progress.packing() {
            let key = case_key(&transfer_package_case(transfer, packing.run));
            self.delete("package key of before", Table::Keys, &key, None);
        }
    }

    /// Stores which package a page has now, and who is in it.
    pub fn pack_page(&mut self, page: &TransferPage) {
        self.put_if("page", page, Some(&Condition::item_exists()));
    }

    /// Stores that a page's package is fetched, and that the data of each person in it is passed on
    /// with that. What was fetched before keeps its first time. Refused under `page` when it was
    /// made again meanwhile, under `announcement` when one of them objects.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fetch_page(
        &mut self,
        page: &TransferPage,
        packed: PackedPage,
        people: &[Candidate],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let fetched = PackedPage {
            fetched_at: packed.fetched_at.or(Some(now)),
            ..packed
        };
        let same = Condition::equals("packed.sha256", packed.sha256)?;
        let update = Update::new().set("packed", fetched)?.when(same);
        self.update("page", Table::People, &page.key(), &update);
        for person in people {
            let told = Condition::item_exists().and(Condition::lacks("objected_at"));
            let update = Update::new()
                .set("passed_at", person.passed_at.unwrap_or(now))?
                .when(told);
            let key = announcement_key(person.subject, page.transfer);
            self.update("announcement", Table::People, &key, &update);
        }
        Ok(())
    }
}

impl Db {
    /// Tells a person of a transfer, once: whether they were told, now or before. Nobody is told
    /// who is being erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announce_transfer(
        &self,
        transfer: &BusinessTransfer,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let object_until = transfer.progress.window_of(now);
        let mut tx = Tx::new();
        tx.alive(subject);
        tx.create(
            "announcement",
            &Announcement {
                subject,
                transfer: transfer.id,
                at: now,
                object_until,
                objected_at: None,
                passed_at: None,
            },
        );
        let letter = Letter::BusinessTransfer {
            transfer: transfer.id,
            terms: transfer.progress.terms().clone(),
            object_until,
        };
        tx.mail(subject, letter, now);
        match self.commit(tx).await {
            Ok(()) | Err(StoreError::Refused("announcement")) => Ok(true),
            Err(StoreError::Refused("person")) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The transfers that a person was told of, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announcements_of(
        &self,
        subject: SubjectId,
    ) -> Result<Vec<Announcement>, StoreError> {
        self.list_all(&partition(subject), ANNOUNCEMENT).await
    }

    /// A page of a transfer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn transfer_page(
        &self,
        transfer: DisclosureId,
        number: u32,
    ) -> Result<Option<TransferPage>, StoreError> {
        self.get(&page_key(transfer, number)).await
    }

    /// The pages of a transfer in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn transfer_pages(
        &self,
        transfer: DisclosureId,
    ) -> Result<Vec<TransferPage>, StoreError> {
        self.list_all(&pages(transfer), PAGE).await
    }

    /// How these people stand now, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn transfer_standing(
        &self,
        transfer: DisclosureId,
        people: &[SubjectId],
        now: Timestamp,
    ) -> Result<Vec<Candidate>, StoreError> {
        let keys = people.iter().flat_map(|&subject| {
            let announcement = announcement_key(subject, transfer);
            [person_key(subject), announcement].map(|key| (Table::People, key))
        });
        let mut found = self.get_many(&keys.collect::<Vec<_>>()).await?;
        let mut standing = Vec::with_capacity(people.len());
        for &subject in people {
            let record: Option<PersonRecord> = found.take(&person_key(subject))?;
            let key = announcement_key(subject, transfer);
            let announcement: Option<Announcement> = found.take(&key)?;
            standing.push(Candidate {
                subject,
                passed_at: announcement.as_ref().and_then(|one| one.passed_at),
                left_out: left_out(record.as_ref(), announcement.as_ref(), now),
            });
        }
        Ok(standing)
    }
}

/// The access with which an objection is written down: a right (4.5), which a restriction does
/// not stop.
fn object(actor: Actor) -> Access {
    Access {
        purpose: Purpose::Feedback,
        operation: Operation::Record,
        actor,
        categories: &[Category::Request],
        clause: CLAUSE,
    }
}

/// Writes down that a person objects to a transfer, once. It counts until the transfer is over,
/// whether the time that they were told has passed or not.
///
/// # Errors
/// [`GateError`]; [`StoreError::Refused`] with `person` when they are being erased.
pub async fn object_to_transfer(
    db: &Db,
    gate: &Gate,
    subject: SubjectId,
    transfer: DisclosureId,
    actor: Actor,
    now: Timestamp,
) -> Result<Objection, GateError> {
    let key = announcement_key(subject, transfer);
    let Some(mut announcement) = db.get::<Announcement>(&key).await? else {
        return Ok(Objection::NotTold);
    };
    if announcement.objected_at.is_some() {
        return Ok(Objection::Stands(announcement));
    }
    let case = db.case::<Progress>(transfer).await?;
    if case.is_none_or(|case| case.progress.state().is_closed()) {
        return Ok(Objection::Closed);
    }
    let person = gate.open(subject, object(actor), now).await?;
    let mut entry = Entry::new(now, actor, "business_transfer.objected", CLAUSE)
        .with_person(person.pseudonym())
        .with_fact("case", transfer);
    entry.operation = Some(Operation::Record);
    let first = Condition::item_exists().and(Condition::lacks("objected_at"));
    let update = Update::new().set("objected_at", now)?.when(first);
    let mut tx = Tx::new();
    tx.alive(subject);
    tx.update("announcement", Table::People, &key, &update);
    tx.record(entry);
    match db.commit(tx).await {
        // they said so twice at once
        Ok(()) | Err(StoreError::Refused("announcement")) => {
            announcement.objected_at = Some(now);
            Ok(Objection::Stands(announcement))
        }
        Err(error) => Err(error.into()),
    }
}
