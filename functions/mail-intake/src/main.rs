//! The Lambda of the mailbox.

use platform::{Clock, Env, aws, lambda};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    lambda::init_logs();
    let app = mail_intake::App::new(&aws::config().await, &Env::process(), Clock::system()).await?;
    lambda::listen(async |event| mail_intake::handle(&app, event).await).await
}
