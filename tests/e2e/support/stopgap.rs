//! Until the product's own registry is whole.
use assetbox::MachineOptions;
use assetbox::functions::{Constructor, Function, Surroundings};
use futures::FutureExt;
use platform::Env;
use std::sync::Arc;

macro_rules! web {
    ($name:ident) => {{
        let make: Constructor = Box::new(|s: Surroundings| {
            async move {
                let app = $name::App::new(&s.config, &Env::of(s.environment), s.clock).await.map_err(|e| e.to_string())?;
                Ok(Function::Http($name::router(app)))
            }
            .boxed()
        });
        make
    }};
}
macro_rules! events {
    ($name:ident) => {{
        let make: Constructor = Box::new(|s: Surroundings| {
            async move {
                let app = $name::App::new(&s.config, &Env::of(s.environment), s.clock).await.map_err(|e| e.to_string())?;
                Ok(Function::Event(Arc::new(move |event| {
                    let app = app.clone();
                    async move { $name::handle(&app, event).await.map_err(|e| e.to_string()) }.boxed()
                })))
            }
            .boxed()
        });
        make
    }};
}

pub fn with_functions(mut options: MachineOptions) -> MachineOptions {
    let all = [
        ("SignupFunction", web!(signup)),
        ("AccountsFunction", web!(accounts)),
        ("PaymentsFunction", web!(payments)),
        ("UploadsFunction", web!(uploads)),
        ("AssetsFunction", web!(assets)),
        ("DataSubjectRequestsFunction", web!(data_subject_requests)),
        ("RenditionsFunction", events!(renditions)),
        ("TaggingFunction", events!(tagging)),
        ("OutboxFunction", events!(outbox)),
        ("TrialExpiryFunction", events!(trial_expiry)),
        ("RetentionFunction", events!(retention)),
        ("ErasureFunction", events!(erasure)),
    ];
    options.functions = all.map(|(n, f)| (n.to_owned(), f)).into();
    options
}
