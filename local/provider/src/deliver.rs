//! Events: kept as they were made, and posted to the webhook as often as asked.

use bytes::Bytes;
use domain::{
    billing::{Provider, stripe::sign},
    time::Timestamp,
};
use http::Request;
use http_body_util::Full;
use serde::{Deserialize, Serialize};

use crate::{ProviderStandIn, StandInError};

/// One try to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// When.
    pub at: Timestamp,
    /// The HTTP status of the answer; `None` when nobody answered.
    pub status: Option<u16>,
}

impl Delivery {
    /// The webhook has taken it.
    #[must_use]
    pub fn arrived(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// An event, with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The event: what [`ProviderStandIn::resend`] takes.
    pub id: String,
    /// Of which checkout.
    pub checkout: String,
    /// Whose.
    pub provider: Provider,
    /// Its name at the provider, such as `invoice.paid`.
    pub kind: String,
    /// When it was made.
    pub at: Timestamp,
    /// The exact body.
    pub body: String,
    /// How often it was sent, and what was answered.
    pub deliveries: Vec<Delivery>,
}

impl Event {
    /// The webhook has taken it at least once.
    #[must_use]
    pub fn arrived(&self) -> bool {
        self.deliveries.iter().any(Delivery::arrived)
    }
}

impl ProviderStandIn {
    /// Every event that is kept, oldest first.
    pub async fn events(&self) -> Vec<Event> {
        self.0.state.lock().await.events.clone()
    }

    /// Sends an event, again if it was sent before. The body is the same, the
    /// signature is of now, as Stripe does it.
    ///
    /// # Errors
    /// [`StandInError`]; an answer that is no success is no error, see [`Event::deliveries`].
    pub async fn resend(&self, event: &str) -> Result<Delivery, StandInError> {
        let found = {
            let state = self.0.state.lock().await;
            state.events.iter().find(|e| e.id == event).cloned()
        };
        // the lock is open: the webhook may ask us about the event's object
        let delivery = self.post(&found.ok_or(StandInError::Unknown)?).await;
        let mut state = self.0.state.lock().await;
        if let Some(kept) = state.events.iter_mut().find(|e| e.id == event) {
            kept.deliveries.push(delivery.clone());
        }
        state.save(&self.0.options.data).await?;
        Ok(delivery)
    }

    /// Sends what has not arrived yet, oldest first.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn deliver_waiting(&self) -> Result<(), StandInError> {
        for id in self.waiting().await {
            self.resend(&id).await?;
        }
        Ok(())
    }

    /// Sends what has not arrived yet, newest first.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn deliver_waiting_backwards(&self) -> Result<(), StandInError> {
        for id in self.waiting().await.into_iter().rev() {
            self.resend(&id).await?;
        }
        Ok(())
    }

    async fn waiting(&self) -> Vec<String> {
        let state = self.0.state.lock().await;
        let waiting = state.events.iter().filter(|event| !event.arrived());
        waiting.map(|event| event.id.clone()).collect()
    }

    /// From now on events wait until they are sent by hand, or go out at once.
    ///
    /// # Errors
    /// [`StandInError`].
    pub async fn hold(&self, holding: bool) -> Result<(), StandInError> {
        let mut state = self.0.state.lock().await;
        state.holding = holding;
        state.save(&self.0.options.data).await
    }

    async fn post(&self, event: &Event) -> Delivery {
        let (options, at) = (&self.0.options, self.now());
        let provider = event.provider.as_str();
        let url = format!("{}/webhooks/payments/{provider}", options.webhook_base_url);
        let mut request = Request::post(url).header("content-type", "application/json");
        if event.provider == Provider::Stripe {
            let signature = sign(&options.stripe_secret, at, event.body.as_bytes());
            request = request.header("stripe-signature", signature);
        }
        let status = match request.body(Full::new(Bytes::from(event.body.clone()))) {
            Ok(request) => self.0.outbound.send(request).await.ok(),
            Err(_) => None,
        };
        let status = status.map(|(status, _)| status.as_u16());
        tracing::info!(event = event.id, kind = event.kind, status, "event sent");
        Delivery { at, status }
    }
}
