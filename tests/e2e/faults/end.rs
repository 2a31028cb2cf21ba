//! How a day has ended: what must be the same whatever the weather, and what must be true.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::town::{People, Town};
use crate::erasure::proven;
use crate::support::{User, text};

/// Entries of the ledger that tell of an attempt, so that there may be more of them in bad weather.
const OF_ATTEMPTS: [&str; 5] = [
    "personal_data.accessed",
    "personal_data.not_found",
    "personal_data.transferred",
    "request.copy_handed_out",
    "session.opened",
];
/// Items that count attempts, are sessions, or tell what the nightly round has passed on its way.
const NOT_COMPARED: [&str; 3] = ["LIMIT#", "SESSION#", "RECONCILE"];
/// Until the sessions, links and keys of the day are over, however long it was.
const A_DAY_AND_MORE: SignedDuration = SignedDuration::from_hours(26);

/// What must be the same, whatever ids and times there are.
#[derive(Debug, PartialEq)]
pub struct End {
    /// How often each letter was noted as sent, by its name.
    letters: BTreeMap<String, usize>,
    /// How often each event stands in the ledger, accesses and sessions left out.
    events: BTreeMap<String, usize>,
    /// How many items of each kind the tables hold.
    items: BTreeMap<String, usize>,
    /// How many objects of each kind the buckets hold, versions of one counted once.
    objects: BTreeMap<String, usize>,
    /// What Alice has.
    assets: Vec<Value>,
    billing: Value,
}

impl Town {
    /// Lets the day end in fair weather, checks what must be true of it, and tells how it ended.
    pub async fn end(&self, people: &People) -> End {
        self.machine.faults().clear();
        self.settle().await;
        self.machine.advance(A_DAY_AND_MORE).unwrap();
        self.settle().await;
        self.machine.pass(SignedDuration::from_hours(1)).await;
        self.machine.pass(SignedDuration::from_hours(1)).await;
        self.nothing_waits().await;
        self.the_ledger_holds().await;
        self.bob_is_gone(people).await;
        let alice = self.machine.sign_in(&people.alice).await;
        let assets = self.assets(&alice).await;
        let billing = alice.api.get("/billing").await.json(200);
        let sizes = assets
            .iter()
            .filter_map(|asset| asset["size_bytes"].as_u64());
        assert_eq!(billing["stored_bytes"], sizes.sum::<u64>(), "the quota");
        let payments = billing["payments"].as_array().unwrap();
        assert_eq!(payments.len(), 1, "{billing}");
        let money = ["id", "state", "amount_minor", "currency", "plan"];
        let payment: Vec<_> = money.iter().map(|field| &payments[0][*field]).collect();
        End {
            letters: self.letters().await,
            events: self.events().await,
            items: self.items().await,
            objects: self.objects(),
            billing: json!([
                billing["status"],
                billing["access"],
                billing["plan"],
                payment
            ]),
            assets,
        }
    }

    async fn nothing_waits(&self) {
        assert_eq!(self.machine.keys("CatalogTable", "OUT#").await, []);
        for queue in &self.machine.model().queues {
            let depth = self.machine.services().sqs().depth(&queue.name).await;
            let depth = depth.unwrap();
            let held = depth.visible + depth.in_flight + depth.delayed;
            assert_eq!(held, 0, "{}", queue.id);
        }
    }

    async fn the_ledger_holds(&self) {
        assetbox::proof::ledger(&self.machine).await.unwrap();
        let entries = self.machine.keys("LedgerTable", "EVT#").await.len();
        let chained = self.machine.db().verify_ledger().await.unwrap();
        assert_eq!(chained.links, entries, "every entry is chained");
    }

    async fn bob_is_gone(&self, people: &People) {
        let certificate = proven(&self.machine, &people.certificate).await;
        assert!(certificate.steps.iter().all(|step| step.after == 0));
        let everything = self.machine.everything().await;
        let mut gone = people.bob.canaries();
        gone.push(people.erased.clone());
        for item in &everything {
            let found = gone.iter().find(|word| item.contains(word.as_str()));
            assert_eq!(found, None, "{item}");
        }
    }

    async fn assets(&self, alice: &User) -> Vec<Value> {
        let listed = alice.api.get("/assets").await.json(200);
        let mut assets = Vec::new();
        for asset in listed["items"].as_array().unwrap() {
            let path = format!("/assets/{}", asset["id"].as_str().unwrap());
            let view = alice.api.get(path).await.json(200);
            let fields = [
                "name",
                "size_bytes",
                "sha256",
                "tagging",
                "labels",
                "text",
                "own_labels",
            ];
            let mut kept: serde_json::Map<_, _> = fields
                .iter()
                .map(|field| ((*field).to_owned(), view[*field].clone()))
                .collect();
            kept.insert("preview".to_owned(), view["preview"]["state"].clone());
            assets.push(Value::Object(kept));
        }
        assets.sort_by_key(|asset| asset["name"].to_string());
        assets
    }

    /// Each letter is noted once, however often it went out.
    async fn letters(&self) -> BTreeMap<String, usize> {
        let sent = self.machine.entries("letter.sent").await;
        let messages: BTreeSet<_> = sent.iter().map(|entry| &entry.facts["message"]).collect();
        assert_eq!(messages.len(), sent.len(), "each message is noted once");
        count(sent.iter().map(|entry| entry.facts["letter"].clone()))
    }

    async fn events(&self) -> BTreeMap<String, usize> {
        let ledger = self.machine.ledger().await.into_iter();
        let events = ledger.map(|entry| entry.event);
        count(events.filter(|event| !OF_ATTEMPTS.contains(&event.as_str())))
    }

    async fn items(&self) -> BTreeMap<String, usize> {
        let mut kinds = Vec::new();
        for table in ["CatalogTable", "PeopleTable", "KeysTable"] {
            for item in self.machine.items(table).await {
                let (pk, sk) = (text(&item, "pk"), text(&item, "sk"));
                let compared = |key: &str| !NOT_COMPARED.iter().any(|p| key.starts_with(p));
                if compared(&pk) && compared(&sk) {
                    kinds.push(format!("{table} {} {}", kind_of(&pk), kind_of(&sk)));
                }
            }
        }
        count(kinds)
    }

    fn objects(&self) -> BTreeMap<String, usize> {
        let mut kinds = Vec::new();
        for bucket in ["AssetsBucket", "ExportsBucket"] {
            let keys: BTreeSet<_> = self.machine.keys_of(bucket).into_iter().collect();
            let kind = |key: String| key.split('/').next().unwrap_or_default().to_owned();
            kinds.extend(keys.into_iter().map(kind));
        }
        let proofs: BTreeSet<_> = self.machine.keys_of("ProofsBucket").into_iter().collect();
        let certificates = proofs
            .into_iter()
            .filter(|key| key.starts_with("certificates/"));
        kinds.extend(certificates.map(|_| "certificates".to_owned()));
        count(kinds)
    }
}

/// A key without its ids, times and words.
fn kind_of(key: &str) -> String {
    let is_word = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let parts = key
        .split('#')
        .map(|part| if is_word(part) { part } else { "…" });
    parts.collect::<Vec<_>>().join("#")
}

fn count(all: impl IntoIterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts
}
