//! Statistics without persons (clause 2.5).

use std::collections::BTreeSet;

use assetbox_tests::{Call, Stage};
use domain::site::Day;
use domain::time::days;
use serde_json::{Value, json};

use super::{day_ends, staff};

fn view(visit: u8, cookies: bool) -> Value {
    json!({"page": "home", "visit": hex::encode([visit; 16]), "cookies": cookies})
}

fn count(body: &Value) -> Call {
    Call::new("POST", "/statistics/views").json(body)
}

async fn counted(stage: &Stage) -> usize {
    let mut all = stage.keys("PeopleTable", "MARKS#").await;
    all.extend(stage.keys("PeopleTable", "STATISTICS").await);
    all.extend(stage.keys("KeysTable", "SALT").await);
    all.len()
}

async fn marks(stage: &Stage) -> BTreeSet<String> {
    let keys = stage.keys("PeopleTable", "MARKS#").await.into_iter();
    keys.map(|key| key.sk).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_counted_unless_cookies_and_scripts_run_and_no_signal_refuses() {
    let stage = Stage::start().await;
    let nobody = stage.anonymous();
    let yes = view(1, true);
    for refused in [
        count(&view(1, false)),
        count(&yes).header("sec-gpc", "1"),
        count(&yes).header("dnt", "1"),
    ] {
        let answer = nobody.send(refused).await;
        assert_eq!(answer.is(204).header("vary"), Some("Sec-GPC"));
    }
    // without a script there is a form or an image at most
    let form = Call::new("POST", "/statistics/views").form("page=home&cookies=true");
    nobody.send(form).await.problem(415, "not_json");
    nobody.get("/statistics/views").await.is(404);
    let elsewhere =
        json!({"page": "/share/abl_secret", "visit": hex::encode([1_u8; 16]), "cookies": true});
    nobody
        .send(count(&elsewhere))
        .await
        .problem(422, "invalid_body");
    assert_eq!(counted(&stage).await, 0);
    // what is not exactly a signal is none
    nobody
        .send(count(&yes).header("sec-gpc", "true"))
        .await
        .is(204);
    assert_eq!(counted(&stage).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_day_is_over_its_salt_is_gone_and_two_days_can_not_be_linked() {
    let stage = Stage::start().await;
    let staff = staff(&stage).await;
    let nobody = stage.anonymous();
    let today = Day::of(stage.now());
    for visit in [1, 1, 2, 3, 4, 5] {
        nobody.send(count(&view(visit, true))).await.is(204);
    }
    let first_day = marks(&stage).await;
    assert_eq!(first_day.len(), 5);
    for item in stage.everything().await {
        assert!(!item.contains(&hex::encode([1_u8; 16])), "{item}");
        assert!(!item.contains("127.0.0.1"), "{item}");
    }
    let path = "/compliance/statistics";
    assert_eq!(staff.api.get(path).await.json(200)["items"], json!([]));

    assert_eq!(
        day_ends(&stage).await["salts_destroyed"],
        0,
        "it still runs"
    );
    stage.advance(days(1));
    assert_eq!(day_ends(&stage).await["salts_destroyed"], 1);
    assert_eq!(day_ends(&stage).await["salts_destroyed"], 0);
    assert_eq!(stage.keys("KeysTable", "SALT").await, []);
    let destroyed = stage.entries("statistics.salts_destroyed").await;
    assert_eq!(destroyed.len(), 1);
    assert_eq!(destroyed[0].facts["days"], today.to_string());

    // the same visit, a day later, leaves a mark that has nothing of the first
    nobody.send(count(&view(1, true))).await.is(204);
    let both_days = marks(&stage).await;
    assert_eq!(both_days.len(), 6);
    let staff = stage.sign_in(&staff.person).await;
    let told = staff.api.get(path).await.json(200);
    let of_today = json!({"day": today, "page": "home", "views": 6, "visits": 5});
    assert_eq!(told["items"], json!([of_today]));
    // one visit of the second day may be somebody
    stage.advance(days(1));
    let staff = stage.sign_in(&staff.person).await;
    let told = staff.api.get(path).await.json(200);
    assert_eq!(told["items"][0]["visits"], Value::Null);
    assert_eq!(told["items"][0]["views"], Value::Null);
}
