//! The store: one folder, opened once.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use rusqlite::Connection;
use s3s::S3ErrorCode;

use crate::bucket::{Bucket, BucketOptions};
use crate::change::{self, Change};
use crate::contents::Contents;
use crate::event::ObjectEvent;
use crate::version::VersionInfo;
use crate::{Error, catalog, listing};

/// Where a store is and who may use it.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The folder; made when it is missing.
    pub root: PathBuf,
    /// The region that the store names as its own.
    pub region: String,
    /// Access key and secret key: every request must be signed with them.
    pub credentials: (String, String),
}

/// An open object store. Clones share it; the folder is released with the last one.
#[derive(Clone)]
pub struct ObjectStore {
    inner: Arc<Inner>,
}

type Subscriber = Box<dyn Fn(ObjectEvent) + Send + Sync>;

struct Inner {
    options: StoreOptions,
    /// Held while rows and files change, so that a content can't vanish between the two.
    connection: Mutex<Connection>,
    contents: Contents,
    buckets: RwLock<HashMap<String, Arc<Bucket>>>,
    subscribers: RwLock<Vec<Subscriber>>,
    /// Locked while the store is open.
    _lock: File,
}

impl ObjectStore {
    /// Opens the folder: makes it when it is missing, clears what a crash left unfinished.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process has it open; otherwise the folder or its metadata
    /// can't be read or written.
    pub fn open(options: StoreOptions) -> Result<Self, Error> {
        std::fs::create_dir_all(&options.root)?;
        let lock = File::create(options.root.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => Error::InUse(options.root.clone()),
            TryLockError::Error(error) => Error::Io(error),
        })?;
        let connection = catalog::open(&options.root.join("objects.sqlite3"))?;
        let contents = Contents::open(&options.root)?;
        contents.sweep(&catalog::referenced(&connection)?)?;
        catalog::scrub_log(&connection)?;
        let buckets = catalog::buckets(&connection)?
            .into_iter()
            .map(|bucket| (bucket.name().to_owned(), Arc::new(bucket)))
            .collect();
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                connection: Mutex::new(connection),
                contents,
                buckets: RwLock::new(buckets),
                subscribers: RwLock::default(),
                _lock: lock,
            }),
        })
    }

    /// Makes a bucket or brings an existing one to these settings.
    ///
    /// # Errors
    /// [`Error::Bucket`] for what S3 does not allow: a bad name, Object Lock without versioning,
    /// taking back versioning or Object Lock.
    pub fn ensure_bucket(&self, options: &BucketOptions) -> Result<(), Error> {
        options.validate()?;
        let existing = self.find_bucket(options.name.as_str());
        if let Some(existing) = &existing {
            options.validate_change_of(existing)?;
        }
        self.put_bucket(Bucket {
            options: options.clone(),
            created: existing.map_or_else(Timestamp::now, |existing| existing.created),
        })
    }

    /// Calls `subscriber` after the commit of every change. When it returns, the event counts as
    /// taken over: keep it durably before. An event may come again after a crash.
    ///
    /// Subscribe before [`serve`](Self::serve), which first repeats what a crash kept back.
    pub fn subscribe(&self, subscriber: impl Fn(ObjectEvent) + Send + Sync + 'static) {
        self.inner
            .subscribers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(subscriber));
    }

    /// All versions and delete markers of a bucket, by key and newest first.
    ///
    /// # Errors
    /// `NoSuchBucket`, or the metadata can't be read.
    pub fn list_all_versions(&self, bucket: &str) -> Result<Vec<VersionInfo>, Error> {
        let bucket = self.bucket(bucket)?;
        let versions = self.read(|rows, _| listing::all_versions(rows, bucket.name()))?;
        Ok(versions.into_iter().map(VersionInfo::from).collect())
    }

    pub(crate) fn options(&self) -> &StoreOptions {
        &self.inner.options
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.inner.contents
    }

    /// The bucket of that name.
    pub(crate) fn bucket(&self, name: &str) -> Result<Arc<Bucket>, Error> {
        self.find_bucket(name)
            .ok_or_else(|| S3ErrorCode::NoSuchBucket.into())
    }

    pub(crate) fn find_bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        let buckets = self
            .inner
            .buckets
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        buckets.get(name).cloned()
    }

    /// All buckets by name.
    pub(crate) fn buckets(&self) -> Vec<Arc<Bucket>> {
        let buckets = self
            .inner
            .buckets
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = buckets.values().cloned().collect();
        all.sort_by(|one, other| one.name().cmp(other.name()));
        all
    }

    /// Keeps a bucket.
    pub(crate) fn put_bucket(&self, bucket: Bucket) -> Result<(), Error> {
        let mut buckets = self
            .inner
            .buckets
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        catalog::put_bucket(&self.connection(), &bucket)?;
        buckets.insert(bucket.name().to_owned(), Arc::new(bucket));
        Ok(())
    }

    /// Reads rows and opens contents, undisturbed by changes.
    pub(crate) fn read<T>(
        &self,
        body: impl FnOnce(&Connection, &Contents) -> Result<T, Error>,
    ) -> Result<T, Error> {
        body(&self.connection(), &self.inner.contents)
    }

    /// Makes one change, then tells the subscribers.
    pub(crate) fn change<T>(
        &self,
        body: impl FnOnce(&mut Change<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (value, committed) = change::run(&mut self.connection(), &self.inner.contents, body)?;
        self.deliver(&committed.events)?;
        if committed.erases {
            catalog::scrub_log(&self.connection())?;
        }
        Ok(value)
    }

    /// Repeats the events that a crash kept from the subscribers.
    pub(crate) fn deliver_pending(&self) -> Result<(), Error> {
        let pending = change::pending_events(&self.connection())?;
        self.deliver(&pending)
    }

    /// Calls the subscribers, without the lock so that they may use the store.
    fn deliver(&self, events: &[ObjectEvent]) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let subscribers = self
            .inner
            .subscribers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        for event in events {
            for subscriber in subscribers.iter() {
                subscriber(event.clone());
            }
        }
        drop(subscribers);
        change::forget_events(&mut self.connection(), events)
    }

    /// Runs `body` where it may block.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        body: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || body(&store))
            .await
            .map_err(|_| Error::Interrupted)?
    }

    /// A connection whose holder panicked rolled back; nothing half-done stays behind.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.inner
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for ObjectStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ObjectStore")
            .field("root", &self.inner.options.root)
            .finish_non_exhaustive()
    }
}
