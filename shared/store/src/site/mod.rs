//! What happens at the site itself: visits, statistics, surveys, and the browser's
//! opt-out signal. Only a named answer to a survey and an opt-out belong to a
//! person; nothing else here leads to one.

mod answer;
mod opt_out;
mod statistics;
mod survey;
mod visit;

pub use answer::{NamedAnswer, SurveyAnswer, answer_named, answers_of, named_answers, own_answer};
pub use opt_out::{SIGNAL_FORM, opt_out_by_signal};
pub(crate) use opt_out::{opted_out, refused, signal_entry};
pub use statistics::{PageViews, count_view, destroy_salts, salt_key};
pub use survey::{Survey, Tally, survey_key};
pub use visit::{VisitLog, destroy_visit_keys, record_visit, visits};
