//! Everything that is stored of a person, by what it is.

use domain::{
    data_map::{Field, purposes},
    ids::{DisclosureId, SubjectId, WorkspaceId},
    ledger::Entry,
    policy::Locale,
    time::Timestamp,
};
use serde_json::{Value, json};
use store::{
    catalog::{
        self, Asset, Member, Upload,
        asset::{LIVE_PREFIX, TRASH_PREFIX},
        workspace::member_key,
    },
    people::{
        AddressChange, Consent, Link, Request, Session, address_change_key, consent_history,
        find_login, partition, stances,
    },
    personal::Person,
    site::answers_of,
};

use super::{
    held::{self, Found},
    letters, registers, statement,
};
use crate::{App, Error, holds::HOLD};

pub(super) async fn gather(app: &App, person: &Person, now: Timestamp) -> Result<Value, Error> {
    let subject = person.subject();
    let record = person.record();
    let (mut assets, mut uploads) = (Vec::new(), Vec::new());
    let mut members: Vec<Member> = Vec::new();
    for workspace in &record.workspaces {
        let key = member_key(*workspace, subject);
        members.extend(app.db.get::<Member>(&key).await?);
        assets.extend(uploaded(app, *workspace, subject).await?);
        uploads.extend(under_way(app, *workspace, subject).await?);
    }
    let letters = letters::letters(app, person).await?;
    let claims = registers::claims(app, person, now).await?;
    let disclosures = registers::disclosures(app, person, now).await?;
    let transfers = registers::transfers(app, person).await?;
    let passed_on = registers::passed_on(app, person).await?;
    let surveys = surveys(app, person).await?;
    let found = Found {
        correspondence: !letters.is_empty() || !claims.is_empty(),
        files: !assets.is_empty() || !uploads.is_empty(),
        disclosures: !disclosures.is_empty() || !transfers.is_empty(),
        surveys: !surveys.is_empty(),
        passed_on: !passed_on.is_empty(),
        members: &members,
    };
    let held = held::statements(app, person, found).await?;
    let mut entries = actions(app, person, now).await?;
    entries.retain(|entry| may_be_known(entry, &disclosures, &transfers));
    Ok(json!({
        "about": {
            "person": subject,
            "made_at": now,
            "operator": app.house.operator,
            "contact": app.house.privacy_address,
            "service": app.house.public_url,
            "policy": domain::policy::current("privacy-policy", now).map(|p| &p.version),
        },
        "what_we_hold": held,
        "statement": statement::statement(&app.house, record.locale),
        "data_map": data_map(),
        "profile": profile(person)?,
        "account": account(app, person).await?,
        "consents": consents(app, person).await?,
        "requests": requests(app, person, now).await?,
        "correspondence": letters,
        "claims": claims,
        "disclosures": disclosures,
        "business_transfers": transfers,
        "passed_to_processors": passed_on,
        "surveys": surveys,
        "workspaces": members.iter().map(membership).collect::<Vec<_>>(),
        "uploaded_assets": assets,
        "uploads_under_way": uploads,
        "actions_with_your_data": entries.iter().map(action).collect::<Vec<_>>(),
    }))
}

fn data_map() -> Vec<Value> {
    Field::ALL
        .iter()
        .map(|field| {
            let row = field.row();
            let purposes: Vec<&str> = purposes(row.category).iter().map(|p| p.as_str()).collect();
            json!({
                "data": format!("{}.{}", row.entity, row.attribute),
                "category": row.category,
                "purposes": purposes,
                "kept": row.retention.in_words(Locale::En),
                "source": row.source.in_words(Locale::En),
                "policy_clause": row.clause,
            })
        })
        .collect()
}

fn profile(person: &Person) -> Result<Value, Error> {
    Ok(serde_json::to_value(person.profile()?)?)
}

pub(super) async fn account(app: &App, person: &Person) -> Result<Value, Error> {
    let (subject, record) = (person.subject(), person.record());
    let login = find_login(&app.db, &record.login).await?;
    let pk = partition(subject);
    let sessions: Vec<Session> = app.db.list_all(&pk, "SESSION#").await?;
    let links: Vec<Link> = app.db.list_all(&pk, "LINK#").await?;
    let stances = stances(&app.db, subject).await?;
    let change: Option<AddressChange> = app.db.get(&address_change_key(subject)).await?;
    let pending = change
        .as_ref()
        .map(|change| person.pending_email(change))
        .transpose()?;
    Ok(json!({
        "signed_up_at": record.created_at,
        "language": record.locale,
        "consents_in_force": record.consents,
        "purposes_that_you_object_to": record.objections,
        "laws_that_protect_you": record.regimes,
        "processing_restricted_from": record.restricted_from,
        "password": login.as_ref().map(|login| json!({
            "stored_as": "Argon2id hash; the password itself is not stored",
            "set_at": login.password_set_at,
        })),
        "keyed_hashes": "of your address and of your company, to find your account, to limit attempts and to give one trial; a refusal of advertising and the trial's record outlive the account",
        "new_address_awaiting_confirmation": pending,
        "sessions": sessions.iter().map(|session| json!({
            "workspace": session.workspace,
            "signed_in_at": session.authenticated_at,
            "ends_at": session.expires_at,
        })).collect::<Vec<_>>(),
        "documents_accepted_and_declined": stances.iter().map(|stance| json!({
            "document": stance.document,
            "version": stance.version,
            "sha256": stance.sha256,
            "language": stance.locale,
            "accepted": stance.accepted,
            "at": stance.at,
        })).collect::<Vec<_>>(),
        "mailed_links": links.iter().map(|link| json!({
            "for": link.purpose,
            "ends_at": link.expires_at,
        })).collect::<Vec<_>>(),
    }))
}

pub(super) async fn consents(app: &App, person: &Person) -> Result<Vec<Value>, Error> {
    let history = consent_history(&app.db, person.subject()).await?;
    history
        .iter()
        .map(|consent| {
            let key = Consent::key_of(consent.subject, consent.at, consent.consent);
            let open = |field, sealed: Option<&store::personal::Sealed>| {
                sealed
                    .map(|sealed| person.unseal::<Consent>(field, &key, sealed))
                    .transpose()
            };
            let address = open(Field::ConsentAddress, consent.source_ip.as_ref())?;
            let browser = open(Field::ConsentBrowser, consent.user_agent.as_ref())?;
            Ok(json!({
                "consent": consent.consent,
                "given": consent.given,
                "at": consent.at,
                "document": consent.tick.document,
                "version": consent.tick.version,
                "sha256": consent.tick.sha256,
                "language": consent.tick.locale,
                "label": consent.label,
                "form": consent.form,
                "network_address": address.map(|text| text.to_string()),
                "browser": browser.map(|text| text.to_string()),
            }))
        })
        .collect()
}

/// Their answers to surveys under their name.
async fn surveys(app: &App, person: &Person) -> Result<Vec<Value>, Error> {
    let answers = answers_of(&app.db, person.subject()).await?;
    answers
        .iter()
        .map(|answer| {
            Ok(json!({
                "survey": answer.survey,
                "answered_at": answer.answered_at,
                "answers": answer.open(person)?,
            }))
        })
        .collect()
}

pub(super) async fn requests(
    app: &App,
    person: &Person,
    now: Timestamp,
) -> Result<Vec<Value>, Error> {
    let requests = app.db.requests_of(person.subject(), now).await?;
    requests
        .iter()
        .map(|request: &Request| {
            let progress = &request.progress;
            Ok(json!({
                "id": request.id,
                "kind": progress.kind(),
                "state": progress.state(),
                "received_at": progress.received_at(),
                "due_at": progress.due_at(),
                "extended_at": progress.extended_at(),
                "closed_at": progress.closed_at(),
                "ground": progress.ground(),
                "you_wrote": request.open_details(person)?,
                "we_wrote": request.open_reasons(person)?,
            }))
        })
        .collect()
}

fn membership(member: &Member) -> Value {
    json!({
        "workspace": member.workspace,
        "role": member.role,
        "joined_at": member.joined_at,
    })
}

/// The company's assets that name the person as uploader (clause 1.4).
async fn uploaded(
    app: &App,
    workspace: WorkspaceId,
    subject: SubjectId,
) -> Result<Vec<Value>, Error> {
    let pk = catalog::partition(workspace);
    let mut rows = Vec::new();
    for prefix in [LIVE_PREFIX, TRASH_PREFIX] {
        let assets: Vec<Asset> = app.db.list_all(&pk, prefix).await?;
        rows.extend(
            assets
                .iter()
                .filter(|asset| asset.uploaded_by == Some(subject))
                .map(|asset| {
                    json!({
                        "id": asset.id,
                        "workspace": workspace,
                        "name": asset.name,
                        "content_type": asset.content_type,
                        "size_bytes": asset.size_bytes,
                        "uploaded_at": asset.created_at,
                        "in_trash_since": asset.trashed_at,
                    })
                }),
        );
    }
    Ok(rows)
}

async fn under_way(
    app: &App,
    workspace: WorkspaceId,
    subject: SubjectId,
) -> Result<Vec<Value>, Error> {
    let pk = catalog::partition(workspace);
    let uploads: Vec<Upload> = app.db.list_all(&pk, "UPLOAD#").await?;
    Ok(uploads
        .iter()
        .filter(|upload| upload.uploaded_by == subject)
        .map(|upload| {
            json!({
                "id": upload.id,
                "workspace": workspace,
                "state": upload.state,
                "name": upload.name,
                "began_at": upload.created_at,
            })
        })
        .collect())
}

/// The ledger's entries about the person, but for those of legal holds while the law forbids
/// telling of one.
async fn actions(app: &App, person: &Person, now: Timestamp) -> Result<Vec<Entry>, Error> {
    let mut entries = app.census.entries_of(&person.pseudonym()).await?;
    let holds = app.db.holds_of(person.subject()).await?;
    if !holds.iter().all(|hold| hold.progress.may_be_known(now)) {
        entries.retain(|entry| entry.clause != HOLD.clause);
    }
    Ok(entries)
}

/// Not an entry of a disclosure that is not among those that they may know of, nor among the
/// transfers of the business that they were told of: those have ids of the same kind.
fn may_be_known(entry: &Entry, disclosures: &[Value], transfers: &[Value]) -> bool {
    let ids = ["disclosure", "case"].map(|fact| entry.facts.get(fact));
    ids.into_iter()
        .flatten()
        .filter(|id| id.parse::<DisclosureId>().is_ok())
        .all(|id| {
            let mut known = disclosures.iter().chain(transfers);
            known.any(|known| known["id"] == id.as_str())
        })
}

fn action(entry: &Entry) -> Value {
    json!({
        "at": entry.at,
        "what": entry.event,
        "by": entry.actor,
        "policy_clause": entry.clause,
        "purpose": entry.purpose,
        "operation": entry.operation,
        "categories": entry.categories,
        "facts": entry.facts,
    })
}
