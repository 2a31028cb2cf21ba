//! New versions of the documents: the feed, the comparison, who is told, and who declines
//! (clauses 2.6, 9.1, 9.2).

use assetbox_tests::stage::letters;
use assetbox_tests::upload::announced;
use assetbox_tests::{Person, Stage, TestMachine, sha256, stance};
use domain::consequence::Letter;
use domain::policy::{self, Name};
use serde_json::{Value, json};
use store::people::{PersonRecord, person_key, stances};

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_a_chain_of_publications_and_versions_can_be_compared() {
    let machine = TestMachine::start().await;
    let anybody = machine.anonymous();
    let feed = anybody.get("/policies/feed").await.json(200);
    let mut previous = "0".repeat(64);
    for entry in feed["items"].as_array().unwrap() {
        assert_eq!(entry["previous"], previous);
        let mut hashed = entry.clone();
        hashed.as_object_mut().unwrap().remove("hash");
        previous = sha256(hashed.to_string().as_bytes());
        assert_eq!(entry["hash"], previous);
    }
    assert_eq!(feed["head"], previous);

    let version = policy::latest("terms").unwrap().version.as_str();
    let same = format!("/policies/terms/diff?from={version}&to={version}&locale=ru");
    assert_eq!(anybody.get(&same).await.json(200)["changes"], json!([]));
    // a draft is no version, neither to read nor to compare
    for path in [
        "/policies/terms/versions/draft".to_owned(),
        format!("/policies/terms/diff?from={version}&to=draft"),
    ] {
        anybody.get(&path).await.problem(404, "not_found");
    }
    let half = format!("/policies/terms/diff?from={version}");
    anybody.get(&half).await.problem(422, "invalid_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signed_up_under_an_earlier_version_is_told_once() {
    let stage = Stage::start().await;
    stage.account(Person::new(), &["marketing-consent"]).await;
    let told = async || {
        let answer = stage.hand("RetentionFunction", json!({})).await.unwrap();
        answer["told_of_policies"]["processed"].as_u64().unwrap()
    };
    assert_eq!(told().await, 0, "nothing is new");

    // as if the last two had been posted since
    let subject = stage.only_subject().await;
    let record: Option<PersonRecord> = stage.db().get(&person_key(subject)).await.unwrap();
    let record = record.unwrap();
    let all = policy::publications();
    assert_eq!(record.told_of, Some(all.len()));
    let earlier = PersonRecord {
        told_of: Some(all.len() - 2),
        ..record.clone()
    };
    stage.db().put(&earlier).await.unwrap();
    assert_eq!((told().await, told().await), (1, 0));
    let news = all[all.len() - 2..].iter().map(Name::from).collect();
    assert_eq!(
        letters(&stage.take().await),
        [Letter::PoliciesChanged { news }]
    );
    assert_eq!(stage.entries("policy.announced").await.len(), 1);
    // nothing else about them has changed: consents stay bound to their texts
    let after: Option<PersonRecord> = stage.db().get(&person_key(subject)).await.unwrap();
    assert_eq!(after, Some(record));

    let erasing = PersonRecord {
        erasing_since: Some(stage.now()),
        ..earlier
    };
    stage.db().put(&erasing).await.unwrap();
    assert_eq!(told().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_a_version_can_look_get_a_copy_and_close_the_account_and_nothing_else() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let (api, path) = (&user.api, "/me/policies/privacy-policy");
    let asset = machine.upload_png(api).await;
    let (no, yes) = (
        stance(&machine, "privacy-policy", false),
        stance(&machine, "privacy-policy", true),
    );
    let upload = announced("a.png", "image/png", b"x");

    let mut stale = no.clone();
    stale["version"] = json!("2020-01-01");
    let problem = api.put(path, &stale).await.problem(409, "stale_policy");
    assert_eq!(problem["sha256"], no["sha256"]);
    let consent = api.put("/me/policies/marketing-consent", &no).await;
    consent.problem(404, "not_found");

    let declined = api.put(path, &no).await.json(200);
    assert_eq!(declined["declined"], true);
    assert_eq!(api.put(path, &no).await.json(200), declined);
    let listed = api.get("/me/policies").await.json(200);
    assert_eq!(listed["items"][0], declined);
    assert_eq!(listed["items"][1]["declined"], false);

    api.post("/uploads", &upload)
        .await
        .problem(403, "policy_declined");
    let checkout = json!({"plan": "team", "provider": "stripe"});
    let checkout = api.post("/billing/checkout", &checkout).await;
    checkout.problem(403, "policy_declined");
    let answer = json!({"answers": []});
    let survey = "/me/surveys/srv_0193a1b2c3d47e8f90a1b2c3d4e5f607/answer";
    let answer = api.put(survey, &answer).await;
    answer.problem(403, "policy_declined");
    api.get(format!("/assets/{asset}")).await.is(200);
    api.get(format!("/assets/{asset}/download")).await.is(200);
    let ask = async |kind: &str| {
        let request = json!({"kind": kind});
        api.post("/data-subject-requests", &request).await.json(201)
    };
    assert_eq!(ask("access").await["kind"], "access");

    // said twice, it is one piece of evidence and one letter
    machine.settled().await;
    let subject = machine.only_subject().await;
    let evidence = stances(&machine.db(), subject).await.unwrap();
    assert_eq!(evidence.len(), 1);
    assert_eq!(evidence[0].sha256, no["sha256"].as_str().unwrap());
    assert_eq!(machine.entries("policy.declined").await.len(), 1);
    let letters = machine.mails_to(&user.person.email).await;
    let about = |subject: &str| {
        letters
            .iter()
            .filter(|l| l.summary.subject == subject)
            .count()
    };
    assert_eq!(about("You declined a version of our documents"), 1);

    // accepted after all: everything is as before
    assert_eq!(api.put(path, &yes).await.json(200)["ways_out"], Value::Null);
    api.post("/uploads", &upload).await.is(201);

    // declined for good: what closes the account has its clock
    api.put(path, &no).await.is(200);
    let closing = ask("withdrawal").await;
    assert!(closing["due_at"].as_str().is_some(), "{closing}");
    api.get(format!("/assets/{asset}")).await.is(200);
}
