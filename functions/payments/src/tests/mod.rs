#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use axum::http::StatusCode;
use domain::{
    billing::{Access, Account, Dispute, Provider, Status, stripe::sign},
    ids::SubjectId,
    time::{days, shift},
    workspace::Role,
};
use local_provider::Event;
use serde_json::{Value, json};
use store::{Table, catalog::workspace::trial_queue};

use world::{WEBHOOK_SECRET, World};

async fn account(world: &World) -> Account {
    world.workspace().await.unwrap().billing
}

async fn letters(world: &World) -> usize {
    world.items("catalog", "OUT#").await.len()
}

#[tokio::test]
async fn a_stripe_checkout_makes_a_paying_workspace() {
    let world = World::new().await;
    let token = world.sign_in(world.owner, Role::Owner).await;
    let queue = trial_queue(world.workspace);
    let far = shift(world.clock.now(), days(60));
    assert_eq!(world.db.due(&queue, far, 10).await.unwrap().len(), 1);

    let checkout = world.open("team", "stripe").await;
    world.provider.pay(&checkout).await.unwrap();
    let events = world.provider.events().await;
    assert!(events.iter().all(Event::arrived), "{events:?}");

    let billing = world.get("/billing", &token).await;
    assert_eq!(billing["status"], "active");
    assert_eq!(billing["access"], "full");
    assert_eq!(billing["plan"], "team");
    assert_eq!(billing["storage_limit_bytes"], 1u64 << 40);
    assert_eq!(billing["stored_bytes"], 1000);
    assert_eq!(billing["payments"][0]["state"], "paid");
    assert_eq!(billing["payments"][0]["amount_minor"], 4900);
    assert!(account(&world).await.customer.is_some());
    // no trial notice is due any more
    assert!(world.db.due(&queue, far, 10).await.unwrap().is_empty());
    assert_eq!(letters(&world).await, 1);
    let records = world.items("catalog", "PAYMENT#").await;
    assert_eq!(records.len(), 1);
    assert!(records[0].contains_key("expires_at_epoch"));
    let id = world.workspace.to_string();
    assert!(!format!("{records:?}").contains(&id));
    // four events and the checkout left their entries
    let entries = world.items("ledger", "EVT#").await;
    assert_eq!(entries.len(), 5);
    assert!(entries.iter().all(|e| format!("{e:?}").contains("\"4.4\"")));
}

#[tokio::test]
async fn a_subscription_fails_recovers_and_ends() {
    let world = World::new().await;
    let checkout = world.open("team", "stripe").await;
    world.provider.pay(&checkout).await.unwrap();
    let until = account(&world).await.paid_until.unwrap();

    world.clock.advance(days(32));
    world.provider.decline(&checkout).await.unwrap();
    let failed = account(&world).await;
    assert_eq!(failed.status, Status::PastDue);
    assert_eq!(failed.paid_until, Some(until));
    assert_eq!(failed.grace_until, Some(shift(until, days(7))));
    assert_eq!(failed.access(world.clock.now()), Access::Full);
    world.clock.advance(days(8));
    assert_eq!(failed.access(world.clock.now()), Access::ReadOnly);

    world.provider.pay(&checkout).await.unwrap();
    let paid = account(&world).await;
    assert_eq!(paid.status, Status::Active);
    assert!(paid.paid_until > Some(until));

    world.provider.dispute(&checkout).await.unwrap();
    assert_eq!(account(&world).await.dispute, Some(Dispute::Open));
    assert_eq!(account(&world).await.status, Status::Active);
    world
        .provider
        .close_dispute(&checkout, false)
        .await
        .unwrap();
    assert_eq!(account(&world).await.dispute, Some(Dispute::Lost));
    assert_eq!(account(&world).await.status, Status::Suspended);

    world.provider.cancel(&checkout).await.unwrap();
    assert_eq!(account(&world).await.status, Status::Canceled);
    let events = world.provider.events().await;
    assert!(events.iter().all(Event::arrived));
}

#[tokio::test]
async fn yookassa_pays_a_month_and_a_refund_takes_it_back() {
    let world = World::new().await;
    let checkout = world.open("studio", "yookassa").await;
    world.provider.pay(&checkout).await.unwrap();
    let paid = account(&world).await;
    assert_eq!(
        (paid.status, paid.provider),
        (Status::Active, Some(Provider::Yookassa))
    );
    assert_eq!(paid.plan.as_deref(), Some("studio"));
    assert_eq!(letters(&world).await, 1);

    let event = world.provider.events().await.remove(0);
    let delivery = world.provider.resend(&event.id).await.unwrap();
    assert_eq!(delivery.status, Some(200));
    assert_eq!(account(&world).await, paid);
    assert_eq!(letters(&world).await, 1);

    world.provider.refund(&checkout, Some(9000)).await.unwrap();
    let part = account(&world).await;
    assert_eq!((part.status, part.refunded_minor), (Status::Active, 9000));
    world.provider.refund(&checkout, None).await.unwrap();
    let whole = account(&world).await;
    assert_eq!(
        (whole.status, whole.refunded_minor),
        (Status::Suspended, 99_000)
    );
    assert_eq!(letters(&world).await, 3);
}

#[tokio::test]
async fn a_yookassa_notification_is_only_a_hint_from_its_own_networks() {
    let world = World::new().await;
    let checkout = world.open("studio", "yookassa").await;
    let body = json!({
        "type": "notification", "event": "payment.succeeded",
        "object": {"id": checkout, "status": "succeeded", "paid": true, "amount": {"value": "990.00", "currency": "RUB"},
            "metadata": {"workspace": world.workspace, "plan": "studio"}},
    })
    .to_string();
    let forged = [("x-forwarded-for", "185.71.76.1")];
    let (status, problem) = world.webhook("yookassa", "8.8.8.8", &forged, &body).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::FORBIDDEN, &json!("unknown_source"))
    );

    // from the right network, but the payment itself says that it is not paid
    let (status, _) = world.webhook("yookassa", "185.71.76.1", &[], &body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(account(&world).await.status, Status::Trialing);

    let unknown = body.replace(&checkout, "pay_of_nobody");
    let (status, answer) = world
        .webhook("yookassa", "185.71.76.1", &[], &unknown)
        .await;
    assert_eq!(
        (status, &answer["outcome"]),
        (StatusCode::OK, &json!("ignored"))
    );
    let escaping = body.replace(&checkout, "../refunds/1");
    let (status, _) = world
        .webhook("yookassa", "185.71.76.1", &[], &escaping)
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn only_signed_events_of_our_version_and_mode_are_taken() {
    let world = World::new().await;
    let event = json!({"id": "evt_1", "object": "event", "api_version": "2024-06-20", "created": 1,
        "type": "customer.created", "livemode": false, "data": {"object": {}}});
    let post = async |event: &Value, secret: &str, at| {
        let body = event.to_string();
        let signature = sign(secret, at, body.as_bytes());
        let headers = [("stripe-signature", signature.as_str())];
        let (status, body) = world.webhook("stripe", "3.18.12.63", &headers, &body).await;
        (status.as_u16(), body["code"].as_str().map(str::to_owned))
    };
    let now = world.clock.now();
    let refused = |code: &str| (400, Some(code.to_owned()));
    assert_eq!(post(&event, WEBHOOK_SECRET, now).await, (200, None));
    assert_eq!(post(&event, "whsec_next", now).await, (200, None));
    assert_eq!(
        post(&event, "whsec_other", now).await,
        refused("invalid_signature")
    );
    let stale = shift(now, -domain::time::SignedDuration::from_secs(302));
    assert_eq!(
        post(&event, WEBHOOK_SECRET, stale).await,
        refused("invalid_signature")
    );
    let with = |name: &str, value: Value| {
        let mut event = event.clone();
        event[name] = value;
        event
    };
    let live = with("livemode", json!(true));
    assert_eq!(
        post(&live, WEBHOOK_SECRET, now).await,
        refused("wrong_mode")
    );
    let old = with("api_version", json!("2019-01-01"));
    assert_eq!(
        post(&old, WEBHOOK_SECRET, now).await,
        refused("wrong_api_version")
    );
    let other = with("object", json!("list"));
    assert_eq!(
        post(&other, WEBHOOK_SECRET, now).await,
        refused("invalid_event")
    );
    let (status, _) = world.webhook("stripe", "3.18.12.63", &[], "{}").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = world.webhook("paypal", "3.18.12.63", &[], "{}").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_checkout_is_opened_once_by_an_owner_for_our_own_pages() {
    let world = World::new().await;
    let token = world.sign_in(world.owner, Role::Owner).await;
    let body =
        json!({"plan": "team", "provider": "stripe", "success_url": "https://app.example/paid"});
    let (status, first) = world.checkout(&token, "k", body.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, again) = world.checkout(&token, "k", body).await;
    assert_eq!((status, &again), (StatusCode::CREATED, &first));

    let refused = async |token: &str, key: &str, body: Value| {
        let (status, problem) = world.checkout(token, key, body).await;
        (
            status.as_u16(),
            problem["code"].as_str().unwrap().to_owned(),
        )
    };
    let team = json!({"plan": "team", "provider": "stripe"});
    let with = |name: &str, value: &str| {
        let mut body = team.clone();
        body[name] = json!(value);
        body
    };
    assert_eq!(
        refused(&token, "k", team.clone()).await,
        (422, "idempotency_key_reused".into())
    );
    assert_eq!(
        refused(&token, "2", with("plan", "none")).await,
        (422, "invalid_field".into())
    );
    for url in [
        "https://evil.example/",
        "https://app.example@evil.example/",
        "/paid",
        "javascript:1",
    ] {
        let body = with("success_url", url);
        assert_eq!(
            refused(&token, "3", body).await,
            (422, "invalid_field".into()),
            "{url}"
        );
    }
    let member = world
        .sign_in(SubjectId::new(world.clock.now()), Role::Member)
        .await;
    assert_eq!(
        refused(&member, "4", team.clone()).await,
        (403, "owner_only".into())
    );

    // also after the trial, while the workspace is read-only
    world.clock.advance(days(20));
    let billing = world.get("/billing", &token).await;
    assert_eq!(billing["access"], "read_only");
    let (status, late) = world.checkout(&token, "5", team.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let checkout = late["url"].as_str().unwrap().rsplit('/').next().unwrap();
    world.provider.pay(checkout).await.unwrap();
    assert_eq!(world.get("/billing", &token).await["access"], "full");
    assert_eq!(
        refused(&token, "6", team).await,
        (409, "already_paying".into())
    );
}

#[tokio::test]
async fn a_late_event_brings_nothing_back() {
    let world = World::new().await;
    let checkout = world.open("team", "stripe").await;
    world.provider.hold(true).await.unwrap();
    world.provider.pay(&checkout).await.unwrap();
    world.provider.refund(&checkout, None).await.unwrap();
    world.destroy_workspace().await;

    for event in world.provider.events().await {
        assert_eq!(
            world.stripe(&event.body).await,
            "too_late",
            "{}",
            event.kind
        );
        assert_eq!(world.stripe(&event.body).await, "repeated");
    }
    assert!(world.workspace().await.is_none());
    let traces = [world.workspace.to_string(), world.owner.to_string()];
    assert_eq!(world.db.scan_for(Table::Catalog, &traces).await.unwrap(), 0);
    let late = world.items("ledger", "EVT#").await;
    let late = late
        .iter()
        .filter(|e| format!("{e:?}").contains("payment.event_late"));
    assert_eq!(late.clone().count(), 6);
    assert!(late.clone().all(|e| !format!("{e:?}").contains(&traces[0])));
}

#[tokio::test]
async fn an_owner_who_is_being_erased_gets_no_letter_and_the_workspace_is_paid() {
    let world = World::new().await;
    let checkout = world.open("team", "stripe").await;
    let key = store::people::person_key(world.owner);
    world.db.delete_all(Table::People, &[key]).await.unwrap();
    world.provider.pay(&checkout).await.unwrap();
    assert_eq!(account(&world).await.status, Status::Active);
    assert_eq!(letters(&world).await, 0);
}

#[tokio::test]
async fn events_that_come_at_once_and_uploads_that_count_meanwhile_lose_nothing() {
    let world = World::new().await;
    let checkout = world.open("team", "stripe").await;
    world.provider.hold(true).await.unwrap();
    world.provider.pay(&checkout).await.unwrap();
    let events = world.provider.events().await;
    let count = store::Update::new().add("stored_bytes", 7);
    let key = store::catalog::workspace::workspace_key(world.workspace);
    let upload = world
        .db
        .update::<store::catalog::Workspace>("upload", &key, &count);
    let (one, two, three, four, uploaded) = tokio::join!(
        world.stripe(&events[0].body),
        world.stripe(&events[1].body),
        world.stripe(&events[2].body),
        world.stripe(&events[3].body),
        upload,
    );
    uploaded.unwrap();
    assert!(
        [one, two, three, four]
            .iter()
            .all(|outcome| outcome == "applied")
    );
    let workspace = world.workspace().await.unwrap();
    assert_eq!(workspace.billing.status, Status::Active);
    assert_eq!(workspace.stored_bytes, 1007);
    assert_eq!(workspace.revision, 5);
}

/// Every order of the numbers below `count` (Heap's algorithm).
fn orders(count: usize) -> Vec<Vec<usize>> {
    fn heap(k: usize, order: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if k <= 1 {
            return all.push(order.clone());
        }
        for i in 0..k {
            heap(k - 1, order, all);
            order.swap(if k.is_multiple_of(2) { i } else { 0 }, k - 1);
        }
    }
    let mut all = Vec::new();
    heap(count, &mut (0..count).collect(), &mut all);
    all
}

#[tokio::test]
async fn every_order_and_repetition_of_five_events_ends_in_the_same_state() {
    let world = World::new().await;
    let checkout = world.open("team", "stripe").await;
    world.provider.hold(true).await.unwrap();
    world.provider.pay(&checkout).await.unwrap();
    world.provider.refund(&checkout, Some(900)).await.unwrap();
    let mut events = world.provider.events().await;
    // the refund is told twice by Stripe; one of the two is enough here
    events.retain(|event| event.kind != "refund.created");
    assert_eq!(events.len(), 5);

    let all = orders(5);
    assert_eq!(all.len(), 120);
    let mut expected = None;
    for order in &all {
        world.destroy_workspace().await;
        world.put_workspace().await;
        for event in &events {
            world.forget_event(&event.id).await;
        }
        for index in order {
            assert_eq!(world.stripe(&events[*index].body).await, "applied");
            assert_eq!(world.stripe(&events[*index].body).await, "repeated");
        }
        let once = world.workspace().await.unwrap();
        // even when the first delivery is long forgotten, a repeat changes nothing
        world.forget_event(&events[order[0]].id).await;
        assert_eq!(world.stripe(&events[order[0]].body).await, "applied");
        let end = world.workspace().await.unwrap();
        assert_eq!(once.billing, end.billing);
        let mut reached = (end.billing, end.storage_limit_bytes);
        // the trial begins anew with each round
        reached.0.trial = None;
        let expected = expected.get_or_insert_with(|| reached.clone());
        assert_eq!(&reached, expected, "{order:?}");
    }
    let (account, limit) = expected.unwrap();
    assert_eq!(
        (account.status, account.refunded_minor),
        (Status::Active, 900)
    );
    assert_eq!(limit, 1 << 40);
}

#[test]
fn every_route_has_a_budget() {
    let paths = crate::openapi().paths.paths;
    let mut routes: Vec<String> = paths
        .iter()
        .flat_map(|(path, item)| {
            let get = item.get.is_some().then(|| format!("GET {path}"));
            let post = item.post.is_some().then(|| format!("POST {path}"));
            get.into_iter().chain(post)
        })
        .collect();
    routes.sort();
    let mut budgeted: Vec<&str> = crate::BUDGETS.iter().map(|(route, _)| *route).collect();
    budgeted.sort_unstable();
    assert_eq!(routes, budgeted);
}
