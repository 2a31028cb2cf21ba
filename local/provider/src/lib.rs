//! A payment provider on one machine: enough of Stripe's and YooKassa's APIs for
//! a checkout, and a page on which a person pays, declines, refunds, disputes,
//! and sends events again, late or out of order.
//!
//! It is no part of production and moves no money. What it posts is what the
//! providers post: Stripe's events with their signature, YooKassa's
//! notifications without one.

mod api;
mod deliver;
mod page;
mod state;
mod stripe;
mod yookassa;

use std::{path::PathBuf, sync::Arc};

use axum::Router;
use domain::{billing::Provider, time::Timestamp};
use platform::outbound::Outbound;
use tokio::sync::Mutex;

pub use deliver::{Delivery, Event};
use state::{Checkout, Side, State};

/// How a stand-in is set up.
#[derive(Clone)]
pub struct Options {
    /// The base of the API that takes the webhooks, without a trailing slash.
    pub webhook_base_url: String,
    /// Where [`ProviderStandIn::router`] is mounted, as browsers and functions
    /// reach it, without a trailing slash: also `STRIPE_API_URL` and `YOOKASSA_API_URL`.
    pub page_base_url: String,
    /// The secret that Stripe's events are signed with (`whsec_…`).
    pub stripe_secret: String,
    /// The key that calls of Stripe's API must bring (`sk_test_…`).
    pub stripe_api_key: String,
    /// YooKassa's shop.
    pub yookassa_shop: String,
    /// The key that calls of YooKassa's API must bring (`test_…`).
    pub yookassa_key: String,
    /// The time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The folder that keeps the state.
    pub data: PathBuf,
}

/// Why the stand-in could not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StandInError {
    /// There is no such checkout or event.
    #[error("there is no such checkout or event")]
    Unknown,
    /// It does not fit what the checkout has come to.
    #[error("{0}")]
    Impossible(&'static str),
    /// The folder can't be used.
    #[error("the provider's state can't be kept: {0}")]
    Folder(#[from] std::io::Error),
    /// The kept state can't be read.
    #[error("the provider's state can't be read: {0}")]
    State(#[from] serde_json::Error),
}

struct Inner {
    options: Options,
    outbound: Outbound,
    state: Mutex<State>,
}

/// The stand-in. Clones are the same provider.
#[derive(Clone)]
pub struct ProviderStandIn(Arc<Inner>);

impl ProviderStandIn {
    /// Takes up the state that the folder keeps, if there is one.
    ///
    /// # Errors
    /// [`StandInError`] when the folder or the state in it can't be used.
    pub async fn start(options: Options) -> Result<Self, StandInError> {
        tokio::fs::create_dir_all(&options.data).await?;
        let state = State::load(&options.data).await?;
        Ok(Self(Arc::new(Inner {
            outbound: Outbound::to(&[]),
            options,
            state: Mutex::new(state),
        })))
    }

    /// Both APIs, and the pages.
    pub fn router(&self) -> Router {
        api::router(self.clone()).merge(page::router(self.clone()))
    }

    /// The checkout that an address of [`Self::router`]'s pages is about.
    #[must_use]
    pub fn checkout_in(url: &str) -> &str {
        url.rsplit('/').next().unwrap_or(url)
    }

    fn now(&self) -> Timestamp {
        (self.0.options.clock)()
    }

    /// Changes a checkout, keeps what became of it, and sends what must be told.
    async fn act(
        &self,
        checkout: &str,
        change: impl FnOnce(&mut Checkout, &mut Vec<Event>) -> Result<(), StandInError>,
    ) -> Result<(), StandInError> {
        let mut state = self.0.state.lock().await;
        let mut events = Vec::new();
        let found = state.checkouts.get_mut(checkout);
        change(found.ok_or(StandInError::Unknown)?, &mut events)?;
        state.take_events(events);
        state.save(&self.0.options.data).await?;
        let holding = state.holding;
        drop(state);
        if !holding {
            self.deliver_waiting().await?;
        }
        Ok(())
    }

    /// Pays an open checkout, or the next month of a subscription.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn pay(&self, checkout: &str) -> Result<(), StandInError> {
        let now = self.now();
        self.act(checkout, |checkout, events| match &checkout.side {
            Side::Stripe(_) => stripe::pay(checkout, events, now),
            Side::Yookassa(_) => yookassa::pay(checkout, events, now),
        })
        .await
    }

    /// Declines the payment of an open checkout, or of a subscription's next month.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn decline(&self, checkout: &str) -> Result<(), StandInError> {
        let now = self.now();
        self.act(checkout, |checkout, events| match &checkout.side {
            Side::Stripe(_) => stripe::decline(checkout, events, now),
            Side::Yookassa(_) => yookassa::decline(checkout, events, now),
        })
        .await
    }

    /// Ends a subscription at once.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn cancel(&self, checkout: &str) -> Result<(), StandInError> {
        let now = self.now();
        self.act(checkout, |checkout, events| {
            stripe::cancel(checkout, events, now)
        })
        .await
    }

    /// Cancels a subscription with effect from the end of its period (`true`), or
    /// lets it go on.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn cancel_later(&self, checkout: &str, cancels: bool) -> Result<(), StandInError> {
        let now = self.now();
        self.act(checkout, |checkout, events| {
            stripe::cancel_later(checkout, events, now, cancels)
        })
        .await
    }

    /// Declines the charges of a saved method from now on (`true`), or takes them again.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn decline_renewals(
        &self,
        checkout: &str,
        declines: bool,
    ) -> Result<(), StandInError> {
        self.act(checkout, |checkout, _| {
            yookassa::decline_renewals(checkout, declines)
        })
        .await
    }

    /// Pays the last payment back, or `amount` of it in the currency's smallest unit.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn refund(&self, checkout: &str, amount: Option<u64>) -> Result<(), StandInError> {
        let now = self.now();
        self.act(checkout, |checkout, events| match &checkout.side {
            Side::Stripe(_) => stripe::refund(checkout, events, now, amount),
            Side::Yookassa(_) => yookassa::refund(checkout, events, now, amount),
        })
        .await
    }

    /// Lets the payer's bank object to the last payment.
    ///
    /// # Errors
    /// [`StandInError`]; YooKassa reports no objections.
    pub async fn dispute(&self, checkout: &str) -> Result<(), StandInError> {
        let now = self.now();
        self.act(checkout, |checkout, events| {
            stripe::dispute(checkout, events, now, "needs_response")
        })
        .await
    }

    /// Decides the objection: won, or lost.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn close_dispute(&self, checkout: &str, won: bool) -> Result<(), StandInError> {
        let now = self.now();
        let status = if won { "won" } else { "lost" };
        self.act(checkout, |checkout, events| {
            stripe::dispute(checkout, events, now, status)
        })
        .await
    }

    /// Who takes a checkout's payment; `None` when there is no such checkout.
    pub async fn provider_of(&self, checkout: &str) -> Option<Provider> {
        let state = self.0.state.lock().await;
        state.checkouts.get(checkout).map(Checkout::provider)
    }
}

#[cfg(test)]
mod tests;
