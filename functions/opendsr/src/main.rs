//! The Lambda of OpenDSR.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda::init_logs();
    let aws = aws::config().await;
    let app = opendsr::App::new(&aws, &Env::process(), Clock::system()).await?;
    lambda::serve(opendsr::router(app)).await
}
