//! ListObjectsV2 and ListObjectVersions.

use s3s::dto::{
    ChecksumAlgorithm, CommonPrefix, DeleteMarkerEntry, ETag, EncodingType,
    ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsV2Input, ListObjectsV2Output,
    Object, ObjectStorageClass, ObjectVersion, ObjectVersionStorageClass,
};
use s3s::{S3Result, s3_error};

use super::{count, page_size, refuse_if, size};
use crate::event::percent_encode;
use crate::listing::{self, ObjectPage, ObjectQuery, VersionPage, VersionQuery};
use crate::store::ObjectStore;
use crate::version::{State, Version, to_dto_time};

/// How a listing writes keys: as they are, or percent-encoded for keys that XML can't hold.
#[derive(Clone, Copy)]
struct Encoding(bool);

impl Encoding {
    fn of(asked: Option<&EncodingType>) -> Self {
        Self(asked.is_some_and(|encoding| encoding.as_str() == EncodingType::URL))
    }

    fn key(self, key: &str) -> String {
        if self.0 {
            percent_encode(key, "+")
        } else {
            key.to_owned()
        }
    }
}

impl ObjectStore {
    pub(super) async fn list_objects_v2(
        &self,
        input: ListObjectsV2Input,
    ) -> S3Result<ListObjectsV2Output> {
        let query = ObjectQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            from: first_key(&input)?,
            limit: page_size(input.max_keys)?,
        };
        let limit = query.limit;
        let name = input.bucket.clone();
        let list = move |store: &Self| {
            let bucket = store.bucket(&name)?;
            store.read(|rows, _| listing::objects(rows, bucket.name(), &query))
        };
        let page = self.blocking(list).await?;
        Ok(objects_output(input, page, limit))
    }

    pub(super) async fn list_object_versions(
        &self,
        input: ListObjectVersionsInput,
    ) -> S3Result<ListObjectVersionsOutput> {
        refuse_if(
            input.delimiter.is_some(),
            "listing versions with a delimiter",
        )?;
        let query = VersionQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            key_marker: input.key_marker.clone().filter(|key| !key.is_empty()),
            version_marker: input.version_id_marker.clone().filter(|id| !id.is_empty()),
            limit: page_size(input.max_keys)?,
        };
        if query.version_marker.is_some() && query.key_marker.is_none() {
            return Err(s3_error!(
                InvalidArgument,
                "A version-id marker cannot be specified without a key marker."
            ));
        }
        let limit = query.limit;
        let name = input.bucket.clone();
        let list = move |store: &Self| {
            let bucket = store.bucket(&name)?;
            store.read(|rows, _| listing::versions(rows, bucket.name(), &query))
        };
        let page = self.blocking(list).await?;
        Ok(versions_output(input, page, limit))
    }
}

/// A continuation token is the hexadecimal first key of the next page.
fn first_key(input: &ListObjectsV2Input) -> S3Result<String> {
    match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => hex::decode(token)
            .ok()
            .and_then(|key| String::from_utf8(key).ok())
            .ok_or_else(|| {
                s3_error!(
                    InvalidArgument,
                    "The continuation token provided is incorrect"
                )
            }),
        (None, Some(key)) => Ok(listing::after_key(key)),
        (None, None) => Ok(String::new()),
    }
}

fn objects_output(
    input: ListObjectsV2Input,
    page: ObjectPage,
    limit: usize,
) -> ListObjectsV2Output {
    let encoding = Encoding::of(input.encoding_type.as_ref());
    let key_count = page.objects.len() + page.common_prefixes.len();
    let prefixes = page.common_prefixes.iter().map(|prefix| CommonPrefix {
        prefix: Some(encoding.key(prefix)),
    });
    ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: input.prefix.map(|prefix| encoding.key(&prefix)),
        max_keys: Some(count(limit)),
        key_count: Some(count(key_count)),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.map(hex::encode),
        common_prefixes: Some(prefixes.collect()),
        contents: Some(
            page.objects
                .into_iter()
                .map(|version| object_entry(version, encoding))
                .collect(),
        ),
        delimiter: input.delimiter.map(|delimiter| encoding.key(&delimiter)),
        encoding_type: input.encoding_type,
        start_after: input.start_after.map(|key| encoding.key(&key)),
        request_charged: None,
    }
}

fn object_entry(version: Version, encoding: Encoding) -> Object {
    let mut entry = Object {
        key: Some(encoding.key(&version.key)),
        last_modified: Some(to_dto_time(version.modified)),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        ..Object::default()
    };
    if let State::Object(_, object) = version.state {
        entry.checksum_algorithm = Some(vec![ChecksumAlgorithm::from_static(
            object.checksum.algorithm.name(),
        )]);
        entry.checksum_type = Some(object.checksum.coverage.into());
        entry.e_tag = Some(ETag::Strong(object.etag));
        entry.size = Some(size(object.size));
    }
    entry
}

fn versions_output(
    input: ListObjectVersionsInput,
    page: VersionPage,
    limit: usize,
) -> ListObjectVersionsOutput {
    let encoding = Encoding::of(input.encoding_type.as_ref());
    let last = page.versions.last().filter(|_| page.is_truncated);
    let mut output = ListObjectVersionsOutput {
        next_key_marker: last.map(|version| encoding.key(&version.key)),
        next_version_id_marker: last.map(|version| version.version_id.clone()),
        is_truncated: Some(page.is_truncated),
        name: Some(input.bucket),
        prefix: input.prefix.map(|prefix| encoding.key(&prefix)),
        key_marker: input.key_marker.map(|key| encoding.key(&key)),
        version_id_marker: input.version_id_marker,
        max_keys: Some(count(limit)),
        encoding_type: input.encoding_type,
        ..ListObjectVersionsOutput::default()
    };
    for version in page.versions {
        match &version.state {
            State::DeleteMarker => output
                .delete_markers
                .get_or_insert_default()
                .push(marker_entry(version, encoding)),
            State::Object(..) => output
                .versions
                .get_or_insert_default()
                .push(version_entry(version, encoding)),
        }
    }
    output
}

fn marker_entry(version: Version, encoding: Encoding) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        is_latest: Some(version.is_latest),
        key: Some(encoding.key(&version.key)),
        last_modified: Some(to_dto_time(version.modified)),
        version_id: Some(version.version_id),
        ..DeleteMarkerEntry::default()
    }
}

fn version_entry(version: Version, encoding: Encoding) -> ObjectVersion {
    let (is_latest, version_id) = (version.is_latest, version.version_id.clone());
    let entry = object_entry(version, encoding);
    ObjectVersion {
        checksum_algorithm: entry.checksum_algorithm,
        checksum_type: entry.checksum_type,
        e_tag: entry.e_tag,
        is_latest: Some(is_latest),
        key: entry.key,
        last_modified: entry.last_modified,
        size: entry.size,
        storage_class: Some(ObjectVersionStorageClass::from_static(
            ObjectVersionStorageClass::STANDARD,
        )),
        version_id: Some(version_id),
        ..ObjectVersion::default()
    }
}
