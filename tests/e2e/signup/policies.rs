//! The published documents: immutable versions in a hash chain (clause 9.2).

use serde_json::Value;

use crate::support::{TestMachine, sha256};

#[tokio::test(flavor = "multi_thread")]
async fn anybody_can_check_the_chain_of_publications() {
    let machine = TestMachine::start().await;
    let anonymous = machine.anonymous();
    let list = anonymous.get("/policies").await.json(200);
    let mut previous = "0".repeat(64);
    for item in list["items"].as_array().unwrap() {
        assert_eq!(item["previous"], previous);
        // The canonical JSON: sorted keys, without the hash and what is not part of the record.
        let mut record = item.clone();
        let fields = record.as_object_mut().unwrap();
        fields.remove("hash");
        fields.remove("in_force");
        assert_eq!(
            item["hash"],
            sha256(record.to_string().as_bytes()),
            "{record}"
        );
        item["hash"].as_str().unwrap().clone_into(&mut previous);
        for text in item["texts"].as_array().unwrap() {
            let name = |field: &str| item[field].as_str().unwrap().to_owned();
            let path = format!(
                "/policies/{}/versions/{}",
                name("document"),
                name("version")
            );
            let locale = text["locale"].as_str().unwrap();
            let read = anonymous.get(format!("{path}?locale={locale}")).await;
            assert!(read.header("cache-control").unwrap().contains("immutable"));
            let read = read.json(200);
            assert_eq!(read["sha256"], text["sha256"]);
            assert_eq!(
                sha256(read["text"].as_str().unwrap().as_bytes()),
                text["sha256"].as_str().unwrap()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_is_there_in_english_and_russian() {
    let machine = TestMachine::start().await;
    let anonymous = machine.anonymous();
    let documents = [
        "privacy-policy",
        "terms",
        "processing-consent",
        "marketing-consent",
        "transfer-consent",
    ];
    for document in documents {
        let mut texts = Vec::new();
        for locale in ["en", "ru"] {
            let read = anonymous
                .get(format!("/policies/{document}?locale={locale}"))
                .await
                .json(200);
            assert_eq!(
                read["label"] == Value::Null,
                !document.ends_with("consent"),
                "{document}"
            );
            texts.push(read["text"].as_str().unwrap().to_owned());
        }
        assert_ne!(texts[0], texts[1]);
        let versions = anonymous
            .get(format!("/policies/{document}/versions"))
            .await
            .json(200);
        let in_force = versions["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|v| v["in_force"] == true);
        assert_eq!(in_force.count(), 1);
    }
    anonymous
        .get("/policies/nothing")
        .await
        .problem(404, "not_found");
    anonymous
        .get("/policies/nothing/versions")
        .await
        .problem(404, "not_found");
    anonymous
        .get("/policies/terms/versions/1")
        .await
        .problem(404, "not_found");
    anonymous
        .get("/policies/terms?locale=de")
        .await
        .problem(422, "invalid_query");
}
