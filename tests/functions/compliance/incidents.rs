//! Incidents: clocks from when they became known, and whom the access log shows to be affected
//! (5.9).

use std::time::{Duration, Instant};

use assetbox_tests::stage::letters;
use assetbox_tests::{Answer, User};
use domain::consequence::Letter;
use domain::time::{Timestamp, shift};
use serde_json::{Value, json};
use store::compliance::Standing;

use super::{Desk, hours, id};

type Incident = domain::compliance::incident::Progress;

/// An incident of the last day: what the staff read.
async fn register(desk: &Desk, security: &User, known_at: Timestamp) -> Value {
    let now = desk.now();
    let body = json!({
        "known_at": known_at,
        "description": "A laptop of Canary Hill was stolen.",
        "regimes": ["gdpr"],
        "period": {"from": shift(now, -hours(24)), "to": now},
        "purpose": "feedback",
        "actor": "staff",
    });
    let answer = desk.at(security).post("/compliance/incidents", &body).await;
    answer.json(201)
}

async fn act(desk: &Desk, security: &User, incident: &Value, what: &str, body: Value) -> Answer {
    let path = format!("/compliance/incidents/{}/{what}", id(incident));
    desk.at(security).post(path, &body).await
}

async fn affected(desk: &Desk, security: &User, incident: &Value) -> Value {
    let path = format!("/compliance/incidents/{}/affected", id(incident));
    desk.at(security).act(path).await.json(200)
}

/// Tells everybody who is affected: how many now, and how many had been told before.
async fn notify(desk: &Desk, security: &User, incident: &Value) -> (u64, u64) {
    let (mut now, mut before, mut cursor) = (0, 0, Value::Null);
    loop {
        let step = act(
            desk,
            security,
            incident,
            "notify",
            json!({"cursor": cursor}),
        )
        .await;
        let step = step.json(200);
        now += step["told"].as_u64().unwrap();
        before += step["told_before"].as_u64().unwrap();
        cursor = step["next_cursor"].clone();
        if cursor.is_null() {
            return (now, before);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_affected_are_found_in_the_access_log_and_told_once() {
    let desk = Desk::new().await;
    let security = desk.member("security@assetbox.example").await;
    let (seen, _unseen) = (desk.somebody().await, desk.somebody().await);
    desk.look_at(&seen).await;
    desk.look_at(&seen).await;
    desk.seal().await;
    let incident = register(&desk, &security, desk.now()).await;
    let list = affected(&desk, &security, &incident).await;
    assert_eq!(
        (&list["persons"], &list["accesses"]),
        (&json!(1), &json!(2)),
        "{list}"
    );
    // what happens later changes nothing, and whoever makes the list again gets the same
    desk.stage.advance(hours(1));
    desk.look_at(&seen).await;
    desk.seal().await;
    let again = affected(&desk, &security, &incident).await;
    assert_eq!(again["sha256"], list["sha256"]);
    assert_eq!(again["pseudonyms"], list["pseudonyms"]);

    desk.take().await;
    assert_eq!(notify(&desk, &security, &incident).await, (1, 0));
    let messages = desk.take().await;
    assert!(
        matches!(letters(&messages)[..], [Letter::Incident { .. }]),
        "{messages:?}"
    );
    let subject = desk.subject_of(&seen.person.email).await;
    assert_eq!(messages[0].owner, store::outbox::Owner::Subject(subject));
    assert_eq!(notify(&desk, &security, &incident).await, (0, 1));
    assert!(desk.take().await.is_empty());
    let path = format!("/compliance/incidents/{}", id(&incident));
    let page = desk.at(&security).get(path).await.json(200);
    assert_eq!(
        (&page["told"], &page["affected"]["persons"]),
        (&json!(1), &json!(1))
    );
    for item in desk.everything().await {
        assert!(!item.contains("Canary Hill"), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_searched_by_time() {
    let desk = Desk::new().await;
    let seen = desk.somebody().await;
    desk.seal().await;
    let mut expected = 0;
    for day in 0..12 {
        desk.stage.advance(hours(24));
        desk.look_at(&seen).await;
        desk.seal().await;
        expected += usize::from((4..=7).contains(&day));
    }
    let now = desk.now();
    // of the looks at 11, 10, … 0 days ago those of 7 to 4 days ago
    let period = domain::compliance::Period::new(
        shift(now, -(hours(24 * 7) + hours(1))),
        shift(now, -hours(24 * 4 - 1)),
    );
    let period = period.unwrap();
    let entries = desk.db().ledger_of(period, None).await.unwrap().unwrap();
    let looks = entries
        .iter()
        .filter(|e| e.event == "personal_data.accessed");
    assert_eq!(looks.count(), expected);
    assert!(entries.is_sorted_by_key(|entry| entry.at));
    // what can't be read before the invocation ends is too much
    let soon = Instant::now() + Duration::from_secs(4);
    let read = desk.db().ledger_of(period, Some(soon)).await.unwrap();
    assert!(read.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clocks_run_until_every_authority_was_told() {
    let desk = Desk::new().await;
    let security = desk.member("security@assetbox.example").await;
    let known_at = shift(desk.now(), -hours(21));
    let incident = register(&desk, &security, known_at).await;
    let due = |clock: usize| incident["clocks"][clock]["due_at"].clone();
    assert_eq!(due(0), json!(shift(known_at, hours(24))));
    assert_eq!(due(1), json!(shift(known_at, hours(72))));
    assert_eq!(incident["clocks"][0]["stage"], "alarm");
    let standing = || async { desk.db().standing::<Incident>(desk.now()).await.unwrap() };
    let near = Standing {
        at_risk: 1,
        ..Standing::default()
    };
    assert_eq!(standing().await, near);

    let stop = async |what: &str, regime: &str, duty: &str| {
        let body = json!({"regime": regime, "duty": duty, "remark": "No. 1"});
        act(&desk, &security, &incident, what, body).await
    };
    let close = format!("/compliance/incidents/{}/close", id(&incident));
    desk.at(&security)
        .act(&close)
        .await
        .problem(409, "clock_runs");
    desk.stage.advance(hours(4));
    let missed = Standing {
        overdue: 1,
        ..Standing::default()
    };
    assert_eq!(standing().await, missed);
    let late = stop("report", "ru152", "incident_notice").await.json(200);
    assert_eq!(late["clocks"][0]["late"], true);
    assert_eq!(late["clocks"][1]["late"], false);
    stop("report", "ru152", "incident_notice")
        .await
        .problem(409, "no_clock");
    stop("waive", "ru152", "incident_findings")
        .await
        .problem(409, "no_exception");
    stop("report", "ru152", "incident_findings").await.is(200);
    stop("waive", "gdpr", "incident_notice").await.is(200);
    let closed = desk.at(&security).act(&close).await.json(200);
    assert!(closed["closed_at"].is_string());
    assert_eq!(standing().await, Standing::default());
    let reported = desk.entries("incident.reported").await;
    let late: Vec<_> = reported
        .iter()
        .map(|entry| entry.facts["late"].as_str())
        .collect();
    assert_eq!(late.len(), 2);
    assert!(late.contains(&"true") && late.contains(&"false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_no_list_has_given_is_refused() {
    let desk = Desk::new().await;
    let security = desk.member("security@assetbox.example").await;
    let incident = register(&desk, &security, desk.now()).await;
    // no base64; `{}`; `["","x"]`; another list's `ast_00`
    for cursor in ["*", "e30", "WyIiLCJ4Il0", "YXN0XzAw"] {
        let body = json!({"cursor": cursor});
        let told = act(&desk, &security, &incident, "notify", body).await;
        told.problem(422, "invalid_cursor");
        let path = format!("/compliance/incidents?cursor={cursor}");
        let listed = desk.at(&security).get(path).await;
        listed.problem(422, "invalid_cursor");
    }
}
