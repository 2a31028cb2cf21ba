//! What a note makes happen, at each level of proof.

use assetbox_tests::stage::{jobs, letters};
use domain::consent::ConsentPurpose;
use domain::consequence::{Job, Letter as Mailed};
use domain::request::RequestKind;
use store::people::consent_history;

use super::{Letter, Mailbox, REFUSE, UPDATE, WITHDRAW};

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_news_counts_at_once_whoever_sent_it() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    let subject = mailbox.subject_of(&user.person.email).await;
    let letter = Letter::new("refusal1", &user.person.email, REFUSE).forged();
    mailbox.receive(&letter).await;
    let record = mailbox.record(subject).await;
    assert!(!record.has_consented(ConsentPurpose::Marketing));
    assert!(mailbox.is_suppressed(&user.person.email).await);
    // the receipt goes to the address on file, and no reply to a sender who is not proven
    let followed = mailbox.take().await;
    let [Mailed::ConsentReceipt { given: false, .. }] = letters(&followed)[..] else {
        panic!("a receipt: {followed:?}");
    };
    assert!(mailbox.mails_to(&user.person.email).await.is_empty());
    assert!(mailbox.file_of(subject).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_s_refusal_is_kept_as_a_hash() {
    let mailbox = Mailbox::new().await;
    let stranger = assetbox_tests::Person::new();
    let letter = Letter::new("refusal2", &stranger.email, REFUSE);
    mailbox.receive(&letter).await;
    assert!(mailbox.is_suppressed(&stranger.email).await);
    for item in mailbox.everything().await {
        assert!(!item.contains(&stranger.email), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_withdrawal_stops_at_once_and_is_carried_out_unless_it_is_cancelled() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    let subject = mailbox.subject_of(&user.person.email).await;
    let letter = Letter::new("withdrawal1", &user.person.email, WITHDRAW);
    mailbox.receive(&letter).await;
    assert!(mailbox.record(subject).await.consents.is_empty());
    assert!(mailbox.is_suppressed(&user.person.email).await);
    let history = consent_history(&mailbox.db(), subject).await.unwrap();
    let withdrawn = history
        .iter()
        .filter(|one| !one.given && one.form == "letter");
    assert_eq!(withdrawn.count(), 2);
    let [
        Job::TakeRequest {
            kind: RequestKind::Withdrawal,
            proven: true,
            ..
        },
    ] = jobs(&mailbox.messages().await)[..]
    else {
        panic!("one request is taken in");
    };
    for job in jobs(&mailbox.take().await) {
        assert!(mailbox.carry_out(&job).await);
    }
    let messages = mailbox.take().await;
    let [Mailed::WithdrawalByLetter { request, .. }] = letters(&messages)[..] else {
        panic!("one letter with a link: {messages:?}");
    };
    let filed = mailbox.db().request(subject, request, mailbox.now()).await;
    assert_eq!(
        filed.unwrap().expect("a request").progress.kind(),
        RequestKind::Withdrawal
    );
    // the staff see it too
    assert!(mailbox.file_of(subject).await[0].due_at().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_note_changes_nothing_and_mails_the_owner_a_challenge() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    let subject = mailbox.subject_of(&user.person.email).await;
    let before = mailbox.record(subject).await;
    for (id, note) in [("forged1", WITHDRAW), ("forged2", UPDATE)] {
        let letter = Letter::new(id, &user.person.email, note).forged();
        mailbox.receive(&letter).await;
    }
    assert_eq!(mailbox.record(subject).await, before);
    assert!(mailbox.file_of(subject).await.is_empty());
    assert!(mailbox.mails_to(&user.person.email).await.is_empty());
    for job in jobs(&mailbox.take().await) {
        assert!(mailbox.carry_out(&job).await);
    }
    let mailed = letters(&mailbox.take().await);
    assert_eq!(mailed.len(), 2);
    assert!(
        mailed
            .iter()
            .all(|letter| matches!(letter, Mailed::RequestLink { .. }))
    );
    assert_eq!(mailbox.record(subject).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_s_note_is_for_the_staff_and_is_answered_like_anybody_s() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    let stranger = assetbox_tests::Person::new();
    for (id, from) in [
        ("known1", &user.person.email),
        ("unknown1", &stranger.email),
    ] {
        mailbox.receive(&Letter::new(id, from, UPDATE)).await;
    }
    let texts = async |email: &str| {
        let mail = mailbox.last_mail_to(email).await;
        (mail.summary.subject, mail.text)
    };
    assert_eq!(
        texts(&user.person.email).await,
        texts(&stranger.email).await
    );
    let intake = mailbox.intake("unknown1").await.expect("an intake");
    assert!(intake.due_at().is_some());
    assert!(mailbox.is_there("incoming/unknown1").await);
    for job in jobs(&mailbox.take().await) {
        assert!(mailbox.carry_out(&job).await);
    }
    assert_eq!(letters(&mailbox.take().await).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_letters_of_one_sender_cause_no_more_links() {
    let mailbox = Mailbox::new().await;
    let user = mailbox.somebody().await;
    for id in ["many1", "many2", "many3", "many4", "many5"] {
        let letter = Letter::new(id, &user.person.email, WITHDRAW).forged();
        mailbox.receive(&letter).await;
    }
    assert_eq!(jobs(&mailbox.messages().await).len(), 3);
    let over = mailbox.intake("many5").await.expect("an intake");
    assert!(over.due_at().is_some());
}
