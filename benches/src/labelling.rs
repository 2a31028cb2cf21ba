//! From `POST /uploads` to labels that can be read.

use std::time::Instant;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::Result;
use crate::client::Client;
use crate::pictures::Copies;
use crate::report::{spread, table};
use crate::service::{Profile, Service};

/// How many pictures make a crowd.
pub(crate) const MANY: usize = 100;
/// Fresh machines.
const MACHINES: usize = 3;
/// Single pictures on each machine, after its first.
const SINGLES: usize = 5;
/// Uploads under way at a time: what browsers open to one host.
const AT_ONCE: usize = 6;

#[derive(Default)]
struct Seconds {
    first: Vec<f64>,
    single: Vec<f64>,
    many: Vec<f64>,
}

pub(crate) async fn measure() -> Result<String> {
    let program = Profile::Dev.build()?;
    let mut copies = Copies::new()?;
    let mut seconds = Seconds::default();
    for machine in 1..=MACHINES {
        let folder = TempDir::new()?;
        let service = Service::start(&program, folder.path()).await?;
        let client = Client::sign_up(service.url()).await?;
        seconds.first.push(timed(&client, copies.take(1)).await?);
        for _ in 0..SINGLES {
            seconds.single.push(timed(&client, copies.take(1)).await?);
        }
        seconds.many.push(timed(&client, copies.take(MANY)).await?);
        println!("machine {machine} of {MACHINES}");
        service.stop().await?;
    }
    Ok(report(&seconds))
}

async fn timed(client: &Client, pictures: Vec<Bytes>) -> Result<f64> {
    let began = Instant::now();
    label(client, pictures).await?;
    Ok(began.elapsed().as_secs_f64())
}

/// Uploads pictures, some at a time, and waits until each has its labels.
pub(crate) async fn label(client: &Client, pictures: Vec<Bytes>) -> Result<()> {
    let mut uploads = JoinSet::new();
    let mut assets = Vec::with_capacity(pictures.len());
    for picture in pictures {
        if uploads.len() == AT_ONCE {
            assets.extend(uploads.join_next().await.transpose()?.transpose()?);
        }
        let client = client.clone();
        uploads.spawn(async move { client.upload(picture).await });
    }
    while let Some(asset) = uploads.join_next().await {
        assets.push(asset??);
    }
    for asset in assets {
        client.labelled(&asset).await?;
    }
    Ok(())
}

fn report(seconds: &Seconds) -> String {
    let row = |what: &str, figures: &[f64]| {
        vec![
            what.to_owned(),
            spread(figures, 2),
            figures.len().to_string(),
        ]
    };
    let rows = [
        row("1 picture, the first after the start", &seconds.first),
        row("1 picture", &seconds.single),
        row(&format!("{MANY} pictures"), &seconds.many),
    ];
    let what = format!(
        "Profile dev, {MACHINES} fresh machines. Median (least to most). \
         The {MANY} are uploaded {AT_ONCE} at a time.\n\n"
    );
    what + &table(
        &["from the first upload to the last label", "seconds", "runs"],
        &rows,
    )
}
