//! Password rules of NIST SP 800-63B: length and guessability, no composition
//! rules, no expiry.

use zeroize::Zeroizing;

/// The least number of characters (SP 800-63B-4, section 3.1.1.2, with a second
/// factor absent: 15 is "shall" for single-factor; 12 with a strength estimate
/// is what we ask, and the estimate refuses the guessable ones).
pub const MIN_CHARACTERS: usize = 12;
/// The most characters that are taken; at least 64 must be allowed.
pub const MAX_CHARACTERS: usize = 128;

/// Why a password was refused, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Under [`MIN_CHARACTERS`].
    #[error("use at least 12 characters")]
    TooShort,
    /// Over [`MAX_CHARACTERS`].
    #[error("use at most 128 characters")]
    TooLong,
    /// An estimate below 10^8 guesses (zxcvbn score under 3).
    #[error(
        "this password is easy to guess; use a few unrelated words, without your name, e-mail or company"
    )]
    Guessable,
}

/// A password that a person chose and that passed the rules, or one to compare.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Accepts a new password; `about_person` are words that it must not be made of.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn choose(text: &str, about_person: &[&str]) -> Result<Self, WeakPassword> {
        let characters = text.chars().count();
        if characters < MIN_CHARACTERS {
            return Err(WeakPassword::TooShort);
        }
        if characters > MAX_CHARACTERS {
            return Err(WeakPassword::TooLong);
        }
        let guessable =
            |text: &str| zxcvbn::zxcvbn(text, about_person).score() < zxcvbn::Score::Three;
        if guessable(text) || guessable(&without_words(text, about_person)) {
            return Err(WeakPassword::Guessable);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// A password to compare with a stored hash; cut off where no stored one can reach.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(Zeroizing::new(
            text.chars().take(MAX_CHARACTERS + 1).collect(),
        ))
    }

    /// The bytes to hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What is left of a password without the words about the person: whoever
/// knows the person needs to guess only this.
fn without_words(text: &str, about_person: &[&str]) -> Zeroizing<String> {
    let about = about_person.join(" ").to_lowercase();
    let mut words: Vec<&str> = about
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() > 2)
        .collect();
    words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = words
        .into_iter()
        .fold(text.to_lowercase(), |rest, word| rest.replace(word, ""));
    Zeroizing::new(rest)
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn guessable_and_short_ones_are_refused() {
        assert_eq!(
            Password::choose("x1!Y", &[]).unwrap_err(),
            WeakPassword::TooShort
        );
        assert_eq!(
            Password::choose("password1234", &[]).unwrap_err(),
            WeakPassword::Guessable
        );
        assert_eq!(
            Password::choose("lovelace1815", &["lovelace", "1815"]).unwrap_err(),
            WeakPassword::Guessable
        );
        assert_eq!(
            Password::choose(&"x9 ".repeat(60), &[]).unwrap_err(),
            WeakPassword::TooLong
        );
    }

    #[test]
    fn words_about_the_person_are_guessed_one_by_one() {
        let about = ["Ada Lovelace", "Analytical Engines"];
        let refused = Password::choose("adalovelace-engines", &about);
        assert_eq!(refused.unwrap_err(), WeakPassword::Guessable);
    }

    #[test]
    fn long_unrelated_words_pass_and_are_not_printed() {
        let password = Password::choose("orbit velvet cactus 77", &[]).unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
    }
}
