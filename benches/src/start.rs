//! From the process's start to the first answer, and what the process then holds.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::sleep;

use crate::Result;
use crate::client::Client;
use crate::labelling::{MANY, label};
use crate::pictures::Copies;
use crate::report::{median, spread, table};
use crate::service::{Memory, Profile, Service};

/// Starts of each kind, after one that doesn't count.
const RUNS: usize = 7;
/// After this a machine that is not used has come to rest.
const REST: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Figures {
    ready: Vec<f64>,
    memory: Vec<f64>,
    peak: Vec<f64>,
}

impl Figures {
    fn add_memory(&mut self, memory: &Memory) {
        self.memory.push(memory.now);
        self.peak.push(memory.peak);
    }

    fn row(&self, what: &str) -> Vec<String> {
        let ready = if self.ready.is_empty() {
            String::new()
        } else {
            spread(&self.ready, 2)
        };
        let peak = format!("{:.0}", median(&self.peak));
        vec![what.to_owned(), ready, spread(&self.memory, 0), peak]
    }
}

pub(crate) async fn measure() -> Result<String> {
    let program = Profile::Dev.build()?;
    once(&program, TempDir::new()?.path(), &mut Figures::default()).await?;
    let mut empty = Figures::default();
    for run in 1..=RUNS {
        once(&program, TempDir::new()?.path(), &mut empty).await?;
        println!("empty folder: {run} of {RUNS}");
    }
    let folder = TempDir::new()?;
    let worked = fill(&program, folder.path()).await?;
    let mut full = Figures::default();
    for run in 1..=RUNS {
        once(&program, folder.path(), &mut full).await?;
        println!("folder with data: {run} of {RUNS}");
    }
    Ok(report(&empty, &full, &worked))
}

async fn once(program: &Path, data: &Path, figures: &mut Figures) -> Result<()> {
    let service = Service::start(program, data).await?;
    figures.ready.push(service.ready().as_secs_f64());
    sleep(REST).await;
    figures.add_memory(&service.memory()?);
    service.stop().await
}

/// A folder with a person and many pictures; what the process holds after that.
async fn fill(program: &Path, data: &Path) -> Result<Figures> {
    let service = Service::start(program, data).await?;
    let client = Client::sign_up(service.url()).await?;
    println!("{MANY} pictures are uploaded and labelled");
    label(&client, Copies::new()?.take(MANY)).await?;
    sleep(REST).await;
    let mut figures = Figures::default();
    figures.add_memory(&service.memory()?);
    service.stop().await?;
    Ok(figures)
}

fn report(empty: &Figures, full: &Figures, worked: &Figures) -> String {
    let rows = [
        empty.row("empty folder"),
        full.row(&format!("folder with {MANY} pictures")),
        worked.row(&format!("after labelling {MANY} pictures, not restarted")),
    ];
    let rest = REST.as_secs();
    let what = format!(
        "Profile dev, {RUNS} starts of each kind. Median (least to most). Ready is the first answer \
         of `GET /policies`; idle memory is what is resident {rest} s after that.\n\n"
    );
    let head = ["", "ready, s", "idle memory, MiB", "peak memory, MiB"];
    what + &table(&head, &rows)
}
