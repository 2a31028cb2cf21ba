//! Where a person says that they live, and the laws that follow from it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Applied, Basis, Regime, Regimes};
use crate::{calendar::Zone, contact::PhoneNumber};

/// Where a person says that they live: an ISO 3166-1 country such as `DE`, or an
/// ISO 3166-2 subdivision such as `US-CA`. Never looked up, only declared (2.8).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Residence(String);

/// Not an ISO 3166 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a country as in ISO 3166, such as DE, or a part of one, such as US-CA")]
pub struct InvalidResidence;

impl Residence {
    /// Checks the form of the code and writes it in upper case.
    ///
    /// # Errors
    /// [`InvalidResidence`].
    pub fn new(code: &str) -> Result<Self, InvalidResidence> {
        let code = code.trim().to_ascii_uppercase();
        let (country, part) = match code.split_once('-') {
            Some((country, part)) => (country, Some(part)),
            None => (code.as_str(), None),
        };
        let country_fits = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let part_fits = part.is_none_or(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        (country_fits && part_fits)
            .then_some(Self(code))
            .ok_or(InvalidResidence)
    }

    /// The code. It says where a person lives: never log it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn country(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }
}

impl fmt::Debug for Residence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Residence(…)")
    }
}

impl TryFrom<String> for Residence {
    type Error = InvalidResidence;

    fn try_from(code: String) -> Result<Self, InvalidResidence> {
        Self::new(&code)
    }
}

impl From<Residence> for String {
    fn from(residence: Residence) -> Self {
        residence.0
    }
}

/// The version of [`resolve`]'s rules, kept with what it said.
pub const RESOLVER: u32 = 1;

/// The countries of the European Economic Area, to which the GDPR extends
/// (EEA Joint Committee Decision No 154/2018): ISO 3166-1 code, country code of
/// ITU-T E.164, zone of the capital.
pub(super) const EEA: [(&str, &str, Zone); 30] = [
    ("AT", "43", Zone::Central),
    ("BE", "32", Zone::Central),
    ("BG", "359", Zone::Eastern),
    ("CY", "357", Zone::Eastern),
    ("CZ", "420", Zone::Central),
    ("DE", "49", Zone::Central),
    ("DK", "45", Zone::Central),
    ("EE", "372", Zone::Eastern),
    ("ES", "34", Zone::Central),
    ("FI", "358", Zone::Eastern),
    ("FR", "33", Zone::Central),
    ("GR", "30", Zone::Eastern),
    ("HR", "385", Zone::Central),
    ("HU", "36", Zone::Central),
    ("IE", "353", Zone::Western),
    ("IS", "354", Zone::Iceland),
    ("IT", "39", Zone::Central),
    ("LI", "423", Zone::Central),
    ("LT", "370", Zone::Eastern),
    ("LU", "352", Zone::Central),
    ("LV", "371", Zone::Eastern),
    ("MT", "356", Zone::Central),
    ("NL", "31", Zone::Central),
    ("NO", "47", Zone::Central),
    ("PL", "48", Zone::Central),
    ("PT", "351", Zone::Western),
    ("RO", "40", Zone::Eastern),
    ("SE", "46", Zone::Central),
    ("SI", "386", Zone::Central),
    ("SK", "421", Zone::Central),
];

fn declared(residence: &Residence) -> Option<Applied> {
    if residence.reveal() == "US-CA" {
        return Some(Applied {
            regime: Regime::Ccpa,
            basis: Basis::Residence,
            zone: Zone::California,
        });
    }
    let (_, _, zone) = EEA.into_iter().find(|row| row.0 == residence.country())?;
    Some(Applied {
        regime: Regime::Gdpr,
        basis: Basis::Residence,
        zone,
    })
}

fn presumed(phone: &PhoneNumber) -> Option<Applied> {
    let digits = phone.reveal().strip_prefix('+')?;
    // no country code of E.164 is the beginning of another
    let (_, _, zone) = EEA.into_iter().find(|row| digits.starts_with(row.1))?;
    Some(Applied {
        regime: Regime::Gdpr,
        basis: Basis::Phone,
        zone,
    })
}

/// The laws that protect a person.
///
/// 152-FZ protects everybody whose data we process (clause 2.1). What a person
/// declares about where they live adds the GDPR or the CCPA. Where nothing is
/// declared, a number of an EEA country adds the GDPR: to grant a right too much
/// costs us little, to deny one costs the person. A number of the North American
/// plan does not show the state, so the CCPA needs the declaration.
#[must_use]
pub fn resolve(residence: Option<&Residence>, phone: Option<&PhoneNumber>) -> Regimes {
    let further = match residence {
        Some(residence) => declared(residence),
        None => phone.and_then(presumed),
    };
    Regimes {
        resolver: RESOLVER,
        first: Applied {
            regime: Regime::Ru152,
            basis: Basis::Policy,
            zone: Zone::Moscow,
        },
        more: further.into_iter().collect(),
    }
}
