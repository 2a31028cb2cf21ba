//! Subscriptions and single payments, from the checkout to their end.

use domain::billing::{Access, Dispute, Provider, Status};
use domain::time::{days, shift};
use local_provider::Event;
use store::catalog::workspace::trial_queue;

use super::Customer;

#[tokio::test(flavor = "multi_thread")]
async fn a_stripe_checkout_makes_a_paying_workspace() {
    let customer = Customer::new().await;
    let (machine, user) = (&customer.machine, &customer.user);
    let db = machine.db();
    let queue = trial_queue(customer.workspace_id());
    let far = shift(machine.now(), days(60));
    assert_eq!(db.due(&queue, far, 10).await.unwrap().len(), 1);
    let letters = customer.letters().await;

    let checkout = customer.open("team", "stripe").await;
    customer.provider().pay(&checkout).await.unwrap();
    let events = customer.provider().events().await;
    assert!(events.iter().all(Event::arrived), "{events:?}");

    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(billing["status"], "active");
    assert_eq!(billing["access"], "full");
    assert_eq!(billing["plan"], "team");
    assert_eq!(billing["storage_limit_bytes"], 107_374_182_400_u64);
    assert_eq!(billing["payments"][0]["state"], "paid");
    assert_eq!(billing["payments"][0]["amount_minor"], 4900);
    assert!(customer.account().await.customer.is_some());
    // no trial notice is due any more
    assert!(db.due(&queue, far, 10).await.unwrap().is_empty());
    assert_eq!(customer.letters().await, letters + 1);

    let mut records = machine.items("CatalogTable").await;
    records.retain(|item| assetbox_tests::text(item, "pk").starts_with("PAYMENT#"));
    assert_eq!(records.len(), 1);
    assert!(records[0].contains_key("expires_at_epoch"));
    assert!(!format!("{records:?}").contains(&user.workspace));
    // the checkout and four events
    let mut entries = machine.ledger().await;
    entries.retain(|entry| entry.event.starts_with("payment."));
    assert_eq!(entries.len(), 5, "{entries:?}");
    assert!(entries.iter().all(|entry| entry.clause == "4.4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_fails_recovers_and_ends() {
    let customer = Customer::new().await;
    let (machine, provider) = (&customer.machine, customer.provider());
    let checkout = customer.open("team", "stripe").await;
    provider.pay(&checkout).await.unwrap();
    let until = customer.account().await.paid_until.unwrap();

    machine.pass(days(32)).await;
    provider.decline(&checkout).await.unwrap();
    let failed = customer.account().await;
    assert_eq!(failed.status, Status::PastDue);
    assert_eq!(failed.paid_until, Some(until));
    assert_eq!(failed.grace_until, Some(shift(until, days(7))));
    assert_eq!(failed.access(machine.now()), Access::Full);
    machine.pass(days(8)).await;
    assert_eq!(failed.access(machine.now()), Access::ReadOnly);

    provider.pay(&checkout).await.unwrap();
    let paid = customer.account().await;
    assert_eq!(paid.status, Status::Active);
    assert!(paid.paid_until > Some(until));

    provider.dispute(&checkout).await.unwrap();
    let disputed = customer.account().await;
    assert_eq!(
        (disputed.dispute, disputed.status),
        (Some(Dispute::Open), Status::Active)
    );
    provider.close_dispute(&checkout, false).await.unwrap();
    let lost = customer.account().await;
    assert_eq!(
        (lost.dispute, lost.status),
        (Some(Dispute::Lost), Status::Suspended)
    );

    provider.cancel(&checkout).await.unwrap();
    assert_eq!(customer.account().await.status, Status::Canceled);
    assert!(provider.events().await.iter().all(Event::arrived));
}

#[tokio::test(flavor = "multi_thread")]
async fn yookassa_pays_a_month_and_a_refund_takes_it_back() {
    let customer = Customer::new().await;
    let provider = customer.provider();
    let letters = customer.letters().await;
    let checkout = customer.open("studio", "yookassa").await;
    provider.pay(&checkout).await.unwrap();
    let paid = customer.account().await;
    assert_eq!(
        (paid.status, paid.provider),
        (Status::Active, Some(Provider::Yookassa))
    );
    assert_eq!(paid.plan.as_deref(), Some("studio"));
    assert_eq!(customer.letters().await, letters + 1);

    let event = provider.events().await.remove(0);
    let delivery = provider.resend(&event.id).await.unwrap();
    assert_eq!(delivery.status, Some(200));
    assert_eq!(customer.account().await, paid);
    assert_eq!(customer.letters().await, letters + 1);

    provider.refund(&checkout, Some(9000)).await.unwrap();
    let part = customer.account().await;
    assert_eq!((part.status, part.refunded_minor), (Status::Active, 9000));
    provider.refund(&checkout, None).await.unwrap();
    let whole = customer.account().await;
    assert_eq!(
        (whole.status, whole.refunded_minor),
        (Status::Suspended, 19_900)
    );
    assert_eq!(customer.letters().await, letters + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_is_read_only_is_paid_and_writable_again() {
    let customer = Customer::new().await;
    customer.machine.pass(days(20)).await;
    let customer = Customer {
        user: customer.machine.sign_in(&customer.user.person).await,
        ..customer
    };
    let access = async || customer.user.api.get("/billing").await.json(200)["access"].clone();
    assert_eq!(access().await, "read_only");
    let checkout = customer.open("team", "stripe").await;
    customer.provider().pay(&checkout).await.unwrap();
    assert_eq!(access().await, "full");
}
