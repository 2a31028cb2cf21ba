//! The end of an invocation. Lambda kills what runs on after it: whoever asked gets an answer
//! that they can't act on, and a batch comes again as a whole. So work is given up shortly before.

use std::future::Future;
use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::{Instant, timeout_at};

/// What an answer needs to get out.
const ANSWER: Duration = Duration::from_millis(500);
/// Messages end before their batch does, so that its answer names those that are not done.
const MESSAGE: Duration = Duration::from_secs(1);

tokio::task_local! {
    static CURRENT: Deadline;
}

/// The work took longer than the invocation lasts.
#[derive(Debug, thiserror::Error)]
#[error("the invocation's time is over")]
pub(crate) struct OutOfTime;

/// When an invocation ends; `None` where nobody ends it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// Of an invocation's context (`Lambda-Runtime-Deadline-Ms`); 0 is no deadline.
    pub(crate) fn of(context: Option<&Context>) -> Self {
        let named = context.filter(|context| context.deadline > 0);
        Self(named.and_then(|context| {
            let left = context.deadline().duration_since(SystemTime::now());
            // none is left where it has passed
            Instant::now().checked_add(left.unwrap_or_default())
        }))
    }

    /// Of the invocation that the calling code runs in.
    pub(crate) fn current() -> Self {
        CURRENT.try_with(|deadline| *deadline).unwrap_or(Self(None))
    }

    /// The work of a whole invocation, which finds the deadline by [`Deadline::current`].
    pub(crate) async fn answer<T>(self, work: impl Future<Output = T>) -> Result<T, OutOfTime> {
        CURRENT.scope(self, self.until(ANSWER, work)).await
    }

    /// The work of one message of a batch.
    pub(crate) async fn message<T>(self, work: impl Future<Output = T>) -> Result<T, OutOfTime> {
        self.until(MESSAGE, work).await
    }

    async fn until<T>(
        self,
        before: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, OutOfTime> {
        let Some(end) = self.0 else {
            return Ok(work.await);
        };
        let end = end.checked_sub(before).ok_or(OutOfTime)?;
        if Instant::now() >= end {
            return Err(OutOfTime);
        }
        timeout_at(end, work).await.map_err(|_| OutOfTime)
    }
}

/// When the invocation that the calling code runs in ends; `None` where nobody ends it.
#[must_use]
pub fn end() -> Option<std::time::Instant> {
    Deadline::current().0.map(Instant::into_std)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn context(deadline: SystemTime) -> Context {
        let since = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mut context = Context::default();
        context.deadline = since.as_millis().try_into().unwrap();
        context
    }

    async fn never() {
        std::future::pending::<()>().await;
    }

    #[tokio::test]
    async fn without_a_deadline_work_goes_on() {
        let unnamed = Deadline::of(Some(&Context::default()));
        for deadline in [Deadline::of(None), unnamed, Deadline::current()] {
            assert_eq!(deadline.answer(async { 1 }).await.unwrap(), 1);
            let more = timeout_at(Instant::now(), deadline.answer(never())).await;
            assert!(more.is_err(), "it was given up");
        }
    }

    #[tokio::test]
    async fn nothing_begins_when_the_time_is_over() {
        let now = SystemTime::now();
        for deadline in [now - Duration::from_secs(9), now + ANSWER / 2] {
            let deadline = Deadline::of(Some(&context(deadline)));
            let work = async { unreachable!("it began") };
            deadline.answer::<()>(work).await.unwrap_err();
        }
    }

    #[tokio::test]
    async fn work_is_given_up_before_the_deadline_and_messages_before_the_batch() {
        let end = SystemTime::now() + MESSAGE + Duration::from_millis(100);
        let deadline = Deadline::of(Some(&context(end)));
        let batch = async { Deadline::current().message(never()).await };
        // the message is given up, and the batch still has time to say so
        deadline.answer(batch).await.unwrap().unwrap_err();
        deadline.answer(never()).await.unwrap_err();
        assert!(SystemTime::now() < end);
    }
}
