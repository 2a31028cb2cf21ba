#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::prelude::{
    ProptestConfig, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

use super::*;

const MAX_RECEIVES: u32 = 3;

#[derive(Clone, Debug)]
enum Step {
    Send { delay_s: u64 },
    Receive { max: usize, hidden_for_s: u64 },
    Delete { nth: usize },
    SetVisibility { nth: usize, after_s: u64 },
    Wait { s: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..5_u64).prop_map(|delay_s| Step::Send { delay_s }),
        (1..4_usize, 0..5_u64).prop_map(|(max, hidden_for_s)| Step::Receive { max, hidden_for_s }),
        (0..4_usize).prop_map(|nth| Step::Delete { nth }),
        (0..4_usize, 0..5_u64).prop_map(|(nth, after_s)| Step::SetVisibility { nth, after_s }),
        (1..4_i64).prop_map(|s| Step::Wait { s }),
    ];
    vec(step, 1..40)
}

/// What is known of one message from outside.
#[derive(Clone, Default)]
struct Known {
    visible_at: i64,
    receives: u32,
    receipt: Option<String>,
}

fn place() -> Place {
    Place {
        region: "eu-central-1".to_owned(),
        account: "000000000000".to_owned(),
    }
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("queues.sqlite")).unwrap();
    let options = QueueOptions {
        name: "jobs".to_owned(),
        visibility_timeout_s: 30,
        redrive: Some(("dead".to_owned(), MAX_RECEIVES)),
    };
    store.ensure_queue(&options, Timestamp::UNIX_EPOCH).unwrap();
    (folder, store)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_message_is_received_when_it_is_due_and_lost_never(steps in steps()) {
        let (_folder, mut store) = store();
        let mut now = Timestamp::UNIX_EPOCH;
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        for step in steps {
            let ms = now.as_millisecond();
            let nth = |known: &BTreeMap<String, Known>, nth: usize| {
                known.iter().filter(|(_, k)| k.receipt.is_some()).nth(nth).map(|(id, _)| id.clone())
            };
            match step {
                Step::Send { delay_s } => {
                    let delay = Duration::from_secs(delay_s);
                    let message = NewMessage::new("job".to_owned(), delay).unwrap();
                    known.insert(message.id.clone(), Known { visible_at: later(now, delay), ..Known::default() });
                    store.send("jobs", &[message], now).unwrap();
                }
                Step::Receive { max, hidden_for_s } => {
                    let hidden_for = Duration::from_secs(hidden_for_s);
                    let batch = store.receive("jobs", max, Some(hidden_for), now, &place()).unwrap();
                    let due = known.values().filter(|k| k.visible_at <= ms && k.receives < MAX_RECEIVES).count();
                    prop_assert_eq!(batch.messages.len(), due.min(max));
                    // The exhausted ones that were due are in the dead-letter queue now.
                    known.retain(|_, k| k.visible_at > ms || k.receives < MAX_RECEIVES);
                    for message in batch.messages {
                        let k = known.get_mut(&message.id).expect("only what was sent");
                        prop_assert!(k.visible_at <= ms, "received while hidden");
                        prop_assert_eq!(message.receive_count, k.receives + 1);
                        *k = Known { visible_at: later(now, hidden_for), receives: k.receives + 1, receipt: Some(message.receipt) };
                    }
                }
                Step::Delete { nth: n } => {
                    if let Some(id) = nth(&known, n) {
                        store.delete("jobs", known.remove(&id).unwrap().receipt.as_ref().unwrap()).unwrap();
                    }
                }
                Step::SetVisibility { nth: n, after_s } => {
                    if let Some(id) = nth(&known, n) {
                        let k = known.get_mut(&id).unwrap();
                        let after = Duration::from_secs(after_s);
                        let result = store.set_visibility("jobs", k.receipt.as_ref().unwrap(), after, now);
                        prop_assert_eq!(result.is_ok(), k.visible_at > ms);
                        if result.is_ok() {
                            k.visible_at = later(now, after);
                        }
                    }
                }
                Step::Wait { s } => now = now.checked_add(SignedDuration::from_secs(s)).unwrap(),
            }
            let depth = store.depth("jobs", now).unwrap();
            prop_assert_eq!(depth.visible + depth.in_flight + depth.delayed, known.len() as u64);
            let ms = now.as_millisecond();
            prop_assert_eq!(depth.visible, known.values().filter(|k| k.visible_at <= ms).count() as u64);
        }
    }
}

#[test]
fn a_body_has_the_characters_of_xml_only() {
    let send = |body: &str| NewMessage::new(body.to_owned(), Duration::ZERO).is_ok();
    assert!(send("tab\t line\n return\r é \u{1F600} \u{FFFD}"));
    for refused in ["", "nul\0", "bell\u{7}", "\u{FFFE}", "\u{FFFF}"] {
        assert!(!send(refused), "{refused:?}");
    }
    assert!(send(&"a".repeat(MAX_BYTES)));
    assert!(!send(&"a".repeat(MAX_BYTES + 1)));
}
