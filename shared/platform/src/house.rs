//! Who answers for the service, as letters, copies and certificates name them.

use crate::env::{ConfigError, Env};

/// Who answers for the service.
#[derive(Debug, Clone)]
pub struct House {
    /// The operator's name.
    pub operator: String,
    /// The base of every address in a letter, without a slash at its end.
    pub public_url: String,
    /// Where people write about their data.
    pub privacy_address: String,
}

impl House {
    /// Of the environment.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            operator: env.required("OPERATOR_NAME")?,
            public_url: env.required("PUBLIC_URL")?,
            privacy_address: env.required("PRIVACY_ADDRESS")?,
        })
    }
}
