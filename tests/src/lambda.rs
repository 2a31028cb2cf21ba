//! Functions as Lambda runs them: their real programs, on a Runtime API that is ours, with the
//! environment that the template declares.

mod bootstrap;
mod program;
mod request;
mod runtime;

pub use bootstrap::Bootstrap;
pub use program::{Program, environment};
pub use request::ApiRequest;
pub use runtime::{Outcome, RuntimeApi};
