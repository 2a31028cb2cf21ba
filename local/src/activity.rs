//! What is under way, so that "idle" is a condition and not a pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

/// Counts the work under way. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct Activity {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    running: AtomicUsize,
    begun: AtomicU64,
    changed: Notify,
}

/// One piece of work; it ends with the value.
pub(crate) struct Work(Arc<Shared>);

impl Activity {
    pub(crate) fn begin(&self) -> Work {
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        self.shared.begun.fetch_add(1, Ordering::SeqCst);
        Work(Arc::clone(&self.shared))
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.shared.running.load(Ordering::SeqCst) == 0
    }

    /// How much work has ever begun: unchanged between two looks, nothing ran in between.
    pub(crate) fn begun(&self) -> u64 {
        self.shared.begun.load(Ordering::SeqCst)
    }

    /// Waits for some work to end, or a moment for changes that nobody announces.
    pub(crate) async fn changed(&self) {
        let moment = Duration::from_millis(10);
        // The end of the moment is as good as a change: the caller looks again.
        let _ = tokio::time::timeout(moment, self.shared.changed.notified()).await;
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }
}

/// The one who ends the machine; those who listen hold a [`Shutdown`].
#[derive(Default)]
pub(crate) struct Switch(watch::Sender<bool>);

impl Switch {
    pub(crate) fn off(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn shutdown(&self) -> Shutdown {
        Shutdown(self.0.subscribe())
    }
}

/// Tells when the machine ends.
#[derive(Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Returns when the machine ends.
    pub(crate) async fn begun(&self) {
        // A machine that is gone has ended too.
        let _ = self.0.clone().wait_for(|off| *off).await;
    }

    /// The work's result, `None` when the machine ends first.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.begun() => None,
            value = work => Some(value),
        }
    }
}
