//! The certificate, the ledger, and what anybody can check of them.

use domain::certificate::{CertificateFile, Invalid, Step};
use jiff::SignedDuration;
use serde_json::json;

use super::{erase, ledger_key, proven, somebody};
use crate::pipeline::inbox::Letter;
use crate::support::{TestMachine, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_verifies_and_its_probe_finds_nothing() {
    let machine = TestMachine::start().await;
    let (user, staff) = (somebody(&machine).await, machine.staff().await);
    machine.upload_png(&user.api).await;
    let letter = Letter::new(&user.person.email, "What do you hold of me?");
    letter.send(&machine).await;
    let address = erase(&machine, &user, &staff).await;
    let certificate = proven(&machine, &address).await;
    for receipt in &certificate.steps {
        assert_eq!(receipt.after, 0, "{:?}", receipt.step);
        let must_have_found = !matches!(receipt.step, Step::Exports | Step::Outbox);
        assert_eq!(receipt.before > 0, must_have_found, "{receipt:?}");
    }
    let objects = certificate
        .steps
        .iter()
        .find(|receipt| receipt.step == Step::Objects)
        .unwrap();
    assert_eq!(
        objects.before, 4,
        "two originals, a preview and a thumbnail"
    );
    assert_eq!(
        (certificate.clause.as_str(), certificate.law.as_str()),
        ("5.2b", "152-FZ art. 21(5)")
    );

    // It says nothing about the person, and neither does the letter's link to it.
    let file = machine.anonymous().get(&address).await.text();
    for word in user.person.canaries() {
        assert!(!file.contains(&word));
    }
    let letter = machine.last_mail_to(&user.person.email).await;
    let case = address.rsplit('/').next().unwrap();
    assert!(
        letter.text.unwrap().contains(case),
        "the last letter names the case"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_changed_or_signed_by_another_is_none() {
    let machine = TestMachine::start().await;
    let (user, staff) = (somebody(&machine).await, machine.staff().await);
    let address = erase(&machine, &user, &staff).await;
    let body = machine.anonymous().get(&address).await.body;
    let file = CertificateFile::parse(&body).unwrap();
    let key = ledger_key(&machine).await;
    file.verify(&key).unwrap();
    let mut changed = file.clone();
    changed.certificate = changed.certificate.replace("\"after\":0", "\"after\":1");
    assert_eq!(changed.verify(&key), Err(Invalid::Changed));
    let other = TestMachine::start().await;
    assert_eq!(
        file.verify(&ledger_key(&other).await),
        Err(Invalid::Signature)
    );
    assert_eq!(file.verify(b"no key"), Err(Invalid::Key));
    machine
        .anonymous()
        .get("/certificates/cas_00000000000000000000000000000000")
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_not_true_any_more_is_found_out() {
    let machine = TestMachine::start().await;
    let (user, staff) = (somebody(&machine).await, machine.staff().await);
    let subject = user.api.get("/me").await.json(200)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let address = erase(&machine, &user, &staff).await;
    let file = CertificateFile::parse(&machine.anonymous().get(&address).await.body).unwrap();
    assetbox::proof::certificate(&machine, &file).await.unwrap();
    // Somebody brings an item of the person back.
    use aws_sdk_dynamodb::types::AttributeValue::S;
    let put = machine
        .dynamodb()
        .put_item()
        .table_name(machine.name_of("CatalogTable"));
    put.item("pk", S("X".to_owned()))
        .item("sk", S("X".to_owned()))
        .item("who", S(subject))
        .send()
        .await
        .unwrap();
    assetbox::proof::certificate(&machine, &file)
        .await
        .unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_holds_names_the_certificate_and_shows_a_change() {
    let machine = TestMachine::start().await;
    let (user, staff) = (somebody(&machine).await, machine.staff().await);
    let address = erase(&machine, &user, &staff).await;
    let certificate = proven(&machine, &address).await;
    machine.pass(SignedDuration::from_hours(1)).await;
    machine.pass(SignedDuration::from_hours(1)).await;
    let lines = assetbox::proof::ledger(&machine).await.unwrap();
    assert!(
        lines.len() == 2 && !lines[1].starts_with("0 signed roots"),
        "{lines:?}"
    );

    let entries = machine.items("LedgerTable").await;
    let entry = entries
        .iter()
        .find(|item| text(item, "pk").contains(&certificate.ledger_entry.to_string()))
        .unwrap();
    let hash = domain::certificate::sha256(&{
        let file = CertificateFile::parse(&machine.anonymous().get(&address).await.body).unwrap();
        file.certificate
    });
    assert!(format!("{entry:?}").contains(&hash));

    let mut forged = entry.clone();
    let fields = forged.get_mut("entry").unwrap();
    if let aws_sdk_dynamodb::types::AttributeValue::M(fields) = fields {
        fields.insert(
            "event".to_owned(),
            aws_sdk_dynamodb::types::AttributeValue::S("nothing".to_owned()),
        );
    }
    machine
        .dynamodb()
        .put_item()
        .table_name(machine.name_of("LedgerTable"))
        .set_item(Some(forged))
        .send()
        .await
        .unwrap();
    assetbox::proof::ledger(&machine).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_erased_is_a_stranger_and_may_come_back_as_one() {
    let machine = TestMachine::start().await;
    let (user, staff) = (somebody(&machine).await, machine.staff().await);
    erase(&machine, &user, &staff).await;
    user.api.get("/me").await.problem(401, "sign_in_required");
    let credentials = json!({"email": user.person.email, "password": user.person.password});
    machine
        .anonymous()
        .post("/sessions", &credentials)
        .await
        .problem(401, "wrong_credentials");
    let before = machine.mails_to(&user.person.email).await.len();
    machine
        .anonymous()
        .post("/password-resets", &json!({"email": user.person.email}))
        .await
        .is(202);
    machine.settled().await;
    assert_eq!(machine.mails_to(&user.person.email).await.len(), before);

    machine.pass(SignedDuration::from_mins(2)).await;
    machine.sign_up(&user.person, &[]).await.is(202);
    let opened = machine.verify(&user.person).await.json(200);
    assert_eq!(
        opened["trial_ends_at"],
        serde_json::Value::Null,
        "one trial per address and company"
    );
    assert_ne!(opened["workspace_id"], user.workspace);
    let again = machine.sign_in(&user.person).await;
    assert_eq!(again.api.get("/assets").await.json(200)["items"], json!([]));
}
