//! The real template, deployed into an emulator of AWS, and the real programs behind its API.
//!
//! `infra/deployed/run.sh` deploys and runs these tests, which go through HTTP only, and through
//! AWS's own APIs for what a person would see elsewhere: the letters that came, and the hand of an
//! operator. They share one deployment and run one after the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod assets;
mod aws;
mod deployment;
mod front_door;
mod journey;
mod mail;
mod people;
mod queues;
mod report;
mod requests;
mod schedules;
