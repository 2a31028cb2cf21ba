//! Requests of data subjects that controllers pass on to us by OpenDSR 2.0: who
//! passes one on, what it is called, and where it stands in their words.
//!
//! An exchange is what a controller sees. The request behind it lives by the same
//! rules as any other ([`crate::request`]); whether there is one at all, the
//! controller learns only if the person confirms it.

mod standing;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use standing::{Outcome, Standing, Status};

use crate::{
    contact::EmailAddress,
    regime::Regime,
    request::RequestKind,
    time::{SignedDuration, days},
};

/// How long an exchange waits for the person. A day longer than the mailed link
/// works, so that whoever confirms at the last moment is heard.
pub const PENDING_LENGTH: SignedDuration = days(8);

/// How long an exchange that has ended can be asked about: as long as a request may
/// outlive its account (clause 5.2a).
pub const KEPT_LENGTH: SignedDuration = days(30);

/// The law that a controller invokes (OpenDSR 2.0, 7.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regulation {
    /// Regulation (EU) 2016/679.
    Gdpr,
    /// California Consumer Privacy Act.
    Ccpa,
}

impl Regulation {
    /// The law whose periods hold.
    #[must_use]
    pub fn regime(self) -> Regime {
        match self {
            Self::Gdpr => Regime::Gdpr,
            Self::Ccpa => Regime::Ccpa,
        }
    }
}

/// What a controller may ask for (OpenDSR 2.0, 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectRequestType {
    /// A copy of the data.
    Access,
    /// The data in a form that other services read.
    Portability,
    /// Destruction.
    Erasure,
}

impl SubjectRequestType {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::Access, Self::Portability, Self::Erasure];

    /// The request that it is here.
    #[must_use]
    pub fn kind(self) -> RequestKind {
        match self {
            Self::Access => RequestKind::Access,
            Self::Portability => RequestKind::Portability,
            Self::Erasure => RequestKind::Erasure,
        }
    }
}

/// A name that is not of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(&'static str);

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $is:ident, $form:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                $is(text).then(|| Self(text.to_owned())).ok_or(Malformed($form))
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A registered controller, as the configuration names it.
    ControllerId, is_controller, "a controller's id has 1 to 40 of a-z, 0-9 and -";
    /// What a controller calls its request: a UUID of version 4 in lower case
    /// (OpenDSR 2.0, 1.1).
    SubjectRequestId, is_uuid_v4, "a UUID of version 4, in lower case, with its hyphens";
}

fn is_controller(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_uuid_v4(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'4',
        19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// One exchange: a controller and what it calls its request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRef {
    /// The controller.
    pub controller: ControllerId,
    /// Its request.
    pub request: SubjectRequestId,
}

/// The SHA-256 of an e-mail address in lower case: what a controller names a
/// person by that does not want to send the address itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AddressDigest(pub [u8; 32]);

impl fmt::Debug for AddressDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressDigest(…)")
    }
}

impl AddressDigest {
    /// Of an address.
    #[must_use]
    pub fn of(address: &EmailAddress) -> Self {
        Self(Sha256::digest(address.reveal()).into())
    }

    /// Of 64 hexadecimal digits in any case.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        hex::decode_to_slice(text, &mut digest).ok()?;
        Some(Self(digest))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_is_a_uuid_of_version_4_in_lower_case() {
        let is = |text: &str| text.parse::<SubjectRequestId>().is_ok();
        assert!(is("a7551968-d5d6-44b2-9831-815ac9017798"));
        assert!(!is("A7551968-D5D6-44B2-9831-815AC9017798"));
        assert!(!is("a7551968d5d644b29831815ac9017798"));
        assert!(!is("a7551968-d5d6-14b2-9831-815ac9017798"), "version 1");
        assert!(!is("a7551968-d5d6-44b2-c831-815ac9017798"), "variant");
        assert!(!is(""));
    }

    #[test]
    fn an_address_and_its_hash_name_the_same_person() {
        let address = EmailAddress::new(" Ada@Example.com ").unwrap();
        let digest = AddressDigest::of(&address);
        let text = hex::encode(digest.0);
        assert_eq!(AddressDigest::from_hex(&text), Some(digest));
        assert_eq!(AddressDigest::from_hex(&text.to_uppercase()), Some(digest));
        assert_eq!(AddressDigest::from_hex(&text[1..]), None);
        assert!(!format!("{digest:?}").contains(&text[..8]));
    }

    proptest! {
        #[test]
        fn names_hold_no_separator_and_round_trip(text in "\\PC{0,44}") {
            if let Ok(id) = text.parse::<ControllerId>() {
                prop_assert!(!text.contains('#'));
                let stored = serde_json::to_string(&id).unwrap();
                prop_assert_eq!(serde_json::from_str::<ControllerId>(&stored).unwrap(), id);
            }
        }

        #[test]
        fn any_uuid_of_version_4_is_an_id(bytes: [u8; 16]) {
            let id = uuid::Builder::from_random_bytes(bytes).into_uuid().to_string();
            prop_assert!(id.parse::<SubjectRequestId>().is_ok());
            prop_assert!(id.replace('-', "#").parse::<SubjectRequestId>().is_err());
        }
    }
}
