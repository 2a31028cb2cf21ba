//! The tour's people: they sign up with consent, open the mailed link and sign in.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Tour, TourError, client::Client};

/// A person of the tour.
pub(super) struct Account {
    pub(super) email: String,
    pub(super) client: Client,
    pub(super) trial_ends_at: String,
}

const PASSWORD: &str = "orbit velvet cactus 77";

impl Tour<'_> {
    /// Signs up, opens the link of the letter, and signs in.
    pub(super) async fn account(
        &self,
        name: &str,
        email: &str,
        company: &str,
    ) -> Result<Account, TourError> {
        let consent = self.consent("processing-consent").await?;
        let form = json!({
            "name": name, "email": email, "phone": "+442071838750", "company": company,
            "position": "Archivist", "password": PASSWORD, "locale": "en", "consents": [consent],
        });
        let answer = self.client.post("/signup", &form).await?;
        answer.expect(StatusCode::ACCEPTED, "sign-up")?;
        let token = self.link(email, "signup").await?;
        let verified = self
            .client
            .post("/signup/verify", &json!({"token": token}))
            .await?;
        let verified = verified.expect(StatusCode::OK, "confirming the address")?;
        let client = self.sign_in(email).await?;
        Ok(Account {
            email: email.to_owned(),
            client,
            trial_ends_at: text(&verified["trial_ends_at"]),
        })
    }

    pub(super) async fn sign_in(&self, email: &str) -> Result<Client, TourError> {
        let form = json!({"email": email, "password": PASSWORD});
        let session = self.client.post("/sessions", &form).await?;
        let session = session.expect(StatusCode::CREATED, "signing in")?;
        Ok(self.client.signed_in(&text(&session["token"])))
    }

    async fn consent(&self, document: &str) -> Result<Value, TourError> {
        let answer = self.client.get(&format!("/policies/{document}")).await?;
        let published = answer.expect(StatusCode::OK, "reading a policy document")?;
        let english = published["texts"]
            .as_array()
            .and_then(|texts| texts.iter().find(|text| text["locale"] == "en"))
            .ok_or_else(|| TourError(format!("{document} has no English text")))?;
        Ok(json!({
            "document": document, "version": published["version"], "sha256": english["sha256"],
            "locale": "en", "ticked": true,
        }))
    }

    /// The secret in the newest letter to this address that has a link of this kind.
    pub(super) async fn link(&self, email: &str, kind: &str) -> Result<String, TourError> {
        self.idle().await?;
        let broken = |error: local_services::Error| TourError(format!("the mailbox: {error}"));
        let mailbox = self.machine.mailbox();
        let marker = format!("/confirm#{kind}=");
        let mut letters = mailbox.list().await.map_err(broken)?;
        letters.sort_by(|a, b| b.id.cmp(&a.id));
        for letter in letters
            .iter()
            .filter(|letter| letter.to.iter().any(|to| to == email))
        {
            let mail = mailbox.read(&letter.id).await.map_err(broken)?;
            let link = mail.links.iter().find_map(|link| link.split_once(&marker));
            if let Some((_, secret)) = link {
                return Ok(secret.to_owned());
            }
        }
        Err(TourError(format!(
            "no letter with a {kind} link has arrived"
        )))
    }
}

/// A JSON text, empty for anything else.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
