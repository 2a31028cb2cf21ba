//! Addresses that we make carry nothing about a person, and our answers let no browser tell where
//! its reader came from (clause 2.7).

use domain::consequence::Letter;
use local_services::Mail;
use serde_json::json;
use store::Tx;

use super::document::routes;
use crate::support::{Person, TestMachine};

/// Every address in a letter: in its text, in its HTML, and for one click.
fn addresses(mail: &Mail) -> Vec<String> {
    let html = mail.html.as_deref().unwrap_or_default();
    let in_html = html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let one_click = mail.header("List-Unsubscribe");
    let in_text = mail.links.iter().map(String::as_str);
    in_text
        .chain(in_html)
        .chain(one_click)
        .map(str::to_lowercase)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_in_a_letter_carries_anything_about_a_person() {
    let machine = TestMachine::start().await;
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let email = &user.person.email;
    let change = json!({"new_email": Person::new().email});
    user.api.post("/me/email-change", &change).await.is(202);
    let reset = json!({"email": email});
    let nobody = machine.anonymous();
    nobody.post("/password-resets", &reset).await.is(202);
    let erasure = json!({"kind": "erasure", "email": email});
    nobody
        .post("/data-subject-requests", &erasure)
        .await
        .is(202);
    let subject = machine.only_subject().await;
    let mut tx = Tx::new();
    let campaign = "search-by-label".to_owned();
    tx.mail(subject, Letter::Marketing { campaign }, machine.now());
    machine.db().commit(tx).await.unwrap();
    machine.settled().await;

    let mut words = user.person.canaries();
    words.extend(email.split('@').next().map(str::to_owned));
    words.push(subject.to_string());
    let mut seen = 0;
    for mail in machine.mails_to(email).await {
        for address in addresses(&mail) {
            seen += 1;
            for word in &words {
                assert!(!address.contains(&word.to_lowercase()), "{address}");
            }
        }
    }
    assert!(seen >= 8, "{seen} addresses");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_lets_a_browser_tell_where_its_reader_came_from() {
    let machine = TestMachine::start().await;
    let nobody = machine.anonymous();
    let mut asked = 0;
    for route in routes(&machine).keys() {
        let Some(path) = route
            .strip_prefix("GET ")
            .filter(|path| !path.contains('{'))
        else {
            continue;
        };
        let answer = nobody.get(path).await;
        assert_eq!(
            answer.header("referrer-policy"),
            Some("no-referrer"),
            "{route}"
        );
        asked += 1;
    }
    assert!(asked >= 10, "{asked} routes");
}
