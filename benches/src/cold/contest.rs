//! A program that is started again and again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use assetbox_tests::lambda::{Bootstrap, Outcome, RuntimeApi};
use serde_json::Value;
use tokio::process::Command;

use super::events::Question;
use crate::Result;

/// As much as an HTTP function has: nobody needs it.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A program, what it is asked, and how long its starts took.
pub(super) struct Contestant {
    pub(super) name: String,
    pub(super) question: Question,
    pub(super) milliseconds: Vec<f64>,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    environment: BTreeMap<String, String>,
    bootstrap: Option<Bootstrap>,
}

/// What came of a start.
pub(super) struct Start {
    pub(super) answer: Value,
    pub(super) took: Duration,
}

impl Contestant {
    pub(super) fn bootstrap(
        bootstrap: Bootstrap,
        environment: BTreeMap<String, String>,
        question: Question,
    ) -> Self {
        let name = question.function.trim_end_matches("Function");
        let program = bootstrap.path().to_owned();
        Self {
            bootstrap: Some(bootstrap),
            ..Self::program(name.to_owned(), program, Vec::new(), environment, question)
        }
    }

    pub(super) fn program(
        name: String,
        program: PathBuf,
        arguments: Vec<PathBuf>,
        environment: BTreeMap<String, String>,
        question: Question,
    ) -> Self {
        Self {
            name,
            question,
            milliseconds: Vec::new(),
            program,
            arguments,
            environment,
            bootstrap: None,
        }
    }

    /// Whether it is one of the product's own.
    pub(super) fn is_ours(&self) -> bool {
        self.bootstrap.is_some()
    }

    /// Starts the process with an event waiting, and ends it when it has answered.
    pub(super) async fn start(&self) -> Result<Start> {
        let api = RuntimeApi::start().await;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear();
        command.envs(&self.environment);
        command.env("AWS_LAMBDA_RUNTIME_API", api.address());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.kill_on_drop(true);
        let event = self.question.event.clone();
        let began = Instant::now();
        let mut process = command.spawn()?;
        let outcome = tokio::select! {
            outcome = api.invoke(event, TIMEOUT) => outcome,
            ended = process.wait() => return Err(self.failed(&ended?)),
        };
        let took = began.elapsed();
        process.kill().await?;
        match outcome {
            Outcome::Answer(answer) if self.question.is_answered_by(&answer) => {
                Ok(Start { answer, took })
            }
            Outcome::Answer(answer) | Outcome::Error(answer) => Err(self.failed(&answer)),
        }
    }

    fn failed(&self, how: &dyn std::fmt::Display) -> crate::Failure {
        format!(
            "{} has not answered {}: {how}",
            self.name, self.question.what
        )
        .into()
    }
}
