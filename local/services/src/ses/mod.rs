//! Sent mail, one `.eml` file for each message.

mod calls;
mod mail;
mod mailbox;

pub(crate) use calls::answer;
pub use mail::{Mail, MailSummary};
pub use mailbox::Mailbox;
