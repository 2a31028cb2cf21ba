//! Incidents: loss or disclosure of personal data that nobody granted (clause
//! 5.9), with the clocks that the laws set for telling the authorities.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Period, Words};
use crate::{
    calendar::MissingYear,
    ledger::{Entry, Hash},
    processing::{Actor, Operation, Purpose},
    regime::{Duty, Regime, Regimes, Rule, Stage, Watch},
    time::Timestamp,
};

#[cfg(test)]
mod tests;

/// What an authority must be told, in the order of the clocks.
const DUTIES: [Duty; 2] = [Duty::IncidentNotice, Duty::IncidentFindings];

/// Which accesses were wrong: those that the access log has in a period, for a
/// purpose, by somebody, of a kind. What is not named is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accesses {
    /// When.
    pub period: Period,
    /// For which purpose.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// By whom.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// What was done.
    #[serde(default)]
    pub operation: Option<Operation>,
}

impl Accesses {
    /// An entry of the ledger is one of them. Whoever it is about is affected.
    #[must_use]
    pub fn covers(&self, entry: &Entry) -> bool {
        entry.event.starts_with("personal_data.")
            && entry.person.is_some()
            && self.period.contains(entry.at)
            && self
                .purpose
                .is_none_or(|purpose| entry.purpose == Some(purpose))
            && self.actor.is_none_or(|actor| entry.actor == actor)
            && self
                .operation
                .is_none_or(|operation| entry.operation == Some(operation))
    }
}

/// Whose data was concerned, as the access log shows it: by pseudonym.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Each pseudonym once, in order.
    pub pseudonyms: BTreeSet<String>,
    /// How many accesses there were.
    pub accesses: usize,
}

impl Affected {
    /// From the entries of a period.
    #[must_use]
    pub fn of(accesses: &Accesses, entries: &[Entry]) -> Self {
        let wrong: Vec<_> = entries.iter().filter(|e| accesses.covers(e)).collect();
        Self {
            pseudonyms: wrong
                .iter()
                .filter_map(|entry| entry.person.clone())
                .collect(),
            accesses: wrong.len(),
        }
    }

    /// The list in short: whoever makes it again gets the same.
    #[must_use]
    pub fn summary(&self, at: Timestamp) -> Summary {
        let list: Vec<&str> = self.pseudonyms.iter().map(String::as_str).collect();
        Summary {
            persons: self.pseudonyms.len(),
            accesses: self.accesses,
            sha256: Hash::of(list.join("\n").as_bytes()),
            at,
        }
    }
}

/// How many are affected, and which list says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How many persons.
    pub persons: usize,
    /// How many accesses.
    pub accesses: usize,
    /// SHA-256 over the pseudonyms in order, one a line.
    pub sha256: Hash,
    /// When the list was made.
    pub at: Timestamp,
}

/// How a clock was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The authority was told.
    Reported,
    /// The staff decided, with reasons, that this law does not ask for it here.
    Waived,
}

/// The clock of one duty under one law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    regime: Regime,
    duty: Duty,
    known_at: Timestamp,
    due_at: Timestamp,
    missing: Option<MissingYear>,
    stopped: Option<(Outcome, Timestamp)>,
}

impl Clock {
    fn all(regimes: &BTreeSet<Regime>, known_at: Timestamp) -> Vec<Self> {
        let of = |regime: Regime, duty: Duty| {
            let deadline = Regimes::from(regime).deadline(duty, known_at)?;
            Some(Self {
                regime,
                duty,
                known_at,
                due_at: deadline.due.at,
                missing: deadline.due.missing,
                stopped: None,
            })
        };
        let every = regimes
            .iter()
            .flat_map(|regime| DUTIES.map(|duty| (*regime, duty)));
        every
            .filter_map(|(regime, duty)| of(regime, duty))
            .collect()
    }

    /// The law.
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.regime
    }

    /// What must be said.
    #[must_use]
    pub fn duty(&self) -> Duty {
        self.duty
    }

    /// What the law says.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.duty.rule(self.regime).unwrap_or(Rule::AT_ONCE)
    }

    /// By when.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        self.due_at
    }

    /// How and when it was stopped.
    #[must_use]
    pub fn stopped(&self) -> Option<(Outcome, Timestamp)> {
        self.stopped
    }

    /// It was stopped after its end, or runs on after it.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.stopped.map_or(now, |(_, at)| at) > self.due_at
    }

    /// When somebody must act: an alarm at 20 of 24 hours, 68 of 72.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::over(self.rule().term, self.known_at, self.due_at)
    }

    /// Where it stands while it runs.
    #[must_use]
    pub fn stage(&self, now: Timestamp) -> Option<Stage> {
        self.stopped.is_none().then(|| self.watch().stage(now))
    }
}

/// Why an incident can't go the way that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// It is closed.
    #[error("the incident is closed")]
    Closed,
    /// No such clock runs.
    #[error("no such clock runs: it was stopped, or this law has none")]
    NoClock,
    /// This law knows no exception.
    #[error("this law asks for it whatever the risk")]
    NoException,
    /// A clock runs still.
    #[error("an authority has not been told yet")]
    ClockRuns,
    /// It would have become known in the future.
    #[error("it became known at the latest now")]
    NotYetKnown,
}

/// What the register keeps sealed of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// What happened.
    pub description: Words,
    /// What the internal investigation found, and what was done.
    #[serde(default)]
    pub findings: Option<Words>,
    /// The authorities' references, and reasons of what was waived, in order.
    #[serde(default)]
    pub remarks: Vec<Words>,
}

/// What is known of an incident without opening its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    known_at: Timestamp,
    registered_at: Timestamp,
    accesses: Accesses,
    clocks: Vec<Clock>,
    affected: Option<Summary>,
    told: u64,
    closed_at: Option<Timestamp>,
}

impl Progress {
    /// An incident that became known at some instant. 152-FZ governs all
    /// processing (clause 2.1), so its clocks run always; the other laws' where
    /// people whom they protect are concerned.
    ///
    /// # Errors
    /// [`IllegalMove::NotYetKnown`].
    pub fn register(
        known_at: Timestamp,
        further: &BTreeSet<Regime>,
        accesses: Accesses,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        if known_at > now {
            return Err(IllegalMove::NotYetKnown);
        }
        let mut regimes = further.clone();
        regimes.insert(Regime::Ru152);
        Ok(Self {
            known_at,
            registered_at: now,
            accesses,
            clocks: Clock::all(&regimes, known_at),
            affected: None,
            told: 0,
            closed_at: None,
        })
    }

    fn open(&self) -> Result<(), IllegalMove> {
        match self.closed_at {
            None => Ok(()),
            Some(_) => Err(IllegalMove::Closed),
        }
    }

    fn stop(
        mut self,
        (regime, duty): (Regime, Duty),
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        self.open()?;
        let mut running = self.clocks.iter_mut().filter(|c| c.stopped.is_none());
        let clock = running.find(|c| c.regime == regime && c.duty == duty);
        clock.ok_or(IllegalMove::NoClock)?.stopped = Some((outcome, now));
        Ok(self)
    }

    /// An authority was told.
    ///
    /// # Errors
    /// [`IllegalMove`].
    pub fn report(self, clock: (Regime, Duty), now: Timestamp) -> Result<Self, IllegalMove> {
        self.stop(clock, Outcome::Reported, now)
    }

    /// The staff decided that this law does not ask for it here (GDPR art.
    /// 33(1): unlikely to result in a risk). 152-FZ knows no such exception.
    ///
    /// # Errors
    /// [`IllegalMove`].
    pub fn waive(self, clock: (Regime, Duty), now: Timestamp) -> Result<Self, IllegalMove> {
        if clock.0 == Regime::Ru152 {
            return Err(IllegalMove::NoException);
        }
        self.stop(clock, Outcome::Waived, now)
    }

    /// The list of who is affected was made.
    ///
    /// # Errors
    /// [`IllegalMove::Closed`].
    pub fn listed(mut self, summary: Summary) -> Result<Self, IllegalMove> {
        self.open()?;
        self.affected = Some(summary);
        Ok(self)
    }

    /// So many more of the affected were told.
    ///
    /// # Errors
    /// [`IllegalMove::Closed`].
    pub fn told_more(mut self, persons: u64) -> Result<Self, IllegalMove> {
        self.open()?;
        self.told += persons;
        Ok(self)
    }

    /// Nothing is left to do.
    ///
    /// # Errors
    /// [`IllegalMove::ClockRuns`] while an authority has not been told.
    pub fn close(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.open()?;
        if self.clocks.iter().any(|clock| clock.stopped.is_none()) {
            return Err(IllegalMove::ClockRuns);
        }
        self.closed_at = Some(now);
        Ok(self)
    }

    /// When it became known: the clocks run from here.
    #[must_use]
    pub fn known_at(&self) -> Timestamp {
        self.known_at
    }

    /// When it was registered.
    #[must_use]
    pub fn registered_at(&self) -> Timestamp {
        self.registered_at
    }

    /// Which accesses were wrong.
    #[must_use]
    pub fn accesses(&self) -> Accesses {
        self.accesses
    }

    /// The clocks.
    #[must_use]
    pub fn clocks(&self) -> &[Clock] {
        &self.clocks
    }

    /// The next end of a clock that runs.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let running = self.clocks.iter().filter(|clock| clock.stopped.is_none());
        running.map(Clock::due_at).min()
    }

    /// Who is affected, in short, once the list was made.
    #[must_use]
    pub fn affected(&self) -> Option<Summary> {
        self.affected
    }

    /// How many of them were told.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.told
    }

    /// When it ended.
    #[must_use]
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.closed_at
    }
}
