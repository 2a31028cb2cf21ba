//! The functions of the product, by their logical ids in `template.yaml`.

use std::sync::Arc;

use platform::Env;
use utoipa::openapi::OpenApi;

use super::{Constructor, Function, Registry, Surroundings};

macro_rules! http {
    ($function:ident) => {
        Box::new(|around: Surroundings| {
            Box::pin(async move {
                let env = Env::of(around.environment);
                let app = $function::App::new(&around.config, &env, around.clock).await;
                let app = app.map_err(|error| error.to_string())?;
                Ok(Function::Http($function::router(app)))
            })
        })
    };
}

macro_rules! events {
    ($function:ident) => {
        Box::new(|around: Surroundings| {
            Box::pin(async move {
                let env = Env::of(around.environment);
                let app = $function::App::new(&around.config, &env, around.clock).await;
                let app = Arc::new(app.map_err(|error| error.to_string())?);
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

/// Every function of the product.
#[must_use]
pub fn all() -> Registry {
    let functions: [(&str, Constructor); 12] = [
        ("SignupFunction", http!(signup)),
        ("AccountsFunction", http!(accounts)),
        ("PaymentsFunction", http!(payments)),
        ("UploadsFunction", http!(uploads)),
        ("AssetsFunction", http!(assets)),
        ("DataSubjectRequestsFunction", http!(data_subject_requests)),
        ("TrialExpiryFunction", events!(trial_expiry)),
        ("RenditionsFunction", events!(renditions)),
        ("TaggingFunction", events!(tagging)),
        ("ErasureFunction", events!(erasure)),
        ("OutboxFunction", events!(outbox)),
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
    ]
}
