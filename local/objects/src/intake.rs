//! Taking in a body: written to a file while it is hashed, verified before anything is replaced.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderMap, StatusCode};
use s3s::crypto::{Checksum as _, Md5, Sha256};
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3ErrorCode, TrailingHeaders, s3_error};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use crate::checksum::{self, Algorithm, Checksums};
use crate::contents::{ContentId, Contents};
use crate::{Error, store::ObjectStore};

/// The most bytes in one PUT, POST or part.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MAX_BODY: u64 = 5 * 1024 * 1024 * 1024;

/// What the sender says about a body.
#[derive(Debug)]
pub(crate) struct Declared {
    pub length: u64,
    pub content_md5: Option<String>,
    pub checksum: DeclaredChecksum,
}

/// Where the sender gives a checksum.
#[derive(Debug)]
pub(crate) enum DeclaredChecksum {
    None,
    Header(Algorithm, String),
    Trailer(Algorithm, TrailingHeaders),
}

impl Declared {
    /// Reads the declarations of a request.
    pub fn of_request(
        length: Option<i64>,
        content_md5: Option<String>,
        values: Checksums,
        headers: &HeaderMap,
        trailers: Option<TrailingHeaders>,
    ) -> Result<Self, S3Error> {
        let length = length.ok_or(S3ErrorCode::MissingContentLength)?;
        let length = u64::try_from(length).map_err(|_| S3ErrorCode::InvalidArgument)?;
        if length > MAX_BODY {
            return Err(s3_error!(
                EntityTooLarge,
                "Your proposed upload exceeds the maximum allowed size"
            ));
        }
        Ok(Self {
            length,
            content_md5,
            checksum: DeclaredChecksum::of_request(values, headers, trailers)?,
        })
    }
}

impl DeclaredChecksum {
    fn of_request(
        values: Checksums,
        headers: &HeaderMap,
        trailers: Option<TrailingHeaders>,
    ) -> Result<Self, S3Error> {
        let announced = headers
            .get("x-amz-trailer")
            .and_then(|header| header.to_str().ok())
            .and_then(Algorithm::from_header);
        let mut values = values.into_iter();
        match (values.next(), values.next(), announced, trailers) {
            (_, Some(_), _, _) | (Some(_), _, Some(_), _) => Err(s3_error!(
                InvalidRequest,
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            )),
            (Some((algorithm, value)), None, None, _) => Ok(Self::Header(algorithm, value)),
            (None, None, Some(algorithm), Some(trailers)) => Ok(Self::Trailer(algorithm, trailers)),
            _ => Ok(Self::None),
        }
    }

    /// The algorithm that the sender uses.
    pub fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::None => None,
            Self::Header(algorithm, _) | Self::Trailer(algorithm, _) => Some(*algorithm),
        }
    }

    /// The algorithm and value, once the body has been read to its end.
    fn value(self) -> Result<Option<(Algorithm, String)>, S3Error> {
        match self {
            Self::None => Ok(None),
            Self::Header(algorithm, value) => Ok(Some((algorithm, value))),
            Self::Trailer(algorithm, trailers) => trailers
                .take()
                .and_then(|trailers| {
                    trailers
                        .get(algorithm.header())?
                        .to_str()
                        .ok()
                        .map(str::to_owned)
                })
                .map(|value| Some((algorithm, value)))
                .ok_or_else(|| {
                    s3_error!(InvalidRequest, "The announced checksum trailer is missing")
                }),
        }
    }
}

/// A verified body in a synced file without a name yet.
#[derive(Debug)]
pub(crate) struct Received {
    pub file: NamedTempFile,
    pub content: ContentId,
    pub size: u64,
    /// Hexadecimal.
    pub md5: String,
    pub checksums: Checksums,
}

impl ObjectStore {
    /// Takes in a body: its length and the declared digests hold, or the request is refused and
    /// the bytes are gone. Computes the sender's checksum and those in `algorithms`.
    pub(crate) async fn receive(
        &self,
        body: Option<StreamingBlob>,
        declared: Declared,
        mut algorithms: Vec<Algorithm>,
    ) -> Result<Received, Error> {
        algorithms.extend(declared.checksum.algorithm());
        let contents = self.contents().clone();
        let (sender, receiver) = mpsc::channel(16);
        let writer = tokio::task::spawn_blocking(move || write(&contents, receiver, &algorithms));
        let fed = feed(body, sender, declared.length).await;
        let received = writer.await.map_err(|_| Error::Interrupted)??;
        fed?;
        verify(&received, declared)?;
        sync(received).await
    }
}

/// Passes a body on and checks its length.
async fn feed(
    body: Option<StreamingBlob>,
    sender: mpsc::Sender<Bytes>,
    length: u64,
) -> Result<(), S3Error> {
    let mut passed = 0;
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| refusal_of_stream(&error.to_string()))?;
            passed += chunk.len() as u64;
            // The writer hangs up when it fails; its own error tells why.
            if passed > length || sender.send(chunk).await.is_err() {
                break;
            }
        }
    }
    if passed == length {
        Ok(())
    } else {
        Err(S3ErrorCode::IncompleteBody.into())
    }
}

/// What the protocol's reader says is wrong with a body; it gives no type to match on.
fn refusal_of_stream(error: &str) -> S3Error {
    if error.contains("Sha256Mismatch") {
        let mut refusal = S3Error::with_message(
            S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        );
        refusal.set_status_code(StatusCode::BAD_REQUEST);
        refusal
    } else if error.contains("SignatureMismatch") {
        S3ErrorCode::SignatureDoesNotMatch.into()
    } else {
        S3ErrorCode::IncompleteBody.into()
    }
}

fn write(
    contents: &Contents,
    mut chunks: mpsc::Receiver<Bytes>,
    algorithms: &[Algorithm],
) -> Result<Received, Error> {
    let mut writer = ContentWriter::new(contents, algorithms)?;
    while let Some(chunk) = chunks.blocking_recv() {
        writer.write(&chunk)?;
    }
    Ok(writer.finish())
}

/// Writes a file and everything that is computed over it.
pub(crate) struct ContentWriter {
    file: NamedTempFile,
    size: u64,
    sha256: Sha256,
    md5: Md5,
    checksums: s3s::checksum::ChecksumHasher,
}

impl ContentWriter {
    /// An empty file.
    pub fn new(contents: &Contents, algorithms: &[Algorithm]) -> Result<Self, Error> {
        Ok(Self {
            file: contents.incoming()?,
            size: 0,
            sha256: Sha256::new(),
            md5: Md5::new(),
            checksums: checksum::hasher(algorithms),
        })
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes)?;
        self.sha256.update(bytes);
        self.md5.update(bytes);
        self.checksums.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Ends the file, which is not synced yet.
    pub fn finish(self) -> Received {
        Received {
            file: self.file,
            content: ContentId::of_digest(self.sha256.finalize().as_ref()),
            size: self.size,
            md5: hex::encode(self.md5.finalize()),
            checksums: checksum::to_map(self.checksums.finalize()),
        }
    }
}

/// Compares what was computed with what was declared.
fn verify(received: &Received, declared: Declared) -> Result<(), S3Error> {
    if let Some(expected) = declared.content_md5 {
        let expected = BASE64_STANDARD
            .decode(expected)
            .ok()
            .filter(|md5| md5.len() == 16);
        let expected = expected.ok_or(S3ErrorCode::InvalidDigest)?;
        if hex::encode(expected) != received.md5 {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
    }
    if let Some((algorithm, expected)) = declared.checksum.value()?
        && received.checksums.get(&algorithm) != Some(&expected)
    {
        return Err(bad_checksum(algorithm));
    }
    Ok(())
}

/// The refusal of a checksum that does not hold.
pub(crate) fn bad_checksum(algorithm: Algorithm) -> S3Error {
    s3_error!(
        BadDigest,
        "The {} you specified did not match the calculated checksum.",
        algorithm.name()
    )
}

async fn sync(received: Received) -> Result<Received, Error> {
    tokio::task::spawn_blocking(move || {
        received.file.as_file().sync_all()?;
        Ok(received)
    })
    .await
    .map_err(|_| Error::Interrupted)?
}
