//! The certificates of what was erased since the backup.

use std::collections::BTreeSet;

use crate::{App, Error, objects::Walk};
use domain::{
    certificate::{Certificate, CertificateFile},
    time::{SignedDuration, Timestamp, days, shift},
};

const FOLDER: &str = "certificates/";
/// How many certificates are followed in one walk over the tables.
const AT_ONCE: usize = 500;
/// A case is opened when it is approved, and its certificate is made when all is
/// done: within minutes, or after what went wrong was mended.
const LONGEST: SignedDuration = days(180);

/// Certificates to be followed together.
pub(super) struct Batch {
    /// Those that were made since the backup.
    pub(super) certificates: Vec<Certificate>,
    /// After which object the next batch begins; `None` when there is none.
    pub(super) more: Option<String>,
}

/// The certificates since the backup, after this object.
///
/// # Errors
/// A certificate that our key did not sign stops the replay, and so does one that
/// is hidden by a delete marker: what it is about may be back.
pub(super) async fn batch(
    app: &App,
    since: Timestamp,
    after: Option<&str>,
) -> Result<Batch, Error> {
    let earliest = shift(since, -LONGEST).as_millisecond().max(0);
    // an id begins with the milliseconds of its time (RFC 9562)
    let earliest = format!("{FOLDER}cas_{earliest:012x}");
    let after = after.unwrap_or(&earliest);
    let mut certificates = Vec::new();
    let mut walk = Walk::new(&app.proofs, FOLDER, &["cas_"], after);
    let key = app.signer.public_key().await?;
    while let Some(leaf) = walk.next().await? {
        let objects: BTreeSet<String> = leaf.versions.into_iter().map(|v| v.key).collect();
        for object in objects {
            let certificate = read(app, &object, &key).await?;
            if certificate.finished_at >= since {
                certificates.push(certificate);
            }
            if certificates.len() == AT_ONCE {
                let more = Some(object);
                return Ok(Batch { certificates, more });
            }
        }
    }
    Ok(Batch {
        certificates,
        more: None,
    })
}

async fn read(app: &App, object: &str, key: &[u8]) -> Result<Certificate, Error> {
    let bytes = app.proofs.get(object).await?;
    let invalid = |reason| Error::Certificate(object.to_owned(), reason);
    let file = CertificateFile::parse(&bytes).map_err(invalid)?;
    file.verify(key).map_err(invalid)
}
