//! The checksums of S3: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>.

use std::collections::BTreeMap;
use std::io::{self, Read};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use s3s::S3ErrorCode;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto;
use serde::{Deserialize, Serialize};

use crate::Error;

/// An algorithm that a client may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// The name in `x-amz-checksum-algorithm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => dto::ChecksumAlgorithm::CRC32,
            Self::Crc32c => dto::ChecksumAlgorithm::CRC32C,
            Self::Crc64Nvme => dto::ChecksumAlgorithm::CRC64NVME,
            Self::Sha1 => dto::ChecksumAlgorithm::SHA1,
            Self::Sha256 => dto::ChecksumAlgorithm::SHA256,
        }
    }

    /// The algorithm of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The algorithm whose value travels in that header or trailer.
    pub fn from_header(header: &str) -> Option<Self> {
        Self::from_name(header.trim().strip_prefix("x-amz-checksum-")?)
    }

    /// The header or trailer that carries its value.
    pub fn header(self) -> String {
        format!("x-amz-checksum-{}", self.name().to_ascii_lowercase())
    }
}

/// Whether a checksum covers the object's bytes or the checksums of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Coverage {
    FullObject,
    Composite,
}

impl Coverage {
    /// What a multipart upload gets that asked for `algorithm` and perhaps for a type.
    pub fn of_multipart(
        algorithm: Algorithm,
        asked: Option<&dto::ChecksumType>,
    ) -> Result<Self, Error> {
        let default = match algorithm {
            Algorithm::Crc64Nvme => Self::FullObject,
            _ => Self::Composite,
        };
        let coverage = match asked.map(dto::ChecksumType::as_str) {
            None => default,
            Some(dto::ChecksumType::FULL_OBJECT) => Self::FullObject,
            Some(dto::ChecksumType::COMPOSITE) => Self::Composite,
            Some(_) => return Err(S3ErrorCode::InvalidRequest.into()),
        };
        let possible = match algorithm {
            Algorithm::Crc32 | Algorithm::Crc32c => true,
            Algorithm::Crc64Nvme => coverage == Self::FullObject,
            Algorithm::Sha1 | Algorithm::Sha256 => coverage == Self::Composite,
        };
        if possible {
            Ok(coverage)
        } else {
            Err(S3ErrorCode::InvalidRequest.into())
        }
    }
}

impl From<Coverage> for dto::ChecksumType {
    fn from(coverage: Coverage) -> Self {
        Self::from_static(match coverage {
            Coverage::FullObject => Self::FULL_OBJECT,
            Coverage::Composite => Self::COMPOSITE,
        })
    }
}

/// Checksum values in Base64, by algorithm.
pub(crate) type Checksums = BTreeMap<Algorithm, String>;

/// The one checksum that an object keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectChecksum {
    pub algorithm: Algorithm,
    pub coverage: Coverage,
    /// Base64; a composite one ends in `-` and the number of parts.
    pub value: String,
}

impl From<&ObjectChecksum> for dto::Checksum {
    fn from(checksum: &ObjectChecksum) -> Self {
        let mut fields = from_map(&Checksums::from([(
            checksum.algorithm,
            checksum.value.clone(),
        )]));
        fields.checksum_type = Some(checksum.coverage.into());
        fields
    }
}

/// The fields of an S3 message for these values.
pub(crate) fn from_map(checksums: &Checksums) -> dto::Checksum {
    let value = |algorithm| checksums.get(&algorithm).cloned();
    dto::Checksum {
        checksum_crc32: value(Algorithm::Crc32),
        checksum_crc32c: value(Algorithm::Crc32c),
        checksum_crc64nvme: value(Algorithm::Crc64Nvme),
        checksum_sha1: value(Algorithm::Sha1),
        checksum_sha256: value(Algorithm::Sha256),
        checksum_type: None,
    }
}

/// The values that an S3 message gives.
pub(crate) fn to_map(fields: dto::Checksum) -> Checksums {
    [
        (Algorithm::Crc32, fields.checksum_crc32),
        (Algorithm::Crc32c, fields.checksum_crc32c),
        (Algorithm::Crc64Nvme, fields.checksum_crc64nvme),
        (Algorithm::Sha1, fields.checksum_sha1),
        (Algorithm::Sha256, fields.checksum_sha256),
    ]
    .into_iter()
    .filter_map(|(algorithm, value)| Some((algorithm, value?)))
    .collect()
}

/// Reads the five checksum fields that several S3 messages share.
macro_rules! declared_checksums {
    ($message:expr) => {
        $crate::checksum::to_map(s3s::dto::Checksum {
            checksum_crc32: $message.checksum_crc32.take(),
            checksum_crc32c: $message.checksum_crc32c.take(),
            checksum_crc64nvme: $message.checksum_crc64nvme.take(),
            checksum_sha1: $message.checksum_sha1.take(),
            checksum_sha256: $message.checksum_sha256.take(),
            checksum_type: None,
        })
    };
}
pub(crate) use declared_checksums;

/// Writes the five checksum fields that several S3 messages share.
macro_rules! set_checksums {
    ($message:expr, $fields:expr) => {{
        let fields: s3s::dto::Checksum = $fields;
        $message.checksum_crc32 = fields.checksum_crc32;
        $message.checksum_crc32c = fields.checksum_crc32c;
        $message.checksum_crc64nvme = fields.checksum_crc64nvme;
        $message.checksum_sha1 = fields.checksum_sha1;
        $message.checksum_sha256 = fields.checksum_sha256;
    }};
}
pub(crate) use set_checksums;

/// A hasher of these algorithms.
pub(crate) fn hasher(algorithms: &[Algorithm]) -> ChecksumHasher {
    let mut hasher = ChecksumHasher::default();
    for algorithm in algorithms {
        match algorithm {
            Algorithm::Crc32 => hasher.crc32 = Some(Crc32::new()),
            Algorithm::Crc32c => hasher.crc32c = Some(Crc32c::new()),
            Algorithm::Crc64Nvme => hasher.crc64nvme = Some(Crc64Nvme::new()),
            Algorithm::Sha1 => hasher.sha1 = Some(Sha1::new()),
            Algorithm::Sha256 => hasher.sha256 = Some(Sha256::new()),
        }
    }
    hasher
}

/// The checksum of everything that `reader` gives.
pub(crate) fn of_reader(algorithm: Algorithm, reader: &mut impl Read) -> io::Result<String> {
    let mut hasher = hasher(&[algorithm]);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
    to_map(hasher.finalize())
        .remove(&algorithm)
        .ok_or_else(|| io::Error::other("the hasher lacks its algorithm"))
}

/// The composite checksum of parts: the checksum of their raw checksums, and their number.
pub(crate) fn composite(algorithm: Algorithm, parts: &[impl AsRef<[u8]>]) -> Result<String, Error> {
    let mut raw = Vec::new();
    for part in parts {
        let bytes = BASE64_STANDARD
            .decode(part)
            .map_err(|_| S3ErrorCode::InvalidPart)?;
        raw.extend(bytes);
    }
    let value = of_reader(algorithm, &mut raw.as_slice())?;
    Ok(format!("{value}-{}", parts.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_and_headers_agree() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::from_header(&algorithm.header()), Some(algorithm));
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
    }

    #[test]
    fn known_answers() {
        // The check values of the CRC catalogue for "123456789".
        let of = |algorithm| of_reader(algorithm, &mut "123456789".as_bytes()).unwrap();
        let base64 = |hexadecimal: &str| BASE64_STANDARD.encode(hex::decode(hexadecimal).unwrap());
        assert_eq!(of(Algorithm::Crc32), base64("cbf43926"));
        assert_eq!(of(Algorithm::Crc32c), base64("e3069283"));
        assert_eq!(of(Algorithm::Crc64Nvme), base64("ae8b14860a799888"));
    }

    #[test]
    fn a_composite_covers_the_parts_checksums() {
        let one = of_reader(Algorithm::Crc32, &mut "one".as_bytes()).unwrap();
        let two = of_reader(Algorithm::Crc32, &mut "two".as_bytes()).unwrap();
        let raw = [
            BASE64_STANDARD.decode(&one).unwrap(),
            BASE64_STANDARD.decode(&two).unwrap(),
        ]
        .concat();
        let expected = of_reader(Algorithm::Crc32, &mut raw.as_slice()).unwrap();
        assert_eq!(
            composite(Algorithm::Crc32, &[&one, &two]).unwrap(),
            format!("{expected}-2")
        );
    }

    #[test]
    fn impossible_coverage_is_refused() {
        let full = dto::ChecksumType::from_static(dto::ChecksumType::FULL_OBJECT);
        assert!(Coverage::of_multipart(Algorithm::Sha256, Some(&full)).is_err());
        assert_eq!(
            Coverage::of_multipart(Algorithm::Crc32, Some(&full)).unwrap(),
            Coverage::FullObject
        );
        assert_eq!(
            Coverage::of_multipart(Algorithm::Sha256, None).unwrap(),
            Coverage::Composite
        );
    }
}
