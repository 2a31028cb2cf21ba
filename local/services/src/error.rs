use std::io;
use std::path::{Path, PathBuf};

/// Why an operation of these services failed. No variant holds a message body, a key,
/// a secret's value or an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of these services does not have their form.
    #[error("{} is damaged or was written by another program", .0.display())]
    Damaged(PathBuf),
    /// SQLite refused.
    #[error("queue database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The operating system gave no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// A blocking task was cut short.
    #[error("a task was cut short: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// Not 1 to 80 of letters, digits, `-` and `_` (SQS `CreateQueue`).
    #[error("{0:?} is not a name of a standard queue")]
    QueueName(String),
    /// The queue's settings contradict each other or leave SQS's ranges.
    #[error("queue {queue}: {reason}")]
    QueueOptions {
        /// The queue's name.
        queue: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// There is no queue of this name.
    #[error("no queue is called {0:?}")]
    NoSuchQueue(String),
    /// The text has never been a receipt handle.
    #[error("not a receipt handle")]
    Receipt,
    /// The message was deleted, or received again since this receipt was given.
    #[error("the receipt is no longer the message's latest")]
    StaleReceipt,
    /// The message's visibility timeout has already ended.
    #[error("the message is not in flight")]
    NotInFlight,
    /// The body is empty or has characters that SQS refuses.
    #[error("a message body is empty or has characters outside SQS's set")]
    MessageContents,
    /// The body is over 1 MiB.
    #[error("a message body is over 1 MiB")]
    MessageSize,
    /// There is no key of this id, ARN or alias.
    #[error("no key is called {0:?}")]
    NoSuchKey(String),
    /// The alias names a key of the other kind.
    #[error("key {0:?} is of another kind")]
    KeyKind(String),
    /// The ciphertext was not made by this key under this encryption context.
    #[error("the ciphertext does not open under this key and encryption context")]
    Ciphertext,
    /// There is no secret of this name or ARN.
    #[error("no secret is called {0:?}")]
    NoSuchSecret(String),
    /// The secret has no version with this stage or id.
    #[error("secret {secret:?} has no version {version:?}")]
    NoSuchVersion {
        /// The secret as it was asked for.
        secret: String,
        /// The stage or version id.
        version: String,
    },
    /// The version id is taken by another value.
    #[error("version {0:?} already has another value")]
    VersionTaken(String),
    /// There is no mail of this id.
    #[error("no mail has the id {0:?}")]
    NoSuchMail(String),
}

impl Error {
    /// Names the file that an I/O error is about.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
