//! The Lambda of renditions.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::init_logs();
    let app = renditions::App::new(&aws::config().await, &Env::process(), Clock::system()).await?;
    lambda::listen(async |event| renditions::handle(&app, event).await).await
}
