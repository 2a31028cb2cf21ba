//! Notices to whoever was given data: who is told, and the receipt (5.2b, 5.6, 6.3b).

use domain::compliance::notice::{Matter, Recipient};
use domain::compliance::processor::Processor;
use domain::time::{Timestamp, days, shift};
use serde_json::{Value, json};
use store::Tx;
use store::compliance::Notice;

use super::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_noted_once_and_ends_what_we_know_of_the_person() {
    let desk = Desk::new().await;
    let staff = desk.member("staff@assetbox.example").await;
    let asked = desk.now();
    let stripe = Recipient::Processor(Processor::Stripe);
    let notice = Notice::due(stripe, Matter::Destruction, vec!["cus_1".to_owned()], asked);
    let mut tx = Tx::new();
    tx.notify(&notice, asked);
    desk.db().commit(tx).await.unwrap();
    let list = async |query: &str| {
        let path = format!("/compliance/notices{query}");
        desk.at(&staff).get(path).await.json(200)
    };
    let open = list("?open=true").await;
    assert_eq!(open["items"][0]["processor"], "stripe", "{open}");
    assert_eq!(open["items"][0]["references"], json!(["cus_1"]));
    assert_eq!(
        open["items"][0]["due_at"],
        shift(asked, days(30)).to_string()
    );

    let note = async |receipt: &str, at: Timestamp| {
        let path = format!("/compliance/notices/{}/receipt", notice.id);
        let body = json!({"receipt_sha256": receipt, "answered_at": at});
        desk.at(&staff).post(path, &body).await
    };
    let (hash, now) = ("ab".repeat(32), desk.now());
    note("ab", now).await.problem(422, "invalid_field");
    note(&hash, shift(asked, -days(1)))
        .await
        .problem(422, "invalid_field");
    let noted = note(&hash, now).await.json(200);
    assert_eq!(noted["receipt_sha256"], hash.as_str());
    assert_eq!(noted["references"], json!([]));
    assert_eq!(noted["late"], false);
    note(&hash, now).await.problem(409, "notice_answered");
    assert_eq!(list("?open=true").await["items"], json!([]));
    let all = list("").await;
    assert_eq!(all["items"].as_array().map(Vec::len), Some(1));
    assert_ne!(all["items"][0]["answered_at"], Value::Null);
    assert_eq!(desk.entries("notice.answered").await.len(), 1);
}
