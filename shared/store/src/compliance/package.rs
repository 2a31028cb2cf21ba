//! What a disclosure hands out: the person's data within its scope, and nothing else.

use domain::{
    compliance::disclosure::Grant, data_map::Field, processing::Category, request::Details,
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use crate::{
    Db, Entity,
    people::{Consent, Request, consent_history, sessions},
    personal::{Disclosed, GateError, Sealed},
};

/// Compiles the package of a disclosure.
///
/// # Errors
/// [`GateError`].
pub async fn compile(db: &Db, disclosed: &Disclosed, now: Timestamp) -> Result<Value, GateError> {
    let grant = disclosed.grant();
    let mut data = Map::new();
    for category in grant.scope().categories() {
        let content = match category {
            Category::Account => account(db, disclosed, now).await?,
            Category::ConsentEvidence => consents(db, disclosed).await?,
            Category::Request => requests(db, disclosed, now).await?,
            profile => of_profile(disclosed, *profile)?,
        };
        data.insert(category.as_str().to_owned(), content);
    }
    let period = grant.scope().period();
    Ok(json!({
        "disclosure": grant.disclosure(),
        "ground": grant.ground(),
        "policy_clause": grant.clause(),
        "period": {"from": period.from, "to": period.to},
        "made_at": now,
        "data": data,
    }))
}

fn of_profile(disclosed: &Disclosed, category: Category) -> Result<Value, GateError> {
    let profile = disclosed.profile(category)?;
    Ok(match category {
        Category::Identity => json!({"name": profile.name.reveal()}),
        Category::Contact => json!({
            "email": profile.email.reveal(),
            "phone": profile.phone.reveal(),
        }),
        Category::Employment => json!({
            "company": profile.company.reveal(),
            "position": profile.position.reveal(),
        }),
        _ => Value::Null,
    })
}

fn dated(grant: &Grant, at: Timestamp) -> bool {
    grant.scope().period().contains(at)
}

async fn account(db: &Db, disclosed: &Disclosed, now: Timestamp) -> Result<Value, GateError> {
    let record = disclosed.account()?;
    let sessions = sessions(db, record.subject, now).await?;
    let opened: Vec<Timestamp> = sessions
        .iter()
        .map(|session| session.authenticated_at)
        .filter(|at| dated(disclosed.grant(), *at))
        .collect();
    Ok(json!({
        "person": record.subject,
        "signed_up_at": record.created_at,
        "workspaces": record.workspaces,
        "signed_in_at": opened,
    }))
}

async fn consents(db: &Db, disclosed: &Disclosed) -> Result<Value, GateError> {
    let subject = disclosed.grant().subject();
    let history = consent_history(db, subject).await?;
    let within = history
        .iter()
        .filter(|one| dated(disclosed.grant(), one.at));
    let rows: Result<Vec<Value>, GateError> = within
        .map(|consent| {
            let key = Consent::key_of(consent.subject, consent.at, consent.consent);
            let open = |field, sealed: Option<&Sealed>| {
                let text = sealed.map(|sealed| disclosed.unseal::<Consent>(field, &key, sealed));
                text.transpose()
                    .map(|text| text.map(|text| text.to_string()))
            };
            Ok(json!({
                "consent": consent.consent,
                "given": consent.given,
                "at": consent.at,
                "document": consent.tick.document,
                "version": consent.tick.version,
                "sha256": consent.tick.sha256,
                "network_address": open(Field::ConsentAddress, consent.source_ip.as_ref())?,
                "browser": open(Field::ConsentBrowser, consent.user_agent.as_ref())?,
            }))
        })
        .collect();
    Ok(Value::Array(rows?))
}

async fn requests(db: &Db, disclosed: &Disclosed, now: Timestamp) -> Result<Value, GateError> {
    let all = db.requests_of(disclosed.grant().subject(), now).await?;
    let mut rows = Vec::new();
    for request in &all {
        let progress = &request.progress;
        if !dated(disclosed.grant(), progress.received_at()) {
            continue;
        }
        rows.push(json!({
            "request": request.id,
            "kind": progress.kind(),
            "state": progress.state(),
            "received_at": progress.received_at(),
            "closed_at": progress.closed_at(),
            "text": text_of(disclosed, request)?,
        }));
    }
    Ok(Value::Array(rows))
}

fn text_of(disclosed: &Disclosed, request: &Request) -> Result<Option<String>, GateError> {
    let Some(sealed) = &request.details else {
        return Ok(None);
    };
    let field = Field::RequestDetails;
    let text = disclosed.unseal::<Request>(field, &request.key(), sealed)?;
    let details: Details =
        serde_json::from_str(&text).map_err(|_| GateError::Tampered(field.row().attribute))?;
    Ok(details.text)
}
