//! What the letters say, in English and Russian: one module per family.

mod account;
mod billing;
mod compliance;
mod consents;
mod draft;
mod format;
mod marketing;
mod policies;
pub mod recipients;
mod requests;
#[cfg(test)]
mod tests;
mod trial;
mod unpaid;

use domain::{consequence::Letter, policy::Locale, time::Timestamp};

use platform::House;

pub use account::already_registered;
pub use draft::{Draft, Frame};

/// A consent as its receipt names it (clause 2.2).
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The document.
    pub document: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the text, hexadecimal.
    pub sha256: String,
    /// Given, or withdrawn.
    pub given: bool,
    /// When.
    pub at: Timestamp,
}

/// What a letter is written with, beside its own values.
#[derive(Debug, Clone)]
pub struct Desk<'a> {
    /// Who writes.
    pub house: &'a House,
    /// In which language.
    pub locale: Locale,
    /// The secret of the letter's link, for a letter that [has one](link_kind).
    pub secret: Option<&'a str>,
    /// What the person has agreed to, for the letter that confirms a sign-up.
    pub receipts: Vec<Receipt>,
}

/// Why a letter can't be written: trying again won't help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwritable {
    /// It needs a link, and no secret came with it.
    NoSecret,
    /// Nobody has written that campaign.
    UnknownCampaign,
}

/// What the letter's link says after `/confirm#`, up to the secret; `None` for
/// a letter without a link that acts for the person.
fn link_kind(letter: &Letter) -> Option<String> {
    match letter {
        Letter::SignUp { .. } => Some("signup=".to_owned()),
        Letter::PasswordReset { .. } => Some("reset=".to_owned()),
        Letter::AddressChangeOld { .. } => Some("email-old=".to_owned()),
        Letter::AddressChangeNew { .. } => Some("email-new=".to_owned()),
        Letter::RequestLink { request, .. } => Some(format!("request={request}.")),
        Letter::WithdrawalByLetter { request, .. } => Some(format!("cancel={request}.")),
        _ => None,
    }
}

impl Desk<'_> {
    /// The secret stands in the fragment, which no browser sends and no log keeps.
    fn link(&self, letter: &Letter) -> Result<String, Unwritable> {
        let kind = link_kind(letter).unwrap_or_default();
        let secret = self.secret.ok_or(Unwritable::NoSecret)?;
        Ok(format!("{}/confirm#{kind}{secret}", self.house.public_url))
    }

    fn say(&self, en: impl Into<String>, ru: impl Into<String>) -> String {
        format::say(self.locale, en, ru)
    }

    fn time(&self, at: Timestamp) -> String {
        format::time(at, self.locale)
    }
}

/// Writes a letter.
///
/// # Errors
/// [`Unwritable`].
pub fn compose(letter: &Letter, desk: &Desk<'_>) -> Result<Draft, Unwritable> {
    Ok(match letter {
        Letter::SignUp { expires_at } => account::sign_up(desk, &desk.link(letter)?, *expires_at),
        Letter::Welcome { trial_ends_at } => account::welcome(desk, *trial_ends_at),
        Letter::PasswordReset { expires_at } => {
            account::password_reset(desk, &desk.link(letter)?, *expires_at)
        }
        Letter::PasswordChanged => account::password_changed(desk),
        Letter::AddressChangeOld { expires_at } => {
            account::address_change_old(desk, &desk.link(letter)?, *expires_at)
        }
        Letter::AddressChangeNew { expires_at } => {
            account::address_change_new(desk, &desk.link(letter)?, *expires_at)
        }
        Letter::AddressChanged => account::address_changed(desk),
        Letter::ConsentReceipt {
            document,
            version,
            sha256,
            given,
            at,
        } => consents::changed(
            desk,
            &Receipt {
                document: document.clone(),
                version: version.clone(),
                sha256: sha256.clone(),
                given: *given,
                at: *at,
            },
        ),
        Letter::PoliciesChanged { news } => policies::changed(desk, news),
        Letter::PolicyDeclined { name, at } => policies::declined(desk, name, *at),
        Letter::Trial {
            notice,
            ends_at,
            destruction_at,
        } => trial::notice(desk, *notice, *ends_at, *destruction_at),
        Letter::Unpaid {
            cause,
            notice,
            ends_at,
            destruction_at,
        } => unpaid::notice(desk, *cause, *notice, *ends_at, *destruction_at),
        Letter::PaymentReceived {
            amount_minor,
            currency,
            paid_until,
        } => billing::received(desk, *amount_minor, currency, *paid_until),
        Letter::PaymentFailed { grace_until } => billing::failed(desk, *grace_until),
        Letter::Refunded {
            amount_minor,
            currency,
        } => billing::refunded(desk, *amount_minor, currency),
        Letter::RequestLink {
            request,
            kind,
            expires_at,
            controllers,
        } => {
            let link = desk.link(letter)?;
            requests::link(desk, &link, *request, *kind, *expires_at, controllers)
        }
        Letter::RequestReceived {
            request,
            kind,
            due_at,
        } => requests::received(desk, *request, *kind, *due_at),
        Letter::WithdrawalByLetter {
            request,
            destruction_at,
        } => requests::by_letter(desk, &desk.link(letter)?, *request, *destruction_at),
        Letter::RestrictionEntered {
            request,
            by,
            received_at,
        } => requests::entered(desk, *request, *by, *received_at),
        Letter::RequestExtended { request, due_at } => requests::extended(desk, *request, *due_at),
        Letter::RequestRefused {
            request,
            kind,
            ground,
        } => requests::refused(desk, *request, *kind, ground),
        Letter::RequestCompleted { request, kind } => requests::completed(desk, *request, *kind),
        Letter::ErasureBegins { case } => requests::erasure_begins(desk, *case),
        Letter::DataDisclosed {
            disclosure,
            ground,
            at,
        } => compliance::disclosed(desk, *disclosure, *ground, *at),
        Letter::BusinessTransfer {
            transfer,
            terms,
            object_until,
        } => compliance::transfer(desk, *transfer, terms, *object_until),
        Letter::Incident { incident, known_at } => compliance::incident(desk, *incident, *known_at),
        Letter::ClaimReceived { claim, due_at } => {
            compliance::claim_received(desk, *claim, *due_at)
        }
        Letter::ClaimAnswered { claim } => compliance::claim_answered(desk, *claim),
        Letter::Marketing { campaign } => {
            marketing::campaign(desk, campaign).ok_or(Unwritable::UnknownCampaign)?
        }
    })
}

/// The reader may be greeted by name. Not where the address is not proven to be
/// theirs: whoever typed somebody else's address must not choose a word of what
/// is sent there.
#[must_use]
pub fn greets_by_name(letter: &Letter) -> bool {
    !matches!(
        letter,
        Letter::SignUp { .. } | Letter::AddressChangeNew { .. }
    )
}
