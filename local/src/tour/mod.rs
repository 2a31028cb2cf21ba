//! The tour: the main job against a fresh run, step by step, with progress
//! shown. It ends with an error at the first thing that is not as it should be.

mod assets;
mod client;
mod people;
mod pictures;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Instant;

use domain::certificate::CertificateFile;
use http::StatusCode;
use jiff::SignedDuration;
use local_provider::ProviderStandIn;
use serde_json::json;

use crate::machine::{Machine, MachineOptions};
use crate::proof;
use client::Client;
use people::{Account, text};
use pictures::{Picture, Pictures};

/// The label that Ada gives where the model gives none.
const OWN_LABEL: &str = "Holidays";

/// What was not as it should be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TourError(String);

impl TourError {
    fn of(error: &dyn std::error::Error) -> Self {
        Self(error.to_string())
    }
}

struct Tour<'a> {
    machine: &'a Machine,
    client: Client,
    steps: std::cell::Cell<usize>,
}

/// Walks the tour with the pictures of `folder`, or those that the project ships.
///
/// # Errors
/// [`TourError`] with the first thing that is not as it should be.
pub async fn walk(folder: Option<&Path>) -> Result<(), TourError> {
    let began = Instant::now();
    let pictures = pictures::find(folder)?;
    let machine = Machine::start(MachineOptions::default()).await;
    let machine = machine.map_err(|error| TourError::of(&error))?;
    let tour = Tour {
        machine: &machine,
        client: Client::new(machine.api_url()),
        steps: std::cell::Cell::new(0),
    };
    let walked = tour.steps(&pictures).await;
    if walked.is_ok() {
        tour.say(&format!(
            "\nEverything was as it should be ({:.0} s).",
            began.elapsed().as_secs_f64()
        ))?;
    }
    machine.shutdown().await;
    walked
}

impl Tour<'_> {
    async fn steps(&self, pictures: &Pictures) -> Result<(), TourError> {
        self.step("Ada signs up with consent, opens the mailed link and signs in")?;
        let ada = self
            .account("Ada Lovelace", "ada@tour.example", "Analytical Engines")
            .await?;
        self.say(&format!("     her trial ends at {}", ada.trial_ends_at))?;

        let Pictures {
            all: pictures,
            passed_over,
        } = pictures;
        self.step(&format!(
            "She uploads {} pictures through presigned addresses",
            pictures.len()
        ))?;
        if *passed_over > 0 {
            self.say(&format!(
                "     {passed_over} other files of the folder are passed over"
            ))?;
        }
        let mut ids = Vec::with_capacity(pictures.len());
        for (at, picture) in pictures.iter().enumerate() {
            ids.push(self.upload(&ada, picture).await?);
            self.progress(at + 1, pictures.len())?;
        }

        self.step("Each gets its preview, its thumbnail and its labels, or the reason why not")?;
        let looked_at = self.looked_at(&ada, &ids).await?;
        let counts = self.table(&looked_at)?;
        self.renditions(&ada, &looked_at).await?;

        self.find_again(&ada, &ids[0], counts).await?;

        self.step("She downloads one and compares its bytes")?;
        let downloaded = self.read(&ada, &ids[0], "download").await?;
        must(
            downloaded == pictures[0].read()?,
            "the downloaded bytes are others",
        )?;
        self.say(&format!(
            "     {}: {} bytes, the same",
            pictures[0].name,
            downloaded.len()
        ))?;

        self.pay(&ada).await?;
        let grace = self.trial_ends(&pictures[0]).await?;
        self.erase(&ada, &grace).await
    }

    /// By the label of most pictures; where the model is sure of nothing, by one of her own.
    async fn find_again(
        &self,
        ada: &Account,
        first: &str,
        counts: BTreeMap<String, usize>,
    ) -> Result<(), TourError> {
        self.step("She finds pictures again by a label")?;
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        let (label, count) = match most {
            Some(most) => most,
            None => {
                self.say("     the model labelled none, so she labels the first one herself")?;
                self.label(ada, first, OWN_LABEL).await?;
                (OWN_LABEL.to_owned(), 1)
            }
        };
        let found = self.search(ada, &label).await?;
        must(found == count, "the search finds others than were labelled")?;
        self.say(&format!("     {label}: {found} of them"))
    }

    async fn pay(&self, ada: &Account) -> Result<(), TourError> {
        self.step("She pays, and the workspace becomes a paying one")?;
        let form = json!({"plan": "team", "provider": "stripe"});
        let checkout = ada.client.post("/billing/checkout", &form).await?;
        let checkout = checkout.expect(StatusCode::CREATED, "the checkout")?;
        let provider = self
            .machine
            .provider()
            .ok_or_else(|| TourError("there is no payment provider".to_owned()))?;
        let paid = provider
            .pay(ProviderStandIn::checkout_in(&text(&checkout["url"])))
            .await;
        paid.map_err(|error| TourError::of(&error))?;
        self.idle().await?;
        let billing = ada.client.get("/billing").await?;
        let billing = billing.expect(StatusCode::OK, "reading the billing state")?;
        must(
            billing["status"] == "active",
            &format!("the workspace did not become a paying one: {billing}"),
        )?;
        self.say(&format!(
            "     plan {}, paid until {}",
            text(&billing["plan"]),
            text(&billing["paid_until"])
        ))
    }

    /// Another workspace's trial ends by the clock and turns it read-only.
    async fn trial_ends(&self, picture: &Picture) -> Result<Account, TourError> {
        self.step(
            "Grace's trial ends: the clock is moved 14 days on, and her workspace is read-only",
        )?;
        let grace = self
            .account("Grace Hopper", "grace@tour.example", "Compilers")
            .await?;
        self.upload(&grace, picture).await?;
        self.idle().await?;
        let moved = self.machine.advance(SignedDuration::from_hours(14 * 24));
        moved.map_err(|error| TourError::of(&error))?;
        let client = self.sign_in(&grace.email).await?;
        let late = json!({
            "name": "late.png", "content_type": "image/png", "size_bytes": 1, "sha256": "0".repeat(64),
        });
        let refused = client
            .post("/uploads", &late)
            .await?
            .expect(StatusCode::FORBIDDEN, "an upload after the trial")?;
        must(
            refused["code"] == "workspace_read_only",
            "the refusal does not say why",
        )?;
        let listed = client
            .get("/assets")
            .await?
            .expect(StatusCode::OK, "seeing the assets")?;
        must(
            listed["items"]
                .as_array()
                .is_some_and(|items| items.len() == 1),
            "the assets can't be seen",
        )?;
        self.say("     nothing may be added, everything can be seen")?;
        Ok(Account { client, ..grace })
    }

    async fn erase(&self, ada: &Account, grace: &Account) -> Result<(), TourError> {
        self.step("Grace asks for erasure, and the staff approve it")?;
        let asked = grace
            .client
            .post("/data-subject-requests", &json!({"kind": "erasure"}))
            .await?;
        let asked = asked.expect(StatusCode::CREATED, "asking for erasure")?;
        let staff = self
            .account("Compliance", "staff@assetbox.example", "Operator")
            .await?;
        let approve = format!("/compliance/requests/{}/approve", text(&asked["id"]));
        let reason = json!({"reason": "Nothing has to be kept."});
        let approved = staff.client.post(&approve, &reason).await?;
        let approved = approved.expect(StatusCode::OK, "approving")?;
        self.idle().await?;

        self.step("She is erased, and the certificate is checked")?;
        let path = text(&approved["certificate"]);
        let certificate = self.client.get(&path).await?;
        must(
            certificate.status == StatusCode::OK,
            &format!("there is no certificate at {path}"),
        )?;
        let file =
            CertificateFile::parse(&certificate.bytes).map_err(|error| TourError::of(&error))?;
        let checked = proof::certificate(self.machine, &file).await;
        let checked = checked.map_err(|error| TourError::of(&error))?;
        for line in checked {
            self.say(&format!("     {line}"))?;
        }
        let gone = grace.client.get("/me").await?;
        must(
            gone.status == StatusCode::UNAUTHORIZED,
            "the erased person is still signed in",
        )?;
        let ada = self.sign_in(&ada.email).await?;
        let listed = ada
            .get("/assets")
            .await?
            .expect(StatusCode::OK, "seeing the assets")?;
        must(
            listed["items"]
                .as_array()
                .is_some_and(|items| !items.is_empty()),
            "others lost assets",
        )?;

        self.step("The ledger is verified")?;
        let ledger = proof::ledger(self.machine)
            .await
            .map_err(|error| TourError::of(&error))?;
        for line in ledger {
            self.say(&format!("     {line}"))?;
        }
        Ok(())
    }

    async fn idle(&self) -> Result<(), TourError> {
        self.machine
            .idle()
            .await
            .map_err(|error| TourError::of(&error))
    }

    fn step(&self, what: &str) -> Result<(), TourError> {
        self.steps.set(self.steps.get() + 1);
        self.say(&format!("{:>2}. {what}", self.steps.get()))
    }

    fn say(&self, line: &str) -> Result<(), TourError> {
        writeln!(io::stdout(), "{line}").map_err(|error| TourError::of(&error))
    }

    /// A line that is written over until the last; elsewhere than on a terminal, the last alone.
    fn progress(&self, done: usize, of: usize) -> Result<(), TourError> {
        let mut out = io::stdout().lock();
        let line = format!("     {done} of {of}");
        let written = match (done == of, out.is_terminal()) {
            (true, _) => writeln!(out, "{line}"),
            (false, true) => write!(out, "{line}\r"),
            (false, false) => Ok(()),
        };
        written
            .and_then(|()| out.flush())
            .map_err(|error| TourError::of(&error))
    }
}

fn must(holds: bool, otherwise: &str) -> Result<(), TourError> {
    if holds {
        Ok(())
    } else {
        Err(TourError(otherwise.to_owned()))
    }
}
