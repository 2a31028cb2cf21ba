//! The register of notices to whoever was given a person's data: that it was
//! corrected, or that it must be destroyed there too (clauses 5.2b, 5.6, 6.3b;
//! GDPR art. 19). A notice names nobody: it holds the ids under which the
//! recipient knows the person, until the receipt is noted.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    compliance::{
        disclosure,
        notice::{Matter, Progress, Recipient},
        processor::Processor,
        transfer,
    },
    consequence::Consequence,
    contact::EmailAddress,
    data_map::retention,
    ids::{CaseId, DisclosureId, NoticeId, SubjectId, WorkspaceId},
    ledger::Entry,
    processing::{Actor, Category},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Passed, Standing};
use crate::{
    catalog::{Workspace, workspace::workspace_key},
    db::{Db, Entity, Key, Page, Range, StoreError, Table, Tx, expires},
    expression::{Condition, Update},
    outbox::{Message, Owner},
};

/// The register's partition, and its queue of notices that wait for a receipt.
const REGISTER: &str = "REGISTER#NOTICES";

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The notice.
    pub id: NoticeId,
    /// Counts changes.
    pub revision: u64,
    /// Where it stands.
    pub progress: Progress,
    /// As what the recipient knows the person; nothing once they have answered.
    pub references: Vec<String>,
    /// The erasure that it follows from.
    pub case: Option<CaseId>,
}

/// Where a notice stands.
#[must_use]
pub fn notice_key(id: NoticeId) -> Key {
    Key::new(REGISTER, id.to_string())
}

impl Entity for Notice {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        notice_key(self.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        let text = |value: String| AttributeValue::S(value);
        match self.progress.answered_at() {
            Some(at) => vec![expires(retention(Category::Disclosure).end(at))],
            None => vec![
                ("queue", text(REGISTER.to_owned())),
                ("queue_due", text(self.progress.due_at().to_string())),
            ],
        }
    }
}

impl Notice {
    /// A notice that follows from what is committed at `now`.
    #[must_use]
    pub fn due(to: Recipient, matter: Matter, references: Vec<String>, now: Timestamp) -> Self {
        Self {
            id: NoticeId::new(now),
            revision: 1,
            progress: Progress::due(to, matter, now),
            references,
            case: None,
        }
    }

    /// The processor and the address that a letter goes to; `None` where the
    /// staff have to write.
    #[must_use]
    pub fn addressee(&self) -> Option<(Processor, EmailAddress)> {
        let Recipient::Processor(processor) = self.progress.to() else {
            return None;
        };
        let address = processor.registered().privacy_address?;
        Some((processor, EmailAddress::new(address).ok()?))
    }

    /// The next state, under the next revision. Who has answered need not be
    /// asked again, so what they know the person as is forgotten.
    #[must_use]
    pub fn with(mut self, progress: Progress) -> Self {
        if progress.answered_at().is_some() {
            self.references.clear();
        }
        self.progress = progress;
        self.revision += 1;
        self
    }

    /// An entry of the ledger about a step of the notice.
    #[must_use]
    pub fn entry(&self, actor: Actor, event: &str, now: Timestamp) -> Entry {
        let matter = self.progress.matter();
        let recipient = match self.progress.to() {
            Recipient::Processor(processor) => processor.as_str().to_owned(),
            Recipient::Disclosure(id) => id.to_string(),
        };
        let entry = Entry::new(now, actor, event, matter.clause())
            .with_fact("notice", self.id)
            .with_fact("matter", matter.as_str())
            .with_fact("recipient", recipient)
            .with_fact("due_at", self.progress.due_at());
        match self.case {
            Some(case) => entry.with_fact("case", case),
            None => entry,
        }
    }
}

impl Tx {
    /// Stores a notice, with the letter where one can be written.
    pub fn notify(&mut self, notice: &Notice, now: Timestamp) {
        self.create("notice", notice);
        if notice.addressee().is_some() {
            let letter = Consequence::Notice { notice: notice.id };
            self.emit(&Message::new(Owner::Operator, letter, now));
        }
        self.record(notice.entry(Actor::System, "notice.due", now));
    }

    /// Stores the next state of a notice, as [`Notice::with`] made it; refused
    /// under `notice` when somebody else changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_notice(&mut self, notice: &Notice) -> Result<(), StoreError> {
        let unchanged = Condition::equals("revision", notice.revision - 1)?;
        self.put_if("notice", notice, Some(&unchanged));
        Ok(())
    }
}

/// The notices that follow when these kinds of a person's data were corrected:
/// to everyone who was given one of them.
///
/// # Errors
/// [`StoreError`].
pub async fn notices_of_correction(
    db: &Db,
    subject: SubjectId,
    changed: &[Category],
    now: Timestamp,
) -> Result<Vec<Notice>, StoreError> {
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |given: &Passed| given.categories.iter().any(|one| changed.contains(one));
    let told = |given: &Given<'_>| changed.iter().any(|one| given.categories.contains(one));
    let matter = Matter::Correction;
    let mut notices = to_processors(&known_as(db, subject, wrong).await?, matter, now);
    notices.extend(to_recipients(db, subject, matter, told, now).await?);
    Ok(notices)
}

/// The notices that follow when a person is erased: to every processor that
/// keeps what only it can destroy, and to whoever else was given data without
/// being entitled to demand it.
///
/// # Errors
/// [`StoreError`].
pub async fn notices_of_erasure(
    db: &Db,
    subject: SubjectId,
    case: CaseId,
    destroyed: &BTreeSet<WorkspaceId>,
    now: Timestamp,
) -> Result<Vec<Notice>, StoreError> {
    let keeps = |given: &Passed| given.processor.registered().keeps;
    let mut known = known_as(db, subject, keeps).await?;
    if !known.is_empty() {
        for workspace in destroyed {
            let found: Option<Workspace> = db.get(&workspace_key(*workspace)).await?;
            let billing = found.map(|workspace| workspace.billing);
            let customer = billing.and_then(|billing| billing.provider.zip(billing.customer));
            if let Some((provider, customer)) = customer
                && let Some(references) = known.get_mut(&Processor::from(provider))
            {
                references.push(customer);
            }
        }
    }
    let told = |given: &Given<'_>| !given.demanded;
    let matter = Matter::Destruction;
    let mut notices = to_processors(&known, matter, now);
    notices.extend(to_recipients(db, subject, matter, told, now).await?);
    for notice in &mut notices {
        notice.case = Some(case);
    }
    Ok(notices)
}

/// Each processor that was given what is meant, and as what it knows the person.
type Known = BTreeMap<Processor, Vec<String>>;

async fn known_as(
    db: &Db,
    subject: SubjectId,
    meant: impl Fn(&Passed) -> bool,
) -> Result<Known, StoreError> {
    let mut known = Known::new();
    let passed = db.passed_of(subject).await?;
    for given in passed.into_iter().filter(meant) {
        let references = known.entry(given.processor).or_default();
        references.push(given.reference);
    }
    Ok(known)
}

fn to_processors(known: &Known, matter: Matter, now: Timestamp) -> Vec<Notice> {
    let notice = |(processor, references): (&Processor, &Vec<String>)| {
        Notice::due(
            Recipient::Processor(*processor),
            matter,
            references.clone(),
            now,
        )
    };
    known.iter().map(notice).collect()
}

/// What somebody other than a processor was given.
struct Given<'a> {
    categories: &'a BTreeSet<Category>,
    /// They are an authority, which was entitled to demand it.
    demanded: bool,
}

/// Disclosures, and the transfers of the business that their data was part of.
async fn to_recipients(
    db: &Db,
    subject: SubjectId,
    matter: Matter,
    meant: impl Fn(&Given<'_>) -> bool,
    now: Timestamp,
) -> Result<Vec<Notice>, StoreError> {
    let mut told = Vec::new();
    for reference in db.references(subject).await? {
        let Ok(id) = reference.case.parse::<DisclosureId>() else {
            continue;
        };
        let case = db.case::<disclosure::Progress>(id).await?;
        let given = case.filter(|case| case.progress.handed_over_at().is_some());
        let is_meant = given.is_some_and(|case| {
            meant(&Given {
                categories: case.progress.scope().categories(),
                demanded: case.progress.kind().binds_us(),
            })
        });
        told.extend(is_meant.then_some(id));
    }
    let mut announced = db.announcements_of(subject).await?;
    announced.retain(|one| one.passed_at.is_some());
    for id in announced.into_iter().map(|one| one.transfer) {
        let case = db.case::<transfer::Progress>(id).await?;
        let is_meant = case.is_some_and(|case| {
            meant(&Given {
                categories: &case.progress.terms().categories,
                demanded: false,
            })
        });
        told.extend(is_meant.then_some(id));
    }
    let notice = |id| Notice::due(Recipient::Disclosure(id), matter, Vec::new(), now);
    Ok(told.into_iter().map(notice).collect())
}

impl Db {
    /// A notice by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notice(&self, id: NoticeId) -> Result<Option<Notice>, StoreError> {
        self.get(&notice_key(id)).await
    }

    /// The register of notices, the newest first, page by page.
    ///
    /// # Errors
    /// [`StoreError`]; a foreign cursor is [`StoreError::InvalidCursor`].
    pub async fn notices(
        &self,
        cursor: Option<&str>,
        limit: i32,
    ) -> Result<Page<Notice>, StoreError> {
        self.list(&Range {
            pk: REGISTER,
            prefix: "",
            newest_first: true,
            limit,
            cursor,
        })
        .await
    }

    /// Up to 100 notices that wait for a receipt, the nearest deadline first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_notices(&self) -> Result<Vec<Notice>, StoreError> {
        let mut notices = self.queued::<Notice>(REGISTER).await?;
        // the index may lag behind the item
        notices.retain(|notice| notice.progress.answered_at().is_none());
        Ok(notices)
    }

    /// How the deadlines of the notices stand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices_standing(&self, now: Timestamp) -> Result<Standing, StoreError> {
        let mut standing = Standing::default();
        for notice in self.open_notices().await? {
            if let Some(stage) = notice.progress.stage(now) {
                standing.count(stage);
            }
        }
        Ok(standing)
    }

    /// Notes that the letter of a notice has gone; one that was answered
    /// meanwhile stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notice_written(&self, notice: &Notice, now: Timestamp) -> Result<(), StoreError> {
        let unchanged = Condition::equals("revision", notice.revision)?;
        let written = Update::new()
            .set("progress", notice.progress.clone().written(now))?
            .add("revision", 1)
            .when(unchanged);
        let key = notice_key(notice.id);
        match self.update::<Notice>("notice", &key, &written).await {
            Ok(_) | Err(StoreError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
