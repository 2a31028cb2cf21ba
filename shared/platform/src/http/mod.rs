//! The HTTP edge: what every route has in common.

mod body;
mod client;
mod conditional;
mod edge;
pub mod field;
mod object;
mod problem;
mod scheduled;
mod session;
mod signals;

pub use body::{IdempotencyKey, JsonBody, PathId, QueryOf};
pub use client::ClientInfo;
pub use conditional::{IfMatch, Versioned, etag};
pub use edge::edge;
pub use object::{Object, object, objects, optional_object};
pub use problem::{Problem, ProblemDocument};
pub use scheduled::Scheduled;
pub use session::{Auth, SESSION_COOKIE, SignedIn, Staff, clear_cookie, session_cookie};
pub use signals::{Signals, VARY_GPC};
