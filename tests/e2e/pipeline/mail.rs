//! What comes back of letters, through the topic and the queue of the template.

use domain::time::days;
use jiff::SignedDuration;

use crate::erasure::{erase, proven};
use crate::support::{Call, Person, TestMachine, canary, log};

/// Somebody whose address belongs to SES's mailbox simulator, which does what it says.
fn simulated(what: &str) -> Person {
    let label = canary("email").to_lowercase();
    Person {
        email: format!("{what}+{label}@simulator.amazonses.com"),
        ..Person::new()
    }
}

/// What is marked of addresses.
async fn marks(machine: &TestMachine) -> Vec<String> {
    let keys = machine.keys("PeopleTable", "SUPPRESS#").await;
    keys.into_iter().map(|key| key.sk).collect()
}

/// Lets the last letter to an address be reported, as its page offers.
async fn react(machine: &TestMachine, address: &str, reaction: &str) {
    let mail = machine.last_mail_to(address).await;
    let path = format!("/_local/mail/{}", mail.summary.id);
    let page = machine.anonymous().get(&path).await;
    assert!(page.is(200).text().contains(reaction), "{}", page.text());
    let click = Call::new("POST", format!("{path}/report")).form(&format!("reaction={reaction}"));
    machine.anonymous().send(click).await.is(303);
    machine.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_whose_letter_bounces_gets_no_second_one_within_a_week() {
    let machine = TestMachine::start().await;
    let person = simulated("bounce");
    machine.sign_up(&person, &[]).await.is(202);
    assert_eq!(marks(&machine).await, ["UNDELIVERABLE"]);
    machine.pass(SignedDuration::from_mins(2)).await;
    machine.sign_up(&person, &[]).await.is(202);
    assert_eq!(machine.mails_to(&person.email).await.len(), 1);
    assert!(!log::mentions(&person.email));

    for _ in 0..2 {
        machine.pass(days(8)).await;
        machine.sign_up(&person, &[]).await.is(202);
        machine.pass(SignedDuration::from_mins(2)).await;
        machine.sign_up(&person, &[]).await.is(202);
    }
    assert_eq!(machine.mails_to(&person.email).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reports_a_letter_as_spam_has_withdrawn_from_marketing() {
    let machine = TestMachine::start().await;
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let address = &user.person.email;
    react(&machine, address, "complained").await;
    assert_eq!(marks(&machine).await, ["SUPPRESS"]);
    let consent = user.api.get("/me/consents/marketing").await.json(200);
    assert_eq!(consent["given"], false);
    let receipt = machine.last_mail_to(address).await;
    assert_eq!(receipt.summary.subject, "Receipt: you withdrew a consent");
    assert!(!log::mentions(address));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_forgets_that_an_address_bounced() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    react(&machine, &user.person.email, "bounced").await;
    assert_eq!(marks(&machine).await, ["UNDELIVERABLE"]);
    let certificate = erase(&machine, &user, &staff).await;
    proven(&machine, &certificate).await;
    assert_eq!(marks(&machine).await, [""; 0]);
}
