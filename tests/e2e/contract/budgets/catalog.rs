//! What a workspace pays, uploads and keeps.

use serde_json::json;

use super::{Book, act, get, post, text};
use crate::support::provider::{Provider, stripe_event};
use crate::support::upload::{announced, send_to};
use crate::support::{Call, User, pictures};

pub async fn payments(book: &mut Book<'_>, user: &User, provider: &Provider) {
    let machine = book.machine;
    let nobody = machine.anonymous();
    let api = &user.api;
    book.pay("GET /plans", &nobody, get("/plans"), 200).await;
    book.pay("GET /billing", api, get("/billing"), 200).await;
    provider.answers(
        "POST /v1/checkout/sessions",
        200,
        json!({"url": "https://checkout.example/1"}),
    );
    let checkout = post(
        "/billing/checkout",
        &json!({"plan": "team", "provider": "stripe"}),
    )
    .header("idempotency-key", "1");
    book.pay("POST /billing/checkout", api, checkout, 201).await;
    let portal = post("/billing/portal", &json!({}));
    book.pay("POST /billing/portal", api, portal, 409).await;
    let renewal = post("/billing/renewal", &json!({"renews": false}));
    book.pay("POST /billing/renewal", api, renewal, 409).await;
    let event = stripe_event(
        "evt_1",
        "invoice.paid",
        machine.now(),
        &json!({
            "id": "in_1", "subscription": "sub_1", "amount_paid": 4900, "currency": "usd", "period_end": 2_000_000_000,
            "subscription_details": {"metadata": {"workspace": user.workspace, "plan": "team"}},
        }),
    );
    let signature = domain::billing::stripe::sign(
        &machine.webhook_secret(),
        machine.now(),
        event.to_string().as_bytes(),
    );
    let webhook = post("/webhooks/payments/stripe", &event).header("stripe-signature", &signature);
    book.pay("POST /webhooks/payments/{provider}", &nobody, webhook, 200)
        .await;
}

/// Gives the asset's path.
pub async fn uploads(book: &mut Book<'_>, user: &User) -> String {
    let machine = book.machine;
    let api = &user.api;
    let picture = pictures::shipped("cat.jpg");
    let begin = post("/uploads", &announced("cat.jpg", "image/jpeg", &picture))
        .header("idempotency-key", "2");
    let upload = book.pay("POST /uploads", api, begin, 201).await.json(201);
    let path = format!("/uploads/{}", text(&upload["id"]));
    book.pay("GET /uploads/{id}", api, get(&path), 200).await;
    send_to(machine.http(), &upload["put"], picture)
        .await
        .is(200);
    book.pay(
        "POST /uploads/{id}/complete",
        api,
        act(format!("{path}/complete")),
        200,
    )
    .await;
    let film =
        json!({"name": "a.mp4", "content_type": "video/mp4", "size_bytes": 200 * 1024 * 1024});
    let film = book
        .pay("POST /uploads", api, post("/uploads", &film), 201)
        .await
        .json(201);
    let film = format!("/uploads/{}", text(&film["id"]));
    book.pay("GET /uploads/{id}", api, get(&film), 200).await;
    book.pay(
        "POST /uploads/{id}/parts",
        api,
        post(format!("{film}/parts"), &json!({"numbers": [1, 2, 3]})),
        200,
    )
    .await;
    book.pay("DELETE /uploads/{id}", api, Call::new("DELETE", &film), 204)
        .await;
    machine.settled().await;
    format!("/assets/{}", text(&upload["asset_id"]))
}

pub async fn assets(book: &mut Book<'_>, user: &User, asset: &str) {
    let api = &user.api;
    book.pay("GET /assets", api, get("/assets"), 200).await;
    book.pay("GET /assets", api, get("/assets?label=cat"), 200)
        .await;
    let view = book.pay("GET /assets/{id}", api, get(asset), 200).await;
    for (route, kind) in [
        ("GET /assets/{id}/download", "download"),
        ("GET /assets/{id}/preview", "preview"),
        ("GET /assets/{id}/thumbnail", "thumbnail"),
    ] {
        book.pay(route, api, get(format!("{asset}/{kind}")), 200)
            .await;
    }
    let edit = Call::new("PATCH", asset)
        .header("if-match", &view.etag())
        .json(&json!({"own_labels": ["Pet"]}));
    let edited = book.pay("PATCH /assets/{id}", api, edit, 200).await;
    let delete = Call::new("DELETE", asset).header("if-match", &edited.etag());
    let deleted = book.pay("DELETE /assets/{id}", api, delete, 200).await;
    book.pay("GET /trash", api, get("/trash"), 200).await;
    let restored = book
        .pay(
            "POST /assets/{id}/restore",
            api,
            act(format!("{asset}/restore")),
            200,
        )
        .await;
    assert_ne!(restored.etag(), deleted.etag());
    api.change("DELETE", asset, &restored.etag(), None)
        .await
        .is(200);
    book.pay(
        "POST /assets/{id}/purge",
        api,
        act(format!("{asset}/purge")),
        202,
    )
    .await;
}
