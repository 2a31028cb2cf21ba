//! Legal holds: what the staff decide to keep outlives an erasure, and nothing else does (5.8).

use std::collections::BTreeSet;

use assetbox_tests::{Person, User, canary};
use domain::compliance::hold::LONGEST;
use domain::consequence::Job;
use domain::ids::CaseId;
use domain::request::RequestKind;
use domain::time::{Timestamp, days, shift};
use serde_json::{Value, json};
use store::erasure::{Case, HoldPart, Run};
use store::people::Words;
use store::personal::case_key;
use store::{Key, Tx};

use super::{Registry, carry_out};

async fn staff(registry: &Registry) -> User {
    let staff = Person {
        email: "staff@assetbox.example".to_owned(),
        ..Person::new()
    };
    registry.stage.account(staff, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_keeps_what_it_names_until_it_is_lifted() {
    let registry = Registry::new().await;
    let staff = staff(&registry).await;
    let account = registry.account().await;
    let word = canary("Letter");
    let words = Words {
        text: word.clone(),
        ..Words::default()
    };
    registry.letter(&account, &words).await;
    let person = &account.user.person;
    let hold = |until: i64| {
        json!({
            "person": person.email,
            "categories": ["correspondence", "identity"],
            "law": "Civil Code art. 196",
            "reason": "A claim is before the court.",
            "until": shift(registry.now(), days(until)),
        })
    };
    let too_long = staff.api.post("/compliance/holds", &hold(1100)).await;
    too_long.problem(422, "invalid_field");
    let placed = staff.api.post("/compliance/holds", &hold(20)).await;
    let placed = placed.json(201);
    let id = placed["id"].as_str().unwrap();
    // the certificate, which anybody may read, does not tell of another that the law keeps secret
    let mut secret = hold(365);
    secret["law"] = json!("144-FZ art. 12");
    secret["secret_until"] = json!(registry.now());
    let over = staff.api.post("/compliance/holds", &secret).await;
    over.problem(422, "invalid_field");
    secret["secret_until"] = json!(shift(registry.now(), days(30)));
    let secret = staff.api.post("/compliance/holds", &secret).await;
    let secret = secret.json(201);
    let path = format!("/compliance/holds/{id}");

    let request = registry
        .approved(account.subject, RequestKind::Erasure, None, "x")
        .await;
    assert!(registry.carry_out(&carry_out(&request)).await);
    registry.assert_gone(&account).await;
    let sealed = [person.name.clone(), word.clone()];
    registry.assert_nowhere(&sealed).await;
    let address = format!("/certificates/{}", request.case.unwrap());
    let certificate = registry.anonymous().get(&address).await;
    let certificate = certificate.text();
    assert!(certificate.contains("legal hold: identity, correspondence"));
    assert!(certificate.contains("Civil Code art. 196"));
    assert!(!certificate.contains("144-FZ art. 12"));
    let secret = format!("/compliance/holds/{}", secret["id"].as_str().unwrap());
    assert_eq!(staff.api.get(&secret).await.json(200)["parts"], 1);

    // read by the staff, and nothing else than what it names
    let shown = staff.api.get(format!("{path}?part=1")).await.json(200);
    assert_eq!(shown["parts"], 1);
    assert_eq!(shown["person"], account.subject.to_string());
    let kept: Value = serde_json::from_str(shown["part"].as_str().unwrap()).unwrap();
    assert_eq!(kept["identity"]["name"], json!(person.name));
    assert_eq!(kept["correspondence"][0]["text"], json!(word));
    assert_eq!(kept.as_object().unwrap().len(), 2);

    registry.advance(days(1));
    let staff = registry.sign_in(&staff.person).await;
    let longer = json!({"until": shift(registry.now(), days(365))});
    let reviewed = staff.api.post(format!("{path}/review"), &longer).await;
    assert_ne!(reviewed.json(200)["reviewed_at"], placed["reviewed_at"]);
    // what it keeps lasts as long as it can be prolonged, not until its first end only
    let parts = Key::new(format!("REGISTER#HOLD#{id}"), "PART#00001");
    let stored: HoldPart = registry.db().get(&parts).await.unwrap().unwrap();
    let longest: Timestamp = placed["placed_at"].as_str().unwrap().parse().unwrap();
    let longest = shift(longest, LONGEST).as_second();
    let stored = serde_json::to_value(&stored).unwrap();
    assert_eq!(stored["expires_at_epoch"], longest);
    let key = case_key(id);
    assert_eq!(registry.keys("KeysTable", &key.pk).await.len(), 1);
    let lifted = staff.api.act(format!("{path}/lift")).await;
    assert_ne!(lifted.json(200)["lifted_at"], Value::Null);
    // with the key, what was kept is destroyed
    assert_eq!(registry.keys("KeysTable", &key.pk).await, []);
    let shown = staff.api.get(format!("{path}?part=1")).await.json(200);
    assert_eq!(
        (&shown["part"], &shown["person"]),
        (&Value::Null, &Value::Null)
    );
    let again = staff.api.act(format!("{path}/lift")).await;
    again.problem(409, "hold_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_the_beginning_has_not_seen_is_filled_before_the_key_goes() {
    let registry = Registry::new().await;
    let staff = staff(&registry).await;
    let account = registry.account().await;
    let person = &account.user.person;
    let began_at = registry.now();
    let hold = json!({
        "person": person.email,
        "categories": ["identity"],
        "law": "Civil Code art. 196",
        "reason": "A claim is before the court.",
        "until": shift(began_at, days(365)),
    });
    let placed = staff.api.post("/compliance/holds", &hold).await.json(201);
    registry.take().await;
    let record = registry.record(account.subject).await.unwrap();
    let run = Run {
        subject: account.subject,
        case: CaseId::new(began_at),
        request: None,
        login: record.login,
        company: record.company,
        destroyed: [account.workspace].into(),
        left: BTreeSet::new(),
        exchanges: Vec::new(),
    };
    let case = Case {
        case: run.case,
        clause: "5.2a".to_owned(),
        law: "152-FZ art. 21(4)".to_owned(),
        received_at: began_at,
        began_at,
        key_fingerprint: None,
        finished_at: None,
        ledger_entry: None,
        kept: Vec::new(),
        certificate_sha256: None,
    };
    let mut tx = Tx::new();
    tx.begin_erasure(&run, &case).unwrap();
    registry.db().commit(tx).await.unwrap();

    let subject = account.subject;
    assert!(registry.carry_out(&Job::Erase { subject }).await);
    registry.assert_gone(&account).await;
    let id = placed["id"].as_str().unwrap();
    let path = format!("/compliance/holds/{id}?part=1");
    let shown = staff.api.get(path).await.json(200);
    let kept: Value = serde_json::from_str(shown["part"].as_str().unwrap()).unwrap();
    assert_eq!(kept["identity"]["name"], json!(person.name));
    let address = format!("/certificates/{}", run.case);
    let certificate = registry.anonymous().get(&address).await;
    assert!(certificate.text().contains("legal hold: identity"));
}
