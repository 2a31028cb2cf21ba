//! What the provider knows, kept in one JSON file.

use std::{collections::BTreeMap, io, path::Path};

use domain::billing::Provider;
use serde::{Deserialize, Serialize};

use crate::{StandInError, deliver::Event};

const FILE: &str = "provider.json";
/// How many events are kept for sending again.
const KEPT_EVENTS: usize = 500;

/// A price of Stripe's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Price {
    pub amount_minor: u64,
    pub currency: String,
    pub name: String,
}

/// An objection at the payer's bank.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub id: String,
    pub status: String,
}

/// An invoice of Stripe's with its charge.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Invoice {
    pub id: String,
    pub charge: String,
    pub paid: bool,
    pub period_start: i64,
    pub period_end: i64,
    pub refunded_minor: u64,
    pub dispute: Option<Dispute>,
}

/// A subscription of Stripe's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub id: String,
    pub customer: String,
    pub status: String,
    pub period_start: i64,
    pub period_end: i64,
    #[serde(default)]
    pub cancel_at_period_end: bool,
}

/// What a checkout has come to at Stripe.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StripeSide {
    /// The customer whom the call named, until the payment makes one.
    pub customer: Option<String>,
    pub price: Option<String>,
    pub subscription: Option<Subscription>,
    pub invoices: Vec<Invoice>,
}

/// What a payment has come to at YooKassa.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct YookassaSide {
    pub status: String,
    pub captured_at: Option<String>,
    pub refunded_minor: u64,
    pub save_method: bool,
    /// The saved method that was charged, in a payment without a page.
    #[serde(default)]
    pub charged: Option<String>,
    /// The saved method is declined from now on.
    #[serde(default)]
    pub declines: bool,
}

/// Whose checkout it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    Stripe(StripeSide),
    Yookassa(YookassaSide),
}

/// A checkout: a session at Stripe, a payment at YooKassa.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Checkout {
    pub id: String,
    /// The page's address.
    pub url: String,
    pub name: String,
    pub amount_minor: u64,
    /// ISO 4217, lower case.
    pub currency: String,
    pub metadata: BTreeMap<String, String>,
    /// Where the payer goes afterwards.
    pub success_url: String,
    pub cancel_url: String,
    /// RFC 3339.
    pub created_at: String,
    /// The payer's last try was declined.
    pub declined: bool,
    /// Who calls: YooKassa's shop, and whether the key is one of the live mode.
    pub account: String,
    pub live: bool,
    pub side: Side,
}

impl Checkout {
    pub fn provider(&self) -> Provider {
        match self.side {
            Side::Stripe(_) => Provider::Stripe,
            Side::Yookassa(_) => Provider::Yookassa,
        }
    }

    pub fn stripe(&mut self) -> Result<&mut StripeSide, StandInError> {
        match &mut self.side {
            Side::Stripe(side) => Ok(side),
            Side::Yookassa(_) => Err(StandInError::Impossible("YooKassa has no such thing")),
        }
    }

    pub fn yookassa_status(&self) -> Option<&str> {
        match &self.side {
            Side::Yookassa(side) => Some(&side.status),
            Side::Stripe(_) => None,
        }
    }

    pub fn yookassa(&mut self) -> Result<&mut YookassaSide, StandInError> {
        match &mut self.side {
            Side::Yookassa(side) => Ok(side),
            Side::Stripe(_) => Err(StandInError::Impossible("Stripe has no such thing")),
        }
    }
}

/// Everything that the provider knows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub checkouts: BTreeMap<String, Checkout>,
    pub prices: BTreeMap<String, Price>,
    /// Idempotency keys of calls, with the checkout that they opened.
    pub opened: BTreeMap<String, String>,
    pub events: Vec<Event>,
    /// Events wait until a person sends them.
    pub holding: bool,
}

impl State {
    pub async fn load(folder: &Path) -> Result<Self, StandInError> {
        match tokio::fs::read(folder.join(FILE)).await {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the state, whole or not at all.
    pub async fn save(&self, folder: &Path) -> Result<(), StandInError> {
        let fresh = folder.join(format!("{FILE}.new"));
        tokio::fs::write(&fresh, serde_json::to_vec(self)?).await?;
        tokio::fs::rename(&fresh, folder.join(FILE)).await?;
        Ok(())
    }

    pub fn take_events(&mut self, events: Vec<Event>) {
        self.events.extend(events);
        let surplus = self.events.len().saturating_sub(KEPT_EVENTS);
        self.events.drain(..surplus);
    }
}

/// A fresh id such as `in_5f1c…`.
pub(crate) fn fresh_id(prefix: &str) -> String {
    let mut bytes = [0; 12];
    // without entropy ids could repeat, and nothing here would be true any more
    #[expect(clippy::expect_used, reason = "a test tool without entropy must stop")]
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    format!("{prefix}_{}", hex::encode(bytes))
}
