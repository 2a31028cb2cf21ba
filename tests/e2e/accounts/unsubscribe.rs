//! Marketing letters and the one click that ends them (clause 4.8, RFC 8058).

use domain::consequence::Letter;
use jiff::SignedDuration;
use local_services::Mail;
use serde_json::json;
use store::Tx;

use crate::support::{Anonymous, Call, Client, Person, TestMachine, tick, told};

/// Lets a campaign's letter to the machine's only person follow a commit.
async fn campaign(machine: &TestMachine) {
    let subject = machine.only_subject().await;
    let mut tx = Tx::new();
    let letter = Letter::Marketing {
        campaign: "search-by-label".to_owned(),
    };
    tx.mail(subject, letter, machine.now());
    machine.db().commit(tx).await.unwrap();
    machine.settled().await;
}

async fn offers(machine: &TestMachine, person: &Person) -> Vec<Mail> {
    let mails = machine.mails_to(&person.email).await;
    mails
        .into_iter()
        .filter(|mail| mail.summary.subject.starts_with("Find your pictures"))
        .collect()
}

/// The path of the one-click address in the letter's header.
fn one_click(machine: &TestMachine, mail: &Mail) -> String {
    assert_eq!(
        mail.header("List-Unsubscribe-Post"),
        Some("List-Unsubscribe=One-Click")
    );
    let header = mail.header("List-Unsubscribe").unwrap();
    assert!(header.contains("<mailto:"), "{header}");
    let url = header
        .split(['<', '>'])
        .find(|part| part.starts_with("http"))
        .unwrap();
    url.strip_prefix(machine.api_url())
        .expect("our own address")
        .to_owned()
}

fn urlencoded(path: &str) -> Call {
    Call::new("POST", path).form("List-Unsubscribe=One-Click")
}

fn multipart(path: &str) -> Call {
    let body = "--b7\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b7--\r\n";
    Call::new("POST", path)
        .header("content-type", "multipart/form-data; boundary=b7")
        .body(body)
}

async fn ends_with(machine: &TestMachine, person: &Person, click: fn(&str) -> Call) {
    let user = machine
        .user_like(person.clone(), &["marketing-consent"])
        .await;
    campaign(machine).await;
    let letters = offers(machine, person).await;
    assert_eq!(letters.len(), 1);
    let path = one_click(machine, &letters[0]);

    let provider: Client<Anonymous> = machine.anonymous();
    let page = provider.get(&path).await;
    assert!(
        page.is(200)
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    provider.send(Call::new("HEAD", &path)).await;
    provider
        .send(Call::new("POST", &path).form("something=else"))
        .await
        .problem(422, "not_one_click");
    let given = async || user.api.get("/me/consents/marketing").await.json(200)["given"].clone();
    assert_eq!(given().await, true, "to open the link changes nothing");

    let first = provider.send(click(&path)).await;
    assert_eq!(
        told(first.is(200)),
        told(&provider.send(click(&path)).await),
        "a repeat is no error"
    );
    assert_eq!(given().await, false);
    campaign(machine).await;
    assert_eq!(
        offers(machine, person).await.len(),
        1,
        "nothing more is sent"
    );
    let evidence = user.api.get("/me/consents/marketing").await.json(200);
    assert_eq!(evidence["last"]["form"], "unsubscribe");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_ends_marketing_by_an_urlencoded_form() {
    let machine = TestMachine::start().await;
    ends_with(&machine, &Person::new(), urlencoded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_ends_marketing_by_a_multipart_form() {
    let machine = TestMachine::start().await;
    ends_with(&machine, &Person::new(), multipart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_consent_at_the_moment_of_sending_nothing_is_sent() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    campaign(&machine).await;
    assert_eq!(offers(&machine, &user.person).await.len(), 0);
    let mut yes = tick(&machine, "marketing-consent", true);
    yes.as_object_mut().unwrap().remove("ticked");
    yes["given"] = json!(true);
    user.api.put("/me/consents/marketing", &yes).await.is(200);
    campaign(&machine).await;
    assert_eq!(offers(&machine, &user.person).await.len(), 1);
    user.api
        .put("/me/consents/marketing", &json!({"given": false}))
        .await
        .is(200);
    campaign(&machine).await;
    assert_eq!(offers(&machine, &user.person).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_nobody_are_over() {
    let machine = TestMachine::start().await;
    let nobody = domain::ids::SubjectId::new(machine.now());
    let made_up = domain::token::LinkToken::generate(nobody).reveal();
    for token in [made_up.as_str(), "x"] {
        let answer = machine
            .anonymous()
            .send(urlencoded(&format!("/unsubscribe/{token}")))
            .await;
        answer.problem(410, "link_used_or_over");
    }
    let person = Person::new();
    machine
        .user_like(person.clone(), &["marketing-consent"])
        .await;
    campaign(&machine).await;
    let path = one_click(&machine, &offers(&machine, &person).await[0]);
    machine.pass(SignedDuration::from_hours(24 * 13)).await;
    machine.anonymous().send(urlencoded(&path)).await.is(200);
}
