//! Somebody who sends a request again when the service asks for it, as a front end does.

use jiff::SignedDuration;
use serde_json::Value;

use crate::support::{Answer, Call, Caller, Client, TestMachine};

/// How often a request is sent at the most.
const MOST: usize = 60;

/// A caller who takes 503 and 429 for what they are, and nothing else.
pub struct Patient<'m, C> {
    pub machine: &'m TestMachine,
    pub api: Client<C>,
}

/// The answer that ended a request.
pub struct Reply {
    answer: Answer,
    /// How often it was sent.
    sent: usize,
}

impl<C: Caller> Patient<'_, C> {
    /// Sends a request until it is answered. 503 is followed by the next attempt at once, sooner
    /// than `Retry-After` says; after 429 the machine's clock passes what it says.
    pub async fn send(&self, call: Call) -> Reply {
        for sent in 1..=MOST {
            if let Some(answer) = self.once(call.clone()).await {
                return Reply { answer, sent };
            }
        }
        panic!("still busy after {MOST} attempts: {call:?}");
    }

    /// Sends a request once: `None` when it is to be sent again, and may have been carried out.
    pub async fn once(&self, call: Call) -> Option<Answer> {
        let answer = self.api.send(call).await;
        match answer.status.as_u16() {
            503 => {
                answer.problem(503, "busy");
                retry_after(&answer);
                None
            }
            429 => {
                answer.problem(429, "too_many_requests");
                let wait = SignedDuration::from_secs(retry_after(&answer));
                self.machine.advance(wait).unwrap();
                None
            }
            _ => Some(answer),
        }
    }

    pub async fn get(&self, path: impl Into<String>) -> Answer {
        self.send(Call::new("GET", path)).await.answer
    }

    pub async fn post(&self, path: impl Into<String>, body: &Value) -> Reply {
        self.send(Call::new("POST", path).json(body)).await
    }

    pub async fn put(&self, path: impl Into<String>, body: &Value) -> Reply {
        self.send(Call::new("PUT", path).json(body)).await
    }

    pub async fn act(&self, path: impl Into<String>) -> Reply {
        self.send(Call::new("POST", path)).await
    }

    /// Changes what is at `path` as it is now, to what `done` recognises.
    pub async fn change(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        done: impl Fn(&Value) -> bool,
    ) {
        let read = self.get(path).await;
        let call = Call::new(method, path).header("if-match", &read.etag());
        let reply = self
            .send(match body {
                Some(body) => call.json(body),
                None => call,
            })
            .await;
        if !reply.is_or_was(200, &["changed_meanwhile", "in_trash"]) {
            let view = self.get(path).await.json(200);
            assert!(done(&view), "{method} {path}: {view}");
        }
    }
}

#[track_caller]
fn retry_after(answer: &Answer) -> i64 {
    let seconds = answer.header("retry-after").map(str::parse::<i64>);
    let seconds = seconds.expect("Retry-After").expect("seconds");
    assert!(seconds >= 1, "{seconds}");
    seconds
}

impl Reply {
    /// The answer, which must have this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Answer {
        self.answer.is(status)
    }

    /// Whether the answer has this status. If it has not, the request was sent again after an
    /// answer that was lost, and the problem is one of those that say: this is so already.
    #[track_caller]
    pub fn is_or_was(&self, status: u16, already: &[&str]) -> bool {
        if self.answer.status.as_u16() == status {
            return true;
        }
        let problem: Value = serde_json::from_slice(&self.answer.body).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or_default();
        let text = self.answer.text();
        assert!(self.sent > 1, "at the first attempt: {text}");
        assert!(already.contains(&code), "{status} or {already:?}: {text}");
        false
    }
}
