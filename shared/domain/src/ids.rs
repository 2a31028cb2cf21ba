//! Prefixed, time-sortable identifiers: `{prefix}_{UUIDv7 as 32 hex digits}`.
//!
//! The alphabet is `[0-9a-f_a-z]`, so an id never contains the `#` that
//! separates the parts of a database key, nor anything that a URL must escape.

use std::{fmt, str::FromStr};

use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Why a text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of this kind starts with `{prefix}_`, followed by 32 hexadecimal digits")]
pub struct InvalidId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

fn v7(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    let (seconds, nanos) = (millis / 1000, (millis % 1000) * 1_000_000);
    let nanos = u32::try_from(nanos).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, InvalidId> {
    let invalid = InvalidId { prefix };
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(invalid)?;
    let canonical = digits.len() == 32
        && digits
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !canonical {
        return Err(invalid);
    }
    Uuid::try_parse(digits).map_err(|_| invalid)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix that every id of this kind carries.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh id whose order is the order of `at` (to the millisecond).
            #[must_use]
            pub fn new(at: Timestamp) -> Self {
                Self(v7(at))
            }

            /// The id that always belongs to these parts: used with an
            /// `Idempotency-Key`, so that a repeated request finds the first one's item.
            #[must_use]
            pub fn derived(parts: &[&str]) -> Self {
                let mut hash = Sha256::new();
                for part in parts {
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part.as_bytes());
                }
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&hash.finalize()[..16]);
                Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
            }

            /// The id of these sixteen bytes, as [`Self::as_bytes`] gave them.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes behind the text.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A company's space: its members, assets and billing.
    WorkspaceId = "wsp";
    /// A person: the data subject, whoever's workspace they belong to.
    SubjectId = "usr";
    /// One stored file with everything that is known of it.
    AssetId = "ast";
    /// One upload under way.
    UploadId = "upl";
    /// One data-subject request.
    RequestId = "dsr";
    /// One entry of the ledger.
    EntryId = "evt";
    /// One consequence waiting in the outbox.
    MessageId = "msg";
    /// One payment attempt of a workspace.
    CheckoutId = "chk";
    /// One erasure, as its certificate names it; says nothing about the person.
    CaseId = "cas";
    /// One disclosure of personal data.
    DisclosureId = "dis";
    /// One incident.
    IncidentId = "inc";
    /// One legal hold.
    HoldId = "hld";
    /// One claim of a person against us.
    ClaimId = "clm";
    /// One survey.
    SurveyId = "srv";
    /// One notice to whoever was given a person's data; says nothing about the person.
    NoticeId = "ntc";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_round_trips_and_holds_no_separator(ms in 0i64..4_102_444_800_000) {
            let id = AssetId::new(Timestamp::from_millis(ms));
            let text = id.to_string();
            prop_assert!(!text.contains('#'));
            prop_assert_eq!(text.parse::<AssetId>().unwrap(), id);
            prop_assert!(text.parse::<UploadId>().is_err());
        }

        #[test]
        fn later_ids_sort_after_earlier_ones(a in 0i64..4_102_444_800_000, gap in 1i64..1_000_000) {
            let early = AssetId::new(Timestamp::from_millis(a));
            let late = AssetId::new(Timestamp::from_millis(a + gap));
            prop_assert!(early < late);
            prop_assert!(early.to_string() < late.to_string());
        }

        #[test]
        fn any_text_is_refused_or_canonical(text in ".{0,40}") {
            if let Ok(id) = text.parse::<WorkspaceId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn derived_ids_depend_on_every_part(a in "[a-z]{0,8}", b in "[a-z]{0,8}") {
            prop_assert_eq!(UploadId::derived(&[&a, &b]), UploadId::derived(&[&a, &b]));
            let joined = format!("{a}{b}");
            prop_assert_ne!(UploadId::derived(&[&a, &b]), UploadId::derived(&[&joined]));
        }
    }
}
