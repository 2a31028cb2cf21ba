//! Buckets and their settings.

use jiff::Timestamp;

use crate::Error;

/// A bucket that must exist, and how it must behave.
#[derive(Debug, Clone)]
pub struct BucketOptions {
    /// The name, by S3's naming rules.
    pub name: String,
    /// Whether deleting and overwriting keep the old versions.
    pub versioned: bool,
    /// Days for which each new version can't be removed (S3 Object Lock, default retention in
    /// compliance mode). Needs `versioned`.
    pub object_lock_days: Option<u32>,
    /// Origins of web pages that may read and upload, as S3's `AllowedOrigin`: each with at most
    /// one `*`. They may use GET, HEAD, PUT, POST and DELETE and read `ETag` and `Location`.
    pub cors_origins: Vec<String>,
}

impl BucketOptions {
    /// Refuses what S3 refuses.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let refuse = |reason| {
            Err(Error::Bucket {
                name: self.name.clone(),
                reason,
            })
        };
        if !s3s::path::check_bucket_name(&self.name) {
            return refuse("not a valid bucket name");
        }
        if self.object_lock_days == Some(0) {
            return refuse("a retention of zero days");
        }
        if self.object_lock_days.is_some() && !self.versioned {
            return refuse("Object Lock needs versioning");
        }
        if self
            .cors_origins
            .iter()
            .any(|origin| origin.matches('*').count() > 1)
        {
            return refuse("an allowed origin has more than one *");
        }
        Ok(())
    }

    /// Refuses a change that S3 does not allow on an existing bucket.
    pub(crate) fn validate_change_of(&self, existing: &Bucket) -> Result<(), Error> {
        let refuse = |reason| {
            Err(Error::Bucket {
                name: self.name.clone(),
                reason,
            })
        };
        if existing.options.versioned && !self.versioned {
            return refuse("versioning can't be taken back");
        }
        if existing.options.object_lock_days.is_some() && self.object_lock_days.is_none() {
            return refuse("Object Lock can't be taken back");
        }
        Ok(())
    }
}

/// A bucket as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub options: BucketOptions,
    pub created: Timestamp,
}

impl Bucket {
    pub fn name(&self) -> &str {
        &self.options.name
    }
}
