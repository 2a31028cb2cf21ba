//! Counting a function's AWS calls and the capacity units that they consume.

use std::collections::BTreeMap;
use std::fmt;

use assetbox::cloud::Call;

use crate::TestMachine;

/// A point in the log of calls, and whose calls count from there.
pub struct Count<'m> {
    machine: &'m TestMachine,
    function: String,
    mark: u64,
}

impl TestMachine {
    /// Begins to count a function's calls.
    pub fn count(&self, function: &str) -> Count<'_> {
        Count {
            machine: self,
            function: function.to_owned(),
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

/// What some calls consumed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// How many calls there were.
    pub calls: u32,
    /// Read capacity units of DynamoDB.
    pub read: f64,
    /// Write capacity units of DynamoDB.
    pub write: f64,
    /// How many of the calls DynamoDB refused: it bills a refused write too, and doesn't say what.
    pub refused: u32,
}

impl Spent {
    /// What these calls consumed.
    #[must_use]
    pub fn by(calls: &[Call]) -> Self {
        calls.iter().fold(Self::default(), |spent, call| {
            let refused = call.service == "dynamodb" && call.status != Some(200);
            Self {
                calls: spent.calls + 1,
                read: spent.read + call.read_units,
                write: spent.write + call.write_units,
                refused: spent.refused + u32::from(refused),
            }
        })
    }

    /// Whether this is no more than a budget, in each.
    #[must_use]
    pub fn within(&self, budget: &Self) -> bool {
        self.calls <= budget.calls
            && self.read <= budget.read
            && self.write <= budget.write
            && self.refused <= budget.refused
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            calls,
            read,
            write,
            refused,
        } = self;
        write!(f, "{calls} calls, {read} read units, {write} write units")?;
        match refused {
            0 => Ok(()),
            refused => write!(f, ", {refused} refused"),
        }
    }
}

/// Which calls these are, by name: `BatchGetItem, 2 Query`.
#[must_use]
pub fn which(calls: &[Call]) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for call in calls {
        *counts.entry(&call.operation).or_default() += 1;
    }
    let named = counts.into_iter().map(|(operation, count)| match count {
        1 => operation.to_owned(),
        more => format!("{more} {operation}"),
    });
    named.collect::<Vec<_>>().join(", ")
}
