use aws_types::SdkConfig;
use axum::extract::FromRef;
use platform::{
    Clock, ConfigError, Env, http::Auth, objects::Objects, secret::AppSecret, signing::Signer,
};
use store::{Db, lookup::LookupKey, personal::Gate};

/// What the routes need.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) gate: Gate,
    pub(crate) clock: Clock,
    pub(crate) lookup: LookupKey,
    pub(crate) exports: Objects,
    pub(crate) proofs: Objects,
    pub(crate) signer: Signer,
    auth: Auth,
}

impl App {
    /// Of the environment, in the init phase.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub async fn new(aws: &SdkConfig, env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        let db = Db::new(aws, env.tables());
        let secret = AppSecret::load(aws, env).await?;
        Ok(Self {
            gate: Gate::new(aws, db.clone(), env.required("PERSONAL_DATA_KEY")?),
            auth: Auth::new(db.clone(), clock.clone(), &secret, env)?,
            exports: Objects::new(aws, env, "BUCKET_EXPORTS")?,
            proofs: Objects::new(aws, env, "BUCKET_PROOFS")?,
            signer: Signer::new(aws, env)?,
            lookup: secret.lookup,
            clock,
            db,
        })
    }
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}
