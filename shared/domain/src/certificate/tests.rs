#![allow(clippy::unwrap_used)]

use super::*;
use crate::ids::SubjectId;
use crate::time::{SignedDuration, shift};
use ed25519_dalek::{Signer, SigningKey, pkcs8::EncodePublicKey};
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    shift(Timestamp::UNIX_EPOCH, SignedDuration::from_secs(seconds))
}

pub(super) fn certificate() -> Certificate {
    let case = CaseId::new(at(0));
    let steps = Step::ALL
        .into_iter()
        .zip(0i64..)
        .map(|(step, n)| Receipt {
            step,
            store: step.store().to_owned(),
            before: 3,
            after: 0,
            begun_at: at(10 + n),
            finished_at: at(11 + n),
        })
        .collect();
    Certificate {
        format: FORMAT,
        case,
        operator: "Example".into(),
        system: "Assetbox".into(),
        clause: "5.2b".into(),
        law: "152-FZ art. 21(5)".into(),
        method: "key destroyed, then items deleted".into(),
        received_at: at(1),
        began_at: at(10),
        finished_at: at(60),
        key_fingerprint: sha256("wrapped"),
        categories: Category::ALL.to_vec(),
        steps,
        kept: Vec::new(),
        ledger_entry: EntryId::new(at(60)),
        probe: Recipe {
            how: "read every item".into(),
            person: [fingerprint(case, "somebody")].into(),
            workspaces: BTreeSet::new(),
            except: BTreeSet::new(),
        },
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn public(key: &SigningKey) -> Vec<u8> {
    key.verifying_key().to_public_key_der().unwrap().into_vec()
}

fn file(certificate: &Certificate, key: &SigningKey) -> CertificateFile {
    let text = serde_json::to_string(certificate).unwrap();
    let statement = Statement {
        case: certificate.case,
        certificate_sha256: sha256(&text),
    };
    let payload = serde_json::to_string(&statement).unwrap();
    let signature = STANDARD.encode(key.sign(payload.as_bytes()).to_bytes());
    let seal = Signed {
        signature,
        key: hex::encode(Sha256::digest(public(key))),
        payload,
    };
    CertificateFile {
        certificate: text,
        seal,
    }
}

#[test]
fn a_signed_certificate_is_read_back() {
    let certificate = certificate();
    let file = file(&certificate, &key());
    let stored = CertificateFile::parse(&serde_json::to_vec(&file).unwrap()).unwrap();
    assert_eq!(stored.verify(&public(&key())), Ok(certificate));
}

#[test]
fn another_key_another_text_and_another_case_are_noticed() {
    let good = file(&certificate(), &key());
    let other = SigningKey::from_bytes(&[8; 32]);
    assert_eq!(good.verify(&public(&other)), Err(Invalid::Signature));
    assert_eq!(good.verify(b"no key"), Err(Invalid::Key));

    let mut claimed = file(&certificate(), &other);
    claimed.seal.key.clone_from(&good.seal.key);
    assert_eq!(claimed.verify(&public(&key())), Err(Invalid::Signature));

    let mut changed = good.clone();
    changed.certificate = changed.certificate.replace("Example", "Nobody");
    assert_eq!(changed.verify(&public(&key())), Err(Invalid::Changed));

    let mut swapped = good;
    swapped.seal = file(&certificate(), &key()).seal;
    assert_eq!(swapped.verify(&public(&key())), Err(Invalid::Changed));
}

#[test]
fn a_certificate_that_contradicts_itself_is_none_however_well_it_is_signed() {
    let broken: [fn(&mut Certificate); 8] = [
        |c| c.format = 2,
        |c| c.steps.truncate(3),
        |c| c.steps.swap(0, 1),
        |c| c.steps[2].after = 1,
        |c| c.steps[2].finished_at = at(0),
        |c| c.finished_at = at(12),
        |c| c.key_fingerprint = String::new(),
        |c| c.probe.person.clear(),
    ];
    for break_it in broken {
        let mut certificate = certificate();
        break_it(&mut certificate);
        let file = file(&certificate, &key());
        let verdict = file.verify(&public(&key()));
        assert!(
            matches!(verdict, Err(Invalid::Inconsistent(_))),
            "{verdict:?}"
        );
    }
}

proptest! {
    #[test]
    fn an_identifier_is_found_wherever_it_stands(before in "[A-Z#/ .]{0,9}", after in "[A-Z#/ .\"]{0,9}", noise in ".{0,20}") {
        let case = CaseId::new(at(0));
        let subject = SubjectId::new(at(5)).to_string();
        let login = sha256("address");
        let recipe = Recipe {
            how: String::new(),
            person: [fingerprint(case, &subject), fingerprint(case, &login)].into(),
            workspaces: BTreeSet::new(),
            except: BTreeSet::new(),
        };
        for identifier in [&subject, &login] {
            let text = format!("{before}{identifier}{after}");
            prop_assert!(recipe.mentions_person(case, &text));
            prop_assert!(!recipe.mentions_person(CaseId::new(at(1)), &text));
        }
        prop_assert!(!recipe.mentions_person(case, &noise));
    }

    #[test]
    fn one_changed_byte_of_the_file_is_noticed(place in 0usize..4_000) {
        let file = serde_json::to_vec(&file(&certificate(), &key())).unwrap();
        let mut changed = file.clone();
        let place = place % changed.len();
        changed[place] ^= 1;
        let verdict = CertificateFile::parse(&changed).and_then(|file| file.verify(&public(&key())));
        prop_assert!(verdict.is_err());
    }
}
