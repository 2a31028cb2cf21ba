//! Sign-up and its confirmation (clauses 2.2, 3.2a, 3.2b).

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    billing::Account,
    consent::{ConsentPurpose, Tick},
    consequence::{Letter, Recipient},
    contact::Profile,
    ids::{SubjectId, WorkspaceId},
    ledger::Entry,
    policy::{self, Locale},
    processing::{Actor, Operation, Purpose},
    regime,
    time::{SignedDuration, Timestamp, days, shift},
    token::LinkToken,
    trial::Trial,
    workspace::Role,
};

use super::{
    Link, LinkPurpose, Login, MailedLink, Origin, PendingSignUp, PersonRecord, PersonState,
    consent_entry, find_link, news, pending_key, person_key, preference::evidence, record::alive,
    suppression_key,
};
use crate::{
    Condition, Db, StoreError, Table, Tx, Update,
    catalog::{Member, Workspace},
    limits::{Claim, Limit},
    lookup::{LookupHash, LookupKey},
    personal::{Access, Gate, GateError, Person},
    site,
};

/// How long a sign-up waits for its confirmation.
pub const SIGN_UP_LENGTH: SignedDuration = SignedDuration::from_hours(24);
/// How long the next sign-up of the same address is ignored.
pub const SIGN_UP_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// Sign-ups from one network address.
const FROM_ONE_NETWORK: Limit = Limit {
    name: "signup-network",
    max: 60,
    window: SignedDuration::from_hours(1),
};
/// How long the record of a trial outlives the trial (terms 3.2).
const TRIAL_RECORD: SignedDuration = days(3 * 365);
const QUEUE: &str = "SIGNUPS";

const CONFIRM: Access = Access {
    purpose: Purpose::Identify,
    operation: Operation::Use,
    actor: Actor::Subject,
    categories: &[],
    clause: "3.2b",
};

/// What a person gave in the form, checked.
#[derive(Debug, Clone)]
pub struct SignUp<'a> {
    /// Who they are.
    pub profile: &'a Profile,
    /// The password's Argon2id hash in PHC form.
    pub password_hash: String,
    /// The boxes that were ticked.
    pub consents: &'a [(ConsentPurpose, Tick)],
    /// The language for letters.
    pub locale: Locale,
    /// Where the form came from: evidence of the consents.
    pub origin: &'a Origin,
    /// The browser sends Global Privacy Control (clause 4.9). The boxes that it
    /// refuses are not among the consents.
    pub opted_out: bool,
    /// The keyed hash of the network address, for the limit.
    pub network: LookupHash,
}

impl SignUp<'_> {
    fn record(&self, lookup: &LookupKey, now: Timestamp) -> PersonRecord {
        PersonRecord {
            subject: SubjectId::new(now),
            state: PersonState::Pending,
            login: lookup.email(&self.profile.email),
            company: lookup.company(&self.profile.company),
            locale: self.locale,
            created_at: now,
            workspaces: BTreeSet::new(),
            consents: self.consents.iter().map(|(consent, _)| *consent).collect(),
            objections: match self.opted_out {
                true => site::opted_out(),
                false => BTreeSet::new(),
            },
            declined: BTreeSet::new(),
            told_of: Some(policy::binding(now)),
            regimes: regime::resolve(None, Some(&self.profile.phone)),
            restricted_from: None,
            restrictions: 0,
            held: false,
            erasing_since: None,
        }
    }
}

/// Takes a sign-up in: one key generation and one transaction, whether the
/// address has an account or not. What the letter says is decided when it is
/// sent, to the address's owner alone.
///
/// Returns `false` when the same address has just signed up, or the network
/// address has done so too often: then nothing is stored.
///
/// # Errors
/// [`GateError`].
pub async fn sign_up(
    db: &Db,
    gate: &Gate,
    lookup: &LookupKey,
    given: &SignUp<'_>,
    now: Timestamp,
) -> Result<bool, GateError> {
    let (person, key) = gate.enrol(given.record(lookup, now), now).await?;
    let subject = person.subject();
    let expires_at = shift(now, SIGN_UP_LENGTH);

    let mut tx = Tx::new();
    let login = &person.record().login;
    tx.spaced("spacing", "signup", login, SIGN_UP_PAUSE, now)?;
    tx.within("network", FROM_ONE_NETWORK, &given.network, now)?;
    tx.create("person", person.record());
    tx.create("key", &key);
    tx.create("profile", &person.seal_profile(given.profile)?);
    let pending = PendingSignUp {
        subject,
        password_hash: given.password_hash.clone(),
        expires_at,
    };
    tx.create("pending", &pending);
    for (consent, tick) in given.consents {
        let evidence = evidence(&person, *consent, tick.clone(), "signup", given.origin, now)?;
        tx.create("consent", &evidence);
        tx.record(consent_entry(&person, &evidence));
    }
    if given.opted_out {
        let evidence = site::refused(&person, given.locale, given.origin, now)?;
        tx.create("consent", &evidence);
        tx.record(site::signal_entry(&person, &evidence));
    }
    let mailed = MailedLink {
        purpose: LinkPurpose::SignUp,
        expires_at,
        to: Recipient::OnFile,
        letter: Letter::SignUp { expires_at },
    };
    tx.mail_link(&person, mailed, now)?;
    tx.record(
        Entry::new(now, Actor::Subject, "person.signed_up", "3.2a").with_person(person.pseudonym()),
    );
    match db.commit(tx).await {
        Ok(()) => Ok(true),
        Err(error) if error.refused("spacing") || error.refused("network") => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What came of using a sign-up's link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// The account is open.
    Opened {
        /// Its workspace.
        workspace: WorkspaceId,
        /// The trial's end; none when address or company had a trial before.
        trial_ends_at: Option<Timestamp>,
    },
    /// The link was used, or its time is over.
    LinkOver,
    /// The address got an account meanwhile.
    AddressTaken,
}

/// Opens the account of the person who holds the link: claims the address,
/// opens a workspace and starts its trial, in one transaction. When the address
/// or the company had a trial before, a second one opens it without a trial.
///
/// # Errors
/// [`GateError`].
pub async fn confirm_sign_up(
    db: &Db,
    gate: &Gate,
    token: &LinkToken,
    now: Timestamp,
) -> Result<Confirmed, GateError> {
    let Some(link) = find_link(db, token, LinkPurpose::SignUp, now).await? else {
        return Ok(Confirmed::LinkOver);
    };
    let Some(pending) = db.get(&pending_key(link.subject)).await? else {
        return Ok(Confirmed::LinkOver);
    };
    let person = match gate.open(link.subject, CONFIRM, now).await {
        Err(GateError::Unknown) => return Ok(Confirmed::LinkOver),
        other => other?,
    };
    let opening = Opening {
        person: &person,
        link: &link,
        pending: &pending,
        now,
    };
    let mut opened = opening.commit(db, Some(Trial::starting(now))).await;
    if opened.as_ref().is_err_and(|e| e.refused("trial")) {
        opened = opening.commit(db, None).await;
    }
    match opened {
        Ok(confirmed) => Ok(confirmed),
        Err(error) if error.refused("login") => Ok(Confirmed::AddressTaken),
        Err(error)
            if ["link", "pending", "person"]
                .iter()
                .any(|a| error.refused(a)) =>
        {
            Ok(Confirmed::LinkOver)
        }
        Err(error) => Err(error.into()),
    }
}

struct Opening<'a> {
    person: &'a Person,
    link: &'a Link,
    pending: &'a PendingSignUp,
    now: Timestamp,
}

impl Opening<'_> {
    async fn commit(&self, db: &Db, trial: Option<Trial>) -> Result<Confirmed, StoreError> {
        let (record, now) = (self.person.record(), self.now);
        let workspace = WorkspaceId::new(now);
        let trial_ends_at = trial.map(|trial| trial.ends_at);
        let mut tx = Tx::new();
        tx.use_up(self.link, now)?;
        let waiting = Condition::item_exists();
        tx.delete(
            "pending",
            Table::People,
            &pending_key(record.subject),
            Some(&waiting),
        );
        tx.create("login", &self.login(workspace));
        tx.reached(&record.login);
        let unconfirmed = Condition::equals("state", PersonState::Pending)?;
        let activate = Update::new()
            .set("state", PersonState::Active)?
            .set("workspaces", BTreeSet::from([workspace]))?
            .when(alive().and(unconfirmed));
        let seen = record
            .told_of
            .unwrap_or_else(|| policy::binding(record.created_at));
        let activate = news::told(activate, seen)?;
        tx.update(
            "person",
            Table::People,
            &person_key(record.subject),
            &activate,
        );
        let account = Account::opened(trial);
        tx.create(
            "workspace",
            &Workspace::opened(workspace, record.subject, account, now),
        );
        tx.create("member", &self.owner(workspace));
        if let Some(trial) = trial {
            self.claim_trial(&mut tx, &trial)?;
        }
        if record.has_consented(ConsentPurpose::Marketing) {
            // an earlier refusal of this address is revoked by its owner's new consent
            tx.delete(
                "suppression",
                Table::People,
                &suppression_key(&record.login),
                None,
            );
        }
        tx.mail(record.subject, Letter::Welcome { trial_ends_at }, now);
        let ends = trial_ends_at.map_or_else(|| "none".to_owned(), |end| end.to_string());
        tx.record(
            Entry::new(now, Actor::Subject, "account.opened", "3.2b")
                .with_person(self.person.pseudonym())
                .with_workspace(workspace)
                .with_fact("trial_ends_at", ends),
        );
        db.commit(tx).await?;
        Ok(Confirmed::Opened {
            workspace,
            trial_ends_at,
        })
    }

    fn login(&self, workspace: WorkspaceId) -> Login {
        Login {
            login: self.person.record().login.clone(),
            subject: self.person.subject(),
            workspace,
            password_hash: self.pending.password_hash.clone(),
            password_set_at: self.now,
            revision: 1,
            sessions: Vec::new(),
        }
    }

    fn owner(&self, workspace: WorkspaceId) -> Member {
        Member {
            workspace,
            subject: self.person.subject(),
            role: Role::Owner,
            joined_at: self.now,
            declined_at: None,
        }
    }

    fn claim_trial(&self, tx: &mut Tx, trial: &Trial) -> Result<(), StoreError> {
        let record = self.person.record();
        let until = shift(trial.ends_at, TRIAL_RECORD);
        for (what, whose) in [
            ("trial-email", &record.login),
            ("trial-company", &record.company),
        ] {
            let claim = Claim {
                what: what.to_owned(),
                whose: whose.clone(),
                until,
            };
            tx.claim("trial", &claim, self.now)?;
        }
        Ok(())
    }
}

pub(super) fn pending_index(pending: &PendingSignUp) -> Vec<(&'static str, AttributeValue)> {
    vec![
        ("queue", AttributeValue::S(QUEUE.to_owned())),
        (
            "queue_due",
            AttributeValue::S(pending.expires_at.to_string()),
        ),
    ]
}

impl Db {
    /// The persons whose sign-up was never confirmed and is due for
    /// destruction, the longest waiting first, at most 100.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overdue_sign_ups(&self, now: Timestamp) -> Result<Vec<SubjectId>, StoreError> {
        let pending = self.queued::<PendingSignUp>(QUEUE).await?;
        let overdue = pending.into_iter().filter(|p| p.expires_at <= now);
        Ok(overdue.map(|pending| pending.subject).collect())
    }
}
