//! The Lambda of disclosures, incidents, claims and processors.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda::init_logs();
    let aws = aws::config().await;
    let app = compliance::App::new(&aws, &Env::process(), Clock::system()).await?;
    lambda::serve(compliance::router(app)).await
}
