//! Every function at its work, so that each right of its role is used.

use assetbox::cloud::{Failure, Fault, Moment};
use assetbox::template::Need;
use domain::consequence::Letter;
use domain::ids::{AssetId, SubjectId};
use domain::time::days;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::data_map::Seen;
use super::{exchanges, mail, registers, site};
use crate::erasure::erase;
use crate::pipeline::inbox;
use crate::requests::{ask, ask_with, decide};
use crate::support::events::{object_created, object_key, sqs};
use crate::support::provider::{Provider, stripe_event};
use crate::support::upload::{announced, send_to};
use crate::support::{Call, Person, TestMachine, User, canary, pictures};

/// From the first sign-up to the end of the last trial; gives what was seen in the tables.
pub async fn walk(machine: &TestMachine, provider: &Provider) -> Seen {
    let (story, mut seen) = (Story { machine, provider }, Seen::default());
    let user = story.account().await;
    story.payment(&user).await;
    story.assets(&user).await;
    seen.look(machine).await;
    let staff = machine.staff().await;
    story.requests(&user, &staff).await;
    registers::registers(machine, &user, &staff).await;
    site::site(machine, &user, &staff).await;
    seen.look(machine).await;
    exchanges::exchanges(machine).await;
    seen.look(machine).await;
    let user = story.what_is_left_alone(&user.person).await;
    story.orphans(&user).await;
    seen.look(machine).await;
    let staff = machine.sign_in(&staff.person).await;
    story.erasure(&user, &staff).await;
    seen.look(machine).await;
    mail::complaint(machine).await;
    mail::letters(machine).await;
    seen.look(machine).await;
    story.time().await;
    story.restored().await;
    seen.look(machine).await;
    seen
}

struct Story<'m> {
    machine: &'m TestMachine,
    provider: &'m Provider,
}

/// A week and a little: what was left alone is over.
const LONGER_THAN_UPLOADS_LIVE: SignedDuration = SignedDuration::from_hours(7 * 24 + 1);

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

impl Story<'_> {
    /// An address that a function has signed: whoever uses it acts under the function's role.
    fn signed_by(&self, function: &str, action: &str, address: &Value) {
        let url: http::Uri = text(&address["url"]).parse().unwrap();
        let resource = format!("arn:aws:s3:::{}", url.path().trim_start_matches('/'));
        let checked = self
            .machine
            .roles()
            .check(function, || [Need::new(action, resource)]);
        checked.expect("the role allows what its addresses do");
    }

    /// Sign-up, sign-in, profile, consents, password, address, and a letter with one click.
    async fn account(&self) -> User {
        let machine = self.machine;
        let also = ["marketing-consent", "transfer-consent"];
        let person = Person::new();
        let user = machine.user_like(person.clone(), &also).await;
        let api = &user.api;
        api.get("/sessions").await.is(200);
        let etag = api.get("/me").await.etag();
        let name = json!({"name": canary("Name")});
        api.change("PATCH", "/me", &etag, Some(&name)).await.is(200);
        api.get("/me/consents").await.is(200);
        let no = json!({"given": false});
        api.put("/me/consents/transfer", &no).await.is(200);
        let etag = api.get("/workspace").await.etag();
        let text_off = json!({"features": {"text": false}});
        api.change("PATCH", "/workspace", &etag, Some(&text_off))
            .await
            .is(200);
        machine
            .anonymous()
            .post("/password-resets", &json!({"email": person.email}))
            .await
            .is(202);
        machine.settled().await;
        let token = machine.link(&person.email, "reset").await;
        let reset = json!({"token": token, "password": person.password});
        machine
            .anonymous()
            .post("/password-resets/confirm", &reset)
            .await
            .is(204);
        let user = machine.sign_in(&person).await;
        let renewed = Person {
            email: Person::new().email,
            ..person
        };
        let asked = json!({"new_email": renewed.email});
        user.api.post("/me/email-change", &asked).await.is(202);
        machine.settled().await;
        let addresses = [
            (&user.person.email, "email-old"),
            (&renewed.email, "email-new"),
        ];
        for (address, kind) in addresses {
            let token = json!({"token": machine.link(address, kind).await});
            machine
                .anonymous()
                .post("/me/email-change/confirm", &token)
                .await
                .is(200);
        }
        let click = self.one_click(&renewed).await;
        let click = Call::new("POST", click).form("List-Unsubscribe=One-Click");
        machine.anonymous().send(click).await.is(200);
        let user = machine.sign_in(&renewed).await;
        user.api.delete("/sessions/current").await.is(204);
        let user = machine.sign_in(&renewed).await;
        user.api.delete("/sessions").await.is(204);
        machine.settled().await;
        machine.sign_in(&renewed).await
    }

    /// The path that a marketing letter's one click goes to.
    async fn one_click(&self, person: &Person) -> String {
        let machine = self.machine;
        let letter = Letter::Marketing {
            campaign: "search-by-label".to_owned(),
        };
        let mut tx = store::Tx::new();
        tx.mail(machine.only_subject().await, letter, machine.now());
        machine.db().commit(tx).await.unwrap();
        machine.settled().await;
        let mail = machine.last_mail_to(&person.email).await;
        let header = mail.header("List-Unsubscribe").expect("a marketing letter");
        let mut addresses = header.split(['<', '>']);
        let url = addresses.find(|part| part.starts_with("http")).unwrap();
        url.strip_prefix(machine.api_url()).unwrap().to_owned()
    }

    async fn payment(&self, user: &User) {
        let checkout = json!({"url": "https://checkout.example/1"});
        self.provider
            .answers("POST /v1/checkout/sessions", 200, checkout);
        let plan = json!({"plan": "team", "provider": "stripe"});
        let call = Call::new("POST", "/billing/checkout")
            .header("idempotency-key", "1")
            .json(&plan);
        user.api.send(call.clone()).await.is(201);
        user.api.send(call).await.is(201);
        let invoice = json!({
            "id": "in_1", "subscription": "sub_1", "amount_paid": 4900, "currency": "usd", "period_end": 2_000_000_000,
            "subscription_details": {"metadata": {"workspace": user.workspace, "plan": "team"}},
        });
        let paid = stripe_event("evt_1", "invoice.paid", self.machine.now(), &invoice);
        self.machine.stripe_delivers(&paid).await.is(200);
        user.api.get("/billing").await.is(200);
        self.machine.settled().await;
    }

    async fn begin(&self, user: &User, key: &str, bytes: &[u8]) -> Value {
        let call = Call::new("POST", "/uploads")
            .header("idempotency-key", key)
            .json(&announced("a.jpg", "image/jpeg", bytes));
        let upload = user.api.send(call).await.json(201);
        self.signed_by("UploadsFunction", "s3:PutObject", &upload["put"]);
        upload
    }

    async fn send(&self, upload: &Value, bytes: &[u8]) {
        send_to(self.machine.http(), &upload["put"], bytes.to_vec())
            .await
            .is(200);
    }

    async fn begin_film(&self, user: &User) -> String {
        let film = json!({"name": "a.mp4", "content_type": "video/mp4", "size_bytes": 104_857_600});
        let upload = user.api.post("/uploads", &film).await.json(201);
        format!("/uploads/{}", text(&upload["id"]))
    }

    /// Uploads, labels, search, downloads, the trash and out of it.
    async fn assets(&self, user: &User) {
        let (machine, api) = (self.machine, &user.api);
        let picture = pictures::shipped("cat.jpg");
        let upload = self.begin(user, "1", &picture).await;
        let again = self.begin(user, "1", &picture).await;
        assert_eq!(upload["id"], again["id"]);
        let complete = format!("/uploads/{}/complete", text(&upload["id"]));
        api.act(&complete).await.problem(409, "bytes_missing");
        self.send(&upload, &picture).await;
        api.act(&complete).await.is(200);
        let film = self.begin_film(user).await;
        let parts = format!("{film}/parts");
        let parts = api.post(parts, &json!({"numbers": [1]})).await.json(200);
        self.signed_by("UploadsFunction", "s3:PutObject", &parts["items"][0]);
        let length = domain::upload::part_length(104_857_600, 1).unwrap();
        let part = vec![7; usize::try_from(length).unwrap()];
        send_to(machine.http(), &parts["items"][0], part)
            .await
            .is(200);
        api.get(&film).await.is(200);
        api.delete(&film).await.is(204);
        machine.settled().await;

        let asset = format!("/assets/{}", text(&upload["asset_id"]));
        api.get("/assets?label=cat").await.is(200);
        api.get("/assets").await.is(200);
        for kind in ["download", "preview", "thumbnail"] {
            let address = api.get(format!("{asset}/{kind}")).await.json(200);
            self.signed_by("AssetsFunction", "s3:GetObject", &address);
        }
        let etag = api.get(&asset).await.etag();
        let labels = json!({"own_labels": ["Pet"]});
        let edited = api.change("PATCH", &asset, &etag, Some(&labels)).await;
        api.change("DELETE", &asset, &edited.etag(), None)
            .await
            .is(200);
        api.get("/trash").await.is(200);
        let restored = api.act(format!("{asset}/restore")).await;
        api.change("DELETE", &asset, &restored.etag(), None)
            .await
            .is(200);
        api.act(format!("{asset}/purge")).await.is(202);
        machine.settled().await;
    }

    /// Requests of every kind, by session and by address, and the staff's decisions.
    async fn requests(&self, user: &User, staff: &User) {
        let machine = self.machine;
        let copy = ask(machine, user, "access").await;
        let export = format!("/data-subject-requests/{copy}/export");
        user.api.get(&export).await.is(200);
        let (s3, bucket) = (machine.s3(), machine.name_of("ExportsBucket"));
        for key in machine.keys_of("ExportsBucket") {
            let deletion = s3.delete_object().bucket(&bucket).key(key);
            deletion.send().await.unwrap();
        }
        user.api.get(&export).await.is(404);
        let restriction = ask(machine, user, "restriction").await;
        decide(machine, staff, &restriction, "approve", Value::Null).await;
        let ledger = format!("/compliance/requests/{restriction}/ledger");
        staff.api.get(ledger).await.is(200);

        let by_address = json!({"kind": "rectification", "email": user.person.email});
        machine
            .anonymous()
            .post("/data-subject-requests", &by_address)
            .await
            .is(202);
        machine.settled().await;
        let link = machine.link(&user.person.email, "request").await;
        let (correction, token) = link.split_once('.').unwrap();
        let confirm = json!({"token": token, "fields": {"name": "Ada"}});
        machine
            .anonymous()
            .post(
                format!("/data-subject-requests/{correction}/confirm"),
                &confirm,
            )
            .await
            .is(200);
        staff.api.get("/compliance/requests").await.is(200);
        decide(machine, staff, correction, "verify", Value::Null).await;
        decide(machine, staff, correction, "approve", Value::Null).await;
        let details = json!({"kind": "erasure", "details": "x"});
        let refused = ask_with(machine, user, details).await;
        let refusal = json!({"ground": "152-FZ art. 21(5)", "reason": "There is a claim."});
        decide(machine, staff, &refused, "refuse", refusal).await;
        user.api.get("/data-subject-requests").await.is(200);
        machine.anonymous().get("/ledger/key").await.is(200);
        let nothing = "/certificates/cas_00000000000000000000000000000000";
        machine.anonymous().get(nothing).await.is(404);
    }

    /// While renditions are at a stop: an upload is given up with its bytes, one is completed
    /// and its object lost, and others are left alone until retention ends them.
    async fn what_is_left_alone(&self, person: &Person) -> User {
        let machine = self.machine;
        let user = machine.sign_in(person).await;
        machine.faults().add(Fault {
            caller: Some("RenditionsFunction".to_owned()),
            operation: None,
            skip: 0,
            times: 100_000,
            failure: Failure::ServerError,
            moment: Moment::Before,
        });
        let picture = pictures::png();
        let [given_up, lost, left] = [
            self.begin(&user, "2", &picture).await,
            self.begin(&user, "3", &picture).await,
            self.begin(&user, "4", &picture).await,
        ];
        for upload in [&given_up, &lost, &left] {
            self.send(upload, &picture).await;
        }
        let path = |upload: &Value| format!("/uploads/{}", text(&upload["id"]));
        user.api.delete(path(&given_up)).await.is(204);
        let complete = format!("{}/complete", path(&lost));
        user.api.act(complete).await.is(200);
        self.begin_film(&user).await;
        let asset = text(&lost["asset_id"]);
        let key = object_key("originals", &user.workspace, &asset);
        let deletion = machine.s3().delete_object().key(&key);
        deletion
            .bucket(machine.name_of("AssetsBucket"))
            .send()
            .await
            .unwrap();
        machine.pass(LONGER_THAN_UPLOADS_LIVE).await;
        machine.faults().clear();
        let event = sqs(
            machine,
            "RenditionsQueue",
            &[object_created(machine, &key, "1")],
        );
        machine.invoke("RenditionsFunction", event).await.unwrap();
        let user = machine.sign_in(person).await;
        let view = user.api.get(format!("/assets/{asset}")).await.json(200);
        assert_eq!(view["preview"]["state"], "failed", "{view}");
        let etag = user.api.get(format!("/assets/{asset}")).await.etag();
        user.api
            .change("DELETE", format!("/assets/{asset}"), &etag, None)
            .await
            .is(200);
        user
    }

    /// An upload that its browser doesn't complete; objects of no asset; a message that another
    /// delivery has ended.
    async fn orphans(&self, user: &User) {
        let machine = self.machine;
        machine.upload_png(&user.api).await;
        let nobodys = AssetId::new(machine.now()).to_string();
        for kind in ["previews", "thumbnails", "originals"] {
            let put = machine.s3().put_object().body(pictures::png().into());
            put.bucket(machine.name_of("AssetsBucket"))
                .key(object_key(kind, &user.workspace, &nobodys))
                .send()
                .await
                .unwrap();
        }
        machine.settled().await;
        let keys = machine.keys_of("AssetsBucket");
        assert!(!keys.iter().any(|key| key.contains(&nobodys)), "{keys:?}");

        let outbox = machine.model().function("OutboxFunction").unwrap();
        let catalog = machine.name_of("CatalogTable");
        let stream = outbox
            .lambda_needs
            .iter()
            .find(|need| need.action == "dynamodb:GetRecords" && need.resource.contains(&catalog));
        let nobody = SubjectId::new(machine.now());
        let record = json!({
            "eventID": "1",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-central-1",
            "eventSourceARN": stream.unwrap().resource,
            "dynamodb": {
                "ApproximateCreationDateTime": 1_763_800_000,
                "Keys": {"pk": {"S": format!("OUT#{nobody}")}, "sk": {"S": "gone"}},
                "SequenceNumber": "1",
                "SizeBytes": 1,
                "StreamViewType": "NEW_IMAGE",
            },
        });
        let event = json!({"Records": [record]});
        let answer = machine.invoke("OutboxFunction", event).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
    }

    /// Somebody with a copy of their data, an upload under way and a letter is erased.
    async fn erasure(&self, user: &User, staff: &User) {
        let machine = self.machine;
        ask(machine, user, "access").await;
        self.begin_film(user).await;
        let from = &user.person.email;
        let question = "What do you hold of me?";
        inbox::Letter::new(from, question).send(machine).await;
        let forged = inbox::Letter::new(from, question).forged();
        forged.send(machine).await;
        let me = user.api.get("/me").await.json(200);
        let begun = machine.s3().create_multipart_upload();
        begun
            .bucket(machine.name_of("ExportsBucket"))
            .key(format!("exports/{}/by-hand", text(&me["id"])))
            .send()
            .await
            .unwrap();
        let address = erase(machine, user, staff).await;
        machine.anonymous().get(&address).await.is(200);
    }

    /// A sign-up that nobody confirms, a trial that nobody pays for, and the trash, to their ends.
    async fn time(&self) {
        let machine = self.machine;
        machine.sign_up(&Person::new(), &[]).await.is(202);
        let user = machine.user().await;
        let asset = machine.upload_png(&user.api).await;
        let etag = user.api.get(format!("/assets/{asset}")).await.etag();
        user.api
            .change("DELETE", format!("/assets/{asset}"), &etag, None)
            .await
            .is(200);
        for _ in 0..3 {
            machine.pass(days(15)).await;
        }
        machine.pass(SignedDuration::from_hours(1)).await;
        machine.pass(SignedDuration::from_hours(1)).await;
    }

    /// As after a restore: what was erased is erased once more.
    async fn restored(&self) {
        let now = self.machine.now();
        let since = domain::time::shift(now, -days(60));
        let task = json!({"task": "replay_tombstones", "since": since, "restored_at": now});
        self.machine.invoke("ErasureFunction", task).await.unwrap();
    }
}
