//! Consequences on their way, and the ledger: records in the test's hands.

mod delivery;
mod ledger;
mod letters;
mod notices;
mod reports;

use std::ops::Deref;

use assetbox_tests::{Person, Stage, User, tick};
use domain::consequence::{Consequence, Letter, Recipient};
use domain::ids::SubjectId;
use local_services::Mail;
use serde_json::{Value, json};
use store::outbox::{Message, Owner};
use store::{Entity, Key, Tx};

const FUNCTION: &str = "OutboxFunction";

/// A machine whose outbox delivers when the test says so.
struct Mailroom(Stage);

impl Deref for Mailroom {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

/// Somebody with an account whose welcome has been sent.
struct Reader {
    user: User,
    subject: SubjectId,
}

impl Mailroom {
    async fn new() -> Self {
        Self(Stage::start().await)
    }

    async fn handle(&self, event: Value) -> Value {
        self.hand(FUNCTION, event).await.unwrap()
    }

    /// Lets the stream deliver everything that waits.
    async fn deliver(&self) {
        let event = self.records("CatalogTable", &self.waiting().await);
        assert_eq!(self.handle(event).await, nothing_failed());
    }

    async fn sweep(&self) -> Value {
        self.handle(json!({"task": "sweep"})).await
    }

    async fn emit(&self, owner: Owner, consequence: Consequence) -> Key {
        let message = Message::new(owner, consequence, self.now());
        let mut tx = Tx::new();
        tx.emit(&message);
        self.db().commit(tx).await.unwrap();
        message.key()
    }

    async fn emit_letter(&self, reader: &Reader, letter: Letter) -> Key {
        let to = Recipient::OnFile;
        let owner = Owner::Subject(reader.subject);
        self.emit(owner, Consequence::Mail { to, letter }).await
    }

    /// Sends the form of a person. The letter waits.
    async fn sign_up(&self, person: &Person, also: &[&str]) {
        // the same address may sign up once a minute
        self.advance(domain::time::SignedDuration::from_secs(61));
        let mut boxes = vec![tick(self, "processing-consent", true)];
        boxes.extend(also.iter().map(|document| tick(self, document, true)));
        let browser = self.browser_of(person);
        browser.post("/signup", &person.form(&boxes)).await.is(202);
    }

    /// Somebody who signed up, opened the link of the letter and got the welcome.
    async fn reader(&self, also: &[&str]) -> Reader {
        let person = Person::new();
        self.sign_up(&person, also).await;
        self.deliver().await;
        self.verify(&person).await.is(200);
        self.deliver().await;
        let user = self.sign_in(&person).await;
        let subject = self.subject_of(&person.email).await;
        Reader { user, subject }
    }

    /// The letters that have come since there were `before`.
    async fn mails_since(&self, before: usize) -> Vec<Mail> {
        self.mails().await.split_off(before)
    }

    /// An event of a table's stream about new items, as AWS sends it.
    fn records(&self, table: &str, keys: &[Key]) -> Value {
        let region = assetbox::cloud::REGION;
        let arn = format!(
            "arn:aws:dynamodb:{region}:000000000000:table/{}/stream/2026-11-22T00:00:00.000",
            self.name_of(table)
        );
        let records = keys.iter().enumerate().map(|(number, key)| {
            let keys = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}});
            json!({
                "eventID": format!("{number:032x}"),
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": region,
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_795_392_000.0,
                    "Keys": keys,
                    "NewImage": keys,
                    "SequenceNumber": sequence(number),
                    "SizeBytes": 120,
                    "StreamViewType": "NEW_IMAGE",
                },
                "eventSourceARN": arn,
            })
        });
        json!({"Records": records.collect::<Vec<_>>()})
    }
}

/// The sequence number of the record at this place of an event.
fn sequence(number: usize) -> String {
    format!("{:021}", number + 1)
}

fn nothing_failed() -> Value {
    json!({"batchItemFailures": []})
}

fn subjects(mails: &[Mail]) -> Vec<&str> {
    let subjects = mails.iter().map(|mail| mail.summary.subject.as_str());
    subjects.collect()
}
