//! A log of the AWS calls that functions made.

pub(super) mod units;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::template::Need;

/// One call, as it left its caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its place in the order of all calls, from 1.
    pub number: u64,
    /// The caller's label: a function's logical id, or what was given to `Machine::sdk_config`.
    pub caller: String,
    /// The id of the invocation that it was made in, if it was made in one.
    pub invocation: Option<String>,
    /// The service: `dynamodb`, `s3`, `sqs`, `kms`, `secretsmanager`, `ses` or `rekognition`.
    pub service: &'static str,
    /// The operation, as AWS names it: `TransactWriteItems`.
    pub operation: String,
    /// The status of the answer, `None` where none came.
    pub status: Option<u16>,
    /// The read capacity units of DynamoDB that it consumed, as the answer says: half a unit for
    /// up to 4 KB that need not be current. A refused call doesn't say.
    pub read_units: f64,
    /// The write capacity units of DynamoDB that it consumed, those of the indexes among them.
    pub write_units: f64,
    /// Whether the outcome was a fault that a test had asked for.
    pub injected: bool,
    /// What the caller's role does not allow, where the call was refused for it.
    pub denied: Option<Need>,
}

/// How many calls are remembered one by one.
const REMEMBERED: usize = 50_000;

/// The calls so far. Clones share the log.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    log: Arc<Mutex<Log>>,
}

#[derive(Debug, Default)]
struct Log {
    made: u64,
    calls: VecDeque<Call>,
    totals: BTreeMap<(&'static str, String), u64>,
}

impl Calls {
    /// The number of the last call: a mark for [`Calls::since`].
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.lock().made
    }

    /// The calls after a mark, in the order in which they ended; the last 50,000 are kept.
    #[must_use]
    pub fn since(&self, mark: u64) -> Vec<Call> {
        let log = self.lock();
        let calls = log.calls.iter().filter(|call| call.number > mark);
        calls.cloned().collect()
    }

    /// How often each operation of each service was called.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<(&'static str, String), u64> {
        self.lock().totals.clone()
    }

    pub(super) fn add(&self, mut call: Call) {
        let mut log = self.lock();
        log.made += 1;
        call.number = log.made;
        let total = log.totals.entry((call.service, call.operation.clone()));
        *total.or_default() += 1;
        if log.calls.len() == REMEMBERED {
            log.calls.pop_front();
        }
        log.calls.push_back(call);
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
