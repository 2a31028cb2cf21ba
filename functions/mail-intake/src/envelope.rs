//! What SES says of a letter beside its bytes.

use serde::Deserialize;

/// The outcome of one of SES's checks
/// (SES developer guide, "Contents of notifications for Amazon SES email receiving").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// It neither passed nor failed.
    Gray,
    /// Nothing is known: the check could not be made, or is switched off.
    #[default]
    #[serde(other)]
    ProcessingFailed,
}

/// The outcomes of all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdicts {
    /// Unwanted advertising.
    pub spam: Verdict,
    /// Malicious content.
    pub virus: Verdict,
    /// The sending host may send for the envelope's sender (RFC 7208).
    pub spf: Verdict,
    /// A signature of a domain holds (RFC 6376).
    pub dkim: Verdict,
    /// One of both is of the domain that `From` names (RFC 9989).
    pub dmarc: Verdict,
}

/// What came around a letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// Where a bounce would go; empty for a letter that is one itself.
    pub source: String,
    /// SES's checks.
    pub verdicts: Verdicts,
}
