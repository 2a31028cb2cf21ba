//! Assetbox on one machine: everything that `template.yaml` declares, in one process.

mod activity;
pub mod cli;
pub mod clock;
pub mod cloud;
mod events;
pub mod functions;
mod gateway;
pub mod machine;
pub mod openapi;
mod pages;
pub mod proof;
mod state;
pub mod template;
pub mod tour;

pub use machine::{Machine, MachineError, MachineOptions};
