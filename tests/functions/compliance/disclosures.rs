//! Disclosures: nothing leaves without its approvals, nothing beyond the scope, and the person is
//! told (2.4, 5.5 to 5.8).

use std::collections::BTreeSet;

use assetbox_tests::stage::letters;
use assetbox_tests::{User, contains};
use domain::compliance::disclosure::GroundKind;
use domain::compliance::notice::Recipient;
use domain::consequence::Letter;
use domain::ids::CaseId;
use domain::processing::Category;
use domain::time::{Timestamp, days, shift};
use serde_json::{Value, json};
use store::compliance::{known_disclosures, notices_of_correction, notices_of_erasure, tell_due};

use super::{Desk, id};

const PACKAGE: &str = "disclosures/";

fn authority() -> Value {
    json!({
        "kind": "authority",
        "authority": "District court of Canary Hill",
        "reference": "No. 2-17 of 1 November 2026",
        "law": "152-FZ art. 6(1)(2)",
        "document_sha256": "ab".repeat(32),
    })
}

fn investigation() -> Value {
    json!({
        "kind": "investigation",
        "recipient": "The bank of Canary Hill",
        "case": "Complaint 5",
        "law": "152-FZ art. 6(1)(7)",
    })
}

fn body(of: &User, grounds: Value, categories: &[&str]) -> Value {
    json!({
        "person": of.person.email,
        "grounds": grounds,
        "requested": "All data of the account's owner.",
        "minimisation": "To reach the person, the address is enough.",
        "categories": categories,
        "period": {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"},
    })
}

/// Two of the staff, and somebody whose data is asked for.
struct Case {
    desk: Desk,
    first: User,
    second: User,
    person: User,
}

impl Case {
    async fn new() -> Self {
        let desk = Desk::new().await;
        Self {
            first: desk.member("staff@assetbox.example").await,
            second: desk.member("second@assetbox.example").await,
            person: desk.somebody().await,
            desk,
        }
    }

    async fn open(&self, body: &Value) -> String {
        let opened = self
            .desk
            .at(&self.first)
            .post("/compliance/disclosures", body)
            .await;
        id(&opened.json(201)).to_owned()
    }

    async fn act(&self, by: &User, id: &str, what: &str) -> assetbox_tests::Answer {
        let path = format!("/compliance/disclosures/{id}/{what}");
        match what {
            "hand-over" => {
                let channel = json!({"channel": "By courier, sealed."});
                self.desk.at(by).post(path, &channel).await
            }
            _ => self.desk.at(by).act(path).await,
        }
    }

    async fn fetch(&self, id: &str) -> assetbox_tests::Answer {
        let path = format!("/compliance/disclosures/{id}/package");
        self.desk.at(&self.second).get(path).await
    }

    /// Approved by whoever has to, and made ready.
    async fn ready(&self, body: &Value) -> String {
        let id = self.open(body).await;
        if body["grounds"]["kind"] == "authority" {
            self.act(&self.first, &id, "approve").await.is(200);
        }
        self.act(&self.second, &id, "approve").await.is(200);
        self.act(&self.second, &id, "release").await.is(200);
        id
    }

    async fn told(&self) -> Vec<Letter> {
        letters(&self.desk.take().await)
    }

    /// To whom, as an answer to an access request would say.
    async fn known(&self) -> Vec<String> {
        let subject = self.desk.subject_of(&self.person.person.email).await;
        let (db, gate) = (self.desk.db(), self.desk.gate());
        let known = known_disclosures(&db, &gate, subject, self.desk.now()).await;
        let recipient = |file: domain::compliance::disclosure::File| {
            file.grounds.recipient().reveal().to_owned()
        };
        known
            .unwrap()
            .into_iter()
            .map(|(_, file)| recipient(file))
            .collect()
    }

    async fn tell(&self) -> usize {
        let told = tell_due(&self.desk.db(), self.desk.now()).await.unwrap();
        assert_eq!(told.failed, 0);
        told.processed
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_gets_what_two_people_approved_and_nothing_else() {
    let case = Case::new().await;
    let id = case
        .open(&body(&case.person, authority(), &["contact"]))
        .await;
    case.act(&case.first, &id, "release")
        .await
        .problem(409, "disclosure_state");
    case.act(&case.first, &id, "approve").await.is(200);
    case.act(&case.first, &id, "approve")
        .await
        .problem(409, "somebody_else");
    case.act(&case.first, &id, "release")
        .await
        .problem(409, "disclosure_state");
    assert!(
        case.desk
            .entries("personal_data.disclosed")
            .await
            .is_empty()
    );
    let approved = case.act(&case.second, &id, "approve").await.json(200);
    assert_eq!(approved["state"], "approved");
    case.fetch(&id).await.problem(409, "disclosure_state");

    let ready = case.act(&case.first, &id, "release").await.json(200);
    let package = case.fetch(&id).await;
    let data = package.json(200);
    let person = &case.person.person;
    assert_eq!(
        data["data"],
        json!({"contact": {"email": person.email, "phone": person.phone}})
    );
    let text = package.text();
    assert_eq!(
        ready["package"]["sha256"],
        assetbox_tests::sha256(text.as_bytes())
    );
    for foreign in [&person.name, &person.company, &person.position] {
        assert!(!text.contains(foreign.as_str()));
    }

    let disclosed = case.desk.entries("personal_data.disclosed").await;
    assert_eq!(disclosed.len(), 1);
    assert_eq!(
        serde_json::to_value(&disclosed[0].categories).unwrap(),
        json!(["contact"])
    );
    assert_eq!(disclosed[0].facts["disclosure"], id);
    assert!(disclosed[0].person.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_register_and_the_package_are_sealed_and_the_package_goes_with_the_handing_over() {
    let case = Case::new().await;
    let id = case
        .ready(&body(&case.person, authority(), &["identity", "contact"]))
        .await;
    let bucket = case.desk.bucket("BUCKET_EXPORTS");
    let object = format!("{PACKAGE}{id}");
    let bytes = bucket.get(&object).await.unwrap();
    let person = &case.person.person;
    for canary in [&person.name, &person.email, &person.phone] {
        assert!(!contains(&bytes, canary.as_bytes()));
    }
    let subject = case.desk.subject_of(&person.email).await.to_string();
    for item in case.desk.everything().await {
        assert!(!item.contains("Canary Hill"), "{item}");
        // the register names nobody: an erasure leaves it whole
        assert!(
            !item.contains("REGISTER#") || !item.contains(&subject),
            "{item}"
        );
    }
    let path = format!("/compliance/disclosures/{id}");
    let page = case.desk.at(&case.first).get(path).await.json(200);
    assert_eq!(page["person"], subject);
    assert_eq!(page["grounds"], authority());

    case.act(&case.second, &id, "hand-over").await.is(200);
    assert!(bucket.versions(&object).await.unwrap().is_empty());
    case.fetch(&id).await.problem(409, "disclosure_state");
    let steps: Vec<String> = case
        .desk
        .ledger()
        .await
        .into_iter()
        .map(|e| e.event)
        .collect();
    for step in [
        "opened",
        "approved",
        "released",
        "handed_over",
        "person_told",
    ] {
        let step = format!("disclosure.{step}");
        assert!(steps.contains(&step), "{step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_is_told_at_once_and_once() {
    let case = Case::new().await;
    let id = case
        .ready(&body(&case.person, investigation(), &["contact"]))
        .await;
    assert!(case.told().await.is_empty());
    let handed_over = case.act(&case.first, &id, "hand-over").await.json(200);
    assert!(handed_over["told_at"].is_string());
    let letters = case.told().await;
    let [
        Letter::DataDisclosed {
            disclosure, ground, ..
        },
    ] = letters[..]
    else {
        panic!("one letter: {letters:?}");
    };
    assert_eq!(
        (disclosure.to_string(), ground),
        (id, GroundKind::Investigation)
    );
    assert_eq!(case.tell().await, 0);
    assert!(case.told().await.is_empty());

    // whoever has it is told of a correction of what they were given, and of an erasure
    let subject = case.desk.subject_of(&case.person.person.email).await;
    let (db, now) = (case.desk.db(), case.desk.now());
    for (changed, told) in [(Category::Contact, 1), (Category::Identity, 0)] {
        let notices = notices_of_correction(&db, subject, &[changed], now).await;
        assert_eq!(notices.unwrap().len(), told, "{changed:?}");
    }
    let (erasure, none) = (CaseId::new(now), BTreeSet::new());
    let notices = notices_of_erasure(&db, subject, erasure, &none, now).await;
    let to: Vec<_> = notices
        .unwrap()
        .iter()
        .map(|one| one.progress.to())
        .collect();
    assert_eq!(to, [Recipient::Disclosure(disclosure)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_ban_the_person_is_told_when_it_ends() {
    let case = Case::new().await;
    let until = |length: i64| -> Timestamp { shift(case.desk.now(), days(length)) };
    let mut body = body(&case.person, authority(), &["contact"]);
    let law = "144-FZ art. 12";
    body["ban"] = json!({"until": until(10), "law": law});
    let id = case.ready(&body).await;
    let handed_over = case.act(&case.first, &id, "hand-over").await.json(200);
    assert!(handed_over["told_at"].is_null() && handed_over["tell_at"].is_string());
    case.desk.stage.advance(days(9));
    assert_eq!(case.tell().await, 0);

    // it is prolonged
    let first = case.desk.sign_in(&case.first.person).await;
    let path = format!("/compliance/disclosures/{id}/forbid");
    let longer = json!({"until": until(20), "law": law});
    case.desk.at(&first).post(path, &longer).await.is(200);
    case.desk.stage.advance(days(2));
    assert_eq!(case.tell().await, 0);
    assert!(case.told().await.is_empty());
    assert!(case.known().await.is_empty());

    case.desk.stage.advance(days(19));
    assert_eq!(case.tell().await, 1);
    assert!(matches!(
        case.told().await[..],
        [Letter::DataDisclosed { .. }]
    ));
    assert_eq!(case.tell().await, 0);
    assert_eq!(case.desk.entries("disclosure.person_told").await.len(), 1);
    assert_eq!(case.known().await, ["District court of Canary Hill"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_need_not_disclose_stops_with_a_restriction_and_a_demand_does_not() {
    let case = Case::new().await;
    let mut approved = Vec::new();
    for grounds in [investigation(), authority()] {
        let body = body(&case.person, grounds, &["contact"]);
        let id = case.open(&body).await;
        if body["grounds"]["kind"] == "authority" {
            case.act(&case.first, &id, "approve").await.is(200);
        }
        case.act(&case.first, &id, "approve")
            .await
            .problem(409, "somebody_else");
        case.act(&case.second, &id, "approve").await.is(200);
        approved.push(id);
    }
    let restriction = json!({"kind": "restriction"});
    let asked = case
        .person
        .api
        .post("/data-subject-requests", &restriction)
        .await;
    asked.is(201);
    let refused = case.act(&case.first, &approved[0], "release").await;
    refused.problem(403, "processing_restricted");
    case.act(&case.first, &approved[1], "release").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_does_not_last() {
    let case = Case::new().await;
    let id = case
        .ready(&body(&case.person, investigation(), &["contact"]))
        .await;
    case.desk.stage.advance(days(8));
    let second = case.desk.sign_in(&case.second.person).await;
    case.act(&second, &id, "hand-over")
        .await
        .problem(409, "approval_over");
    let path = format!("/compliance/disclosures/{id}/decline");
    let reason = json!({"reason": "It came too late."});
    let declined = case.desk.at(&second).post(path, &reason).await.json(200);
    assert_eq!(declined["state"], "declined");
    let bucket = case.desk.bucket("BUCKET_EXPORTS");
    assert!(bucket.versions(PACKAGE).await.unwrap().is_empty());
    assert!(case.told().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disclosure_is_not_opened_without_its_proof() {
    let case = Case::new().await;
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut body = body(&case.person, authority(), &["contact"]);
        change(&mut body);
        let answer = case
            .desk
            .at(&case.first)
            .post("/compliance/disclosures", &body)
            .await;
        answer.json(422)["field"].clone()
    };
    assert_eq!(
        refused(&|b: &mut Value| b["grounds"]["law"] = json!("they asked")).await,
        "grounds.law"
    );
    let hash = "grounds.document_sha256";
    assert_eq!(
        refused(&|b: &mut Value| b["grounds"]["document_sha256"] = json!("ab")).await,
        hash
    );
    assert_eq!(
        refused(&|b: &mut Value| b["categories"] = json!([])).await,
        "categories"
    );
    assert_eq!(
        refused(&|b: &mut Value| b["categories"] = json!(["payment"])).await,
        "categories"
    );
    assert_eq!(
        refused(&|b: &mut Value| b["minimisation"] = json!(" ")).await,
        "minimisation"
    );
    assert_eq!(
        refused(&|b: &mut Value| b["person"] = json!("nobody@example.com")).await,
        "person"
    );
    assert_eq!(
        refused(&|b: &mut Value| b["period"]["to"] = json!("2019-01-01T00:00:00Z")).await,
        "to"
    );
    assert!(case.desk.keys("PeopleTable", "REGISTER#").await.is_empty());
}
