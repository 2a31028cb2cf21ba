//! On one machine a copy of the data folder is the backup, certificates and all: what was erased
//! since comes back with it, and goes again when the certificates are shown to it.

use std::path::Path;

use assetbox::MachineOptions;
use domain::certificate::CertificateFile;

use super::canaries::seen_in_files;
use super::{erase, somebody};
use crate::support::TestMachine;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

async fn machine_in(folder: &Path) -> TestMachine {
    TestMachine::start_with(MachineOptions {
        data: Some(folder.to_owned()),
        ..MachineOptions::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_of_the_folder_forgets_whom_the_certificates_are_about() {
    let folders = tempfile::tempdir().unwrap();
    let (live, backup) = (folders.path().join("live"), folders.path().join("backup"));
    let machine = machine_in(&live).await;
    let (staff, other) = (machine.staff().await, somebody(&machine).await);
    let user = somebody(&machine).await;
    machine.settled().await;
    machine.shutdown().await;
    copy(&live, &backup);

    let machine = machine_in(&live).await;
    let (staff, user) = (
        machine.sign_in(&staff.person).await,
        machine.sign_in(&user.person).await,
    );
    let address = erase(&machine, &user, &staff).await;
    let body = machine.anonymous().get(&address).await.is(200).body.clone();
    let file = CertificateFile::parse(&body).unwrap();
    machine.shutdown().await;

    let machine = machine_in(&backup).await;
    machine
        .sign_in(&user.person)
        .await
        .api
        .get("/me")
        .await
        .is(200);
    assetbox::proof::certificate(&machine, &file)
        .await
        .unwrap_err();
    let lines = assetbox::proof::erase_again(&machine, std::slice::from_ref(&file)).await;
    assert_eq!(lines.unwrap()[0], "1 certificates followed");
    assetbox::proof::certificate(&machine, &file).await.unwrap();
    machine.anonymous().get(&address).await.is(200);
    let other = machine.sign_in(&other.person).await;
    assert_eq!(
        other.api.get("/assets").await.json(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for mail in machine.mailbox().list().await.unwrap() {
        machine.mailbox().delete(&mail.id).await.unwrap();
    }
    machine.shutdown().await;
    assert_eq!(
        seen_in_files(&backup, &user.person.canaries()),
        Vec::<String>::new()
    );
}
