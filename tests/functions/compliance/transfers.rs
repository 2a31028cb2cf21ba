//! The sale of the business: approved by two, announced to all, and nobody is passed on who has
//! stopped it (5.6c).

use std::collections::BTreeSet;

use assetbox_tests::stage::{jobs, letters};
use assetbox_tests::{Answer, Person, User, contains, sha256};
use domain::compliance::notice::Recipient;
use domain::consent::ConsentPurpose;
use domain::consequence::Letter;
use domain::ids::{CaseId, DisclosureId, SubjectId};
use domain::ledger::{Hash, merkle_root};
use domain::processing::{Category, Purpose};
use domain::time::{SignedDuration, Timestamp, days};
use serde_json::{Value, json};
use store::compliance::{BusinessTransfer, notices_of_correction, notices_of_erasure};
use store::people::{PersonRecord, person_key};

use super::{Desk, hours, id};

const REGISTER: &str = "/compliance/business-transfers";

fn sale() -> Value {
    json!({
        "counterparty": "Canary Acquirer Ltd.",
        "address": "1 Market Square",
        "law": "GDPR art. 6(1)(f)",
        "reason": "The owner of Canary Hill retires.",
        "categories": ["identity", "contact"],
    })
}

/// Two of the staff, and a sale that one of them has proposed.
struct Sale {
    desk: Desk,
    first: User,
    second: User,
    id: String,
}

impl Sale {
    async fn proposed() -> Self {
        let desk = Desk::new().await;
        let first = desk.member("staff@assetbox.example").await;
        let second = desk.member("second@assetbox.example").await;
        let proposed = desk.at(&first).post(REGISTER, &sale()).await.json(201);
        let id = id(&proposed).to_owned();
        Self {
            desk,
            first,
            second,
            id,
        }
    }

    fn path(&self, what: &str) -> String {
        format!("{REGISTER}/{}/{what}", self.id)
    }

    async fn act(&self, by: &User, what: &str) -> Answer {
        self.desk.at(by).act(self.path(what)).await
    }

    async fn show(&self) -> Value {
        let path = format!("{REGISTER}/{}", self.id);
        self.desk.at(&self.first).get(path).await.json(200)
    }

    /// Carries out every job that waits, each delivered twice, and what follows; the letters.
    async fn work(&self) -> Vec<Letter> {
        let mut written = Vec::new();
        loop {
            let waiting = self.desk.take().await;
            written.extend(letters(&waiting));
            let jobs = jobs(&waiting);
            if jobs.is_empty() {
                return written;
            }
            for job in jobs {
                assert!(self.desk.carry_out(&job).await);
                assert!(self.desk.carry_out(&job).await);
            }
        }
    }

    async fn case(&self) -> BusinessTransfer {
        let id: DisclosureId = self.id.parse().unwrap();
        let case: Option<BusinessTransfer> = self.desk.db().case(id).await.unwrap();
        case.expect("a transfer")
    }

    async fn record(&self, user: &User) -> PersonRecord {
        let subject = self.desk.subject_of(&user.person.email).await;
        let record = self.desk.db().get(&person_key(subject)).await;
        record.unwrap().expect("a person")
    }

    async fn object(&self, by: &User) -> Answer {
        let path = format!("/me/business-transfers/{}/objection", self.id);
        by.api.put(path, &json!({})).await
    }

    /// So many days later; the staff sign in again.
    async fn later(&mut self, count: i64) {
        self.desk.stage.advance(days(count));
        self.first = self.desk.sign_in(&self.first.person).await;
        self.second = self.desk.sign_in(&self.second.person).await;
    }

    /// The packages of the manifest, each as its hash says.
    async fn packages(&self) -> Vec<String> {
        let manifest = self.desk.at(&self.second).get(self.path("manifest")).await;
        let manifest = manifest.json(200);
        let mut texts = Vec::new();
        let mut hashes = Vec::new();
        for entry in manifest["items"].as_array().unwrap() {
            let path = format!("{}?page={}", self.path("package"), entry["page"]);
            let package = self.desk.at(&self.second).get(path).await;
            package.is(200);
            let text = package.text();
            assert_eq!(entry["sha256"], sha256(text.as_bytes()));
            hashes.push(Hash::of(text.as_bytes()));
            texts.push(text);
        }
        assert_eq!(manifest["merkle_root"], merkle_root(&hashes).to_string());
        texts
    }

    async fn fetch(&self) -> Answer {
        let path = format!("{}?page=1", self.path("package"));
        self.desk.at(&self.second).get(path).await
    }

    async fn hand_over(&self) -> Answer {
        let channel = json!({"channel": "By courier, sealed."});
        let path = self.path("hand-over");
        self.desk.at(&self.first).post(path, &channel).await
    }

    /// When this person's data was passed on.
    async fn passed_at(&self, user: &User) -> Option<Timestamp> {
        let subject = self.desk.subject_of(&user.person.email).await;
        let announced = self.desk.db().announcements_of(subject).await.unwrap();
        announced[0].passed_at
    }

    /// The packages that lie in the bucket.
    async fn objects(&self) -> Vec<String> {
        let bucket = self.desk.bucket("BUCKET_EXPORTS");
        let prefix = format!("disclosures/{}/", self.id);
        let versions = bucket.versions(&prefix).await.unwrap();
        versions.into_iter().map(|one| one.key).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_approved_by_somebody_else_and_told_to_every_account_once() {
    let mut sale = Sale::proposed().await;
    let mut unbounded = self::sale();
    unbounded["categories"] = json!(["identity", "request"]);
    let first = sale.desk.at(&sale.first);
    first.post(REGISTER, &unbounded).await.is(422);
    let user = sale.desk.somebody().await;
    sale.desk.ask_for_account(&Person::new(), &[]).await;
    // more than a page of them, whose keys were lost
    let mut other = sale.record(&user).await;
    for _ in 0..60 {
        other.subject = SubjectId::new(sale.desk.now());
        sale.desk.db().put(&other).await.unwrap();
    }
    let own = sale.act(&sale.first, "approve").await;
    own.problem(409, "somebody_else");
    assert!(sale.work().await.is_empty());
    let approved = sale.act(&sale.second, "approve").await.json(200);
    assert_eq!(approved["state"], "announcing");
    let again = sale.act(&sale.second, "approve").await;
    again.problem(409, "transfer_state");

    // an attempt that was killed has told one of them already
    let (case, now) = (sale.case().await, sale.desk.now());
    let db = sale.desk.db();
    let told = db.announce_transfer(&case, other.subject, now).await;
    assert!(told.unwrap());
    let letters = sale.work().await;
    assert_eq!(letters.len(), 63, "staff, user and the others, once each");
    for letter in &letters {
        let Letter::BusinessTransfer { terms, .. } = letter else {
            panic!("another letter: {letter:?}");
        };
        assert_eq!(terms.counterparty.reveal(), "Canary Acquirer Ltd.");
    }
    let announced = sale.show().await;
    assert_eq!(announced["state"], "announced");
    assert_eq!(announced["told"], 63);
    assert!(announced["pages"].as_u64().unwrap() >= 2, "{announced}");
    let early = sale.act(&sale.first, "package").await;
    early.problem(409, "objections_possible");

    // the register and its pages name nobody, and its words are sealed
    for item in sale.desk.everything().await {
        assert!(!item.contains("Canary Hill"), "{item}");
        let named = item.contains("REGISTER#") && item.contains("usr_");
        assert!(!named, "{item}");
    }

    // an objection stands from the first word on; who came later was told nothing
    let first = sale.object(&user).await.json(200);
    assert_eq!(first["counterparty"], "Canary Acquirer Ltd.");
    sale.desk.stage.advance(hours(1));
    let second = sale.object(&user).await.json(200);
    assert_eq!(second["objected_at"], first["objected_at"]);
    let objections = sale.desk.entries("business_transfer.objected").await;
    assert_eq!(objections.len(), 1);
    assert!(objections[0].person.is_some());
    let mine = user.api.get("/me/business-transfers").await.json(200);
    assert_eq!(mine["items"][0]["objected_at"], first["objected_at"]);
    let late = sale.desk.somebody().await;
    let none = late.api.get("/me/business-transfers").await.json(200);
    assert_eq!(none["items"], json!([]));
    sale.object(&late).await.problem(404, "not_found");

    sale.later(31).await;
    let reason = json!({"reason": "The buyer has gone."});
    let first = sale.desk.at(&sale.first);
    let cancelled = first.post(sale.path("cancel"), &reason).await;
    assert_eq!(cancelled.json(200)["state"], "cancelled");
    let order = sale.act(&sale.first, "package").await;
    order.problem(409, "transfer_state");
    sale.object(&sale.second)
        .await
        .problem(409, "transfer_state");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_passed_on_who_restricts_withdrew_objects_or_is_erased() {
    let mut sale = Sale::proposed().await;
    let mut users = Vec::new();
    for _ in 0..7 {
        users.push(sale.desk.somebody().await);
    }
    let [
        passed,
        changing,
        restricted,
        withdrawn,
        objecting,
        by_letter,
        erased,
    ] = &users[..]
    else {
        panic!("seven");
    };
    sale.act(&sale.second, "approve").await.is(200);
    sale.work().await;

    let db = sale.desk.db();
    let restriction = json!({"kind": "restriction"});
    let asked = restricted.api.post("/data-subject-requests", &restriction);
    asked.await.is(201);
    let mut record = sale.record(withdrawn).await;
    record.consents.remove(&ConsentPurpose::Processing);
    db.put(&record).await.unwrap();
    let mut record = sale.record(&sale.first).await;
    record.objections.insert(Purpose::ProvideService);
    db.put(&record).await.unwrap();
    let mut record = sale.record(erased).await;
    record.erasing_since = Some(sale.desk.now());
    db.put(&record).await.unwrap();
    sale.object(objecting).await.is(200);
    let letter = json!({"person": by_letter.person.email});
    for _ in 0..2 {
        let entered = sale.desk.at(&sale.first);
        let entered = entered.post(sale.path("objections"), &letter).await;
        assert!(entered.json(200)["objected_at"].is_string());
    }
    sale.desk.take().await;

    sale.later(31).await;
    assert_eq!(
        sale.act(&sale.first, "package").await.json(200)["state"],
        "packing"
    );
    sale.fetch().await.problem(409, "transfer_state");
    assert!(sale.work().await.is_empty());
    let packed = sale.show().await;
    assert_eq!(packed["state"], "packed");
    let counts = json!({"packed": 3, "erased": 1, "withdrawn": 1, "restricted": 1, "objected": 3});
    assert_eq!(packed["packing"]["people"], counts);
    let disclosed = sale.desk.entries("personal_data.disclosed").await;
    assert_eq!(disclosed.len(), 3, "each once, however often the job came");
    assert!(disclosed.iter().all(|entry| entry.clause == "5.6c"));

    // what lies in the bucket is sealed
    let objects = sale.objects().await;
    assert_eq!(objects.len(), 1);
    let bytes = sale.desk.bucket("BUCKET_EXPORTS").get(&objects[0]).await;
    assert!(!contains(&bytes.unwrap(), passed.person.email.as_bytes()));

    // one more may be passed on and another one not before it is fetched: as many as before
    let mut record = sale.record(restricted).await;
    record.restricted_from = None;
    db.put(&record).await.unwrap();
    let signed_in = sale.desk.sign_in(&changing.person).await;
    sale.object(&signed_in).await.is(200);
    for _ in 0..2 {
        sale.fetch().await.problem(409, "stance_changed");
    }
    sale.work().await;
    assert_eq!(sale.objects().await.len(), 2, "made again once");
    let counts = json!({"packed": 3, "erased": 1, "withdrawn": 1, "restricted": 0, "objected": 4});
    let packed = sale.show().await;
    assert_eq!(packed["packing"]["people"], counts);
    let text = sale.packages().await.concat();
    for there in [passed, restricted] {
        assert!(text.contains(&there.person.email));
    }
    for absent in [changing, withdrawn, objecting, by_letter, erased] {
        assert!(!text.contains(&absent.person.email));
        assert_eq!(sale.passed_at(absent).await, None);
    }
    assert!(!text.contains(&passed.person.position), "beyond the scope");
    let keys = format!("CASEKEY#{}.", sale.id);
    assert_eq!(sale.desk.keys("KeysTable", &keys).await.len(), 1);

    let handed_over = sale.hand_over().await;
    assert_eq!(handed_over.json(200)["state"], "passed");
    sale.fetch().await.problem(409, "transfer_state");
    assert!(sale.desk.keys("KeysTable", &keys).await.is_empty());
    whom_it_concerns(&sale, passed, &signed_in).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_is_passed_on_whatever_comes_before_the_handing_over() {
    let mut sale = Sale::proposed().await;
    let (going, staying) = (sale.desk.somebody().await, sale.desk.somebody().await);
    sale.act(&sale.second, "approve").await.is(200);
    sale.work().await;
    sale.later(31).await;
    sale.act(&sale.first, "package").await.is(200);
    sale.work().await;
    assert_eq!(sale.passed_at(&going).await, None);
    let early = sale.hand_over().await;
    early.problem(409, "packages_not_fetched");
    assert!(sale.packages().await.concat().contains(&going.person.email));
    let passed_at = sale.passed_at(&going).await;
    assert!(passed_at.is_some());
    sale.desk.stage.advance(SignedDuration::from_mins(1));
    sale.fetch().await.is(200);
    assert_eq!(sale.passed_at(&going).await, passed_at, "the first time");

    // who is erased then is known to the acquirer, and their certificate tells what is left
    let user = sale.desk.sign_in(&going.person).await;
    let erasure = json!({"kind": "erasure"});
    let asked = user.api.post("/data-subject-requests", &erasure).await;
    let path = format!("/compliance/requests/{}/approve", id(&asked.json(201)));
    let reason = json!({"reason": "Nothing is due."});
    sale.first.api.post(path, &reason).await.is(200);
    sale.work().await;
    let db = sale.desk.db();
    let notices = db.notices(None, 10).await.unwrap().items;
    let to: Vec<_> = notices.iter().map(|one| one.progress.to()).collect();
    assert_eq!(to, [Recipient::Disclosure(sale.id.parse().unwrap())]);
    let case = db.erasure_case(notices[0].case.unwrap()).await.unwrap();
    let case = case.expect("an erasure");
    let until = |what: &str| {
        let kept = case.kept.iter().find(|kept| kept.category.contains(what));
        kept.expect("something kept").until
    };
    assert_eq!(until("register of transfers"), None, "it is open");
    let packing = sale.case().await.progress.packing().unwrap();
    assert_eq!(until("package for the acquirer"), Some(packing.until()));

    // the package is made again without them, and has to be fetched again
    sale.fetch().await.problem(409, "stance_changed");
    sale.work().await;
    let early = sale.hand_over().await;
    early.problem(409, "packages_not_fetched");
    let text = sale.packages().await.concat();
    assert!(!text.contains(&going.person.email) && text.contains(&staying.person.email));

    // it may be handed over when the packages are over; their root stays
    sale.later(8).await;
    sale.fetch().await.problem(409, "packages_over");
    let manifest = sale.desk.at(&sale.first).get(sale.path("manifest")).await;
    let root = manifest.json(200)["merkle_root"].clone();
    let handed_over = sale.hand_over().await.json(200);
    assert_eq!(handed_over["state"], "passed");
    assert_eq!(handed_over["packing"]["merkle_root"], root);
}

/// Who was passed on reads it, and the acquirer has to be told what becomes of their data.
async fn whom_it_concerns(sale: &Sale, passed: &User, not_passed: &User) {
    let mine = not_passed.api.get("/me/business-transfers").await;
    assert_eq!(mine.json(200)["items"][0]["passed_at"], Value::Null);
    let passed = sale.desk.sign_in(&passed.person).await;
    let access = json!({"kind": "access"});
    let asked = passed.api.post("/data-subject-requests", &access).await;
    let asked = asked.json(201);
    sale.work().await;
    let path = format!("/data-subject-requests/{}/export", id(&asked));
    let copy = passed.api.get(path).await.json(200);
    let row = &copy["business_transfers"][0];
    assert_eq!(row["to"], "Canary Acquirer Ltd.");
    assert!(row["passed_at"].is_string(), "{row}");
    let actions = copy["actions_with_your_data"].as_array().unwrap();
    let mut disclosed = actions.iter();
    assert!(disclosed.any(|one| one["what"] == "personal_data.disclosed"));

    let (db, now) = (sale.desk.db(), sale.desk.now());
    let subject = sale.desk.subject_of(&passed.person.email).await;
    let (erasure, none) = (CaseId::new(now), BTreeSet::new());
    let notices = notices_of_erasure(&db, subject, erasure, &none, now).await;
    let to: Vec<_> = notices
        .unwrap()
        .iter()
        .map(|one| one.progress.to())
        .collect();
    assert_eq!(to, [Recipient::Disclosure(sale.id.parse().unwrap())]);
    for (changed, told) in [(Category::Contact, 1), (Category::Employment, 0)] {
        let notices = notices_of_correction(&db, subject, &[changed], now).await;
        assert_eq!(notices.unwrap().len(), told, "{changed:?}");
    }
    let other = sale.desk.subject_of(&not_passed.person.email).await;
    let notices = notices_of_erasure(&db, other, erasure, &none, now).await;
    assert!(notices.unwrap().is_empty());
}
