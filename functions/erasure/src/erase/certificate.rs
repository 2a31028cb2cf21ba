//! The certificate: made of what the case holds, so that every attempt makes
//! the same one.

use std::collections::BTreeSet;

use bytes::Bytes;
use domain::{
    certificate::{
        Certificate, CertificateFile, FORMAT, Receipt, Recipe, Statement, act::Progress,
        fingerprint, object_key, sha256,
    },
    ledger::Entry,
    processing::{Actor, Category},
};
use store::{
    StoreError, Tx,
    erasure::{Act, Case, Run, StepRecord},
};

use super::act;
use crate::{App, Error};

const METHOD: &str = "The person's data key was destroyed first, which makes every sealed value unreadable in every copy and backup; then every item and every object version was deleted.";
const HOW: &str = "Read every item of the four tables and every key of the assets, exports and mail buckets. Hash each identifier in them (a prefixed id or 64 hexadecimal digits) as SHA-256 of `assetbox probe`, a zero byte, the case, a zero byte and the identifier. None may be among `person`, outside of the partitions in `except`; no item or object outside of the ledger may name one of `workspaces`.";

/// Partitions in which the keyed hash of the address may remain: the things kept.
const EXCEPT: [&str; 3] = ["CLAIM#", "SUPPRESS#", "LIMIT#"];

/// Signs and stores the certificate, lets the ledger name it, and forgets whom
/// the erasure was about.
pub(super) async fn issue(app: &App, run: &Run) -> Result<(), Error> {
    let case = app.db.erasure_case(run.case).await?;
    let case = case.ok_or(Error::Unwritable("the case is gone".to_owned()))?;
    let steps = app.db.erasure_steps(run.case).await?;
    let act = app.db.case::<Progress>(run.case).await?;
    let certificate = certificate(app, run, &case, &steps, act.as_ref())?;
    certificate
        .is_consistent()
        .map_err(|reason| Error::Unwritable(reason.to_string()))?;

    let text = serde_json::to_string(&certificate)?;
    let hash = sha256(&text);
    let statement = Statement {
        case: run.case,
        certificate_sha256: hash.clone(),
    };
    let seal = app.signer.sign(serde_json::to_string(&statement)?).await?;
    let file = CertificateFile {
        certificate: text,
        seal,
    };
    let bytes = Bytes::from(serde_json::to_vec(&file)?);
    app.proofs
        .put(&object_key(run.case), "application/json", bytes)
        .await?;

    let mut entry = Entry::new(
        certificate.finished_at,
        Actor::System,
        "erasure.completed",
        &case.clause,
    )
    .with_fact("case", run.case)
    .with_fact("certificate_sha256", &hash);
    entry.id = certificate.ledger_entry;
    entry.categories = Category::ERASED.to_vec();
    let mut tx = Tx::new();
    tx.finish_erasure(run, &hash, entry)?;
    if let Some(act) = act {
        tx.change_case(&act::finished(app, act, &certificate, &hash))?;
    }
    match app.db.commit(tx).await {
        // another attempt has just done so, with the same certificate
        Err(StoreError::Refused("case" | "ledger entry")) => Ok(()),
        other => Ok(other?),
    }
}

fn certificate(
    app: &App,
    run: &Run,
    case: &Case,
    steps: &[StepRecord],
    act: Option<&Act>,
) -> Result<Certificate, Error> {
    let unfinished = || Error::Unwritable("the case is not finished".to_owned());
    let receipts = steps
        .iter()
        .map(|record| {
            Some(Receipt {
                step: record.step,
                store: record.step.store().to_owned(),
                before: record.before,
                after: record.after?,
                begun_at: record.begun_at,
                finished_at: record.finished_at?,
            })
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(unfinished)?;
    let finished_at = case.finished_at.ok_or_else(unfinished)?;
    let mut kept = case.kept.clone();
    kept.extend(act.map(|_| act::kept(finished_at)));
    Ok(Certificate {
        format: FORMAT,
        case: run.case,
        operator: app.house.operator.clone(),
        system: "Assetbox".to_owned(),
        clause: case.clause.clone(),
        law: case.law.clone(),
        method: METHOD.to_owned(),
        received_at: case.received_at,
        began_at: case.began_at,
        finished_at,
        key_fingerprint: case.key_fingerprint.clone().ok_or_else(unfinished)?,
        categories: Category::ERASED.to_vec(),
        steps: receipts,
        kept,
        ledger_entry: case.ledger_entry.ok_or_else(unfinished)?,
        probe: recipe(run),
    })
}

fn recipe(run: &Run) -> Recipe {
    let identifiers = [run.subject.to_string(), run.login.to_string()];
    Recipe {
        how: HOW.to_owned(),
        person: identifiers
            .iter()
            .map(|identifier| fingerprint(run.case, identifier))
            .collect::<BTreeSet<_>>(),
        workspaces: run.destroyed.clone(),
        except: EXCEPT.iter().map(|&prefix| prefix.to_owned()).collect(),
    }
}
