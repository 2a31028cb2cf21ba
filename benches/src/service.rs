//! The real program in a process of its own.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assetbox_tests::cargo;
use serde_json::Value;
use tokio::time::sleep;

use crate::client::Client;
use crate::report::field;
use crate::{Failure, Result};

/// Longer than any start or end takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// How finely the start is measured.
const POLL: Duration = Duration::from_millis(2);

/// How the program is compiled.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    /// What `cargo run` takes.
    Dev,
    /// Optimised throughout.
    Bench,
}

impl Profile {
    /// Its name in Cargo.toml.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Bench => "bench",
        }
    }

    /// Builds the program, unless it is there, and says where it is.
    pub(crate) fn build(self) -> Result<PathBuf> {
        println!("building assetbox, profile {}", self.name());
        let mut build = cargo();
        build.args(["build", "--package", "assetbox", "--profile", self.name()]);
        if matches!(self, Self::Bench) {
            // with the features that this benchmark was built with, so that most is there already
            build.args(["--package", "assetbox-benches"]);
        }
        build.args(["--message-format", "json-render-diagnostics"]);
        let output = build.stderr(Stdio::inherit()).output()?;
        let messages = String::from_utf8(output.stdout)?;
        let program = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["target"]["name"] == "assetbox")
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
        program.ok_or_else(|| "assetbox can't be built".into())
    }
}

/// A running program. It is killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    url: String,
    ready: Duration,
}

/// What a process holds, in MiB.
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) now: f64,
    /// The most that was resident.
    pub(crate) peak: f64,
}

impl Service {
    /// Starts the program and waits until its API answers.
    pub(crate) async fn start(program: &Path, data: &Path) -> Result<Self> {
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        let client = Client::new(&url);
        let mut command = Command::new(program);
        command
            .arg("--data")
            .arg(data)
            .args(["--port", &port.to_string()]);
        let began = Instant::now();
        let mut service = Self {
            child: command.stdout(Stdio::null()).spawn()?,
            url,
            ready: Duration::ZERO,
        };
        while client.get("/policies").await.is_err() {
            if service.child.try_wait()?.is_some() || began.elapsed() > PATIENCE {
                return Err("assetbox doesn't start".into());
            }
            sleep(POLL).await;
        }
        service.ready = began.elapsed();
        Ok(service)
    }

    /// Where its API is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How long it took from the process's start to the first answer.
    pub(crate) fn ready(&self) -> Duration {
        self.ready
    }

    /// What it holds in memory.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let file = format!("/proc/{}/status", self.child.id());
        let mebibytes = |name: &str| {
            let text = field(&file, name).ok_or("the process's memory can't be read")?;
            let kibibytes: f64 = text.trim_end_matches(" kB").parse()?;
            Ok::<_, Failure>(kibibytes / 1024.0)
        };
        Ok(Memory {
            now: mebibytes("VmRSS")?,
            peak: mebibytes("VmHWM")?,
        })
    }

    /// Ends it as Ctrl-C does, and waits until it has ended.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                return Err("assetbox doesn't end".into());
            }
            sleep(POLL).await;
        }
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // both fail where it has ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
