//! Failures of AWS calls that a test asks for: single ones, and storms.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use http_body::Frame;
use http_body_util::StreamBody;

use super::calls::Call;
use super::refusal;
use super::storm::{Storm, Tempest};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// The service answers 500.
    ServerError,
    /// The service answers 503.
    Unavailable,
    /// The service refuses for the rate of calls.
    Throttle,
    /// No answer comes in time.
    Timeout,
    /// The connection is cut: while the request is sent, or in the middle of the answer.
    Cut,
    /// The answer comes late, but in time.
    Slow,
    /// The function's process dies at this call: its invocation ends at once and is an error.
    Kill,
}

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// How often each service failed in each way.
pub type Injected = BTreeMap<(&'static str, Failure, Moment), u64>;

/// The failures to come. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<Fault>,
    tempest: Option<Tempest>,
    injected: Injected,
}

impl Faults {
    /// Adds a failure.
    pub fn add(&self, fault: Fault) {
        self.lock().pending.push(fault);
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

    /// From now on, calls that functions make in their invocations fail as the storm has it.
    pub fn storm(&self, storm: Storm) {
        self.lock().tempest = Some(Tempest::new(storm));
    }

    /// Forgets all failures to come; a storm ends.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.pending.clear();
        state.tempest = None;
    }

    /// How many failures have not come yet, those of a storm left out.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.lock().pending.iter().map(|fault| fault.times).sum()
    }

    /// The failures that have come.
    #[must_use]
    pub fn injected(&self) -> Injected {
        self.lock().injected.clone()
    }

    /// The failure of this call, if it is to fail.
    pub(super) fn take(&self, call: &Call, attempt: &Attempt) -> Option<(Failure, Moment)> {
        let mut state = self.lock();
        let in_invocation = call.invocation.is_some();
        let fault = take_pending(&mut state.pending, call).or_else(|| {
            let tempest = state.tempest.as_mut().filter(|_| in_invocation)?;
            tempest.strike(call, attempt)
        });
        if let Some((failure, moment)) = fault {
            let count = state.injected.entry((call.service, failure, moment));
            *count.or_default() += 1;
        }
        fault
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which attempt of which operation a request is, as the SDK says in its headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attempt {
    /// `amz-sdk-invocation-id`, the same for every attempt of an operation.
    pub(super) operation: String,
    /// From 1 on.
    pub(super) number: u32,
}

fn take_pending(pending: &mut Vec<Fault>, call: &Call) -> Option<(Failure, Moment)> {
    let index = pending.iter_mut().position(|fault| {
        let concerned = fault
            .caller
            .as_deref()
            .is_none_or(|named| named == call.caller)
            && fault
                .operation
                .as_deref()
                .is_none_or(|named| named == call.operation);
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

/// How late a slow answer comes: later than what runs beside it.
pub(super) const LATE: Duration = Duration::from_millis(25);

const CUT: &str = "an injected cut of the connection";

impl Failure {
    /// What the SDK sees in place of the service's answer, `None` where nothing ever comes.
    /// `body` is the request's.
    pub(super) fn outcome(
        self,
        call: &Call,
        body: &[u8],
    ) -> Option<Result<HttpResponse, ConnectorError>> {
        Some(match self {
            Self::ServerError => Ok(refusal::server_error(call)),
            Self::Unavailable => Ok(refusal::unavailable(call)),
            Self::Throttle => Ok(refusal::throttled(call, body)),
            Self::Timeout => Err(ConnectorError::timeout("an injected timeout".into())),
            // who is cut off for long enough is slow
            Self::Cut | Self::Slow => Err(ConnectorError::io(CUT.into())),
            Self::Kill => return None,
        })
    }
}

/// The answer, of which only the first half comes.
pub(super) async fn cut(
    answer: Result<HttpResponse, ConnectorError>,
) -> Result<HttpResponse, ConnectorError> {
    let mut answer = answer?;
    let body = ByteStream::new(answer.take_body()).collect().await;
    let body = body.map_err(|error| ConnectorError::io(error.into()))?;
    let body = body.into_bytes();
    if body.is_empty() {
        return Err(ConnectorError::io(CUT.into()));
    }
    let half = Frame::data(body.slice(..body.len() / 2));
    let frames = [Ok(half), Err(io::Error::other(CUT))];
    let frames = StreamBody::new(futures::stream::iter(frames));
    *answer.body_mut() = SdkBody::from_body_1_x(frames);
    Ok(answer)
}

/// A call of DynamoDB that a function makes in an invocation.
#[cfg(test)]
pub(super) fn call_of(caller: &str, operation: &str) -> Call {
    Call {
        number: 0,
        caller: caller.to_owned(),
        invocation: Some("1".to_owned()),
        service: "dynamodb",
        operation: operation.to_owned(),
        status: None,
        read_units: 0.0,
        write_units: 0.0,
        injected: false,
        denied: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn take(faults: &Faults, caller: &str, operation: &str) -> Option<(Failure, Moment)> {
        faults.take(&call_of(caller, operation), &Attempt::default())
    }

    #[test]
    fn the_nth_call_fails_once() {
        let faults = Faults::default();
        faults.fail_nth("PutItem", 2, Failure::Timeout, Moment::After);
        assert_eq!(take(&faults, "F", "PutItem"), None);
        assert_eq!(take(&faults, "F", "GetItem"), None);
        assert_eq!(
            take(&faults, "F", "PutItem"),
            Some((Failure::Timeout, Moment::After))
        );
        assert_eq!(take(&faults, "F", "PutItem"), None);
        let counted = [(("dynamodb", Failure::Timeout, Moment::After), 1)];
        assert_eq!(faults.injected(), counted.into());
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
        assert_eq!(take(&faults, "B", "PutItem"), None);
        assert!(take(&faults, "A", "PutItem").is_some());
        assert_eq!(faults.pending(), 1);
        assert!(take(&faults, "A", "GetItem").is_some());
        assert_eq!(faults.pending(), 0);
    }
}
