//! Notices before the end, at the end and before destruction, each once.

use domain::time::{days, shift};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::events::scheduled;
use crate::support::{Person, TestMachine, text};

/// The subjects of the trial's notices to an address, in their order.
async fn notices(machine: &TestMachine, address: &str) -> Vec<String> {
    let mails = machine.mails_to(address).await;
    let subjects = mails.into_iter().map(|mail| mail.summary.subject);
    subjects
        .filter(|subject| subject.contains("trial") || subject.contains("destroyed"))
        .collect()
}

const ALL: [&str; 6] = [
    "Three days of your trial are left",
    "One day of your trial is left",
    "Your trial has ended",
    "Your data will be destroyed in seven days",
    "Your data will be destroyed tomorrow",
    "Your workspace is being destroyed",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_notice_comes_once_however_often_the_job_runs() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let address = &user.person.email;
    let mut expected = 0;
    for day in 1..=43 {
        machine.pass(days(1)).await;
        machine
            .invoke("TrialExpiryFunction", scheduled())
            .await
            .unwrap();
        let twice = [
            machine.invoke("TrialExpiryFunction", scheduled()),
            machine.invoke("TrialExpiryFunction", scheduled()),
        ];
        futures::future::join_all(twice).await;
        machine.settled().await;
        expected += usize::from([11, 13, 14, 37, 43].contains(&day));
        assert_eq!(
            notices(&machine, address).await,
            ALL[..expected],
            "day {day}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_days_of_silence_only_the_latest_notice_comes() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    machine.pass(days(14) + SignedDuration::from_mins(20)).await;
    assert_eq!(
        notices(&machine, &user.person.email).await,
        ["Your trial has ended"]
    );
    machine.pass(days(29)).await;
    let told = notices(&machine, &user.person.email).await;
    assert_eq!(
        told,
        [
            "Your trial has ended",
            "Your data will be destroyed tomorrow"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_paid_gets_no_notice() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let now = machine.now();
    let event = crate::support::provider::stripe_event(
        "evt_paid",
        "invoice.paid",
        now,
        &json!({
            "id": "in_1",
            "subscription": "sub_1",
            "amount_paid": 4900,
            "amount_due": 4900,
            "currency": "usd",
            "period_end": now.as_second(),
            "lines": {"data": [{"period": {"end": shift(now, days(60)).as_second()}}]},
            "subscription_details": {"metadata": {"workspace": user.workspace, "plan": "team"}},
        }),
    );
    machine.stripe_delivers(&event).await.is(200);
    machine.pass(days(15)).await;
    machine.pass(days(30)).await;
    assert_eq!(
        notices(&machine, &user.person.email).await,
        Vec::<String>::new()
    );
    machine
        .sign_in(&user.person)
        .await
        .api
        .get("/assets")
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_broken_workspace_keeps_no_other_from_its_notice() {
    let machine = TestMachine::start().await;
    let users = [
        machine.user().await,
        machine.user().await,
        machine.user().await,
    ];
    let (client, table) = (machine.dynamodb(), machine.name_of("CatalogTable"));
    let broken = machine
        .items("CatalogTable")
        .await
        .into_iter()
        .find(|item| text(item, "sk") == "META" && text(item, "pk").contains(&users[1].workspace));
    let mut broken = broken.unwrap();
    broken.remove("billing");
    client
        .put_item()
        .table_name(table)
        .set_item(Some(broken))
        .send()
        .await
        .unwrap();
    machine.pass(days(11) + SignedDuration::from_mins(20)).await;
    for (user, told) in users.iter().zip([1, 0, 1]) {
        assert_eq!(notices(&machine, &user.person.email).await.len(), told);
    }
    let runs = machine.runs("TrialExpiryFunction").unwrap();
    assert_eq!(runs.failures, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_days_after_the_end_everything_is_destroyed() {
    let machine = TestMachine::start().await;
    let user = machine.user_like(Person::new(), &[]).await;
    machine.upload_png(&user.api).await;
    machine.pass(days(43)).await;
    let reader = machine.sign_in(&user.person).await;
    assert_eq!(
        reader.api.get("/assets").await.json(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    machine.pass(days(1) + SignedDuration::from_mins(20)).await;
    assert_eq!(
        notices(&machine, &user.person.email).await.last().unwrap(),
        ALL[5]
    );
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
    assert_eq!(machine.keys("KeysTable", "SUBJ#").await, []);
    for table in ["CatalogTable", "PeopleTable"] {
        for item in machine.items(table).await {
            assert!(!format!("{item:?}").contains(&user.workspace), "{item:?}");
        }
    }
    let credentials = json!({"email": user.person.email, "password": user.person.password});
    machine
        .anonymous()
        .post("/sessions", &credentials)
        .await
        .problem(401, "wrong_credentials");
}
