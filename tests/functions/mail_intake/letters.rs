//! How letters are kept, answered, and told apart from letters that came before.

use assetbox::cloud::{Failure, Fault, Moment};
use assetbox_tests::stage::jobs;
use assetbox_tests::{canary, contains};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use store::people::{consent_history, letters_prefix};

use super::{FUNCTION, Letter, Mailbox, WITHDRAW, open};

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_in_its_writer_s_file_and_readable_nowhere_else() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    let subject = mailbox.subject_of(&user.person.email).await;
    let word = canary("Letter");
    let letter = Letter::new("kept1", &user.person.email, &word);
    mailbox.receive(&letter).await;

    let file = mailbox.file_of(subject).await;
    let [kept_letter] = file.as_slice() else {
        panic!("one letter: {file:?}");
    };
    let person = open(&mailbox, subject).await;
    assert!(kept_letter.open(&person).unwrap().text.contains(&word));
    let object = mailbox.letters.get(&kept_letter.object).await.unwrap();
    assert!(!contains(&object, word.as_bytes()));
    assert!(!contains(
        &object,
        STANDARD.encode(letter.bytes()).as_bytes()
    ));
    let raw = kept_letter.open_raw(&person, object.to_vec()).unwrap();
    assert_eq!(STANDARD.decode(raw).unwrap(), letter.bytes().as_bytes());

    assert!(!mailbox.is_there(&letter.object()).await);
    for item in mailbox.everything().await {
        assert!(!item.contains(&word), "{item}");
    }
    // what tells a repeated event knows nobody
    let intake = format!("{:?}", mailbox.intake("kept1").await.unwrap());
    assert!(!intake.contains(&subject.to_string()), "{intake}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_notification_changes_nothing() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    let letter = Letter::new("twice1", &user.person.email, WITHDRAW);
    mailbox.receive(&letter).await;
    let after_one = mailbox.everything().await;
    let mails = mailbox.mails_to(&user.person.email).await.len();
    assert!(mailbox.notify(&letter).await);
    assert_eq!(mailbox.everything().await, after_one);
    // even when SES had stored it again
    mailbox.arrive(&letter).await;
    assert!(mailbox.notify(&letter).await);
    assert_eq!(mailbox.mails_to(&user.person.email).await.len(), mails);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thread_has_one_reply_a_day_and_it_says_what_it_is() {
    let mailbox = Mailbox::new().await;
    let stranger = assetbox_tests::Person::new();
    for id in ["thread1", "thread2", "thread3"] {
        let letter = Letter::new(id, &stranger.email, "A question about my files.");
        mailbox.receive(&letter).await;
    }
    let mails = mailbox.mails_to(&stranger.email).await;
    let [reply] = mails.as_slice() else {
        panic!("one reply: {}", mails.len());
    };
    assert_eq!(reply.header("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(reply.header("In-Reply-To"), Some("<thread1@example.com>"));
    assert_eq!(reply.header("References"), Some("<thread1@example.com>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_the_letter_is_taken_in_once() {
    for (operation, moment) in [
        ("HeadObject", Moment::Before),
        ("GetObject", Moment::Before),
        ("PutObject", Moment::Before),
        ("PutObject", Moment::After),
        ("TransactWriteItems", Moment::Before),
        ("TransactWriteItems", Moment::After),
        ("SendRawEmail", Moment::Before),
        ("DeleteObjects", Moment::Before),
        ("UpdateItem", Moment::Before),
    ] {
        let mailbox = Mailbox::new().await;
        let user = mailbox.somebody().await;
        let subject = mailbox.subject_of(&user.person.email).await;
        let letter = Letter::new("again1", &user.person.email, WITHDRAW);
        mailbox.arrive(&letter).await;
        mailbox.faults().add(Fault {
            caller: Some(FUNCTION.to_owned()),
            operation: Some(operation.to_owned()),
            skip: 0,
            times: 1,
            failure: Failure::ServerError,
            moment,
        });
        let first = mailbox.notify(&letter).await;
        assert!(!first, "{operation} {moment:?}");
        assert!(mailbox.notify(&letter).await, "{operation} {moment:?}");
        assert_eq!(mailbox.file_of(subject).await.len(), 1);
        assert_eq!(jobs(&mailbox.messages().await).len(), 1);
        let history = consent_history(&mailbox.db(), subject).await.unwrap();
        assert_eq!(history.iter().filter(|one| !one.given).count(), 2);
        assert_eq!(mailbox.mails_to(&user.person.email).await.len(), 1);
        assert!(!mailbox.is_there(&letter.object()).await);
        assert_eq!(mailbox.entries("mail.received").await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_infected_letter_is_put_apart_unread() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    let letter = Letter {
        virus: "FAIL",
        ..Letter::new("virus1", &user.person.email, WITHDRAW)
    };
    mailbox.receive(&letter).await;
    assert!(mailbox.is_there("quarantine/virus1").await);
    assert!(!mailbox.is_there(&letter.object()).await);
    assert!(mailbox.messages().await.is_empty());
    assert!(mailbox.mails_to(&user.person.email).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_s_letter_is_not_kept_and_not_answered() {
    let mailbox = Mailbox::new().await;
    let letter = Letter::new(
        "machine1",
        "no-reply@shop.example",
        "Your order is on its way.",
    );
    mailbox.receive(&letter).await;
    assert!(!mailbox.is_there(&letter.object()).await);
    let intake = mailbox.intake("machine1").await.expect("an intake");
    assert_eq!((intake.outcome.as_str(), intake.due_at()), ("daemon", None));
    assert!(mailbox.mails_to("no-reply@shop.example").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_being_erased_gets_no_new_file() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    let subject = mailbox.subject_of(&user.person.email).await;
    let mut record = mailbox.record(subject).await;
    record.erasing_since = Some(mailbox.now());
    mailbox.db().put(&record).await.unwrap();
    let letter = Letter::new("late1", &user.person.email, "One more thing.");
    mailbox.receive(&letter).await;
    assert!(mailbox.file_of(subject).await.is_empty());
    assert!(!mailbox.is_there(&letters_prefix(subject)).await);
    let intake = mailbox.intake("late1").await.expect("an intake");
    assert!(intake.due_at().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_notification_comes_again() {
    let mailbox = Mailbox::new().await;
    let event = assetbox_tests::events::sqs(&mailbox, "LettersQueue", &["{}".to_owned()]);
    let answer = mailbox.hand(FUNCTION, event).await.unwrap();
    assert_eq!(
        answer["batchItemFailures"].as_array().map(Vec::len),
        Some(1)
    );
}
