//! KMS's wire format, AWS JSON 1.1.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{EncryptionContext, Key, KeyKind, Kms, envelope};
use crate::edge::{Blob, parse, unknown_operation};
use crate::error::Error;
use crate::fault::Fault;

const ALGORITHM: &str = "SYMMETRIC_DEFAULT";
const SIGNING_ALGORITHM: &str = "ED25519_SHA_512";
/// KMS's limit for what it encrypts or signs itself, in bytes.
const MAX_BYTES: usize = 4096;
/// KMS's limit for random bytes and data keys.
const MAX_RANDOM_BYTES: usize = 1024;

/// Answers one call.
pub(crate) fn answer(kms: &Kms, operation: &str, body: &[u8]) -> Result<Value, Fault> {
    kms.failures.check()?;
    match operation {
        "GenerateDataKey" => generate_data_key(kms, read(body)?, Plaintext::Returned),
        "GenerateDataKeyWithoutPlaintext" => {
            generate_data_key(kms, read(body)?, Plaintext::Withheld)
        }
        "Encrypt" => encrypt(kms, read(body)?),
        "Decrypt" => decrypt(kms, read(body)?),
        "GenerateRandom" => generate_random(read(body)?),
        "Sign" => sign(kms, read(body)?),
        "GetPublicKey" => get_public_key(kms, read(body)?),
        "DescribeKey" => describe_key(kms, read(body)?),
        _ => Err(unknown_operation(operation)),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    parse(body, "ValidationException")
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::sender("ValidationException", message)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GenerateDataKey {
    key_id: String,
    #[serde(default)]
    encryption_context: EncryptionContext,
    key_spec: Option<DataKeySpec>,
    number_of_bytes: Option<usize>,
}

#[derive(Deserialize)]
enum DataKeySpec {
    #[serde(rename = "AES_256")]
    Aes256,
    #[serde(rename = "AES_128")]
    Aes128,
}

#[derive(PartialEq)]
enum Plaintext {
    Returned,
    Withheld,
}

fn generate_data_key(
    kms: &Kms,
    request: GenerateDataKey,
    plaintext: Plaintext,
) -> Result<Value, Fault> {
    let bytes = match (request.key_spec, request.number_of_bytes) {
        (Some(DataKeySpec::Aes256), None) => 32,
        (Some(DataKeySpec::Aes128), None) => 16,
        (None, Some(bytes)) => bytes,
        _ => return Err(invalid("Specify either KeySpec or NumberOfBytes.")),
    };
    let data_key = random(bytes)?;
    let (name, ciphertext) = with_key(kms, &request.key_id, |key| {
        key.encrypt(&request.encryption_context, &data_key)
    })?;
    let mut answer = json!({"KeyId": name, "CiphertextBlob": Blob(ciphertext)});
    if plaintext == Plaintext::Returned {
        answer["Plaintext"] = json!(Blob(data_key));
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Encrypt {
    key_id: String,
    plaintext: Blob,
    #[serde(default)]
    encryption_context: EncryptionContext,
    encryption_algorithm: Option<String>,
}

fn encrypt(kms: &Kms, request: Encrypt) -> Result<Value, Fault> {
    check_algorithm(request.encryption_algorithm.as_deref())?;
    check_size("Plaintext", &request.plaintext)?;
    let (name, ciphertext) = with_key(kms, &request.key_id, |key| {
        key.encrypt(&request.encryption_context, &request.plaintext.0)
    })?;
    Ok(json!({
        "KeyId": name,
        "CiphertextBlob": Blob(ciphertext),
        "EncryptionAlgorithm": ALGORITHM,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Decrypt {
    ciphertext_blob: Blob,
    key_id: Option<String>,
    #[serde(default)]
    encryption_context: EncryptionContext,
    encryption_algorithm: Option<String>,
}

fn decrypt(kms: &Kms, request: Decrypt) -> Result<Value, Fault> {
    check_algorithm(request.encryption_algorithm.as_deref())?;
    let ciphertext = &request.ciphertext_blob.0;
    let made_with = envelope::key_id(ciphertext)?;
    if let Some(expected) = &request.key_id {
        check_expected_key(kms, expected, made_with)?;
    }
    let (name, plaintext) = with_key(kms, &made_with.to_string(), |key| {
        key.decrypt(&request.encryption_context, ciphertext)
    })
    .map_err(|fault| match fault.code.as_ref() {
        // A blob of a key that was never here is no ciphertext of ours.
        "NotFoundException" => Error::Ciphertext.into(),
        _ => fault,
    })?;
    Ok(json!({
        "KeyId": name,
        "Plaintext": Blob(plaintext),
        "EncryptionAlgorithm": ALGORITHM,
    }))
}

fn check_expected_key(kms: &Kms, expected: &str, made_with: Uuid) -> Result<(), Fault> {
    let expected_id = kms.with_key(expected, |key| Ok(key.id))?;
    if expected_id == made_with {
        return Ok(());
    }
    Err(Fault::sender(
        "IncorrectKeyException",
        "The ciphertext was made with another key than KeyId names.",
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GenerateRandom {
    number_of_bytes: usize,
}

fn generate_random(request: GenerateRandom) -> Result<Value, Fault> {
    Ok(json!({"Plaintext": Blob(random(request.number_of_bytes)?)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Sign {
    key_id: String,
    message: Blob,
    message_type: Option<String>,
    signing_algorithm: String,
}

fn sign(kms: &Kms, request: Sign) -> Result<Value, Fault> {
    if request.signing_algorithm != SIGNING_ALGORITHM {
        return Err(invalid(format!(
            "SigningAlgorithm is not {SIGNING_ALGORITHM}."
        )));
    }
    if request.message_type.is_some_and(|kind| kind != "RAW") {
        return Err(invalid(format!(
            "{SIGNING_ALGORITHM} takes MessageType RAW."
        )));
    }
    check_size("Message", &request.message)?;
    let (name, signature) = with_key(kms, &request.key_id, |key| key.sign(&request.message.0))?;
    Ok(json!({
        "KeyId": name,
        "Signature": Blob(signature.to_vec()),
        "SigningAlgorithm": SIGNING_ALGORITHM,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyRequest {
    key_id: String,
}

fn get_public_key(kms: &Kms, request: KeyRequest) -> Result<Value, Fault> {
    let (name, public_key) = with_key(kms, &request.key_id, Key::public_key)?;
    Ok(json!({
        "KeyId": name,
        "PublicKey": Blob(public_key),
        "KeySpec": "ECC_NIST_EDWARDS25519",
        "KeyUsage": "SIGN_VERIFY",
        "SigningAlgorithms": [SIGNING_ALGORITHM],
    }))
}

fn describe_key(kms: &Kms, request: KeyRequest) -> Result<Value, Fault> {
    let metadata = kms.with_key(&request.key_id, |key| {
        let name = kms.name(key);
        let mut metadata = json!({
            "AWSAccountId": kms.place.account,
            "KeyId": name.id,
            "Arn": name.arn,
            "CreationDate": key.created_at.as_second(),
            "Enabled": true,
            "KeyState": "Enabled",
            "KeyManager": "CUSTOMER",
            "Origin": "AWS_KMS",
            "MultiRegion": false,
        });
        match key.kind() {
            KeyKind::Symmetric => {
                metadata["KeySpec"] = json!(ALGORITHM);
                metadata["KeyUsage"] = json!("ENCRYPT_DECRYPT");
                metadata["EncryptionAlgorithms"] = json!([ALGORITHM]);
            }
            KeyKind::Ed25519 => {
                metadata["KeySpec"] = json!("ECC_NIST_EDWARDS25519");
                metadata["KeyUsage"] = json!("SIGN_VERIFY");
                metadata["SigningAlgorithms"] = json!([SIGNING_ALGORITHM]);
            }
        }
        Ok(metadata)
    })?;
    Ok(json!({ "KeyMetadata": metadata }))
}

/// Does the work and adds the key's ARN, by which answers name it.
fn with_key<T>(
    kms: &Kms,
    reference: &str,
    work: impl FnOnce(&Key) -> Result<T, Error>,
) -> Result<(String, T), Fault> {
    Ok(kms.with_key(reference, |key| Ok((kms.name(key).arn, work(key)?)))?)
}

fn check_algorithm(algorithm: Option<&str>) -> Result<(), Fault> {
    match algorithm {
        None | Some(ALGORITHM) => Ok(()),
        Some(_) => Err(invalid(format!("EncryptionAlgorithm is not {ALGORITHM}."))),
    }
}

fn check_size(field: &str, bytes: &Blob) -> Result<(), Fault> {
    if (1..=MAX_BYTES).contains(&bytes.0.len()) {
        Ok(())
    } else {
        Err(invalid(format!(
            "{field} is not 1 to {MAX_BYTES} bytes long."
        )))
    }
}

fn random(bytes: usize) -> Result<Vec<u8>, Fault> {
    if !(1..=MAX_RANDOM_BYTES).contains(&bytes) {
        return Err(invalid(format!(
            "NumberOfBytes is not 1 to {MAX_RANDOM_BYTES}."
        )));
    }
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(Error::from)?;
    Ok(random)
}
