//! A request comes in, is asked about, is taken back (OpenDSR 2.0, 7 to 9).

use axum::{
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::StatusCode,
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    consequence::{Consequence, Job},
    ids::{RequestId, SubjectId},
    ledger::Entry,
    opendsr::{ExchangeRef, Outcome, Standing},
    processing::Actor,
    regime::Regimes,
    request::{Level, Progress},
    time::{SignedDuration, Timestamp},
};
use platform::http::ProblemDocument;
use store::{
    Tx,
    limits::{Limit, REQUESTS_TO_ONE_ADDRESS},
    opendsr::Exchange,
    outbox::{Message, Owner},
};

use crate::{
    App,
    answer::{Failure, OpenDsrError, OpenDsrFault, signed},
    controller::Caller,
    submission::{Edition, OpenDsrRequest, Submission},
    view::{OpenDsrCancellation, OpenDsrReceipt, OpenDsrStatus, extensions},
};

const MAX_BODY_BYTES: usize = 64 * 1024;

/// Requests of one controller.
const PER_CONTROLLER: Limit = Limit {
    name: "opendsr-controller",
    max: 1000,
    window: SignedDuration::from_hours(1),
};

/// A body as it came.
pub(crate) type Sent = Result<Bytes, BytesRejection>;

/// Pass a request on
///
/// OpenDSR 2.0. The same request again gets the same receipt. Whether anybody is
/// known by the address changes nothing of the answer: the person confirms by a
/// link that is mailed to the address on file, and until then it is `pending`.
#[utoipa::path(
    post, path = "/opendsr/v2/requests", tag = "opendsr",
    request_body = OpenDsrRequest,
    responses(
        (status = 201, body = OpenDsrReceipt), (status = 400, body = OpenDsrError),
        (status = 401, body = OpenDsrError), (status = 403, body = OpenDsrError),
        (status = 404, body = OpenDsrError), (status = 413, body = OpenDsrError),
        (status = 429, body = OpenDsrError), (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn submit(
    State(app): State<App>,
    caller: Caller,
    body: Sent,
) -> Result<Response, Failure> {
    take(&app, &caller, body, Edition::OpenDsr).await
}

/// Ask about a request
#[utoipa::path(
    get, path = "/opendsr/v2/requests/{id}", tag = "opendsr",
    params(("id" = String, Path, description = "The sender's id of the request")),
    responses(
        (status = 200, body = OpenDsrStatus), (status = 401, body = OpenDsrError),
        (status = 404, body = OpenDsrError), (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    tell(&app, &caller, &id, Edition::OpenDsr).await
}

/// Ask about a request, at the specification's other address
#[utoipa::path(
    get, path = "/opendsr/v2/status/{id}", tag = "opendsr",
    params(("id" = String, Path, description = "The sender's id of the request")),
    responses(
        (status = 200, body = OpenDsrStatus), (status = 401, body = OpenDsrError),
        (status = 404, body = OpenDsrError), (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    tell(&app, &caller, &id, Edition::OpenDsr).await
}

/// Take a request back
///
/// While it is `pending`. What its person confirms later is their own request.
#[utoipa::path(
    delete, path = "/opendsr/v2/requests/{id}", tag = "opendsr",
    params(("id" = String, Path, description = "The sender's id of the request")),
    responses(
        (status = 202, body = OpenDsrCancellation), (status = 400, body = OpenDsrError),
        (status = 401, body = OpenDsrError), (status = 404, body = OpenDsrError),
        (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    take_back(&app, &caller, &id, Edition::OpenDsr).await
}

/// Takes a request in, or finds that it was.
pub(crate) async fn take(
    app: &App,
    caller: &Caller,
    body: Sent,
    edition: Edition,
) -> Result<Response, Failure> {
    let body = body.map_err(|_| Failure::too_large())?;
    if body.len() > MAX_BODY_BYTES {
        return Err(Failure::too_large());
    }
    caller.check_signature(&body)?;
    let asked = Submission::read(&body, edition).map_err(Failure::invalid)?;
    may_be_called(caller, &asked.callbacks)?;
    let name = ExchangeRef {
        controller: caller.controller.id.clone(),
        request: asked.id.clone(),
    };
    let now = app.clock.now();
    let sent = open(app, &name, &body, &asked, now);
    let exchange = match app.db.exchange(&name, now).await? {
        Some(known) => known,
        None => store(app, caller, sent, &asked, now).await?,
    };
    if exchange.fingerprint != fingerprint(app, &body) {
        return Err(Failure::state(
            "id_taken",
            "You have sent another request with this subject_request_id.",
        ));
    }
    receipt(caller, &exchange, &body)
}

fn may_be_called(caller: &Caller, urls: &[String]) -> Result<(), Failure> {
    let hosts = &caller.controller.hosts;
    let wrong = urls.iter().enumerate().filter_map(|(position, url)| {
        let refused = caller.party.calls.check(url, hosts).err()?;
        // not the address itself: it may hold a secret
        let message = format!("status_callback_urls[{position}] can't be called: {refused}");
        Some(OpenDsrFault::validation("callback_not_allowed", message))
    });
    let wrong: Vec<_> = wrong.collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::invalid(wrong)),
    }
}

fn fingerprint(app: &App, body: &[u8]) -> store::lookup::LookupHash {
    // it was read as JSON, which is UTF-8
    app.lookup.body(&String::from_utf8_lossy(body))
}

fn open(
    app: &App,
    name: &ExchangeRef,
    body: &[u8],
    asked: &Submission,
    now: Timestamp,
) -> Exchange {
    let kind = asked.asked.kind();
    // the laws that protect everybody, whoever it is, and the one that is invoked
    let regimes = Regimes::default().with(asked.regulation.regime());
    let promised_at = Progress::received(kind, regimes, Level::L0, now).due_at();
    Exchange {
        controller: name.controller.clone(),
        request: name.request.clone(),
        here: RequestId::new(now),
        asked: asked.asked,
        fingerprint: fingerprint(app, body),
        submitted_at: asked.submitted_at,
        received_at: now,
        promised_at,
        expected_at: promised_at,
        callbacks: asked.callbacks.clone(),
        standing: Standing::PENDING,
        ended_at: None,
        revision: 1,
    }
}

/// Stores a new exchange with the job that finds out whose request it is; the same
/// for every address.
async fn store(
    app: &App,
    caller: &Caller,
    exchange: Exchange,
    asked: &Submission,
    now: Timestamp,
) -> Result<Exchange, Failure> {
    let login = app.lookup.email_digest(asked.address);
    let controller = app.lookup.body(caller.controller.id.as_str());
    for (limit, whose) in [
        (PER_CONTROLLER, &controller),
        (REQUESTS_TO_ONE_ADDRESS, &login),
    ] {
        if !app.db.within(limit, whose, now).await? {
            return Err(Failure::too_many(limit.retry_after(now)));
        }
    }
    let job = Job::TakeExchange {
        login: login.to_string(),
        request: exchange.here,
        kind: asked.asked.kind(),
        received_at: now,
        regulation: asked.regulation,
        exchange: exchange.exchange(),
    };
    // nobody is known yet, so the message stands under an id that is nobody's
    let nobody = Owner::Subject(SubjectId::new(now));
    let mut tx = Tx::new();
    tx.open_exchange(&exchange, now)?;
    tx.emit(&Message::new(nobody, Consequence::Job { job }, now));
    tx.record(noted(&exchange, "exchange.received", now));
    match app.db.commit(tx).await {
        Ok(()) => Ok(exchange),
        // it came twice at once
        Err(error) if error.refused("exchange") => {
            let known = app.db.exchange(&exchange.exchange(), now).await?;
            known.ok_or_else(Failure::not_found)
        }
        Err(error) => Err(error.into()),
    }
}

fn noted(exchange: &Exchange, event: &str, now: Timestamp) -> Entry {
    let kind = exchange.asked.kind();
    Entry::new(now, Actor::System, event, kind.clause())
        .with_fact("controller", &exchange.controller)
        .with_fact("subject_request", &exchange.request)
        .with_fact("request", exchange.here)
        .with_fact("kind", kind.as_str())
}

fn receipt(caller: &Caller, exchange: &Exchange, body: &[u8]) -> Result<Response, Failure> {
    let mut receipt = OpenDsrReceipt {
        controller_id: exchange.controller.to_string(),
        expected_completion_time: exchange.promised_at.to_string(),
        received_time: exchange.received_at.to_string(),
        encoded_request: STANDARD.encode(body),
        subject_request_id: exchange.request.to_string(),
        processor_signature: None,
    };
    let unsigned = serde_json::to_vec(&receipt)?;
    receipt.processor_signature = Some(caller.party.sign(&unsigned)?);
    signed(&caller.party, StatusCode::CREATED, &receipt)
}

/// The caller's exchange of this name; anybody else's is not found.
async fn find(app: &App, caller: &Caller, id: &str) -> Result<Exchange, Failure> {
    let name = ExchangeRef {
        controller: caller.controller.id.clone(),
        request: id.parse().map_err(|_| Failure::not_found())?,
    };
    let found = app.db.exchange(&name, app.clock.now()).await?;
    found.ok_or_else(Failure::not_found)
}

/// Says where a request stands.
pub(crate) async fn tell(
    app: &App,
    caller: &Caller,
    id: &str,
    edition: Edition,
) -> Result<Response, Failure> {
    let exchange = find(app, caller, id).await?;
    let status = OpenDsrStatus {
        controller_id: exchange.controller.to_string(),
        expected_completion_time: exchange.expected_at.to_string(),
        subject_request_id: exchange.request.to_string(),
        request_status: exchange.standing.status,
        api_version: edition.api_version().to_owned(),
        extensions: extensions(&caller.party.domain, exchange.standing),
    };
    signed(&caller.party, StatusCode::OK, &status)
}

/// Takes a request back that nobody has confirmed; one that was taken back stays so.
pub(crate) async fn take_back(
    app: &App,
    caller: &Caller,
    id: &str,
    edition: Edition,
) -> Result<Response, Failure> {
    let exchange = find(app, caller, id).await?;
    let now = app.clock.now();
    let at = match exchange.ended_at {
        Some(ended) if exchange.standing == Standing::cancelled(Outcome::Withdrawn) => ended,
        None if exchange.standing == Standing::PENDING => {
            let entry = noted(&exchange, "exchange.withdrawn", now);
            match app.db.withdraw_exchange(&exchange, entry, now).await {
                Err(error) if error.refused("exchange") => return Err(too_late()),
                other => other?,
            }
            now
        }
        _ => return Err(too_late()),
    };
    let mut cancellation = OpenDsrCancellation {
        controller_id: exchange.controller.to_string(),
        subject_request_id: exchange.request.to_string(),
        received_time: at.to_string(),
        api_version: edition.api_version().to_owned(),
        processor_signature: None,
    };
    let unsigned = serde_json::to_vec(&cancellation)?;
    cancellation.processor_signature = Some(caller.party.sign(&unsigned)?);
    signed(&caller.party, StatusCode::ACCEPTED, &cancellation)
}

fn too_late() -> Failure {
    Failure::state(
        "not_pending",
        "Only a pending request can be cancelled; ask for its status.",
    )
}
