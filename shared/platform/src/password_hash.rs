//! Passwords as they are stored (clause 1.6): Argon2id with 19 MiB, two passes
//! and one lane (OWASP's first choice), in PHC form. The work is done on a
//! thread for blocking work, so that it holds up no other request.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use domain::{
    contact::Profile,
    password::{Password, WeakPassword},
};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::http::Problem;

/// A hash with the parameters of a real one that no password has: what is
/// compared when there is no account.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$\
     AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Hashing failed: out of memory, or out of entropy for the salt.
#[derive(Debug, thiserror::Error)]
#[error("the password can't be hashed: {0}")]
pub struct HashError(String);

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        Self::internal(&error)
    }
}

// the library's default parameters are the ones above; a test holds them to it
fn argon2id() -> Argon2<'static> {
    Argon2::default()
}

impl From<WeakPassword> for Problem {
    fn from(weak: WeakPassword) -> Self {
        Self::invalid("weak_password", format!("Choose another password: {weak}."))
    }
}

/// Accepts a new password that is not made of what the person told about themselves.
///
/// # Errors
/// The rule that it breaks.
pub fn choose(text: &str, about: &Profile) -> Result<Password, WeakPassword> {
    let told = [
        about.name.reveal(),
        about.email.reveal(),
        about.phone.reveal(),
        about.company.reveal(),
        about.position.reveal(),
    ];
    let words = told
        .iter()
        .flat_map(|value| value.split(|c: char| !c.is_alphanumeric()));
    let known: Vec<&str> = told
        .iter()
        .copied()
        .chain(words)
        .filter(|word| word.chars().count() > 2)
        .collect();
    Password::choose(text, &known)
}

/// The PHC text of a new password, under a fresh salt.
///
/// # Errors
/// [`HashError`].
pub async fn hash(password: &Password) -> Result<String, HashError> {
    let bytes = Zeroizing::new(password.as_bytes().to_vec());
    spawn_blocking(move || {
        argon2id()
            .hash_password(&bytes)
            .map(|hash| hash.to_string())
    })
    .await
    .map_err(|e| HashError(e.to_string()))?
    .map_err(|e| HashError(e.to_string()))
}

/// Whether this is the password of the stored hash. Without one the same work
/// is done in vain, so that the time tells nobody whether there is an account.
pub async fn verify_or_waste(stored: Option<&str>, password: &Password) -> bool {
    let bytes = Zeroizing::new(password.as_bytes().to_vec());
    let hash = stored.unwrap_or(NOBODYS).to_owned();
    let matches = spawn_blocking(move || argon2id().verify_password(&bytes, hash.as_str()).is_ok());
    let matches = matches.await.unwrap_or(false);
    matches && stored.is_some()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use argon2::{PasswordHash, password_hash::phc::ParamsString};
    use domain::contact::{CompanyName, EmailAddress, PersonName, PhoneNumber, Position};

    fn parameters(hash: &str) -> (String, Option<u32>, ParamsString, usize) {
        let hash = PasswordHash::new(hash).unwrap();
        let length = hash.hash.unwrap().as_bytes().len();
        let algorithm = hash.algorithm.to_string();
        (algorithm, hash.version, hash.params, length)
    }

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let password = Password::presented("orbit velvet cactus 77");
        let stored = hash(&password).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(stored, hash(&password).await.unwrap());
        assert!(verify_or_waste(Some(&stored), &password).await);
        let other = Password::presented("orbit velvet cactus 78");
        assert!(!verify_or_waste(Some(&stored), &other).await);
        assert!(!verify_or_waste(None, &password).await);
        assert!(!verify_or_waste(Some("not a hash"), &password).await);
    }

    #[tokio::test]
    async fn nobodys_hash_costs_what_a_real_one_costs() {
        let real = hash(&Password::presented("anything")).await.unwrap();
        assert_eq!(parameters(NOBODYS), parameters(&real));
    }

    #[test]
    fn what_is_known_of_a_person_makes_no_password() {
        let about = Profile {
            name: PersonName::new("Wilhelmina Featherstonehaugh").unwrap(),
            phone: PhoneNumber::new("+442071838750").unwrap(),
            email: EmailAddress::new("wilhelmina@quixotemedia.example").unwrap(),
            company: CompanyName::new("Quixote Media").unwrap(),
            position: Position::new("Archivist").unwrap(),
        };
        let made_of_it = choose("featherstonehaughquixotemedia", &about).unwrap_err();
        assert_eq!(made_of_it, WeakPassword::Guessable);
        assert!(choose("orbit velvet cactus 77", &about).is_ok());
    }
}
