//! The Lambda of tagging.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::init_logs();
    let app = tagging::App::new(&aws::config().await, &Env::process(), Clock::system()).await?;
    lambda::listen(async |event| tagging::handle(&app, event).await).await
}
