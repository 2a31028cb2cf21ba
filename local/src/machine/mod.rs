//! A whole machine: started, used by people and tests, and ended.

mod folder;
mod options;
pub(crate) mod provider;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use jiff::SignedDuration;
use local_objects::ObjectStore;
use local_provider::ProviderStandIn;
use local_services::{Mailbox, Services};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::activity::{Activity, Switch};
use crate::clock::{ClockError, MachineClock};
use crate::cloud::{ACCOUNT, Calls, Cloud, CloudError, Faults, Listeners, REGION, Roles};
use crate::events::{Delivery, Events, subscribe};
use crate::functions::{Functions, InvokeError, Runs, Surroundings};
use crate::gateway::Gateway;
use crate::pages;
use crate::template::{Document, Model, Place, TemplateError};
use folder::Folder;
pub use options::MachineOptions;

/// Why a machine did not start.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// Another process has the data folder open.
    #[error("the data folder {0} is in use by another assetbox; choose another with --data")]
    InUse(String),
    /// The data folder can't be made, read or written.
    #[error("the data folder {0}: {1}")]
    Folder(String, io::Error),
    /// Another process listens on the port.
    #[error("port {0} is taken; choose another with --port")]
    PortTaken(u16),
    /// The port can't be listened on.
    #[error("port {0}: {1}")]
    Port(u16, io::Error),
    /// The template can't be run.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template's routes contradict each other.
    #[error("template.yaml: {0}")]
    Routes(String),
    /// A stand-in for a service doesn't start.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The payment provider's stand-in doesn't start.
    #[error("the payment provider doesn't start: {0}")]
    Provider(String),
    /// A function doesn't start.
    #[error("{0} doesn't start: {1}")]
    Function(String, String),
}

/// A running machine. It ends when it is dropped; [`Machine::shutdown`] lets work end first.
pub struct Machine {
    shared: Arc<Shared>,
    front: Switch,
    back: Switch,
    front_tasks: JoinSet<()>,
    back_tasks: JoinSet<()>,
    folder: Folder,
}

/// What the pages and the machine's owner look at.
pub(crate) struct Shared {
    pub(crate) api_url: String,
    pub(crate) data: std::path::PathBuf,
    pub(crate) model: Model,
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) clock: MachineClock,
    pub(crate) functions: Functions,
    pub(crate) provider: Option<ProviderStandIn>,
    pub(crate) events: Events,
    activity: Activity,
}

/// How long requests and handlers may take to end.
const GRACE: Duration = Duration::from_secs(5);

impl Machine {
    /// Starts everything that the template declares and returns when it can be used.
    ///
    /// # Errors
    /// [`MachineError`], with a sentence that a person can act on.
    pub async fn start(options: MachineOptions) -> Result<Self, MachineError> {
        let folder = Folder::open(options.data.as_deref())?;
        let data = folder.path().to_owned();
        let in_folder = |error| MachineError::Folder(data.display().to_string(), error);
        let listener = listen(options.port).await?;
        let port = listener
            .local_addr()
            .map_err(|error| MachineError::Port(options.port, error))?
            .port();
        let api_url = format!("http://127.0.0.1:{port}");

        let listeners = Listeners::bind(&data).await?;
        let model = resolve(&options, &api_url, listeners.queue_base()?)?;
        let clock = MachineClock::open(&data).map_err(in_folder)?;
        let secret = |_: &str| options.secret();
        let cloud = Arc::new(Cloud::open(&data, &model, &listeners, secret).await?);
        subscribe(&cloud.objects, cloud.services.sqs(), &model.buckets);

        let (front, back) = (Switch::default(), Switch::default());
        let (mut front_tasks, mut back_tasks) = (JoinSet::new(), JoinSet::new());
        cloud.serve(listeners, &back.shutdown(), &mut back_tasks);

        let activity = Activity::default();
        let functions = make_functions(&options, &model, &cloud, &clock, &activity).await?;
        let delivery = Delivery {
            cloud: Arc::clone(&cloud),
            functions: functions.clone(),
            activity: activity.clone(),
            clock: clock.clone(),
            shutdown: front.shutdown(),
        };
        let events =
            Events::start(&model, &data, &delivery, &mut front_tasks).map_err(in_folder)?;
        let provider = provider::start(&api_url, &data, &model, &cloud.services, &clock).await?;
        let gateway =
            Gateway::new(&model, functions.clone(), clock.clone()).map_err(MachineError::Routes)?;
        let shared = Arc::new(Shared {
            api_url,
            data,
            model,
            cloud,
            clock,
            functions,
            provider,
            events,
            activity,
        });
        let router = pages::router(Arc::clone(&shared)).merge(gateway.router());
        serve_front(listener, router, &front, &mut front_tasks);
        Ok(Self {
            shared,
            front,
            back,
            front_tasks,
            back_tasks,
            folder,
        })
    }

    /// Where the API is served: `http://127.0.0.1:8080`. The start page is at `/_local/`.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.shared.api_url
    }

    /// Where the data is.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// The clock that the functions read.
    #[must_use]
    pub fn clock(&self) -> &MachineClock {
        &self.shared.clock
    }

    /// Moves the clock forward; then wait for [`Machine::idle`] to see what became due done.
    ///
    /// # Errors
    /// [`ClockError`].
    pub fn advance(&self, by: SignedDuration) -> Result<(), ClockError> {
        self.shared.clock.advance(by)
    }

    /// The mail that was sent.
    #[must_use]
    pub fn mailbox(&self) -> &Mailbox {
        self.shared.cloud.services.mailbox()
    }

    /// The buckets.
    #[must_use]
    pub fn objects(&self) -> &ObjectStore {
        &self.shared.cloud.objects
    }

    /// Queues, mailbox, keys and secrets.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.shared.cloud.services
    }

    /// The payment provider's stand-in; `None` where the template has no secret.
    #[must_use]
    pub fn provider(&self) -> Option<&ProviderStandIn> {
        self.shared.provider.as_ref()
    }

    /// The AWS calls that were made.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        self.shared.cloud.calls()
    }

    /// The failures of AWS calls to come.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.shared.cloud.faults()
    }

    /// The functions' roles, under which their AWS calls are made.
    #[must_use]
    pub fn roles(&self) -> &Roles {
        self.shared.cloud.roles()
    }

    /// An SDK configuration that leads to this machine; its calls are logged under `caller`.
    /// Where that is a function's logical id, they are made under the function's role.
    #[must_use]
    pub fn sdk_config(&self, caller: &str) -> aws_types::SdkConfig {
        self.shared.cloud.sdk_config(caller)
    }

    /// What the template declares, resolved for this machine.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.shared.model
    }

    /// How often a function ran, `None` for an id that the template doesn't have.
    #[must_use]
    pub fn runs(&self, function: &str) -> Option<Runs> {
        self.shared
            .functions
            .runs()
            .find(|(id, _)| *id == function)
            .map(|(_, runs)| runs)
    }

    /// Invokes a function, by its logical id, with an event and waits for its answer.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, InvokeError> {
        self.shared.functions.invoke(function, event).await
    }

    /// Waits until everything that has happened has had its consequences: no function runs, no
    /// message or dropped letter waits, every stream is read to its end and no schedule is due.
    ///
    /// Delayed messages and dead letters don't count.
    ///
    /// # Errors
    /// The queues or streams can't be read.
    pub async fn idle(&self) -> Result<(), CloudError> {
        self.shared.events.idle().await
    }

    /// Ends the machine: no new requests and events, then those under way, then the services.
    pub async fn shutdown(mut self) {
        self.front.off();
        let ended = async {
            while self.front_tasks.join_next().await.is_some() {}
            while !self.shared.activity.is_quiet() {
                self.shared.activity.changed().await;
            }
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("requests or handlers were cut off at the end");
        }
        self.front_tasks.shutdown().await;
        self.back.off();
        let ended = async { while self.back_tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("services were cut off at the end");
        }
    }
}

async fn listen(port: u16) -> Result<TcpListener, MachineError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => MachineError::PortTaken(port),
            _ => MachineError::Port(port, error),
        })
}

fn resolve(
    options: &MachineOptions,
    api_url: &str,
    queue_base: String,
) -> Result<Model, TemplateError> {
    let document = Document::parse(&options.template)?;
    let place = Place {
        region: REGION.to_owned(),
        account: ACCOUNT.to_owned(),
        stack: "assetbox".to_owned(),
        queue_base,
    };
    let mut parameters: BTreeMap<_, _> = options::of_one_machine(api_url)
        .into_iter()
        .filter(|(name, _)| document.declares(name))
        .collect();
    parameters.extend(options.parameters.clone());
    Model::resolve(&document, place, &parameters)
}

async fn make_functions(
    options: &MachineOptions,
    model: &Model,
    cloud: &Cloud,
    clock: &MachineClock,
    activity: &Activity,
) -> Result<Functions, MachineError> {
    let surroundings = |function: &crate::template::Function| Surroundings {
        config: cloud.sdk_config(&function.id),
        environment: function.environment.clone(),
        clock: clock.for_functions(),
    };
    let arn = |function: &crate::template::Function| {
        format!(
            "arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}",
            function.name
        )
    };
    Functions::make(
        &model.functions,
        &options.functions,
        arn,
        surroundings,
        activity.clone(),
    )
    .await
    .map_err(|(function, error)| MachineError::Function(function, error))
}

fn serve_front(
    listener: TcpListener,
    router: axum::Router,
    front: &Switch,
    tasks: &mut JoinSet<()>,
) {
    // Without this, small answers wait for the peer's acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended at its start");
        }
    });
    let shutdown = front.shutdown();
    tasks.spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(listener, service)
            .with_graceful_shutdown(async move { shutdown.begun().await })
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the API has ended");
        }
    });
}
