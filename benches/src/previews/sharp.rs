//! sharp in a Node process that takes one order a line (benches/sharp/bench.mjs).

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Result;

/// A running Node process with sharp.
pub(super) struct Sharp {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    version: String,
}

/// What one picture took, and the size of what came of it.
pub(super) struct Rendered {
    pub(super) milliseconds: f64,
    pub(super) bytes: u64,
}

impl Sharp {
    /// Installs sharp as its lock file says, and starts it.
    pub(super) fn start() -> Result<Self> {
        println!("npm installs sharp");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sharp");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--silent", "--no-audit", "--no-fund"]);
        let installed = npm.current_dir(&folder).status();
        if !installed.is_ok_and(|status| status.success()) {
            return Err("npm can't install sharp; the other parts need no Node".into());
        }
        let mut child = Command::new("node")
            .arg("bench.mjs")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (orders, answers) = (child.stdin.take(), child.stdout.take());
        let mut sharp = Self {
            child,
            orders: orders.ok_or("Node takes no orders")?,
            answers: BufReader::new(answers.ok_or("Node gives no answers")?),
            version: String::new(),
        };
        let version = sharp.order(&json!({"do": "version"}))?;
        sharp.version = format!("sharp {}", version["version"].as_str().unwrap_or_default());
        Ok(sharp)
    }

    /// `sharp 0.35.5`
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Makes a lossy WebP of a picture: nothing in pure Rust writes one.
    pub(super) fn make_webp(&mut self, from: &Path, to: &Path) -> Result<()> {
        self.order(&json!({"do": "webp", "from": from, "to": to}))?;
        Ok(())
    }

    /// Renders a picture once.
    pub(super) fn render(&mut self, picture: &PathBuf) -> Result<Rendered> {
        let answer = self.order(&json!({"do": "render", "picture": picture}))?;
        Ok(Rendered {
            milliseconds: answer["milliseconds"].as_f64().ok_or("no time")?,
            bytes: answer["bytes"].as_u64().ok_or("no size")?,
        })
    }

    /// Whole passes over the pictures, `workers` pictures at a time.
    pub(super) fn pictures_per_second(
        &mut self,
        pictures: &[&Path],
        workers: usize,
        length: Duration,
    ) -> Result<f64> {
        let answer = self.order(&json!({
            "do": "throughput", "pictures": pictures, "workers": workers,
            "milliseconds": length.as_secs() * 1000,
        }))?;
        Ok(answer["per_second"].as_f64().ok_or("no rate")?)
    }

    fn order(&mut self, order: &Value) -> Result<Value> {
        writeln!(self.orders, "{order}")?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            return Err("Node has ended".into());
        }
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Drop for Sharp {
    fn drop(&mut self) {
        // both fail where it has ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
