//! Tags of objects: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>.

use std::collections::BTreeSet;

use s3s::dto::{
    GetObjectTaggingInput, GetObjectTaggingOutput, PutObjectTaggingInput, PutObjectTaggingOutput,
    Tag,
};
use s3s::{S3Result, s3_error};

use super::found::find_object;
use crate::catalog;
use crate::store::ObjectStore;

/// Tags of one object, names with values.
type Tags = Vec<(String, String)>;

/// Reads `x-amz-tagging`, which is encoded like a query.
pub(super) fn parse_header(header: Option<&str>) -> S3Result<Tags> {
    let tags = form_urlencoded::parse(header.unwrap_or_default().as_bytes());
    validated(tags.into_owned().collect())
}

fn validated(tags: Tags) -> S3Result<Tags> {
    let names: BTreeSet<_> = tags.iter().map(|(name, _)| name).collect();
    let fits = |text: &str, most| text.chars().count() <= most;
    let all_fit = tags
        .iter()
        .all(|(name, value)| !name.is_empty() && fits(name, 128) && fits(value, 256));
    if tags.len() > 10 || names.len() != tags.len() || !all_fit {
        return Err(s3_error!(
            InvalidTag,
            "An object has at most 10 tags with different names of 1 to 128 and values of up to 256 characters"
        ));
    }
    Ok(tags)
}

impl ObjectStore {
    pub(super) async fn get_object_tagging(
        &self,
        input: GetObjectTaggingInput,
    ) -> S3Result<GetObjectTaggingOutput> {
        let read = move |store: &Self| {
            let bucket = store.bucket(&input.bucket)?;
            store.read(|rows, _| {
                let found = find_object(rows, &bucket, &input.key, input.version_id.as_deref())?;
                let tags = found.object.tags.into_iter();
                Ok(GetObjectTaggingOutput {
                    tag_set: tags
                        .map(|(key, value)| Tag {
                            key: Some(key),
                            value: Some(value),
                        })
                        .collect(),
                    version_id: found.version_id,
                })
            })
        };
        Ok(self.blocking(read).await?)
    }

    pub(super) async fn put_object_tagging(
        &self,
        input: PutObjectTaggingInput,
    ) -> S3Result<PutObjectTaggingOutput> {
        let given = input.tagging.tag_set.into_iter();
        let given = given.map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default()));
        let tags = validated(given.collect())?;
        let write = move |store: &Self| {
            let bucket = store.bucket(&input.bucket)?;
            store.change(|change| {
                let mut found = find_object(
                    change.rows(),
                    &bucket,
                    &input.key,
                    input.version_id.as_deref(),
                )?;
                found.object.tags = tags;
                catalog::update_object(change.rows(), found.seq, &found.object)?;
                Ok(PutObjectTaggingOutput {
                    version_id: found.version_id,
                })
            })
        };
        Ok(self.blocking(write).await?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_header_is_a_query() {
        let tags = parse_header(Some("kind=preview&for=a%20b")).unwrap();
        assert_eq!(
            tags,
            [
                ("kind".to_owned(), "preview".to_owned()),
                ("for".to_owned(), "a b".to_owned())
            ]
        );
        assert!(parse_header(None).unwrap().is_empty());
        assert!(parse_header(Some("a=1&a=2")).is_err());
        assert!(parse_header(Some("=1")).is_err());
        assert!(parse_header(Some("a&b&c&d&e&f&g&h&i&j&k")).is_err());
    }
}
