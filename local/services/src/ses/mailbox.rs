//! The folder of sent mail.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;
use uuid::Uuid;

use super::mail::Envelope;
use super::{Feedback, Mail, MailEvent, MailSummary};
use crate::durable;
use crate::error::Error;
use crate::fault::FailureSwitch;

const ENDING: &str = "eml";
/// Enough for the header of any mail that the product sends.
const SUMMARY_BYTES: u64 = 64 * 1024;

/// Takes what SES publishes; what it returns ends when that is taken.
type Publish = dyn Fn(MailEvent) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// The mail that SES has sent. Clones share the same state.
#[derive(Clone)]
pub struct Mailbox {
    folder: Arc<PathBuf>,
    arrivals: watch::Sender<u64>,
    publish: Arc<OnceLock<Box<Publish>>>,
    pub(super) failures: Arc<FailureSwitch>,
}

impl Mailbox {
    pub(crate) fn open(folder: PathBuf) -> Result<Self, Error> {
        durable::private_folder(&folder)?;
        remove_unfinished(&folder).map_err(Error::file(&folder))?;
        Ok(Self {
            folder: Arc::new(folder),
            arrivals: watch::Sender::new(0),
            publish: Arc::default(),
            failures: Arc::default(),
        })
    }

    /// All mail, the oldest first.
    ///
    /// # Errors
    /// The folder or a file in it can't be read.
    pub async fn list(&self) -> Result<Vec<MailSummary>, Error> {
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || list(&folder).map_err(Error::file(&folder))).await?
    }

    /// One message.
    ///
    /// # Errors
    /// There is none of this id, or its file can't be read.
    pub async fn read(&self, id: &str) -> Result<Mail, Error> {
        let (id, path) = self.find(id)?;
        tokio::task::spawn_blocking(move || {
            let raw = fs::read(&path).map_err(missing_or_file(id, &path))?;
            Mail::parse(id, raw).ok_or(Error::Damaged(path))
        })
        .await?
    }

    /// Deletes one message.
    ///
    /// # Errors
    /// There is none of this id, or its file can't be removed.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        let (id, path) = self.find(id)?;
        tokio::task::spawn_blocking(move || {
            fs::remove_file(&path)
                .and_then(|()| durable::sync_parent(&path))
                .map_err(missing_or_file(id, &path))
        })
        .await?
    }

    /// How many messages have arrived since the mailbox was opened. A change tells that
    /// `list` now has more.
    #[must_use]
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }

    /// Hands every event of sent mail to `publish` from now on. The first who asks gets them.
    pub fn subscribe<F, Fut>(&self, publish: F)
    where
        F: Fn(MailEvent) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let publish: Box<Publish> = Box::new(move |event| Box::pin(publish(event)));
        // whoever asks later gets nothing
        let _ = self.publish.set(publish);
    }

    /// Lets the receivers of a message report it, as a person or a test asks.
    ///
    /// # Errors
    /// There is none of this id, or its file can't be read.
    pub async fn report(&self, id: &str, feedback: Feedback) -> Result<(), Error> {
        let mail = self.read(id).await?;
        self.tell(MailEvent::of(&mail, feedback, &mail.summary.to))
            .await;
        Ok(())
    }

    async fn tell(&self, event: Option<MailEvent>) {
        if let Some((publish, event)) = self.publish.get().zip(event) {
            publish(event).await;
        }
    }

    /// What the mailbox simulator reports by itself.
    async fn simulate(&self, id: Uuid, destinations: &[String]) -> Result<(), Error> {
        let simulated = |address: &String| {
            let feedback = Feedback::simulated(address)?;
            Some((feedback, address.clone()))
        };
        for (feedback, address) in destinations.iter().filter_map(simulated) {
            let mail = self.read(&id.to_string()).await?;
            self.tell(MailEvent::of(&mail, feedback, &[address])).await;
        }
        Ok(())
    }

    /// Makes the next `calls` calls over HTTP fail with this error code, as a test asks.
    pub fn fail_next(&self, calls: usize, code: &str) {
        self.failures.fail_next(calls, code);
    }

    /// Files a message and returns its id once it is on the disk.
    pub(super) async fn deliver(&self, envelope: Envelope, raw: Vec<u8>) -> Result<Uuid, Error> {
        let id = Uuid::now_v7();
        let path = self.path(id);
        let header = envelope.to_header();
        tokio::task::spawn_blocking(move || {
            durable::replace(&path, &[header.as_bytes(), &raw].concat())
        })
        .await??;
        self.arrivals.send_modify(|arrivals| *arrivals += 1);
        self.simulate(id, &envelope.destinations).await?;
        Ok(id)
    }

    /// Only a UUID becomes a path, so that no id leads out of the folder.
    fn find(&self, id: &str) -> Result<(Uuid, PathBuf), Error> {
        let id = Uuid::try_parse(id).map_err(|_| Error::NoSuchMail(id.to_owned()))?;
        Ok((id, self.path(id)))
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.folder.join(format!("{id}.{ENDING}"))
    }
}

fn list(folder: &Path) -> io::Result<Vec<MailSummary>> {
    let mut ids: Vec<(Uuid, PathBuf)> = paths(folder, ENDING)?
        .into_iter()
        .filter_map(|path| Some((Uuid::try_parse(path.file_stem()?.to_str()?).ok()?, path)))
        .collect();
    ids.sort();
    ids.into_iter()
        .filter_map(|(id, path)| summary(id, &path).transpose())
        .collect()
}

/// `None` for a message that was deleted while the folder was being listed, and for a
/// file that is not mail.
fn summary(id: Uuid, path: &Path) -> io::Result<Option<MailSummary>> {
    let mut beginning = vec![];
    match File::open(path) {
        Ok(file) => file.take(SUMMARY_BYTES).read_to_end(&mut beginning)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(MailSummary::parse(id, &beginning))
}

/// Mail whose writing a crash cut short was never acknowledged.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    paths(folder, durable::UNFINISHED)?
        .iter()
        .try_for_each(fs::remove_file)
}

fn paths(folder: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let mut paths = vec![];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|known| known == ending) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn missing_or_file(id: Uuid, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| match error.kind() {
        io::ErrorKind::NotFound => Error::NoSuchMail(id.to_string()),
        _ => Error::file(&path)(error),
    }
}
