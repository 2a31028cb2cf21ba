//! What runs, as data.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use local_services::Depth;
use serde::{Deserialize, Serialize};

use super::{Broken, Pages};
use crate::template::Source;

/// Everything that the start page shows.
#[derive(Serialize)]
pub(super) struct Status {
    pub api_url: String,
    pub data: String,
    pub operator: Operator,
    pub now: Timestamp,
    pub offset_seconds: i64,
    pub functions: Vec<FunctionStatus>,
    pub queues: Vec<QueueStatus>,
    pub tables: Vec<TableStatus>,
    pub buckets: Vec<String>,
    pub vision: Vec<FeatureStatus>,
    pub mails: usize,
}

/// Who runs the service, as its letters say.
#[derive(Serialize)]
pub(super) struct Operator {
    pub name: String,
    pub privacy_address: String,
    pub mail_from: String,
    /// Who acts for the operator once signed up: the secret's list.
    pub staff: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct FunctionStatus {
    pub id: String,
    pub invoked_by: Vec<String>,
    pub invocations: u64,
    pub failures: u64,
}

#[derive(Serialize)]
pub(super) struct QueueStatus {
    pub name: String,
    pub visible: u64,
    pub in_flight: u64,
    pub delayed: u64,
    pub is_dead_letters: bool,
}

#[derive(Serialize)]
pub(super) struct TableStatus {
    pub name: String,
    pub items: u64,
}

#[derive(Serialize)]
pub(super) struct FeatureStatus {
    pub operation: &'static str,
    pub works: bool,
    pub about: String,
}

pub(super) async fn json(State(pages): State<Pages>) -> Result<Json<Status>, Broken> {
    read(&pages).await.map(Json)
}

/// Looks at everything now.
pub(super) async fn read(pages: &Pages) -> Result<Status, Broken> {
    let mut queues = Vec::new();
    for queue in &pages.model.queues {
        let depth: Depth = pages.cloud.services.sqs().depth(&queue.name).await?;
        queues.push(QueueStatus {
            name: queue.name.clone(),
            visible: depth.visible,
            in_flight: depth.in_flight,
            delayed: depth.delayed,
            is_dead_letters: queue.redrive.is_none(),
        });
    }
    let mut tables = Vec::new();
    for table in &pages.model.tables {
        tables.push(TableStatus {
            name: table.name.clone(),
            items: pages.cloud.item_count(&table.name).await?,
        });
    }
    let features = pages.cloud.vision.features().into_iter();
    Ok(Status {
        api_url: pages.api_url.clone(),
        data: pages.data.display().to_string(),
        operator: operator(pages)?,
        now: pages.clock.now(),
        offset_seconds: pages.clock.offset().as_secs(),
        functions: functions(pages),
        queues,
        tables,
        buckets: pages
            .model
            .buckets
            .iter()
            .map(|bucket| bucket.name.clone())
            .collect(),
        vision: features
            .map(|(operation, works, about)| FeatureStatus {
                operation,
                works,
                about,
            })
            .collect(),
        mails: pages.cloud.services.mailbox().list().await?.len(),
    })
}

fn operator(pages: &Pages) -> Result<Operator, Broken> {
    let variable = |name: &str| {
        let mut functions = pages.model.functions.iter();
        let found = functions.find_map(|function| function.environment.get(name));
        found.cloned().unwrap_or_default()
    };
    Ok(Operator {
        name: variable("OPERATOR_NAME"),
        privacy_address: variable("PRIVACY_ADDRESS"),
        mail_from: variable("MAIL_FROM"),
        staff: staff(pages)?,
    })
}

fn staff(pages: &Pages) -> Result<Vec<String>, Broken> {
    #[derive(Deserialize)]
    struct Secret {
        #[serde(default)]
        staff: Vec<String>,
    }
    let Some(declared) = pages.model.secrets.first() else {
        return Ok(Vec::new());
    };
    let secret = pages.cloud.services.secrets().value(&declared.name)?;
    Ok(serde_json::from_str::<Secret>(&secret)?.staff)
}

fn functions(pages: &Pages) -> Vec<FunctionStatus> {
    let runs = pages.functions.runs();
    runs.map(|(id, runs)| FunctionStatus {
        id: id.to_owned(),
        invoked_by: invoked_by(pages, id),
        invocations: runs.invocations,
        failures: runs.failures,
    })
    .collect()
}

fn invoked_by(pages: &Pages, id: &str) -> Vec<String> {
    let routes = pages
        .model
        .routes
        .iter()
        .filter(|route| route.function == id)
        .count();
    let sources = pages
        .model
        .function(id)
        .map(|function| function.sources.iter());
    let mut by: Vec<_> = sources
        .into_iter()
        .flatten()
        .map(|source| match source {
            Source::Queue(queue) => format!("queue {}", queue.queue),
            Source::Stream(stream) => format!("changes of {}", stream.table),
            Source::Schedule(schedule) => format!("schedule {}", schedule.name),
        })
        .collect();
    if routes > 0 {
        by.insert(0, format!("{routes} routes"));
    }
    by
}
