//! What is sent to whom, and what is not.

use domain::consent::ConsentPurpose::{Marketing, Processing};
use domain::consequence::Letter;
use domain::contact::EmailAddress;
use domain::policy::Locale;
use domain::time::{SignedDuration, days};
use domain::token::LinkToken;
use domain::trial::Notice;
use serde_json::json;
use store::people::{self, CHANGE_ADDRESS, LinkPurpose, Origin, Suppression};
use store::{Table, Tx, Update};

use crate::support::{Account, Stage, secret};

fn news() -> Letter {
    Letter::Marketing {
        campaign: "search-by-label".into(),
    }
}

async fn withheld(stage: &Stage) -> Vec<String> {
    let entries = stage.cloud.entries("letter.withheld").await;
    let reason = |entry: domain::ledger::Entry| entry.facts["reason"].clone();
    entries.into_iter().map(reason).collect()
}

#[tokio::test]
async fn a_sign_up_gets_its_link_and_the_receipt_of_its_consents() {
    let stage = Stage::new().await;
    stage
        .sign_up("anna@example.com", Locale::Ru, &[Processing, Marketing])
        .await;
    stage.deliver().await;
    let mail = stage.cloud.mails().await.pop().unwrap();
    assert_eq!(mail.summary.to, ["anna@example.com"]);
    assert_eq!(mail.summary.subject, "Подтвердите адрес");
    assert!(LinkToken::parse(secret(&mail, "signup")).is_some());
    let text = mail.text.unwrap();
    for consent in [Processing, Marketing] {
        let now = stage.cloud.now();
        let publication = domain::policy::current(consent.document(), now).unwrap();
        assert!(text.contains(&publication.text(Locale::Ru).unwrap().sha256));
    }
    // whoever typed the address has no word in what it gets
    assert!(!text.contains("Anna"));
}

#[tokio::test]
async fn the_owner_of_an_account_learns_of_a_second_sign_up_and_nobody_gets_a_link() {
    let stage = Stage::new().await;
    stage.account("anna@example.com", &[Processing]).await;
    let before = stage.cloud.mails().await.len();
    stage
        .sign_up("anna@example.com", Locale::En, &[Processing])
        .await;
    stage.deliver().await;
    let mails = stage.mails_since(before).await;
    assert_eq!(mails[0].summary.subject, "You already have an account");
    assert!(mails[0].links.is_empty(), "{:?}", mails[0].links);
}

#[tokio::test]
async fn a_link_that_is_over_is_not_sent() {
    let stage = Stage::new().await;
    stage
        .sign_up("anna@example.com", Locale::En, &[Processing])
        .await;
    stage.cloud.clock.advance(days(1));
    stage.deliver().await;
    assert!(stage.cloud.mails().await.is_empty());
    assert_eq!(withheld(&stage).await, ["link_over"]);
}

#[tokio::test]
async fn news_go_with_a_consent_and_one_click_ends_them() {
    let stage = Stage::new().await;
    let anna = stage
        .account("anna@example.com", &[Processing, Marketing])
        .await;
    let before = stage.cloud.mails().await.len();
    stage.emit_letter(anna.subject, news()).await;
    stage.deliver().await;
    let mail = stage.mails_since(before).await.pop().unwrap();
    assert!(
        mail.text
            .as_ref()
            .unwrap()
            .starts_with("Hello, Anna Example.")
    );
    assert_eq!(
        mail.header("List-Unsubscribe-Post").map(str::trim),
        Some("List-Unsubscribe=One-Click")
    );
    let header = mail.header("List-Unsubscribe").unwrap();
    let start = "<https://assets.example/unsubscribe/";
    let token = header
        .split(start)
        .nth(1)
        .unwrap()
        .split('>')
        .next()
        .unwrap();
    assert!(header.contains("<mailto:privacy@assets.example?subject=unsubscribe>"));
    let token = LinkToken::parse(token).unwrap();
    let link = people::find_link(
        &stage.cloud.db,
        &token,
        LinkPurpose::Unsubscribe,
        stage.cloud.now(),
    );
    assert_eq!(link.await.unwrap().unwrap().subject, anna.subject);
}

#[tokio::test]
async fn other_letters_offer_no_unsubscribing() {
    let stage = Stage::new().await;
    stage.account("anna@example.com", &[Processing]).await;
    for mail in stage.cloud.mails().await {
        assert_eq!(mail.header("List-Unsubscribe"), None);
    }
}

#[tokio::test]
async fn an_opt_out_between_enqueueing_and_sending_is_heard() {
    let stage = Stage::new().await;
    let anna = stage
        .account("anna@example.com", &[Processing, Marketing])
        .await;
    let before = stage.cloud.mails().await.len();
    stage.emit_letter(anna.subject, news()).await;
    let origin = Origin::default();
    let now = stage.cloud.now();
    people::withdraw_marketing(
        &stage.cloud.db,
        &stage.gate,
        anna.subject,
        "test",
        &origin,
        now,
    )
    .await
    .unwrap();
    stage.deliver().await;
    let mails = stage.mails_since(before).await;
    let subjects: Vec<_> = mails.iter().map(|m| m.summary.subject.as_str()).collect();
    assert_eq!(subjects, ["Receipt: you withdrew a consent"]);
    assert_eq!(withheld(&stage).await, ["no_consent"]);
}

#[tokio::test]
async fn without_a_consent_there_are_no_news() {
    let stage = Stage::new().await;
    let anna = stage.account("anna@example.com", &[Processing]).await;
    let before = stage.cloud.mails().await.len();
    stage.emit_letter(anna.subject, news()).await;
    stage.deliver().await;
    assert!(stage.mails_since(before).await.is_empty());
    assert_eq!(withheld(&stage).await, ["no_consent"]);
}

#[tokio::test]
async fn a_suppressed_address_gets_no_news_whatever_the_account_says() {
    let stage = Stage::new().await;
    let anna = stage
        .account("anna@example.com", &[Processing, Marketing])
        .await;
    let login = stage
        .lookup
        .email(&EmailAddress::new("anna@example.com").unwrap());
    let since = stage.cloud.now();
    stage
        .cloud
        .db
        .put(&Suppression { login, since })
        .await
        .unwrap();
    stage.emit_letter(anna.subject, news()).await;
    stage.deliver().await;
    assert_eq!(withheld(&stage).await, ["suppressed"]);
}

#[tokio::test]
async fn a_campaign_that_nobody_wrote_is_not_sent() {
    let stage = Stage::new().await;
    let anna = stage
        .account("anna@example.com", &[Processing, Marketing])
        .await;
    let campaign = "nobody-wrote-this".into();
    stage
        .emit_letter(anna.subject, Letter::Marketing { campaign })
        .await;
    stage.deliver().await;
    assert_eq!(withheld(&stage).await, ["unknown_campaign"]);
}

async fn restrict(stage: &Stage, anna: Account) {
    let mut tx = Tx::new();
    let from = Update::new()
        .set("restricted_from", stage.cloud.now())
        .unwrap();
    tx.update(
        "person",
        Table::People,
        &people::person_key(anna.subject),
        &from,
    );
    stage.cloud.db.commit(tx).await.unwrap();
}

#[tokio::test]
async fn a_restriction_stops_the_service_s_letters_and_not_those_about_rights() {
    let stage = Stage::new().await;
    let anna = stage
        .account("anna@example.com", &[Processing, Marketing])
        .await;
    let before = stage.cloud.mails().await.len();
    restrict(&stage, anna).await;
    let now = stage.cloud.now();
    let trial = Letter::Trial {
        notice: Notice::Ended,
        ends_at: now,
        destruction_at: now,
    };
    stage.emit_letter(anna.subject, news()).await;
    stage.emit_letter(anna.subject, trial).await;
    let case = domain::ids::CaseId::new(now);
    stage
        .emit_letter(anna.subject, Letter::ErasureBegins { case })
        .await;
    stage.deliver().await;
    let mails = stage.mails_since(before).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].summary.subject, "Your data is being destroyed");
    assert_eq!(withheld(&stage).await, ["restricted", "restricted"]);
}

#[tokio::test]
async fn a_change_of_address_asks_both_and_only_for_the_latest_one() {
    let stage = Stage::new().await;
    let anna = stage.account("anna@example.com", &[Processing]).await;
    let before = stage.cloud.mails().await.len();
    for new in ["first@example.com", "second@example.com"] {
        let now = stage.cloud.now();
        let person = stage
            .gate
            .open(anna.subject, CHANGE_ADDRESS, now)
            .await
            .unwrap();
        let new = EmailAddress::new(new).unwrap();
        people::ask_address_change(&stage.cloud.db, &stage.lookup, &person, &new, now)
            .await
            .unwrap();
    }
    stage.deliver().await;
    let mut sent: Vec<_> = stage
        .mails_since(before)
        .await
        .iter()
        .map(|m| (m.summary.to[0].clone(), m.summary.subject.clone()))
        .collect();
    sent.sort();
    let old = (
        "anna@example.com".to_owned(),
        "Agree to a new login address".to_owned(),
    );
    let new = (
        "second@example.com".to_owned(),
        "Confirm your new address".to_owned(),
    );
    assert_eq!(sent, [old.clone(), old, new]);
    assert_eq!(withheld(&stage).await, ["link_replaced"]);
}

#[tokio::test]
async fn no_ledger_entry_and_no_waiting_item_holds_an_address_or_a_secret() {
    let stage = Stage::new().await;
    stage
        .account("anna@example.com", &[Processing, Marketing])
        .await;
    stage.cloud.clock.advance(SignedDuration::from_secs(1));
    stage
        .sign_up("berta@example.com", Locale::En, &[Processing])
        .await;
    let before = stage.waiting().await;
    assert_eq!(before.len(), 1);
    let needles = ["anna", "Anna", "berta", "abl_"].map(str::to_owned);
    for table in [Table::Catalog, Table::Ledger, Table::People] {
        let hits = stage.cloud.db.scan_for(table, &needles).await.unwrap();
        assert_eq!(hits, 0, "{table:?}");
    }
    assert_eq!(stage.handle(json!({"task": "sweep"})).await["processed"], 0);
}
