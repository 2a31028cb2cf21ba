//! Letters that follow a commit about a person.

use domain::{
    consequence::{Consequence, Letter, Recipient},
    contact::EmailAddress,
    data_map::Field,
    ids::SubjectId,
    time::Timestamp,
    token::{LinkToken, TokenHash},
};

use super::{Link, LinkPurpose};
use crate::{
    db::{Entity, Tx},
    outbox::{Message, Owner},
    personal::{GateError, Person},
};

/// A link that a letter will carry.
#[derive(Debug, Clone)]
pub struct MailedLink {
    /// What the link is for.
    pub purpose: LinkPurpose,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whom the letter goes to.
    pub to: Recipient,
    /// The letter.
    pub letter: Letter,
}

impl Tx {
    /// Lets a letter to the address on file follow the commit.
    pub fn mail(&mut self, subject: SubjectId, letter: Letter, now: Timestamp) {
        let to = Recipient::OnFile;
        let mail = Consequence::Mail { to, letter };
        self.emit(&Message::new(Owner::Subject(subject), mail, now));
    }

    /// Lets a letter follow a commit that replaces the address on file, to the
    /// replaced one. It travels sealed.
    ///
    /// # Errors
    /// [`GateError`] when the access does not reach contact data.
    pub fn mail_former(
        &mut self,
        person: &Person,
        former: &EmailAddress,
        letter: Letter,
        now: Timestamp,
    ) -> Result<(), GateError> {
        let to = Recipient::Former;
        let mail = Consequence::Mail { to, letter };
        let mut message = Message::new(Owner::Subject(person.subject()), mail, now);
        let key = message.key();
        message.address =
            Some(person.seal::<Message>(Field::MailAddress, &key, former.reveal())?);
        self.emit(&message);
        Ok(())
    }

    /// Makes a link and lets the letter that carries it follow the commit. The
    /// secret travels sealed; only its hash, which is returned, is stored.
    ///
    /// # Errors
    /// [`GateError`] when the access does not reach correspondence.
    pub fn mail_link(
        &mut self,
        person: &Person,
        mailed: MailedLink,
        now: Timestamp,
    ) -> Result<TokenHash, GateError> {
        let secret = LinkToken::generate(person.subject());
        let link = Link {
            subject: person.subject(),
            token: secret.hash(),
            purpose: mailed.purpose,
            expires_at: mailed.expires_at,
        };
        let mail = Consequence::Mail {
            to: mailed.to,
            letter: mailed.letter,
        };
        let mut message = Message::new(Owner::Subject(person.subject()), mail, now);
        let sealed = person.seal::<Message>(Field::MailSecret, &message.key(), &secret.reveal())?;
        message.secret = Some(sealed);
        self.create("new link", &link);
        self.emit(&message);
        Ok(link.token)
    }
}
