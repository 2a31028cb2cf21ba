//! The Lambda function `payments`.

use platform::{Clock, Env, aws, lambda};

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    lambda::init_logs();
    let aws = aws::config().await;
    let app = payments::App::new(&aws, &Env::process(), Clock::system()).await?;
    lambda::serve(payments::router(app)).await
}
