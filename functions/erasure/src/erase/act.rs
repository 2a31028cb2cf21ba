//! The act of destruction: opened with the erasure, while the person's name can still be read,
//! and closed with its certificate (order of Roskomnadzor No. 179).

use std::collections::BTreeSet;

use domain::{
    billing::Provider,
    certificate::{
        Certificate, Kept,
        act::{File, Progress},
    },
    compliance::processor::Processor,
    data_map::retention,
    processing::{Actor, Category, Operation, Purpose},
    time::Timestamp,
};
use store::{
    erasure::{Act, Run},
    personal::{Access, CaseKey, Person},
};

use crate::{App, Error};

/// For the name in the act.
pub(super) const NAME: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Extract,
    actor: Actor::System,
    categories: &[Category::Identity],
    clause: "5.2b",
};

/// The act of an erasure that begins, with its key. Of somebody whose data can't be opened any
/// more it has the id only.
pub(super) async fn begun(
    app: &App,
    run: &Run,
    person: Option<&Person>,
    paid: &BTreeSet<Provider>,
    now: Timestamp,
) -> Result<(Act, CaseKey), Error> {
    let mut processors = BTreeSet::from([Processor::AwsHosting, Processor::AwsMail]);
    processors.extend(paid.iter().map(|provider| Processor::from(*provider)));
    let passed = app.db.passed_of(run.subject).await?;
    processors.extend(passed.iter().map(|passed| passed.processor));
    // what does not open any more holds no erasure up
    let name = person.and_then(|person| person.name().ok());
    let file = File {
        subject: run.subject,
        name: name.map(|name| name.reveal().to_owned()),
        processors,
    };
    let progress = Progress::begun(now);
    Ok(Act::new(&app.gate, run.case, progress, &file, Actor::System, now).await?)
}

/// The act when its certificate is signed.
pub(super) fn finished(app: &App, act: Act, certificate: &Certificate, sha256: &str) -> Act {
    let address = format!("{}, {}", app.house.public_url, app.house.privacy_address);
    let progress = act.progress.clone();
    act.with(progress.finished(certificate, sha256, &address))
}

/// What the act keeps, as the certificate says it.
pub(super) fn kept(finished_at: Timestamp) -> Kept {
    Kept {
        category: "name, in the act of destruction, sealed under a key of its own".to_owned(),
        store: "people table".to_owned(),
        ground: "order of Roskomnadzor No. 179 of 28.10.2022; 152-FZ art. 21(7)".to_owned(),
        until: Some(retention(Category::DestructionAct).end(finished_at)),
    }
}
