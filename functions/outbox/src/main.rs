//! The Lambda function.

// the futures of a delivery are nested deeper than the compiler's default
#![recursion_limit = "256"]

use platform::{Clock, Env, lambda};

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::init_logs();
    let aws = platform::aws::config().await;
    let app = outbox::App::new(&aws, &Env::process(), Clock::system()).await?;
    lambda::listen(|event| outbox::handle(&app, event)).await
}
