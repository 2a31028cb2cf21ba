//! Reading and correcting one's own profile (clauses 3.3a to 3.3e, 6.2).

use std::collections::BTreeSet;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue},
};
use domain::{
    contact::{CompanyName, InvalidContact, PersonName, PhoneNumber, Position, Profile},
    policy::Locale,
    processing::{Actor, Category, Operation, Purpose},
    regime::{self, Regimes, Residence},
    time::Timestamp,
};
use platform::http::{
    ClientInfo, IfMatch, JsonBody, Problem, ProblemDocument, Signals, SignedIn, VARY_GPC, Versioned,
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    people::change_profile,
    personal::{Access, GateError, Person},
};
use utoipa::ToSchema;

use crate::{App, consents::honour};

const PROFILE: &[Category] = &[Category::Identity, Category::Contact, Category::Employment];

const READ: Access = Access {
    purpose: Purpose::Identify,
    operation: Operation::Extract,
    actor: Actor::Subject,
    categories: PROFILE,
    clause: "6.3a",
};

const CORRECT: Access = Access {
    purpose: Purpose::Accuracy,
    operation: Operation::Clarify,
    actor: Actor::Subject,
    categories: PROFILE,
    clause: "6.2",
};

/// One's own profile.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProfileView {
    /// The person.
    #[schema(example = "usr_01890a5d8c3e7b6f9d2c4a1b0e8f7d6c")]
    id: String,
    /// The name.
    name: String,
    /// The login address; changed by `POST /me/email-change`.
    #[schema(format = Email)]
    email: String,
    /// The phone number (E.164).
    phone: String,
    /// The company.
    company: String,
    /// The position in the company.
    position: String,
    /// The language of letters.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// When the person signed up.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// From when processing is restricted: then the profile can't be changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    restricted_from: Option<Timestamp>,
    /// The purposes that the person objects to, as the policy tags them.
    #[schema(value_type = Vec<String>, example = json!(["marketing"]))]
    objections: BTreeSet<Purpose>,
    /// The laws that protect the person: `ru152`, and `gdpr` or `ccpa` where they
    /// live or their number says so.
    #[schema(value_type = Vec<String>, example = json!(["ru152", "gdpr"]))]
    regimes: Vec<&'static str>,
}

fn view(person: &Person, profile: &Profile, locale: Locale, regimes: &Regimes) -> ProfileView {
    let record = person.record();
    ProfileView {
        id: record.subject.to_string(),
        name: profile.name.reveal().to_owned(),
        email: profile.email.reveal().to_owned(),
        phone: profile.phone.reveal().to_owned(),
        company: profile.company.reveal().to_owned(),
        position: profile.position.reveal().to_owned(),
        locale,
        created_at: record.created_at,
        restricted_from: record.restricted_from,
        objections: record.objections.clone(),
        regimes: regimes.names().collect(),
    }
}

type Shown = ([(HeaderName, HeaderValue); 1], Versioned<ProfileView>);

/// Read one's own profile
#[utoipa::path(
    get, path = "/me", tag = "profile",
    responses(
        (status = 200, body = ProfileView, headers(("ETag" = String, description = "Send it as If-Match with a change"))),
        (status = 401, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    client: ClientInfo,
    signals: Signals,
) -> Result<Shown, Problem> {
    let (subject, now) = (signed_in.subject(), signed_in.now);
    honour(&app, signals, subject, &client, now).await?;
    let person = app.gate.open(subject, READ, now).await?;
    let profile = person.profile()?;
    let shown = Versioned {
        revision: person.profile_revision(),
        body: view(
            &person,
            &profile,
            person.record().locale,
            &person.record().regimes,
        ),
    };
    Ok((VARY_GPC, shown))
}

/// What is to be changed; fields that are left out stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfileChange {
    /// The name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The phone number with its country code (E.164).
    #[schema(example = "+442071838750")]
    phone: Option<String>,
    /// The company.
    #[schema(min_length = 1, max_length = 200)]
    company: Option<String>,
    /// The position in the company.
    #[schema(min_length = 1, max_length = 200)]
    position: Option<String>,
    /// The language of letters, `en` or `ru`.
    #[schema(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
    /// Where the person lives: a country of ISO 3166-1, or a part of one of ISO
    /// 3166-2. It is not stored; the laws that follow from it are.
    #[schema(example = "DE")]
    residence: Option<String>,
}

fn replace<T>(
    field: &'static str,
    value: &mut T,
    new: Option<&String>,
    read: fn(&str) -> Result<T, InvalidContact>,
) -> Result<(), Problem> {
    if let Some(text) = new {
        *value = read(text).map_err(|invalid| Problem::field(field, invalid))?;
    }
    Ok(())
}

impl ProfileChange {
    fn apply(&self, to: &Profile) -> Result<Profile, Problem> {
        let mut new = to.clone();
        replace("name", &mut new.name, self.name.as_ref(), PersonName::new)?;
        replace(
            "phone",
            &mut new.phone,
            self.phone.as_ref(),
            PhoneNumber::new,
        )?;
        replace(
            "company",
            &mut new.company,
            self.company.as_ref(),
            CompanyName::new,
        )?;
        replace(
            "position",
            &mut new.position,
            self.position.as_ref(),
            Position::new,
        )?;
        Ok(new)
    }

    /// The laws that protect the person now. A new number says something only
    /// where nothing was declared.
    fn regimes(&self, person: &Person, old: &Profile, new: &Profile) -> Result<Regimes, Problem> {
        let known = &person.record().regimes;
        if let Some(code) = &self.residence {
            let residence = Residence::new(code);
            let residence = residence.map_err(|invalid| Problem::field("residence", invalid))?;
            return Ok(regime::resolve(Some(&residence), Some(&new.phone)));
        }
        if old.phone == new.phone || known.are_declared() {
            return Ok(known.clone());
        }
        Ok(regime::resolve(None, Some(&new.phone)))
    }
}

/// Correct one's own profile
///
/// The ledger notes which fields changed, never their values.
#[utoipa::path(
    patch, path = "/me", tag = "profile", request_body = ProfileChange,
    params(("If-Match" = String, Header, description = "The ETag that was read")),
    responses(
        (status = 200, body = ProfileView, headers(("ETag" = String, description = "The new revision"))),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, description = "Processing is restricted", body = ProblemDocument),
        (status = 409, description = "The account is being erased", body = ProblemDocument),
        (status = 412, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 415, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 428, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn change(
    State(app): State<App>,
    signed_in: SignedIn,
    if_match: IfMatch,
    JsonBody { value: change, .. }: JsonBody<ProfileChange>,
) -> Result<Versioned<ProfileView>, Problem> {
    let (subject, now) = (signed_in.subject(), signed_in.now);
    let person = app.gate.open(subject, CORRECT, now).await?;
    let revision = person.profile_revision();
    if_match.check(revision)?;
    let old = person.profile()?;
    let new = change.apply(&old)?;
    let locale = change.locale.unwrap_or(person.record().locale);
    let regimes = change.regimes(&person, &old, &new)?;
    let body = view(&person, &new, locale, &regimes);
    let record = person.record();
    if new == old && locale == record.locale && regimes == record.regimes {
        return Ok(Versioned { revision, body });
    }
    match change_profile(&app.db, &app.lookup, &person, &new, locale, &regimes, now).await {
        Err(GateError::Store(StoreError::Refused("profile"))) => Err(IfMatch::failed()),
        other => Ok(other.map(|()| Versioned {
            revision: revision + 1,
            body,
        })?),
    }
}
