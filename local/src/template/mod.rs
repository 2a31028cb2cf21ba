//! `template.yaml`, the only list of functions, routes, tables, buckets, queues, schedules,
//! keys, environment variables and roles, read as the machine needs it.
//!
//! What the machine would have to honour and doesn't understand is an error that names the
//! resource, never silence.

mod buckets;
mod document;
mod filter;
mod functions;
mod intrinsics;
mod mail;
mod model;
mod properties;
mod queues;
mod receipt;
mod resolve;
mod roles;
mod schedule;
mod sources;
mod tables;

pub use document::Document;
pub use filter::Filters;
pub use mail::MailEvents;
pub use model::{
    Bucket, Cors, Function, Key, KeyUse, Model, Notification, ObjectLock, Queue, QueueSource,
    Redrive, Route, Schedule, Secret, Source, StreamSource, Table, TableIndex, TableKey,
};
pub use receipt::Receipt;
pub use resolve::{Place, Scope};
pub use roles::{ContextKey, Grant, Need, Role};
pub use schedule::{Expression, ScheduleError};

/// A template that the machine can't run, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template.yaml, {at}: {reason}")]
pub struct TemplateError {
    /// The resource or section.
    pub at: String,
    /// What is wrong with it.
    pub reason: String,
}

impl TemplateError {
    pub(crate) fn new(at: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests;
