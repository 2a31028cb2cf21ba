//! How often letters may cause something.

use domain::time::{SignedDuration, Timestamp, days};
use sha2::{Digest, Sha256};
use store::{
    StoreError, Tx,
    limits::{Limit, REQUESTS_TO_ONE_ADDRESS},
    lookup::LookupHash,
};

use crate::{App, Error};

/// Requests by letters from one domain. Whoever forges senders must name domains.
const PER_DOMAIN: Limit = Limit {
    name: "letter-domain",
    max: 60,
    window: SignedDuration::from_hours(1),
};
/// Requests by letters in all.
const IN_ALL: Limit = Limit {
    name: "letter-all",
    max: 600,
    window: SignedDuration::from_hours(1),
};
/// Replies to one address, over all its threads.
const REPLIES: Limit = Limit {
    name: "letter-replies",
    max: 5,
    window: days(1),
};
/// One reply to one thread (RFC 3834 section 2, "limiting the rate").
const REPLY_PAUSE: SignedDuration = days(1);

/// Whether a letter may cause a request. One that may not is for a person to read.
pub(crate) async fn of_requests(
    app: &App,
    domain: &str,
    login: &LookupHash,
    now: Timestamp,
) -> Result<bool, Error> {
    let domain = app.lookup.network(&format!("domain {domain}"));
    let all = app.lookup.network("all");
    for (limit, whose) in [
        (REQUESTS_TO_ONE_ADDRESS, login),
        (PER_DOMAIN, &domain),
        (IN_ALL, &all),
    ] {
        if !app.db.within(limit, whose, now).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a reply may go to an address.
pub(crate) async fn of_replies(
    app: &App,
    login: &LookupHash,
    now: Timestamp,
) -> Result<bool, Error> {
    Ok(app.db.within(REPLIES, login, now).await?)
}

/// Demands that nothing was replied to this conversation for a day; refused under `reply`.
pub(crate) fn one_reply(
    tx: &mut Tx,
    conversation: &LookupHash,
    now: Timestamp,
) -> Result<(), Error> {
    Ok(tx.spaced("reply", "letter-reply", conversation, REPLY_PAUSE, now)?)
}

/// A hash under a keyed hash: without the key it can't be guessed either.
pub(crate) fn derived(of: &LookupHash, kind: &str, value: &str) -> Result<LookupHash, Error> {
    let mut digest = Sha256::new();
    for part in [of.to_string().as_str(), kind, value] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let text = hex::encode(digest.finalize());
    let hash = serde_json::from_value(text.into());
    Ok(hash.map_err(|_| StoreError::Rejected("a hash that is no text".to_owned()))?)
}
