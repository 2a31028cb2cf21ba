//! Periods in the zone and the calendar that the law names (invariant 10).
//!
//! A period in days, weeks or months is counted from the day after receipt, by
//! the date in the law's zone, and ends at that day's midnight (Civil Code of
//! the Russian Federation arts. 191, 192, 194; Regulation (EEC, Euratom) No
//! 1182/71 art. 3; California Civil Code § 10). Working days follow an official
//! calendar: a data file for each year in `shared/domain/calendars`. A year
//! without a file is an error, not a guess.

mod counting;
mod years;
mod zone;

#[cfg(test)]
mod tests;

pub use counting::{Counting, Due, Term};
pub use years::{MissingYear, Official, Year, all, is_working, missing_ahead};
pub use zone::Zone;
