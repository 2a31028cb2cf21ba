//! The letters that were sent.

use assetbox_tests::Person;
use serde_json::Value;

use crate::deployment::{Deployment, until};

impl Deployment {
    /// Every letter to an address, oldest first: subject and text.
    pub async fn letters(&self, address: &str) -> Vec<(String, String)> {
        let shown = self.aws.shown("ses/messages").await;
        let accounts = shown["messages"].as_object().unwrap().values();
        let letters = accounts.flat_map(|letters| letters.as_array().unwrap());
        let to = |letter: &&Value| letter["To"].to_string().contains(address);
        let text =
            |letter: &Value, field: &str| letter[field].as_str().unwrap_or_default().to_owned();
        letters
            .filter(to)
            .map(|letter| (text(letter, "Subject"), text(letter, "BodyText")))
            .collect()
    }

    /// Waits for a letter whose subject or text has these words.
    pub async fn letter_with(&self, person: &Person, words: &str) -> String {
        until(words, || async {
            let letters = self.letters(&person.email).await;
            let found = letters
                .into_iter()
                .rev()
                .find(|(subject, text)| subject.contains(words) || text.contains(words));
            found.map(|(_, text)| text)
        })
        .await
    }

    /// Waits for the secret of the newest mailed link of this kind.
    pub async fn link(&self, address: &str, kind: &str) -> String {
        let marker = format!("/confirm#{kind}=");
        until(&marker, || async {
            let letters = self.letters(address).await;
            letters.iter().rev().find_map(|(_, text)| {
                let (_, rest) = text.split_once(&marker)?;
                let of_secret = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
                let end = rest.find(|c| !of_secret(c)).unwrap_or(rest.len());
                Some(rest[..end].to_owned())
            })
        })
        .await
    }
}
