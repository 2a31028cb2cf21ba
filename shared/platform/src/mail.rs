//! Letters through SES.

use aws_sdk_ses::{
    Client,
    primitives::Blob,
    types::{MessageTag, RawMessage},
};
use domain::contact::EmailAddress;
use mail_builder::{
    MessageBuilder,
    headers::{raw::Raw, url::URL},
};

use crate::env::{ConfigError, Env};

/// A letter that is ready to go.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The one-click unsubscribe address (RFC 8058), where one is due.
    pub unsubscribe: Option<String>,
    /// The id of the message that this one answers, with its references.
    pub in_reply_to: Option<String>,
}

/// SES can't take a letter now, or never will.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It may work later.
    #[error("SES can't take the letter now: {0}")]
    Unavailable(String),
    /// It won't work, however often it is tried.
    #[error("SES refuses the letter: {0}")]
    Refused(String),
}

/// The sender.
#[derive(Debug, Clone)]
pub struct Mailer {
    client: Client,
    from: String,
    from_name: String,
    unsubscribe_mailto: String,
    configuration_set: Option<String>,
}

impl Mailer {
    /// Of the environment.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(aws: &aws_types::SdkConfig, env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            client: Client::new(aws),
            from: env.required("MAIL_FROM")?,
            from_name: env.required("OPERATOR_NAME")?,
            unsubscribe_mailto: env.required("PRIVACY_ADDRESS")?,
            configuration_set: env.optional("MAIL_CONFIGURATION_SET").map(str::to_owned),
        })
    }

    fn message(&self, to: &EmailAddress, letter: &Letter) -> Result<Vec<u8>, MailError> {
        let mut message = MessageBuilder::new()
            .from((self.from_name.as_str(), self.from.as_str()))
            .to(to.reveal())
            .subject(letter.subject.as_str())
            .text_body(letter.text.as_str())
            .html_body(letter.html.as_str());
        if let Some(url) = &letter.unsubscribe {
            let mailto = format!("mailto:{}?subject=unsubscribe", self.unsubscribe_mailto);
            message = message
                .header(
                    "List-Unsubscribe",
                    URL::new_list([url.clone(), mailto].into_iter()),
                )
                .header(
                    "List-Unsubscribe-Post",
                    Raw::new("List-Unsubscribe=One-Click"),
                );
        }
        if let Some(id) = &letter.in_reply_to {
            message = message
                .in_reply_to(id.as_str())
                .references(id.as_str())
                .header("Auto-Submitted", Raw::new("auto-replied"));
        } else {
            message = message.header("Auto-Submitted", Raw::new("auto-generated"));
        }
        message
            .write_to_vec()
            .map_err(|e| MailError::Refused(e.to_string()))
    }

    /// Sends a letter to one person. Returns the message's id at SES. What is reported of
    /// the letter later will carry the tags: names and values of letters, digits, `_` and
    /// `-`, never an address.
    ///
    /// # Errors
    /// [`MailError`]; after [`MailError::Unavailable`] the letter may have gone all the same.
    pub async fn send(
        &self,
        to: &EmailAddress,
        letter: &Letter,
        tags: &[(&str, String)],
    ) -> Result<String, MailError> {
        let tags: Vec<MessageTag> = tags
            .iter()
            .map(|(name, value)| tag(name, value))
            .collect::<Result<_, _>>()?;
        let raw = RawMessage::builder()
            .data(Blob::new(self.message(to, letter)?))
            .build()
            .map_err(|e| MailError::Refused(e.to_string()))?;
        let answer = self
            .client
            .send_raw_email()
            .source(&self.from)
            .destinations(to.reveal())
            .raw_message(raw)
            .set_configuration_set_name(self.configuration_set.clone())
            // an empty list would be sent as a field without a value
            .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.message_id),
            Err(error) => {
                use aws_sdk_ses::error::ProvideErrorMetadata;
                // the message of the error may quote the address, the code never does
                let code = error.code().unwrap_or("no answer").to_owned();
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_message_rejected())
                {
                    Err(MailError::Refused(code))
                } else {
                    Err(MailError::Unavailable(code))
                }
            }
        }
    }
}

fn tag(name: &str, value: &str) -> Result<MessageTag, MailError> {
    let tag = MessageTag::builder().name(name).value(value).build();
    tag.map_err(|error| MailError::Refused(error.to_string()))
}
