//! The functions of this machine and how they are invoked: each by its logical id, with the
//! exact JSON that AWS sends.

mod invocation;
mod registry;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aws_types::SdkConfig;
use futures::future::BoxFuture;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent};
use platform::lambda::behind_gateway;
use serde_json::Value;
use tower::Service;

use crate::activity::Activity;
use crate::template;
pub(crate) use invocation::Invocation;
pub use registry::{all, documents};

/// What an event function is: the event in, the answer out.
pub type EventHandler =
    Arc<dyn Fn(Value) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// A function, ready to be invoked.
#[derive(Clone)]
pub enum Function {
    /// Answers HTTP requests.
    Http(axum::Router),
    /// Handles events.
    Event(EventHandler),
}

/// What a function is made with.
pub struct Surroundings {
    /// Leads to the machine's services; calls are logged under the function's logical id.
    pub config: SdkConfig,
    /// The variables that the template declares for the function.
    pub environment: BTreeMap<String, String>,
    /// The machine's clock.
    pub clock: platform::Clock,
}

/// Makes a function.
pub type Constructor =
    Box<dyn Fn(Surroundings) -> BoxFuture<'static, Result<Function, String>> + Send + Sync>;

/// Constructors by logical id.
pub type Registry = BTreeMap<String, Constructor>;

/// Why an invocation has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The template has no such function.
    #[error("no function is named {0}")]
    Unknown(String),
    /// The event is not what the function takes.
    #[error("the event is not understood: {0}")]
    Event(String),
    /// The function failed; the text is its own.
    #[error("the function failed: {0}")]
    Failed(String),
    /// It ran longer than its `Timeout`.
    #[error("the function timed out after {0:?}")]
    TimedOut(Duration),
    /// It panicked, or an injected fault killed it.
    #[error("the function's process ended")]
    Died,
}

/// How often a function ran since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Runs {
    /// All invocations.
    pub invocations: u64,
    /// Those without an answer.
    pub failures: u64,
}

/// The functions by logical id.
#[derive(Clone)]
pub(crate) struct Functions {
    entries: Arc<BTreeMap<String, Entry>>,
    activity: Activity,
}

struct Entry {
    function: Function,
    timeout: Duration,
    arn: String,
    invocations: AtomicU64,
    failures: AtomicU64,
}

impl Functions {
    /// Makes every function of the template.
    pub(crate) async fn make(
        declared: &[template::Function],
        registry: &Registry,
        arn: impl Fn(&template::Function) -> String,
        surroundings: impl Fn(&template::Function) -> Surroundings,
        activity: Activity,
    ) -> Result<Self, (String, String)> {
        let makings = declared.iter().map(|function| {
            let constructor = registry.get(&function.id);
            let making = constructor.map(|constructor| constructor(surroundings(function)));
            let arn = arn(function);
            async move {
                let reason = "template.yaml declares it, but this program doesn't have it";
                let made = match making {
                    Some(making) => making.await,
                    None => Err(reason.to_owned()),
                };
                let made = made.map_err(|error| (function.id.clone(), error))?;
                Ok::<_, (String, String)>((
                    function.id.clone(),
                    Entry::new(made, function.timeout, arn),
                ))
            }
        });
        let entries = futures::future::try_join_all(makings).await?;
        Ok(Self {
            entries: Arc::new(entries.into_iter().collect()),
            activity,
        })
    }

    /// Invokes a function and waits for its answer.
    pub(crate) async fn invoke(&self, id: &str, event: Value) -> Result<Value, InvokeError> {
        let entry = self
            .entries
            .get(id)
            .ok_or_else(|| InvokeError::Unknown(id.to_owned()))?;
        let _work = self.activity.begin();
        entry.invocations.fetch_add(1, Ordering::Relaxed);
        let outcome = entry.run(event).await;
        if let Err(error) = &outcome {
            entry.failures.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(function = id, %error, "an invocation failed");
        }
        outcome
    }

    pub(crate) fn arn(&self, id: &str) -> &str {
        self.entries.get(id).map_or("", |entry| &entry.arn)
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = (&str, Runs)> {
        self.entries.iter().map(|(id, entry)| {
            let runs = Runs {
                invocations: entry.invocations.load(Ordering::Relaxed),
                failures: entry.failures.load(Ordering::Relaxed),
            };
            (id.as_str(), runs)
        })
    }
}

impl Entry {
    fn new(function: Function, timeout: Duration, arn: String) -> Self {
        Self {
            function,
            timeout,
            arn,
            invocations: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Runs the function as a task of its own, which ends with the caller's interest.
    async fn run(&self, event: Value) -> Result<Value, InvokeError> {
        let invocation = Invocation::new();
        let handling = match &self.function {
            Function::Http(router) => http(router.clone(), event, self.context(&invocation))?,
            Function::Event(handler) => {
                let handling = handler(event);
                Box::pin(async move { handling.await.map_err(InvokeError::Failed) })
            }
        };
        let task = invocation.run(handling);
        match tokio::time::timeout(self.timeout, task).await {
            Ok(outcome) => outcome.ok_or(InvokeError::Died)?,
            Err(_) => Err(InvokeError::TimedOut(self.timeout)),
        }
    }

    /// What the runtime tells of an invocation: its id, and when it ends.
    fn context(&self, invocation: &Invocation) -> Context {
        let mut context = Context::default();
        context.request_id.clone_from(&invocation.id);
        let ends = SystemTime::now() + self.timeout;
        let since = ends.duration_since(SystemTime::UNIX_EPOCH);
        context.deadline = since.map_or(0, |since| since.as_millis().try_into().unwrap_or(0));
        context
    }
}

/// What `platform::lambda::serve` makes of an HTTP API's event and a router, answer included.
fn http(
    router: axum::Router,
    event: Value,
    context: Context,
) -> Result<BoxFuture<'static, Result<Value, InvokeError>>, InvokeError> {
    let not_understood = |error: serde_json::Error| InvokeError::Event(error.to_string());
    let request: LambdaRequest = serde_json::from_value(event).map_err(not_understood)?;
    let event = LambdaEvent::new(request, context);
    Ok(Box::pin(async move {
        // A router is always ready.
        let answering = Adapter::from(behind_gateway(router)).call(event);
        let answer = answering.await.map_err(|never| match never {})?;
        serde_json::to_value(&answer).map_err(|error| InvokeError::Failed(error.to_string()))
    }))
}
