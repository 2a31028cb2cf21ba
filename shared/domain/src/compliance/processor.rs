//! Whom personal data is passed to for processing (clause 5.6): a closed list,
//! so that whoever is not on it can't be named, and can't be called.
//!
//! Legal names, addresses and contracts depend on the operator's own contracts:
//! those here are the processors' published ones for Europe and Russia, and
//! [`Registered::confirmed`] says that no contract was read.

use serde::{Deserialize, Serialize};

use crate::{
    billing::Provider,
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose, permits},
    time::Timestamp,
};

/// A processor that is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Processor {
    /// AWS: functions, tables, buckets, queues, keys, secrets, logs.
    AwsHosting,
    /// AWS: Simple Email Service.
    AwsMail,
    /// AWS: Rekognition, for previews of customers' pictures.
    AwsVision,
    /// Stripe.
    Stripe,
    /// YooKassa.
    Yookassa,
}

/// What the register says of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Registered {
    /// Who.
    pub processor: Processor,
    /// The service.
    pub name: &'static str,
    /// Who answers for it.
    pub legal_name: &'static str,
    /// Their address.
    pub address: &'static str,
    /// ISO 3166-1 code of their seat.
    pub country: &'static str,
    /// Where the data is processed.
    pub region: &'static str,
    /// What it is passed for.
    pub purposes: &'static [Purpose],
    /// Which kinds of personal data.
    pub categories: &'static [Category],
    /// The contract on processing.
    pub contract: &'static str,
    /// How data is destroyed there.
    pub destruction: &'static str,
    /// It keeps data that only it can destroy or correct, and has to be asked to.
    pub keeps: bool,
    /// Where it is asked. Without one the staff write, wherever its contract says.
    pub privacy_address: Option<&'static str>,
    /// Hosts that are called without the AWS SDK; none for AWS.
    pub hosts: &'static [&'static str],
    /// Somebody compared name, address and contract with the operator's own.
    pub confirmed: bool,
}

const AMAZON: (&str, &str, &str) = (
    "Amazon Web Services EMEA SARL",
    "38 avenue John F. Kennedy, L-1855 Luxembourg",
    "LU",
);
const AMAZON_CONTRACT: &str = "AWS GDPR Data Processing Addendum, part of the AWS Service Terms";
const AMAZON_REGION: &str = "the AWS region that the operator deployed to";

impl Processor {
    /// Every processor.
    pub const ALL: [Self; 5] = [
        Self::AwsHosting,
        Self::AwsMail,
        Self::AwsVision,
        Self::Stripe,
        Self::Yookassa,
    ];

    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwsHosting => "aws_hosting",
            Self::AwsMail => "aws_mail",
            Self::AwsVision => "aws_vision",
            Self::Stripe => "stripe",
            Self::Yookassa => "yookassa",
        }
    }

    /// Its entry in the register.
    #[must_use]
    pub fn registered(self) -> Registered {
        let (legal_name, address, country) = AMAZON;
        let amazon = Registered {
            processor: self,
            name: "Amazon Web Services",
            legal_name,
            address,
            country,
            region: AMAZON_REGION,
            purposes: &Purpose::ALL,
            categories: &Category::ALL,
            contract: AMAZON_CONTRACT,
            destruction: "we delete items, versions and keys ourselves, and the certificate of erasure counts them",
            keeps: false,
            privacy_address: None,
            hosts: &[],
            confirmed: false,
        };
        match self {
            Self::AwsHosting => amazon,
            Self::AwsMail => Registered {
                name: "Amazon Simple Email Service",
                purposes: &[
                    Purpose::Identify,
                    Purpose::ProvideService,
                    Purpose::Payment,
                    Purpose::Feedback,
                    Purpose::Marketing,
                ],
                categories: &[
                    Category::Identity,
                    Category::Contact,
                    Category::Correspondence,
                ],
                destruction: "nothing is kept there once a letter is delivered",
                ..amazon
            },
            Self::AwsVision => Registered {
                name: "Amazon Rekognition",
                purposes: &[Purpose::ProvideService],
                // what a picture shows is the customer's (terms, section 8)
                categories: &[],
                destruction: "pictures are not kept there; the operator opts out of their use for training",
                ..amazon
            },
            Self::Stripe => Registered {
                processor: self,
                name: "Stripe",
                legal_name: "Stripe Payments Europe, Limited",
                address: "1 Grand Canal Street Lower, Grand Canal Dock, Dublin, D02 H210",
                country: "IE",
                region: "USA, European Union and other countries in which Stripe operates",
                purposes: &[Purpose::Payment, Purpose::PaymentDispute],
                categories: &[Category::Contact, Category::Payment],
                contract: "Stripe Data Processing Agreement, part of the Stripe Services Agreement",
                destruction: "request to Stripe's privacy contact; Stripe keeps payments for its own legal duties",
                keeps: true,
                privacy_address: Some("privacy@stripe.com"),
                hosts: &["api.stripe.com"],
                confirmed: false,
            },
            Self::Yookassa => Registered {
                processor: self,
                name: "YooKassa",
                legal_name: "NBCO YooMoney LLC",
                address: "82 Sadovnicheskaya street, building 2, Moscow, 115035",
                country: "RU",
                region: "Russia",
                purposes: &[Purpose::Payment, Purpose::PaymentDispute],
                categories: &[Category::Contact, Category::Payment],
                contract: "YooKassa's contract with the shop",
                destruction: "request to YooKassa; it keeps payments for its own legal duties",
                keeps: true,
                // none was read at the source: the shop's contract names it
                privacy_address: None,
                hosts: &["yookassa.ru", "api.yookassa.ru"],
                confirmed: false,
            },
        }
    }
}

impl From<Provider> for Processor {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Stripe => Self::Stripe,
            Provider::Yookassa => Self::Yookassa,
        }
    }
}

/// Why data may not be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unregistered {
    /// The register does not name this purpose for this processor.
    #[error("this processor is not registered for the purpose `{}`", .0.as_str())]
    Purpose(Purpose),
    /// The register does not name this category for this processor, or the
    /// policy's matrix does not let it leave for this purpose.
    #[error("this processor is not registered for the category `{}`", .0.as_str())]
    Category(Category),
}

/// One passing-on of personal data.
#[derive(Debug, Clone, Copy)]
pub struct Transfer<'a> {
    /// To whom.
    pub to: Processor,
    /// What for.
    pub purpose: Purpose,
    /// Which kinds of data.
    pub categories: &'a [Category],
}

/// The event of a transfer that no other entry tells of.
pub const TRANSFERRED: &str = "personal_data.transferred";
/// The fact that names the processor.
const PROCESSOR: &str = "processor";

impl Transfer<'_> {
    /// The entry that the ledger has about it: committed with what it belongs to.
    /// Whoever calls names the person, by pseudonym, or the workspace.
    ///
    /// # Errors
    /// [`Unregistered`].
    pub fn entry(&self, now: Timestamp) -> Result<Entry, Unregistered> {
        let entry = Entry::new(now, Actor::System, TRANSFERRED, "5.6");
        self.within(entry, Operation::Transfer)
    }

    /// Notes it in the entry about the operation that it is part of, so that a
    /// letter or a checkout needs no entry more. A processor that carries the
    /// operation out for us, such as the sending of a letter, does nothing but it.
    ///
    /// # Errors
    /// [`Unregistered`].
    pub fn within(&self, mut entry: Entry, operation: Operation) -> Result<Entry, Unregistered> {
        let registered = self.to.registered();
        if !registered.purposes.contains(&self.purpose) {
            return Err(Unregistered::Purpose(self.purpose));
        }
        let fits = |category: &Category| {
            registered.categories.contains(category) && permits(*category, self.purpose, operation)
        };
        if let Some(foreign) = self.categories.iter().find(|category| !fits(category)) {
            return Err(Unregistered::Category(*foreign));
        }
        entry.purpose = Some(self.purpose);
        entry.operation = Some(operation);
        entry.categories = self.categories.to_vec();
        Ok(entry.with_fact(PROCESSOR, self.to.as_str()))
    }
}

/// Whom an entry says that data was passed to.
#[must_use]
pub fn passed_to(entry: &Entry) -> Option<Processor> {
    let name = entry.facts.get(PROCESSOR)?;
    Processor::ALL.into_iter().find(|one| one.as_str() == name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{contact::EmailAddress, data_map::record};

    #[test]
    fn every_processor_is_whole_and_its_service_stands_in_the_record_of_processing() {
        let record = record::markdown();
        for processor in Processor::ALL {
            let entry = processor.registered();
            assert_eq!(entry.processor, processor);
            for text in [
                entry.name,
                entry.legal_name,
                entry.address,
                entry.region,
                entry.contract,
                entry.destruction,
            ] {
                assert!(!text.is_empty(), "{processor:?}");
            }
            assert_eq!(entry.country.len(), 2);
            assert!(!entry.purposes.is_empty());
            // whoever is asked by letter has an address that can be written to
            let writable = |address: &str| EmailAddress::new(address).is_ok();
            assert!(entry.privacy_address.is_none_or(writable));
            assert!(entry.keeps || entry.privacy_address.is_none());
            let known = entry.name.split(' ').next().unwrap();
            assert!(record.contains(known), "{known}");
            let name = serde_json::to_value(processor).unwrap();
            assert_eq!(name, processor.as_str());
        }
    }

    #[test]
    fn nothing_is_passed_on_that_the_register_does_not_name() {
        let now = Timestamp::UNIX_EPOCH;
        let transfer = |to, purpose, categories| {
            Transfer {
                to,
                purpose,
                categories,
            }
            .entry(now)
        };
        let paid = transfer(Processor::Stripe, Purpose::Payment, &[Category::Contact]).unwrap();
        assert_eq!(paid.facts["processor"], "stripe");
        assert_eq!(paid.operation, Some(Operation::Transfer));
        assert_eq!(passed_to(&paid), Some(Processor::Stripe));
        let news = transfer(Processor::Stripe, Purpose::Marketing, &[Category::Contact]);
        assert_eq!(news.unwrap_err(), Unregistered::Purpose(Purpose::Marketing));
        let name = transfer(Processor::Stripe, Purpose::Payment, &[Category::Identity]);
        assert_eq!(
            name.unwrap_err(),
            Unregistered::Category(Category::Identity)
        );
        // registered, but the matrix lets nothing leave for this purpose
        let letter = transfer(
            Processor::AwsHosting,
            Purpose::Feedback,
            &[Category::Request],
        );
        assert_eq!(
            letter.unwrap_err(),
            Unregistered::Category(Category::Request)
        );
    }

    #[test]
    fn a_letter_is_passed_on_by_the_operation_that_it_is() {
        let letter = |to, categories| {
            let sent = Entry::new(Timestamp::UNIX_EPOCH, Actor::System, "letter.sent", "4.5");
            Transfer {
                to,
                purpose: Purpose::Feedback,
                categories,
            }
            .within(sent, Operation::Use)
        };
        let sent = letter(Processor::AwsMail, &[Category::Contact]).unwrap();
        assert_eq!(
            (sent.event.as_str(), sent.clause.as_str()),
            ("letter.sent", "4.5")
        );
        assert_eq!(passed_to(&sent), Some(Processor::AwsMail));
        assert!(letter(Processor::AwsMail, &[Category::Request]).is_err());
        assert!(letter(Processor::Stripe, &[Category::Contact]).is_err());
        let other = Entry::new(Timestamp::UNIX_EPOCH, Actor::System, "letter.sent", "4.5");
        assert_eq!(passed_to(&other), None);
    }
}
