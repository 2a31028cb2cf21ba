//! Budgets: of each route in capacity units (its budget of calls stands beside it, in `BUDGETS`),
//! of each event and of each schedule's run in calls and units.
//!
//! They leave room up to the next even number of read units and to the next five write units of
//! what docs/cost.md says; calls have none.

use assetbox_tests::budget::Spent;

/// Read and write units of each route, those of recognising the session among them.
const ROUTES: &[(&str, f64, f64)] = &[
    ("DELETE /assets/{id}", 6.0, 25.0),
    ("DELETE /me/surveys/{id}/answer", 4.0, 15.0),
    ("DELETE /opendsr/v2/requests/{id}", 2.0, 15.0),
    ("DELETE /opengdpr/v1/opengdpr_requests/{id}", 2.0, 15.0),
    ("DELETE /sessions", 4.0, 15.0),
    ("DELETE /sessions/current", 4.0, 5.0),
    ("DELETE /uploads/{id}", 4.0, 5.0),
    ("GET /.well-known/gpc.json", 0.0, 0.0),
    ("GET /assets", 6.0, 0.0),
    ("GET /assets/{id}", 6.0, 0.0),
    ("GET /assets/{id}/download", 6.0, 0.0),
    ("GET /assets/{id}/preview", 6.0, 0.0),
    ("GET /assets/{id}/thumbnail", 6.0, 0.0),
    ("GET /billing", 4.0, 0.0),
    ("GET /certificates/{case}", 0.0, 0.0),
    ("GET /claims", 6.0, 0.0),
    ("GET /claims/{id}", 6.0, 5.0),
    ("GET /compliance/acts", 6.0, 0.0),
    ("GET /compliance/acts/{id}", 6.0, 5.0),
    ("GET /compliance/business-transfers", 6.0, 0.0),
    ("GET /compliance/business-transfers/{id}", 6.0, 5.0),
    ("GET /compliance/business-transfers/{id}/manifest", 6.0, 0.0),
    (
        "GET /compliance/business-transfers/{id}/package",
        12.0,
        15.0,
    ),
    ("GET /compliance/claims", 6.0, 0.0),
    ("GET /compliance/claims/{id}", 6.0, 5.0),
    ("GET /compliance/disclosures", 6.0, 0.0),
    ("GET /compliance/disclosures/{id}", 6.0, 5.0),
    ("GET /compliance/disclosures/{id}/package", 6.0, 5.0),
    ("GET /compliance/holds", 6.0, 0.0),
    ("GET /compliance/holds/{id}", 6.0, 5.0),
    ("GET /compliance/incidents", 6.0, 0.0),
    ("GET /compliance/incidents/{id}", 6.0, 5.0),
    ("GET /compliance/notices", 6.0, 0.0),
    ("GET /compliance/processors", 4.0, 0.0),
    ("GET /compliance/requests", 7.0, 0.0),
    ("GET /compliance/requests/{id}", 8.0, 5.0),
    ("GET /compliance/statistics", 6.0, 0.0),
    ("GET /compliance/surveys", 6.0, 0.0),
    ("GET /compliance/surveys/{id}", 6.0, 0.0),
    ("GET /compliance/visits", 6.0, 5.0),
    ("GET /confirm", 0.0, 0.0),
    ("GET /data-subject-requests", 4.0, 0.0),
    ("GET /data-subject-requests/{id}", 4.0, 0.0),
    ("GET /data-subject-requests/{id}/export", 8.0, 5.0),
    ("GET /ledger/key", 0.0, 0.0),
    ("GET /me", 6.0, 5.0),
    ("GET /me/business-transfers", 6.0, 0.0),
    ("GET /me/consents", 6.0, 0.0),
    ("GET /me/consents/{purpose}", 6.0, 0.0),
    ("GET /me/policies", 6.0, 0.0),
    ("GET /me/preferences", 6.0, 0.0),
    ("GET /me/surveys/{id}/answer", 8.0, 5.0),
    ("GET /opendsr/v2/certificate", 0.0, 0.0),
    ("GET /opendsr/v2/discovery", 0.0, 0.0),
    ("GET /opendsr/v2/requests/{id}", 2.0, 0.0),
    ("GET /opendsr/v2/status/{id}", 2.0, 0.0),
    ("GET /opengdpr/v1/discovery", 0.0, 0.0),
    ("GET /opengdpr/v1/opengdpr_requests/{id}", 2.0, 0.0),
    ("GET /opengdpr/v1/status/{id}", 2.0, 0.0),
    ("GET /plans", 0.0, 0.0),
    ("GET /policies", 0.0, 0.0),
    ("GET /policies/feed", 0.0, 0.0),
    ("GET /policies/{document}", 0.0, 0.0),
    ("GET /policies/{document}/diff", 0.0, 0.0),
    ("GET /policies/{document}/versions", 0.0, 0.0),
    ("GET /policies/{document}/versions/{version}", 0.0, 0.0),
    ("GET /sessions", 4.0, 0.0),
    ("GET /surveys", 2.0, 0.0),
    ("GET /surveys/{id}", 2.0, 0.0),
    ("GET /trash", 4.0, 0.0),
    ("GET /unsubscribe/{token}", 0.0, 0.0),
    ("GET /uploads/{id}", 4.0, 0.0),
    ("GET /workspace", 4.0, 0.0),
    ("PATCH /assets/{id}", 6.0, 10.0),
    ("PATCH /me", 6.0, 10.0),
    ("PATCH /workspace", 4.0, 5.0),
    ("POST /assets/{id}/purge", 6.0, 5.0),
    ("POST /assets/{id}/restore", 6.0, 25.0),
    ("POST /billing/checkout", 4.0, 15.0),
    ("POST /billing/portal", 4.0, 0.0),
    ("POST /billing/renewal", 6.0, 0.0),
    ("POST /claims", 4.0, 20.0),
    ("POST /compliance/business-transfers", 4.0, 10.0),
    (
        "POST /compliance/business-transfers/{id}/approve",
        4.0,
        10.0,
    ),
    ("POST /compliance/business-transfers/{id}/cancel", 6.0, 10.0),
    (
        "POST /compliance/business-transfers/{id}/hand-over",
        6.0,
        15.0,
    ),
    (
        "POST /compliance/business-transfers/{id}/objections",
        10.0,
        10.0,
    ),
    (
        "POST /compliance/business-transfers/{id}/package",
        4.0,
        15.0,
    ),
    ("POST /compliance/claims", 6.0, 15.0),
    ("POST /compliance/claims/{id}/answer", 6.0, 15.0),
    ("POST /compliance/disclosures", 4.0, 10.0),
    ("POST /compliance/disclosures/{id}/approve", 4.0, 10.0),
    ("POST /compliance/disclosures/{id}/decline", 6.0, 15.0),
    ("POST /compliance/disclosures/{id}/forbid", 6.0, 15.0),
    ("POST /compliance/disclosures/{id}/hand-over", 6.0, 20.0),
    ("POST /compliance/disclosures/{id}/release", 12.0, 15.0),
    ("POST /compliance/holds", 6.0, 25.0),
    ("POST /compliance/holds/{id}/lift", 4.0, 10.0),
    ("POST /compliance/holds/{id}/review", 4.0, 10.0),
    ("POST /compliance/incidents", 4.0, 10.0),
    ("POST /compliance/incidents/{id}/close", 4.0, 10.0),
    ("POST /compliance/incidents/{id}/findings", 6.0, 10.0),
    ("POST /compliance/incidents/{id}/report", 6.0, 10.0),
    ("POST /compliance/incidents/{id}/waive", 6.0, 10.0),
    ("POST /compliance/notices/{id}/receipt", 6.0, 10.0),
    ("POST /compliance/requests", 7.0, 20.0),
    ("POST /compliance/requests/{id}/approve", 8.0, 20.0),
    ("POST /compliance/requests/{id}/extend", 6.0, 0.0),
    ("POST /compliance/requests/{id}/refuse", 10.0, 15.0),
    ("POST /compliance/requests/{id}/verify", 8.0, 20.0),
    ("POST /compliance/surveys", 4.0, 10.0),
    ("POST /compliance/surveys/{id}/close", 4.0, 10.0),
    ("POST /data-subject-requests", 8.0, 20.0),
    ("POST /data-subject-requests/{id}/cancel", 7.0, 15.0),
    ("POST /data-subject-requests/{id}/confirm", 6.0, 20.0),
    ("POST /me/email-change", 6.0, 20.0),
    ("POST /me/email-change/confirm", 8.0, 30.0),
    ("POST /opendsr/v2/requests", 2.0, 20.0),
    ("POST /opengdpr/v1/opengdpr_requests", 2.0, 20.0),
    ("POST /password-resets", 4.0, 20.0),
    ("POST /password-resets/confirm", 6.0, 20.0),
    ("POST /sessions", 2.0, 15.0),
    ("POST /signup", 0.0, 40.0),
    ("POST /signup/verify", 6.0, 35.0),
    ("POST /statistics/views", 2.0, 10.0),
    ("POST /surveys/{id}/answers", 2.0, 10.0),
    ("POST /unsubscribe/{token}", 6.0, 15.0),
    ("POST /uploads", 4.0, 10.0),
    ("POST /uploads/{id}/complete", 4.0, 10.0),
    ("POST /uploads/{id}/parts", 4.0, 0.0),
    ("POST /visits", 2.0, 15.0),
    ("POST /webhooks/payments/{provider}", 4.0, 20.0),
    ("PUT /me/business-transfers/{id}/objection", 10.0, 10.0),
    ("PUT /me/consents/{purpose}", 8.0, 15.0),
    ("PUT /me/policies/{document}", 8.0, 20.0),
    ("PUT /me/password", 8.0, 20.0),
    ("PUT /me/surveys/{id}/answer", 8.0, 20.0),
];

/// Transactions that a route may have refused: a request that another absorbs is found by one.
const REFUSED: &[(&str, u32)] = &[("POST /data-subject-requests", 1)];

/// Calls, read and write units of each event, handled alone.
const EVENTS: &[(&str, u32, f64, f64)] = &[
    ("CatalogTable stream: job", 3, 0.0, 5.0),
    ("CatalogTable stream: letter", 9, 6.0, 15.0),
    ("JobsQueue: carry_out", 97, 46.0, 100.0),
    ("JobsQueue: fill_holds", 16, 20.0, 20.0),
    ("JobsQueue: pass_on", 30, 60.0, 120.0),
    ("JobsQueue: purge_asset", 15, 2.0, 10.0),
    ("JobsQueue: take_exchange", 7, 6.0, 20.0),
    ("JobsQueue: take_request", 7, 6.0, 20.0),
    ("LedgerTable stream: entry", 3, 2.0, 10.0),
    ("RenditionsQueue", 5, 2.0, 5.0),
    ("TaggingQueue", 7, 4.0, 20.0),
];

/// Calls, read and write units of a schedule's run with nothing due. Reconciling reads whole tables,
/// those of the story here.
const RUNS: &[(&str, u32, f64, f64)] = &[
    ("ErasureFunction-Reconcile", 18, 55.0, 5.0),
    ("OpendsrFunction-Exchanges", 2, 1.0, 0.0),
    ("OutboxFunction-SealRoots", 5, 6.0, 0.0),
    ("OutboxFunction-Sweep", 8, 4.0, 0.0),
    ("PaymentsFunction-Duties", 4, 2.0, 0.0),
    ("RetentionFunction-Tick", 22, 15.0, 0.0),
    ("SiteFunction-Daily", 2, 2.0, 10.0),
    ("TrialExpiryFunction-Tick", 8, 4.0, 0.0),
];

/// A route's budget, with its calls.
pub fn route(route: &str, calls: u32) -> Spent {
    let units = ROUTES.iter().find(|(name, ..)| *name == route);
    let refused = REFUSED.iter().find(|(name, _)| *name == route);
    let (read, write) = units.map_or((0.0, 0.0), |(_, read, write)| (*read, *write));
    Spent {
        calls,
        read,
        write,
        refused: refused.map_or(0, |(_, often)| *often),
    }
}

/// The budget of an event or of a run with nothing due.
pub fn event(event: &str) -> Spent {
    let found = EVENTS.iter().chain(RUNS).find(|(name, ..)| *name == event);
    found.map_or_else(Spent::default, |(_, calls, read, write)| Spent {
        calls: *calls,
        read: *read,
        write: *write,
        refused: 0,
    })
}

/// The names that have budgets here: routes, events and schedules.
pub fn names() -> impl Iterator<Item = &'static str> {
    let routes = ROUTES.iter().map(|(name, ..)| *name);
    routes.chain(EVENTS.iter().chain(RUNS).map(|(name, ..)| *name))
}
