//! One invocation, known to the AWS calls that are made in it.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use uuid::Uuid;

tokio::task_local! {
    static CURRENT: Invocation;
}

/// One run of a function.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) id: String,
    killed: Arc<Notify>,
}

impl Invocation {
    pub(super) fn new() -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            killed: Arc::default(),
        }
    }

    /// The invocation that the calling code runs in.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Ends it as if its process had died.
    pub(crate) fn kill(&self) {
        self.killed.notify_one();
    }

    /// Runs `work` in a task, so that a panic in it stays there; `None` if it panics or is
    /// killed. The task ends when the returned future is dropped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let mut tasks = JoinSet::new();
        tasks.spawn(CURRENT.scope(self.clone(), work));
        tokio::select! {
            outcome = tasks.join_next() => outcome?.ok(),
            () = self.killed.notified() => None,
        }
    }
}
