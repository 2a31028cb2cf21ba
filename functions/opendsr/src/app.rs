use std::sync::Arc;

use aws_types::SdkConfig;
use platform::{Clock, ConfigError, Env, secret::AppSecret};
use store::{Db, lookup::LookupKey};

use crate::{answer::Failure, party::Party};

/// What the routes need.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) lookup: LookupKey,
    /// None where OpenDSR is not set up.
    pub(crate) party: Option<Arc<Party>>,
}

impl App {
    /// Of the environment, in the init phase.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub async fn new(aws: &SdkConfig, env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        let secret = AppSecret::load(aws, env).await?;
        let public_url = env.required("PUBLIC_URL")?;
        let party = match &secret.opendsr {
            Some(opendsr) => Some(Arc::new(Party::of(opendsr, &public_url)?)),
            None => None,
        };
        Ok(Self {
            db: Db::new(aws, env.tables()),
            clock,
            lookup: secret.lookup,
            party,
        })
    }

    /// Our side, where it is set up.
    pub(crate) fn party(&self) -> Result<&Arc<Party>, Failure> {
        self.party.as_ref().ok_or_else(Failure::not_set_up)
    }
}
