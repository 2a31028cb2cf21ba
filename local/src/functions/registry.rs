//! The functions of the product, by their logical ids in `template.yaml`.

use std::collections::BTreeSet;
use std::sync::Arc;

use platform::Env;
use utoipa::openapi::OpenApi;

use super::{Constructor, Function, Registry, Surroundings};

macro_rules! http {
    ($function:ident) => {
        Box::new(|around: Surroundings| {
            Box::pin(async move {
                let declared = around.environment.keys().cloned().collect();
                let env = Env::of(around.environment);
                let app = $function::App::new(&around.config, &env, around.clock).await;
                let app = app.map_err(|error| error.to_string())?;
                reads_what_is_declared(&declared, &env.asked())?;
                Ok(Function::Http($function::router(app)))
            })
        })
    };
}

macro_rules! events {
    ($function:ident) => {
        Box::new(|around: Surroundings| {
            Box::pin(async move {
                let declared = around.environment.keys().cloned().collect();
                let env = Env::of(around.environment);
                let app = $function::App::new(&around.config, &env, around.clock).await;
                let app = Arc::new(app.map_err(|error| error.to_string())?);
                reads_what_is_declared(&declared, &env.asked())?;
                Ok(Function::Event(Arc::new(move |event| {
                    let app = Arc::clone(&app);
                    Box::pin(async move {
                        let answer = $function::handle(&app, event).await;
                        answer.map_err(|error| error.to_string())
                    })
                })))
            })
        })
    };
}

/// What a function's process reads by itself: the filter of its logs.
const OF_THE_PROCESS: [&str; 1] = ["RUST_LOG"];

/// A function gets only the variables that it reads, and reads only those that it gets.
fn reads_what_is_declared(
    declared: &BTreeSet<String>,
    asked: &BTreeSet<String>,
) -> Result<(), String> {
    let mut unread = declared
        .difference(asked)
        .filter(|name| !OF_THE_PROCESS.contains(&name.as_str()));
    if let Some(name) = unread.next() {
        return Err(format!(
            "template.yaml declares {name}, which it doesn't read"
        ));
    }
    match asked.difference(declared).next() {
        Some(name) => Err(format!(
            "it reads {name}, which template.yaml doesn't declare"
        )),
        None => Ok(()),
    }
}

/// Every function of the product.
#[must_use]
pub fn all() -> Registry {
    let functions: [(&str, Constructor); 16] = [
        ("SignupFunction", http!(signup)),
        ("AccountsFunction", http!(accounts)),
        ("PaymentsFunction", http!(payments)),
        ("UploadsFunction", http!(uploads)),
        ("AssetsFunction", http!(assets)),
        ("DataSubjectRequestsFunction", http!(data_subject_requests)),
        ("ComplianceFunction", http!(compliance)),
        ("OpendsrFunction", http!(opendsr)),
        ("SiteFunction", http!(site)),
        ("TrialExpiryFunction", events!(trial_expiry)),
        ("RenditionsFunction", events!(renditions)),
        ("TaggingFunction", events!(tagging)),
        ("ErasureFunction", events!(erasure)),
        ("OutboxFunction", events!(outbox)),
        ("MailIntakeFunction", events!(mail_intake)),
        ("RetentionFunction", events!(retention)),
    ];
    functions
        .into_iter()
        .map(|(id, constructor)| (id.to_owned(), constructor))
        .collect()
}

/// The OpenAPI documents of the HTTP functions, one each.
#[must_use]
pub fn documents() -> Vec<OpenApi> {
    vec![
        signup::openapi(),
        accounts::openapi(),
        payments::openapi(),
        uploads::openapi(),
        assets::openapi(),
        data_subject_requests::openapi(),
        compliance::openapi(),
        opendsr::openapi(),
        site::openapi(),
    ]
}
