//! The Lambda of visits, statistics and surveys.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda::init_logs();
    let app = site::App::new(&aws::config().await, &Env::process(), Clock::system()).await?;
    lambda::serve(site::router(app)).await
}
