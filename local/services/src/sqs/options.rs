//! A queue's settings and SQS's rules for them.

use crate::error::Error;

/// SQS's longest visibility timeout: 12 hours.
pub(super) const MAX_VISIBILITY_TIMEOUT_S: u32 = 43_200;

/// What a queue is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueOptions {
    /// 1 to 80 letters, digits, `-` and `_`.
    pub name: String,
    /// Seconds for which a received message stays hidden: 0 to 43,200 (SQS `VisibilityTimeout`).
    pub visibility_timeout_s: u32,
    /// The dead-letter queue's name and after how many receives, 1 to 1,000, an undeleted
    /// message goes there (SQS `RedrivePolicy`).
    pub redrive: Option<(String, u32)>,
}

impl QueueOptions {
    /// Refuses what SQS would refuse (`CreateQueue`).
    pub(super) fn check(&self) -> Result<(), Error> {
        check_name(&self.name)?;
        if self.visibility_timeout_s > MAX_VISIBILITY_TIMEOUT_S {
            return self.refuse("the visibility timeout is over 43,200 s");
        }
        let Some((dead_letter_queue, max_receive_count)) = &self.redrive else {
            return Ok(());
        };
        check_name(dead_letter_queue)?;
        if *dead_letter_queue == self.name {
            return self.refuse("it can't be its own dead-letter queue");
        }
        if !(1..=1_000).contains(max_receive_count) {
            return self.refuse("the maximum receive count is not 1 to 1,000");
        }
        Ok(())
    }

    fn refuse(&self, reason: &'static str) -> Result<(), Error> {
        Err(Error::QueueOptions {
            queue: self.name.clone(),
            reason,
        })
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    if is_name(name) {
        Ok(())
    } else {
        Err(Error::QueueName(name.to_owned()))
    }
}

/// The rule of queue names and of ids in a batch.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=80).contains(&text.len()) && text.bytes().all(allowed)
}
