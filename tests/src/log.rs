//! What the code under test logs, kept so that a test can look for what must not be there.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use serde_json::Value;
use tracing_subscriber::EnvFilter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static BEGUN: Once = Once::new();

struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        if std::env::var_os("SHOW_LOGS").is_some() {
            io::stderr().write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps every line from now on, of every test of this process: at `debug` from our own code,
/// at `info`, which is what runs, from all other.
pub fn capture() {
    BEGUN.call_once(|| {
        const OURS: &str = "info,accounts=debug,assets=debug,data_subject_requests=debug,domain=debug,\
            erasure=debug,mail_intake=debug,opendsr=debug,outbox=debug,payments=debug,platform=debug,renditions=debug,\
            retention=debug,signup=debug,store=debug,tagging=debug,trial_expiry=debug,uploads=debug";
        let log = tracing_subscriber::fmt().json().with_env_filter(EnvFilter::new(OURS));
        log.with_writer(|| Kept).init();
    });
}

/// Whether some line has this text.
pub fn mentions(text: &str) -> bool {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    crate::contains(&lines, text.as_bytes())
}

/// Every line so far, of every test of this process.
pub fn lines() -> Vec<Value> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = lines.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

/// The values that were recorded of a metric, in their order, by every test of this process.
pub fn metrics(name: &str) -> Vec<u64> {
    let value = |line: Value| {
        let document: Value = serde_json::from_str(line["fields"]["emf"].as_str()?).ok()?;
        document[name].as_u64()
    };
    lines().into_iter().filter_map(value).collect()
}
