use aws_types::SdkConfig;
use axum::extract::FromRef;
use platform::{Clock, ConfigError, Env, http::Auth, objects::Objects, secret::AppSecret};
use store::Db;

/// What the routes need.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) originals: Objects,
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
            auth: Auth::new(db.clone(), clock, &secret, env)?,
            originals: Objects::new(aws, env, "BUCKET_ASSETS")?,
            db,
        })
    }
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}
