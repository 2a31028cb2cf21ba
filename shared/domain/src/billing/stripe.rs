//! Stripe's signature scheme: `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>]`,
//! HMAC-SHA256 of `t` + "." + raw body under the whole `whsec_…` string.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::time::Timestamp;

/// The version of Stripe's API that our calls ask for and our webhook speaks.
pub const API_VERSION: &str = "2024-06-20";

/// How far a signature's time may be from ours, in seconds, either way.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Why a delivery is not taken for Stripe's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not of the scheme.
    #[error("the signature header can't be read")]
    Malformed,
    /// It was signed too long ago, or in the future.
    #[error("the signature's time is more than {TOLERANCE_SECONDS} seconds away")]
    Stale,
    /// No signature is of one of our secrets.
    #[error("no signature matches")]
    Mismatch,
}

fn mac(secret: &str, time: &str, body: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length");
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// The header of a delivery that is sent at `at`.
#[must_use]
pub fn sign(secret: &str, at: Timestamp, body: &[u8]) -> String {
    let time = at.as_second().to_string();
    let signature = hex::encode(mac(secret, &time, body));
    format!("t={time},v1={signature}")
}

struct Header<'a> {
    time: &'a str,
    signatures: Vec<[u8; 32]>,
}

fn parse(header: &str) -> Option<Header<'_>> {
    let mut time = None;
    let mut signatures = Vec::new();
    for pair in header.split(',') {
        let (scheme, value) = pair.trim().split_once('=')?;
        if value.contains('=') {
            return None;
        }
        match scheme {
            "t" if time.is_some() => return None,
            "t" => time = Some(value),
            "v1" => {
                let mut signature = [0; 32];
                if hex::decode_to_slice(value, &mut signature).is_ok() {
                    signatures.push(signature);
                }
            }
            _ => {}
        }
    }
    time.map(|time| Header { time, signatures })
}

/// Proves that `body` was signed by one of `secrets` (two while one is rolled)
/// within [`TOLERANCE_SECONDS`] of `now`. The comparison takes the same time
/// whether and wherever a signature differs.
///
/// # Errors
/// [`SignatureError`].
pub fn verify<S: AsRef<str>>(
    secrets: &[S],
    header: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let header = parse(header).ok_or(SignatureError::Malformed)?;
    let time: i64 = header.time.parse().map_err(|_| SignatureError::Malformed)?;
    let mut matches = Choice::from(0);
    for secret in secrets {
        // an empty secret is one that nobody has set
        if secret.as_ref().is_empty() {
            continue;
        }
        let expected = mac(secret.as_ref(), header.time, body);
        for signature in &header.signatures {
            matches |= expected.ct_eq(signature);
        }
    }
    if !bool::from(matches) {
        return Err(SignatureError::Mismatch);
    }
    let distance = now.as_second().abs_diff(time);
    if distance > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(SignatureError::Stale);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "whsec_test_secret";
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event","type":"invoice.paid"}"#;
    const VECTOR: &str = "dfb4777aaaec4ea29ff455dd4df7fe6b2ef71096ad3a93a158db7e100109ea91";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn check(header: &str) -> Result<(), SignatureError> {
        verify(&[SECRET], header, BODY, at(1_700_000_000))
    }

    #[test]
    fn the_vector_of_the_contract() {
        let header = format!("t=1700000000,v1={VECTOR}");
        assert_eq!(sign(SECRET, at(1_700_000_000), BODY), header);
        assert_eq!(check(&header), Ok(()));
    }

    #[test]
    fn any_v1_may_match_and_other_schemes_and_undecodable_ones_are_ignored() {
        let zeros = "0".repeat(64);
        let head = "t=1700000000";
        assert_eq!(
            check(&format!("{head},v1={zeros},v1={VECTOR},v0=x")),
            Ok(())
        );
        assert_eq!(check(&format!("{head},v1=zz,v1={VECTOR}")), Ok(()));
        assert_eq!(check(&format!("v1={VECTOR},{head}")), Ok(()));
        let refused = Err(SignatureError::Mismatch);
        assert_eq!(check(&format!("{head},v0={VECTOR}")), refused);
        assert_eq!(check(&format!("{head},v1={zeros}")), refused);
        assert_eq!(check(&format!("{head},v1={}", &VECTOR[..62])), refused);
        assert_eq!(check(head), refused);
    }

    #[test]
    fn malformed_headers_are_refused() {
        for header in [
            "",
            "t",
            "t=1700000000,v1",
            &format!("t=1700000000,v1={VECTOR}="),
            &format!("t=1700000000,v1={VECTOR},v0"),
            &format!("t=1700000000,,v1={VECTOR}"),
            &format!("v1={VECTOR}"),
            &format!("t=now,v1={VECTOR}"),
            &format!("t=1700000000,t=1700000000,v1={VECTOR}"),
        ] {
            assert_eq!(check(header), Err(SignatureError::Malformed), "{header}");
        }
    }

    #[test]
    fn two_secrets_hold_during_a_roll_and_an_empty_one_never() {
        let now = at(1_700_000_000);
        let header = sign("whsec_old", now, BODY);
        assert_eq!(
            verify(&["whsec_new", "whsec_old"], &header, BODY, now),
            Ok(())
        );
        let refused = Err(SignatureError::Mismatch);
        assert_eq!(verify(&["whsec_new"], &header, BODY, now), refused);
        assert_eq!(verify(&[""], &sign("", now, BODY), BODY, now), refused);
        assert_eq!(verify::<&str>(&[], &header, BODY, now), refused);
    }

    #[test]
    fn the_window_is_five_minutes_either_way() {
        let header = sign(SECRET, at(1000), BODY);
        let check = |now| verify(&[SECRET], &header, BODY, at(now));
        assert_eq!(check(1300), Ok(()));
        assert_eq!(check(700), Ok(()));
        assert_eq!(check(1301), Err(SignatureError::Stale));
        assert_eq!(check(699), Err(SignatureError::Stale));
    }

    proptest! {
        #[test]
        fn a_changed_body_or_time_is_noticed(body in prop::collection::vec(any::<u8>(), 1..200), at_byte in any::<prop::sample::Index>(), shift in 1i64..200) {
            let now = at(1_700_000_000);
            let header = sign(SECRET, now, &body);
            prop_assert_eq!(verify(&[SECRET], &header, &body, now), Ok(()));
            let mut changed = body.clone();
            let index = at_byte.index(body.len());
            changed[index] ^= 1;
            prop_assert_eq!(verify(&[SECRET], &header, &changed, now), Err(SignatureError::Mismatch));
            let moved = header.replace("1700000000", &(1_700_000_000 + shift).to_string());
            prop_assert_eq!(verify(&[SECRET], &moved, &body, now), Err(SignatureError::Mismatch));
        }

        #[test]
        fn no_header_panics(header in ".{0,120}") {
            let _ = verify(&[SECRET], &header, BODY, at(0));
        }
    }
}
