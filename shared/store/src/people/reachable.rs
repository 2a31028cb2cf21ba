//! What receivers report of our letters: addresses that can't be reached, and
//! complaints. Both are kept by the address's keyed hash only.
//!
//! A complaint is a refusal of marketing ([`Suppression`]) and outlives the
//! account as every refusal does (clause 4.10). That an address can't be reached
//! ([`Undeliverable`]) is forgotten after a month, when the account is erased, and
//! as soon as somebody opens a link that was mailed there.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    consent::ConsentPurpose,
    ids::SubjectId,
    ledger::Entry,
    time::{SignedDuration, Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use super::{
    Origin, PersonRecord, PersonState, Suppression, person_key, record::alive, withdraw_marketing,
};
use crate::{
    Condition, Db, Entity, Key, StoreError, Table, Tx,
    db::expires,
    lookup::LookupHash,
    personal::{Gate, GateError},
};

/// How long a report is remembered: longer than the two weeks that SQS keeps one.
const REMEMBERED: SignedDuration = days(30);
/// How long an address is left alone after a letter came back from it for good.
const LEFT_ALONE: SignedDuration = days(30);
/// How long it is left alone even by letters for which somebody has just asked.
const LEFT_ALONE_BY_ALL: SignedDuration = days(7);
/// What the evidence of a withdrawal names as its form.
const COMPLAINT: &str = "mail_complaint";

/// An address that refuses letters for good, by its keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undeliverable {
    /// The address's keyed hash.
    pub login: LookupHash,
    /// When the last letter came back.
    pub since: Timestamp,
}

impl Undeliverable {
    /// Whether a letter is not to be tried at `now`. One for which somebody has just
    /// `asked`, by its link, is tried sooner: the address may have been put right, and
    /// whoever opens the link proves it.
    #[must_use]
    pub fn bars(&self, asked: bool, now: Timestamp) -> bool {
        let alone = if asked { LEFT_ALONE_BY_ALL } else { LEFT_ALONE };
        now < shift(self.since, alone)
    }
}

/// Where it stands that an address can't be reached.
#[must_use]
pub fn undeliverable_key(login: &LookupHash) -> Key {
    Key::new(format!("SUPPRESS#{login}"), "UNDELIVERABLE")
}

impl Entity for Undeliverable {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        undeliverable_key(&self.login)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(shift(self.since, LEFT_ALONE))]
    }
}

/// A report that was acted on, so that it is acted on once.
#[derive(Debug, Serialize, Deserialize)]
struct Handled {
    report: String,
    until: Timestamp,
}

fn handled_key(report: &str) -> Key {
    Key::new(format!("MAILREPORT#{report}"), "REPORT")
}

impl Entity for Handled {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        handled_key(&self.report)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.until)]
    }
}

/// What came back of a letter.
#[derive(Debug, Clone)]
pub struct MailReport {
    /// The report's own id.
    pub id: String,
    /// To whom the letter went.
    pub subject: SubjectId,
    /// The keyed hash of the address that it went to.
    pub login: LookupHash,
    /// What the ledger says of it.
    pub entry: Entry,
}

impl MailReport {
    fn begin(&self, now: Timestamp) -> Tx {
        let mut tx = Tx::new();
        let handled = Handled {
            report: self.id.clone(),
            until: shift(now, REMEMBERED),
        };
        tx.create("report", &handled);
        tx.record(self.entry.clone());
        tx
    }
}

impl Tx {
    /// Somebody has opened a link that was mailed to this address: it can be reached.
    pub(super) fn reached(&mut self, login: &LookupHash) {
        let key = undeliverable_key(login);
        self.delete("undeliverable", Table::People, &key, None);
    }
}

/// Notes that a person's address can't be reached. Nothing changes when the report
/// was acted on before, or the address is not theirs any more.
///
/// # Errors
/// [`StoreError`].
pub async fn note_undeliverable(
    db: &Db,
    report: &MailReport,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = report.begin(now);
    let theirs = alive().and(Condition::equals("login", &report.login)?);
    let key = person_key(report.subject);
    tx.check("person", Table::People, &key, &theirs);
    let undeliverable = Undeliverable {
        login: report.login.clone(),
        since: now,
    };
    tx.put("undeliverable", &undeliverable);
    match db.commit(tx).await {
        Err(StoreError::Refused("report" | "person")) => Ok(()),
        other => other,
    }
}

/// Takes a complaint as what it says: no more of what one can do without. Withdraws
/// the consent to marketing and suppresses the address, for good: whoever it belongs
/// to. Nothing changes when the report was acted on before.
///
/// # Errors
/// [`GateError`].
pub async fn note_complaint(
    db: &Db,
    gate: &Gate,
    report: &MailReport,
    now: Timestamp,
) -> Result<(), GateError> {
    // looked up first: a report that comes late must not take back a consent that
    // was given anew since
    let handled: Option<Handled> = db.get(&handled_key(&report.id)).await?;
    if handled.is_some() {
        return Ok(());
    }
    withdraw(db, gate, report, now).await?;
    let mut tx = report.begin(now);
    let suppression = Suppression {
        login: report.login.clone(),
        since: now,
    };
    tx.put("suppression", &suppression);
    match db.commit(tx).await {
        Err(StoreError::Refused("report")) => Ok(()),
        other => Ok(other?),
    }
}

async fn withdraw(
    db: &Db,
    gate: &Gate,
    report: &MailReport,
    now: Timestamp,
) -> Result<(), GateError> {
    let record: Option<PersonRecord> = db.get(&person_key(report.subject)).await?;
    let theirs = record.filter(|record| {
        // who never confirmed may not be who ticked the box: they get no letter about it
        record.state == PersonState::Active
            && record.login == report.login
            && record.erasing_since.is_none()
            && record.has_consented(ConsentPurpose::Marketing)
    });
    let Some(record) = theirs else {
        return Ok(());
    };
    let origin = Origin::default();
    match withdraw_marketing(db, gate, record.subject, COMPLAINT, &origin, now).await {
        Err(GateError::Unknown) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::LookupKey;

    #[test]
    fn an_address_is_left_alone_for_a_month_and_for_a_week_by_what_was_asked_for() {
        let mark = Undeliverable {
            login: LookupKey::new("secret").network("203.0.113.7"),
            since: Timestamp::UNIX_EPOCH,
        };
        let bars = |asked, day| mark.bars(asked, shift(mark.since, days(day)));
        assert!(bars(true, 0) && bars(true, 6) && !bars(true, 7));
        assert!(bars(false, 7) && bars(false, 29) && !bars(false, 30));
    }
}
