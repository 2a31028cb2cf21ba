//! The outside world of a function: configuration, clock, HTTP edge, object
//! storage, mail, vision, queues, signing and the plumbing of Lambda.
//!
//! Together with `store` it is the only place that sees AWS types.

pub mod aws;
pub mod clock;
pub mod deadline;
pub mod env;
pub mod house;
pub mod http;
pub mod lambda;
pub mod mail;
pub mod metrics;
pub mod objects;
pub mod outbound;
pub mod password_hash;
pub mod queue;
pub mod secret;
pub mod signing;
pub mod vision;

pub use clock::Clock;
pub use env::{ConfigError, Env};
pub use house::House;
