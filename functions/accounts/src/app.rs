use aws_types::SdkConfig;
use axum::extract::FromRef;
use platform::{Clock, ConfigError, Env, http::Auth, secret::AppSecret};
use store::{Db, lookup::LookupKey, personal::Gate};

/// What the routes need.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) gate: Gate,
    pub(crate) lookup: LookupKey,
    pub(crate) clock: Clock,
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
            auth: Auth::new(db.clone(), clock.clone(), &secret, env)?,
            gate: Gate::new(aws, db.clone(), env.required("PERSONAL_DATA_KEY")?),
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
