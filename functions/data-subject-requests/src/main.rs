//! The Lambda of data-subject requests.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda::init_logs();
    let aws = aws::config().await;
    let app = data_subject_requests::App::new(&aws, &Env::process(), Clock::system()).await?;
    lambda::serve(data_subject_requests::router(app)).await
}
