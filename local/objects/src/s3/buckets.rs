//! CreateBucket, HeadBucket, ListBuckets.

use jiff::Timestamp;
use s3s::dto::{
    self, CreateBucketInput, CreateBucketOutput, HeadBucketInput, HeadBucketOutput,
    ListBucketsInput, ListBucketsOutput,
};
use s3s::{S3Result, s3_error};

use super::refuse_if;
use crate::bucket::{Bucket, BucketOptions};
use crate::store::ObjectStore;
use crate::version::to_dto_time;

impl ObjectStore {
    /// Makes a bucket without versioning.
    pub(super) async fn create_bucket(
        &self,
        input: CreateBucketInput,
    ) -> S3Result<CreateBucketOutput> {
        refuse_if(
            input.object_lock_enabled_for_bucket == Some(true),
            "Object Lock by CreateBucket",
        )?;
        if self.find_bucket(&input.bucket).is_some() {
            return Err(s3_error!(
                BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it."
            ));
        }
        let location = format!("/{}", input.bucket);
        let bucket = Bucket {
            options: BucketOptions {
                name: input.bucket,
                versioned: false,
                object_lock_days: None,
                cors_origins: Vec::new(),
            },
            created: Timestamp::now(),
        };
        self.blocking(|store| store.put_bucket(bucket)).await?;
        Ok(CreateBucketOutput {
            location: Some(location),
        })
    }

    pub(super) fn head_bucket(&self, input: &HeadBucketInput) -> S3Result<HeadBucketOutput> {
        self.bucket(&input.bucket)?;
        Ok(HeadBucketOutput {
            bucket_region: Some(self.options().region.clone()),
            ..HeadBucketOutput::default()
        })
    }

    pub(super) fn list_buckets(&self, input: &ListBucketsInput) -> S3Result<ListBucketsOutput> {
        refuse_if(
            input.continuation_token.is_some() || input.max_buckets.is_some(),
            "pages of buckets",
        )?;
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let buckets = self
            .buckets()
            .iter()
            .filter(|bucket| bucket.name().starts_with(prefix))
            .map(|bucket| dto::Bucket {
                bucket_region: Some(self.options().region.clone()),
                creation_date: Some(to_dto_time(bucket.created)),
                name: Some(bucket.name().to_owned()),
            })
            .collect();
        Ok(ListBucketsOutput {
            buckets: Some(buckets),
            prefix: input.prefix.clone(),
            ..ListBucketsOutput::default()
        })
    }
}
