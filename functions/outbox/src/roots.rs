//! Hourly roots: what was chained since the last one, signed and kept under
//! Object Lock.

use domain::{ledger::Root, time::Timestamp};
use jiff::tz::TimeZone;

use crate::{App, Error};

/// What the objects of roots begin with.
pub const PREFIX: &str = "roots/";
/// The most roots of one run: the first one after a long silence may need more than one.
const PER_RUN: usize = 20;

/// Signs and stores roots until nothing is left to cover. Returns how many.
pub async fn seal(app: &App) -> Result<usize, Error> {
    for made in 0..PER_RUN {
        let root = match app.db.next_root(app.clock.now()).await {
            Ok(Some(root)) => root,
            Ok(None) => return Ok(made),
            // another run was faster and goes on
            Err(error) if error.refused("root") => return Ok(made),
            Err(error) => return Err(error.into()),
        };
        publish(app, &root).await?;
    }
    Ok(PER_RUN)
}

/// May be repeated: time, content and signature of a root are always the same.
async fn publish(app: &App, root: &Root) -> Result<(), Error> {
    let signed = app.signer.sign(serde_json::to_string(root)?).await?;
    let bytes = serde_json::to_vec(&signed)?;
    app.proofs
        .put(&object_key(root.at), "application/json", bytes.into())
        .await?;
    Ok(app.db.root_published(root).await?)
}

/// The folder of a day's roots: `roots/2026/11/22/`.
pub fn day_prefix(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    let (year, month, day) = (at.year(), at.month(), at.day());
    format!("{PREFIX}{year:04}/{month:02}/{day:02}/")
}

/// Where a root lies: `roots/2026/11/22/230000.000Z.json`.
pub fn object_key(at: Timestamp) -> String {
    let time = at
        .to_zoned(TimeZone::UTC)
        .strftime("%H%M%S%.3f")
        .to_string();
    format!("{}{time}Z.json", day_prefix(at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn roots_lie_in_the_order_of_time() {
        let at: Timestamp = "2026-11-02T03:04:05.006Z".parse().unwrap();
        assert_eq!(object_key(at), "roots/2026/11/02/030405.006Z.json");
    }
}
