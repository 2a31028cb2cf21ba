//! `assetbox replay`: what the functions have given up is given to them once more.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::check::machine;
use crate::machine::Machine;
use crate::template::Source;

/// What a replay did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Messages that went back to the queues that they came from.
    pub moved: usize,
    /// Notes of stream records that were given up. They tell of items, and hold none: the items
    /// themselves stand in their tables, where the sweep finds them.
    pub notes: usize,
}

impl Replayed {
    /// Nothing had been given up.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) async fn run(data: PathBuf) -> Result<(), Box<dyn Error>> {
    let machine = machine(data).await?;
    let outcome = replay_and_wait(&machine).await;
    machine.shutdown().await;
    let (replayed, again) = outcome?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} messages given to their functions again, {again} of them given up again",
        replayed.moved
    )?;
    writeln!(
        out,
        "{} notes of stream records cleared; the sweep delivers what they were about",
        replayed.notes
    )?;
    Ok(())
}

/// Returns what was replayed, and how many messages are dead letters afterwards.
async fn replay_and_wait(machine: &Machine) -> Result<(Replayed, u64), Box<dyn Error>> {
    let replayed = replay(machine).await?;
    machine.idle().await?;
    let mut again = 0;
    for queue in dead_letter_queues(machine) {
        again += machine.services().sqs().depth(&queue).await?.visible;
    }
    Ok((replayed, again))
}

/// Gives every dead letter of a queue back to its queue, has the functions whose streams had
/// records given up sweep their tables, and clears the notes of those records. What follows is
/// not waited for.
///
/// # Errors
/// A queue that can't be read, or a sweep that fails: the notes stay then.
pub async fn replay(machine: &Machine) -> Result<Replayed, Box<dyn Error>> {
    let sqs = machine.services().sqs();
    let mut replayed = Replayed::default();
    for queue in dead_letter_queues(machine) {
        replayed.moved += sqs.redrive(&queue).await?;
    }
    for (function, queue) in note_queues(machine) {
        if sqs.depth(&queue).await?.visible > 0 {
            machine.invoke(&function, json!({"task": "sweep"})).await?;
            replayed.notes += clear(machine, &queue).await?;
        }
    }
    Ok(replayed)
}

/// The queues to which redrive policies lead.
fn dead_letter_queues(machine: &Machine) -> Vec<String> {
    let queues = machine.model().queues.iter();
    let redrives = queues.filter_map(|queue| queue.redrive.as_ref());
    let mut names: Vec<_> = redrives.map(|redrive| redrive.queue.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The functions that read streams, with the queues that are told of what they gave up.
fn note_queues(machine: &Machine) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for function in &machine.model().functions {
        for source in &function.sources {
            if let Source::Stream(stream) = source
                && let Some(queue) = &stream.on_failure
            {
                found.push((function.id.clone(), queue.clone()));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

async fn clear(machine: &Machine, queue: &str) -> Result<usize, Box<dyn Error>> {
    let sqs = machine.services().sqs();
    let mut cleared = 0;
    loop {
        let notes = sqs.receive(queue, 10, Duration::ZERO).await?;
        if notes.is_empty() {
            return Ok(cleared);
        }
        for note in &notes {
            sqs.delete(queue, &note.receipt).await?;
        }
        cleared += notes.len();
    }
}
