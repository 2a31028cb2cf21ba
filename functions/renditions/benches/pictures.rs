//! Pictures per second of `renditions::picture::render`.
//!
//! `cargo bench -p renditions --bench pictures -- --folder DIR [--json FILE]` renders every picture
//! of the folder, which `--generate` fills if it isn't there and does nothing else. compare.sh
//! beside this file runs npm's sharp on the same pictures.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout
)]

mod generate;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use renditions::picture::{Limits, render, sniff};

/// Runs per picture; the median counts.
const RUNS: usize = 7;
/// How long the pass on all cores goes on.
const THROUGHPUT: Duration = Duration::from_secs(10);

struct Picture {
    name: String,
    bytes: Vec<u8>,
    content_type: &'static str,
}

fn main() {
    let folder = PathBuf::from(option("--folder").expect("--folder DIR"));
    if std::env::args().any(|argument| argument == "--generate") {
        if !folder.is_dir() {
            generate::fill(&folder);
        }
        return;
    }
    let pictures = pictures(&folder);
    let medians: Vec<(&str, f64)> = pictures
        .iter()
        .map(|picture| (picture.name.as_str(), median_milliseconds(picture)))
        .collect();
    for (name, milliseconds) in &medians {
        println!("{milliseconds:9.1} ms  {name}");
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    let per_second = pictures_per_second(&pictures, cores);
    println!("{per_second:9.1} pictures per second on {cores} cores");
    if let Some(file) = option("--json") {
        let report = serde_json::json!({
            "milliseconds": medians.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "per_second": per_second,
        });
        fs::write(file, report.to_string()).unwrap();
    }
}

fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == name)?;
    arguments.next()
}

fn pictures(folder: &Path) -> Vec<Picture> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().filter_map(|file| picture(file)).collect()
}

fn picture(file: &Path) -> Option<Picture> {
    let bytes = fs::read(file).ok()?;
    let content_type = sniff(&bytes)?.content_type();
    let name = file.file_name()?.to_string_lossy().into_owned();
    Some(Picture {
        name,
        bytes,
        content_type,
    })
}

fn run(picture: &Picture) {
    let renditions = render(&picture.bytes, picture.content_type, &Limits::default());
    black_box(renditions.expect(&picture.name));
}

fn median_milliseconds(picture: &Picture) -> f64 {
    run(picture);
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run(picture);
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

/// Whole rounds of all pictures on as many threads as there are cores.
fn pictures_per_second(pictures: &[Picture], threads: usize) -> f64 {
    let start = Instant::now();
    let rounds: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| rounds(pictures, start)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rendered = (rounds * pictures.len()) as f64;
    rendered / start.elapsed().as_secs_f64()
}

fn rounds(pictures: &[Picture], start: Instant) -> usize {
    let mut rounds = 0;
    while start.elapsed() < THROUGHPUT {
        pictures.iter().for_each(run);
        rounds += 1;
    }
    rounds
}
