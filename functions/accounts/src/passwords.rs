//! New passwords: by a mailed link, or with the present one.

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    contact::EmailAddress,
    password::Password,
    processing::{Actor, Category, Operation, Purpose},
    time::Timestamp,
    token::LinkToken,
};
use platform::{
    http::{ClientInfo, JsonBody, Problem, ProblemDocument, SignedIn},
    password_hash,
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    people::{LinkPurpose, NewPassword, ask_password_reset, find_link, find_login, set_password},
    personal::{Access, GateError, Person},
};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{App, link_over, sessions::count_attempt};

/// What a password must not be made of is read for the person themselves.
const CHOOSE_PASSWORD: Access = Access {
    purpose: Purpose::Identify,
    operation: Operation::Extract,
    actor: Actor::Subject,
    categories: &[Category::Identity, Category::Contact, Category::Employment],
    clause: "1.6",
};

async fn hash_new(text: &str, person: &Person) -> Result<String, Problem> {
    let password = password_hash::choose(text, &person.profile()?)?;
    Ok(password_hash::hash(&password).await?)
}

/// Whose password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetForm {
    /// The login address.
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
}

/// What a request for a new password is answered with, always.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResetAnswer {
    /// `check_your_mail`.
    #[schema(example = "check_your_mail")]
    status: &'static str,
}

/// Ask for a new password
///
/// The answer is the same whether the address has an account or not. The link
/// in the letter works for one hour.
#[utoipa::path(
    post, path = "/password-resets", tag = "sessions", request_body = ResetForm,
    responses(
        (status = 202, body = ResetAnswer),
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 415, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn ask_reset(
    State(app): State<App>,
    client: ClientInfo,
    JsonBody { value: form, .. }: JsonBody<ResetForm>,
) -> Result<(StatusCode, Json<ResetAnswer>), Problem> {
    let email =
        EmailAddress::new(&form.email).map_err(|invalid| Problem::field("email", invalid))?;
    let address = app.lookup.email(&email);
    let network = app.lookup.network(&client.network_text());
    ask_password_reset(&app.db, &app.gate, &address, &network, app.clock.now()).await?;
    let status = "check_your_mail";
    Ok((StatusCode::ACCEPTED, Json(ResetAnswer { status })))
}

/// A new password under a mailed link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetConfirmation {
    /// The secret, from the link in the letter.
    #[schema(value_type = String, example = "abl_…")]
    #[serde(deserialize_with = "platform::secret::text")]
    token: Zeroizing<String>,
    /// The new password: at least 12 characters that are not easy to guess.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128)]
    #[serde(deserialize_with = "platform::secret::text")]
    password: Zeroizing<String>,
}

/// Set a new password by the mailed link
///
/// Ends every session and uses the link up.
#[utoipa::path(
    post, path = "/password-resets/confirm", tag = "sessions", request_body = ResetConfirmation,
    responses(
        (status = 204),
        (status = 400, body = ProblemDocument),
        (status = 410, description = "The link was used, or its hour is over", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, description = "The password is weak; the link still works", body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn reset(
    State(app): State<App>,
    JsonBody { value: form, .. }: JsonBody<ResetConfirmation>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let token = LinkToken::parse(&form.token).ok_or_else(link_over)?;
    let link = find_link(&app.db, &token, LinkPurpose::PasswordReset, now)
        .await?
        .ok_or_else(link_over)?;
    let person = match app.gate.open(link.subject, CHOOSE_PASSWORD, now).await {
        Err(GateError::Unknown) => return Err(link_over()),
        other => other?,
    };
    let new = NewPassword {
        hash: hash_new(&form.password, &person).await?,
        link: Some(&link),
        verified: None,
        keep: None,
    };
    match set_password(&app.db, &person, &new, now).await {
        // used by another request, the person is being erased, or the address was changed
        Err(StoreError::Refused(_)) => Err(link_over()),
        other => Ok(other.map(|()| StatusCode::NO_CONTENT)?),
    }
}

/// The present and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The present password.
    #[schema(value_type = String, format = Password)]
    #[serde(deserialize_with = "platform::secret::text")]
    current: Zeroizing<String>,
    /// The new password: at least 12 characters that are not easy to guess.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 128)]
    #[serde(deserialize_with = "platform::secret::text")]
    new: Zeroizing<String>,
}

fn wrong_password() -> Problem {
    Problem::forbidden(
        "wrong_password",
        "The present password is wrong; nothing was changed.",
    )
}

/// Change one's password
///
/// Ends every other session.
#[utoipa::path(
    put, path = "/me/password", tag = "sessions", request_body = PasswordChange,
    responses(
        (status = 204),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, description = "The present password is wrong", body = ProblemDocument),
        (status = 409, description = "The account was changed meanwhile", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, description = "The new password is weak", body = ProblemDocument),
        (status = 429, headers(("Retry-After" = u32, description = "Seconds to wait")), body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn change(
    State(app): State<App>,
    signed_in: SignedIn,
    client: ClientInfo,
    JsonBody { value: form, .. }: JsonBody<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let now: Timestamp = signed_in.now;
    let address = &signed_in.session.login;
    count_attempt(&app, address, &client, now).await?;
    let login = find_login(&app.db, address).await?;
    let login = login.filter(|login| login.subject == signed_in.subject());
    let stored = login.as_ref().map(|login| login.password_hash.as_str());
    let matches = password_hash::verify_or_waste(stored, &Password::presented(&form.current)).await;
    let login = login.filter(|_| matches).ok_or_else(wrong_password)?;

    let person = app
        .gate
        .open(signed_in.subject(), CHOOSE_PASSWORD, now)
        .await?;
    let new = NewPassword {
        hash: hash_new(&form.new, &person).await?,
        link: None,
        verified: Some(&login),
        keep: Some(&signed_in.session.token),
    };
    set_password(&app.db, &person, &new, now).await?;
    Ok(StatusCode::NO_CONTENT)
}
