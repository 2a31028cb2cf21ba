//! The queue of jobs.

use aws_sdk_sqs::Client;
use domain::consequence::Job;

use crate::env::{ConfigError, Env};

/// The queue can't take a job now.
#[derive(Debug, thiserror::Error)]
#[error("the queue can't take the job now: {0}")]
pub struct QueueError(String);

/// The queue that `QUEUE_JOBS` names.
#[derive(Debug, Clone)]
pub struct Jobs {
    client: Client,
    url: String,
}

impl Jobs {
    /// Of the environment.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(aws: &aws_types::SdkConfig, env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            client: Client::new(aws),
            url: env.required("QUEUE_JOBS")?,
        })
    }

    /// Queues a job.
    ///
    /// # Errors
    /// [`QueueError`]; the job may have been queued all the same.
    pub async fn send(&self, job: &Job) -> Result<(), QueueError> {
        let body = serde_json::to_string(job).map_err(|e| QueueError(e.to_string()))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .send()
            .await
            .map_err(|e| {
                use aws_sdk_sqs::error::ProvideErrorMetadata;
                QueueError(e.code().unwrap_or("no answer").to_owned())
            })?;
        Ok(())
    }
}
