//! Bearer secrets: 256 random bits, shown once, stored only as a hash.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ids::{SubjectId, WorkspaceId};

/// The stored form of a secret: SHA-256 as hexadecimal. Of 256 random bits a
/// plain hash is enough; nothing can be guessed.
pub type TokenHash = String;

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    #[expect(
        clippy::expect_used,
        reason = "without the system's entropy no secret may be made"
    )]
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

fn hash(domain: &str, bytes: &[u8]) -> TokenHash {
    let mut digest = Sha256::new();
    digest.update(domain.as_bytes());
    digest.update([0]);
    digest.update(bytes);
    hex::encode(digest.finalize())
}

/// A session's bearer secret. Its text names the workspace and the person, so
/// that one batch read brings session, member and workspace.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken {
    workspace: WorkspaceId,
    subject: SubjectId,
    secret: [u8; 32],
}

impl SessionToken {
    /// A new secret for this person in this workspace.
    #[must_use]
    pub fn generate(workspace: WorkspaceId, subject: SubjectId) -> Self {
        Self {
            workspace,
            subject,
            secret: random(),
        }
    }

    /// Reads the text form; `None` when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.strip_prefix("abs_")?).ok()?);
        let (workspace, rest) = bytes.split_first_chunk::<16>()?;
        let (subject, secret) = rest.split_first_chunk::<16>()?;
        Some(Self {
            workspace: WorkspaceId::from_bytes(*workspace),
            subject: SubjectId::from_bytes(*subject),
            secret: secret.try_into().ok()?,
        })
    }

    /// The text that the client keeps (`abs_…`, URL-safe).
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(self.workspace.as_bytes());
        bytes.extend_from_slice(self.subject.as_bytes());
        bytes.extend_from_slice(&self.secret);
        format!("abs_{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The workspace that the session claims; proven only by the stored session.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The person that the session claims; proven only by the stored session.
    #[must_use]
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// What is stored in place of the secret; covers workspace and person too.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        hash("session", self.reveal().as_bytes())
    }
}

/// The secret in a mailed link. Its text names the person, whose partition
/// holds the stored hash.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken {
    subject: SubjectId,
    secret: [u8; 32],
}

impl LinkToken {
    /// A new secret for a link that is mailed to this person.
    #[must_use]
    pub fn generate(subject: SubjectId) -> Self {
        Self {
            subject,
            secret: random(),
        }
    }

    /// Reads the text form; `None` when it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.strip_prefix("abl_")?).ok()?);
        let (subject, secret) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            subject: SubjectId::from_bytes(*subject),
            secret: secret.try_into().ok()?,
        })
    }

    /// The text that goes into the link (`abl_…`, URL-safe).
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut bytes = Vec::with_capacity(48);
        bytes.extend_from_slice(self.subject.as_bytes());
        bytes.extend_from_slice(&self.secret);
        format!("abl_{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The person whom the link was mailed to, as the token claims.
    #[must_use]
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// What is stored in place of the secret.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        hash("link", self.reveal().as_bytes())
    }
}

macro_rules! hidden {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
hidden!(SessionToken LinkToken);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn text_round_trips_and_is_never_debugged() {
        let at = Timestamp::UNIX_EPOCH;
        let token = SessionToken::generate(WorkspaceId::new(at), SubjectId::new(at));
        assert_eq!(SessionToken::parse(&token.reveal()), Some(token.clone()));
        assert_eq!(format!("{token:?}"), "SessionToken(…)");
        let link = LinkToken::generate(SubjectId::new(at));
        assert_eq!(
            LinkToken::parse(&link.reveal()).unwrap().hash(),
            link.hash()
        );
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_canonical(text in "(abs_|abl_)?[A-Za-z0-9_-]{0,100}") {
            if let Some(token) = SessionToken::parse(&text) {
                prop_assert_eq!(token.reveal(), text.clone());
            }
            if let Some(token) = LinkToken::parse(&text) {
                prop_assert_eq!(token.reveal(), text);
            }
        }
    }
}
