//! Letters to the privacy address, through the template's receipt rule, bucket, topic and queue:
//! from the local page and from the drop folder.

use form_urlencoded::Serializer;
use serde_json::json;

use crate::support::{Call, Person, TestMachine, log};

pub const REFUSE: &str = "Refuse notifications about new products and services and special offers";
const WITHDRAW: &str = "Withdrawal of consent to the processing of personal data";
const UPDATE: &str = "Update of personal data";

/// A letter as the page's form has it, with the outcome of SES's checks.
pub struct Letter<'a> {
    from: &'a str,
    subject: &'a str,
    dmarc: &'a str,
    virus: &'a str,
}

impl<'a> Letter<'a> {
    /// One that has passed every check.
    pub fn new(from: &'a str, subject: &'a str) -> Self {
        Self {
            from,
            subject,
            dmarc: "PASS",
            virus: "PASS",
        }
    }

    pub fn forged(self) -> Self {
        Self {
            dmarc: "FAIL",
            ..self
        }
    }

    pub fn infected(self) -> Self {
        Self {
            virus: "FAIL",
            ..self
        }
    }

    /// Sends it, and waits for what it causes.
    pub async fn send(self, machine: &TestMachine) {
        let form = Serializer::new(String::new())
            .extend_pairs([
                ("from", self.from),
                ("subject", self.subject),
                ("text", "Good day."),
                ("whole", ""),
                ("dmarc", self.dmarc),
                ("spam", "PASS"),
                ("virus", self.virus),
            ])
            .finish();
        let call = Call::new("POST", "/_local/letters").form(&form);
        machine.anonymous().send(call).await.is(303);
        machine.settled().await;
    }
}

/// How often each kind of object lies in the letters' bucket.
fn kept(machine: &TestMachine) -> [usize; 3] {
    let keys = machine.keys_of("MailBucket");
    ["incoming/", "letters/", "quarantine/"]
        .map(|prefix| keys.iter().filter(|key| key.starts_with(prefix)).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_stops_advertising_brings_the_link_and_gets_one_reply() {
    let machine = TestMachine::start().await;
    let page = machine.anonymous().get("/_local/letters").await;
    assert!(page.is(200).text().contains("privacy@assetbox.example"));
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let address = &user.person.email;
    Letter::new(address, WITHDRAW).send(&machine).await;

    let consent = user.api.get("/me/consents/marketing").await.json(200);
    assert_eq!(consent["given"], false);
    let link = machine.link(address, "cancel").await;
    let (request, token) = link.split_once('.').expect("request and token");
    let cancel = format!("/data-subject-requests/{request}/cancel");
    let cancelled = machine
        .anonymous()
        .post(cancel, &json!({"token": token}))
        .await
        .json(200);
    assert_eq!(cancelled["kind"], "withdrawal");
    assert_eq!(cancelled["state"], "cancelled");
    let mails = machine.mails_to(address).await;
    let replies = mails
        .iter()
        .filter(|mail| mail.header("Auto-Submitted") == Some("auto-replied"))
        .filter(|mail| mail.header("In-Reply-To").is_some());
    assert_eq!(replies.count(), 1);
    assert_eq!(kept(&machine), [0, 1, 0]);
    assert!(!log::mentions(address));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_letter_changes_nothing_and_asks_the_owner() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let address = &user.person.email;
    let before = user.api.get("/me").await.json(200);
    Letter::new(address, UPDATE).forged().send(&machine).await;

    let mail = machine.last_mail_to(address).await;
    assert_eq!(mail.header("In-Reply-To"), None);
    machine.link(address, "request").await;
    assert_eq!(user.api.get("/me").await.json(200), before);
    assert_eq!(kept(&machine), [1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_drop_folder_arrives_with_the_checks_that_its_name_tells() {
    let machine = TestMachine::start().await;
    let stranger = Person::new();
    let letter = format!(
        "From: {}\r\nSubject: A question\r\nMessage-ID: <1@example.com>\r\n\r\nWhat do you know of me?\r\n",
        stranger.email
    );
    let folder = machine.data_dir().join("letters");
    for name in ["a.eml", "b.infected.eml", "c.forged.eml"] {
        std::fs::write(folder.join(name), &letter).unwrap();
        machine.settled().await;
        assert!(folder.join("taken").join(name).is_file(), "{name}");
    }
    let mails = machine.mails_to(&stranger.email).await;
    let [reply] = mails.as_slice() else {
        panic!("one reply");
    };
    assert_eq!(reply.header("In-Reply-To"), Some("<1@example.com>"));
    assert_eq!(kept(&machine), [2, 0, 1]);
}
