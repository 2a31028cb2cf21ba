//! Requests per second: a closed loop over connections that stay open. Each sends its next
//! request when the answer to the last has come, so no request waits for another of its own
//! connection, and the latencies are those of this many patient clients.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hdrhistogram::Histogram;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;
use crate::client::{Client, announced};
use crate::labelling::label;
use crate::pictures::Copies;
use crate::report::{median, table};
use crate::service::{Profile, Service};

const CONNECTIONS: [usize; 2] = [1, 16];
/// Runs of each route, profile and number of connections, after a warm-up.
const RUNS: usize = 3;
const WARM_UP: Duration = Duration::from_secs(2);
const RUN: Duration = Duration::from_secs(5);

/// What is asked again and again.
struct Target {
    route: &'static str,
    request: Request<Full<Bytes>>,
    status: StatusCode,
}

/// Latencies in microseconds, in a whole run.
struct Run {
    latencies: Histogram<u64>,
    seconds: f64,
}

pub(crate) async fn measure() -> Result<String> {
    let mut rows = Vec::new();
    for profile in [Profile::Dev, Profile::Bench] {
        let program = profile.build()?;
        let folder = TempDir::new()?;
        let service = Service::start(&program, folder.path()).await?;
        let client = Client::sign_up(service.url()).await?;
        for target in targets(&service, &client).await? {
            for connections in CONNECTIONS {
                println!(
                    "{}, profile {}, {connections} connections",
                    target.route,
                    profile.name()
                );
                let mut row = vec![
                    target.route.to_owned(),
                    profile.name().to_owned(),
                    connections.to_string(),
                ];
                row.extend(figures(&service, &target, connections).await?);
                rows.push(row);
            }
        }
        service.stop().await?;
    }
    let what = format!(
        "Medians of {RUNS} runs of {} s after a warm-up. The load comes from the same machine, over \
         connections that stay open, from one signed-in person; every answer was a success.\n\n",
        RUN.as_secs()
    );
    let head = [
        "route",
        "profile",
        "connections",
        "requests per second",
        "median, ms",
        "p99, ms",
    ];
    Ok(what + &table(&head, &rows))
}

/// The two routes. Uploads of one byte are begun, so that the trial's quota lasts.
async fn targets(service: &Service, client: &Client) -> Result<[Target; 2]> {
    label(client, Copies::new()?.take(1)).await?;
    let assets = client.get("/assets").await?;
    let asset = assets["items"][0]["id"]
        .as_str()
        .ok_or("there is no asset")?;
    let form = announced(1, &"0".repeat(64)).to_string();
    let host = service.url().trim_start_matches("http://");
    let authorization = client.authorization().ok_or("nobody is signed in")?;
    let request = |request: http::request::Builder| {
        request
            .header(header::HOST, host)
            .header(header::AUTHORIZATION, &authorization)
    };
    let read = request(Request::get(format!("/assets/{asset}"))).body(Full::default())?;
    let begin = request(Request::post("/uploads"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::from(form))?;
    Ok([
        Target {
            route: "GET /assets/{id}",
            request: read,
            status: StatusCode::OK,
        },
        Target {
            route: "POST /uploads",
            request: begin,
            status: StatusCode::CREATED,
        },
    ])
}

/// Requests per second, median and 99th percentile.
async fn figures(service: &Service, target: &Target, connections: usize) -> Result<[String; 3]> {
    run(service, target, connections, WARM_UP).await?;
    let mut figures: [Vec<f64>; 3] = Default::default();
    for _ in 0..RUNS {
        let run = run(service, target, connections, RUN).await?;
        let milliseconds =
            |quantile: f64| run.latencies.value_at_quantile(quantile) as f64 / 1000.0;
        figures[0].push(run.latencies.len() as f64 / run.seconds);
        figures[1].push(milliseconds(0.5));
        figures[2].push(milliseconds(0.99));
    }
    let [rate, half, most] = figures.map(|figures| median(&figures));
    Ok([
        format!("{rate:.0}"),
        format!("{half:.1}"),
        format!("{most:.1}"),
    ])
}

async fn run(
    service: &Service,
    target: &Target,
    connections: usize,
    length: Duration,
) -> Result<Run> {
    let address = service.url().trim_start_matches("http://").to_owned();
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let (request, status) = (target.request.clone(), target.status);
        clients.spawn(connection(address.clone(), request, status, began + length));
    }
    let mut latencies = Histogram::new(3)?;
    while let Some(client) = clients.join_next().await {
        latencies.add(client??)?;
    }
    Ok(Run {
        latencies,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// One connection's requests, one after the other.
async fn connection(
    address: String,
    request: Request<Full<Bytes>>,
    expected: StatusCode,
    end: Instant,
) -> Result<Histogram<u64>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // a connection that breaks fails the request that is under way
    tokio::spawn(connection);
    let mut latencies = Histogram::new(3)?;
    while Instant::now() < end {
        sender.ready().await?;
        let began = Instant::now();
        let answer = sender.send_request(request.clone()).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        latencies.record(u64::try_from(began.elapsed().as_micros())?)?;
        if status != expected {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("{status}: {body}").into());
        }
    }
    Ok(latencies)
}
