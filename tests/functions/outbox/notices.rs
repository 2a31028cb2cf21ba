//! Letters to processors, and what is passed on with every letter (5.2b, 5.6).

use domain::compliance::notice::{Matter, Recipient};
use domain::compliance::processor::{Processor, passed_to};
use domain::consequence::Letter;
use store::Tx;
use store::compliance::Notice;

use super::Mailroom;

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_is_written_to_once_and_one_without_an_address_by_the_staff() {
    let mailroom = Mailroom::new().await;
    let (db, now) = (mailroom.db(), mailroom.now());
    let notice = |to| {
        let references = vec!["chk_1".to_owned(), "cus_1".to_owned()];
        Notice::due(
            Recipient::Processor(to),
            Matter::Destruction,
            references,
            now,
        )
    };
    let (stripe, yookassa) = (notice(Processor::Stripe), notice(Processor::Yookassa));
    let mut tx = Tx::new();
    tx.notify(&stripe, now);
    tx.notify(&yookassa, now);
    db.commit(tx).await.unwrap();
    let waiting = mailroom.waiting().await;
    assert_eq!(waiting.len(), 1);
    mailroom.deliver().await;

    let address = Processor::Stripe.registered().privacy_address.unwrap();
    let mail = mailroom.last_mail_to(address).await;
    assert!(mail.summary.subject.contains(&stripe.id.to_string()));
    let text = mail.text.unwrap();
    for word in ["chk_1, cus_1", "privacy@assetbox.example"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    let written = db.notice(stripe.id).await.unwrap().unwrap();
    assert!(written.progress.written_at().is_some());
    let by_hand = db.notice(yookassa.id).await.unwrap().unwrap();
    assert_eq!(by_hand.progress.written_at(), None);
    let sent = mailroom.entries("notice.sent").await;
    assert_eq!(passed_to(&sent[0]), Some(Processor::AwsMail));

    // the same record again
    let again = mailroom.records("CatalogTable", &waiting);
    mailroom.handle(again).await;
    assert_eq!(mailroom.mails_to(address).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_s_entry_is_that_of_its_transfer() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    mailroom.emit_letter(&reader, Letter::PasswordChanged).await;
    mailroom.deliver().await;
    let sent = mailroom.entries("letter.sent").await;
    for entry in &sent {
        assert_eq!(passed_to(entry), Some(Processor::AwsMail), "{entry:?}");
        assert!(!entry.categories.is_empty() && entry.person.is_some());
    }
}
