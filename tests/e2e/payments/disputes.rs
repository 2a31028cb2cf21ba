//! While a dispute is open, what it needs outlives an erasure, and no more: the payment's own
//! record, which names neither person nor workspace, and a legal hold on who paid (clause 4.4).

use domain::billing::Provider::Stripe;
use domain::billing::history::Objection;
use domain::time::{days, shift};
use store::catalog::billing::{PaymentRecord, payment_key};

use super::Subscriber;
use crate::erasure::{erase, proven};
use crate::support::TestMachine;
use crate::support::provider::Provider;

#[tokio::test(flavor = "multi_thread")]
async fn what_an_open_dispute_needs_outlives_an_erasure_and_names_nobody() {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[("StripeApiUrl", &provider.url)]).await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let subject = machine.subject_of(&user.person.email).await.to_string();
    let subscriber = Subscriber::new(&user.workspace, machine.now());
    for event in subscriber.purchase() {
        machine.stripe_delivers(&event).await.is(200);
    }
    let charge = format!("GET /v1/charges/{}", subscriber.id("ch"));
    provider.answers(&charge, 200, subscriber.charge(0));
    let open = subscriber.dispute("needs_response");
    let disputed = subscriber.event("disputed", "charge.dispute.created", 6, &open);
    machine.stripe_delivers(&disputed).await.is(200);

    let address = erase(&machine, &user, &staff).await;
    let certificate = proven(&machine, &address).await;
    let kept = |what: &str| {
        certificate
            .kept
            .iter()
            .filter(|kept| kept.category.starts_with(what))
            .count()
    };
    assert_eq!(kept("records of payments"), 1);
    assert_eq!(
        kept("legal hold: identity, contact, account, consent_evidence"),
        1
    );
    let holds = staff.api.get("/compliance/holds?open=true").await.json(200);
    assert_eq!(holds["items"].as_array().unwrap().len(), 1);
    let hold = format!(
        "/compliance/holds/{}",
        holds["items"][0]["id"].as_str().unwrap()
    );
    let part = staff.api.get(format!("{hold}?part=1")).await.json(200);
    let part = part["part"].as_str().unwrap();
    assert!(part.contains(&user.person.email) && !part.contains(&user.person.position));
    let key = payment_key(Stripe, &subscriber.id("in"));
    let record: Option<PaymentRecord> = machine.db().get(&key).await.unwrap();
    let record = record.expect("the payment's record");
    assert_eq!(record.objection, Some(Objection::Open));
    assert!(record.kept_until > shift(machine.now(), days(5 * 365 - 1)));
    for item in machine.items("CatalogTable").await {
        let shown = format!("{item:?}");
        for name in [&user.workspace, &subject] {
            assert!(!shown.contains(name.as_str()), "{shown}");
        }
    }
}
