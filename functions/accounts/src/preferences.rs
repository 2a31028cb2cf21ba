//! The page of preferences: every purpose of section 4, where it stands, since when
//! and under which text, and how to change it; with the history of the consents.

use axum::{Json, extract::State};
use domain::{
    consent::{ConsentPurpose, Standing, standing},
    data_map,
    processing::Purpose,
    time::Timestamp,
};
use platform::http::{ClientInfo, Problem, ProblemDocument, Signals, SignedIn, VARY_GPC};
use serde::Serialize;
use store::people::Consent;
use utoipa::ToSchema;

use crate::{
    App,
    consents::{ConsentView, Known, Statement, Varied, honour, statement},
};

/// The request that changes a preference.
#[derive(Serialize, ToSchema)]
pub(crate) struct Way {
    /// The method.
    #[schema(example = "PUT")]
    method: &'static str,
    /// The path.
    #[schema(example = "/me/consents/marketing")]
    path: String,
    /// The body's `kind`, where the path takes requests of several kinds.
    #[schema(example = "objection")]
    kind: Option<&'static str>,
}

/// One purpose of section 4.
#[derive(Serialize, ToSchema)]
pub(crate) struct PurposeView {
    /// The purpose, as the policy tags it.
    #[schema(example = "marketing")]
    purpose: &'static str,
    /// What it is, in the person's language.
    text: &'static str,
    /// The clause that states it.
    #[schema(example = "4.8")]
    clause: &'static str,
    /// What it rests on.
    basis: Vec<String>,
    /// `in_force`, `browser_decides`, `not_given`, `objected` or `restricted`.
    #[schema(example = "in_force")]
    state: &'static str,
    /// Since when, where it is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// The document that the person consented to, or took the consent back from.
    #[schema(example = "marketing-consent")]
    document: Option<String>,
    /// Its version.
    version: Option<String>,
    /// How to change it.
    change: Way,
}

/// One statement of the person's will, with whether it proves something.
#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryRow {
    /// `processing`, `marketing` or `transfer`.
    #[schema(example = "marketing")]
    purpose: &'static str,
    /// What was stated.
    #[serde(flatten)]
    statement: Statement,
    /// Whether the published text of that version still has the hash that was noted,
    /// its bytes hashed anew.
    verified: bool,
}

/// The page of preferences.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preferences {
    /// Every purpose, in the order of the policy.
    purposes: Vec<PurposeView>,
    /// The consents, with the texts that bind now.
    consents: Vec<ConsentView>,
    /// Every consent that was given or taken back, the newest first.
    history: Vec<HistoryRow>,
    /// The browser sends Global Privacy Control now: sharing for advertising is off,
    /// and stays off until the person consents to it anew without the signal.
    global_privacy_control: bool,
}

fn way(purpose: Purpose) -> Way {
    match ConsentPurpose::required_by(purpose) {
        Some(consent) => Way {
            method: "PUT",
            path: format!("/me/consents/{consent}"),
            kind: None,
        },
        None => Way {
            method: "POST",
            path: "/data-subject-requests".to_owned(),
            kind: Some("objection"),
        },
    }
}

impl Known {
    /// The last statement about the consent that a purpose rests on.
    fn stated(&self, purpose: Purpose) -> Option<&Consent> {
        let consent = ConsentPurpose::required_by(purpose).unwrap_or(ConsentPurpose::Processing);
        self.history.iter().rev().find(|e| e.consent == consent)
    }

    fn purpose(&self, purpose: Purpose, now: Timestamp) -> PurposeView {
        let state = standing(purpose, self.record.stance(now));
        let why = data_map::why(purpose, self.record.locale);
        let stated = self.stated(purpose);
        PurposeView {
            purpose: purpose.as_str(),
            text: why.text,
            clause: why.clause,
            basis: why.basis,
            state: state.as_str(),
            since: match state {
                Standing::Restricted => self.record.restricted_from,
                // an objection is a request, which has its own page
                Standing::Objected => None,
                _ => stated.map(|evidence| evidence.at),
            },
            document: stated.map(|evidence| evidence.tick.document.clone()),
            version: stated.map(|evidence| evidence.tick.version.clone()),
            change: way(purpose),
        }
    }

    fn rows(&self) -> Vec<HistoryRow> {
        let newest_first = self.history.iter().rev();
        newest_first
            .map(|evidence| HistoryRow {
                purpose: evidence.consent.as_str(),
                statement: statement(evidence),
                verified: evidence.tick.verify().is_ok(),
            })
            .collect()
    }
}

/// Read one's own preferences
///
/// Everything that a page of preferences shows. A browser that sends Global Privacy
/// Control (`Sec-GPC: 1`) opts out of sharing for advertising by it.
#[utoipa::path(
    get, path = "/me/preferences", tag = "consents",
    responses(
        (status = 200, body = Preferences, headers(("Vary" = String, description = "`Sec-GPC`"))),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    client: ClientInfo,
    signals: Signals,
) -> Result<Varied<Preferences>, Problem> {
    let now = signed_in.now;
    honour(&app, signals, signed_in.subject(), &client, now).await?;
    let known = Known::of(&app.db, &signed_in).await?;
    let purposes = Purpose::ALL.map(|purpose| known.purpose(purpose, now));
    let consents = ConsentPurpose::ALL.map(|consent| known.view(consent, now));
    let page = Preferences {
        purposes: purposes.into(),
        consents: consents.into(),
        history: known.rows(),
        global_privacy_control: signals.gpc,
    };
    Ok((VARY_GPC, Json(page)))
}
