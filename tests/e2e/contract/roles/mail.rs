//! Mail in the story: what comes back of it, and letters to the privacy address.

use assetbox::cloud::{Failure, Fault, Moment};
use local_services::Feedback;
use store::people::{PersonRecord, person_key};

use crate::pipeline::inbox::{Letter, REFUSE};
use crate::support::{Person, TestMachine};

/// Somebody who wanted advertising reports a letter as spam.
pub async fn complaint(machine: &TestMachine) {
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let letter = machine.last_mail_to(&user.person.email).await;
    let report = machine
        .mailbox()
        .report(&letter.summary.id, Feedback::Complaint);
    report.await.unwrap();
    machine.settled().await;
    let consent = user.api.get("/me/consents/marketing").await.json(200);
    assert_eq!(consent["given"], false);
}

/// Letters to the privacy address: a note, an infected one, one of a machine that is taken in
/// again after it was destroyed, and one whose writer begins to be erased at that moment.
pub async fn letters(machine: &TestMachine) {
    let writer = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let from = &writer.person.email;
    Letter::new(from, REFUSE).send(machine).await;
    Letter::new(from, "Hello").infected().send(machine).await;
    // the note that nothing is left to do fails as often as the SDK tries
    machine.faults().add(Fault {
        caller: Some("MailIntakeFunction".to_owned()),
        operation: Some("UpdateItem".to_owned()),
        skip: 0,
        times: 3,
        failure: Failure::ServerError,
        moment: Moment::Before,
    });
    let shop = "no-reply@shop.example";
    Letter::new(shop, "Your order").send(machine).await;
    assert_eq!(machine.faults().pending(), 0);

    let key = person_key(machine.subject_of(from).await);
    let record: PersonRecord = machine.db().get(&key).await.unwrap().expect("a person");
    let erasing = PersonRecord {
        erasing_since: Some(machine.now()),
        ..record.clone()
    };
    let (db, runtime) = (machine.db(), tokio::runtime::Handle::current());
    machine.objects().subscribe(move |event| {
        if event.event_name.starts_with("ObjectCreated") && event.key.starts_with("letters/") {
            runtime.block_on(db.put(&erasing)).unwrap();
        }
    });
    Letter::new(from, "One more thing").send(machine).await;
    machine.db().put(&record).await.unwrap();
    let keys = machine.keys_of("MailBucket").into_iter();
    let filed = keys.filter(|key| key.starts_with("letters/"));
    assert_eq!(filed.count(), 1, "the first letter's");
}
