//! On what each purpose rests: the table of section 4.

use crate::processing::Purpose;

/// What a purpose rests on, under each law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalBasis {
    /// The consent to processing (152-FZ art. 6(1)(1)); consent, GDPR art. 6(1)(a).
    Consent,
    /// A consent in a document of its own (4.8, 4.9).
    SeparateConsent,
    /// The contract with the person (152-FZ art. 6(1)(5); GDPR art. 6(1)(b)).
    Contract,
    /// A duty under law (152-FZ art. 6(1)(2); GDPR art. 6(1)(c)).
    LegalDuty,
    /// Lawful interests (152-FZ art. 6(1)(7); GDPR art. 6(1)(f)).
    LegitimateInterest,
    /// No personal data is kept.
    Anonymous,
}

impl LegalBasis {
    /// The provisions of 152-FZ and of the GDPR; none where no data is personal.
    #[must_use]
    pub fn articles(self) -> &'static str {
        match self {
            Self::Consent => "152-FZ art. 6(1)(1)",
            Self::SeparateConsent => "152-FZ art. 6(1)(1), 38-FZ art. 18(1); GDPR art. 6(1)(a)",
            Self::Contract => "152-FZ art. 6(1)(5); GDPR art. 6(1)(b)",
            Self::LegalDuty => "152-FZ art. 6(1)(2); GDPR art. 6(1)(c)",
            Self::LegitimateInterest => "152-FZ art. 6(1)(7); GDPR art. 6(1)(f)",
            Self::Anonymous => "",
        }
    }
}

/// What a purpose rests on.
#[must_use]
pub fn bases(purpose: Purpose) -> &'static [LegalBasis] {
    use LegalBasis as B;
    match purpose {
        Purpose::Identify | Purpose::ProvideService | Purpose::Support => {
            &[B::Consent, B::Contract, B::LegitimateInterest]
        }
        Purpose::Payment => &[B::Contract, B::LegalDuty],
        Purpose::PaymentDispute => &[B::Contract, B::LegitimateInterest],
        Purpose::Feedback | Purpose::Accuracy => {
            &[B::Consent, B::Contract, B::LegalDuty, B::LegitimateInterest]
        }
        Purpose::Marketing | Purpose::AdTargeting => &[B::SeparateConsent],
        Purpose::AnonymousStats => &[B::Anonymous],
        Purpose::Security => &[B::Consent, B::LegitimateInterest],
    }
}
