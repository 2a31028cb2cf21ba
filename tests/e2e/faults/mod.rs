//! AWS fails: throttled, away, too slow, cut off, with answers lost after the deed. Nothing is
//! lost, nothing is doubled, and whoever asks is told to ask again.

mod dead_letters;
mod end;
mod lost_answers;
mod patient;
mod town;

use assetbox::cloud::{Failure, Injected, Moment, Storm};

use end::End;
use town::Town;

/// The services that the functions call in their invocations.
const SERVICES: [&str; 6] = ["dynamodb", "s3", "ses", "rekognition", "kms", "sqs"];
/// How many faults a day in the storm has at the least.
const FAULTS: u64 = 1_000;

/// The database is called most and is hit at every second operation, the others at every one.
/// What the SDK repeats succeeds but for a few, which whoever called sees.
fn storm(seed: u64) -> Storm {
    Storm {
        seed,
        hit: |service| if service == "dynamodb" { 50 } else { 100 },
        stubborn: 5,
    }
}

/// `FAULT_SEEDS=1,2,3` runs more days than one.
fn seeds() -> Vec<u64> {
    let text = std::env::var("FAULT_SEEDS").unwrap_or_else(|_| "1".to_owned());
    let seeds = text.split(',').map(|seed| seed.trim().parse());
    seeds
        .collect::<Result<_, _>>()
        .expect("FAULT_SEEDS are numbers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_a_storm_ends_as_a_calm_one() {
    let calm = calm_day();
    let mut stormy = Vec::new();
    for seed in seeds() {
        stormy.push(stormy_day(seed));
    }
    let (calm, stormy) = futures::future::join(calm, futures::future::join_all(stormy)).await;
    for end in stormy {
        assert_eq!(end, calm);
    }
}

async fn calm_day() -> End {
    let town = Town::found().await;
    let people = town.live().await;
    let end = town.end(&people).await;
    let sent = town.machine.entries("letter.sent").await.len();
    assert_eq!(town.machine.mails().await.len(), sent, "each letter once");
    end
}

async fn stormy_day(seed: u64) -> End {
    let town = Town::found().await;
    town.machine.faults().storm(storm(seed));
    let people = town.live().await;
    let injected = town.machine.faults().injected();
    let end = town.end(&people).await;
    let replayed = town.replayed.get();
    say(&format!(
        "seed {seed}, {replayed} dead letters replayed\n{}",
        table(&injected)
    ));
    every_kind_came(&injected);
    letters_are_doubled_by_lost_answers_only(&town, &injected).await;
    end
}

fn every_kind_came(injected: &Injected) {
    for service in SERVICES {
        for (failure, moment) in Storm::TURNS {
            let times = injected.get(&(service, failure, moment));
            assert!(times.is_some(), "{service}: {failure:?} {moment:?}");
        }
    }
    let all: u64 = injected.values().sum();
    assert!(all >= FAULTS, "{all} faults");
}

/// SES has no word by which it knows a letter again. So a letter goes out once more for each
/// answer of SES that was lost, and when the database would not take the note that it had gone.
async fn letters_are_doubled_by_lost_answers_only(town: &Town, injected: &Injected) {
    let sent = town.machine.entries("letter.sent").await.len();
    let went_out = town.machine.mails().await.len();
    let calls = town.machine.calls().since(0);
    let sendings = calls.iter().filter(|call| call.operation == "SendRawEmail");
    let carried_out = sendings.filter(|call| call.status == Some(200)).count();
    assert_eq!(went_out, carried_out, "a letter for each call");
    let lost: u64 = injected
        .iter()
        .filter(|((service, failure, moment), _)| {
            *service == "ses" && *moment == Moment::After && *failure != Failure::Slow
        })
        .map(|(_, times)| times)
        .sum();
    let notes = calls.iter().filter(|call| {
        call.injected && call.caller == "OutboxFunction" && call.operation == "TransactWriteItems"
    });
    let bound = sent + usize::try_from(lost).unwrap() + notes.count();
    assert!(
        (sent..=bound).contains(&went_out),
        "{sent} {went_out} {bound}"
    );
}

/// The failures by service and kind, as a table.
fn table(injected: &Injected) -> String {
    let mut lines = vec![
        format!("| | {} | all |", SERVICES.join(" | ")),
        format!("|---|{}", "---:|".repeat(SERVICES.len() + 1)),
    ];
    for (failure, moment) in Storm::TURNS {
        let times = |service: &'static str| injected.get(&(service, failure, moment)).copied();
        let row = SERVICES.map(|service| times(service).unwrap_or_default());
        let cells = row.map(|times| times.to_string()).join(" | ");
        let all: u64 = row.iter().sum();
        lines.push(format!("| {failure:?} {moment:?} | {cells} | {all} |"));
    }
    let all: u64 = injected.values().sum();
    lines.push(format!("{all} faults in all"));
    lines.join("\n")
}

#[expect(
    clippy::print_stdout,
    reason = "the table is what --nocapture asks for"
)]
fn say(text: &str) {
    println!("{text}");
}
