use aws_sdk_kms::Client;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::operation::decrypt::builders::DecryptFluentBuilder;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use ed25519_dalek::pkcs8::DecodePublicKey;
use ed25519_dalek::{Signature, VerifyingKey};
use local_services::{Error, KeyKind, KeyName};

use crate::support::{ACCOUNT, REGION, Running};

struct Keys {
    running: Running,
    client: Client,
    symmetric: KeyName,
    signing: KeyName,
}

impl Keys {
    async fn new() -> Self {
        Self::over(Running::new().await).await
    }

    async fn over(running: Running) -> Self {
        let kms = running.services.kms();
        let symmetric = kms.ensure_key("alias/data", KeyKind::Symmetric).unwrap();
        let signing = kms.ensure_key("ledger", KeyKind::Ed25519).unwrap();
        let client = Client::new(&running.config().await);
        Self {
            running,
            client,
            symmetric,
            signing,
        }
    }

    fn decrypt(&self, ciphertext: &Blob, subject: &str) -> DecryptFluentBuilder {
        self.client
            .decrypt()
            .ciphertext_blob(ciphertext.clone())
            .encryption_context("subject", subject)
            .encryption_context("table", "keys")
    }
}

#[tokio::test]
async fn a_data_key_opens_under_its_own_context_only() {
    let keys = Keys::new().await;
    let made = keys
        .client
        .generate_data_key()
        .key_id("alias/data")
        .key_spec(DataKeySpec::Aes256)
        .encryption_context("subject", "usr_1")
        .encryption_context("table", "keys")
        .send()
        .await
        .unwrap();
    assert_eq!(made.key_id.as_ref(), Some(&keys.symmetric.arn));
    let plaintext = made.plaintext.unwrap();
    assert_eq!(plaintext.as_ref().len(), 32);
    let ciphertext = made.ciphertext_blob.unwrap();

    let opened = keys.decrypt(&ciphertext, "usr_1").send().await.unwrap();
    assert_eq!(opened.plaintext, Some(plaintext));
    assert_eq!(opened.key_id.as_ref(), Some(&keys.symmetric.arn));

    let error = keys.decrypt(&ciphertext, "usr_2").send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_ciphertext_exception());
    let without = keys.client.decrypt().ciphertext_blob(ciphertext.clone());
    let error = without.send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_ciphertext_exception());
    let garbage = keys.client.decrypt().ciphertext_blob(Blob::new([1; 80]));
    let error = garbage.send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_ciphertext_exception());
}

#[tokio::test]
async fn a_wrapped_key_survives_a_kill_in_a_private_file() {
    let keys = Keys::new().await;
    let call = keys.client.generate_data_key_without_plaintext();
    let call = call
        .key_id(&keys.symmetric.id)
        .key_spec(DataKeySpec::Aes256);
    let call = call.encryption_context("subject", "usr_1");
    let made = call
        .encryption_context("table", "keys")
        .send()
        .await
        .unwrap();
    let ciphertext = made.ciphertext_blob.unwrap();
    let before = keys.decrypt(&ciphertext, "usr_1").send().await.unwrap();
    let public_key = keys.running.services.kms().public_key("alias/ledger");

    let reopened = Keys::over(keys.running.as_after_a_kill().await).await;
    assert_eq!(reopened.symmetric, keys.symmetric);
    assert_eq!(reopened.signing, keys.signing);
    let after = reopened.decrypt(&ciphertext, "usr_1").send().await.unwrap();
    assert_eq!(after.plaintext, before.plaintext);
    let kms = reopened.running.services.kms();
    assert_eq!(
        kms.public_key(&keys.signing.arn).unwrap(),
        public_key.unwrap()
    );
    reopened.running.assert_private();
}

#[tokio::test]
async fn a_key_answers_to_its_id_its_arns_and_its_alias() {
    let keys = Keys::new().await;
    let id = &keys.symmetric.id;
    let prefix = format!("arn:aws:kms:{REGION}:{ACCOUNT}:");
    assert_eq!(keys.symmetric.arn, format!("{prefix}key/{id}"));
    for name in [
        id.clone(),
        format!("{prefix}key/{id}"),
        "alias/data".to_owned(),
        format!("{prefix}alias/data"),
    ] {
        let call = keys.client.encrypt().key_id(&name);
        let call = call.plaintext(Blob::new("secret"));
        let sealed = call.send().await.unwrap().ciphertext_blob.unwrap();
        let call = keys.client.decrypt().key_id(&name).ciphertext_blob(sealed);
        let opened = call.send().await.unwrap().plaintext.unwrap();
        assert_eq!(opened.as_ref(), b"secret", "{name}");
    }
    for name in [
        "data",
        "alias/nothing",
        &format!("key/{id}"),
        &format!("{prefix}{id}"),
    ] {
        let error = keys.client.describe_key().key_id(name).send().await;
        let error = error.unwrap_err().into_service_error();
        assert!(error.is_not_found_exception(), "{name}");
    }
}

#[tokio::test]
async fn a_signature_verifies_with_the_public_key() {
    let keys = Keys::new().await;
    let call = keys.client.get_public_key().key_id("alias/ledger");
    let public_key = call.send().await.unwrap();
    assert_eq!(public_key.key_spec, Some(KeySpec::EccNistEdwards25519));
    let der = public_key.public_key.unwrap();
    let verifying = VerifyingKey::from_public_key_der(der.as_ref()).unwrap();

    let sign = |kind: MessageType| {
        let call = keys.client.sign().key_id("alias/ledger").message_type(kind);
        let call = call.signing_algorithm(SigningAlgorithmSpec::Ed25519Sha512);
        call.message(Blob::new("merkle root")).send()
    };
    let signed = sign(MessageType::Raw).await.unwrap();
    assert_eq!(signed.key_id.as_ref(), Some(&keys.signing.arn));
    let signature = Signature::from_slice(signed.signature.unwrap().as_ref()).unwrap();
    verifying.verify_strict(b"merkle root", &signature).unwrap();
    assert!(
        verifying
            .verify_strict(b"another root", &signature)
            .is_err()
    );

    let error = sign(MessageType::Digest).await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
}

#[tokio::test]
async fn a_key_is_used_for_its_own_kind_of_work() {
    let keys = Keys::new().await;
    let call = keys.client.encrypt().key_id("alias/ledger");
    let error = call.plaintext(Blob::new("x")).send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_key_usage_exception());
    let error = keys
        .client
        .get_public_key()
        .key_id("alias/data")
        .send()
        .await;
    let error = error.unwrap_err().into_service_error();
    assert!(error.is_invalid_key_usage_exception());
    let error = keys
        .running
        .services
        .kms()
        .ensure_key("data", KeyKind::Ed25519);
    assert!(matches!(error, Err(Error::KeyKind(_))));
}

#[tokio::test]
async fn decrypting_with_another_key_than_asked_for_fails() {
    let keys = Keys::new().await;
    let kms = keys.running.services.kms();
    kms.ensure_key("other", KeyKind::Symmetric).unwrap();
    let call = keys.client.encrypt().key_id("alias/data");
    let sealed = call.plaintext(Blob::new("x")).send().await.unwrap();
    let call = keys.client.decrypt().key_id("alias/other");
    let call = call.set_ciphertext_blob(sealed.ciphertext_blob);
    let error = call.send().await.unwrap_err().into_service_error();
    assert!(error.is_incorrect_key_exception(), "{error:?}");
}

#[tokio::test]
async fn a_key_is_described() {
    let keys = Keys::new().await;
    let call = keys.client.describe_key().key_id("alias/data");
    let metadata = call.send().await.unwrap().key_metadata.unwrap();
    assert_eq!(metadata.key_id, keys.symmetric.id);
    assert_eq!(metadata.arn.as_ref(), Some(&keys.symmetric.arn));
    assert_eq!(metadata.key_usage, Some(KeyUsageType::EncryptDecrypt));
    assert!(metadata.enabled);
    assert!(metadata.creation_date.is_some());
}

#[tokio::test]
async fn random_bytes_are_as_many_as_asked_for_and_differ() {
    let keys = Keys::new().await;
    let random = |bytes| keys.client.generate_random().number_of_bytes(bytes).send();
    let one = random(24).await.unwrap().plaintext.unwrap();
    let two = random(24).await.unwrap().plaintext.unwrap();
    assert_eq!(one.as_ref().len(), 24);
    assert_ne!(one, two);
    let error = random(1025).await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
}

#[tokio::test]
async fn ordered_failures_and_unserved_requests_reach_the_caller() {
    let keys = Keys::new().await;
    keys.running
        .services
        .kms()
        .fail_next(1, "KMSInternalException");
    let error = keys
        .client
        .generate_random()
        .number_of_bytes(1)
        .send()
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), Some("KMSInternalException"));
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);

    let dry = keys.client.encrypt().key_id("alias/data").dry_run(true);
    let error = dry.plaintext(Blob::new("x")).send().await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
    let error = keys.client.list_keys().send().await.unwrap_err();
    assert_eq!(error.code(), Some("UnknownOperationException"));
}
