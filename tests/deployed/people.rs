//! People who use the deployed service as any front end would.

use assetbox_tests::http::{Anonymous, Bearer, Client};
use assetbox_tests::{Person, User};
use serde_json::{Value, json};

use crate::deployment::Deployment;

impl Deployment {
    /// This person's browser, not signed in.
    pub fn browser_of(&self, person: &Person) -> Client<Anonymous> {
        Client {
            user_agent: person.user_agent.clone(),
            ..self.anonymous()
        }
    }

    /// The box of a document as the form shows it: the text that binds now.
    pub async fn text_of(&self, document: &str) -> Value {
        let published = self
            .anonymous()
            .get(format!("/policies/{document}"))
            .await
            .json(200);
        let texts = published["texts"].as_array().unwrap();
        let english = texts.iter().find(|text| text["locale"] == "en").unwrap();
        json!({
            "document": document, "version": published["version"],
            "sha256": english["sha256"], "locale": "en",
        })
    }

    async fn box_of(&self, document: &str, ticked: bool) -> Value {
        let mut text = self.text_of(document).await;
        text["ticked"] = json!(ticked);
        text
    }

    /// From the form over the mailed link to a session.
    pub async fn user_like(&self, person: Person, also: &[&str]) -> User {
        let mut boxes = vec![self.box_of("processing-consent", true).await];
        for document in ["marketing-consent", "transfer-consent"] {
            boxes.push(self.box_of(document, also.contains(&document)).await);
        }
        let browser = self.browser_of(&person);
        browser.post("/signup", &person.form(&boxes)).await.is(202);
        let token = self.link(&person.email, "signup").await;
        browser
            .post("/signup/verify", &json!({"token": token}))
            .await
            .is(200);
        self.sign_in(&person).await
    }

    /// Somebody new with a workspace of their own.
    pub async fn user(&self) -> User {
        self.user_like(Person::new(), &[]).await
    }

    /// A session with the person's password.
    pub async fn sign_in(&self, person: &Person) -> User {
        self.try_sign_in(person)
            .await
            .expect("the address and its password")
    }

    async fn try_sign_in(&self, person: &Person) -> Option<User> {
        let browser = self.browser_of(person);
        let credentials = json!({"email": person.email, "password": person.password});
        let answer = browser.post("/sessions", &credentials).await;
        if answer.status == 401 {
            return None;
        }
        let session = answer.json(201);
        Some(User {
            person: person.clone(),
            workspace: session["workspace_id"].as_str().unwrap().to_owned(),
            api: browser.with(Bearer(session["token"].as_str().unwrap().to_owned())),
        })
    }

    /// The compliance staff: one person for all tests of the deployment.
    pub async fn staff(&self) -> User {
        let person = Person {
            email: self.told.staff.clone(),
            password: "orbit velvet cactus 77".to_owned(),
            ..Person::new()
        };
        match self.try_sign_in(&person).await {
            Some(user) => user,
            None => self.user_like(person, &[]).await,
        }
    }
}
