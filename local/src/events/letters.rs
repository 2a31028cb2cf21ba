//! Letters that arrive: what SES does with them by the template's receipt rule, from the local
//! page and from the drop folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use local_services::Sqs;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::Delivery;
use crate::activity::Shutdown;
use crate::clock::MachineClock;
use crate::template::Receipt;

/// How often the drop folder is looked at, and for how long a file must have been left alone:
/// what wrote it may not have ended.
const LOOK: Duration = Duration::from_millis(500);
/// How the files of letters end.
const ENDING: &str = ".eml";
/// Who has sent a dropped letter, as far as SES would know: the file does not say.
const DROPPED: &str = "dropped@localhost";

/// How one of SES's checks ended
/// (<https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Verdict {
    Pass,
    Fail,
    Gray,
    ProcessingFailed,
}

/// How SES's checks of a letter ended; those of its sender all like DMARC's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdicts {
    pub(crate) dmarc: Verdict,
    pub(crate) spam: Verdict,
    pub(crate) virus: Verdict,
}

impl Verdicts {
    /// As a dropped file's name says: `NAME.forged.eml`, `NAME.spam.eml`, `NAME.infected.eml`.
    fn of_name(name: &str) -> Self {
        let verdict = |mark: &str| match name.split('.').skip(1).any(|part| part == mark) {
            true => Verdict::Fail,
            false => Verdict::Pass,
        };
        Self {
            dmarc: verdict("forged"),
            spam: verdict("spam"),
            virus: verdict("infected"),
        }
    }
}

/// Why a letter did not arrive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LetterError {
    /// The bucket did not take it.
    #[error("the letter can't be stored: {0}")]
    Bucket(String),
    /// A queue did not take its notification.
    #[error("the letter can't be announced: {0}")]
    Queue(#[from] local_services::Error),
    /// The drop folder, or a file in it.
    #[error("the folder of letters: {0}")]
    Folder(#[from] io::Error),
}

/// Takes letters in as SES does. Clones are the same.
#[derive(Clone)]
pub(crate) struct Letterbox {
    receipt: Receipt,
    s3: aws_sdk_s3::Client,
    sqs: Sqs,
    clock: MachineClock,
    folder: PathBuf,
}

impl Letterbox {
    /// With its drop folder, `letters` in the data folder.
    pub(super) fn open(receipt: &Receipt, delivery: &Delivery, data: &Path) -> io::Result<Self> {
        let config = aws_sdk_s3::config::Builder::from(&delivery.cloud.sdk_config("ses"));
        let letterbox = Self {
            receipt: receipt.clone(),
            s3: aws_sdk_s3::Client::from_conf(config.force_path_style(true).build()),
            sqs: delivery.cloud.services.sqs().clone(),
            clock: delivery.clock.clone(),
            folder: data.join("letters"),
        };
        std::fs::create_dir_all(letterbox.taken())?;
        Ok(letterbox)
    }

    /// The address that letters are for.
    pub(crate) fn address(&self) -> &str {
        self.receipt.recipients.first().map_or("", String::as_str)
    }

    /// Where letters may be dropped, as files that end in `.eml`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where dropped letters go that were taken in.
    fn taken(&self) -> PathBuf {
        self.folder.join("taken")
    }

    /// Stores a letter and announces it; gives its id.
    pub(crate) async fn take(
        &self,
        letter: Vec<u8>,
        source: &str,
        verdicts: Verdicts,
    ) -> Result<String, LetterError> {
        let id = Uuid::now_v7().simple().to_string();
        let key = format!("{}{id}", self.receipt.prefix);
        let put = self.s3.put_object().bucket(&self.receipt.bucket).key(&key);
        let put = put.body(ByteStream::from(letter)).send().await;
        put.map_err(|error| LetterError::Bucket(DisplayErrorContext(&error).to_string()))?;
        let body = self.notification(&id, &key, source, verdicts);
        for queue in &self.receipt.queues {
            self.sqs.send(queue, body.as_str()).await?;
        }
        Ok(id)
    }

    /// As SES publishes it to the topic of an action
    /// (<https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-examples.html>).
    fn notification(&self, id: &str, key: &str, source: &str, verdicts: Verdicts) -> String {
        let status = |verdict: Verdict| json!({"status": verdict});
        let now = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ");
        let now = now.to_string();
        json!({
            "notificationType": "Received",
            "receipt": {
                "timestamp": now,
                "processingTimeMillis": 1,
                "recipients": self.receipt.recipients,
                "spamVerdict": status(verdicts.spam),
                "virusVerdict": status(verdicts.virus),
                "spfVerdict": status(verdicts.dmarc),
                "dkimVerdict": status(verdicts.dmarc),
                "dmarcVerdict": status(verdicts.dmarc),
                "action": {
                    "type": "S3",
                    "topicArn": self.receipt.topic,
                    "bucketName": self.receipt.bucket,
                    "objectKeyPrefix": self.receipt.prefix,
                    "objectKey": key,
                },
            },
            "mail": {
                "timestamp": now,
                "source": source,
                "messageId": id,
                "destination": self.receipt.recipients,
                "headersTruncated": true,
                "headers": [],
                "commonHeaders": {},
            },
        })
        .to_string()
    }

    /// Takes in what is dropped into the folder, until the machine ends.
    pub(super) async fn watch(self, shutdown: Shutdown) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "a dropped letter was not taken in");
            }
            if shutdown.or(tokio::time::sleep(LOOK)).await.is_none() {
                return;
            }
        }
    }

    async fn look(&self) -> Result<(), LetterError> {
        for name in self.dropped()? {
            let path = self.folder.join(&name);
            if !is_left_alone(&path)? {
                continue;
            }
            let letter = tokio::fs::read(&path).await?;
            self.take(letter, DROPPED, Verdicts::of_name(&name)).await?;
            tokio::fs::rename(&path, self.taken().join(&name)).await?;
        }
        Ok(())
    }

    /// The names of the letters that lie in the folder.
    pub(super) fn dropped(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.extend(Some(name).filter(|name| name.ends_with(ENDING)));
        }
        names.sort();
        Ok(names)
    }
}

/// Whether nobody has written to a file for a while. A time to come is no reason to wait.
fn is_left_alone(path: &Path) -> io::Result<bool> {
    let written = std::fs::metadata(path)?.modified()?;
    Ok(written.elapsed().map_or(true, |ago| ago >= LOOK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_says_how_the_checks_end() {
        let passed = Verdicts {
            dmarc: Verdict::Pass,
            spam: Verdict::Pass,
            virus: Verdict::Pass,
        };
        for name in ["a.eml", "spam.eml", "forged letter.eml"] {
            assert_eq!(Verdicts::of_name(name), passed, "{name}");
        }
        let forged = Verdicts {
            dmarc: Verdict::Fail,
            ..passed
        };
        assert_eq!(Verdicts::of_name("a.forged.eml"), forged);
        let both = Verdicts {
            virus: Verdict::Fail,
            ..forged
        };
        assert_eq!(Verdicts::of_name("a.infected.forged.eml"), both);
    }
}
