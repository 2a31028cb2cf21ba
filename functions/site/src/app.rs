use aws_types::SdkConfig;
use axum::extract::FromRef;
use domain::time::Timestamp;
use platform::{
    Clock, ConfigError, Env,
    http::{Auth, ClientInfo, Problem},
    secret::AppSecret,
};
use store::{Db, limits::Limit, lookup::LookupKey, personal::Gate, site::VisitLog};

/// What the routes need.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) gate: Gate,
    pub(crate) clock: Clock,
    pub(crate) visits: VisitLog,
    lookup: LookupKey,
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
            visits: VisitLog::default(),
            lookup: secret.lookup,
            clock,
            db,
        })
    }

    /// Counts what somebody without a session does; 429 when it was too often.
    pub(crate) async fn count(
        &self,
        limit: Limit,
        client: &ClientInfo,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let network = self.lookup.network(&client.network_text());
        if self.db.within(limit, &network, now).await? {
            return Ok(());
        }
        Err(Problem::too_many(limit.retry_after(now)))
    }
}

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}
