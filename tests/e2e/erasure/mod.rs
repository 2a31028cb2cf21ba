//! Erasure (clauses 5.2b, 6.3d): complete, resumable, certified, and provable afterwards.

mod canaries;
mod certificate;
mod interrupted;
mod left_behind;
mod one_machine;
mod restored;
mod shared_workspace;

use domain::certificate::{Certificate, CertificateFile};
use serde_json::{Value, json};

use crate::requests::{ask, decide};
use crate::support::{TestMachine, User};

/// Has somebody erased, as they and the staff do it; gives the certificate's address.
pub async fn erase(machine: &TestMachine, user: &User, staff: &User) -> String {
    let request = ask(machine, user, "erasure").await;
    let case = decide(machine, staff, &request, "approve", Value::Null).await;
    case["certificate"]
        .as_str()
        .expect("a certificate's address")
        .to_owned()
}

/// The certificate at an address, after everything that it claims was checked.
pub async fn proven(machine: &TestMachine, address: &str) -> Certificate {
    let file = machine.anonymous().get(address).await;
    let file = CertificateFile::parse(&file.is(200).body).unwrap();
    assetbox::proof::certificate(machine, &file)
        .await
        .expect("it is true");
    file.verify(&ledger_key(machine).await).unwrap()
}

/// The ledger's public key, as anybody gets it.
pub async fn ledger_key(machine: &TestMachine) -> Vec<u8> {
    use base64::Engine;
    let key = machine.anonymous().get("/ledger/key").await.json(200);
    assert_eq!(key["algorithm"], "Ed25519");
    base64::engine::general_purpose::STANDARD
        .decode(key["public_key"].as_str().unwrap())
        .unwrap()
}

/// Somebody with a file, a label and a consent of each kind.
pub async fn somebody(machine: &TestMachine) -> User {
    let also = ["marketing-consent", "transfer-consent"];
    let user = machine
        .user_like(crate::support::Person::new(), &also)
        .await;
    let asset = machine
        .upload(&user.api, "note.txt", "text/plain", b"some words")
        .await;
    let etag = user.api.get(format!("/assets/{asset}")).await.etag();
    let labels = json!({"own_labels": ["One", "Two"]});
    user.api
        .change("PATCH", format!("/assets/{asset}"), &etag, Some(&labels))
        .await
        .is(200);
    user
}
