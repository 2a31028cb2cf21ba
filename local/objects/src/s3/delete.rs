//! DeleteObject and DeleteObjects.

use jiff::Timestamp;
use s3s::dto::{
    self, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
    DeletedObject, ETagCondition, ObjectIdentifier,
};
use s3s::{S3Error, S3Result, s3_error};

use super::conditions::WriteCondition;
use super::{check_key, refuse_if};
use crate::bucket::Bucket;
use crate::change::Change;
use crate::store::ObjectStore;
use crate::version::{NULL_VERSION, State, Version};
use crate::{Error, catalog};

/// What a deletion names.
struct Target {
    key: String,
    version_id: Option<String>,
    condition: WriteCondition,
}

/// What a deletion did.
#[derive(Debug, Default)]
struct Deleted {
    /// The version that was removed, or the marker that was added.
    version_id: Option<String>,
    /// Whether that is a delete marker.
    is_delete_marker: bool,
}

impl ObjectStore {
    pub(super) async fn delete_object(
        &self,
        input: DeleteObjectInput,
    ) -> S3Result<DeleteObjectOutput> {
        refuse_if(
            input.if_match_size.is_some() || input.if_match_last_modified_time.is_some(),
            "deletion by size or time",
        )?;
        let target = Target {
            condition: WriteCondition::of_request(input.if_match, None)?,
            key: input.key,
            version_id: input.version_id,
        };
        let bypass = input.bypass_governance_retention == Some(true);
        let delete = move |store: &Self| {
            let bucket = store.bucket(&input.bucket)?;
            store.change(|change| delete(change, &bucket, &target, bypass))
        };
        let deleted = self.blocking(delete).await?;
        Ok(DeleteObjectOutput {
            delete_marker: deleted.is_delete_marker.then_some(true),
            version_id: deleted.version_id,
            request_charged: None,
        })
    }

    pub(super) async fn delete_objects(
        &self,
        input: DeleteObjectsInput,
    ) -> S3Result<DeleteObjectsOutput> {
        let is_quiet = input.delete.quiet == Some(true);
        let bypass = input.bypass_governance_retention == Some(true);
        let objects = input.delete.objects;
        if objects.is_empty() || objects.len() > 1000 {
            return Err(s3_error!(MalformedXML, "Name 1 to 1,000 objects"));
        }
        let delete = move |store: &Self| {
            let bucket = store.bucket(&input.bucket)?;
            store.change(|change| {
                let mut output = DeleteObjectsOutput::default();
                for object in objects {
                    delete_one_of_many(change, &bucket, object, bypass, &mut output)?;
                }
                Ok(output)
            })
        };
        let mut output = self.blocking(delete).await?;
        if is_quiet {
            output.deleted = None;
        }
        Ok(output)
    }
}

/// A refusal of one object concerns that object only.
fn delete_one_of_many(
    change: &mut Change<'_>,
    bucket: &Bucket,
    object: ObjectIdentifier,
    bypass: bool,
    output: &mut DeleteObjectsOutput,
) -> Result<(), Error> {
    let (key, version_id) = (object.key.clone(), object.version_id.clone());
    match target_of(object)
        .map_err(Error::from)
        .and_then(|target| delete(change, bucket, &target, bypass))
    {
        Ok(deleted) => {
            let marker_id = deleted
                .is_delete_marker
                .then_some(deleted.version_id)
                .flatten();
            output.deleted.get_or_insert_default().push(DeletedObject {
                delete_marker: deleted.is_delete_marker.then_some(true),
                delete_marker_version_id: marker_id,
                key: Some(key),
                version_id,
            });
            Ok(())
        }
        Err(Error::Refused(refusal)) => {
            output.errors.get_or_insert_default().push(dto::Error {
                code: Some(refusal.code().as_str().to_owned()),
                key: Some(key),
                message: refusal.message().map(str::to_owned),
                version_id,
            });
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}

fn target_of(object: ObjectIdentifier) -> S3Result<Target> {
    refuse_if(
        object.size.is_some() || object.last_modified_time.is_some(),
        "deletion by size or time",
    )?;
    check_key(&object.key)?;
    Ok(Target {
        key: object.key,
        version_id: object.version_id,
        condition: WriteCondition::of_request(object.e_tag.map(ETagCondition::ETag), None)?,
    })
}

fn delete(
    change: &mut Change<'_>,
    bucket: &Bucket,
    target: &Target,
    bypass: bool,
) -> Result<Deleted, Error> {
    target
        .condition
        .check(change.rows(), bucket.name(), &target.key)?;
    match &target.version_id {
        Some(id) => remove(change, bucket, &target.key, id, bypass),
        None if bucket.options.versioned => mark(change, bucket, &target.key),
        None => {
            remove(change, bucket, &target.key, NULL_VERSION, bypass).map(|_| Deleted::default())
        }
    }
}

fn mark(change: &mut Change<'_>, bucket: &Bucket, key: &str) -> Result<Deleted, Error> {
    let marker = change.add_delete_marker(bucket, key)?;
    Ok(Deleted {
        version_id: Some(marker.version_id),
        is_delete_marker: true,
    })
}

/// Removes a version for good; one that is not there is removed already.
fn remove(
    change: &mut Change<'_>,
    bucket: &Bucket,
    key: &str,
    id: &str,
    bypass: bool,
) -> Result<Deleted, Error> {
    let version = catalog::version(change.rows(), bucket.name(), key, id)?;
    let is_delete_marker = version
        .as_ref()
        .is_some_and(|version| matches!(version.state, State::DeleteMarker));
    if let Some(version) = version {
        refuse_retained(&version, bypass)?;
        change.remove_version(bucket, version)?;
    }
    Ok(Deleted {
        version_id: Some(id.to_owned()),
        is_delete_marker,
    })
}

fn refuse_retained(version: &Version, bypass: bool) -> Result<(), S3Error> {
    match &version.state {
        State::Object(_, object)
            if object
                .retention
                .is_some_and(|retention| retention.forbids_removal(Timestamp::now(), bypass)) =>
        {
            Err(s3_error!(
                AccessDenied,
                "Access Denied because object protected by object lock."
            ))
        }
        _ => Ok(()),
    }
}
