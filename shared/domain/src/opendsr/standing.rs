//! Where an exchange stands, in the controller's words (OpenDSR 2.0, 8).

use serde::{Deserialize, Serialize};

use crate::request::{Progress, State};

/// The statuses of OpenDSR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was received; nobody has confirmed it.
    Pending,
    /// The person confirmed it, and it is being acted on.
    InProgress,
    /// It was carried out in whole.
    Completed,
    /// It ended in another way: [`Outcome`] says in which.
    Cancelled,
}

impl Status {
    /// The name in records, and to controllers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing follows any more.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

/// What an end of an exchange means beyond its status: our extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The copy was handed to the person, signed in; nobody else gets it.
    HandedToSubject,
    /// The data was destroyed.
    Erased,
    /// A part was done: a legal hold keeps something of what was to be destroyed, or the
    /// data was destroyed before it could be handed out.
    Partial,
    /// It was refused, on a ground of the law that the person was told.
    Refused,
    /// Nobody confirmed it: the person did not, or there is none.
    Unconfirmed,
    /// It was taken back, by the controller or the person.
    Withdrawn,
}

/// Where an exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The status.
    pub status: Status,
    /// How it ended, once it has.
    pub outcome: Option<Outcome>,
}

impl Standing {
    /// As it begins.
    pub const PENDING: Self = Self {
        status: Status::Pending,
        outcome: None,
    };

    /// It was carried out.
    #[must_use]
    pub fn completed(outcome: Outcome) -> Self {
        Self {
            status: Status::Completed,
            outcome: Some(outcome),
        }
    }

    /// It ended in another way.
    #[must_use]
    pub fn cancelled(outcome: Outcome) -> Self {
        Self {
            status: Status::Cancelled,
            outcome: Some(outcome),
        }
    }

    /// Where the request behind it stands.
    #[must_use]
    pub fn of(progress: &Progress) -> Self {
        match progress.state() {
            State::AwaitingConfirmation | State::Open => Self::PENDING,
            State::Verified | State::Approved | State::InProgress => Self {
                status: Status::InProgress,
                outcome: None,
            },
            State::Completed if progress.kind().destroys() => Self::completed(Outcome::Erased),
            State::Completed => Self::completed(Outcome::HandedToSubject),
            State::Refused => Self::cancelled(Outcome::Refused),
            State::Cancelled => Self::cancelled(Outcome::Withdrawn),
        }
    }

    /// Where a confirmed request stands whose person has just been erased.
    #[must_use]
    pub fn of_erased(progress: &Progress) -> Self {
        if progress.kind().destroys() {
            Self::completed(Outcome::Erased)
        } else {
            Self::cancelled(Outcome::Partial)
        }
    }

    /// Whether it may follow: an exchange goes on, or not at all, in whatever
    /// order word of it comes.
    #[must_use]
    pub fn follows(self, earlier: Self) -> bool {
        !earlier.status.has_ended() && self.status > earlier.status
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        regime::Regime,
        request::{Ground, Level, RequestKind},
        time::Timestamp,
    };
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn asked(kind: RequestKind) -> Progress {
        Progress::received(kind, Regime::Gdpr, Level::L0, NOW)
    }

    #[test]
    fn a_status_is_stored_and_sent_under_its_name() {
        for status in [
            Status::Pending,
            Status::InProgress,
            Status::Completed,
            Status::Cancelled,
        ] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    #[test]
    fn a_request_is_pending_until_its_person_confirms_it() {
        let erasure = asked(RequestKind::Erasure);
        assert_eq!(Standing::of(&erasure), Standing::PENDING);
        let confirmed = erasure.confirm(Level::L2, NOW).unwrap();
        assert_eq!(Standing::of(&confirmed).status, Status::InProgress);
        let ground = Ground::new("GDPR art. 17(3)").unwrap();
        let refused = confirmed.clone().refuse(ground, NOW).unwrap();
        assert_eq!(
            Standing::of(&refused),
            Standing::cancelled(Outcome::Refused)
        );
        let done = confirmed.carried_out(NOW).unwrap();
        assert_eq!(Standing::of(&done), Standing::completed(Outcome::Erased));
    }

    #[test]
    fn a_copy_goes_to_the_person_and_an_erasure_ends_it_in_part() {
        let access = asked(RequestKind::Access).confirm(Level::L2, NOW).unwrap();
        let erased = Standing::of_erased(&access);
        assert_eq!(erased, Standing::cancelled(Outcome::Partial));
        let done = access.begin().unwrap().complete(NOW).unwrap();
        let handed = Standing::completed(Outcome::HandedToSubject);
        assert_eq!(Standing::of(&done), handed);
    }

    fn standings() -> impl Strategy<Value = Standing> {
        prop::sample::select(vec![
            Standing::PENDING,
            Standing {
                status: Status::InProgress,
                outcome: None,
            },
            Standing::completed(Outcome::Erased),
            Standing::cancelled(Outcome::Refused),
            Standing::cancelled(Outcome::Unconfirmed),
        ])
    }

    proptest! {
        #[test]
        fn in_whatever_order_word_comes_an_exchange_ends_once(
            told in prop::collection::vec(standings(), 0..12)
        ) {
            let mut now = Standing::PENDING;
            let mut seen = vec![now];
            for next in told.iter().copied() {
                if next.follows(now) {
                    now = next;
                    seen.push(now);
                }
            }
            prop_assert!(seen.windows(2).all(|two| two[0].status < two[1].status));
            prop_assert!(seen.iter().filter(|one| one.status.has_ended()).count() <= 1);
            prop_assert_eq!(now.status.has_ended(), told.iter().any(|one| one.status.has_ended()));
        }
    }
}
