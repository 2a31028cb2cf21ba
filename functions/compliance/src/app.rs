use aws_types::SdkConfig;
use axum::extract::FromRef;
use platform::{Clock, ConfigError, Env, http::Auth, objects::Objects, secret::AppSecret};
use store::{Db, erasure::Census, lookup::LookupKey, personal::Gate};

/// What the routes need.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) gate: Gate,
    pub(crate) census: Census,
    pub(crate) lookup: LookupKey,
    pub(crate) exports: Objects,
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
            census: Census::new(aws, env.tables()),
            exports: Objects::new(aws, env, "BUCKET_EXPORTS")?,
            auth: Auth::new(db.clone(), clock, &secret, env)?,
            lookup: secret.lookup,
            db,
        })
    }
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}
