//! How long each category is kept (clause 5.2a, 152-FZ art. 5(7)). A retention
//! is an event and a number of days after it: one without an end can't be
//! written down.

use crate::{
    policy::Locale,
    processing::Category,
    time::{Timestamp, days, shift},
};

/// What the days are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The value was stored.
    Stored,
    /// The account, and with it the purpose, ended.
    AccountEnded,
    /// The consent was withdrawn.
    ConsentWithdrawn,
    /// The request was closed.
    RequestClosed,
    /// The claim was settled.
    ClaimSettled,
    /// The trial ended.
    TrialEnded,
    /// The person took their refusal back.
    RefusalRevoked,
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    after: Event,
    days: u16,
}

impl Retention {
    /// So many days of 24 hours after the event.
    #[must_use]
    pub const fn after(after: Event, days: u16) -> Self {
        Self { after, days }
    }

    /// What the days are counted from.
    #[must_use]
    pub fn event(self) -> Event {
        self.after
    }

    /// How many days.
    #[must_use]
    pub fn days(self) -> u16 {
        self.days
    }

    /// From when on it must be gone, once the event happened.
    #[must_use]
    pub fn end(self, happened: Timestamp) -> Timestamp {
        shift(happened, days(i64::from(self.days)))
    }

    /// For people.
    #[must_use]
    pub fn in_words(self, locale: Locale) -> String {
        let days = self.days;
        let text = match (self.after, locale) {
            (Event::Stored, Locale::En) => "{} days",
            (Event::Stored, Locale::Ru) => "{} дн.",
            (Event::AccountEnded, Locale::En) => "while the account lives, then at most {} days",
            (Event::AccountEnded, Locale::Ru) => {
                "пока существует учётная запись, затем не более {} дн."
            }
            (Event::ConsentWithdrawn, Locale::En) => {
                "while the consent is in force, then at most {} days"
            }
            (Event::ConsentWithdrawn, Locale::Ru) => {
                "пока действует согласие, затем не более {} дн."
            }
            (Event::RequestClosed, Locale::En) => {
                "until the request is closed, then at most {} days"
            }
            (Event::RequestClosed, Locale::Ru) => "до закрытия запроса, затем не более {} дн.",
            (Event::ClaimSettled, Locale::En) => "until the claim is settled, then {} days",
            (Event::ClaimSettled, Locale::Ru) => "до урегулирования претензии, затем {} дн.",
            (Event::TrialEnded, Locale::En) => "until the trial ends, then {} days",
            (Event::TrialEnded, Locale::Ru) => "до конца пробного периода, затем {} дн.",
            (Event::RefusalRevoked, Locale::En) => "until you take the refusal back",
            (Event::RefusalRevoked, Locale::Ru) => "пока вы не отзовёте отказ",
        };
        text.replace("{}", &days.to_string())
    }
}

/// The longest that anything of a category is kept.
#[must_use]
pub fn retention(category: Category) -> Retention {
    let of = Retention::after;
    match category {
        Category::Identity
        | Category::Contact
        | Category::Employment
        | Category::Account
        | Category::Request
        | Category::Authorship
        // entries stay; the key of their pseudonym goes with the person
        | Category::ActionLog => of(Event::AccountEnded, 30),
        Category::ConsentEvidence => of(Event::ConsentWithdrawn, 1095),
        Category::Correspondence | Category::Survey => of(Event::Stored, 365),
        Category::Visit | Category::OtherTechnical => of(Event::Stored, 90),
        Category::Verification => of(Event::RequestClosed, 30),
        // five years with a day to spare for leap days
        Category::Payment => of(Event::Stored, 1827),
        Category::Suppression => of(Event::RefusalRevoked, 0),
        Category::TrialRecord => of(Event::TrialEnded, 1095),
        // no less than three years, leap day included (order of Roskomnadzor No. 179)
        Category::Disclosure | Category::DestructionAct => of(Event::Stored, 1096),
        // no less than 24 months (11 CCR § 7101)
        Category::RequestLog => of(Event::Stored, 731),
    }
}

/// How long what belongs to a claim is kept instead, where that is longer.
#[must_use]
pub fn retention_with_claim(category: Category) -> Option<Retention> {
    matches!(category, Category::Correspondence | Category::Survey)
        .then_some(Retention::after(Event::ClaimSettled, 1095))
}
