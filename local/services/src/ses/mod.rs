//! Sent mail, one `.eml` file for each message.

mod calls;
mod events;
mod mail;
mod mailbox;

pub(crate) use calls::answer;
pub use events::{Feedback, MailEvent};
pub use mail::{Mail, MailSummary};
pub use mailbox::Mailbox;
