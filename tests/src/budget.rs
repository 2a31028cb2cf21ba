//! Counting a function's AWS calls.

use assetbox::cloud::Call;

use crate::TestMachine;

/// A point in the log of calls, and whose calls count from there.
pub struct Count<'m> {
    machine: &'m TestMachine,
    function: &'static str,
    mark: u64,
}

impl TestMachine {
    /// Begins to count a function's calls.
    pub fn count(&self, function: &'static str) -> Count<'_> {
        Count {
            machine: self,
            function,
            mark: self.calls().mark(),
        }
    }
}

impl Count<'_> {
    /// The calls since, in their order.
    pub fn calls(&self) -> Vec<Call> {
        let calls = self.machine.calls().since(self.mark);
        calls
            .into_iter()
            .filter(|call| call.caller == self.function)
            .collect()
    }

    /// How many calls there were.
    pub fn total(&self) -> usize {
        self.calls().len()
    }

    /// How many calls of an operation there were.
    pub fn of(&self, operation: &str) -> usize {
        self.calls()
            .iter()
            .filter(|call| call.operation == operation)
            .count()
    }

    /// The operations, in their order.
    pub fn operations(&self) -> Vec<String> {
        self.calls()
            .into_iter()
            .map(|call| call.operation)
            .collect()
    }
}
