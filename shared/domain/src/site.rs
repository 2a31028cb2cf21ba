//! What happens at the site itself: the browser's signals (clauses 2.5, 4.9), the
//! log of visits (3.4), statistics (2.5) and surveys (3.3h).

mod day;
mod signal;
pub mod statistics;
pub mod survey;
mod visit;

pub use day::{Day, InvalidDay};
pub use signal::is_on;
pub use visit::{Visit, origin};
