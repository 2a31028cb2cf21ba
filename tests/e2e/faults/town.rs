//! A day in the life of the service: what three people do, whatever the weather.

mod files;
mod money;
mod requests;

use std::cell::Cell;
use std::time::Duration;

use assetbox::cli::replay::replay;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::outbox::LEASE;

use super::patient::Patient;
use crate::support::provider::Provider;
use crate::support::{Anonymous, Bearer, Caller, Person, TestMachine, tick};

/// How long the machine may be at work before its clock moves on: who waits for a lease to run
/// out need not wait in real time.
const A_MOMENT: Duration = Duration::from_secs(2);
/// After this, the sweep delivers what the stream has given up, and what has stepped back.
const SWEPT_AGAIN: SignedDuration = SignedDuration::from_mins(16);
const MOST: usize = 300;

/// A machine with its payment providers.
pub struct Town {
    pub machine: TestMachine,
    provider: Provider,
    /// How many dead letters were replayed.
    pub replayed: Cell<usize>,
}

/// Who lived there.
pub struct People {
    /// Has files and pays with Stripe.
    pub alice: Person,
    /// Pays with YooKassa, and is erased.
    pub bob: Person,
    /// The address of the certificate of Bob's erasure.
    pub certificate: String,
    /// Bob's id, which nothing may name any more.
    pub erased: String,
}

/// Somebody at the API.
pub type User<'m> = Patient<'m, Bearer>;

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

impl Town {
    pub async fn found() -> Self {
        let provider = Provider::start().await;
        let urls = ["StripeApiUrl", "YookassaApiUrl"].map(|name| (name, provider.url.as_str()));
        Self {
            machine: TestMachine::start_configured(&urls).await,
            provider,
            replayed: Cell::new(0),
        }
    }

    /// Everything that the service does for people, from the first sign-up to an erasure.
    pub async fn live(&self) -> People {
        let (alice, bob) = (Person::new(), Person::new());
        let staff = Person {
            email: "staff@assetbox.example".to_owned(),
            ..Person::new()
        };
        self.open_account(&staff).await;
        let user = self.open_account(&alice).await;
        self.preferences(&user, &alice).await;
        let (cat, others) = self.files(&user).await;
        self.film(&user).await;
        self.settle().await;
        self.everything_is_labelled(&user, &cat).await;
        self.housekeeping(&user, &others).await;
        let user = self.sign_in(&alice).await;
        self.pays_with_stripe(&user).await;
        let officer = self.sign_in(&staff).await;
        self.correction(&user, &officer).await;

        let user = self.open_account(&bob).await;
        let erased = text(&user.get("/me").await.json(200)["id"]);
        let words = "Bob was here.".as_bytes();
        self.upload(&user, "bob.txt", "text/plain", words).await;
        self.pays_with_yookassa(&user).await;
        self.settle().await;
        self.copy_of_data(&bob).await;
        let officer = self.sign_in(&staff).await;
        let certificate = self.erasure(&bob, &officer).await;
        People {
            alice,
            bob,
            certificate,
            erased,
        }
    }

    /// Waits until everything that has happened has had its consequences. Time passes for those
    /// who wait for it, and the operator replays what was given up.
    pub async fn settle(&self) {
        for _ in 0..MOST {
            let idle = tokio::time::timeout(A_MOMENT, self.machine.idle()).await;
            let Ok(idle) = idle else {
                let lease_is_over = LEASE + SignedDuration::from_secs(2);
                self.machine.advance(lease_is_over).unwrap();
                continue;
            };
            idle.unwrap();
            // a sweep that fails leaves its notes for the next attempt
            let Ok(replayed) = replay(&self.machine).await else {
                continue;
            };
            self.replayed.set(self.replayed.get() + replayed.moved);
            let waiting = !self.machine.keys("CatalogTable", "OUT#").await.is_empty();
            if waiting {
                self.machine.advance(SWEPT_AGAIN).unwrap();
            } else if replayed.is_nothing() {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn patient<C: Caller>(&self, person: &Person, caller: C) -> Patient<'_, C> {
        Patient {
            machine: &self.machine,
            api: self.machine.browser_of(person).with(caller),
        }
    }

    async fn open_account(&self, person: &Person) -> User<'_> {
        let browser = self.patient(person, Anonymous);
        let boxes = [
            "processing-consent",
            "marketing-consent",
            "transfer-consent",
        ];
        let boxes = boxes.map(|box_| tick(&self.machine, box_, box_ == "processing-consent"));
        let form = person.form(&boxes);
        browser.post("/signup", &form).await.is(202);
        self.settle().await;
        let token = json!({"token": self.machine.link(&person.email, "signup").await});
        let reply = browser.post("/signup/verify", &token).await;
        reply.is_or_was(200, &["link_used_or_over"]);
        self.settle().await;
        self.sign_in(person).await
    }

    async fn sign_in(&self, person: &Person) -> User<'_> {
        let credentials = json!({"email": person.email, "password": person.password});
        let browser = self.patient(person, Anonymous);
        let session = browser.post("/sessions", &credentials).await;
        let token = text(&session.is(201).json(201)["token"]);
        self.patient(person, Bearer(token))
    }

    /// Consents given and taken back, another name, and no reading of what stands in pictures,
    /// which takes the stand-in long.
    async fn preferences(&self, user: &User<'_>, person: &Person) {
        for purpose in ["marketing", "transfer"] {
            let path = format!("/me/consents/{purpose}");
            let mut yes = tick(&self.machine, &format!("{purpose}-consent"), true);
            yes.as_object_mut().unwrap().remove("ticked");
            yes["given"] = json!(true);
            for given in [yes, json!({"given": false})] {
                let view = user.put(&path, &given).await;
                assert_eq!(view.is(200).json(200)["given"], given["given"]);
            }
        }
        let name = format!("{} the Second", person.name);
        let change = json!({"name": name});
        let done = |view: &Value| view["name"] == name.as_str();
        user.change("PATCH", "/me", Some(&change), done).await;
        let change = json!({"features": {"text": false}});
        let done = |view: &Value| view["features"]["text"] == false;
        user.change("PATCH", "/workspace", Some(&change), done)
            .await;
        self.settle().await;
    }
}
