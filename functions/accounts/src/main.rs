//! The Lambda of accounts.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda::init_logs();
    let app = accounts::App::new(&aws::config().await, &Env::process(), Clock::system()).await?;
    lambda::serve(accounts::router(app)).await
}
