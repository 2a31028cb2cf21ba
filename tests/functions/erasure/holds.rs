//! Legal holds: what the staff decide to keep outlives a correction, its own end and an erasure,
//! and nothing else does (5.8).

use std::collections::BTreeSet;

use assetbox::cloud::{Failure, Fault, Moment};
use assetbox_tests::stage::jobs;
use assetbox_tests::{Person, User, canary};
use domain::compliance::hold::{LONGEST, Progress};
use domain::consequence::Job;
use domain::contact::PersonName;
use domain::ids::{CaseId, SubjectId};
use domain::request::{Correction, RequestKind};
use domain::time::{Timestamp, days, shift};
use serde_json::{Value, json};
use store::erasure::{Case, HoldPart, Run};
use store::people::{Words, consent_history};
use store::personal::case_key;
use store::{Key, Tx};

use super::{Account, Registry, carry_out};

pub(super) async fn staff(registry: &Registry) -> User {
    let staff = Person {
        email: "staff@assetbox.example".to_owned(),
        ..Person::new()
    };
    registry.stage.account(staff, &[]).await
}

/// Places a hold for a year; gives its id.
async fn place(registry: &Registry, staff: &User, on: &Account, categories: Value) -> String {
    let hold = json!({
        "person": on.user.person.email,
        "categories": categories,
        "law": "Civil Code art. 196",
        "reason": "A claim is before the court.",
        "until": shift(registry.now(), days(365)),
    });
    let placed = staff.api.post("/compliance/holds", &hold).await.json(201);
    placed["id"].as_str().unwrap().to_owned()
}

/// What a hold keeps, as it was copied, by category.
async fn kept(staff: &User, id: &str) -> Vec<(String, Value)> {
    let path = format!("/compliance/holds/{id}");
    let parts = staff.api.get(&path).await.json(200)["parts"].clone();
    let mut kept = Vec::new();
    for part in 1..=parts.as_u64().unwrap() {
        let shown = staff.api.get(format!("{path}?part={part}")).await.json(200);
        let copies: Vec<Value> = serde_json::from_str(shown["part"].as_str().unwrap()).unwrap();
        kept.extend(copies.into_iter().map(|copied| {
            let category = copied["category"].as_str().unwrap().to_owned();
            (category, copied["content"].clone())
        }));
    }
    kept
}

fn row(category: &str, content: Value) -> (String, Value) {
    (category.to_owned(), content)
}

/// An erasure that begins now, and has counted no holds.
async fn beginning(registry: &Registry, account: &Account) -> (Run, Case) {
    let began_at = registry.now();
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
    (run, case)
}

/// The jobs that wait to copy for holds; nothing waits afterwards.
async fn ordered(registry: &Registry) -> Vec<Job> {
    let mut ordered = jobs(&registry.take().await);
    ordered.retain(|job| matches!(job, Job::FillHolds { .. }));
    ordered
}

impl Registry {
    async fn correct(&self, user: &User, change: &Value) {
        let etag = user.api.get("/me").await.etag();
        let changed = user.api.change("PATCH", "/me", &etag, Some(change)).await;
        changed.is(200);
    }

    async fn is_held(&self, subject: SubjectId) -> bool {
        let held = self.db().held(subject).await.unwrap().is_some();
        assert_eq!(self.record(subject).await.unwrap().held, held);
        held
    }

    /// Fills somebody's holds, and fails at every call on the way.
    async fn fill_failing_everywhere(&self, subject: SubjectId) {
        for skip in 0.. {
            self.faults().add(Fault {
                caller: Some("ErasureFunction".to_owned()),
                operation: None,
                skip,
                times: 1,
                failure: Failure::ServerError,
                moment: Moment::After,
            });
            let done = self.carry_out(&Job::FillHolds { subject }).await;
            assert_eq!(done, self.faults().pending() == 1, "call {skip}");
            if done {
                break;
            }
        }
        self.faults().clear();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_when_a_hold_is_placed_outlives_its_correction_once() {
    let registry = Registry::new().await;
    let staff = staff(&registry).await;
    let (account, other) = (registry.account().await, registry.account().await);
    let (subject, person) = (account.subject, &account.user.person);
    let words = Words {
        text: canary("Letter"),
        ..Words::default()
    };
    registry.letter(&account, &words).await;
    let categories = json!(["identity", "contact", "correspondence"]);
    let id = place(&registry, &staff, &account, categories).await;
    let order = Job::FillHolds { subject };
    assert_eq!(ordered(&registry).await, std::slice::from_ref(&order));

    // both ways to correct something come before it was copied
    let fields = Correction {
        name: Some(PersonName::new("Another Name").unwrap()),
        ..Correction::default()
    };
    let kind = RequestKind::Rectification;
    let request = registry.approved(subject, kind, Some(fields), "please");
    let request = request.await;
    assert!(registry.carry_out(&carry_out(&request)).await);
    let phone = json!({"phone": "+79991234567"});
    registry.correct(&account.user, &phone).await;
    registry.correct(&other.user, &phone).await;
    assert_eq!(ordered(&registry).await, [order.clone(), order.clone()]);

    registry.fill_failing_everywhere(subject).await;
    let contact = |phone: &str| json!({"email": person.email, "phone": phone});
    let all = [
        row("identity", json!({"name": person.name})),
        row("identity", json!({"name": "Another Name"})),
        row("contact", contact(&person.phone)),
        row("contact", contact("+79991234567")),
    ];
    let before = kept(&staff, &id).await;
    assert_eq!(before[..4], all);
    assert_eq!(
        (before.len(), &before[4].1["text"]),
        (5, &json!(words.text))
    );
    // twice at once, and nothing has come since
    let again = tokio::join!(registry.carry_out(&order), registry.carry_out(&order));
    assert!(again.0 && again.1);
    assert_eq!(kept(&staff, &id).await, before);
    let left = registry.keys("PeopleTable", "SUBJ#").await;
    assert!(left.iter().all(|key| !key.sk.starts_with("FORMER#")));
    assert!(registry.is_held(subject).await && !registry.is_held(other.subject).await);

    // lifted, it leaves nothing behind, and the next correction keeps nothing
    let path = format!("/compliance/holds/{id}/lift");
    staff.api.act(path).await.is(200);
    assert_eq!(registry.keys("KeysTable", &case_key(&id).pk).await, []);
    assert!(registry.carry_out(&order).await);
    assert!(!registry.is_held(subject).await);
    registry
        .correct(&account.user, &json!({"name": "Third Name"}))
        .await;
    assert_eq!(ordered(&registry).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_since_is_copied_daily_and_evidence_waits_for_the_hold_s_end() {
    let registry = Registry::new().await;
    let staff = staff(&registry).await;
    let account = registry.account().await;
    let subject = account.subject;
    let withdraw = async |user: &User, consent: &str| {
        let path = format!("/me/consents/{consent}");
        let no = json!({"given": false});
        user.api.put(path, &no).await.is(200);
    };
    let evidence = async || {
        consent_history(&registry.db(), subject)
            .await
            .unwrap()
            .len()
    };
    let run = async || registry.hand("RetentionFunction", json!({})).await.unwrap();
    withdraw(&account.user, "marketing").await;
    assert_eq!(evidence().await, 4);

    registry.advance(days(1090));
    let staff = registry.sign_in(&staff.person).await;
    let id = place(&registry, &staff, &account, json!(["consent_evidence"])).await;
    assert_eq!(ordered(&registry).await.len(), 1);
    assert!(registry.carry_out(&Job::FillHolds { subject }).await);
    assert_eq!(kept(&staff, &id).await.len(), 4);
    let user = registry.sign_in(&account.user.person).await;
    withdraw(&user, "transfer").await;
    registry.advance(days(10));
    let due = run().await;
    assert_eq!(due["held"]["processed"], 1);
    assert_eq!(due["consents"]["processed"], 0);
    assert_eq!(evidence().await, 5);
    assert_eq!(run().await["held"]["processed"], 0, "once a day");
    for order in ordered(&registry).await {
        assert!(registry.carry_out(&order).await);
    }
    let staff = registry.sign_in(&staff.person).await;
    assert_eq!(kept(&staff, &id).await.len(), 5);

    let path = format!("/compliance/holds/{id}/lift");
    staff.api.act(path).await.is(200);
    registry.advance(days(2));
    let due = run().await;
    assert_eq!(due["consents"]["processed"], 2);
    assert_eq!(evidence().await, 3);
    for order in ordered(&registry).await {
        assert!(registry.carry_out(&order).await);
    }
    assert!(!registry.is_held(subject).await);
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
    // the erasure comes before they were filled
    registry.take().await;

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
    let all = kept(&staff, id).await;
    assert_eq!(all[0], row("identity", json!({"name": person.name})));
    assert_eq!((all.len(), &all[1].1["text"]), (2, &json!(word)));

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
    let id = place(&registry, &staff, &account, json!(["identity"])).await;
    registry.take().await;
    let (run, case) = beginning(&registry, &account).await;
    let mut tx = Tx::new();
    tx.begin_erasure(&run, &case).unwrap();
    registry.db().commit(tx).await.unwrap();

    let subject = account.subject;
    assert!(registry.carry_out(&Job::Erase { subject }).await);
    registry.assert_gone(&account).await;
    let name = row("identity", json!({"name": person.name}));
    assert_eq!(kept(&staff, &id).await, [name]);
    let address = format!("/certificates/{}", run.case);
    let certificate = registry.anonymous().get(&address).await;
    assert!(certificate.text().contains("legal hold: identity"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_between_the_copying_and_the_beginning_is_in_the_hold() {
    let registry = Registry::new().await;
    let staff = staff(&registry).await;
    let account = registry.account().await;
    let (subject, person) = (account.subject, &account.user.person);
    let id = place(&registry, &staff, &account, json!(["identity"])).await;
    assert!(registry.carry_out(&Job::FillHolds { subject }).await);
    let (run, case) = beginning(&registry, &account).await;
    let other_name = json!({"name": "Another Name"});
    registry.correct(&account.user, &other_name).await;
    let hold = registry.db().case::<Progress>(id.parse().unwrap()).await;
    let hold = hold.unwrap().unwrap();
    let outlives = hold.progress.clone().outlive(registry.now());
    let mut tx = Tx::new();
    tx.begin_erasure(&run, &case).unwrap();
    tx.change_case(&hold.with(outlives)).unwrap();
    registry.take().await;
    registry.db().commit(tx).await.unwrap();

    assert!(registry.carry_out(&Job::Erase { subject }).await);
    registry.assert_gone(&account).await;
    let all = [
        row("identity", json!({"name": person.name})),
        row("identity", other_name),
    ];
    assert_eq!(kept(&staff, &id).await, all);
    // the beginning has counted it, and nobody does so again
    let address = format!("/certificates/{}", run.case);
    let certificate = registry.anonymous().get(&address).await;
    assert!(!certificate.text().contains("legal hold"));
}
