//! The whole way of a company: from the form to labels, payment, an ended trial, erasure, and
//! nothing left.

use std::time::Instant;

use assetbox_tests::http::{Answer, Call};
use assetbox_tests::upload::{announced, send_to};
use assetbox_tests::{Person, User, pictures};
use domain::asset::{ObjectKeys, ObjectKind};
use domain::certificate::CertificateFile;
use domain::time::{days, shift};
use local_provider::ProviderStandIn;
use platform::Clock;
use platform::objects::Objects;
use platform::signing::Signer;
use serde_json::{Value, json};
use store::Db;
use store::erasure::Census;

use crate::deployment::{Deployment, until};
use crate::report::row;

impl Deployment {
    /// Uploads a file by its presigned address; gives the asset's id.
    pub async fn upload(
        &self,
        user: &User,
        name: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> String {
        let form = announced(name, content_type, bytes);
        let begun = user.api.post("/uploads", &form).await.json(201);
        send_to(self.http(), &begun["put"], bytes.to_vec())
            .await
            .is(200);
        let id = begun["id"].as_str().unwrap();
        user.api
            .act(format!("/uploads/{id}/complete"))
            .await
            .is(200);
        begun["asset_id"].as_str().unwrap().to_owned()
    }

    /// Waits until an asset has its renditions and labels, or says why not.
    pub async fn looked_at(&self, user: &User, asset: &str) -> Value {
        until("renditions and labels", || async {
            let read = user.api.get(format!("/assets/{asset}")).await.json(200);
            (read["tagging"] != "pending" && read["preview"]["state"] != "pending").then_some(read)
        })
        .await
    }

    /// The bytes behind one of an asset's presigned addresses.
    pub async fn bytes_of(&self, user: &User, asset: &str, kind: &str) -> Answer {
        let address = user
            .api
            .get(format!("/assets/{asset}/{kind}"))
            .await
            .json(200);
        let url = address["url"].as_str().unwrap();
        self.http().send(Call::new("GET", url), url).await
    }

    /// Ends a workspace's trial. AWS's clock can't be moved, so the stored dates are.
    pub async fn end_trial(&self, user: &User) {
        let workspace = format!("WSP#{}", user.workspace);
        let past = |count: i64| shift(Clock::system().now(), days(-count)).to_string();
        let meta = (workspace.as_str(), "META");
        self.set(
            "CatalogTable",
            meta,
            &["billing", "trial", "started_at"],
            &past(15),
        )
        .await;
        self.set(
            "CatalogTable",
            meta,
            &["billing", "trial", "ends_at"],
            &past(1),
        )
        .await;
        self.set("CatalogTable", meta, &["due_at"], &past(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn a_company_signs_up_works_pays_and_is_erased() {
    let deployed = Deployment::open().await;
    let began = Instant::now();
    let user = deployed.user().await;
    let profile = user.api.get("/me").await.json(200);
    assert_eq!(profile["email"], user.person.email);
    row(
        "sign-up with consent, letter, confirmation, sign-in",
        &format!("{:.1} s", began.elapsed().as_secs_f64()),
    );

    let cat = picture_work(&deployed, &user).await;
    pay(&deployed, &user).await;
    trial_ends(&deployed).await;
    erased(&deployed, &user, &cat).await;
}

async fn picture_work(deployed: &Deployment, user: &User) -> String {
    let original = pictures::shipped("cat.jpg");
    let began = Instant::now();
    let cat = deployed
        .upload(user, "cat.jpg", "image/jpeg", &original)
        .await;
    let seen = deployed.looked_at(user, &cat).await;
    let labels: Vec<&str> = seen["labels"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|label| label["name"].as_str())
        .collect();
    assert!(
        labels.iter().any(|label| label.eq_ignore_ascii_case("cat")),
        "{seen}"
    );
    row(
        "upload by presigned PUT, bucket events, queues, renditions, labels",
        &format!(
            "{:.1} s: {}",
            began.elapsed().as_secs_f64(),
            labels.join(", ")
        ),
    );

    for kind in ["preview", "thumbnail"] {
        let bytes = deployed.bytes_of(user, &cat, kind).await;
        assert!(
            bytes.is(200).body.starts_with(&[0xff, 0xd8]),
            "the {kind} is a JPEG"
        );
    }
    let downloaded = deployed.bytes_of(user, &cat, "download").await;
    assert!(
        downloaded.is(200).body == original,
        "the bytes that were uploaded"
    );
    let found = user.api.get("/assets?label=cat").await.json(200);
    assert_eq!(found["items"][0]["id"], cat.as_str());
    row(
        "preview, thumbnail, search by label, download",
        "the same bytes",
    );
    cat
}

async fn pay(deployed: &Deployment, user: &User) {
    for provider in ["stripe", "yookassa"] {
        // each by a workspace of its own: a plan that runs can't be bought again
        let payer = if provider == "stripe" {
            user
        } else {
            &deployed.user().await
        };
        let form = json!({"plan": "team", "provider": provider});
        let checkout = payer.api.post("/billing/checkout", &form).await.json(201);
        let page = checkout["url"].as_str().unwrap();
        deployed
            .provider
            .pay(ProviderStandIn::checkout_in(page))
            .await
            .unwrap();
        let billing = until("a paid plan", || async {
            let billing = payer.api.get("/billing").await.json(200);
            (billing["status"] == "active").then_some(billing)
        })
        .await;
        row(
            &format!("checkout and webhook of {provider}"),
            &format!(
                "active, plan {}",
                billing["plan"].as_str().unwrap_or_default()
            ),
        );
    }
    let forged = json!({"id": "evt_1", "type": "invoice.paid"}).to_string();
    let call =
        Call::new("POST", "/webhooks/payments/stripe").header("content-type", "application/json");
    let call = call.header("stripe-signature", "t=1,v1=00").body(forged);
    let refused = deployed.anonymous().send(call).await;
    assert!(refused.status.is_client_error(), "{}", refused.text());
    row(
        "a webhook with a wrong signature",
        &format!("{}", refused.status.as_u16()),
    );
}

async fn trial_ends(deployed: &Deployment) {
    let user = deployed.user().await;
    let asset = deployed
        .upload(&user, "dot.png", "image/png", &pictures::png())
        .await;
    deployed.looked_at(&user, &asset).await;
    deployed.end_trial(&user).await;
    let late = announced("late.png", "image/png", b"late");
    user.api
        .post("/uploads", &late)
        .await
        .problem(403, "workspace_read_only");
    let listed = user.api.get("/assets").await.json(200);
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        1,
        "everything can be seen"
    );
    row(
        "an ended trial",
        "403 workspace_read_only, assets are shown",
    );
}

async fn erased(deployed: &Deployment, user: &User, asset: &str) {
    let began = Instant::now();
    let asked = user
        .api
        .post("/data-subject-requests", &json!({"kind": "erasure"}))
        .await
        .json(201);
    let request = asked["id"].as_str().unwrap();
    let staff = deployed.staff().await;
    let path = format!("/compliance/requests/{request}/approve");
    let reason = json!({"reason": "Nothing has to be kept."});
    let approved = staff.api.post(path, &reason).await.json(200);
    let certificate = approved["certificate"].as_str().unwrap();
    let file = until("the certificate", || async {
        let answer = deployed.anonymous().get(certificate).await;
        (answer.status == 200).then_some(answer)
    })
    .await;

    let env = deployed.environment("ErasureFunction").await;
    let key = Signer::new(&deployed.sdk, &env)
        .unwrap()
        .public_key()
        .await
        .unwrap();
    let certificate = CertificateFile::parse(&file.body)
        .unwrap()
        .verify(&key)
        .unwrap();
    let census = Census::new(&deployed.sdk, env.tables());
    for sightings in census.probe(&certificate).await.unwrap() {
        assert!(sightings.found.is_empty(), "left: {:?}", sightings.table);
    }
    let assets = Objects::new(&deployed.sdk, &env, "BUCKET_ASSETS").unwrap();
    for workspace in &certificate.probe.workspaces {
        for kind in ObjectKind::ALL {
            let prefix = ObjectKeys::workspace_prefix(*workspace, kind);
            assert!(
                assets.versions(&prefix).await.unwrap().is_empty(),
                "{prefix}"
            );
            assert!(
                assets.unfinished(&prefix).await.unwrap().is_empty(),
                "{prefix}"
            );
        }
    }
    row(
        "erasure, approved by staff, with its certificate",
        &format!(
            "{:.1} s; signed, {} steps, its probe finds nothing",
            began.elapsed().as_secs_f64(),
            certificate.steps.len()
        ),
    );

    user.api.get("/me").await.problem(401, "sign_in_required");
    nothing_left(deployed, &user.person, asset).await;
}

/// Looks with eyes of its own, which do not know where the service keeps what.
async fn nothing_left(deployed: &Deployment, person: &Person, asset: &str) {
    let canaries = person.canaries();
    let mut read = 0;
    for table in ["CatalogTable", "PeopleTable", "KeysTable", "LedgerTable"] {
        for item in deployed.items(table).await {
            read += 1;
            let text = item.to_string();
            // the ledger tells of assets by their ids, and of nobody by them
            assert!(
                table == "LedgerTable" || !text.contains(asset),
                "{table}: {text}"
            );
            assert!(
                !canaries.iter().any(|word| text.contains(word.as_str())),
                "{table}: {text}"
            );
        }
    }
    for bucket in ["AssetsBucket", "ExportsBucket", "ProofsBucket"] {
        let keys = deployed.versions(bucket).await;
        read += keys.len();
        assert!(keys.iter().all(|key| !key.contains(asset)), "{bucket}");
    }
    let functions = deployed
        .told
        .types
        .iter()
        .filter(|(_, kind)| *kind == "AWS::Lambda::Function");
    let mut lines = 0;
    for (function, _) in functions {
        for line in deployed.log(function).await {
            lines += 1;
            assert!(
                !canaries.iter().any(|word| line.contains(word.as_str())),
                "{function}: {line}"
            );
        }
    }
    row(
        "lines that the functions logged",
        &format!("{lines}, none names the person"),
    );
    row(
        "items and object versions read afterwards",
        &format!("{read}, none of the erased person's"),
    );
}

/// Every link of the ledger follows the one before, and every root is signed.
pub async fn ledger_holds(deployed: &Deployment) -> String {
    let env = deployed.environment("OutboxFunction").await;
    let key = Signer::new(&deployed.sdk, &env)
        .unwrap()
        .public_key()
        .await
        .unwrap();
    let proofs = Objects::new(&deployed.sdk, &env, "BUCKET_PROOFS").unwrap();
    let db = Db::new(&deployed.sdk, env.tables());
    let now = Clock::system().now();
    let report = outbox::verify::ledger(&db, &proofs, &key, now)
        .await
        .unwrap();
    assert!(report.holds(), "{:?}", report.faults);
    assert!(report.roots > 0 && report.links > 0, "{report:?}");
    format!(
        "{} entries chained, {} signed roots",
        report.links, report.roots
    )
}
