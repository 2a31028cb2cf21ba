//! Letters as their readers get them, through the mailbox.

use local_services::Mail;

use crate::TestMachine;

impl TestMachine {
    /// Every letter, the oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        let mailbox = self.mailbox();
        let mut mails = Vec::new();
        for summary in mailbox.list().await.unwrap() {
            mails.push(mailbox.read(&summary.id).await.unwrap());
        }
        mails
    }

    /// Every letter to an address, the oldest first.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        let mut mails = self.mails().await;
        mails.retain(|mail| mail.summary.to.iter().any(|to| to == address));
        mails
    }

    /// The last letter to an address.
    pub async fn last_mail_to(&self, address: &str) -> Mail {
        self.mails_to(address).await.pop().expect("a letter")
    }

    /// The secret of the newest link of this kind (`signup`, `reset`, `email-old`, …) that was
    /// mailed to an address.
    pub async fn link(&self, address: &str, kind: &str) -> String {
        let mails = self.mails_to(address).await;
        let links = mails.iter().rev().find_map(|mail| link_in(mail, kind));
        links.unwrap_or_else(|| panic!("no letter with a link #{kind}="))
    }
}

/// The secret of the letter's link of this kind.
pub fn link_in(mail: &Mail, kind: &str) -> Option<String> {
    let text = mail.text.as_deref()?;
    let (_, rest) = text.split_once(&format!("/confirm#{kind}="))?;
    let of_secret = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let end = rest.find(|c| !of_secret(c)).unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}
