//! What comes late, twice or in the middle brings nobody back.

use domain::consequence::Job;
use serde_json::json;

use super::{erase, proven, somebody};
use crate::requests::ask;
use crate::support::events::{object_created, object_key, sqs};
use crate::support::provider::stripe_event;
use crate::support::upload::{announced, refuses, send_to};
use crate::support::{TestMachine, pictures};

#[tokio::test(flavor = "multi_thread")]
async fn uploads_under_way_events_and_webhooks_come_too_late() {
    let machine = TestMachine::start().await;
    let (user, staff) = (somebody(&machine).await, machine.staff().await);
    let picture = pictures::png();
    let small = user
        .api
        .post("/uploads", &announced("a.png", "image/png", &picture))
        .await
        .json(201);
    let film =
        json!({"name": "film.mp4", "content_type": "video/mp4", "size_bytes": 200 * 1024 * 1024});
    let film = user.api.post("/uploads", &film).await.json(201);
    let parts = user
        .api
        .post(
            format!("/uploads/{}/parts", film["id"].as_str().unwrap()),
            &json!({"numbers": [1]}),
        )
        .await;
    let part = parts.json(200)["items"][0].clone();
    send_to(machine.http(), &part, vec![7; 16 * 1024 * 1024])
        .await
        .is(200);

    let address = erase(&machine, &user, &staff).await;
    proven(&machine, &address).await;
    let before = (machine.counts().await, machine.keys_of("AssetsBucket"));
    assert_eq!(before.1, Vec::<String>::new());

    // The addresses that were given out hold for an hour.
    send_to(machine.http(), &small["put"], picture).await;
    assert!(refuses(machine.http(), &part, vec![7; 16 * 1024 * 1024]).await);
    let asset = small["asset_id"].as_str().unwrap();
    for (function, queue, kind) in [
        ("RenditionsFunction", "RenditionsQueue", "originals"),
        ("TaggingFunction", "TaggingQueue", "previews"),
    ] {
        let body = object_created(&machine, &object_key(kind, &user.workspace, asset), "1");
        machine
            .invoke(function, sqs(&machine, queue, &[body]))
            .await
            .unwrap();
    }
    let event = stripe_event(
        "evt_late",
        "invoice.paid",
        machine.now(),
        &json!({
            "id": "in_late",
            "subscription": "sub_late",
            "currency": "usd",
            "period_end": 0,
            "subscription_details": {"metadata": {"workspace": user.workspace, "plan": "team"}},
        }),
    );
    assert_eq!(
        machine.stripe_delivers(&event).await.json(200)["outcome"],
        "too_late"
    );
    machine.settled().await;
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
    assert_eq!(
        machine.counts().await["PeopleTable"],
        before.0["PeopleTable"]
    );
    assert_eq!(
        machine.counts().await["CatalogTable"],
        before.0["CatalogTable"] + 1,
        "the event's mark"
    );
    proven(&machine, &address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_may_come_many_times_at_once() {
    let machine = TestMachine::start().await;
    let (user, staff) = (somebody(&machine).await, machine.staff().await);
    let subject = user.api.get("/me").await.json(200)["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let request = ask(&machine, &user, "erasure").await;
    let job = Job::CarryOut {
        subject,
        request: request.parse().unwrap(),
    };
    let event = sqs(
        &machine,
        "JobsQueue",
        &[serde_json::to_string(&job).unwrap()],
    );
    // Before it is approved there is nothing to carry out.
    assert_eq!(
        machine
            .invoke("ErasureFunction", event.clone())
            .await
            .unwrap(),
        json!({"batchItemFailures": []})
    );
    user.api.get("/me").await.is(200);
    let case = staff
        .api
        .post(
            format!("/compliance/requests/{request}/approve"),
            &json!({"reason": "Checked."}),
        )
        .await
        .json(200);
    let at_once = (0..5).map(|_| machine.invoke("ErasureFunction", event.clone()));
    futures::future::join_all(at_once).await;
    machine.settled().await;
    assert_eq!(
        machine.invoke("ErasureFunction", event).await.unwrap(),
        json!({"batchItemFailures": []})
    );
    proven(&machine, case["certificate"].as_str().unwrap()).await;
    let begins = machine.mails_to(&user.person.email).await;
    let begins = begins
        .iter()
        .filter(|mail| mail.text.as_deref().unwrap().contains("cas_"));
    assert_eq!(begins.count(), 1, "one letter");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_are_none_end_among_the_dead_letters() {
    let machine = TestMachine::start().await;
    let queue = machine.name_of("JobsQueue");
    machine
        .services()
        .sqs()
        .send(&queue, "{\"job\":\"make_coffee\"}")
        .await
        .unwrap();
    machine.settled().await;
    let depth = machine
        .services()
        .sqs()
        .depth(&machine.name_of("JobsDeadLetters"))
        .await
        .unwrap();
    assert_eq!(depth.visible, 1);
}
