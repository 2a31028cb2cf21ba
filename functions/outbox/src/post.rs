//! Letters: filled through the gate at the moment of sending, and withheld
//! when the gate or the time says no.

use domain::{
    compliance::processor::{Processor, Transfer, Unregistered},
    consent::ConsentPurpose,
    consequence::{Letter, Recipient},
    contact::EmailAddress,
    ids::SubjectId,
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose, Refusal},
    time::{SignedDuration, Timestamp, days, shift},
    token::LinkToken,
};
use platform::mail::MailError;
use store::{
    Entity,
    outbox::{Message, Owner},
    people::{self, AddressChange, Suppression, Undeliverable},
    personal::{Access, GateError, Person},
};
use zeroize::Zeroizing;

use crate::{
    App,
    deliver::DeliveryError,
    letters::{self, Desk, Draft, Frame, Receipt, Unwritable},
    reports,
};

/// How long what travels sealed beside a letter may wait to be sent (data map: one day).
const SEALED_KEPT: SignedDuration = days(1);

/// Why a letter is not sent, as the ledger names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Withheld {
    NoConsent,
    Restricted,
    OutsidePurpose,
    Suppressed,
    Undeliverable,
    Erasing,
    LinkOver,
    LinkReplaced,
    AlreadyConfirmed,
    NoSecret,
    AddressOver,
    UnknownCampaign,
}

impl Withheld {
    fn as_str(self) -> &'static str {
        match self {
            Self::NoConsent => "no_consent",
            Self::Restricted => "restricted",
            Self::OutsidePurpose => "outside_purpose",
            Self::Suppressed => "suppressed",
            Self::Undeliverable => "undeliverable",
            Self::Erasing => "erasing",
            Self::LinkOver => "link_over",
            Self::LinkReplaced => "link_replaced",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::NoSecret => "no_secret",
            Self::AddressOver => "address_over",
            Self::UnknownCampaign => "unknown_campaign",
        }
    }
}

impl From<Refusal> for Withheld {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoConsent => Self::NoConsent,
            Refusal::Restricted => Self::Restricted,
            Refusal::OutsidePurpose => Self::OutsidePurpose,
        }
    }
}

impl From<Unwritable> for Withheld {
    fn from(unwritable: Unwritable) -> Self {
        match unwritable {
            Unwritable::NoSecret => Self::NoSecret,
            Unwritable::UnknownCampaign => Self::UnknownCampaign,
        }
    }
}

/// How the making of a letter ends without one.
enum Stop {
    /// It is dropped, and the ledger says why.
    Withheld(Withheld),
    /// There is nobody any more.
    Gone,
    /// It is tried again.
    Failed(DeliveryError),
}

impl From<Withheld> for Stop {
    fn from(withheld: Withheld) -> Self {
        Self::Withheld(withheld)
    }
}

impl From<GateError> for Stop {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Unknown => Self::Gone,
            GateError::Refused(refusal) => Self::Withheld(refusal.into()),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<store::StoreError> for Stop {
    fn from(error: store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A letter with its address.
struct Ready {
    address: EmailAddress,
    letter: platform::mail::Letter,
    tags: Vec<(&'static str, String)>,
    pseudonym: String,
}

/// Sends a letter, or drops it for good. Returns what the ledger says of it.
pub async fn send(
    app: &App,
    message: &Message,
    to: Recipient,
    letter: &Letter,
) -> Result<Option<Entry>, DeliveryError> {
    let now = app.clock.now();
    let ready = match prepare(app, message, to, letter, now).await {
        Ok(ready) => ready,
        Err(Stop::Withheld(reason)) => {
            let entry = entry("letter.withheld", message, letter, now);
            return Ok(Some(entry.with_fact("reason", reason.as_str())));
        }
        Err(Stop::Gone) => return Ok(None),
        Err(Stop::Failed(error)) => return Err(error),
    };
    let Ready { address, tags, .. } = &ready;
    let passed = |event| passed(entry(event, message, letter, now), message, letter);
    // before the call: what is not registered is not passed on
    let sent = passed("letter.sent")?;
    match app.mailer.send(address, &ready.letter, tags).await {
        Ok(id) => Ok(Some(
            sent.with_person(ready.pseudonym)
                .with_fact("ses_message_id", id),
        )),
        Err(MailError::Refused(code)) => Ok(Some(
            passed("letter.refused")?
                .with_person(ready.pseudonym)
                .with_fact("code", code),
        )),
        Err(error) => Err(error.into()),
    }
}

/// The letter's entry is that of the transfer to SES, too (clause 5.6).
fn passed(entry: Entry, message: &Message, letter: &Letter) -> Result<Entry, Unregistered> {
    let access = access(message, letter);
    let transfer = Transfer {
        to: Processor::AwsMail,
        purpose: access.purpose,
        categories: access.categories,
    };
    transfer.within(entry, access.operation)
}

fn entry(event: &str, message: &Message, letter: &Letter, now: Timestamp) -> Entry {
    let purpose = letter.purpose();
    let mut entry = Entry::new(now, Actor::System, event, purpose.clause())
        .with_fact("letter", name(letter))
        .with_fact("message", message.id);
    entry.purpose = Some(purpose);
    entry
}

/// The letter's name as it is stored.
fn name(letter: &Letter) -> String {
    let value = serde_json::to_value(letter).unwrap_or_default();
    value["letter"].as_str().unwrap_or("unknown").to_owned()
}

async fn prepare(
    app: &App,
    message: &Message,
    to: Recipient,
    letter: &Letter,
    now: Timestamp,
) -> Result<Ready, Stop> {
    let Owner::Subject(subject) = message.owner else {
        return Err(Stop::Gone);
    };
    let person = app.gate.open(subject, access(message, letter), now).await?;
    let secret = secret(&person, message, now)?;
    let secret = secret.as_ref().map(|secret| secret.as_str());
    if to == Recipient::OnFile {
        reachable(app, &person, message, now).await?;
    }
    let address = match to {
        Recipient::OnFile => person.email()?,
        Recipient::Pending => pending_address(app, &person, secret).await?,
        Recipient::Former => former_address(&person, message, now)?,
    };
    let draft = write(app, &person, letter, secret).await?;
    let unsubscribe = match letter.purpose() {
        Purpose::Marketing => Some(unsubscribe(app, &person, now).await?),
        _ => None,
    };
    let name = match letters::greets_by_name(letter) {
        true => Some(person.name()?),
        false => None,
    };
    let frame = Frame {
        locale: person.record().locale,
        name: name.as_ref().map(|name| name.reveal()),
        operator: &app.house.operator,
        privacy_address: &app.house.privacy_address,
        unsubscribe: unsubscribe.as_deref(),
    };
    Ok(Ready {
        address,
        letter: frame.render(&draft),
        tags: reports::tags(&person, to),
        pseudonym: person.pseudonym(),
    })
}

fn access(message: &Message, letter: &Letter) -> Access {
    let purpose = letter.purpose();
    let categories: &[Category] = match message.secret {
        Some(_) => &[
            Category::Identity,
            Category::Contact,
            Category::Correspondence,
        ],
        None => &[Category::Identity, Category::Contact],
    };
    Access {
        purpose,
        operation: Operation::Use,
        actor: Actor::System,
        categories,
        clause: purpose.clause(),
    }
}

/// To an address that refuses letters for good, nothing is sent, not even what the law
/// demands: it would not arrive. The ledger says that the letter was withheld, and what
/// it said stands on the request's page and in the account (clauses 6.3a, 8.2). A month
/// later, or a week for a letter with a link, one is tried again ([`Undeliverable::bars`]).
/// After a complaint there is no such bar: it refuses marketing ([`unsubscribe`]), and
/// what contract and law demand is still sent.
async fn reachable(
    app: &App,
    person: &Person,
    message: &Message,
    now: Timestamp,
) -> Result<(), Stop> {
    let key = people::undeliverable_key(&person.record().login);
    let found: Option<Undeliverable> = app.db.get(&key).await?;
    let asked = message.secret.is_some();
    match found {
        Some(mark) if mark.bars(asked, now) => Err(Withheld::Undeliverable.into()),
        _ => Ok(()),
    }
}

fn secret(
    person: &Person,
    message: &Message,
    now: Timestamp,
) -> Result<Option<Zeroizing<String>>, Stop> {
    let Some(sealed) = &message.secret else {
        return Ok(None);
    };
    if now >= shift(message.created_at, SEALED_KEPT) {
        return Err(Withheld::LinkOver.into());
    }
    let field = domain::data_map::Field::MailSecret;
    Ok(Some(person.unseal::<Message>(
        field,
        &message.key(),
        sealed,
    )?))
}

fn former_address(
    person: &Person,
    message: &Message,
    now: Timestamp,
) -> Result<EmailAddress, Stop> {
    let kept = now < shift(message.created_at, SEALED_KEPT);
    let sealed = message.address.as_ref().filter(|_| kept);
    let sealed = sealed.ok_or(Withheld::AddressOver)?;
    let field = domain::data_map::Field::MailAddress;
    let text = person.unseal::<Message>(field, &message.key(), sealed)?;
    Ok(EmailAddress::new(&text).map_err(|_| GateError::Tampered("address"))?)
}

async fn pending_address(
    app: &App,
    person: &Person,
    secret: Option<&str>,
) -> Result<EmailAddress, Stop> {
    let key = people::address_change_key(person.subject());
    let change: Option<AddressChange> = app.db.get(&key).await?;
    let token = secret.and_then(LinkToken::parse).map(|token| token.hash());
    // a later change has another address, which this link is not for
    let change = change.filter(|change| Some(&change.new_link) == token.as_ref());
    let change = change.ok_or(Withheld::LinkReplaced)?;
    Ok(person.pending_email(&change)?)
}

async fn write(
    app: &App,
    person: &Person,
    letter: &Letter,
    secret: Option<&str>,
) -> Result<Draft, Stop> {
    let mut desk = Desk {
        house: &app.house,
        locale: person.record().locale,
        secret,
        receipts: Vec::new(),
    };
    if let Letter::SignUp { .. } = letter {
        match people::find_login(&app.db, &person.record().login).await? {
            Some(login) if login.subject == person.subject() => {
                return Err(Withheld::AlreadyConfirmed.into());
            }
            Some(_) => return Ok(letters::already_registered(&desk)),
            None => desk.receipts = receipts(app, person.subject()).await?,
        }
    }
    Ok(letters::compose(letter, &desk).map_err(Withheld::from)?)
}

async fn receipts(app: &App, subject: SubjectId) -> Result<Vec<Receipt>, Stop> {
    let history = people::consent_history(&app.db, subject).await?;
    // what a browser's signal refused at the sign-up was not agreed to
    let given = history.into_iter().filter(|consent| consent.given);
    let receipts = given.map(|consent| Receipt {
        document: consent.tick.document,
        version: consent.tick.version,
        sha256: consent.tick.sha256,
        given: consent.given,
        at: consent.at,
    });
    Ok(receipts.collect())
}

/// The gate has seen the consent; here are the refusals that outlive it, and
/// the link with which one click ends it (clauses 4.8, 4.10, RFC 8058).
async fn unsubscribe(app: &App, person: &Person, now: Timestamp) -> Result<String, Stop> {
    debug_assert!(person.record().has_consented(ConsentPurpose::Marketing));
    let key = people::suppression_key(&person.record().login);
    if app.db.get::<Suppression>(&key).await?.is_some() {
        return Err(Withheld::Suppressed.into());
    }
    match people::unsubscribe_link(&app.db, person.subject(), now).await {
        Ok(secret) => {
            let public_url = &app.house.public_url;
            Ok(format!("{public_url}/unsubscribe/{}", secret.reveal()))
        }
        Err(error) if error.refused("person") => Err(Withheld::Erasing.into()),
        Err(error) => Err(error.into()),
    }
}
