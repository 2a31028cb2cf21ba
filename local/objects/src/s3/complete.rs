//! CompleteMultipartUpload: checks every part, joins them into one content.

use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use jiff::Timestamp;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, ETag};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::conditions::WriteCondition;
use super::found::shown_version_id;
use super::location;
use super::multipart::{UploadName, read_part_number};
use crate::bucket::Bucket;
use crate::checksum::{
    self, Checksums, Coverage, ObjectChecksum, declared_checksums, set_checksums,
};
use crate::contents::Contents;
use crate::intake::{ContentWriter, Received, bad_checksum};
use crate::retention::Retention;
use crate::store::ObjectStore;
use crate::uploads::{self, Part, Upload};
use crate::version::{State, StoredObject, Version};
use crate::{Error, event};

/// The least size of every part but the last.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MIN_PART: u64 = 5 * 1024 * 1024;

/// What the completion asks for.
struct Completion {
    bucket: Arc<Bucket>,
    name: UploadName,
    parts: Vec<ListedPart>,
    condition: WriteCondition,
    checksums: Checksums,
    coverage: Option<s3s::dto::ChecksumType>,
    size: Option<u64>,
}

/// A part as the completion lists it.
struct ListedPart {
    number: u32,
    etag: String,
    checksums: Checksums,
}

/// The parts that make up the object, checked.
struct Chosen {
    upload: Upload,
    parts: Vec<Part>,
}

impl ObjectStore {
    pub(super) async fn complete_multipart_upload(
        &self,
        input: CompleteMultipartUploadInput,
        host: &str,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let completion = self.read_completion(input)?;
        let (bucket, key) = (completion.name.bucket.clone(), completion.name.key.clone());
        let version = self
            .blocking(move |store| store.complete(&completion))
            .await?;
        let mut output = CompleteMultipartUploadOutput {
            location: Some(location(host, &bucket, &key)),
            bucket: Some(bucket),
            key: Some(key),
            version_id: shown_version_id(&version),
            ..CompleteMultipartUploadOutput::default()
        };
        if let State::Object(_, object) = version.state {
            output.checksum_type = Some(object.checksum.coverage.into());
            set_checksums!(output, (&object.checksum).into());
            output.e_tag = Some(ETag::Strong(object.etag));
        }
        Ok(output)
    }

    fn read_completion(&self, mut input: CompleteMultipartUploadInput) -> S3Result<Completion> {
        let listed = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        if listed.is_empty() {
            return Err(s3_error!(
                MalformedXML,
                "You must specify at least one part"
            ));
        }
        let size = input.mpu_object_size.map(u64::try_from).transpose();
        Ok(Completion {
            bucket: self.bucket(&input.bucket)?,
            parts: read_parts(listed)?,
            condition: WriteCondition::of_request(input.if_match, input.if_none_match)?,
            checksums: declared_checksums!(input),
            coverage: input.checksum_type,
            size: size.map_err(|_| S3ErrorCode::InvalidArgument)?,
            name: UploadName {
                bucket: input.bucket,
                key: input.key,
                id: input.upload_id,
            },
        })
    }

    /// Joining takes long, so it happens between two short looks at the rows; the second sees
    /// whether the first still holds.
    fn complete(&self, completion: &Completion) -> Result<Version, Error> {
        let (chosen, files) = self.read(|rows, contents| {
            completion
                .condition
                .check(rows, completion.bucket.name(), &completion.name.key)?;
            let chosen = completion.choose(rows)?;
            let files = open_all(contents, &chosen.parts)?;
            Ok((chosen, files))
        })?;
        let joined = join(self.contents(), &chosen, files)?;
        let object = completion.describe(&chosen, &joined)?;
        joined.file.as_file().sync_all()?;
        self.change(|change| {
            completion.condition.check(
                change.rows(),
                completion.bucket.name(),
                &completion.name.key,
            )?;
            if !completion.choose(change.rows())?.has_same_contents(&chosen) {
                return Err(invalid_part().into());
            }
            change.keep(joined.file, &joined.content)?;
            uploads::remove(change, &chosen.upload.id)?;
            let key = &completion.name.key;
            change.add_object(
                &completion.bucket,
                key,
                joined.content,
                object,
                event::name::COMPLETE,
            )
        })
    }
}

fn read_parts(listed: Vec<CompletedPart>) -> S3Result<Vec<ListedPart>> {
    let mut parts = Vec::with_capacity(listed.len());
    let mut last = 0;
    for mut part in listed {
        let checksums = declared_checksums!(part);
        let number = part.part_number.ok_or(S3ErrorCode::MalformedXML)?;
        let number = read_part_number(number)?;
        if number <= last {
            return Err(s3_error!(
                InvalidPartOrder,
                "The list of parts was not in ascending order. Parts must be ordered by part number."
            ));
        }
        last = number;
        parts.push(ListedPart {
            number,
            etag: part
                .e_tag
                .map(ETag::into_value)
                .ok_or(S3ErrorCode::MalformedXML)?,
            checksums,
        });
    }
    Ok(parts)
}

impl Completion {
    /// Finds the listed parts and checks them.
    fn choose(&self, rows: &rusqlite::Connection) -> Result<Chosen, Error> {
        let upload = uploads::find(rows, &self.name.bucket, &self.name.key, &self.name.id)?;
        self.check_coverage(&upload)?;
        let mut arrived = uploads::parts_after(rows, &upload.id, 0, usize::MAX)?.into_iter();
        let mut parts = Vec::with_capacity(self.parts.len());
        for listed in &self.parts {
            let part = arrived.find(|part| part.number == listed.number);
            parts.push(
                part.filter(|part| listed.fits(part))
                    .ok_or_else(invalid_part)?,
            );
        }
        check_sizes(&parts, self.size)?;
        Ok(Chosen { upload, parts })
    }

    fn check_coverage(&self, upload: &Upload) -> S3Result<()> {
        let expected = s3s::dto::ChecksumType::from(upload.request.coverage);
        match &self.coverage {
            Some(asked) if *asked != expected => Err(s3_error!(
                InvalidRequest,
                "The checksum type does not match that of the upload"
            )),
            _ => Ok(()),
        }
    }

    fn describe(&self, chosen: &Chosen, joined: &Received) -> Result<StoredObject, Error> {
        let checksum = self.verified_checksum(chosen, joined)?;
        let request = &chosen.upload.request;
        Ok(StoredObject {
            size: joined.size,
            etag: etag(&chosen.parts)?,
            md5: joined.md5.clone(),
            checksum,
            attributes: request.attributes.clone(),
            tags: request.tags.clone(),
            retention: request
                .retention
                .or(Retention::default_of(&self.bucket, Timestamp::now())),
        })
    }

    fn verified_checksum(
        &self,
        chosen: &Chosen,
        joined: &Received,
    ) -> Result<ObjectChecksum, Error> {
        let (algorithm, coverage) = (
            chosen.upload.request.algorithm,
            chosen.upload.request.coverage,
        );
        let value = match coverage {
            Coverage::FullObject => joined
                .checksums
                .get(&algorithm)
                .cloned()
                .unwrap_or_default(),
            Coverage::Composite => {
                let of_part = |part: &'_ Part| {
                    part.facts
                        .checksums
                        .get(&algorithm)
                        .cloned()
                        .unwrap_or_default()
                };
                let parts: Vec<_> = chosen.parts.iter().map(of_part).collect();
                checksum::composite(algorithm, &parts)?
            }
        };
        let composite = value.split('-').next().unwrap_or_default();
        for (declared, expected) in &self.checksums {
            if *declared != algorithm || (*expected != value && expected != composite) {
                return Err(bad_checksum(*declared).into());
            }
        }
        Ok(ObjectChecksum {
            algorithm,
            coverage,
            value,
        })
    }
}

impl ListedPart {
    /// Whether this is the part that arrived.
    fn fits(&self, part: &Part) -> bool {
        let checksums = &part.facts.checksums;
        let checksums_fit = self
            .checksums
            .iter()
            .all(|(algorithm, value)| checksums.get(algorithm) == Some(value));
        self.etag == part.facts.md5 && checksums_fit
    }
}

impl Chosen {
    fn has_same_contents(&self, other: &Self) -> bool {
        let contents = |chosen: &Self| {
            chosen
                .parts
                .iter()
                .map(|part| part.content.clone())
                .collect::<Vec<_>>()
        };
        contents(self) == contents(other)
    }
}

fn check_sizes(parts: &[Part], expected: Option<u64>) -> S3Result<()> {
    let small = parts
        .iter()
        .rev()
        .skip(1)
        .any(|part| part.facts.size < MIN_PART);
    if small {
        return Err(s3_error!(
            EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size"
        ));
    }
    let size: u64 = parts.iter().map(|part| part.facts.size).sum();
    if expected.is_some_and(|expected| expected != size) {
        return Err(s3_error!(
            InvalidRequest,
            "The provided 'x-amz-mp-object-size' header does not match what was computed."
        ));
    }
    Ok(())
}

fn invalid_part() -> S3Error {
    s3_error!(
        InvalidPart,
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
    )
}

/// The MD5 of the parts' MD5s and their number, as S3 makes it.
fn etag(parts: &[Part]) -> Result<String, Error> {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&hex::decode(&part.facts.md5).map_err(|_| invalid_part())?);
    }
    Ok(format!("{}-{}", hex::encode(md5.finalize()), parts.len()))
}

fn open_all(contents: &Contents, parts: &[Part]) -> Result<Vec<File>, Error> {
    // An open file stays readable when the upload is aborted meanwhile.
    parts
        .iter()
        .map(|part| Ok(contents.open_content(&part.content)?))
        .collect()
}

fn join(contents: &Contents, chosen: &Chosen, files: Vec<File>) -> Result<Received, Error> {
    let mut writer = ContentWriter::new(contents, &[chosen.upload.request.algorithm])?;
    let mut buffer = vec![0; 256 * 1024];
    for mut file in files {
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                read => writer.write(buffer.get(..read).unwrap_or_default())?,
            }
        }
    }
    Ok(writer.finish())
}
