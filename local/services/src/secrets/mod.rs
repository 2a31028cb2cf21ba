//! Secrets with the versions that have a staging label.

mod calls;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use calls::answer;

use crate::Place;
use crate::durable;
use crate::error::Error;
use crate::fault::{FailureSwitch, lock};

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The secrets of one data folder. Clones share the same state.
#[derive(Clone)]
pub struct Secrets {
    secrets: Arc<Mutex<Vec<Secret>>>,
    path: Arc<PathBuf>,
    failures: Arc<FailureSwitch>,
    place: Arc<Place>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Secret {
    name: String,
    /// The six random characters that end its ARN.
    suffix: String,
    versions: Vec<Version>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Version {
    id: String,
    value: String,
    created_at: Timestamp,
    stages: BTreeSet<String>,
}

impl Secrets {
    pub(crate) fn open(path: PathBuf, place: Arc<Place>) -> Result<Self, Error> {
        let secrets = durable::read_json(&path)?.unwrap_or_default();
        Ok(Self {
            secrets: Arc::new(Mutex::new(secrets)),
            path: Arc::new(path),
            failures: Arc::default(),
            place,
        })
    }

    /// Returns the ARN of the secret `name`, and makes it with the value that `initial`
    /// gives if there is none.
    ///
    /// # Errors
    /// The secrets file can't be written.
    pub fn ensure_secret(
        &self,
        name: &str,
        initial: impl FnOnce() -> String,
    ) -> Result<String, Error> {
        let mut secrets = lock(&self.secrets);
        if let Some(secret) = secrets.iter().find(|secret| secret.name == name) {
            return Ok(self.arn(secret));
        }
        let secret = Secret {
            name: name.to_owned(),
            suffix: Uuid::new_v4().simple().to_string()[..6].to_owned(),
            versions: vec![Version {
                id: Uuid::new_v4().to_string(),
                value: initial(),
                created_at: Timestamp::now(),
                stages: BTreeSet::from([CURRENT.to_owned()]),
            }],
        };
        let arn = self.arn(&secret);
        let mut changed = secrets.clone();
        changed.push(secret);
        self.keep(&mut secrets, changed)?;
        Ok(arn)
    }

    /// The current value of the secret with this name or ARN.
    ///
    /// # Errors
    /// There is no such secret, or none of its versions is current.
    pub fn value(&self, secret: &str) -> Result<String, Error> {
        self.with_version(secret, |version| version.stages.contains(CURRENT), CURRENT)
            .map(|(_, version)| version.value)
    }

    /// Makes the next `calls` calls over HTTP fail with this error code, as a test asks.
    pub fn fail_next(&self, calls: usize, code: &str) {
        self.failures.fail_next(calls, code);
    }

    /// The version that `wanted` picks; `label` is what the error calls it.
    fn with_version(
        &self,
        reference: &str,
        wanted: impl Fn(&Version) -> bool,
        label: &str,
    ) -> Result<(Secret, Version), Error> {
        let secrets = lock(&self.secrets);
        let secret = &secrets[self.position(&secrets, reference)?];
        let version = secret.versions.iter().find(|version| wanted(version));
        let version = version.ok_or_else(|| Error::NoSuchVersion {
            secret: reference.to_owned(),
            version: label.to_owned(),
        })?;
        Ok((secret.clone(), version.clone()))
    }

    /// Adds a version that takes these stages from those that had them. The same version
    /// again changes nothing.
    fn put(&self, reference: &str, version: Version) -> Result<Secret, Error> {
        let mut secrets = lock(&self.secrets);
        let position = self.position(&secrets, reference)?;
        let mut changed = secrets.clone();
        let secret = &mut changed[position];
        match secret.versions.iter().find(|known| known.id == version.id) {
            Some(known) if known.value == version.value => return Ok(secret.clone()),
            Some(_) => return Err(Error::VersionTaken(version.id)),
            None => secret.add(version),
        }
        let secret = secret.clone();
        self.keep(&mut secrets, changed)?;
        Ok(secret)
    }

    /// Writes the file first: what a caller sees is what a restart would bring.
    fn keep(&self, secrets: &mut Vec<Secret>, changed: Vec<Secret>) -> Result<(), Error> {
        durable::replace_json(&self.path, &changed)?;
        *secrets = changed;
        Ok(())
    }

    /// Finds a secret by name, ARN, or ARN without the random characters.
    fn position(&self, secrets: &[Secret], reference: &str) -> Result<usize, Error> {
        let partial_arn = |secret: &Secret| {
            self.place
                .arn("secretsmanager", &format!("secret:{}", secret.name))
        };
        secrets
            .iter()
            .position(|secret| {
                reference == secret.name
                    || reference == self.arn(secret)
                    || reference == partial_arn(secret)
            })
            .ok_or_else(|| Error::NoSuchSecret(reference.to_owned()))
    }

    fn arn(&self, secret: &Secret) -> String {
        self.place.arn(
            "secretsmanager",
            &format!("secret:{}-{}", secret.name, secret.suffix),
        )
    }
}

impl Secret {
    fn add(&mut self, version: Version) {
        if version.stages.contains(CURRENT) {
            self.current_becomes_previous();
        }
        for known in &mut self.versions {
            known.stages.retain(|stage| !version.stages.contains(stage));
        }
        // A version without a stage can be deleted (Secrets Manager "Version"): here it is.
        self.versions.retain(|known| !known.stages.is_empty());
        self.versions.push(version);
    }

    fn current_becomes_previous(&mut self) {
        for version in &mut self.versions {
            version.stages.remove(PREVIOUS);
            if version.stages.remove(CURRENT) {
                version.stages.insert(PREVIOUS.to_owned());
            }
        }
    }
}
