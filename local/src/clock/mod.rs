//! The machine's clock: the system's, moved forward as a person likes, kept over restarts.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::state::StateFile;

/// The clock that every function of a machine reads. Clones are the same clock.
#[derive(Clone)]
pub struct MachineClock {
    clock: platform::Clock,
    /// How often it has been moved since the start.
    moves: watch::Sender<u64>,
    file: Arc<Mutex<StateFile<i64>>>,
}

/// Why the clock was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// Time runs forward: a step must be 1 s to 10 years.
    #[error("the clock moves forward by 1 second to 10 years")]
    Step,
    /// The new offset can't be kept.
    #[error("the clock's offset can't be kept: {0}")]
    Keep(#[from] io::Error),
}

const LONGEST_STEP: SignedDuration = SignedDuration::from_hours(24 * 3_653);

impl MachineClock {
    /// The clock of a data folder, as far ahead as it was.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let file = StateFile::at(data.join("clock.json"));
        let clock = platform::Clock::system();
        if let Some(offset_ms) = file.load()? {
            clock.advance(SignedDuration::from_millis(offset_ms));
        }
        Ok(Self {
            clock,
            moves: watch::Sender::new(0),
            file: Arc::new(Mutex::new(file)),
        })
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
            .checked_add(self.offset())
            .unwrap_or(Timestamp::MAX)
    }

    /// How far it is ahead of the system's clock.
    #[must_use]
    pub fn offset(&self) -> SignedDuration {
        self.clock.offset()
    }

    /// Moves it forward; what became due runs once, soon after.
    ///
    /// # Errors
    /// A step that is not forward or over ten years, or a data folder that can't be written.
    pub fn advance(&self, by: SignedDuration) -> Result<(), ClockError> {
        if by < SignedDuration::from_secs(1) || by > LONGEST_STEP {
            return Err(ClockError::Step);
        }
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let offset_ms =
            i64::try_from((self.offset() + by).as_millis()).map_err(|_| ClockError::Step)?;
        file.save(&offset_ms)?;
        self.clock.advance(by);
        self.moves.send_modify(|moves| *moves += 1);
        Ok(())
    }

    /// The clock in the form that functions take.
    pub(crate) fn for_functions(&self) -> platform::Clock {
        self.clock.clone()
    }

    pub(crate) fn moves(&self) -> watch::Receiver<u64> {
        self.moves.subscribe()
    }
}
