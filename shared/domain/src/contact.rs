//! What a person tells about themselves at sign-up (clauses 1.5, 3.3a–e).
//!
//! Each value is checked when it is made, so that a stored one is always good.
//! None of them prints itself: personal data never reaches a log by accident.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a value was refused, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContact {
    /// Not an address of RFC 5321 with a domain, or over 254 bytes.
    #[error("enter an e-mail address such as name@example.com")]
    Email,
    /// Not in the form of ITU-T E.164.
    #[error("enter the phone number with its country code, such as +442071838750")]
    Phone,
    /// Empty, too long, or with control characters.
    #[error("enter between 1 and 200 characters, without line breaks")]
    Text,
}

macro_rules! personal_text {
    ($($(#[$doc:meta])* $name:ident($error:ident): $normalise:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and normalises what a person typed.
            ///
            /// # Errors
            /// The sentence to show when it can't be accepted.
            pub fn new(text: &str) -> Result<Self, InvalidContact> {
                $normalise(text).map(Self).ok_or(InvalidContact::$error)
            }

            /// The value itself. Never log it, never put it into a key or a URL.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidContact;
            fn try_from(text: String) -> Result<Self, InvalidContact> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    )*};
}

personal_text! {
    /// An e-mail address, in lower case: the login and the way to reach a person.
    EmailAddress(Email): normalise_email;
    /// A phone number in ITU-T E.164 form: `+`, country code, at most 15 digits.
    PhoneNumber(Phone): normalise_phone;
    /// A person's name as they write it.
    PersonName(Text): normalise_text;
    /// The company that a person works for.
    CompanyName(Text): normalise_text;
    /// A person's position in the company.
    Position(Text): normalise_text;
}

fn normalise_email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let options = email_address::Options::default()
        .with_required_tld()
        .without_display_text()
        .without_domain_literal();
    let valid = text.len() <= 254
        && !text.starts_with('"')
        && email_address::EmailAddress::parse_with_options(&text, options).is_ok();
    valid.then_some(text)
}

fn normalise_phone(text: &str) -> Option<String> {
    let compact: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.'))
        .collect();
    let digits = compact.strip_prefix('+')?;
    let valid = (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit());
    valid.then_some(compact)
}

fn normalise_text(text: &str) -> Option<String> {
    let text = text.trim();
    let valid = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    valid.then(|| text.to_owned())
}

impl CompanyName {
    /// The name without case, spaces and punctuation, so that one company is
    /// recognised however it is typed (one trial per company).
    #[must_use]
    pub fn comparable(&self) -> String {
        self.0
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    }
}

/// What a person gave at sign-up (clause 3.3a–e), and may correct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Clause 3.3a.
    pub name: PersonName,
    /// Clause 3.3b.
    pub phone: PhoneNumber,
    /// Clause 3.3c; also the login (clause 1.6).
    pub email: EmailAddress,
    /// Clause 3.3d.
    pub company: CompanyName,
    /// Clause 3.3e.
    pub position: Position,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_trimmed_and_lowered() {
        let email = EmailAddress::new("  Ada@Example.COM ").unwrap();
        assert_eq!(email.reveal(), "ada@example.com");
        for bad in [
            "",
            "ada",
            "ada@",
            "@x.com",
            "a b@x.com",
            "ada@localhost",
            "Ada <ada@x.com>",
        ] {
            assert_eq!(EmailAddress::new(bad), Err(InvalidContact::Email), "{bad}");
        }
    }

    #[test]
    fn phones_are_e164() {
        assert_eq!(
            PhoneNumber::new("+44 (20) 7183-8750").unwrap().reveal(),
            "+442071838750"
        );
        for bad in [
            "",
            "02071838750",
            "+0123456789",
            "+12",
            "+1234567890123456",
            "+12345abc",
        ] {
            assert_eq!(PhoneNumber::new(bad), Err(InvalidContact::Phone), "{bad}");
        }
    }

    #[test]
    fn companies_compare_without_case_and_punctuation() {
        let a = CompanyName::new("ООО «Ромашка-1»").unwrap();
        let b = CompanyName::new("ооо ромашка 1").unwrap();
        assert_eq!(a.comparable(), b.comparable());
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in ".{0,60}") {
            if let Ok(email) = EmailAddress::new(&text) {
                prop_assert_eq!(EmailAddress::new(email.reveal()).unwrap(), email);
            }
            if let Ok(phone) = PhoneNumber::new(&text) {
                prop_assert_eq!(PhoneNumber::new(phone.reveal()).unwrap(), phone);
            }
            if let Ok(name) = PersonName::new(&text) {
                prop_assert_eq!(PersonName::new(name.reveal()).unwrap(), name);
            }
        }
    }
}
