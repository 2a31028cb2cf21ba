//! Cold starts: from a process's start to its first answer on Lambda's Runtime API, for each real
//! bootstrap, and for the work of `POST /uploads` beside Node and Python.

mod contest;
mod events;
mod peers;

use std::env;
use std::path::PathBuf;

use assetbox_tests::TestMachine;
use assetbox_tests::lambda::{Bootstrap, environment};

use crate::Result;
use crate::report::{median, root, spread, table};
use contest::Contestant;
use events::{Question, UPLOADS, questions};
use peers::Peer;

/// Starts of each program, after one that doesn't count.
const STARTS: usize = 30;

pub(crate) async fn measure() -> Result<String> {
    let peers = [Peer::node()?, Peer::python()?];
    let machine = TestMachine::start().await;
    let questions = questions(&machine).await?;
    let mut contestants = Vec::new();
    for question in &questions {
        contestants.push(ours(&machine, question).await?);
    }
    let uploads = questions
        .iter()
        .find(|question| question.function == UPLOADS)
        .ok_or("uploads is not asked")?;
    for peer in peers {
        let environment = environment(&machine, UPLOADS).await;
        contestants.push(peer.contestant(environment, uploads.clone()));
    }
    println!("one start of each that doesn't count");
    for contestant in &contestants {
        let answer = contestant.start().await?.answer;
        if contestant.question.function == UPLOADS {
            events::takes_the_file(&machine, &answer).await?;
        }
    }
    machine.settled().await;
    for round in 1..=STARTS {
        // each once a round, so that whatever else the machine does meets all of them
        for contestant in &mut contestants {
            let took = contestant.start().await?.took;
            contestant.milliseconds.push(took.as_secs_f64() * 1000.0);
        }
        println!("{round} of {STARTS}");
    }
    machine.shutdown().await;
    Ok(report(&contestants))
}

/// Where `cargo lambda build` or `sam build` has left the bootstraps.
fn folder() -> PathBuf {
    let named = env::var_os("ASSETBOX_BOOTSTRAPS").unwrap_or_else(|| "target/lambda".into());
    root().join(named)
}

async fn ours(machine: &TestMachine, question: &Question) -> Result<Contestant> {
    let (folder, function) = (folder(), question.function.as_str());
    let bootstrap = Bootstrap::in_folder(&folder, function).ok_or_else(|| {
        let folder = folder.display();
        format!("there is no bootstrap of {function} in {folder}: build them, or name another folder by ASSETBOX_BOOTSTRAPS")
    })?;
    let environment = environment(machine, function).await;
    Ok(Contestant::bootstrap(
        bootstrap,
        environment,
        question.clone(),
    ))
}

fn report(contestants: &[Contestant]) -> String {
    let of_uploads: Vec<_> = contestants
        .iter()
        .filter(|contestant| contestant.question.function == UPLOADS)
        .collect();
    let ours = median(&of_uploads[0].milliseconds);
    let beside = of_uploads.iter().map(|contestant| {
        let ratio = median(&contestant.milliseconds) / ours;
        vec![
            contestant.name.clone(),
            spread(&contestant.milliseconds, 1),
            format!("{ratio:.1}"),
        ]
    });
    let each = contestants.iter().filter(|contestant| contestant.is_ours());
    let each = each.map(|contestant| {
        vec![
            contestant.name.clone(),
            spread(&contestant.milliseconds, 1),
            contestant.question.what.to_owned(),
        ]
    });
    format!(
        "Profile release, as deployed. {STARTS} starts of each, in turn, one at a time, after one that \
         doesn't count. Median (least to most).\n\n{}\n{}",
        table(
            &[
                "signed-in `POST /uploads`",
                "first answer, ms",
                "times ours"
            ],
            &beside.collect::<Vec<_>>()
        ),
        table(
            &["bootstrap", "first answer, ms", "to"],
            &each.collect::<Vec<_>>()
        ),
    )
}
