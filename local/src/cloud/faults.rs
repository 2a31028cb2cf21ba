//! Failures of AWS calls that a test asks for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::refusal::refusal;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The service answers 500.
    ServerError,
    /// The service refuses for the rate of calls.
    Throttle,
    /// No answer comes in time.
    Timeout,
    /// The function's process dies at this call: its invocation ends at once and is an error.
    Kill,
}

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it reaches the service: nothing has happened.
    Before,
    /// After the service has done it: only the answer is lost.
    After,
}

/// A failure to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Only calls of this caller; `None` for anyone's.
    pub caller: Option<String>,
    /// Only calls of this operation; `None` for any.
    pub operation: Option<String>,
    /// How many such calls succeed first.
    pub skip: usize,
    /// How many calls in a row fail then. The SDKs repeat a failed call up to two times.
    pub times: usize,
    /// How.
    pub failure: Failure,
    /// When.
    pub moment: Moment,
}

/// The failures to come. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    pending: Arc<Mutex<Vec<Fault>>>,
}

impl Faults {
    /// Adds a failure.
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Makes the `nth` call (from 1) of an operation fail once.
    pub fn fail_nth(&self, operation: &str, nth: usize, failure: Failure, moment: Moment) {
        self.add(Fault {
            caller: None,
            operation: Some(operation.to_owned()),
            skip: nth.saturating_sub(1),
            times: 1,
            failure,
            moment,
        });
    }

    /// Forgets all failures to come.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// How many failures have not come yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.lock().iter().map(|fault| fault.times).sum()
    }

    /// The failure of this call, if it is to fail.
    pub(super) fn take(&self, caller: &str, operation: &str) -> Option<(Failure, Moment)> {
        let mut pending = self.lock();
        let index = pending.iter_mut().position(|fault| {
            let concerned = fault.caller.as_deref().is_none_or(|named| named == caller)
                && fault
                    .operation
                    .as_deref()
                    .is_none_or(|named| named == operation);
            let due = concerned && fault.skip == 0;
            fault.skip -= usize::from(concerned && !due);
            due
        })?;
        let fault = &mut pending[index];
        fault.times = fault.times.saturating_sub(1);
        let outcome = (fault.failure, fault.moment);
        if fault.times == 0 {
            pending.remove(index);
        }
        Some(outcome)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const INJECTED: &str = "an injected fault";

impl Failure {
    /// What the SDK sees in place of the service's answer.
    pub(super) async fn outcome(self, service: &str) -> Result<HttpResponse, ConnectorError> {
        match self {
            Self::ServerError => Ok(refusal(service, 500, "InternalError", INJECTED)),
            Self::Throttle => Ok(refusal(
                service,
                throttle_status(service),
                throttle_code(service),
                INJECTED,
            )),
            Self::Timeout => Err(ConnectorError::timeout("an injected timeout".into())),
            Self::Kill => std::future::pending().await,
        }
    }
}

fn throttle_status(service: &str) -> u16 {
    if service == "s3" { 503 } else { 400 }
}

fn throttle_code(service: &str) -> &'static str {
    match service {
        "s3" => "SlowDown",
        "dynamodb" => "ProvisionedThroughputExceededException",
        "ses" => "Throttling",
        _ => "ThrottlingException",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn the_nth_call_fails_once() {
        let faults = Faults::default();
        faults.fail_nth("PutItem", 2, Failure::Timeout, Moment::After);
        assert_eq!(faults.take("F", "PutItem"), None);
        assert_eq!(faults.take("F", "GetItem"), None);
        assert_eq!(
            faults.take("F", "PutItem"),
            Some((Failure::Timeout, Moment::After))
        );
        assert_eq!(faults.take("F", "PutItem"), None);
    }

    #[test]
    fn a_fault_may_be_of_one_caller_and_of_several_calls() {
        let faults = Faults::default();
        faults.add(Fault {
            caller: Some("A".to_owned()),
            operation: None,
            skip: 0,
            times: 2,
            failure: Failure::ServerError,
            moment: Moment::Before,
        });
        assert_eq!(faults.take("B", "PutItem"), None);
        assert!(faults.take("A", "PutItem").is_some());
        assert_eq!(faults.pending(), 1);
        assert!(faults.take("A", "GetItem").is_some());
        assert_eq!(faults.pending(), 0);
    }
}
