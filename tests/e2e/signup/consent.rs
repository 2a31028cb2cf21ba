//! Boxes, evidence and receipt (clause 2.2).

use domain::consent::{ConsentPurpose, label};
use domain::data_map::Field;
use domain::policy::Locale;
use domain::processing::{Actor, Category, Operation, Purpose};
use serde_json::{Value, json};
use store::people::{Consent, consent_history};
use store::personal::{Access, Gate};

use crate::support::{Person, TestMachine, tick};

/// The answer to a form that must not be taken, which must leave nothing anywhere.
async fn refused(machine: &TestMachine, form: &Value, status: u16, code: &str) -> Value {
    let before = machine.counts().await;
    let answer = machine.anonymous().post("/signup", form).await;
    let problem = answer.problem(status, code);
    machine.settled().await;
    assert_eq!(machine.counts().await, before, "{form}");
    assert_eq!(machine.mailbox().list().await.unwrap().len(), 0);
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_required_tick_nothing_is_stored() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    let unticked = tick(&machine, "processing-consent", false);
    let other = tick(&machine, "marketing-consent", true);
    for boxes in [
        vec![],
        vec![unticked.clone()],
        vec![other.clone()],
        vec![unticked, other],
    ] {
        refused(
            &machine,
            &person.form(&boxes),
            422,
            "processing_consent_required",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_text_is_refused_with_the_current_one() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    let current = tick(&machine, "processing-consent", true);
    let mut other_version = current.clone();
    other_version["version"] = json!("2020-01-01");
    let mut other_text = current.clone();
    other_text["sha256"] = json!("0".repeat(64));
    for stale in [other_version, other_text] {
        let problem = refused(&machine, &person.form(&[stale]), 409, "stale_consent").await;
        assert_eq!(problem["document"], "processing-consent");
        assert_eq!(problem["version"], current["version"]);
        assert_eq!(problem["sha256"], current["sha256"]);
    }
    // An optional box that was ticked under an old text is no consent either.
    let mut marketing = tick(&machine, "marketing-consent", true);
    marketing["version"] = json!("2020-01-01");
    refused(
        &machine,
        &person.form(&[current, marketing]),
        409,
        "stale_consent",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_fields_are_named_and_leave_nothing() {
    let machine = TestMachine::start().await;
    let good = Person::new().form(&[tick(&machine, "processing-consent", true)]);
    let bad = [
        ("name", json!("")),
        ("name", json!("a\nb")),
        ("email", json!("ada")),
        ("phone", json!("02071838750")),
        ("phone", json!("+1234567890123456")),
        ("company", json!(" ")),
        ("position", json!("x".repeat(201))),
    ];
    for (field, value) in bad {
        let mut form = good.clone();
        form[field] = value;
        let problem = refused(&machine, &form, 422, "invalid_field").await;
        assert_eq!(problem["field"], field);
    }
    for password in ["short", "password1234", good["company"].as_str().unwrap()] {
        let mut form = good.clone();
        form["password"] = json!(password);
        refused(&machine, &form, 422, "weak_password").await;
    }
    for (field, value) in [
        ("date_of_birth", json!("1990-01-01")),
        ("locale", json!("de")),
        ("name", Value::Null),
        // a box whose fields are in their order is no object
        (
            "consents",
            json!([["processing-consent", "2026-11-22", "0", "en", true]]),
        ),
    ] {
        let mut form = good.clone();
        form[field] = value;
        refused(&machine, &form, 422, "invalid_body").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_of_every_given_consent_is_complete() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    machine
        .sign_up(&person, &["marketing-consent"])
        .await
        .is(202);

    let db = machine.db();
    let subject = machine.only_subject().await;
    let history = consent_history(&db, subject).await.unwrap();
    let given: Vec<_> = history.iter().map(|evidence| evidence.consent).collect();
    assert_eq!(
        given,
        [ConsentPurpose::Marketing, ConsentPurpose::Processing]
    );
    let evidence_may_be_read = Access {
        purpose: Purpose::Feedback,
        operation: Operation::Extract,
        actor: Actor::Staff,
        categories: &[Category::ConsentEvidence],
        clause: "2.2",
    };
    let key = machine
        .model()
        .function("SignupFunction")
        .unwrap()
        .environment["PERSONAL_DATA_KEY"]
        .clone();
    let gate = Gate::new(&machine.sdk_config("test"), db, key);
    let opened = gate
        .open(subject, evidence_may_be_read, machine.now())
        .await
        .unwrap();
    for evidence in &history {
        let shown = tick(&machine, evidence.consent.document(), true);
        assert_eq!(serde_json::to_value(&evidence.tick).unwrap(), shown);
        assert!(evidence.given && evidence.at <= machine.now());
        assert_eq!(evidence.form, "signup");
        assert_eq!(
            Some(&evidence.label),
            label(evidence.consent, Locale::En).as_ref()
        );
        let sealed = [
            (Field::ConsentAddress, &evidence.source_ip, "127.0.0.1"),
            (
                Field::ConsentBrowser,
                &evidence.user_agent,
                person.user_agent.as_str(),
            ),
        ];
        for (field, sealed, plain) in sealed {
            let key = Consent::key_of(subject, evidence.at, evidence.consent);
            let unsealed = opened
                .unseal::<Consent>(field, &key, sealed.as_ref().unwrap())
                .unwrap();
            assert_eq!(unsealed.as_str(), plain);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_names_what_was_agreed_to_and_nothing_else() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    machine
        .sign_up(&person, &["transfer-consent"])
        .await
        .is(202);
    let letter = machine.last_mail_to(&person.email).await;
    let (text, html) = (
        letter.text.as_deref().unwrap(),
        letter.html.as_deref().unwrap(),
    );
    for (document, is_there) in [
        ("processing-consent", true),
        ("transfer-consent", true),
        ("marketing-consent", false),
    ] {
        let shown = tick(&machine, document, true);
        for word in ["version", "sha256"] {
            let word = shown[word].as_str().unwrap();
            assert!(text.contains(word) || !is_there, "{document} {word}");
            assert!(html.contains(word) || !is_there, "{document} {word}");
        }
        assert_eq!(
            text.contains(shown["sha256"].as_str().unwrap()),
            is_there,
            "{document}"
        );
    }
    // A letter that acts for its reader is not one to unsubscribe from.
    assert_eq!(letter.header("List-Unsubscribe"), None);
    assert_eq!(letter.header("Auto-Submitted"), Some("auto-generated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_come_in_the_language_of_the_form() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    let mut form = person.form(&[tick(&machine, "processing-consent", true)]);
    form["locale"] = json!("ru");
    machine.anonymous().post("/signup", &form).await.is(202);
    machine.settled().await;
    let letter = machine.last_mail_to(&person.email).await;
    assert_eq!(letter.summary.subject, "Подтвердите адрес");
}
