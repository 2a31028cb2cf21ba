//! What is sent to whom, and what is not, though it was to be sent when it was committed.

use assetbox_tests::mail::link_in;
use assetbox_tests::{Call, Person};
use domain::consent::ConsentPurpose;
use domain::consequence::Letter;
use domain::contact::EmailAddress;
use domain::ids::CaseId;
use domain::policy::{self, Locale};
use domain::time::days;
use domain::trial::Notice;
use serde_json::json;
use store::people::Suppression;

use super::{Mailroom, subjects};

pub(super) fn news() -> Letter {
    Letter::Marketing {
        campaign: "search-by-label".into(),
    }
}

/// Why letters were withheld.
pub(super) async fn withheld(mailroom: &Mailroom) -> Vec<String> {
    let entries = mailroom.entries("letter.withheld").await;
    let reasons = entries
        .into_iter()
        .map(|entry| entry.facts["reason"].clone());
    reasons.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_gets_its_receipt_in_its_language_and_not_a_word_of_who_typed_it() {
    let mailroom = Mailroom::new().await;
    let person = Person::new();
    let publications = [ConsentPurpose::Processing, ConsentPurpose::Marketing]
        .map(|consent| policy::current(consent.document(), mailroom.now()).unwrap());
    let shown =
        |publication: &policy::Publication| publication.text(Locale::Ru).unwrap().sha256.clone();
    let boxes = publications.map(|publication| {
        json!({
            "document": publication.document,
            "version": publication.version,
            "sha256": shown(publication),
            "locale": "ru",
            "ticked": true,
        })
    });
    let mut form = person.form(&boxes);
    form["locale"] = json!("ru");
    mailroom.anonymous().post("/signup", &form).await.is(202);
    mailroom.deliver().await;
    let mail = mailroom.last_mail_to(&person.email).await;
    assert_eq!(mail.summary.subject, "Подтвердите адрес");
    assert!(link_in(&mail, "signup").is_some());
    let text = mail.text.unwrap();
    for publication in publications {
        assert!(text.contains(&shown(publication)));
    }
    for word in [&person.name, &person.company, &person.position] {
        assert!(!text.contains(word.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_an_account_learns_of_a_second_sign_up_and_nobody_gets_a_link() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    let before = mailroom.mails().await.len();
    mailroom.sign_up(&reader.user.person, &[]).await;
    mailroom.deliver().await;
    let mails = mailroom.mails_since(before).await;
    assert_eq!(subjects(&mails), ["You already have an account"]);
    assert!(mails[0].links.is_empty(), "{:?}", mails[0].links);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_over_is_not_sent() {
    let mailroom = Mailroom::new().await;
    mailroom.sign_up(&Person::new(), &[]).await;
    mailroom.advance(days(1));
    mailroom.deliver().await;
    assert_eq!(mailroom.mails().await.len(), 0);
    assert_eq!(withheld(&mailroom).await, ["link_over"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_letters_that_can_be_stopped_offer_to_unsubscribe() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&["marketing-consent"]).await;
    for mail in mailroom.mails().await {
        assert_eq!(mail.header("List-Unsubscribe"), None);
    }
    mailroom.emit_letter(&reader, news()).await;
    mailroom.deliver().await;
    let mail = mailroom.last_mail_to(&reader.user.person.email).await;
    let greeting = format!("Hello, {}.", reader.user.person.name);
    assert!(mail.text.as_ref().unwrap().starts_with(&greeting));
    let header = mail.header("List-Unsubscribe").unwrap();
    assert!(header.contains("<mailto:privacy@assetbox.example?subject=unsubscribe>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_between_enqueueing_and_sending_is_heard() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&["marketing-consent"]).await;
    let before = mailroom.mails().await.len();
    mailroom.emit_letter(&reader, news()).await;
    let no = json!({"given": false});
    let withdrawn = reader.user.api.put("/me/consents/marketing", &no).await;
    withdrawn.is(200);
    mailroom.deliver().await;
    let mails = mailroom.mails_since(before).await;
    assert_eq!(subjects(&mails), ["Receipt: you withdrew a consent"]);
    assert_eq!(withheld(&mailroom).await, ["no_consent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suppressed_address_gets_no_news_whatever_the_account_says() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&["marketing-consent"]).await;
    let address = EmailAddress::new(&reader.user.person.email).unwrap();
    let suppression = Suppression {
        login: mailroom.lookup().email(&address),
        since: mailroom.now(),
    };
    mailroom.db().put(&suppression).await.unwrap();
    mailroom.emit_letter(&reader, news()).await;
    mailroom.deliver().await;
    assert_eq!(withheld(&mailroom).await, ["suppressed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_nobody_wrote_is_not_sent() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&["marketing-consent"]).await;
    let campaign = "nobody-wrote-this".into();
    let letter = Letter::Marketing { campaign };
    mailroom.emit_letter(&reader, letter).await;
    mailroom.deliver().await;
    assert_eq!(withheld(&mailroom).await, ["unknown_campaign"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restriction_stops_the_service_s_letters_and_not_those_about_rights() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&["marketing-consent"]).await;
    let now = mailroom.now();
    mailroom.emit_letter(&reader, news()).await;
    let trial = Letter::Trial {
        notice: Notice::Ended,
        ends_at: now,
        destruction_at: now,
    };
    mailroom.emit_letter(&reader, trial).await;
    let case = CaseId::new(now);
    let letter = Letter::ErasureBegins { case };
    mailroom.emit_letter(&reader, letter).await;
    let restriction = json!({"kind": "restriction"});
    let call = Call::new("POST", "/data-subject-requests").json(&restriction);
    reader.user.api.send(call).await.is(201);

    let before = mailroom.mails().await.len();
    mailroom.deliver().await;
    let mails = mailroom.mails_since(before).await;
    let mut told = subjects(&mails);
    told.sort_unstable();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.contains(&"Your data is being destroyed"), "{told:?}");
    assert_eq!(withheld(&mailroom).await, ["restricted", "restricted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_address_asks_both_and_only_for_the_latest_one() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    let before = mailroom.mails().await.len();
    let [first, second] = [Person::new().email, Person::new().email];
    for new in [&first, &second] {
        let body = json!({"new_email": new});
        let asked = reader.user.api.post("/me/email-change", &body).await;
        asked.is(202);
    }
    mailroom.deliver().await;
    let mails = mailroom.mails_since(before).await;
    let mut sent: Vec<_> = mails
        .iter()
        .map(|mail| (mail.summary.subject.as_str(), mail.summary.to[0].as_str()))
        .collect();
    sent.sort_unstable();
    let old = (
        "Agree to a new login address",
        reader.user.person.email.as_str(),
    );
    let new = ("Confirm your new address", second.as_str());
    assert_eq!(sent, [old, old, new]);
    assert_eq!(withheld(&mailroom).await, ["link_replaced"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_ledger_entry_and_no_waiting_item_holds_an_address_or_a_secret() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&["marketing-consent"]).await;
    let other = Person::new();
    mailroom.sign_up(&other, &[]).await;
    assert_eq!(mailroom.waiting().await.len(), 1);
    let mut needles = reader.user.person.canaries();
    needles.extend(other.canaries());
    needles.push("abl_".to_owned());
    for item in mailroom.everything().await {
        let found = needles.iter().find(|word| item.contains(word.as_str()));
        assert_eq!(found, None, "{item}");
    }
    assert_eq!(mailroom.sweep().await["processed"], 0);
}
