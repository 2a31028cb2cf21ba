//! The Lambda of sign-up and policy documents.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda::init_logs();
    let app = signup::App::new(&aws::config().await, &Env::process(), Clock::system()).await?;
    lambda::serve(signup::router(app)).await
}
