#![allow(clippy::unwrap_used)]

use super::{Size, chunks, page::page};
use domain::policy::Locale;
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn the_page_shows_every_value_and_runs_none() {
    let document = json!({
        "profile": {"name": "<script>alert(1)</script>", "phone": "+70000000000"},
        "consents": [{"consent": "marketing", "given": true}, {"consent": "transfer", "given": false}],
        "statement": [{"article": "art. 14", "text": "a & b"}],
        "uploaded_assets": {"rows": 5000, "in_parts": ["uploaded_assets-1"]},
    });
    let html = page(&document, Locale::Ru);
    assert!(!html.contains("<script"));
    for shown in [
        "&lt;script&gt;",
        "+70000000000",
        "marketing",
        "transfer",
        "a &amp; b",
        "uploaded_assets-1",
        "Ваши данные",
    ] {
        assert!(html.contains(shown), "{shown}");
    }
}

proptest! {
    #[test]
    fn parts_hold_every_row_once_and_fit(lengths in prop::collection::vec(0usize..120, 1..12)) {
        let rows: Vec<Value> = lengths.iter().map(|length| Value::from("x".repeat(*length))).collect();
        let into = Size { rows: 3, bytes: 100 };
        let parts = chunks(&rows, into);
        prop_assert_eq!(parts.concat(), rows.clone());
        for part in parts {
            let size = part.iter().fold(Size::default(), Size::with);
            prop_assert!(size.fits(into) || part.len() == 1);
        }
    }

    #[test]
    fn no_text_leaves_its_cell(text in "\\PC{0,40}") {
        let html = page(&json!({"profile": {"name": text}}), Locale::En);
        let empty = page(&json!({"profile": {"name": ""}}), Locale::En);
        prop_assert_eq!(html.matches('<').count(), empty.matches('<').count());
    }
}
