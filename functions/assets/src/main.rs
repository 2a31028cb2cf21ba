//! The Lambda of the catalogue.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda::init_logs();
    let app = assets::App::new(&aws::config().await, &Env::process(), Clock::system()).await?;
    lambda::serve(assets::router(app)).await
}
