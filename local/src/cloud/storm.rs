//! Failures without end, of every kind by turns, at calls that a seed picks.

use std::collections::{BTreeMap, HashSet};

use sha2::{Digest, Sha256};

use super::calls::Call;
use super::faults::{Attempt, Failure, Moment};

/// Bad weather. Whether an operation is hit depends on the seed, the caller, the operation's name
/// and how often the caller has called it, so that the same work is hit alike whatever runs beside
/// it. How it is hit goes by turns, for each service on its own.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// Another seed picks other operations.
    pub seed: u64,
    /// How many of a hundred operations of a service are hit.
    pub hit: fn(service: &str) -> u64,
    /// How many of a hundred operations that are hit fail again whenever the SDK repeats them, so
    /// that their caller sees it. The others succeed when they are repeated.
    pub stubborn: u64,
}

impl Storm {
    /// The ways in which a call fails, in their turns.
    pub const TURNS: [(Failure, Moment); 9] = [
        (Failure::Timeout, Moment::After),
        (Failure::Throttle, Moment::Before),
        (Failure::Cut, Moment::After),
        (Failure::ServerError, Moment::Before),
        (Failure::Slow, Moment::After),
        (Failure::Unavailable, Moment::Before),
        (Failure::ServerError, Moment::After),
        (Failure::Timeout, Moment::Before),
        (Failure::Cut, Moment::Before),
    ];
}

/// A storm under way.
#[derive(Debug)]
pub(super) struct Tempest {
    storm: Storm,
    /// How often each caller has called each operation.
    begun: BTreeMap<(String, String), u64>,
    /// Whose turn it is at each service.
    turns: BTreeMap<&'static str, usize>,
    /// The operations, by the SDK's ids, that fail at every attempt.
    lost: HashSet<String>,
}

impl Tempest {
    pub(super) fn new(storm: Storm) -> Self {
        Self {
            storm,
            begun: BTreeMap::new(),
            turns: BTreeMap::new(),
            lost: HashSet::new(),
        }
    }

    /// How this call fails, if it does.
    pub(super) fn strike(&mut self, call: &Call, attempt: &Attempt) -> Option<(Failure, Moment)> {
        let struck = if attempt.number > 1 {
            self.lost.contains(&attempt.operation)
        } else {
            self.begins(call, attempt)
        };
        struck.then(|| self.next_turn(call.service))
    }

    fn begins(&mut self, call: &Call, attempt: &Attempt) -> bool {
        let begun = self
            .begun
            .entry((call.caller.clone(), call.operation.clone()));
        let number = begun.or_default();
        *number += 1;
        let place = format!(
            "{} {} {} {number}",
            self.storm.seed, call.caller, call.operation
        );
        let drawn = draw(&place);
        let is_hit = drawn % 100 < (self.storm.hit)(call.service);
        if is_hit && (drawn / 100) % 100 < self.storm.stubborn {
            self.lost.insert(attempt.operation.clone());
        }
        is_hit
    }

    fn next_turn(&mut self, service: &'static str) -> (Failure, Moment) {
        let turn = self.turns.entry(service).or_default();
        let kind = Storm::TURNS[*turn % Storm::TURNS.len()];
        *turn += 1;
        kind
    }
}

/// A number that looks random, always the same for the same text.
fn draw(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    let first = digest.first_chunk().copied().unwrap_or_default();
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::cloud::faults::call_of;

    fn tempest(seed: u64, stubborn: u64) -> Tempest {
        Tempest::new(Storm {
            seed,
            hit: |service| if service == "dynamodb" { 50 } else { 0 },
            stubborn,
        })
    }

    fn attempt(operation: usize, number: u32) -> Attempt {
        Attempt {
            operation: operation.to_string(),
            number,
        }
    }

    fn struck(tempest: &mut Tempest, count: usize) -> Vec<Option<(Failure, Moment)>> {
        let call = call_of("F", "PutItem");
        (0..count)
            .map(|n| tempest.strike(&call, &attempt(n, 1)))
            .collect()
    }

    #[test]
    fn the_same_seed_hits_the_same_calls_and_another_does_not() {
        let first = struck(&mut tempest(1, 0), 200);
        assert_eq!(first, struck(&mut tempest(1, 0), 200));
        assert_ne!(first, struck(&mut tempest(2, 0), 200));
        let hits = first.iter().flatten().count();
        assert!((60..140).contains(&hits), "{hits} of 200");
        let kinds: Vec<_> = first.into_iter().flatten().take(9).collect();
        assert_eq!(kinds, Storm::TURNS);
    }

    #[test]
    fn what_runs_beside_does_not_change_which_calls_are_hit() {
        let other = call_of("G", "GetItem");
        let mut disturbed = tempest(1, 0);
        let call = call_of("F", "PutItem");
        let hits: Vec<_> = (0..100)
            .map(|n| {
                disturbed.strike(&other, &attempt(1_000 + n, 1));
                disturbed.strike(&call, &attempt(n, 1)).is_some()
            })
            .collect();
        let alone: Vec<_> = struck(&mut tempest(1, 0), 100)
            .iter()
            .map(Option::is_some)
            .collect();
        assert_eq!(hits, alone);
    }

    #[test]
    fn a_repeated_call_succeeds_unless_the_failure_is_stubborn() {
        for (stubborn, again) in [(0, false), (100, true)] {
            let mut tempest = tempest(1, stubborn);
            let hits = struck(&mut tempest, 20);
            let call = call_of("F", "PutItem");
            for (n, hit) in hits.iter().enumerate() {
                for number in [2, 3] {
                    let repeated = tempest.strike(&call, &attempt(n, number)).is_some();
                    assert_eq!(repeated, again && hit.is_some());
                }
            }
        }
    }

    #[test]
    fn a_service_that_the_storm_spares_is_not_hit() {
        let mut tempest = tempest(1, 0);
        let call = Call {
            service: "s3",
            ..call_of("F", "PutObject")
        };
        assert!((0..100).all(|n| tempest.strike(&call, &attempt(n, 1)).is_none()));
    }
}
