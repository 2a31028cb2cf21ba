//! A transfer of the business goes on (clause 5.6c): the next people are told of it, or the next
//! page is packed. Each message does one page, and its commit lets the next one follow. A page of
//! whom somebody has stopped it since is packed again by itself.

use bytes::Bytes;
use domain::{
    compliance::transfer::{CLAUSE, Counts, IllegalMove, LeftOut, Progress, State},
    data_map::Field,
    ids::{DisclosureId, SubjectId},
    ledger::Hash,
    processing::{Actor, Operation, Refusal},
    time::Timestamp,
};
use serde_json::{Value, json};
use store::{
    StoreError, Table, Tx,
    compliance::{
        BusinessTransfer, Case, PEOPLE_OF_PAGE, PackedPage, PageContent, TransferPage, compile,
        file_access, transfer_object, transfer_package_case, transfer_package_key,
    },
    erasure::Cursor,
    people::{PersonRecord, PersonState, person_key},
    personal::{CaseFile, GateError},
};

use crate::{App, Error};

pub(crate) async fn go_on(app: &App, id: DisclosureId, revision: u64) -> Result<(), Error> {
    let now = app.clock.now();
    let case = app.db.case::<Progress>(id).await?;
    // at another revision another delivery of the job came first, or it was cancelled
    let Some(case) = case.filter(|case| case.revision == revision) else {
        return Ok(());
    };
    let done = match case.progress.state() {
        State::Announcing => announce(app, case, now).await,
        State::Packing => pack(app, case, now).await,
        _ => return Ok(()),
    };
    match done {
        Err(Error::Store(error)) if error.refused("case") => Ok(()),
        other => other,
    }
}

fn illegal(reason: IllegalMove) -> Error {
    Error::Unwritable(reason.to_string())
}

fn missing() -> Error {
    StoreError::Rejected("a page of a transfer is not there".to_owned()).into()
}

async fn page(app: &App, case: &BusinessTransfer, number: u32) -> Result<TransferPage, Error> {
    let page = app.db.transfer_page(case.id, number).await?;
    page.ok_or_else(missing)
}

async fn announce(app: &App, case: BusinessTransfer, now: Timestamp) -> Result<(), Error> {
    let (open, _) = case
        .open(&app.gate, Operation::Record, Actor::System, now)
        .await?;
    let number = case.progress.pages() + 1;
    let from = match number {
        1 => Cursor::default(),
        _ => {
            let before = page(app, &case, number - 1).await?.open(&open)?;
            before.next.unwrap_or_default()
        }
    };
    let (accounts, next) = accounts(app, from).await?;
    let mut people = Vec::with_capacity(accounts.len());
    for subject in accounts {
        if app.db.announce_transfer(&case, subject, now).await? {
            people.push(subject);
        }
    }
    let told = people.len() as u64;
    let progress = case.progress.clone().announced(told, next.is_none(), now);
    let case = case.with(progress.map_err(illegal)?);
    let content = PageContent {
        people,
        next,
        packed: Vec::new(),
    };
    let page = TransferPage::new(case.id, number, &open, &content, now)?;
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.create("page", &page);
    tx.record(
        case.entry(Actor::System, "business_transfer.announced", CLAUSE, now)
            .with_fact("page", number)
            .with_fact("people", told),
    );
    if case.progress.state() == State::Announcing {
        tx.pass_on(&case, now);
    }
    Ok(app.db.commit(tx).await?)
}

/// The next accounts of the walk over all, and where it goes on.
async fn accounts(
    app: &App,
    mut cursor: Cursor,
) -> Result<(Vec<SubjectId>, Option<Cursor>), Error> {
    // people come first in a walk
    let Some((Table::People, sheet)) = app.census.walk(&cursor).await? else {
        return Ok((Vec::new(), None));
    };
    let mut persons = Vec::new();
    let mut next = sheet.next;
    for row in sheet.rows {
        let subject = row.key.pk.strip_prefix("SUBJ#");
        let subject = subject.and_then(|id| id.parse::<SubjectId>().ok());
        persons.extend(subject.filter(|subject| row.key == person_key(*subject)));
        if persons.len() == PEOPLE_OF_PAGE {
            next = Some(row.key);
            break;
        }
    }
    let next = next.map(|key| {
        cursor.turn(Some(key));
        cursor
    });
    Ok((with_account(app, persons).await?, next))
}

/// Those among them who have an account; whoever is being erased is told nothing.
async fn with_account(app: &App, persons: Vec<SubjectId>) -> Result<Vec<SubjectId>, Error> {
    let keys = persons.iter().map(|one| (Table::People, person_key(*one)));
    let mut found = app.db.get_many(&keys.collect::<Vec<_>>()).await?;
    let mut accounts = Vec::new();
    for subject in persons {
        let record: Option<PersonRecord> = found.take(&person_key(subject))?;
        let active = record.is_some_and(|record| {
            record.state == PersonState::Active && record.erasing_since.is_none()
        });
        accounts.extend(active.then_some(subject));
    }
    Ok(accounts)
}

async fn pack(app: &App, case: BusinessTransfer, now: Timestamp) -> Result<(), Error> {
    // whose packages are over, the staff order anew
    let Ok(packing) = case.progress.may_be_packed(now) else {
        return Ok(());
    };
    let number = packing.pages + 1;
    let is_last = number >= case.progress.pages();
    let (open, _) = case
        .open(&app.gate, Operation::Extract, Actor::System, now)
        .await?;
    let page = page(app, &case, number).await?;
    let (page, counts) = make(app, &case, &open, page, now).await?;
    let progress = case.progress.clone().packed(counts, is_last, now);
    let case = case.with(progress.map_err(illegal)?);
    let mut tx = packed(&case, packing.run, &page, counts, now)?;
    if !is_last {
        tx.pass_on(&case, now);
    }
    Ok(app.db.commit(tx).await?)
}

/// Packs a page again, without who has stopped it since it was packed.
pub(crate) async fn pack_again(app: &App, id: DisclosureId, number: u32) -> Result<(), Error> {
    let now = app.clock.now();
    let Some(case) = app.db.case::<Progress>(id).await? else {
        return Ok(());
    };
    let Ok(packing) = case.progress.may_be_fetched(now) else {
        return Ok(());
    };
    let (open, _) = case
        .open(&app.gate, Operation::Extract, Actor::System, now)
        .await?;
    let page = page(app, &case, number).await?;
    let Some(before) = page.packed_in(packing.run) else {
        return Ok(());
    };
    let people = page.open(&open)?.packed;
    let standing = app.db.transfer_standing(id, &people, now).await?;
    // another delivery of the job came first
    if standing.iter().all(|one| one.left_out.is_none()) {
        return Ok(());
    }
    let (page, counts) = make(app, &case, &open, page, now).await?;
    let progress = case.progress.clone();
    let progress = progress.packed_again(before.counts, counts, now);
    let case = case.with(progress.map_err(illegal)?);
    let tx = packed(&case, packing.run, &page, counts, now)?;
    Ok(app.db.commit(tx).await?)
}

/// A page with its package as it is at this moment.
async fn make(
    app: &App,
    case: &BusinessTransfer,
    open: &CaseFile,
    page: TransferPage,
    now: Timestamp,
) -> Result<(TransferPage, Counts), Error> {
    let mut content = page.open(open)?;
    let (data, counts) = may_be_passed(app, case, &content.people, now).await?;
    let (people, data): (Vec<SubjectId>, Vec<Value>) = data.into_iter().unzip();
    let packed = match people.is_empty() {
        true => None,
        false => Some(store_package(app, case, page.number, data, counts, now).await?),
    };
    content.packed = people;
    Ok((page.with_package(open, &content, packed)?, counts))
}

/// Stores a page's package with what the transfer is after it.
fn packed(
    case: &BusinessTransfer,
    run: u32,
    page: &TransferPage,
    counts: Counts,
    now: Timestamp,
) -> Result<Tx, Error> {
    let mut entry = case
        .entry(Actor::System, "business_transfer.packed", CLAUSE, now)
        .with_fact("run", run)
        .with_fact("page", page.number)
        .with_fact("people", counts.packed);
    if let Some(packed) = page.packed {
        entry = entry.with_fact("package_sha256", packed.sha256);
    }
    let mut tx = Tx::new();
    tx.change_case(case)?;
    tx.pack_page(page);
    tx.record(entry);
    Ok(tx)
}

/// The people whose data may be passed on at this moment, with the data.
async fn may_be_passed(
    app: &App,
    case: &BusinessTransfer,
    people: &[SubjectId],
    now: Timestamp,
) -> Result<(Vec<(SubjectId, Value)>, Counts), Error> {
    let (mut data, mut counts) = (Vec::new(), Counts::default());
    for candidate in app.db.transfer_standing(case.id, people, now).await? {
        let subject = candidate.subject;
        let of_one = match candidate.left_out {
            Some(why) => Err(why),
            None => of_person(app, case, subject, now).await?,
        };
        match of_one {
            Ok(content) => {
                counts.packed += 1;
                data.push((subject, content));
            }
            Err(why) => counts.leave_out(why),
        }
    }
    Ok((data, counts))
}

async fn of_person(
    app: &App,
    case: &BusinessTransfer,
    subject: SubjectId,
    now: Timestamp,
) -> Result<Result<Value, LeftOut>, Error> {
    let grant = case.progress.grant(case.id, subject, now);
    let disclosed = match app.gate.disclose(grant.map_err(illegal)?, now).await {
        Ok(disclosed) => disclosed,
        // it changed since a moment ago
        Err(GateError::Unknown) => return Ok(Err(LeftOut::Erased)),
        Err(GateError::Refused(Refusal::NoConsent)) => return Ok(Err(LeftOut::Withdrawn)),
        Err(GateError::Refused(_)) => return Ok(Err(LeftOut::Restricted)),
        Err(error) => return Err(error.into()),
    };
    Ok(Ok(compile(&app.db, &disclosed, now).await?))
}

/// Seals a package under the key of the packages.
async fn store_package(
    app: &App,
    case: &BusinessTransfer,
    number: u32,
    people: Vec<Value>,
    counts: Counts,
    now: Timestamp,
) -> Result<PackedPage, Error> {
    let run = case.progress.packing().map_or(0, |packing| packing.run);
    let content = json!({
        "business_transfer": case.id,
        "policy_clause": CLAUSE,
        "page": number,
        "people": people,
    });
    let text = format!("{content:#}");
    let packed = PackedPage {
        run,
        sha256: Hash::of(text.as_bytes()),
        bytes: text.len() as u64,
        counts,
        fetched_at: None,
    };
    let access = file_access::<Progress>(Operation::Record, Actor::System);
    let name = transfer_package_case(case.id, run);
    let open = app.gate.open_case(&name, access, now).await?;
    let key = transfer_package_key(case.id, number, packed);
    let sealed = open.seal::<Case<Progress>>(Field::DisclosurePackage, &key, &text)?;
    let bytes = Bytes::copy_from_slice(sealed.as_bytes());
    let object = transfer_object(case.id, number, packed);
    app.exports
        .put(&object, "application/octet-stream", bytes)
        .await?;
    Ok(packed)
}
