//! Changing the login address (clause 5.3).

use axum::{Json, extract::State, http::StatusCode};
use domain::{contact::EmailAddress, token::LinkToken};
use platform::http::{JsonBody, Problem, ProblemDocument, SignedIn};
use serde::{Deserialize, Serialize};
use store::people::{AddressConfirmed, CHANGE_ADDRESS, ask_address_change, confirm_address_change};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{App, link_over};

/// The new login address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressForm {
    /// The new address.
    #[schema(format = Email, example = "ada@example.org")]
    new_email: String,
}

/// Where a change of address stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddressAnswer {
    /// `check_both_mailboxes`, `other_address_missing` or `changed`.
    #[schema(example = "check_both_mailboxes")]
    status: &'static str,
}

/// Ask to change the login address
///
/// Needs a password given within the last ten minutes. A link goes to the old
/// and to the new address; each works for 24 hours, and both must be used. The
/// answer does not tell whether the new address has an account.
#[utoipa::path(
    post, path = "/me/email-change", tag = "profile", request_body = AddressForm,
    responses(
        (status = 202, body = AddressAnswer),
        (status = 400, body = ProblemDocument),
        (status = 401, description = "Sign in, or sign in again", body = ProblemDocument),
        (status = 403, description = "Processing is restricted", body = ProblemDocument),
        (status = 409, description = "The account is being erased", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn ask(
    State(app): State<App>,
    signed_in: SignedIn,
    JsonBody { value: form, .. }: JsonBody<AddressForm>,
) -> Result<(StatusCode, Json<AddressAnswer>), Problem> {
    signed_in.must_be_fresh()?;
    let new_email = EmailAddress::new(&form.new_email)
        .map_err(|invalid| Problem::field("new_email", invalid))?;
    if app.lookup.email(&new_email) == signed_in.session.login {
        return Err(Problem::field("new_email", "this is your address already"));
    }
    let (subject, now) = (signed_in.subject(), signed_in.now);
    let person = app.gate.open(subject, CHANGE_ADDRESS, now).await?;
    ask_address_change(&app.db, &app.lookup, &person, &new_email, now).await?;
    let status = "check_both_mailboxes";
    Ok((StatusCode::ACCEPTED, Json(AddressAnswer { status })))
}

/// A mailed link's secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressConfirmation {
    /// The secret, from the link in one of the two letters.
    #[schema(value_type = String, example = "abl_…")]
    #[serde(deserialize_with = "platform::secret::text")]
    token: Zeroizing<String>,
}

/// Confirm a change of the login address
///
/// The second of the two links changes it and ends every session.
#[utoipa::path(
    post, path = "/me/email-change/confirm", tag = "profile", request_body = AddressConfirmation,
    responses(
        (status = 200, body = AddressAnswer),
        (status = 400, body = ProblemDocument),
        (status = 403, description = "Processing is restricted", body = ProblemDocument),
        (status = 409, description = "The new address has an account of its own", body = ProblemDocument),
        (status = 410, description = "The link was used or replaced, or its 24 hours are over", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn confirm(
    State(app): State<App>,
    JsonBody { value: form, .. }: JsonBody<AddressConfirmation>,
) -> Result<Json<AddressAnswer>, Problem> {
    let token = LinkToken::parse(&form.token).ok_or_else(link_over)?;
    let confirmed = confirm_address_change(&app.db, &app.gate, &token, app.clock.now()).await?;
    let status = match confirmed {
        AddressConfirmed::OtherOneMissing => "other_address_missing",
        AddressConfirmed::Changed => "changed",
        AddressConfirmed::LinkOver => return Err(link_over()),
        AddressConfirmed::AddressTaken => {
            return Err(Problem::conflict(
                "address_taken",
                "The new address has an account of its own. Ask for a change to another address.",
            ));
        }
    };
    Ok(Json(AddressAnswer { status }))
}
