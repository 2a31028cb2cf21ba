use std::fs;

use aws_sdk_ses::Client;
use aws_sdk_ses::error::ProvideErrorMetadata;
use aws_sdk_ses::operation::send_raw_email::builders::SendRawEmailFluentBuilder;
use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::{Body, Content, Destination, Message, MessageTag, RawMessage};
use local_services::{Error, Feedback, MailEvent};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::Running;

const MAIL: &str = "From: =?utf-8?q?J=C3=BCrgen?= <sender@example.org>\r\n\
    To: shown@example.org\r\n\
    Subject: =?utf-8?b?0J/RgNC40LLQtdGC?=\r\n\
    MIME-Version: 1.0\r\n\
    List-Unsubscribe:\r\n <https://assetbox.example/u/1>\r\n\
    Content-Type: multipart/alternative; boundary=\"b\"\r\n\
    \r\n\
    --b\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\
    \r\n\
    Gr=C3=BC=C3=9Fe: http://127.0.0.1:3000/verify?token=3Dabc=\r\ndef.\r\n\
    --b\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    PHA+SGk8L3A+\r\n\
    --b--\r\n";

fn raw(client: &Client, mail: impl Into<Vec<u8>>) -> SendRawEmailFluentBuilder {
    let message = RawMessage::builder().data(Blob::new(mail));
    client
        .send_raw_email()
        .raw_message(message.build().unwrap())
}

async fn start() -> (Running, Client) {
    let running = Running::new().await;
    let client = Client::new(&running.config().await);
    (running, client)
}

#[tokio::test]
async fn a_raw_message_is_filed_and_read_back_decoded() {
    let (running, client) = start().await;
    let mailbox = running.services.mailbox();
    let mut arrivals = mailbox.arrivals();

    let tag = MessageTag::builder().name("kind").value("verification");
    let sent = raw(&client, MAIL)
        .source("Assetbox <bounce@example.org>")
        .destinations("hidden@example.org")
        .destinations("Second <second@example.org>")
        .configuration_set_name("transactional")
        .tags(tag.build().unwrap())
        .send()
        .await
        .unwrap();

    arrivals.changed().await.unwrap();
    let list = mailbox.list().await.unwrap();
    let [summary] = list.as_slice() else {
        panic!("{list:?}");
    };
    assert_eq!(summary.id, sent.message_id);
    assert_eq!(summary.to, ["hidden@example.org", "second@example.org"]);
    assert_eq!(summary.from, "Jürgen <sender@example.org>");
    assert_eq!(summary.subject, "Привет");

    let mail = mailbox.read(&summary.id).await.unwrap();
    assert_eq!(mail.summary, *summary);
    assert_eq!(mail.header("return-path"), Some("<bounce@example.org>"));
    assert_eq!(
        mail.header("X-SES-CONFIGURATION-SET"),
        Some("transactional")
    );
    assert_eq!(mail.header("X-SES-MESSAGE-TAGS"), Some("kind=verification"));
    assert_eq!(
        mail.header("List-Unsubscribe"),
        Some("<https://assetbox.example/u/1>")
    );
    let text = mail.text.unwrap();
    assert!(text.starts_with("Grüße: http://"), "{text}");
    assert_eq!(mail.links, ["http://127.0.0.1:3000/verify?token=abcdef"]);
    assert_eq!(mail.html.as_deref(), Some("<p>Hi</p>"));
    assert!(mail.raw.ends_with(MAIL.as_bytes()));
}

#[tokio::test]
async fn without_destinations_the_header_names_them() {
    let (running, client) = start().await;
    let mail = "From: a@example.org\nTo: B <b@example.org>,\n c@example.org\nCc: d@example.org\n\
                Bcc: e@example.org\n\nhi";
    raw(&client, mail).send().await.unwrap();
    let list = running.services.mailbox().list().await.unwrap();
    assert_eq!(
        list[0].to,
        [
            "b@example.org",
            "c@example.org",
            "d@example.org",
            "e@example.org"
        ]
    );
    let mail = running.services.mailbox().read(&list[0].id).await.unwrap();
    assert_eq!(mail.header("Return-Path"), Some("<a@example.org>"));
    assert_eq!((mail.text.as_deref(), mail.html), (Some("hi"), None));
}

#[tokio::test]
async fn a_formatted_message_becomes_text_and_html() {
    let (running, client) = start().await;
    let content = |text: &str| {
        Content::builder()
            .data(text)
            .charset("UTF-8")
            .build()
            .unwrap()
    };
    let body = Body::builder()
        .text(content("Open https://assetbox.example/a"))
        .html(content("<p>Öffnen</p>"));
    let message = Message::builder()
        .subject(content("Grüße"))
        .body(body.build());
    let destination = Destination::builder()
        .to_addresses("Zoë <zoe@example.org>")
        .bcc_addresses("b@example.org");
    let call = client.send_email().source("a@example.org");
    let call = call
        .destination(destination.build())
        .message(message.build());
    let sent = call.send().await.unwrap();

    let mail = running
        .services
        .mailbox()
        .read(&sent.message_id)
        .await
        .unwrap();
    assert_eq!(mail.summary.subject, "Grüße");
    assert_eq!(mail.summary.to, ["zoe@example.org", "b@example.org"]);
    assert_eq!(mail.header("Bcc"), None);
    assert_eq!(mail.links, ["https://assetbox.example/a"]);
    assert_eq!(mail.html.unwrap().trim_end(), "<p>Öffnen</p>");
}

#[tokio::test]
async fn mail_survives_a_kill_in_its_order_until_it_is_deleted() {
    let (running, client) = start().await;
    for number in 0..3 {
        let mail = format!("From: a@example.org\r\nSubject: {number}\r\n\r\n");
        let call = raw(&client, mail).destinations("b@example.org");
        call.send().await.unwrap();
    }
    let folder = running.folder.path().join("aws/mailbox");
    fs::write(folder.join("0.eml.tmp"), "cut short").unwrap();
    fs::write(folder.join("notes.eml"), "not ours").unwrap();

    let running = running.as_after_a_kill().await;
    let mailbox = running.services.mailbox();
    let list = mailbox.list().await.unwrap();
    let subjects: Vec<&str> = list.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, ["0", "1", "2"]);
    assert!(list.is_sorted_by_key(|mail| mail.at));
    assert!(!running.any_file_has(b"cut short"));

    mailbox.delete(&list[1].id).await.unwrap();
    assert_eq!(mailbox.list().await.unwrap().len(), 2);
    for id in [list[1].id.as_str(), "../keys", "", "notes"] {
        let error = mailbox.read(id).await.unwrap_err();
        assert!(matches!(error, Error::NoSuchMail(_)), "{error}");
        assert!(mailbox.delete(id).await.is_err());
    }
}

#[tokio::test]
async fn what_ses_refuses_is_refused_with_its_code_and_not_filed() {
    let (running, client) = start().await;
    let many = (0..51)
        .map(|number| format!("r{number}@example.org"))
        .collect();
    let mut big = MAIL.as_bytes().to_vec();
    big.resize(40 * 1024 * 1024 + 1, b'x');
    let to = |mail: &str, to: &str| raw(&client, mail).destinations(to);
    for (call, words) in [
        (
            raw(&client, MAIL).set_destinations(Some(many)),
            "Recipient count exceeds 50.",
        ),
        (
            raw(&client, big).destinations("b@example.org"),
            "Message length is more than",
        ),
        (to(MAIL, "nobody"), "Missing final '@domain'"),
        (
            to(MAIL, "b@example.org\r\nX-Evil: 1"),
            "Missing final '@domain'",
        ),
        (
            to("no header", "b@example.org"),
            "Missing required header 'From'.",
        ),
        (
            raw(&client, "From: a@example.org\r\n\r\n"),
            "There is no destination.",
        ),
        (
            to(MAIL, "b@example.org").source_arn("arn:x"),
            "not served here",
        ),
    ] {
        let error = call.send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameterValue"), "{words}");
        assert!(error.message().unwrap().contains(words), "{error:?}");
    }
    let error = client.list_identities().send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidAction"));
    assert!(running.services.mailbox().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_largest_message_is_taken() {
    let (running, client) = start().await;
    let mut big = MAIL.as_bytes().to_vec();
    big.resize(40 * 1024 * 1024, b'x');
    let call = raw(&client, big).destinations("b@example.org");
    call.send().await.unwrap();
    assert_eq!(running.services.mailbox().list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn throttled_sending_is_tried_again_by_the_sdk() {
    let (running, client) = start().await;
    let mailbox = running.services.mailbox();
    mailbox.fail_next(1, "Throttling");
    let error = raw(&client, MAIL).send().await.unwrap_err();
    assert_eq!(error.code(), Some("Throttling"));
    assert!(mailbox.list().await.unwrap().is_empty());

    mailbox.fail_next(2, "Throttling");
    let patient = Client::new(&running.config_trying(3).await);
    raw(&patient, MAIL).send().await.unwrap();
    assert_eq!(mailbox.list().await.unwrap().len(), 1);
}

/// What is published from now on.
fn published(running: &Running) -> UnboundedReceiver<MailEvent> {
    let (sender, receiver) = unbounded_channel();
    running.services.mailbox().subscribe(move |event| {
        sender.send(event).unwrap();
        async {}
    });
    receiver
}

#[tokio::test]
async fn the_mailbox_simulator_and_a_reader_report_what_they_are_asked_to() {
    let (running, client) = start().await;
    let mut events = published(&running);
    let tag = MessageTag::builder().name("person").value("usr_1");
    let sent = raw(&client, MAIL)
        .destinations("Bounce+one@simulator.amazonses.com")
        .destinations("ann@example.org")
        .configuration_set_name("transactional")
        .tags(tag.build().unwrap())
        .send()
        .await
        .unwrap();
    let event = events.recv().await.unwrap();
    assert_eq!(
        (event.configuration_set.as_str(), event.event_type),
        ("transactional", "Bounce")
    );
    let body: Value = serde_json::from_str(&event.body).unwrap();
    assert_eq!(body["eventType"], "Bounce");
    assert_eq!(body["bounce"]["bounceType"], "Permanent");
    let bounced = body["bounce"]["bouncedRecipients"].as_array().unwrap();
    assert_eq!(bounced.len(), 1, "{body}");
    assert_eq!(body["mail"]["messageId"], sent.message_id.as_str());
    assert_eq!(body["mail"]["tags"]["person"], json!(["usr_1"]));
    assert!(!body.to_string().contains("Delivered-To"), "{body}");

    let mailbox = running.services.mailbox();
    let complaint = mailbox.report(&sent.message_id, Feedback::Complaint).await;
    complaint.unwrap();
    let event = events.recv().await.unwrap();
    let body: Value = serde_json::from_str(&event.body).unwrap();
    assert_eq!(body["eventType"], "Complaint");
    let complained = body["complaint"]["complainedRecipients"].as_array();
    assert_eq!(complained.unwrap().len(), 2, "{body}");
    let nothing = mailbox.report("nothing", Feedback::Bounce).await;
    assert!(matches!(nothing, Err(Error::NoSuchMail(_))));
}

#[tokio::test]
async fn nothing_comes_back_without_a_configuration_set_nor_from_elsewhere() {
    let (running, client) = start().await;
    let mut events = published(&running);
    let simulated = "bounce@simulator.amazonses.com";
    raw(&client, MAIL)
        .destinations(simulated)
        .send()
        .await
        .unwrap();
    for address in ["success@simulator.amazonses.com", "bounce@example.org"] {
        let call = raw(&client, MAIL).destinations(address);
        call.configuration_set_name("transactional")
            .send()
            .await
            .unwrap();
    }
    assert!(events.try_recv().is_err());
}
