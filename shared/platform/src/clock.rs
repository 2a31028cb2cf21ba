//! The clock is a value (invariant 10): handed to every function, moved in
//! tests and on one machine.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use domain::time::{SignedDuration, Timestamp};

/// The time as a function sees it. Clones share their offset.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// The time now, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let system = jiff::Timestamp::now().as_millisecond();
        Timestamp::from_millis(system.saturating_add(self.offset().as_millis() as i64))
    }

    /// How far this clock is ahead of the system's.
    #[must_use]
    pub fn offset(&self) -> SignedDuration {
        SignedDuration::from_millis(self.offset_millis.load(Ordering::SeqCst))
    }

    /// Moves this clock, and every clone of it, forward.
    pub fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset_millis.fetch_add(millis, Ordering::SeqCst);
    }
}
