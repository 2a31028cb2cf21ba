//! S3 Object Lock: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>.

use jiff::{SignedDuration, Timestamp};
use s3s::dto::ObjectLockMode;
use s3s::{S3Error, S3ErrorCode, s3_error};
use serde::{Deserialize, Serialize};

use crate::bucket::Bucket;

/// Who may shorten a retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mode {
    Compliance,
    Governance,
}

impl From<Mode> for ObjectLockMode {
    fn from(mode: Mode) -> Self {
        Self::from_static(match mode {
            Mode::Compliance => Self::COMPLIANCE,
            Mode::Governance => Self::GOVERNANCE,
        })
    }
}

/// Until when a version can't be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retention {
    pub mode: Mode,
    pub until: Timestamp,
}

impl Retention {
    /// What a new version gets: what the request asks for, else the bucket's default.
    pub fn of_new_version(
        bucket: &Bucket,
        mode: Option<&ObjectLockMode>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Self>, S3Error> {
        let requested = Self::requested(bucket, mode, until, now)?;
        Ok(requested.or(Self::default_of(bucket, now)))
    }

    /// What a request asks for.
    pub fn requested(
        bucket: &Bucket,
        mode: Option<&ObjectLockMode>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Option<Self>, S3Error> {
        let (mode, until) = match (mode, until) {
            (None, None) => return Ok(None),
            (Some(mode), Some(until)) => (parse_mode(mode)?, until),
            _ => {
                return Err(s3_error!(
                    InvalidArgument,
                    "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied"
                ));
            }
        };
        if bucket.options.object_lock_days.is_none() {
            return Err(s3_error!(
                InvalidRequest,
                "Bucket is missing Object Lock Configuration"
            ));
        }
        if until <= now {
            return Err(s3_error!(
                InvalidArgument,
                "The retain until date must be in the future!"
            ));
        }
        Ok(Some(Self { mode, until }))
    }

    /// The bucket's default for a version that is made now.
    pub fn default_of(bucket: &Bucket, now: Timestamp) -> Option<Self> {
        let days = bucket.options.object_lock_days?;
        let until = now
            .checked_add(SignedDuration::from_hours(24 * i64::from(days)))
            .unwrap_or(Timestamp::MAX);
        Some(Self {
            mode: Mode::Compliance,
            until,
        })
    }

    /// Whether the version must stay. `bypass` is the request's wish to pass over governance mode.
    pub fn forbids_removal(&self, now: Timestamp, bypass: bool) -> bool {
        now < self.until && !(bypass && self.mode == Mode::Governance)
    }
}

fn parse_mode(mode: &ObjectLockMode) -> Result<Mode, S3Error> {
    match mode.as_str() {
        ObjectLockMode::COMPLIANCE => Ok(Mode::Compliance),
        ObjectLockMode::GOVERNANCE => Ok(Mode::Governance),
        _ => Err(S3ErrorCode::InvalidArgument.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removal_waits_for_the_date() {
        let until = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24);
        let compliance = Retention {
            mode: Mode::Compliance,
            until,
        };
        let governance = Retention {
            mode: Mode::Governance,
            until,
        };
        let before = until - SignedDuration::from_nanos(1);
        assert!(compliance.forbids_removal(before, false));
        assert!(compliance.forbids_removal(before, true));
        assert!(governance.forbids_removal(before, false));
        assert!(!governance.forbids_removal(before, true));
        assert!(!compliance.forbids_removal(until, false));
    }
}
