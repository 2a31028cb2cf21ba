//! `picture::render` beside npm's sharp: the same pictures, in turn.

mod generate;
mod sharp;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use picture::{Limits, Renditions, render, sniff};
use tempfile::TempDir;

use crate::Result;
use crate::pictures::shipped;
use crate::report::{median, table};
use sharp::Sharp;

/// Runs of each picture, after one that doesn't count.
const RUNS: usize = 7;
/// Rounds on all cores.
const ROUNDS: usize = 3;
/// How long a round goes on at least.
const ROUND: Duration = Duration::from_secs(5);

struct Picture {
    name: String,
    path: PathBuf,
    bytes: Vec<u8>,
    content_type: &'static str,
}

pub(crate) fn measure() -> Result<String> {
    let mut sharp = Sharp::start()?;
    println!("pictures are generated");
    let folder = TempDir::new()?;
    generate::fill(folder.path())?;
    sharp.make_webp(
        &folder.path().join("camera-12-megapixels.jpg"),
        &folder.path().join("photograph-6-megapixels-lossy.webp"),
    )?;
    let mut files = fs::read_dir(folder.path())?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.sort();
    let generated = read(&files)?;
    let shipped = read(&shipped()?)?;

    let mut rows = Vec::new();
    for picture in generated.iter().chain(&shipped) {
        println!("{}", picture.name);
        rows.push(one_by_one(picture, &mut sharp)?);
    }
    let cores = std::thread::available_parallelism()?.get();
    let groups = [
        ("all generated pictures", &generated),
        ("all shipped pictures", &shipped),
    ];
    let mut rates = Vec::new();
    for (what, pictures) in groups {
        println!("{what}, {cores} cores");
        rates.push(on_all_cores(what, pictures, cores, &mut sharp)?);
    }
    Ok(report(&rows, &rates, cores, sharp.version()))
}

fn read(files: &[PathBuf]) -> Result<Vec<Picture>> {
    files.iter().map(|file| picture(file)).collect()
}

fn picture(file: &Path) -> Result<Picture> {
    let bytes = fs::read(file)?;
    let format = sniff(&bytes).ok_or("a picture of no known format")?;
    let name = file.file_name().unwrap_or_default();
    Ok(Picture {
        name: name.to_string_lossy().into_owned(),
        path: file.to_owned(),
        content_type: format.content_type(),
        bytes,
    })
}

fn rendered(picture: &Picture) -> Result<Renditions> {
    let renditions = render(&picture.bytes, picture.content_type, &Limits::default())?;
    Ok(black_box(renditions))
}

/// A picture's row: medians of one thread of each, in turn.
fn one_by_one(picture: &Picture, sharp: &mut Sharp) -> Result<Vec<String>> {
    let renditions = rendered(picture)?;
    let our_bytes = renditions.preview.bytes.len() + renditions.thumbnail.bytes.len();
    let their_bytes = sharp.render(&picture.path)?.bytes;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let began = Instant::now();
        rendered(picture)?;
        ours.push(began.elapsed().as_secs_f64() * 1000.0);
        theirs.push(sharp.render(&picture.path)?.milliseconds);
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    Ok(vec![
        picture.name.clone(),
        format!("{ours:.1}"),
        format!("{theirs:.1}"),
        format!("{:.2}", theirs / ours),
        (our_bytes / 1000).to_string(),
        (their_bytes / 1000).to_string(),
    ])
}

/// A group's row: pictures per second of each on all cores, in turn.
fn on_all_cores(
    what: &str,
    pictures: &[Picture],
    cores: usize,
    sharp: &mut Sharp,
) -> Result<Vec<String>> {
    let paths: Vec<&Path> = pictures
        .iter()
        .map(|picture| picture.path.as_path())
        .collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(pictures_per_second(pictures, cores)?);
        theirs.push(sharp.pictures_per_second(&paths, cores, ROUND)?);
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    Ok(vec![
        what.to_owned(),
        format!("{ours:.1}"),
        format!("{theirs:.1}"),
        format!("{:.2}", ours / theirs),
    ])
}

/// Whole passes over the pictures on as many threads as there are cores.
fn pictures_per_second(pictures: &[Picture], cores: usize) -> Result<f64> {
    let began = Instant::now();
    let passes = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores)
            .map(|_| scope.spawn(|| passes(pictures, began)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("a thread broke off".into()))
            })
            .sum::<Result<usize>>()
    })?;
    Ok((passes * pictures.len()) as f64 / began.elapsed().as_secs_f64())
}

fn passes(pictures: &[Picture], began: Instant) -> Result<usize> {
    let mut passes = 0;
    while began.elapsed() < ROUND {
        for picture in pictures {
            rendered(picture)?;
        }
        passes += 1;
    }
    Ok(passes)
}

fn report(rows: &[Vec<String>], rates: &[Vec<String>], cores: usize, sharp: &str) -> String {
    let head = [
        "one thread each, ms a picture",
        "renditions",
        sharp,
        "faster by",
        "our kB",
        "sharp's kB",
    ];
    let rate_head = [
        &format!("pictures per second on {cores} cores"),
        "renditions",
        sharp,
        "faster by",
    ];
    format!(
        "Profile bench. Medians of {RUNS} runs in turn; on all cores, of {ROUNDS} rounds in turn. \
         Above 1 is faster than sharp. kB are of preview and thumbnail together.\n\n{}\n{}",
        table(&head, rows),
        table(&rate_head, rates)
    )
}
