//! A function that runs, persons with accounts, and stream records.

use domain::consent::{ConsentPurpose, Tick};
use domain::consequence::{Consequence, Letter, Recipient};
use domain::contact::{CompanyName, EmailAddress, PersonName, PhoneNumber, Position, Profile};
use domain::ids::{SubjectId, WorkspaceId};
use domain::policy::{self, Locale};
use domain::time::SignedDuration;
use domain::token::LinkToken;
use local_services::Mail;
use outbox::App;
use serde_json::{Value, json};
use store::lookup::{LookupHash, LookupKey};
use store::outbox::{Message, Owner};
use store::people::{self, Confirmed, Origin, SignUp};
use store::personal::Gate;
use store::{Entity, Key, Tx};

use crate::cloud::{Cloud, REGION};

pub struct Stage {
    pub cloud: Cloud,
    pub app: App,
    pub gate: Gate,
    pub lookup: LookupKey,
}

/// A person with an account.
#[derive(Clone, Copy)]
pub struct Account {
    pub subject: SubjectId,
    pub workspace: WorkspaceId,
}

impl Stage {
    pub async fn new() -> Self {
        let cloud = Cloud::new().await;
        let app = App::new(&cloud.aws, &cloud.env, cloud.clock.clone())
            .await
            .unwrap();
        let key = cloud.env.required("PERSONAL_DATA_KEY").unwrap();
        Self {
            gate: Gate::new(&cloud.aws, cloud.db.clone(), key),
            lookup: LookupKey::new("a lookup key of a test with many characters"),
            app,
            cloud,
        }
    }

    pub async fn handle(&self, event: Value) -> Value {
        outbox::handle(&self.app, event).await.unwrap()
    }

    /// The stream's records about everything that waits now.
    pub async fn waiting(&self) -> Vec<Key> {
        self.cloud.keys("catalog", "OUT#").await
    }

    /// Lets the stream deliver everything that waits.
    pub async fn deliver(&self) {
        let answer = self.handle(event("catalog", &self.waiting().await)).await;
        assert_eq!(answer, json!({"batchItemFailures": []}));
    }

    pub async fn emit(&self, owner: Owner, consequence: Consequence) -> Key {
        let message = Message::new(owner, consequence, self.cloud.now());
        let mut tx = Tx::new();
        tx.emit(&message);
        self.cloud.db.commit(tx).await.unwrap();
        message.key()
    }

    pub async fn emit_letter(&self, subject: SubjectId, letter: Letter) -> Key {
        let to = Recipient::OnFile;
        self.emit(Owner::Subject(subject), Consequence::Mail { to, letter })
            .await
    }

    pub async fn sign_up(&self, email: &str, locale: Locale, consents: &[ConsentPurpose]) {
        // the same address may sign up once a minute
        self.cloud.clock.advance(SignedDuration::from_secs(61));
        let profile = profile(email);
        let consents: Vec<_> = consents
            .iter()
            .map(|c| (*c, self.tick(*c, locale)))
            .collect();
        let network: LookupHash = self.lookup.network("192.0.2.1");
        let given = SignUp {
            profile: &profile,
            password_hash: "$argon2id$not-of-this-test".into(),
            consents: &consents,
            locale,
            origin: &Origin::default(),
            network,
        };
        let now = self.cloud.now();
        let taken = people::sign_up(&self.cloud.db, &self.gate, &self.lookup, &given, now).await;
        assert!(taken.unwrap());
    }

    fn tick(&self, consent: ConsentPurpose, locale: Locale) -> Tick {
        let publication = policy::current(consent.document(), self.cloud.now()).unwrap();
        Tick {
            document: consent.document().into(),
            version: publication.version.clone(),
            sha256: publication.text(locale).unwrap().sha256.clone(),
            locale,
            ticked: true,
        }
    }

    /// Somebody who signed up, opened the link of the letter and got the welcome.
    pub async fn account(&self, email: &str, consents: &[ConsentPurpose]) -> Account {
        self.sign_up(email, Locale::En, consents).await;
        self.deliver().await;
        let mail = self.cloud.mails().await.pop().unwrap();
        let token = LinkToken::parse(secret(&mail, "signup")).unwrap();
        let now = self.cloud.now();
        let confirmed = people::confirm_sign_up(&self.cloud.db, &self.gate, &token, now).await;
        let Confirmed::Opened { workspace, .. } = confirmed.unwrap() else {
            panic!("the account is not open");
        };
        self.deliver().await;
        Account {
            subject: token.subject(),
            workspace,
        }
    }

    /// Mail that has come since there were `before`.
    pub async fn mails_since(&self, before: usize) -> Vec<Mail> {
        self.cloud.mails().await.split_off(before)
    }
}

pub fn profile(email: &str) -> Profile {
    Profile {
        name: PersonName::new("Anna Example").unwrap(),
        phone: PhoneNumber::new("+442071838750").unwrap(),
        email: EmailAddress::new(email).unwrap(),
        company: CompanyName::new(&format!("The company of {email}")).unwrap(),
        position: Position::new("Archivist").unwrap(),
    }
}

/// The secret in a letter's link of this kind.
pub fn secret<'a>(mail: &'a Mail, kind: &str) -> &'a str {
    let start = format!("https://assets.example/confirm#{kind}=");
    let link = mail.links.iter().find(|link| link.starts_with(&start));
    &link.expect("the letter has its link")[start.len()..]
}

/// An event of a table's stream about new items, as AWS sends it.
pub fn event(table: &str, keys: &[Key]) -> Value {
    let records: Vec<Value> = keys
        .iter()
        .enumerate()
        .map(|(number, key)| {
            let keys = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}});
            json!({
                "eventID": format!("{number:032x}"),
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": REGION,
                "dynamodb": {
                    "ApproximateCreationDateTime": 1_795_392_000.0,
                    "Keys": keys,
                    "NewImage": keys,
                    "SequenceNumber": sequence(number),
                    "SizeBytes": 120,
                    "StreamViewType": "NEW_IMAGE",
                },
                "eventSourceARN": format!(
                    "arn:aws:dynamodb:{REGION}:000000000000:table/{table}/stream/2026-11-22T00:00:00.000"
                ),
            })
        })
        .collect();
    json!({"Records": records})
}

/// The sequence number of the record at this place of an [`event`].
pub fn sequence(number: usize) -> String {
    format!("{:021}", number + 1)
}
