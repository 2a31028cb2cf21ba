//! What people write into a register.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest text, in characters.
const MAX_CHARACTERS: usize = 4_000;

/// A text of 1 to 4,000 characters. It may name people: it is stored sealed and
/// never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Words(String);

/// A text that is empty, too long, or holds control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write 1 to 4,000 characters, without control characters")]
pub struct InvalidWords;

impl Words {
    /// Checks a text; white space around it does not count.
    ///
    /// # Errors
    /// [`InvalidWords`].
    pub fn new(text: &str) -> Result<Self, InvalidWords> {
        let text = text.trim();
        let is_readable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let fits = (1..=MAX_CHARACTERS).contains(&text.chars().count());
        (fits && text.chars().all(is_readable))
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidWords)
    }

    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(…)")
    }
}

impl TryFrom<String> for Words {
    type Error = InvalidWords;

    fn try_from(text: String) -> Result<Self, InvalidWords> {
        Self::new(&text)
    }
}

impl From<Words> for String {
    fn from(words: Words) -> Self {
        words.0
    }
}
