//! What a workspace pays, uploads and keeps.

use serde_json::json;

use super::book::Book;
use super::usage::Usage;
use super::{act, get, post, sizes, text};
use crate::support::provider::{Provider, stripe_event};
use crate::support::upload::{announced, send_to};
use crate::support::{Call, User, pictures};

pub async fn payments(book: &mut Book<'_>, user: &User, provider: &Provider) {
    let machine = book.machine;
    let nobody = machine.anonymous();
    let api = &user.api;
    book.pay("GET /plans", &nobody, get("/plans"), 200).await;
    book.pay("GET /billing", api, get("/billing"), 200).await;
    let portal = post("/billing/portal", &json!({}));
    book.pay("POST /billing/portal", api, portal, 409).await;
    let renewal = post("/billing/renewal", &json!({"renews": false}));
    book.pay("POST /billing/renewal", api, renewal, 409).await;
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
    book.begin("A checkout and its payment").await;
    book.pay("POST /billing/checkout", api, checkout, 201).await;
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
    book.end().await;
}

/// Gives the asset's path.
pub async fn uploads(book: &mut Book<'_>, user: &User) -> String {
    let api = &user.api;
    let before = sizes::stored(book.machine).await;
    let asset = picture(book, user).await;
    let added = sizes::stored(book.machine).await - before;
    holds(book, "asset.table_bytes", added);
    let item = sizes::of_asset(book.machine, &asset).await;
    holds(book, "asset.item_bytes", item);

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
    asset
}

/// As a front end does it: it completes the upload before the bucket's event comes.
async fn picture(book: &mut Book<'_>, user: &User) -> String {
    let machine = book.machine;
    let api = &user.api;
    let picture = pictures::shipped("cat.jpg");
    let begin = post("/uploads", &announced("cat.jpg", "image/jpeg", &picture))
        .header("idempotency-key", "2");
    book.begin("A picture uploaded, rendered and labelled")
        .await;
    let upload = book.pay("POST /uploads", api, begin, 201).await.json(201);
    let path = format!("/uploads/{}", text(&upload["id"]));
    let turn = book.meter.turn().await;
    send_to(machine.http(), &upload["put"], picture)
        .await
        .is(200);
    book.add(Usage::of("s3.put", 1.0));
    let complete = act(format!("{path}/complete"));
    book.pay_ahead(turn, "POST /uploads/{id}/complete", api, complete, 200)
        .await;
    book.end().await;
    book.pay("GET /uploads/{id}", api, get(&path), 200).await;
    format!("/assets/{}", text(&upload["asset_id"]))
}

/// An assumed size is no less than the measured one, and not far above it.
fn holds(book: &Book<'_>, name: &str, measured: usize) {
    let assumed = book.tariff.assumed(name);
    let measured = f64::from(u32::try_from(measured).unwrap());
    let close = measured <= assumed && assumed <= 2.0 * measured;
    assert!(close, "{name} is assumed to be {assumed} and is {measured}");
}

pub async fn assets(book: &mut Book<'_>, user: &User, asset: &str) {
    let (api, function) = (&user.api, "AssetsFunction");
    book.pay("GET /assets", api, get("/assets"), 200).await;
    book.widen("A page of 50 assets", function, 50.0);
    book.pay("GET /assets", api, get("/assets?label=cat"), 200)
        .await;
    book.widen("A search by label that finds 50", function, 50.0);
    book.begin("An asset read").await;
    let view = book.pay("GET /assets/{id}", api, get(asset), 200).await;
    book.end().await;
    looks(book, user, asset).await;
    let edit = Call::new("PATCH", asset)
        .header("if-match", &view.etag())
        .json(&json!({"own_labels": ["Pet"]}));
    book.begin("An asset edited").await;
    let edited = book.pay("PATCH /assets/{id}", api, edit, 200).await;
    book.end().await;
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
    book.begin("An asset deleted and purged").await;
    let delete = Call::new("DELETE", asset).header("if-match", &restored.etag());
    book.pay("DELETE /assets/{id}", api, delete, 200).await;
    book.pay(
        "POST /assets/{id}/purge",
        api,
        act(format!("{asset}/purge")),
        202,
    )
    .await;
    book.end().await;
}

/// The addresses of its files, and the files.
async fn looks(book: &mut Book<'_>, user: &User, asset: &str) {
    let tariff = book.tariff;
    let original = tariff.assumed("asset.original_mb") / 1e3;
    let preview = tariff.assumed("asset.preview_kb") / 1e6;
    let thumbnail = tariff.assumed("asset.thumbnail_kb") / 1e6;
    for (action, route, kind, gb) in [
        (
            "A download",
            "GET /assets/{id}/download",
            "download",
            original,
        ),
        ("A preview", "GET /assets/{id}/preview", "preview", preview),
        (
            "A thumbnail",
            "GET /assets/{id}/thumbnail",
            "thumbnail",
            thumbnail,
        ),
    ] {
        book.begin(action).await;
        book.pay(route, &user.api, get(format!("{asset}/{kind}")), 200)
            .await;
        book.add(Usage::of("s3.get", 1.0).and(tariff.sent(gb)));
        book.end().await;
    }
}
