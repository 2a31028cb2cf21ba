//! Whoever was given a person's data is told when it is corrected or destroyed.

use domain::compliance::notice::{Matter, Recipient};
use domain::compliance::processor::Processor;
use domain::consequence::Consequence;
use domain::contact::PhoneNumber;
use domain::request::{Correction, RequestKind};
use store::Tx;
use store::catalog::billing::payment_transfer;
use store::compliance::Notice;
use store::outbox::Owner;

use super::{Account, Registry, carry_out};

const CHECKOUT: &str = "chk_07070707070707070707070707070707";

impl Registry {
    /// Something was passed to Stripe about a person.
    async fn paid(&self, account: &Account) {
        let transfer = payment_transfer(domain::billing::Provider::Stripe);
        let mut tx = Tx::new();
        tx.passed(account.subject, &transfer, CHECKOUT, self.now());
        self.db().commit(tx).await.unwrap();
    }

    async fn notices(&self) -> Vec<Notice> {
        self.db().open_notices().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_asks_each_processor_that_keeps_what_it_was_given_once() {
    let registry = Registry::new().await;
    let (account, other) = (registry.account().await, registry.account().await);
    registry.paid(&account).await;
    registry.take().await;
    let request = registry
        .approved(account.subject, RequestKind::Erasure, None, "x")
        .await;
    for _ in 0..2 {
        assert!(registry.carry_out(&carry_out(&request)).await);
    }
    registry.assert_gone(&account).await;
    let notices = registry.notices().await;
    assert_eq!(notices.len(), 1);
    let progress = &notices[0].progress;
    assert_eq!(progress.to(), Recipient::Processor(Processor::Stripe));
    assert_eq!(progress.matter(), Matter::Destruction);
    assert_eq!(notices[0].references, [CHECKOUT]);
    assert_eq!(notices[0].case, request.case);
    // the letter belongs to nobody who is erased
    let waiting = registry.take().await;
    let letters: Vec<_> = waiting
        .iter()
        .filter(|message| message.owner == Owner::Operator)
        .map(|message| message.consequence.clone())
        .collect();
    let notice = notices[0].id;
    assert_eq!(letters, [Consequence::Notice { notice }]);

    let request = registry
        .approved(other.subject, RequestKind::Erasure, None, "x")
        .await;
    assert!(registry.carry_out(&carry_out(&request)).await);
    assert_eq!(registry.notices().await.len(), 1, "nothing was passed on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_number_says_anew_which_laws_protect_the_person() {
    let registry = Registry::new().await;
    let account = registry.account().await;
    registry.paid(&account).await;
    let before = registry.record(account.subject).await.unwrap();
    assert!(!before.regimes.names().any(|law| law == "gdpr"));
    let fields = Correction {
        phone: Some(PhoneNumber::new("+49 30 1234567").unwrap()),
        ..Correction::default()
    };
    let request = registry
        .approved(
            account.subject,
            RequestKind::Rectification,
            Some(fields),
            "please",
        )
        .await;
    assert!(registry.carry_out(&carry_out(&request)).await);
    let after = registry.record(account.subject).await.unwrap();
    assert!(after.regimes.names().any(|law| law == "gdpr"));
    // Stripe was given ids only, none of what was wrong
    assert_eq!(registry.notices().await, []);
}
