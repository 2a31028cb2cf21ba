//! Signing up and confirming it.

use axum::{Json, extract::State, http::StatusCode};
use domain::{consent::ConsentPurpose, policy::Locale, token::LinkToken};
use platform::{
    http::{ClientInfo, JsonBody, Problem, ProblemDocument, Signals},
    password_hash,
};
use store::people::{Confirmed, Origin, SignUp, confirm_sign_up};

use crate::{
    App,
    api::{self, LinkSecret, OpenedAccount, SignUpAnswer, SignUpForm},
};

/// Sign up
///
/// The answer is the same whether the address has an account or not; the mail
/// says, to the address's owner, how to go on. A browser that sends Global Privacy
/// Control (`Sec-GPC: 1`) opts out of sharing: the box of `transfer-consent` is
/// taken as unticked, however it was left.
#[utoipa::path(
    post, path = "/signup", tag = "signup", request_body = SignUpForm,
    responses(
        (status = 202, body = SignUpAnswer),
        (status = 400, body = ProblemDocument),
        (status = 409, description = "The text of a document has changed: the document names `document`, `version` and `sha256`", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, description = "A field is wrong, the password is weak, or the required consent is missing; nothing was stored", body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn sign_up(
    State(app): State<App>,
    client: ClientInfo,
    signals: Signals,
    JsonBody { value: form, .. }: JsonBody<SignUpForm>,
) -> Result<(StatusCode, Json<SignUpAnswer>), Problem> {
    let now = app.clock.now();
    let profile = form.profile()?;
    let mut consents = api::consents(form.consents, now)?;
    // the signal keeps sharing off, whatever box is ticked (4.9)
    consents.retain(|(consent, _)| !(signals.gpc && *consent == ConsentPurpose::Transfer));
    let password = password_hash::choose(&form.password, &profile)?;
    let read_in = consents
        .iter()
        .find(|(consent, _)| *consent == ConsentPurpose::Processing)
        .map(|(_, tick)| tick.locale);
    let given = SignUp {
        profile: &profile,
        password_hash: password_hash::hash(&password).await?,
        consents: &consents,
        locale: form.locale.or(read_in).unwrap_or(Locale::En),
        origin: &Origin::from(&client),
        opted_out: signals.gpc,
        network: app.lookup.network(&client.network_text()),
    };
    let stored = store::people::sign_up(&app.db, &app.gate, &app.lookup, &given, now).await?;
    if !stored {
        tracing::info!("a sign-up was held back by a limit");
    }
    let status = "check_your_mail";
    Ok((StatusCode::ACCEPTED, Json(SignUpAnswer { status })))
}

fn link_over() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "link_used_or_over",
        "This link was used already, or its time is over. Sign in, or sign up again.",
    )
}

/// Confirm a sign-up
///
/// Uses the mailed link: opens the account and its workspace and starts the
/// trial of 14 × 24 hours.
#[utoipa::path(
    post, path = "/signup/verify", tag = "signup", request_body = LinkSecret,
    responses(
        (status = 200, body = OpenedAccount),
        (status = 400, body = ProblemDocument),
        (status = 403, description = "Processing of the person's data is restricted", body = ProblemDocument),
        (status = 409, description = "The address got an account meanwhile", body = ProblemDocument),
        (status = 410, description = "The link was used, or its 24 hours are over", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn verify(
    State(app): State<App>,
    JsonBody { value, .. }: JsonBody<LinkSecret>,
) -> Result<Json<OpenedAccount>, Problem> {
    let token = LinkToken::parse(&value.token).ok_or_else(link_over)?;
    let now = app.clock.now();
    match confirm_sign_up(&app.db, &app.gate, &token, now).await? {
        Confirmed::Opened {
            workspace,
            trial_ends_at,
        } => Ok(Json(OpenedAccount {
            workspace_id: workspace.to_string(),
            trial_ends_at,
        })),
        Confirmed::LinkOver => Err(link_over()),
        Confirmed::AddressTaken => Err(Problem::conflict(
            "address_taken",
            "Your address has an account already. Sign in, or ask for a new password.",
        )),
    }
}
