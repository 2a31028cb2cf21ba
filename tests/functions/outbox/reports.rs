//! What comes back of letters, and what is sent to an address afterwards.

use assetbox_tests::events::sqs;
use assetbox_tests::{Person, log, tick};
use domain::consequence::Letter;
use domain::time::days;
use local_services::{Feedback, Mail};
use serde_json::{Value, json};
use store::Table;
use store::people::person_key;

use super::letters::{news, withheld};
use super::{FUNCTION, Mailroom, Reader, nothing_failed};

/// Lets a letter be reported; gives the event that the template's topic and queue bring.
async fn report(mailroom: &Mailroom, mail: &Mail, feedback: Feedback) -> Value {
    let reported = mailroom.mailbox().report(&mail.summary.id, feedback).await;
    reported.unwrap();
    let mut events = mailroom.received(FUNCTION).await;
    events.retain(|event| event["Records"][0]["eventSource"] == "aws:sqs");
    events.pop().expect("an event of the queue")
}

/// Lets the reader's last letter be reported, and the report come three times.
async fn take(mailroom: &Mailroom, reader: &Reader, feedback: Feedback) -> Value {
    let mail = mailroom.last_mail_to(&reader.user.person.email).await;
    let event = report(mailroom, &mail, feedback).await;
    for _ in 0..3 {
        assert_eq!(mailroom.handle(event.clone()).await, nothing_failed());
    }
    event
}

/// The marks on addresses: `SUPPRESS` for a refusal, `UNDELIVERABLE`.
async fn marks(mailroom: &Mailroom) -> Vec<String> {
    let keys = mailroom.keys("PeopleTable", "SUPPRESS#").await;
    keys.into_iter().map(|key| key.sk).collect()
}

async fn ask_for_a_password(mailroom: &Mailroom, reader: &Reader) {
    let form = json!({"email": reader.user.person.email});
    let browser = mailroom.browser_of(&reader.user.person);
    browser.post("/password-resets", &form).await.is(202);
    mailroom.deliver().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_letter_bounced_nothing_is_sent_until_somebody_asks_a_week_later_and_proves_it() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    take(&mailroom, &reader, Feedback::Bounce).await;
    assert_eq!(marks(&mailroom).await, ["UNDELIVERABLE"]);
    let bounced = mailroom.entries("letter.bounced").await;
    let sent = mailroom.entries("letter.sent").await;
    assert_eq!(bounced.len(), 1);
    let letter = &bounced[0].facts["ses_message_id"];
    assert!(
        sent.iter()
            .any(|entry| entry.facts["ses_message_id"] == *letter)
    );

    let before = mailroom.mails().await.len();
    mailroom.emit_letter(&reader, Letter::PasswordChanged).await;
    mailroom.deliver().await;
    ask_for_a_password(&mailroom, &reader).await;
    assert_eq!(
        withheld(&mailroom).await,
        ["undeliverable", "undeliverable"]
    );
    assert_eq!(mailroom.mails_since(before).await.len(), 0);

    mailroom.advance(days(7));
    mailroom.emit_letter(&reader, Letter::PasswordChanged).await;
    mailroom.deliver().await;
    assert_eq!(mailroom.mails_since(before).await.len(), 0);
    ask_for_a_password(&mailroom, &reader).await;
    assert_eq!(mailroom.mails_since(before).await.len(), 1);

    let token = mailroom.link(&reader.user.person.email, "reset").await;
    let form = json!({"token": token, "password": Person::new().password});
    let browser = mailroom.browser_of(&reader.user.person);
    browser
        .post("/password-resets/confirm", &form)
        .await
        .is(204);
    assert_eq!(marks(&mailroom).await, [""; 0]);
    mailroom.deliver().await;
    assert_eq!(mailroom.mails_since(before).await.len(), 2);
    assert!(!log::mentions(&reader.user.person.email));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bounces_for_now_is_counted_and_nothing_else() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    take(&mailroom, &reader, Feedback::TransientBounce).await;
    assert_eq!(marks(&mailroom).await, [""; 0]);
    assert_eq!(mailroom.entries("letter.bounced").await.len(), 0);
    assert!(log::metrics("MailBounced").len() >= 3);
    mailroom.emit_letter(&reader, Letter::PasswordChanged).await;
    mailroom.deliver().await;
    assert_eq!(withheld(&mailroom).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_ends_marketing_once_and_keeps_no_other_letter() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&["marketing-consent"]).await;
    let event = take(&mailroom, &reader, Feedback::Complaint).await;
    assert_eq!(marks(&mailroom).await, ["SUPPRESS"]);
    for entry in ["letter.complained_about", "consent.withdrawn"] {
        assert_eq!(mailroom.entries(entry).await.len(), 1, "{entry}");
    }
    let consent = "/me/consents/marketing";
    let shown = reader.user.api.get(consent).await.json(200);
    assert_eq!(shown["given"], false);
    assert!(!log::metrics("MailComplained").is_empty());

    let before = mailroom.mails().await.len();
    mailroom.emit_letter(&reader, news()).await;
    mailroom.emit_letter(&reader, Letter::PasswordChanged).await;
    mailroom.deliver().await;
    assert_eq!(withheld(&mailroom).await, ["no_consent"]);
    // the receipt of the withdrawal, and the word about the password
    assert_eq!(mailroom.mails_since(before).await.len(), 2);

    // who agrees again is not overruled by the old complaint
    let mut yes = tick(&mailroom, "marketing-consent", true);
    yes.as_object_mut().unwrap().remove("ticked");
    yes["given"] = json!(true);
    reader.user.api.put(consent, &yes).await.is(200);
    assert_eq!(mailroom.handle(event).await, nothing_failed());
    assert_eq!(marks(&mailroom).await, [""; 0]);
    let shown = reader.user.api.get(consent).await.json(200);
    assert_eq!(shown["given"], true);
    assert!(!log::mentions(&reader.user.person.email));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_complains_about_a_sign_up_that_is_not_theirs_gets_no_further_letter() {
    let mailroom = Mailroom::new().await;
    let person = Person::new();
    mailroom.sign_up(&person, &["marketing-consent"]).await;
    mailroom.deliver().await;
    let mail = mailroom.last_mail_to(&person.email).await;
    let event = report(&mailroom, &mail, Feedback::Complaint).await;
    assert_eq!(mailroom.handle(event).await, nothing_failed());
    assert_eq!(mailroom.waiting().await, []);
    assert_eq!(marks(&mailroom).await, ["SUPPRESS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn about_somebody_who_is_gone_only_the_refusal_is_kept() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&["marketing-consent"]).await;
    let mail = mailroom.last_mail_to(&reader.user.person.email).await;
    let bounce = report(&mailroom, &mail, Feedback::Bounce).await;
    let complaint = report(&mailroom, &mail, Feedback::Complaint).await;
    let gone = [person_key(reader.subject)];
    let deleted = mailroom.db().delete_all(Table::People, &gone).await;
    deleted.unwrap();
    assert_eq!(mailroom.handle(bounce).await, nothing_failed());
    assert_eq!(marks(&mailroom).await, [""; 0]);
    assert_eq!(mailroom.handle(complaint).await, nothing_failed());
    assert_eq!(marks(&mailroom).await, ["SUPPRESS"]);
    assert_eq!(mailroom.entries("consent.withdrawn").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_report_comes_again_alone_and_is_not_quoted() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    let address = &reader.user.person.email;
    let mail = mailroom.last_mail_to(address).await;
    let bounce = report(&mailroom, &mail, Feedback::Bounce).await;
    let body = |body: &Value| body.as_str().unwrap().to_owned();
    let bodies = [
        "Successfully validated SNS topic for Amazon SES event publishing.".to_owned(),
        format!("{{\"eventType\": \"Bounce\", \"bounce\": \"{address}\"}}"),
        body(&bounce["Records"][0]["body"]),
        json!({"eventType": "Open", "open": {}}).to_string(),
    ];
    let event = sqs(&mailroom, "MailEventsQueue", &bodies);
    let poison = event["Records"][1]["messageId"].clone();
    assert_eq!(
        mailroom.handle(event).await,
        json!({"batchItemFailures": [{"itemIdentifier": poison}]})
    );
    assert_eq!(marks(&mailroom).await, ["UNDELIVERABLE"]);
    assert!(!log::mentions(address));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_ses_took_for_a_virus_is_an_alarm() {
    let mailroom = Mailroom::new().await;
    let rejected = json!({
        "eventType": "Reject",
        "mail": {"messageId": "0100017", "destination": ["ann@example.com"]},
        "reject": {"reason": "Bad content"},
    });
    let event = sqs(&mailroom, "MailEventsQueue", &[rejected.to_string()]);
    assert_eq!(mailroom.handle(event).await, nothing_failed());
    assert!(log::mentions(
        "\"alarm\":\"mail_rejected\",\"letter\":\"0100017\""
    ));
}
