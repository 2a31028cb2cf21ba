//! Letters to the privacy mailbox, from the notification to what follows (clauses 3.3f, 4.10,
//! 5.2b, 5.3).

mod letters;
mod notes;

use std::ops::Deref;

use assetbox_tests::events::sqs;
use assetbox_tests::{Person, Stage, User};
use bytes::Bytes;
use domain::contact::EmailAddress;
use domain::ids::SubjectId;
use domain::processing::{Actor, Category, Operation, Purpose};
use platform::objects::Objects;
use serde_json::{Value, json};
use store::people::{
    Correspondence, Intake, PersonRecord, Suppression, intake_key, person_key, suppression_key,
};
use store::personal::{Access, Person as Opened};

const FUNCTION: &str = "MailIntakeFunction";

const WITHDRAW: &str = "Withdrawal of consent to the processing of personal data";
const UPDATE: &str = "Update of personal data";
const REFUSE: &str = "Refuse notifications about new products and services and special offers";

/// A machine with a mailbox.
struct Mailbox {
    stage: Stage,
    letters: Objects,
}

impl Deref for Mailbox {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

/// A letter on its way.
struct Letter<'a> {
    /// SES's id.
    id: &'a str,
    from: &'a str,
    subject: &'a str,
    body: &'a str,
    dmarc: &'a str,
    virus: &'a str,
}

impl<'a> Letter<'a> {
    fn new(id: &'a str, from: &'a str, body: &'a str) -> Self {
        Self {
            id,
            from,
            subject: "Hello",
            body,
            dmarc: "PASS",
            virus: "PASS",
        }
    }

    fn forged(self) -> Self {
        Self {
            dmarc: "FAIL",
            ..self
        }
    }

    fn object(&self) -> String {
        format!("incoming/{}", self.id)
    }

    fn bytes(&self) -> String {
        let (from, subject, body) = (self.from, self.subject, self.body);
        format!(
            "From: {from}\r\nSubject: {subject}\r\nMessage-ID: <{}@example.com>\r\n\
             References: <thread@example.com>\r\n\r\n{body}\r\n",
            self.id
        )
    }

    fn notification(&self) -> Value {
        let status = |status: &str| json!({"status": status});
        json!({
            "notificationType": "Received",
            "receipt": {
                "timestamp": "2026-11-22T10:00:00.000Z",
                "processingTimeMillis": 222,
                "recipients": ["privacy@assetbox.example"],
                "spamVerdict": status("PASS"),
                "virusVerdict": status(self.virus),
                "spfVerdict": status(self.dmarc),
                "dkimVerdict": status(self.dmarc),
                "dmarcVerdict": status(self.dmarc),
                "action": {
                    "type": "S3",
                    "topicArn": "arn:aws:sns:eu-central-1:000000000000:letters",
                    "bucketName": "letters",
                    "objectKeyPrefix": "incoming/",
                    "objectKey": self.object(),
                },
            },
            "mail": {
                "timestamp": "2026-11-22T10:00:00.000Z",
                "source": self.from,
                "messageId": self.id,
                "destination": ["privacy@assetbox.example"],
                "headersTruncated": false,
                "headers": [],
                "commonHeaders": {"subject": self.subject},
            },
        })
    }
}

impl Mailbox {
    async fn new() -> Self {
        let stage = Stage::start().await;
        let (config, environment) = (stage.sdk_config("test"), stage.environment(FUNCTION));
        let letters = Objects::new(&config, &environment, "BUCKET_MAIL").unwrap();
        Self { stage, letters }
    }

    async fn somebody(&self) -> User {
        self.stage
            .account(Person::new(), &["marketing-consent"])
            .await
    }

    /// Puts a letter where SES would.
    async fn arrive(&self, letter: &Letter<'_>) {
        let (object, bytes) = (letter.object(), Bytes::from(letter.bytes()));
        let put = self.letters.put(&object, "message/rfc822", bytes);
        put.await.unwrap();
    }

    /// Hands a letter's notification over; whether it is done.
    async fn notify(&self, letter: &Letter<'_>) -> bool {
        let body = letter.notification().to_string();
        let event = sqs(&self.stage, "LettersQueue", &[body]);
        let answer = self.hand(FUNCTION, event).await.unwrap();
        answer == json!({"batchItemFailures": []})
    }

    async fn receive(&self, letter: &Letter<'_>) {
        self.arrive(letter).await;
        assert!(self.notify(letter).await);
    }

    async fn intake(&self, id: &str) -> Option<Intake> {
        self.db().get(&intake_key(id)).await.unwrap()
    }

    /// What is in a person's file.
    async fn file_of(&self, subject: SubjectId) -> Vec<Correspondence> {
        self.db().correspondence_of(subject).await.unwrap()
    }

    async fn record(&self, subject: SubjectId) -> PersonRecord {
        let record = self.db().get(&person_key(subject)).await;
        record.unwrap().expect("a person")
    }

    async fn is_suppressed(&self, email: &str) -> bool {
        let address = EmailAddress::new(email).unwrap();
        let key = suppression_key(&self.lookup().email(&address));
        let found: Option<Suppression> = self.db().get(&key).await.unwrap();
        found.is_some()
    }

    async fn is_there(&self, object: &str) -> bool {
        !self.letters.versions(object).await.unwrap().is_empty()
    }
}

/// A person's data, open to whoever reads their letters.
async fn open(mailbox: &Mailbox, subject: SubjectId) -> Opened {
    let access = Access {
        purpose: Purpose::Feedback,
        operation: Operation::Extract,
        actor: Actor::Staff,
        categories: &[Category::Correspondence],
        clause: "3.3f",
    };
    let gate = mailbox.gate();
    gate.open(subject, access, mailbox.now()).await.unwrap()
}
